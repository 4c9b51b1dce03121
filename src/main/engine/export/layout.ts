import { perImage, type Dimension } from './onnxModel.ts'
import { transposition, valuesAt } from './order.ts'

/** How a value lies differently from another with the same elements: steps of another shape or another order of axes. */
export interface Layout {
  /** Of what is laid out. */
  from: readonly Dimension[]
  steps: readonly Step[]
}
interface Step {
  /** Order of the axes; null for a step that changes the shape alone. */
  perm: readonly number[] | null
  shape: readonly Dimension[]
}

const same = (one: readonly unknown[], other: readonly unknown[]) => one.join() === other.join()

export const plainLayout = (from: readonly Dimension[]): Layout => ({ from, steps: [] })
export const shapeOf = ({ from, steps }: Layout): readonly Dimension[] => steps.at(-1)?.shape ?? from

/** With another shape after it; what cancels is gone. */
export function reshaped({ from, steps }: Layout, shape: readonly Dimension[]): Layout {
  const before = steps.at(-1)?.perm === null ? steps.slice(0, -1) : steps
  const layout = { from, steps: before }
  return same(shapeOf(layout), shape) ? layout : { from, steps: [...before, { perm: null, shape }] }
}

/** With another order of the axes after it; what cancels is gone. Where only axes of length 1 move, it is another shape. */
export function reordered(layout: Layout, perm: readonly number[]): Layout {
  const { from, steps } = layout
  const last = steps.at(-1)
  if (last?.perm) {
    const { perm: before } = last
    return reordered(
      { from, steps: steps.slice(0, -1) },
      perm.map((axis) => before[axis]!),
    )
  }
  const shape = shapeOf(layout)
  const after = perm.map((axis) => shape[axis]!)
  const long = perm.filter((axis) => shape[axis] !== 1)
  if (long.every((axis, at) => at === 0 || long[at - 1]! < axis)) return reshaped(layout, after)
  return { from, steps: [...steps, { perm, shape: after }] }
}

/**
 * Where each of an image's elements lies: element i of what is laid out is at the i-th place among the image's elements in the
 * layout. Null where elements of several images are mixed.
 */
export function placesOf({ from, steps }: Layout): Int32Array | null {
  let shape = from
  const size = from.reduce<number>((product, length) => product * perImage(length), 1)
  let origins = Int32Array.from({ length: size }, (_, at) => at)
  for (const { perm, shape: after } of steps) {
    if (typeof shape[0] === 'number' || shape.slice(1).some((length) => typeof length !== 'number')) return null
    if (perm) {
      if (perm[0] !== 0) return null
      const places = transposition(shape.map(perImage), perm)
      origins = places.map((place) => origins[place]!)
    }
    shape = after
  }
  if (typeof shape[0] === 'number' || shape.slice(1).some((length) => typeof length !== 'number')) return null
  const places = new Int32Array(size)
  origins.forEach((origin, place) => {
    places[origin] = place
  })
  return places
}

/** An array of one image's elements that is the same along some axes, with these of length 1, and without the first of them. */
function narrowed(data: Float32Array, shape: readonly number[]): { data: Float32Array; shape: number[] } {
  let [values, lengths] = [data, [...shape]]
  for (let axis = 0; axis < lengths.length; axis++) {
    const length = lengths[axis]!
    const inner = lengths.slice(axis + 1).reduce((product, size) => product * size, 1)
    const first = (at: number) => at - (Math.floor(at / inner) % length) * inner
    if (length === 1 || !values.every((value, at) => Object.is(value, values[first(at)]))) continue
    values = values.filter((_, at) => Math.floor(at / inner) % length === 0)
    lengths = lengths.with(axis, 1)
  }
  const kept = lengths.findIndex((length) => length > 1)
  return { data: values, shape: kept < 0 ? [] : lengths.slice(kept) }
}

/**
 * A constant that meets every image in a layout alike, as it meets what is laid out; null where that is not possible.
 * @param constant of a shape that is broadcast to the layout's
 */
export function carriedBack(
  layout: Layout,
  constant: { shape: readonly number[]; data: Float32Array },
): { shape: number[]; data: Float32Array } | null {
  const places = placesOf(layout)
  const after = shapeOf(layout).map(perImage)
  if (places === null || constant.shape.length > after.length) return null
  const padded = [...after.slice(constant.shape.length).map(() => 1), ...constant.shape]
  if (padded[0] !== 1 || padded.some((length, axis) => length !== 1 && length !== after[axis])) return null
  const strides = padded.map((length, axis) =>
    length === 1 ? 0 : padded.slice(axis + 1).reduce((product, size) => product * size, 1),
  )
  const spread = Float32Array.from({ length: places.length }, (_, at) => {
    let rest = at,
      from = 0
    for (let axis = after.length - 1; axis >= 0; axis--) {
      from += (rest % after[axis]!) * strides[axis]!
      rest = Math.floor(rest / after[axis]!)
    }
    return constant.data[from]!
  })
  return narrowed(valuesAt(spread, places), layout.from.map(perImage))
}
