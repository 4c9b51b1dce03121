import { lowerBound } from '../../shared/lowerBound.ts'
import type { Curve } from './curve.ts'
import type { Scale } from './ticks.ts'

/**
 * A curve between two x values in pixels, as x, y, x, y; NaN where it has a gap. A curve with more points than the plot has
 * columns is reduced column by column to its first, lowest, highest and last value, so that no spike is lost; values themselves
 * are never averaged, and a gap stays one.
 *
 * @param columns a pixel of the page: on a fine screen more than one
 */
export function pixelsToDraw(
  curve: Pick<Curve, 'x' | 'y'>,
  from: number,
  to: number,
  toX: Scale,
  toY: Scale,
  columns = 1,
): Float64Array {
  const { x, y } = curve
  const start = Math.max(0, lowerBound(x, from) - 1)
  const end = Math.min(x.length, lowerBound(x, to) + 2)
  const pixels = new Float64Array(2 * Math.max(0, end - start))
  let filled = 0
  const add = (index: number): void => {
    const value = y[index]!
    const there = Number.isFinite(value) && (!toY.logarithmic || value > 0) && (!toX.logarithmic || x[index]! > 0)
    pixels[filled++] = there ? toX.toPixel(x[index]!) : NaN
    pixels[filled++] = there ? toY.toPixel(value) : NaN
  }
  const columnOf = (index: number): number =>
    Math.floor(toX.toPixel(toX.logarithmic ? Math.max(x[index]!, toX.from) : x[index]!) * columns)
  let i = start
  while (i < end) {
    const column = columnOf(i)
    const first = i
    let low = i,
      high = i,
      gap = -1
    for (; i < end && columnOf(i) === column; i++) {
      if (Number.isNaN(y[i]!)) gap = i
      if (y[i]! < y[low]! || Number.isNaN(y[low]!)) low = i
      if (y[i]! > y[high]! || Number.isNaN(y[high]!)) high = i
    }
    if (i - first <= 4) {
      for (let index = first; index < i; index++) add(index)
      continue
    }
    const wanted = [first, Math.min(low, high), Math.max(low, high), i - 1]
    if (gap >= 0)
      wanted.splice(
        wanted.findIndex((index) => index >= gap),
        0,
        gap,
      )
    wanted.forEach((index, at) => {
      if (at === 0 || index !== wanted[at - 1]) add(index)
    })
  }
  return pixels.subarray(0, filled)
}

/** The band of a curve as polygons in pixels, separated by NaN; of each column of pixels its lowest and its highest end. */
export function bandToDraw(
  { x, low, high }: Pick<Curve, 'x' | 'low' | 'high'>,
  from: number,
  to: number,
  toX: Scale,
  toY: Scale,
  columns = 1,
): number[] {
  if (!low || !high) return []
  const start = Math.max(0, lowerBound(x, from) - 1)
  const end = Math.min(x.length, lowerBound(x, to) + 2)
  const floor = toY.toPixel(toY.from)
  const level = (value: number): number => (toY.logarithmic && value <= 0 ? floor : toY.toPixel(value))
  const there = (index: number): boolean =>
    Number.isFinite(low[index]!) &&
    Number.isFinite(high[index]!) &&
    (!toX.logarithmic || x[index]! > 0) &&
    (!toY.logarithmic || high[index]! > 0)
  const points: number[] = []
  for (let i = start; i < end; i++) {
    if (!there(i)) continue
    const upper: number[] = [],
      lower: number[] = []
    let column = NaN
    for (; i < end && there(i); i++) {
      const at = toX.toPixel(x[i]!),
        up = level(high[i]!),
        down = level(low[i]!)
      if (Math.floor(at * columns) === column && upper.length > 2) {
        upper[upper.length - 1] = Math.min(upper.at(-1)!, up)
        lower[lower.length - 1] = Math.max(lower.at(-1)!, down)
        continue
      }
      column = Math.floor(at * columns)
      upper.push(at, up)
      lower.push(down)
    }
    if (points.length > 0) points.push(NaN, NaN)
    points.push(...upper)
    for (let back = lower.length - 1; back >= 0; back--) points.push(upper[2 * back]!, lower[back]!)
  }
  return points
}

/** Lowest and highest finite value among curves between two x values; null when there is none. */
export function range(curves: readonly Curve[], from: number, to: number, positive: boolean): { low: number; high: number } | null {
  let low = Infinity
  let high = -Infinity
  for (const { x, y } of curves) {
    const end = Math.min(x.length, lowerBound(x, to) + 1)
    for (let i = lowerBound(x, from); i < end; i++) {
      const value = y[i]!
      if (!Number.isFinite(value) || (positive && value <= 0)) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  return low <= high ? { low, high } : null
}

/** The share of the axis that is left out as the steep beginning. */
export const focusFrom = 0.06

/**
 * The vertical range to show on a linear axis. The first steps of a training, and a run that diverges, are often many times
 * higher than all the rest and would press every curve onto the floor; where that is so, the range is that of the rest, and
 * what is higher leaves through the top.
 */
export function focusedRange(
  curves: readonly Curve[],
  from: number,
  to: number,
): { low: number; high: number; cut: boolean } | null {
  const whole = range(curves, from, to, false)
  if (!whole) return null
  const later = (some: readonly Curve[]) => some.flatMap((curve) => range([curve], from + (to - from) * focusFrom, to, false) ?? [])
  const each = later(curves)
  // Two or three points, such as those of the first validations, do not say what is usual.
  const long = curves.filter(({ x }) => x.length > 3)
  const highs = later(long.length > 0 ? long : curves)
    .map((one) => one.high)
    .sort((a, b) => a - b)
  const usual = highs[Math.floor((highs.length - 1) / 2)]
  if (usual === undefined) return { ...whole, cut: false }
  const low = Math.min(...each.map((one) => one.low))
  const limit = low + 6 * (usual - low)
  // A curve that lies wholly, or for most of its way, above the rest is another objective's, not one that left: it stays in sight.
  const levels = long.map((curve) => usualLevel(curve, from + (to - from) * focusFrom, to)).filter(Number.isFinite)
  const rest = {
    low,
    high: Math.max(usual, ...levels, ...each.filter((one) => one.high <= limit || one.low > limit).map((one) => one.high)),
  }
  if (rest.high <= low || whole.high - rest.low < 1.8 * (rest.high - rest.low)) return { ...whole, cut: false }
  return { low: Math.min(whole.low, rest.low), high: rest.high, cut: true }
}

/** About the median of a curve's values between two x; NaN where it has none. */
function usualLevel({ x, y }: Curve, from: number, to: number): number {
  const start = lowerBound(x, from),
    end = Math.min(x.length, lowerBound(x, to) + 1)
  const step = Math.max(1, Math.floor((end - start) / 101))
  const values: number[] = []
  for (let i = start; i < end; i += step) if (Number.isFinite(y[i]!)) values.push(y[i]!)
  return values.sort((a, b) => a - b)[values.length >> 1] ?? NaN
}
