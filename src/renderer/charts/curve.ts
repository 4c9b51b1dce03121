import { lowerBound } from '../../shared/lowerBound.ts'

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
  /** A band around or below the line, as long as `x`; NaN where there is none. */
  low?: Float64Array
  high?: Float64Array
  /** `low` and `high` are single values beside the line, drawn as dots, and no band. */
  pair?: boolean
  /** What a smoothed line was before, drawn faintly below it; as long as `x`. */
  original?: Float64Array
  /** How strongly the band is filled, 0 to 1; 0.15 where not given. */
  fill?: number
  /** What a crosshair reads instead of `y`: of a stacked term its own value. */
  value?: Float64Array
}

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

/** The point of any of the curves that is nearest to `x`, of those that are in sight if any is; null without points. */
export function snapped(curves: readonly Curve[], x: number, from = -Infinity, to = Infinity): number | null {
  const near = curves.flatMap((curve) => (curve.x.length > 0 ? [curve.x[nearestIndex(curve.x, x)]!] : []))
  const inside = near.filter((one) => one >= from && one <= to)
  return (inside.length > 0 ? inside : near).reduce<number | null>(
    (best, one) => (best === null || Math.abs(one - x) < Math.abs(best - x) ? one : best),
    null,
  )
}

/**
 * The value that a crosshair at `x` reads from a curve, or null outside of the curve's own range: a run that ended earlier has
 * no value there.
 */
export function readAt(curve: Curve, x: number): { x: number; y: number; value: number } | null {
  const index = nearestIndex(curve.x, x)
  if (index < 0) return null
  const last = curve.x.length - 1
  const spacing = last > 0 ? (curve.x[last]! - curve.x[0]!) / last : 0
  if (x > curve.x[last]! + spacing || x < curve.x[0]! - spacing) return null
  return { x: curve.x[index]!, y: curve.y[index]!, value: (curve.value ?? curve.y)[index]! }
}

/**
 * Curves that follow each other along the horizontal axis as one curve, with a gap where one ends and the next begins. Each
 * part's x begin where the part before it ended, or later.
 */
export function joined(parts: readonly { x: Float64Array; y: Float64Array }[]): { x: Float64Array; y: Float64Array } {
  const some = parts.filter((part) => part.x.length > 0)
  if (some.length <= 1) return some[0] ?? { x: new Float64Array(), y: new Float64Array() }
  const length = some.reduce((sum, part) => sum + part.x.length + 1, -1)
  const x = new Float64Array(length)
  const y = new Float64Array(length)
  let at = 0
  for (const part of some) {
    if (at > 0) {
      // Beside the end of the part before it: what looks for the nearest point finds a value first.
      x[at] = x[at - 1]!
      y[at++] = NaN
    }
    x.set(part.x, at)
    y.set(part.y, at)
    at += part.x.length
  }
  return { x, y }
}

/** Where something begins along the horizontal axis: a line with a name. */
export interface Mark {
  x: number
  label: string
}

/** In which part `x` lies; a point at a boundary is the end of what came before. Null before the first mark. */
export const markAt = (marks: readonly Mark[], x: number): Mark | null =>
  marks.findLast((mark) => mark.x < x) ?? marks.find((mark) => mark.x === x) ?? null
