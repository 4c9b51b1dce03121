import { axesScene } from './axesScene.ts'
import { fontSize, shortened, type Area, type Measure, type Scene, type Shape } from './scene.ts'
import type { Scale } from './ticks.ts'

export interface ScatterPoint {
  id: string
  title: string
  colour: string
  x: number
  y: number
  xText: string
  yText: string
  /** 95% intervals. */
  xInterval: readonly [number, number] | null
  yInterval: readonly [number, number] | null
  /** No other is better in one and not worse in the other. */
  front: boolean
}
export interface ScatterAxis {
  title: string
  unit: string
  better: 'lower' | 'higher' | 'neither'
  logarithmic: boolean
}
export interface ScatterState {
  x: ScatterAxis
  y: ScatterAxis
  points: readonly ScatterPoint[]
  /** Indices of the points on the Pareto front, ascending x. */
  front: readonly number[]
  faint: ReadonlySet<string>
  highlighted: string | null
}
export interface ScatterPlot {
  scene: Scene
  area: Area
  x: Scale
  y: Scale
}

const arrows = { lower: ' (lower is better)', higher: ' (higher is better)', neither: '' }
const titled = ({ title, unit, better }: ScatterAxis): string => `${title}${unit === '' ? '' : ` (${unit})`}${arrows[better]}`

/** Two columns against each other as shapes: a dot for each run or group with its intervals, and the front as steps between the best. */
export function scatterScene(
  state: ScatterState,
  { width, height }: { width: number; height: number },
  measure: Measure,
): ScatterPlot {
  const { points, highlighted, faint } = state
  const xs = rangeOf(
    points.map(({ x }) => x),
    points.map(({ xInterval }) => xInterval),
    state.x.logarithmic,
  )
  const ys = rangeOf(
    points.map(({ y }) => y),
    points.map(({ yInterval }) => yInterval),
    state.y.logarithmic,
  )
  const { area, x, y, shapes } = axesScene(
    { ...xs, logarithmic: state.x.logarithmic, title: titled(state.x) },
    { ...ys, logarithmic: state.y.logarithmic, title: titled(state.y) },
    { width, height },
    measure,
  )
  const { left, right, top, bottom } = area

  const inside: Shape[] = []
  const front = state.front.flatMap((index) => points[index] ?? [])
  if (front.length > 1)
    inside.push({
      kind: 'line',
      points: steps(front, x, y, state.x.better === 'lower'),
      colour: 'var(--ink-2)',
      width: 1,
      dash: [4, 3],
    })
  for (const point of points) {
    const strength = faint.has(point.id) ? 0.15 : 0.55
    const px = x.toPixel(point.x),
      py = y.toPixel(point.y)
    if (isInterval(point.xInterval))
      inside.push({
        kind: 'line',
        points: [x.toPixel(limit(point.xInterval[0], xs)), py, x.toPixel(limit(point.xInterval[1], xs)), py],
        colour: point.colour,
        width: 1,
        opacity: strength,
      })
    if (isInterval(point.yInterval))
      inside.push({
        kind: 'line',
        points: [px, y.toPixel(limit(point.yInterval[0], ys)), px, y.toPixel(limit(point.yInterval[1], ys))],
        colour: point.colour,
        width: 1,
        opacity: strength,
      })
  }
  for (const point of points) {
    const px = x.toPixel(point.x),
      py = y.toPixel(point.y),
      first = point.id === highlighted
    const opacity = faint.has(point.id) && !first ? 0.2 : 1
    if (point.front) inside.push({ kind: 'dots', points: [px, py], radius: 8, colour: 'var(--ink)', hollow: true, opacity })
    inside.push({ kind: 'dots', points: [px, py], radius: first ? 6 : 4.5, colour: point.colour, opacity })
  }
  shapes.push({ kind: 'clip', x: left - 10, y: top - 8, width: right - left + 20, height: bottom - top + 16, shapes: inside })
  if (points.length <= named) shapes.push(...names(points, area, x, y, measure))
  return { scene: { width, height, shapes }, area, x, y }
}

/** More names than these hide what they name. */
export const named = 20

