/** Intervals that are drawn over one axis. */
interface Interval {
  mean: number | null
  low: number | null
  high: number | null
}
const known = (intervals: readonly Interval[]): number[] =>
  intervals.flatMap(({ mean, low, high }) => [mean, low, high]).filter((value) => value !== null)

/** From the least to the greatest end. */
export function rangeOf(intervals: readonly Interval[]): { from: number; to: number } {
  const values = known(intervals)
  return values.length === 0 ? { from: 0, to: 0 } : { from: Math.min(...values), to: Math.max(...values) }
}

/** A few that lie far out shall not press all others together: they end in an arrow. */
const farOut = 6

/** An axis for differences, 0 included. */
export function rangeAroundZero(intervals: readonly Interval[]): { from: number; to: number } {
  const values = [0, ...known(intervals)]
  const sizes = values
    .map(Math.abs)
    .filter((size) => size > 0)
    .sort((a, b) => a - b)
  const limit = farOut * (sizes[Math.floor(sizes.length / 2)] ?? 0)
  return { from: Math.max(-limit, Math.min(...values)), to: Math.min(limit, Math.max(...values)) }
}
