import { twoSidedQuantile, twoSidedTail } from './studentT.ts'

/** Results over seeds: means with intervals, paired differences, and the correction for many of them. */

export const confidence = 0.95

/** Of independent values, such as one figure of several seeds. `deviation`, `half`, `low` and `high` are null with fewer than two. */
export interface Estimate {
  n: number
  mean: number
  /** Standard deviation of the values (divided by n - 1). */
  deviation: number | null
  /** Half the width of the interval of the mean. */
  half: number | null
  low: number | null
  high: number | null
}

/** Arithmetic mean; the second pass removes what rounding left of the first. NaN for nothing. */
export function meanOf(values: readonly number[]): number {
  const first = sum(values) / values.length
  return Number.isFinite(first) ? first + sum(values.map((value) => value - first)) / values.length : first
}

/** Sample standard deviation (n - 1); null with fewer than two values. */
export function deviationOf(values: readonly number[]): number | null {
  if (values.length < 2) return null
  const mean = meanOf(values)
  return Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / (values.length - 1))
}

/** Mean with its 95% interval by Student's t with n - 1 degrees of freedom (Student 1908); null for no values. Values are finite. */
export function estimate(values: readonly number[]): Estimate | null {
  if (values.length === 0) return null
  const n = values.length,
    mean = meanOf(values),
    deviation = deviationOf(values)
  if (deviation === null) return { n, mean, deviation, half: null, low: null, high: null }
  const half = (twoSidedQuantile(confidence, n - 1) * deviation) / Math.sqrt(n)
  return { n, mean, deviation, half, low: mean - half, high: mean + half }
}

export interface PairedDifference extends Estimate {
  /**
   * Two-sided, that the mean difference is 0; null with fewer than two pairs, and where all pairs differ by the same (nothing is
   * known then of how much they vary).
   */
  p: number | null
}

/** The mean of a - b over pairs (the same seed in both), by Student's paired test; null for no pairs. */
export function pairedDifference(pairs: readonly (readonly [number, number])[]): PairedDifference | null {
  const differences = pairs.map(([a, b]) => a - b)
  const found = estimate(differences)
  if (found === null) return null
  // 0.93 - 0.92 and 0.95 - 0.94 are the same difference, although not the same binary number.
  const scale = Math.max(...pairs.flat().map(Math.abs))
  if (found.deviation === null) return { ...found, p: null }
  if (found.deviation <= 1e-12 * scale) {
    const mean = Math.abs(found.mean) <= 1e-12 * scale ? 0 : found.mean
    return { n: found.n, mean, deviation: 0, half: 0, low: mean, high: mean, p: mean === 0 ? 1 : null }
  }
  return { ...found, p: twoSidedTail(found.mean / (found.deviation / Math.sqrt(found.n)), found.n - 1) }
}

/**
 * Holm's step-down correction (Holm 1979): the chance that any of several true null hypotheses is rejected stays below the level at which
 * the corrected p are read. In the order given; null where there is no p, which counts as no comparison.
 */
export function holm(ps: readonly (number | null)[]): (number | null)[] {
  const corrected: (number | null)[] = ps.map(() => null)
  const order = ps.flatMap((p, index) => (p === null ? [] : [{ p, index }])).sort((a, b) => a.p - b.p)
  let largest = 0
  order.forEach(({ p, index }, rank) => {
    largest = Math.max(largest, Math.min(1, (order.length - rank) * p))
    corrected[index] = largest
  })
  return corrected
}

function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}
