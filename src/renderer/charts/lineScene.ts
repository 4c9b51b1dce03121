import { horizontal } from './axes.ts'
import type { Curve, Mark, XKind } from './curve.ts'
import { bandToDraw, focusedRange, focusFrom, pixelsToDraw, range } from './decimate.ts'
import { endLabels, labelRoom, type LineEnd } from './endLabels.ts'
import { markLines, markRoom } from './markLines.ts'
import { fontSize, type Area, type Measure, type Scene, type Shape } from './scene.ts'
import { linearTicks, logarithmicTicks, scale, type Scale } from './ticks.ts'

export interface LineState {
  /** Visible curves only. */
  curves: readonly Curve[]
  kind: XKind
  yTitle: string
  logarithmic: boolean
  logarithmicX?: boolean
  /** Leave out the first steep part of a linear axis; see `focusedRange`. */
  focus: boolean
  /** Names at the line ends where they fit. */
  labels: boolean
  /** What is shown of the horizontal axis, in steps, epochs or seconds; null: everything. */
  zoom: { from: number; to: number } | null
  /** Id of the curve to bring forward; the others are dimmed. */
  highlighted: string | null
  /** Curves that were left out by a choice: there, but faint. */
  faint?: ReadonlySet<string>
  /** Where something begins along the horizontal axis, ascending. */
  marks?: readonly Mark[]
  /** Whether the axis begins at 0 where all values are above it: where areas are compared. */
  fromZero?: boolean
}

export interface LinePlot {
  scene: Scene
  area: Area
  /** From steps, epochs or seconds, and from values, to pixels. */
  x: Scale
  y: Scale
  /** True where the vertical axis leaves out the start. */
  cut: boolean
  /** True where names stand at the line ends. */
  labelled: boolean
}

const ink = 'var(--ink)',
  quiet = 'var(--ink-2)',
  grid = 'var(--line)'

/** A line chart as shapes. @param columns device pixels a CSS pixel: how finely long curves are drawn */
export function lineScene(state: LineState, size: { width: number; height: number }, measure: Measure, columns = 1): LinePlot {
  const { curves, kind, logarithmic, logarithmicX = false, marks = [] } = state
  const { width, height } = size
  const shown = shownRange(state)
  const axis = horizontal(kind, shown.to)
  const vertical = verticalRange(state, shown)
  const room = state.labels
    ? labelRoom(
        curves.map((curve) => curve.label),
        width,
        height,
        measure,
      )
    : 0
  const top = marks.length > 0 ? markRoom : 6
  const bottom = Math.max(top + 20, height - 34)
  const yTicks = (logarithmic ? logarithmicTicks : linearTicks)(
    vertical.low,
    vertical.high,
    Math.min(10, Math.max(3, Math.round((bottom - top) / 38))),
  )
  const widest = Math.max(0, ...yTicks.map((tick) => measure(tick.text, fontSize)))
  const left = Math.ceil(widest) + 10 + (state.yTitle === '' ? 0 : 18)
  const right = Math.max(left + 20, width - (room > 0 ? room : 10))
  const area: Area = { left, right, top, bottom }
  const x = scale(shown.from, shown.to, left, right, logarithmicX)
  const y = scale(vertical.low, vertical.high, bottom, top, logarithmic)

  const shapes: Shape[] = []
  for (const tick of yTicks) {
    const at = Math.round(y.toPixel(tick.value)) + 0.5
    shapes.push({ kind: 'line', points: [left, at, right, at], colour: grid, width: 1 })
    shapes.push({ kind: 'text', x: left - 8, y: at, text: tick.text, colour: quiet, align: 'right', size: fontSize })
  }
  shapes.push({ kind: 'line', points: [left, bottom + 0.5, right, bottom + 0.5], colour: grid, width: 1 })
  shapes.push(...horizontalTicks(shown, axis.scale, state, area, x, measure))
  if (axis.title)
    shapes.push({ kind: 'text', x: right, y: height - 6, text: axis.title, colour: quiet, align: 'right', size: fontSize })
  if (state.yTitle)
    shapes.push({
      kind: 'text',
      x: 7,
      y: (top + bottom) / 2,
      text: state.yTitle,
      colour: quiet,
      align: 'centre',
      size: fontSize,
      turned: true,
    })
  shapes.push(...markLines(marks, x.toPixel, area, measure, quiet))

  const { data, ends } = curveShapes(state, shown, area, x, y, columns)
  shapes.push({ kind: 'clip', x: left, y: top - 3, width: right - left + 4, height: bottom - top + 6, shapes: data })
  if (room > 0) shapes.push(...endLabels(ends, area, width, measure, ink))
  return { scene: { width, height, shapes }, area, x, y, cut: vertical.cut, labelled: room > 0 }
}

