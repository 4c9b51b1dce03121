/** Points of the plane, one after the other as x, y. */
export interface Cloud {
  id: string
  label: string
  /** Any CSS colour, `var(--name)` included. */
  colour: string
  points: Float32Array
  /** Rings instead of dots. */
  hollow?: boolean
  square?: boolean
}

/** A square part of the plane: its middle and half its side. */
export interface Frame {
  x: number
  y: number
  half: number
}

/** The square that shows all points, with a margin of a tenth; finite whatever the points are. */
export function frameOf(points: Float32Array): Frame {
  const low = [Infinity, Infinity],
    high = [-Infinity, -Infinity]
  points.forEach((value, i) => {
    if (!Number.isFinite(value)) return
    low[i % 2] = Math.min(low[i % 2]!, value)
    high[i % 2] = Math.max(high[i % 2]!, value)
  })
  if (low.some((value) => value === Infinity)) return { x: 0, y: 0, half: 1 }
  const half = Math.max(high[0]! - low[0]!, high[1]! - low[1]!) / 2
  return { x: (low[0]! + high[0]!) / 2, y: (low[1]! + high[1]!) / 2, half: half > 0 ? half * 1.1 : 1 }
}

/** Round numbers within [from, to], about five of them. */
export function ticksBetween(from: number, to: number): number[] {
  const rough = (to - from) / 5,
    decade = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * decade).find((one) => one >= rough)!
  const first = Math.ceil(from / step),
    last = Math.floor(to / step)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step)
}

/** Where the frame lies on the canvas, in CSS pixels: a square with room for the numbers at its left and below. */
export interface Area {
  left: number
  top: number
  side: number
}
const room = { left: 36, bottom: 24 }
export const areaOf = (width: number): Area => ({ left: room.left, top: 4, side: Math.max(40, width - room.left - 4) })
export const heightOf = (width: number): number => areaOf(width).side + 4 + room.bottom

export const toPixels = ({ left, top, side }: Area, frame: Frame, x: number, y: number): { x: number; y: number } => ({
  x: left + (side * (x - frame.x + frame.half)) / (2 * frame.half),
  y: top + side - (side * (y - frame.y + frame.half)) / (2 * frame.half),
})

/** The point nearest to a place on the canvas, within `reach` CSS pixels of it. */
export function nearestPoint(
  clouds: readonly Cloud[],
  area: Area,
  frame: Frame,
  x: number,
  y: number,
  reach: number,
): { cloud: number; index: number } | null {
  let best: { cloud: number; index: number } | null = null,
    least = reach * reach
  for (const [cloud, { points }] of clouds.entries()) {
    for (let index = 0; 2 * index < points.length; index++) {
      const at = toPixels(area, frame, points[2 * index]!, points[2 * index + 1]!)
      const distance = (at.x - x) ** 2 + (at.y - y) ** 2
      if (distance <= least) {
        least = distance
        best = { cloud, index }
      }
    }
  }
  return best
}
