import { linearTick } from './axes.ts'
import { fontSize, type Area, type Measure, type Scene, type Shape } from './scene.ts'
import { linearTicks, scale, type Tick } from './ticks.ts'

export interface BarState {
  /** Heights, 0 or more. */
  values: ArrayLike<number>
  colour: string
  /** Ends of the bins, equally wide: one more than there are values. Without them bars are numbered from 1. */
  edges?: ArrayLike<number>
  /** Where the vertical axis ends; else at a round number above the highest bar. */
  top?: number
  /** Writes a number at the vertical axis. */
  format?(value: number): string
  xTitle?: string
  yTitle?: string
  /** Bars with a ring at their foot, where it has room: they are special however low they are. */
  ringed?: readonly number[]
  /** First and last of the bars that have a darker ground. */
  ground?: { first: number; last: number } | null
  /** Least room left of the plot, in pixels, for what else is written there. */
  room?: number
  /** Height kept free below, in pixels, for what else is drawn there. */
  foot?: number
}

/** One axis: where it ends, its ticks and its title. */
export interface BarAxis {
  low: number
  high: number
  ticks: readonly Tick[]
  title: string
}

/** A bar chart laid out: Chart.js draws it live (`liveBars.ts`), and `scene` is what is saved of it. */
export interface BarPlot {
  scene: Scene
  area: Area
  x: BarAxis
  y: BarAxis
  /** Height of each bar, at its place on the horizontal axis. */
  bars: readonly { x: number; y: number }[]
  colour: string
  /** So many bars that they touch. */ thin: boolean
  /** Bars stand for themselves, one a number, and not for bins side by side. */
  numbered: boolean
  /** Kept free below, in pixels. */ foot: number
  /** Shapes below grid and bars, and above them. */
  under: readonly Shape[]
  over: readonly Shape[]
  /** Of bars. */ count: number
}

const quiet = 'var(--ink-2)',
  line = 'var(--line)'
/** Share of its place that a bar fills, and the width of one that stands alone. */
export const barShare = 0.9,
  widestBar = 40
/** Thin bars are larger by this on every side, so that no ground shines through between two. */
export const thinGrowth = 0.33

/** Lays out a bar chart of a size in pixels. */
export function barScene(state: BarState, { width, height }: { width: number; height: number }, measure: Measure): BarPlot {
  const { values, colour, edges, xTitle = '', yTitle = '', ringed = [], ground, foot = 0 } = state
  const count = values.length,
    low = edges?.[0] ?? 0.5,
    high = edges?.[count] ?? count + 0.5
  const y = verticalAxis(state, height - foot, yTitle)
  const widest = Math.max(0, ...y.ticks.map(({ text }) => measure(text, fontSize)))
  const area: Area = {
    left: Math.max(Math.ceil(widest) + 8 + (yTitle ? 18 : 0), state.room ?? 0),
    right: width - 8,
    top: 8,
    bottom: height - foot - 20 - (xTitle ? 15 : 0),
  }
  const x = { low, high, ticks: acrossTicks(low, high, area.right - area.left, !edges, measure), title: xTitle }
  const wide = (area.right - area.left) / count
  const under: Shape[] = ground
    ? [
        {
          kind: 'rect',
          x: area.left + ground.first * wide,
          y: area.top,
          width: (ground.last - ground.first + 1) * wide,
          height: area.bottom - area.top,
          colour: 'var(--paper-3)',
        },
      ]
    : []
  const radius = 2.5
  const over: Shape[] =
    ringed.length > 0 && wide > 2 * radius + 1
      ? [
          {
            kind: 'dots',
            points: ringed.flatMap((bar) => [area.left + (bar + 0.5) * wide, area.bottom - radius - 1.5]),
            radius,
            colour: quiet,
            hollow: true,
          },
        ]
      : []
  const step = (high - low) / count
  const bars = Array.from(values, (value, bar) => ({ x: low + (bar + 0.5) * step, y: value }))
  const plot = { area, x, y, bars, colour, thin: wide < 6, numbered: !edges, foot, under, over, count }
  const shapes = [...under, ...axes(plot, height - foot), ...rectangles(plot), ...over]
  return { ...plot, scene: { width, height, shapes } }
}

