import { axesScene } from '../../charts/axesScene.ts'
import type { Area, Measure, Scene, Shape } from '../../charts/scene.ts'
import type { Scale } from '../../charts/ticks.ts'

export interface GraphLine {
  id: string
  label: string
  colour: string
  dash?: readonly number[]
  /** A second measure of the same run: thinner. */
  thin?: boolean
  x: ArrayLike<number>
  y: ArrayLike<number>
  /** A band around the line. */
  low?: ArrayLike<number>
  high?: ArrayLike<number>
  /** Dots at the points: where they stand for themselves. */
  dots?: boolean
}
export interface GraphAxes {
  xTitle: string
  yTitle: string
  logX?: boolean
  logY?: boolean
  /** The horizontal axis counts. */
  wholeX?: boolean
  /** A line across at this height, e.g. where nothing is stretched or shrunk. */
  level?: number
  /** Without a logarithm, the vertical axis begins at 0. */
  fromZero?: boolean
}
export interface Graph {
  scene: Scene
  area: Area
  x: Scale
  y: Scale
}

/** Lines over a common axis as shapes. Values that a logarithmic axis cannot show are left out. */
export function graphScene(
  lines: readonly GraphLine[],
  axes: GraphAxes,
  { width, height }: { width: number; height: number },
  measure: Measure,
): Graph {
  const { logX = false, logY = false, wholeX = false, level, fromZero = true } = axes
  const xs = rangeOf(
    lines.flatMap(({ x }) => Array.from(x)),
    logX,
    false,
    wholeX ? 0.5 : Infinity,
  )
  const ys = rangeOf(
    [
      ...lines.flatMap(({ y, low, high }) => [...Array.from(y), ...Array.from(low ?? []), ...Array.from(high ?? [])]),
      ...(level === undefined ? [] : [level]),
    ],
    logY,
    fromZero,
  )
  const { area, x, y, shapes } = axesScene(
    { ...xs, logarithmic: logX, whole: wholeX, title: axes.xTitle },
    { ...ys, logarithmic: logY, title: axes.yTitle },
    { width, height },
    measure,
  )
  const { left, right, top, bottom } = area
  const inside: Shape[] = []
  if (level !== undefined)
    inside.push({
      kind: 'line',
      points: [left, y.toPixel(level), right, y.toPixel(level)],
      colour: 'var(--ink-2)',
      width: 1,
      dash: [4, 3],
    })
  const seen = (value: number, logarithmic: boolean) => Number.isFinite(value) && (!logarithmic || value > 0)
  const points = (line: GraphLine, values: ArrayLike<number>): number[] =>
    Array.from(line.x).flatMap((at, i) =>
      seen(at, logX) && seen(values[i]!, logY) ? [x.toPixel(at), y.toPixel(values[i]!)] : [Number.NaN, Number.NaN],
    )
  for (const line of lines) {
    const { low, high } = line
    if (!low || !high) continue
    const upper = points(line, high),
      lower = points(line, low)
    const back = Array.from({ length: lower.length / 2 }, (_, i) =>
      lower.slice(lower.length - 2 * i - 2, lower.length - 2 * i),
    ).flat()
    inside.push({ kind: 'area', points: [...upper, ...back], colour: line.colour, opacity: 0.15 })
  }
  for (const line of lines) {
    const path = points(line, line.y)
    inside.push({
      kind: 'line',
      points: path,
      colour: line.colour,
      width: line.thin ? 1 : 1.75,
      ...(line.dash && line.dash.length > 0 ? { dash: line.dash } : {}),
    })
    if (line.dots) inside.push({ kind: 'dots', points: path, radius: 2.5, colour: line.colour })
  }
  shapes.push({ kind: 'clip', x: left - 6, y: top - 6, width: right - left + 12, height: bottom - top + 12, shapes: inside })
  return { scene: { width, height, shapes }, area: { left, right, top, bottom }, x, y }
}

/** @param most room beyond the ends of a linear axis */
function rangeOf(
  values: readonly number[],
  logarithmic: boolean,
  fromZero: boolean,
  most = Infinity,
): { low: number; high: number } {
  const usable = values.filter((value) => Number.isFinite(value) && (!logarithmic || value > 0))
  if (usable.length === 0) return logarithmic ? { low: 0.1, high: 1 } : { low: 0, high: 1 }
  const low = usable.reduce((least, value) => Math.min(least, value), Infinity),
    high = usable.reduce((most, value) => Math.max(most, value), -Infinity)
  if (logarithmic) {
    const margin = high > low ? (high / low) ** 0.03 : 1.5
    return { low: low / margin, high: high * margin }
  }
  if (fromZero && low >= 0) return { low: 0, high: high > 0 ? high * 1.04 : 1 }
  const pad = Math.min(most, (high - low || Math.abs(high) || 1) * 0.03)
  return { low: low - pad, high: high + pad }
}

/** Index of the place along a line that is nearest to a pixel; -1 of an empty line. */
export function nearestAlong({ x }: Pick<GraphLine, 'x'>, axis: Scale, pixel: number): number {
  let best = -1,
    least = Infinity
  for (let i = 0; i < x.length; i++) {
    const away = Math.abs(axis.toPixel(x[i]!) - pixel)
    if (away < least) {
      least = away
      best = i
    }
  }
  return best
}