function shownRange({ curves, zoom, logarithmicX }: LineState): { from: number; to: number } {
  const whole = extent(curves, logarithmicX)
  const { from, to } = zoom ?? whole
  return logarithmicX
    ? { from: Math.max(from, whole.from), to: Math.max(to, whole.from * 1.0001) }
    : { from, to: Math.max(to, from + 1e-9) }
}

function verticalRange(
  { curves, logarithmic, focus, fromZero }: LineState,
  { from, to }: { from: number; to: number },
): { low: number; high: number; cut: boolean } {
  const filled = curves.some((curve) => curve.fill !== undefined && curve.low)
  // Areas that are stacked are seen as wholes: so is where the lowest begins.
  const ofLines = logarithmic
    ? (range(curves, from, to, true) ?? { low: 0.1, high: 1 })
    : focus
      ? focusedRange(curves, from, to)
      : range(curves, from, to, false)
  const found = ofLines && withBands(ofLines, curves, from, to, logarithmic)
  if (!found) return { low: 0, high: 1, cut: false }
  const cut = 'cut' in found && found.cut === true
  if (logarithmic) {
    const margin = 10 ** (Math.log10(found.high / found.low) * 0.04 + 0.01)
    return { low: found.low / margin, high: found.high * margin, cut }
  }
  const low = filled
    ? Math.min(
        found.low,
        ...curves.flatMap((curve) => (curve.low ? [range([{ ...curve, y: curve.low }], from, to, false)?.low ?? Infinity] : [])),
      )
    : found.low
  const pad = (found.high - low || Math.abs(found.high) || 1) * 0.05
  const floor = low >= 0 && (fromZero || low - pad < 0) ? 0 : low - pad
  return { low: floor, high: found.high + pad, cut }
}

/**
 * A range with the bands around the lines, and with what smoothed ones were, as far as these have ends; where the steep
 * beginning is left out, so are they there.
 */
function withBands<T extends { low: number; high: number }>(
  found: T,
  curves: readonly Curve[],
  from: number,
  to: number,
  positive: boolean,
): T {
  const begin = 'cut' in found && found.cut === true ? from + (to - from) * focusFrom : from
  const ends = curves.flatMap((curve) =>
    curve.fill !== undefined
      ? []
      : [curve.low, curve.high, curve.original].flatMap((y) => (y ? (range([{ ...curve, y }], begin, to, positive) ?? []) : [])),
  )
  return {
    ...found,
    low: Math.min(found.low, ...ends.map(({ low }) => low)),
    high: Math.max(found.high, ...ends.map(({ high }) => high)),
  }
}

function horizontalTicks(
  { from, to }: { from: number; to: number },
  factor: number,
  { kind, logarithmicX }: LineState,
  { left, right, bottom }: Area,
  x: Scale,
  measure: Measure,
): Shape[] {
  const whole = kind === 'step' || (kind === 'epoch' && to - from > 2)
  const most = Math.max(2, Math.min(9, Math.floor((right - left) / 80)))
  const ticks = logarithmicX
    ? logarithmicTicks(from * factor, to * factor, most)
    : linearTicks(from * factor, to * factor, most, whole)
  let edge = -Infinity
  return ticks.flatMap(({ value, text }): Shape[] => {
    const half = measure(text, fontSize) / 2
    const at = Math.min(Math.max(x.toPixel(value / factor), left - 4 + half), Math.max(right, left + half))
    if (at - half < edge + 10) return []
    edge = at + half
    return [{ kind: 'text', x: at, y: bottom + 12, text, colour: quiet, align: 'centre', size: fontSize }]
  })
}

