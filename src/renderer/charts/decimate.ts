import { lowerBound, type Curve, type PlotPoint } from './curve.ts'

/**
 * Points of a curve between two x values, ready to draw. A curve with more points than pixels is reduced column by column to
 * its first, lowest, highest and last value, so that no spike is lost; values themselves are never averaged, and a gap stays one.
 *
 * @param columns width of the plot in pixels
 * @param scale factor from the curve's x to the axis's
 * @param positive drop values that a logarithmic axis cannot show
 */
export function pointsToDraw(curve: Curve, from: number, to: number, columns: number, scale: number, positive: boolean): PlotPoint[] {
  const { x, y } = curve
  const start = Math.max(0, lowerBound(x, from) - 1)
  const end = Math.min(x.length, lowerBound(x, to) + 2)
  const count = end - start
  const points: PlotPoint[] = []
  const add = (index: number) => {
    const value = y[index]!
    points.push({ x: x[index]! * scale, y: Number.isFinite(value) && (!positive || value > 0) ? value : NaN })
  }
  const width = Math.max(1, Math.floor(columns))
  if (count <= width * 4) {
    for (let i = start; i < end; i++) add(i)
    return points
  }
  const span = x[end - 1]! - x[start]! || 1
  let i = start
  while (i < end) {
    const column = Math.floor(((x[i]! - x[start]!) / span) * width)
    const first = i
    let low = i
    let high = i
    let gap = -1
    while (i < end && Math.floor(((x[i]! - x[start]!) / span) * width) === column) {
      if (Number.isNaN(y[i]!)) gap = i
      if (y[i]! < y[low]! || Number.isNaN(y[low]!)) low = i
      if (y[i]! > y[high]! || Number.isNaN(y[high]!)) high = i
      i++
    }
    const wanted = [first, Math.min(low, high), Math.max(low, high), i - 1]
    if (gap >= 0) wanted.splice(wanted.findIndex((index) => index >= gap), 0, gap)
    wanted.forEach((index, at) => { if (at === 0 || index !== wanted[at - 1]) add(index) })
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

/**
 * The vertical range to show on a linear axis. The first steps of a training, and a run that diverges, are often many times
 * higher than all the rest and would press every curve onto the floor; where that is so, the range is that of the rest, and
 * what is higher leaves through the top.
 */
export function focusedRange(curves: readonly Curve[], from: number, to: number): { low: number; high: number; cut: boolean } | null {
  const whole = range(curves, from, to, false)
  if (!whole) return null
  const later = (some: readonly Curve[]) => some.flatMap((curve) => range([curve], from + (to - from) * 0.06, to, false) ?? [])
  const each = later(curves)
  // Two or three points, such as those of the first validations, do not say what is usual.
  const long = curves.filter(({ x }) => x.length > 3)
  const highs = later(long.length > 0 ? long : curves).map((one) => one.high).sort((a, b) => a - b)
  const usual = highs[Math.floor((highs.length - 1) / 2)]
  if (usual === undefined) return { ...whole, cut: false }
  const low = Math.min(...each.map((one) => one.low))
  const limit = low + 6 * (usual - low)
  // A curve that lies wholly above the limit is another objective's, not one that left: it stays in sight.
  const rest = { low, high: Math.max(usual, ...each.filter((one) => one.high <= limit || one.low > limit).map((one) => one.high)) }
  if (rest.high <= low || whole.high - rest.low < 1.8 * (rest.high - rest.low)) return { ...whole, cut: false }
  return { low: Math.min(whole.low, rest.low), high: rest.high, cut: true }
}
