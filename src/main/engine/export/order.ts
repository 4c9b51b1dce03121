/** Real values in an order: row by row along the axes of a shape. */
export interface Values {
  shape: readonly number[]
  data: Float32Array
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/** Where each value of a transposed array stands in the one that is transposed; axis i of it is the axis `perm[i]` there. */
export function transposition(shape: readonly number[], perm: readonly number[]): Int32Array {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
  const lengths = perm.map((axis) => shape[axis]!)
  const places = new Int32Array(sizeOf(shape))
  const positions = lengths.map(() => 0)
  let from = 0
  for (let at = 0; at < places.length; at++) {
    places[at] = from
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      const stride = strides[perm[axis]!]!
      from += stride
      if (++positions[axis]! < lengths[axis]!) break
      positions[axis] = 0
      from -= stride * lengths[axis]!
    }
  }
  return places
}

/** The values at places, in their order. */
export const valuesAt = (data: Float32Array, places: Int32Array): Float32Array => Float32Array.from(places, (place) => data[place]!)

/** With the axes in another order. */
export const transposed = ({ shape, data }: Values, perm: readonly number[]): Values => ({
  shape: perm.map((axis) => shape[axis]!),
  data: valuesAt(data, transposition(shape, perm)),
})

/** With the last values along some axes first. */
export function flipped({ shape, data }: Values, axes: readonly number[]): Values {
  const places = Int32Array.from(data, (_, at) => {
    let rest = at,
      place = 0,
      stride = 1
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const length = shape[axis]!,
        position = rest % length
      place += (axes.includes(axis) ? length - 1 - position : position) * stride
      rest = Math.floor(rest / length)
      stride *= length
    }
    return place
  })
  return { shape, data: valuesAt(data, places) }
}

/** A matrix whose rows are those at places. */
export const rowsAt = (matrix: Float32Array, places: Int32Array): Float32Array => {
  const columns = matrix.length / places.length
  return Float32Array.from(matrix, (_, at) => matrix[places[Math.floor(at / columns)]! * columns + (at % columns)]!)
}

/** A matrix whose columns are those at places. */
export const columnsAt = (matrix: Float32Array, places: Int32Array): Float32Array => {
  const columns = places.length
  return Float32Array.from(matrix, (_, at) => matrix[Math.floor(at / columns) * columns + places[at % columns]!]!)
}
