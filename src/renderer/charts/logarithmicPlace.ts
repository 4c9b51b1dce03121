/** Where values lie, from 0 to 1, on a logarithmic scale from the smallest to the greatest of `all`; null for what has no logarithm. */
export function logarithmicPlace(all: readonly (number | null)[]): (value: number | null) => number | null {
  const logarithms = all.flatMap((value) => (value !== null && value > 0 && Number.isFinite(value) ? [Math.log(value)] : []))
  const low = Math.min(...logarithms)
  const span = Math.max(...logarithms) - low
  return (value) =>
    value === null || !(value > 0) || !Number.isFinite(value) ? null : span > 0 ? (Math.log(value) - low) / span : 0.5
}
