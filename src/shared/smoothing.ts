/**
 * Weight with which curves of training, which are of single batches, are smoothed before anyone chooses another: half of their
 * scatter is left, and a falling curve lags by less than two points.
 */
export const usualSmoothing = 0.6

/**
 * Exponential smoothing: s <- w s + (1 - w) x from 0, divided by 1 - w^k, which makes the k values so far count in full (the
 * correction of Kingma and Ba 2015, section 3). A smoothed value depends on what came before it only, so what was once drawn
 * stays. Gaps remain gaps and are passed over. @param weight w, from 0 (nothing) to below 1
 */
export function smoothed(values: Float64Array, weight: number): Float64Array {
  if (weight <= 0) return values
  const result = new Float64Array(values.length)
  let mean = 0
  let left = 1
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) {
      result[i] = NaN
      continue
    }
    left *= weight
    mean = weight * mean + (1 - weight) * value
    result[i] = mean / (1 - left)
  }
  return result
}
