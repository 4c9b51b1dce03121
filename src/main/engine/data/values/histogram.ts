import { requireSpan } from './decide.ts'
import type { ValueRange } from './range.ts'
import type { Tally } from './tally.ts'

/** Bins over the values from the smallest to the largest; of whole numbers that span less, one for each value. */
const bins = 2 ** 16

/** Where values fall: bin = floor((v - least) / width). */
export interface Binning {
  least: number
  width: number
  whole: boolean
}

function binningOf({ least, most, whole }: Pick<Tally, 'least' | 'most' | 'whole'>): Binning {
  return whole && most - least < bins ? { least, width: 1, whole } : { least, width: (most - least) / (bins - 1), whole: false }
}

/** Where values are counted; null where all are the same. @throws WorkbenchError FILE_UNSUPPORTED where they lie too far apart */
export function binned(tally: Tally): Binning | null {
  if (!(tally.least < tally.most)) return null
  requireSpan({ from: tally.least, to: tally.most })
  return binningOf(tally)
}

export const emptyCounts = (): Float64Array => new Float64Array(bins)

/** Counts some of `numbers`, in place. */
export function countValues(
  numbers: ArrayLike<number>,
  from: number,
  to: number,
  { least, width }: Binning,
  counts: Float64Array,
): void {
  for (let i = from; i < to; i++) counts[Math.floor((numbers[i]! - least) / width)]!++
}

/**
 * Percentiles as NumPy's `percentile` has them: between the two values nearest to the place (N - 1) p / 100 in ascending order, in
 * proportion. Exact for whole numbers that span less than 65,536; else within a 65,535th of the span.
 */
export function percentileRange(counts: Float64Array, binning: Binning, { low, high }: { low: number; high: number }): ValueRange {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const at = (percent: number): number => {
    const place = ((total - 1) * percent) / 100,
      floor = Math.floor(place),
      value = valueAt(counts, binning, floor)
    return place === floor ? value : value + (place - floor) * (valueAt(counts, binning, floor + 1) - value)
  }
  return { from: at(low), to: at(high) }
}

/** The value of this rank, counted from 0. */
function valueAt(counts: Float64Array, { least, width, whole }: Binning, rank: number): number {
  let before = 0,
    bin = 0
  while (bin < bins - 1 && before + counts[bin]! <= rank) before += counts[bin++]!
  return whole ? least + bin : least + width * (bin + (counts[bin]! > 0 ? (rank - before + 0.5) / counts[bin]! : 0))
}
