import { setImmediate } from 'node:timers/promises'
import type { DatasetNote } from '../../../../shared/domain.ts'
import type { Measured } from '../request.ts'
import { inBlocks, unsupportedFile } from '../byte-stream.ts'
import { itemBytes, numbersIn, valuesOf, type StoredArray } from '../numbers.ts'
import { ownRange } from './convert.ts'
import { decidedRange, wishOf } from './decide.ts'
import { binned, countValues, emptyCounts, percentileRange } from './histogram.ts'
import { isByte, rangeNotes, type Ranges, type ValueRange } from './range.ts'
import { addTally, emptyTally, farBelow, type Tally } from './tally.ts'

type OnValues = (numbers: ArrayLike<number>, first: number) => boolean | void

/** Goes through an array's values in blocks; ends early where `visit` says false. */
async function eachBlock(array: StoredArray, visit: OnValues, signal?: AbortSignal): Promise<void> {
  const bytes = itemBytes(array.type)
  let first = 0
  for await (const block of inBlocks(array.pieces(signal), valuesOf(array.shape) * bytes, 2 ** 17 * bytes, array.file)) {
    signal?.throwIfAborted()
    const numbers = numbersIn(block, array.type, array.bigEndian)
    if (visit(numbers, first) === false) return
    first += numbers.length
    await setImmediate()
  }
}

/** The place of a value in an array, as NumPy's indices have it. */
function placeOf(index: number, shape: readonly number[]): string {
  const place: number[] = []
  for (const size of shape.toReversed()) {
    place.unshift(index % size)
    index = Math.floor(index / size)
  }
  return `[${place.join(', ')}]`
}

/** @throws WorkbenchError FILE_UNSUPPORTED for values that are not finite, with the place of the first */
export function requireFinite(array: StoredArray, numbers: ArrayLike<number>, first: number, asFloat32 = false): void {
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!
    if (Number.isFinite(asFloat32 ? Math.fround(value) : value)) continue
    const what = Number.isNaN(value) ? 'NaN' : Number.isFinite(value) ? `${value}, which float32 cannot hold` : 'an infinite value'
    throw unsupportedFile(
      array.file,
      `holds values that are not finite (NaN or infinite) in ${array.name}: ` +
        `the first is ${what} at ${placeOf(first + i, array.shape)}; replace them.`,
    )
  }
}

/**
 * What values an array holds. Of bytes only enough is read to know whether any is above `farBelow`, unless `whole`.
 * @throws WorkbenchError FILE_UNSUPPORTED for values that are not finite
 */
async function measure(array: StoredArray, whole: boolean, signal?: AbortSignal): Promise<Tally> {
  const tally: Tally = { ...emptyTally(), types: [array.type] },
    float = array.type[0] === 'f',
    bytes = isByte(array.type)
  if (array.type === 'b1' && !whole) return { ...tally, least: 0, most: 1 }
  await eachBlock(
    array,
    (numbers, first) => {
      if (float) requireFinite(array, numbers, first)
      const { from, to } = ownRange(numbers, 0, numbers.length)
      tally.least = Math.min(tally.least, from)
      tally.most = Math.max(tally.most, to)
      if (float && tally.whole) for (let i = 0; i < numbers.length && tally.whole; i++) tally.whole = Number.isInteger(numbers[i]!)
      return whole || !bytes || tally.most <= farBelow
    },
    signal,
  )
  return array.type === 'b1' ? { ...tally, most: Math.min(1, tally.most) } : tally
}

/**
 * The ranges of all image arrays of an import, and what is to be said of them: two passes where percentiles are asked for, one
 * else, and of ordinary bytes almost none.
 * @throws WorkbenchError CALL_INVALID, FILE_UNSUPPORTED
 */
export async function measureArrays(
  arrays: readonly StoredArray[],
  range: string | undefined,
  signal?: AbortSignal,
): Promise<Measured> {
  const wish = wishOf(range),
    ranges: Ranges = { bytes: null, wide: null },
    notes: DatasetNote[] = [],
    ahead: DatasetNote[] = []
  for (const kind of ['bytes', 'wide'] as const) {
    const ofKind = arrays.filter(({ type }) => isByte(type) === (kind === 'bytes'))
    if (ofKind.length === 0) continue
    const tally = emptyTally()
    for (const array of ofKind) addTally(tally, await measure(array, wish !== null, signal))
    const decided = decidedRange(
      tally,
      wish,
      wish?.kind === 'percentiles' ? await percentilesOf(ofKind, tally, wish, signal) : null,
    )
    ranges[kind] = decided
    notes.push(...rangeNotes(tally, decided))
    ahead.push(...rangeNotes(tally, decided, true))
  }
  return { ranges, notes, ahead }
}

async function percentilesOf(
  arrays: readonly StoredArray[],
  tally: Tally,
  wish: { low: number; high: number },
  signal?: AbortSignal,
): Promise<ValueRange> {
  const binning = binned(tally),
    counts = emptyCounts()
  if (binning === null) return { from: tally.least, to: tally.most }
  for (const array of arrays) await eachBlock(array, (numbers) => countValues(numbers, 0, numbers.length, binning, counts), signal)
  return percentileRange(counts, binning, wish)
}
