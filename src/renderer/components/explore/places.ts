/** A rectangle of the plane that is shown. */
export interface Extent {
  left: number
  right: number
  bottom: number
  top: number
}
/** Where it lies on the canvas, in CSS pixels. */
export interface Area {
  left: number
  top: number
  width: number
  height: number
}

/**
 * The smallest extent of some points [n, 2] with a margin of a share of it; finite whatever the points are. `square`: as wide as
 * high.
 */
export function extentOf(
  coordinates: ArrayLike<number>,
  { margin = 0.06, square = false }: { margin?: number; square?: boolean } = {},
): Extent {
  const low = [Infinity, Infinity],
    high = [-Infinity, -Infinity]
  for (let i = 0; i < coordinates.length; i++) {
    const value = coordinates[i]!
    if (!Number.isFinite(value)) continue
    low[i % 2] = Math.min(low[i % 2]!, value)
    high[i % 2] = Math.max(high[i % 2]!, value)
  }
  const whole = { left: low[0]!, right: high[0]!, bottom: low[1]!, top: high[1]! }
  const drawn = Number.isFinite(whole.left) && Number.isFinite(whole.bottom) ? whole : { left: -1, right: 1, bottom: -1, top: 1 }
  const half = [(drawn.right - drawn.left) / 2, (drawn.top - drawn.bottom) / 2].map((one) =>
    one > 0 ? one * (1 + 2 * margin) : 1,
  ) as [number, number]
  if (square) half[0] = half[1] = Math.max(...half)
  const x = (drawn.left + drawn.right) / 2,
    y = (drawn.bottom + drawn.top) / 2
  return { left: x - half[0], right: x + half[0], bottom: y - half[1], top: y + half[1] }
}

/** From places of the plane to pixels and back; upwards is upwards. */
export interface Mapping {
  x(value: number): number
  y(value: number): number
  placeAt(x: number, y: number): { x: number; y: number }
  area: Area
  extent: Extent
}

export function mapping(extent: Extent, area: Area): Mapping {
  const across = extent.right - extent.left,
    up = extent.top - extent.bottom
  return {
    extent,
    area,
    x: (value) => area.left + ((value - extent.left) / across) * area.width,
    y: (value) => area.top + ((extent.top - value) / up) * area.height,
    placeAt: (x, y) => ({
      x: extent.left + ((x - area.left) / area.width) * across,
      y: extent.top - ((y - area.top) / area.height) * up,
    }),
  }
}

/** Index of the point nearest to a pixel, within `reach` pixels of it; -1 where there is none. */
export function nearestTo(
  { x, y }: Pick<Mapping, 'x' | 'y'>,
  coordinates: ArrayLike<number>,
  atX: number,
  atY: number,
  reach: number,
): number {
  let best = -1,
    least = reach * reach
  for (let i = 0; 2 * i < coordinates.length; i++) {
    const away = (x(coordinates[2 * i]!) - atX) ** 2 + (y(coordinates[2 * i + 1]!) - atY) ** 2
    if (away <= least) {
      least = away
      best = i
    }
  }
  return best
}

/** Zoomed by a factor (below 1: closer) about a place. */
export const zoomed = ({ left, right, bottom, top }: Extent, factor: number, x: number, y: number): Extent => ({
  left: x + (left - x) * factor,
  right: x + (right - x) * factor,
  bottom: y + (bottom - y) * factor,
  top: y + (top - y) * factor,
})
export const shifted = ({ left, right, bottom, top }: Extent, x: number, y: number): Extent => ({
  left: left + x,
  right: right + x,
  bottom: bottom + y,
  top: top + y,
})

/** Whether a point lies in a polygon (x, y, x, y, ...), by the crossings of a ray. */
export function inside(polygon: readonly number[], x: number, y: number): boolean {
  let within = false
  for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
    const [ax, ay, bx, by] = [polygon[i]!, polygon[i + 1]!, polygon[j]!, polygon[j + 1]!]
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within
  }
  return within
}

/**
 * Where a value lies among the ascending values of an axis, as a number of steps from the first one: between two values evenly,
 * beyond the ends as far as the last step reaches. Quantiles of a prior are not evenly spaced, and pictures of them are.
 */
export function stepsAlong(axis: ArrayLike<number>, value: number): number {
  const last = axis.length - 1
  if (last < 1) return 0
  let at = 0
  while (at < last - 1 && value > axis[at + 1]!) at++
  const step = axis[at + 1]! - axis[at]!
  return at + (step > 0 ? (value - axis[at]!) / step : 0)
}

/** The value so many steps along an axis; the inverse of `stepsAlong`. */
export function valueAlong(axis: ArrayLike<number>, steps: number): number {
  const last = axis.length - 1
  if (last < 1) return axis[0] ?? 0
  const at = Math.max(0, Math.min(last - 1, Math.floor(steps)))
  return axis[at]! + (steps - at) * (axis[at + 1]! - axis[at]!)
}

/** Round numbers within a range, about so many. */
export function roundNumbers(low: number, high: number, about: number): number[] {
  const rough = (high - low) / Math.max(1, about)
  if (!(rough > 0) || !Number.isFinite(rough)) return []
  const decade = 10 ** Math.floor(Math.log10(rough)),
    step = ([1, 2, 5, 10].find((factor) => factor * decade >= rough) ?? 10) * decade
  const first = Math.ceil(low / step)
  return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  )
}