/** Each dot's name beside it, on a side where nothing else is; where there is none the name is read by pointing. */
function names(points: readonly ScatterPoint[], { left, right, top, bottom }: Area, x: Scale, y: Scale, measure: Measure): Shape[] {
  const occupied = points.map((point) => ({
    left: x.toPixel(point.x) - 7,
    right: x.toPixel(point.x) + 7,
    top: y.toPixel(point.y) - 7,
    bottom: y.toPixel(point.y) + 7,
  }))
  const free = (box: (typeof occupied)[number]): boolean =>
    box.left >= left &&
    box.right <= right &&
    box.top >= top - 6 &&
    box.bottom <= bottom + 6 &&
    occupied.every(
      (other) => box.right <= other.left || box.left >= other.right || box.bottom <= other.top || box.top >= other.bottom,
    )
  return points.flatMap(({ title, ...point }): Shape[] => {
    const text = shortened(title, 180, measure),
      wide = measure(text, fontSize),
      px = x.toPixel(point.x),
      py = y.toPixel(point.y)
    const place = [
      [px + 10, py],
      [px - 10 - wide, py],
      [px - wide / 2, py - 16],
      [px - wide / 2, py + 16],
    ]
      .map(([at, middle]) => ({ left: at!, right: at! + wide, top: middle! - 7, bottom: middle! + 7 }))
      .find(free)
    if (!place) return []
    occupied.push(place)
    return [
      { kind: 'rect', x: place.left - 2, y: place.top, width: wide + 4, height: 14, colour: 'var(--paper)', opacity: 0.8 },
      { kind: 'text', x: place.left, y: place.top + 7, text, colour: 'var(--ink)', align: 'left', size: fontSize },
    ]
  })
}

/** An end of an interval where it can be drawn: what has no place on a logarithmic axis, or no end, reaches to the edge. */
const limit = (value: number, { low, high }: { low: number; high: number }): number => Math.min(high, Math.max(low, value))

/** An interval with two ends and something between. */
const isInterval = (interval: readonly [number, number] | null): interval is readonly [number, number] =>
  interval !== null && !interval.some(Number.isNaN)

/** All points with their intervals; ends that are infinite, or not above 0 on a logarithmic axis, lie at the edge. */
function rangeOf(
  values: readonly number[],
  intervals: readonly (readonly [number, number] | null)[],
  logarithmic: boolean,
): { low: number; high: number } {
  const ends = [...values, ...intervals.filter(isInterval).flat()].filter(
    (value) => Number.isFinite(value) && (!logarithmic || value > 0),
  )
  if (ends.length === 0) return logarithmic ? { low: 1, high: 10 } : { low: 0, high: 1 }
  const low = Math.min(...ends),
    high = Math.max(...ends)
  if (logarithmic) {
    const margin = high > low ? (high / low) ** 0.06 : 1.5
    return { low: low / margin, high: high * margin }
  }
  const pad = (high - low || Math.abs(high) || 1) * 0.06
  return { low: low - pad, high: high + pad }
}

/**
 * From point to point of the front in steps around what they dominate: with x better low that lies to the right of each, so the
 * step is first across; else first up or down.
 */
function steps(front: readonly { x: number; y: number }[], x: Scale, y: Scale, lower: boolean): number[] {
  return front.flatMap((point, index) => {
    const next = front[index + 1]
    const at = [x.toPixel(point.x), y.toPixel(point.y)]
    if (!next) return at
    return [...at, ...(lower ? [x.toPixel(next.x), y.toPixel(point.y)] : [x.toPixel(point.x), y.toPixel(next.y)])]
  })
}

/** The point nearest to a pixel, within `reach`; null: none. */
export function nearestDot(
  points: readonly ScatterPoint[],
  { x, y }: ScatterPlot,
  left: number,
  top: number,
  reach = 14,
): ScatterPoint | null {
  let best: ScatterPoint | null = null,
    least = reach
  for (const point of points) {
    const away = Math.hypot(x.toPixel(point.x) - left, y.toPixel(point.y) - top)
    if (away < least) {
      least = away
      best = point
    }
  }
  return best
}