function verticalAxis({ values, top, format = linearTick }: BarState, height: number, title: string): BarAxis {
  const greatest = top ?? (Math.max(...Array.from(values), 0) || 1)
  const most = Math.max(2, Math.min(6, Math.round(height / 28)))
  let ticks = linearTicks(0, greatest, most)
  const step = ticks[1]?.value ?? greatest
  const high = top ?? Number((Math.ceil(greatest / step - 1e-9) * step).toPrecision(12))
  if (high > (ticks.at(-1)?.value ?? 0)) ticks = linearTicks(0, high, most)
  return { low: 0, high, ticks: ticks.map(({ value }) => ({ value, text: format(value) })), title }
}

/** As many round numbers as can stand beside each other. */
function acrossTicks(low: number, high: number, room: number, whole: boolean, measure: Measure): Tick[] {
  for (let most = Math.max(3, Math.round(room / 32)); ; most--) {
    const ticks = linearTicks(low, high, most, whole)
    const widest = Math.max(0, ...ticks.map(({ text }) => measure(text, fontSize)))
    if (most <= 2 || (widest + 8) * (ticks.length - 1) <= room) return ticks
  }
}

function axes({ area, x, y }: Pick<BarPlot, 'area' | 'x' | 'y'>, height: number): Shape[] {
  const { left, right, top, bottom } = area
  const text = { kind: 'text', colour: quiet, size: fontSize } as const
  const across = scale(x.low, x.high, left, right),
    up = scale(y.low, y.high, bottom, top)
  const foot = Math.round(bottom) + 0.5
  return [
    ...y.ticks.flatMap(({ value, text: words }): Shape[] => {
      const at = up.toPixel(value)
      const grid = Math.round(at) + 0.5
      return [
        // The line at 0 is the horizontal axis's.
        ...(value === 0 ? [] : [{ kind: 'line' as const, points: [left, grid, right, grid], colour: line, width: 1 }]),
        { ...text, x: left - 6, y: at, text: words, align: 'right' },
      ]
    }),
    { kind: 'line', points: [left, foot, right, foot], colour: line, width: 1 },
    ...x.ticks.map(({ value, text: words }): Shape => ({
      ...text,
      x: across.toPixel(value),
      y: bottom + 12,
      text: words,
      align: 'centre',
    })),
    ...(x.title ? [{ ...text, x: right, y: height - 7, text: x.title, align: 'right' as const }] : []),
    ...(y.title ? [{ ...text, x: 7, y: (top + bottom) / 2, text: y.title, align: 'centre' as const, turned: true }] : []),
  ]
}

function rectangles({ area, y, bars, colour, thin, numbered, count }: Omit<BarPlot, 'scene'>): Shape[] {
  const wide = (area.right - area.left) / count,
    grown = thin ? thinGrowth : 0
  const width = Math.min(numbered ? widestBar : Infinity, wide * (thin ? 1 : barShare)) + 2 * grown
  return bars.flatMap(({ y: value }, bar): Shape[] => {
    const height = ((area.bottom - area.top) * Math.min(value, y.high)) / (y.high || 1)
    // A bar of 0 that is a little larger would be seen.
    if (!(height > 0 && width > 0)) return []
    const x = area.left + (bar + 0.5) * wide - width / 2
    return [{ kind: 'rect', x, y: area.bottom - height - grown, width, height: height + 2 * grown, colour }]
  })
}

/** The bar at a place across; null beside them all. */
export function barAt({ area: { left, right }, count }: Pick<BarPlot, 'area' | 'count'>, x: number): number | null {
  const bar = Math.floor(((x - left) / (right - left)) * count)
  return bar >= 0 && bar < count ? bar : null
}