function curveShapes(
  { curves, highlighted, faint }: LineState,
  shown: { from: number; to: number },
  area: Area,
  x: Scale,
  y: Scale,
  columns: number,
): { data: Shape[]; ends: LineEnd[] } {
  const bands: Shape[] = []
  const lines: Shape[] = []
  const above: Shape[] = []
  const ends: LineEnd[] = []
  for (const curve of curves) {
    const first = highlighted === curve.id
    const strength = (faint?.has(curve.id) && !first ? 0.15 : 1) * (highlighted !== null && !first ? 0.2 : 1)
    const opacity = (curve.opacity ?? 1) * strength
    const pixels = pixelsToDraw(curve, shown.from, shown.to, x, y, columns)
    const band = curve.pair ? [] : bandToDraw(curve, shown.from, shown.to, x, y, columns)
    if (curve.original) {
      const points = pixelsToDraw({ x: curve.x, y: curve.original }, shown.from, shown.to, x, y, columns)
      bands.push({ kind: 'line', points, colour: curve.colour, width: 1, opacity: 0.25 * strength })
    }
    if (band.length > 0) bands.push({ kind: 'area', points: band, colour: curve.colour, opacity: (curve.fill ?? 0.15) * strength })
    const into = first ? above : lines
    const width = (curve.width ?? 1.5) * (first ? 1.5 : 1)
    into.push({
      kind: 'line',
      points: pixels,
      colour: curve.colour,
      width,
      opacity,
      ...(curve.dash && curve.dash.length > 0 ? { dash: curve.dash } : {}),
    })
    if (curve.x.length <= 24)
      into.push({ kind: 'dots', points: pixels, radius: curve.x.length <= 1 ? 3 : 1.75, colour: curve.colour, opacity })
    if (curve.pair && curve.low && curve.high)
      for (const one of [curve.low, curve.high]) {
        const points = apart(pixelsToDraw({ x: curve.x, y: one }, shown.from, shown.to, x, y, columns))
        into.push({ kind: 'dots', points, radius: 1.75, colour: curve.colour, opacity: 0.7 * strength })
      }
    const end = lastInside(pixels, area)
    if (end) ends.push({ text: curve.label, colour: curve.colour, dashed: (curve.dash?.length ?? 0) > 0, ...end })
  }
  return { data: [...bands, ...lines, ...above], ends }
}

/** Pixels between two dots of a pair of seeds. */
const dotsApart = 16

/** Of points in pixels so many that each can be seen as a dot. */
function apart(pixels: Float64Array): Float64Array {
  const kept: number[] = []
  let edge = -Infinity
  for (let i = 0; i < pixels.length; i += 2) {
    if (!(pixels[i]! >= edge + dotsApart) || Number.isNaN(pixels[i + 1]!)) continue
    edge = pixels[i]!
    kept.push(edge, pixels[i + 1]!)
  }
  return Float64Array.from(kept)
}

/** Where a curve leaves the plot at the right, or ends; its height as far as it can be seen. */
function lastInside(pixels: Float64Array, { left, right, top, bottom }: Area): { x: number; y: number } | null {
  for (let i = pixels.length - 2; i >= 0; i -= 2) {
    const x = pixels[i]!,
      y = pixels[i + 1]!
    if (Number.isNaN(x) || x > right + 1) continue
    const nextX = pixels[i + 2] ?? NaN,
      nextY = pixels[i + 3] ?? NaN
    const goesOn = nextX > right
    if (!goesOn && x < left) return null
    const at = goesOn ? { x: right, y: y + ((nextY - y) * (right - x)) / (nextX - x) } : { x, y }
    return { x: at.x, y: Math.min(bottom, Math.max(top, at.y)) }
  }
  return null
}

/** From the first to the last x of all curves; [0, 1] without points. `positive`: from the first above 0. */
export function extent(curves: readonly Curve[], positive = false): { from: number; to: number } {
  let from = Infinity
  let to = -Infinity
  for (const { x } of curves) {
    if (x.length === 0) continue
    const first = positive ? x.find((value) => value > 0) : x[0]!
    if (first === undefined) continue
    from = Math.min(from, first)
    to = Math.max(to, x[x.length - 1]!)
  }
  if (!(from <= to)) return positive ? { from: 1, to: 10 } : { from: 0, to: 1 }
  if (to > from) return { from, to }
  return positive ? { from, to: from * 10 } : { from: Math.min(from, 0), to: Math.max(to, from + 1) }
}
