import { BarController, BarElement, BasicPlatform, Chart, LinearScale } from 'chart.js'
import { linearTick } from './axes.ts'
import { RecordingContext } from './recordingContext.ts'
import { fontSize, type Area, type Measure, type Scene, type Shape } from './scene.ts'

Chart.register(BarController, BarElement, LinearScale)

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
}
export interface BarPlot {
  scene: Scene
  area: Area
  /** Of bars. */ count: number
}

/** A bar chart as shapes: Chart.js lays out axes, ticks, grid and bars, and draws them on a context that takes them down. */
export function barScene(state: BarState, { width, height }: { width: number; height: number }, measure: Measure): BarPlot {
  const { values, colour, edges, top, format = linearTick, ringed = [], ground, room = 0 } = state
  const count = values.length,
    thin = width / count < 6
  const low = edges?.[0] ?? 0.5,
    high = edges?.[count] ?? count + 0.5,
    step = (high - low) / count
  const context = new RecordingContext(width, height, measure)
  const font = { size: fontSize },
    quiet = 'var(--ink-2)',
    line = 'var(--line)'
  const title = (align: 'center' | 'end', text = '') => ({ display: text !== '', text, color: quiet, font, padding: 0, align })
  const chart = new Chart(context as never, {
    type: 'bar',
    platform: BasicPlatform,
    // Nothing is drawn of what is null; thin bars are a little larger, and one of 0 would be seen.
    data: { datasets: [{ data: Array.from(values, (y, bar) => ({ x: low + (bar + 0.5) * step, y: (y || null) as number })) }] },
    options: {
      animation: false,
      responsive: false,
      devicePixelRatio: 1,
      events: [],
      parsing: false,
      layout: { padding: { right: 8 } },
      // Thin bars touch, and are larger by a third of a pixel on every side, so that no ground shines through.
      datasets: {
        bar: {
          backgroundColor: colour,
          barThickness: 'flex',
          categoryPercentage: 1,
          barPercentage: thin ? 1 : 0.9,
          inflateAmount: thin ? 0.33 : 0,
          ...(edges ? {} : { maxBarThickness: 40 }),
          clip: false,
        },
      },
      scales: {
        x: {
          type: 'linear',
          offset: false,
          min: low,
          max: high,
          title: title('end', state.xTitle),
          grid: { display: false, drawTicks: false },
          border: { color: line },
          ticks: {
            color: quiet,
            font,
            padding: 6,
            maxRotation: 0,
            includeBounds: false,
            autoSkipPadding: 8,
            maxTicksLimit: Math.max(3, Math.round(width / 40)),
            ...(edges ? {} : { precision: 0 }),
            callback: (value) => linearTick(Number(value)),
          },
        },
        y: {
          type: 'linear',
          beginAtZero: true,
          ...(top === undefined ? {} : { max: top }),
          title: title('center', state.yTitle),
          border: { display: false },
          // The line at 0 is the horizontal axis's; a second one would take half a pixel of every bar.
          grid: { color: line, drawTicks: false, lineWidth: ({ tick }) => (tick?.value === 0 ? 0 : 1) },
          ticks: {
            color: quiet,
            font,
            padding: 6,
            maxTicksLimit: Math.max(2, Math.min(6, Math.round(height / 28))),
            callback: (value) => format(Number(Number(value).toPrecision(12))),
          },
          afterFit: (axis) => {
            axis.width = Math.max(axis.width, room)
          },
        },
      },
    },
  })
  const { left, right, top: above, bottom } = chart.chartArea
  chart.destroy()
  const area: Area = { left, right, top: above, bottom }
  const wide = (right - left) / count,
    shapes: Shape[] = [...context.shapes]
  if (ground)
    shapes.unshift({
      kind: 'rect',
      x: left + ground.first * wide,
      y: above,
      width: (ground.last - ground.first + 1) * wide,
      height: bottom - above,
      colour: 'var(--paper-3)',
    })
  const radius = 2.5
  if (ringed.length > 0 && wide > 2 * radius + 1)
    shapes.push({
      kind: 'dots',
      points: ringed.flatMap((bar) => [left + (bar + 0.5) * wide, bottom - radius - 1.5]),
      radius,
      colour: quiet,
      hollow: true,
    })
  return { scene: { width, height, shapes }, area, count }
}

/** The bar at a place across; null beside them all. */
export function barAt({ area: { left, right }, count }: BarPlot, x: number): number | null {
  const bar = Math.floor(((x - left) / (right - left)) * count)
  return bar >= 0 && bar < count ? bar : null
}
