import { setImmediate } from 'node:timers/promises'
import { inBlocks, unsupportedFile } from './byte-stream.ts'
import { itemBytes, valuesOf, type Layout, type StoredArray } from './numbers.ts'

/** Arrays that lie in a file in another order than they are read in. Nothing is held but a block of rows. */

/** Rows that are put together in one pass through an array whose rows lie scattered; where there would be very many passes, more. */
const passBytes = 2 ** 25
const mostPasses = 64
/** So much would be gone through so often. */
const mostBytes = 2 ** 33
const blockBytes = 2 ** 20
const mostRowValues = 2 ** 24

/** `same`: the axes of a row stay in their order; `reversed`: the last comes first. */
type AxisOrder = 'same' | 'reversed'

/** Where each value of a row of this shape lies once its axes are in the other order. */
function placesOf(shape: readonly number[], order: AxisOrder): Uint32Array {
  const places = new Uint32Array(valuesOf(shape))
  if (order === 'same') return places.map((_, place) => place)
  const index = shape.map(() => 0),
    steps = shape.map((_, axis) => valuesOf(shape.slice(0, axis)))
  for (let place = 0; place < places.length; place++) {
    places[place] = index.reduce((sum, i, axis) => sum + i * steps[axis]!, 0)
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0
  }
  return places
}

const rowShape = (shape: readonly number[], order: AxisOrder): number[] => (order === 'same' ? [...shape] : shape.toReversed())

function requireRows(array: StoredArray, values: number): void {
  if (values > mostRowValues || valuesOf(array.shape) * itemBytes(array.type) > mostBytes) {
    const what = `${array.name} (${array.shape.join(' x ')}) in an order that has to be turned around, and it is too large for that`
    throw unsupportedFile(array.file, `holds ${what}; save it in C order with the images counted first.`)
  }
}

/**
 * An array whose *last* axis counts the images, as one whose first does: Fortran order (`reversed`), or MATLAB's usual [H, W, C, N].
 * It is gone through once for every 32 MB of it, 64 times at most.
 */
export function countLast(array: StoredArray, order: AxisOrder, layout?: Layout): StoredArray {
  const count = array.shape.at(-1)!,
    inner = array.shape.slice(0, -1),
    values = valuesOf(inner),
    size = itemBytes(array.type)
  async function* pieces(signal?: AbortSignal): AsyncGenerator<Buffer> {
    requireRows(array, values)
    const places = placesOf(inner, order),
      total = values * count * size
    const perPass = Math.max(1, Math.floor(Math.max(passBytes, total / mostPasses) / Math.max(1, values * size)))
    for (let from = 0; from < count; from += perPass) {
      const rows = Math.min(perPass, count - from),
        out = Buffer.allocUnsafe(rows * values * size)
      let first = 0
      for await (const block of inBlocks(array.pieces(signal), total, blockBytes, array.file)) {
        signal?.throwIfAborted()
        const end = first + block.length / size
        for (let place = Math.floor(first / count); place * count < end; place++) {
          const start = Math.max(first, place * count + from),
            stop = Math.min(end, place * count + from + rows)
          scatter(
            block,
            (start - first) * size,
            stop - start,
            out,
            ((start - place * count - from) * values + places[place]!) * size,
            values * size,
            size,
          )
        }
        first = end
        // All of the array goes by before a piece comes.
        await setImmediate()
      }
      yield out
    }
  }
  return { ...array, shape: [count, ...rowShape(inner, order)], ...(layout && { layout }), pieces }
}

/** Copies values that follow one another to places that are `step` bytes apart. */
function scatter(from: Buffer, at: number, count: number, to: Buffer, place: number, step: number, size: number): void {
  if (size === 1) {
    for (let i = 0; i < count; i++) to[place + i * step] = from[at + i]!
    return
  }
  for (let i = 0; i < count; i++) for (let byte = 0; byte < size; byte++) to[place + i * step + byte] = from[at + i * size + byte]!
}

/** An array with the axes of each row the other way round, as images are that were stored column by column. */
export function turnedRows(array: StoredArray, layout?: Layout): StoredArray {
  const inner = array.shape.slice(1),
    values = valuesOf(inner),
    size = itemBytes(array.type),
    rowBytes = values * size
  async function* pieces(signal?: AbortSignal): AsyncGenerator<Buffer> {
    requireRows(array, values)
    const places = placesOf(inner, 'reversed'),
      perBlock = Math.max(1, Math.floor(blockBytes / rowBytes))
    for await (const block of inBlocks(array.pieces(signal), valuesOf(array.shape) * size, perBlock * rowBytes, array.file)) {
      const out = Buffer.allocUnsafe(block.length)
      for (let row = 0; row < block.length; row += rowBytes) {
        for (let value = 0; value < values; value++) {
          const from = row + value * size,
            to = row + places[value]! * size
          for (let byte = 0; byte < size; byte++) out[to + byte] = block[from + byte]!
        }
      }
      yield out
    }
  }
  return { ...array, shape: [array.shape[0]!, ...inner.toReversed()], ...(layout && { layout }), pieces }
}
