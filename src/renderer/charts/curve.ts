/** What a chart draws: one line, in columns of equal length with `x` ascending. Columns may be views of longer buffers. */
export interface Curve {
  id: string
  label: string
  /** Any CSS colour, custom properties included, e.g. `var(--run-1)`. */
  colour: string
  dash?: readonly number[]
  /** CSS pixels; 1.5 where not given. */
  width?: number
  /** 0 to 1. */
  opacity?: number
  x: Float64Array
  y: Float64Array
}

/** A point in the units of the axes; `y` is NaN where the line has a gap. */
export interface PlotPoint { x: number; y: number }

/** What the horizontal axis counts; `time` is in seconds of training. */
export type XKind = 'step' | 'epoch' | 'time'

/** Index of the value nearest to `x` in an ascending column; -1 for an empty one. */
export function nearestIndex(column: Float64Array, x: number): number {
  if (column.length === 0) return -1
  const after = lowerBound(column, x)
  if (after === 0) return 0
  if (after === column.length) return column.length - 1
  return x - column[after - 1]! <= column[after]! - x ? after - 1 : after
}

/** Index of the first value that is not below `x`. */
export function lowerBound(column: Float64Array, x: number): number {
  let low = 0
  let high = column.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (column[middle]! < x) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The value that a crosshair at `x` reads from a curve, or null outside of the curve's own range: a run that ended earlier has
 * no value there.
 */
export function readAt(curve: Curve, x: number): { x: number; y: number } | null {
  const index = nearestIndex(curve.x, x)
  if (index < 0) return null
  const last = curve.x.length - 1
  const spacing = last > 0 ? (curve.x[last]! - curve.x[0]!) / last : 0
  if (x > curve.x[last]! + spacing || x < curve.x[0]! - spacing) return null
  return { x: curve.x[index]!, y: curve.y[index]! }
}
