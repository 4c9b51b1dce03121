import type { Activation } from '../../../shared/config.ts'
import { activationRange } from '../network/activation.ts'

/** Equal bins from the least to the largest value; of a bounded activation over its whole range. */
export function edgesOf(values: Float32Array, activation: Activation, bins: number): Float32Array<ArrayBuffer> {
  let [low, high] = activationRange[activation]
  if (!Number.isFinite(low) || !Number.isFinite(high)) {
    const [least, most] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity])
    low = Number.isFinite(low) ? low : least
    high = most
  }
  if (!(low < high)) [low, high] = [low - 0.5, low + 0.5]
  return Float32Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins)
}

/**
 * How many values of each column of [n, columns] lie in each bin: [columns, bins]. What lies beyond the ends counts in the
 * outermost ones.
 */
export function countsOf(values: Float32Array, columns: number, edges: Float32Array): Int32Array<ArrayBuffer> {
  const bins = edges.length - 1,
    low = edges[0]!,
    scale = bins / (edges[bins]! - low)
  const counts = new Int32Array(columns * bins)
  values.forEach((value, at) => {
    const bin = Math.max(0, Math.min(bins - 1, Math.floor((value - low) * scale)))
    counts[(at % columns) * bins + bin]!++
  })
  return counts
}
