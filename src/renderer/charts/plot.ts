import { Chart, type LineChart, type LineDataset } from './chart.ts'
import { horizontal, linearTick, logarithmicTick } from './axes.ts'
import type { Curve, Mark, PlotPoint, XKind } from './curve.ts'
import { focusedRange, pointsToDraw, range } from './decimate.ts'
import { endLabels, labelRoom } from './endLabels.ts'
import { markLines, markRoom } from './markLines.ts'
import type { ChartTheme } from './theme.ts'

export interface PlotState {
  /** Visible curves only. */
  curves: readonly Curve[]
  kind: XKind
  yTitle: string
  logarithmic: boolean
  /** Leave out the first steep part of a linear axis; see `focusedRange`. */
  focus: boolean
  /** Names at the line ends where they fit. */
  labels: boolean
  /** What is shown of the horizontal axis, in steps, epochs or seconds; null: everything. */
  zoom: { from: number; to: number } | null
  /** Id of the curve to bring forward; the others are dimmed. */
  highlighted: string | null
  /** Where something begins along the horizontal axis, ascending. */
  marks?: readonly Mark[]
}

export interface PlotResult {
  /** True where the vertical axis leaves out the start. */
  cut: boolean
  /** True where names stand at the line ends. */
  labelled: boolean
}

/** One Chart.js chart whose data are replaced in place, so that new points appear without a flicker. */
export class Plot {
  readonly chart: LineChart
  #theme: ChartTheme
  #scale = 1
  #marks: readonly Mark[] = []

  constructor(canvas: HTMLCanvasElement, theme: ChartTheme, resized: () => void) {
    this.#theme = theme
    this.chart = new Chart<'line', PlotPoint[]>(canvas, {
      type: 'line',
      data: { datasets: [] },
      plugins: [markLines(() => this.#marks, () => this.#scale, () => this.#theme), endLabels(() => this.#theme)],
      options: {
        animation: false,
        parsing: false,
        normalized: true,
        responsive: true,
        maintainAspectRatio: false,
        events: [],
        onResize: () => queueMicrotask(resized),
        layout: { padding: { top: 6, right: 8, bottom: 0, left: 0 } },
        scales: { x: { type: 'linear' }, y: { type: 'linear' } },
      },
    })
  }

  set theme(theme: ChartTheme) { this.#theme = theme }

  /** Draws a state. Cheap enough to be called for every batch of new points. */
  draw(state: PlotState): PlotResult {
    const { chart } = this
    const { curves, logarithmic } = state
    const whole = extent(curves)
    const shown = state.zoom ?? whole
    const axis = horizontal(state.kind, whole.to)
    this.#scale = axis.scale
    this.#marks = state.marks ?? []
    const vertical = logarithmic
      ? { ...(range(curves, shown.from, shown.to, true) ?? { low: 0.1, high: 1 }), cut: false }
      : state.focus ? focusedRange(curves, shown.from, shown.to) : range(curves, shown.from, shown.to, false)
    const cut = vertical !== null && 'cut' in vertical && vertical.cut === true
    const room = state.labels ? labelRoom(curves.map((c) => c.label), chart.width, chart.height, this.#theme.font) : 0
    const columns = (chart.chartArea?.width || chart.width) * (window.devicePixelRatio || 1)
    const old = new Map((chart.data.datasets as LineDataset[]).map((dataset) => [dataset.curve, dataset]))
    chart.data.datasets = curves.map((curve) => {
      const dataset: LineDataset = old.get(curve.id) ?? { curve: curve.id, endLabel: null, data: [], fill: false, tension: 0 }
      dataset.data = pointsToDraw(curve, shown.from, shown.to, columns, axis.scale, logarithmic)
      dataset.endLabel = room > 0 ? curve.label : null
      const dimmed = state.highlighted !== null && state.highlighted !== curve.id
      const colour = this.#theme.resolve(curve.colour, (curve.opacity ?? 1) * (dimmed ? 0.2 : 1))
      dataset.borderColor = colour
      dataset.backgroundColor = colour
      dataset.borderWidth = (curve.width ?? 1.5) * (state.highlighted === curve.id ? 1.5 : 1)
      dataset.borderDash = [...(curve.dash ?? [])]
      dataset.borderJoinStyle = 'round'
      dataset.pointRadius = curve.x.length <= 1 ? 3 : curve.x.length <= 24 ? 1.75 : 0
      dataset.pointBorderWidth = 0
      dataset.hidden = false
      return dataset
    })
    const { ink, quiet, grid, font } = this.#theme
    const ticks = { color: quiet, font: { family: font, size: 11 }, padding: 4, maxRotation: 0 }
    const title = (text: string) => ({ display: text !== '', text, color: quiet, font: { family: font, size: 11 }, padding: { top: 2, bottom: 2 } })
    const decades = vertical && vertical.low > 0 ? Math.log10(vertical.high / vertical.low) : 1
    const pad = vertical ? (vertical.high - vertical.low || Math.abs(vertical.high) || 1) * 0.05 : 0
    const options = chart.options
    options.color = ink
    options.layout = { padding: { top: this.#marks.length > 0 ? markRoom : 6, right: room > 0 ? room : 8, bottom: 0, left: 0 } }
    options.scales = {
      x: {
        type: 'linear',
        min: shown.from * axis.scale,
        max: Math.max(shown.to, shown.from + 1e-9) * axis.scale,
        border: { color: grid },
        grid: { display: false },
        ticks: { ...ticks, ...(state.kind === 'step' || (state.kind === 'epoch' && shown.to - shown.from > 2) ? { precision: 0 } : {}), autoSkipPadding: 24, maxTicksLimit: 9, includeBounds: false, callback: (value) => linearTick(Number(value)) },
        title: { ...title(axis.title), align: 'end' },
      },
      y: {
        type: logarithmic ? 'logarithmic' : 'linear',
        ...(vertical
          ? logarithmic
            ? { min: vertical.low / 10 ** (decades * 0.04 + 0.01), max: vertical.high * 10 ** (decades * 0.04 + 0.01) }
            : { min: vertical.low >= 0 ? Math.max(0, vertical.low - pad) : vertical.low - pad, max: vertical.high + pad }
          : { min: 0, max: 1 }),
        border: { display: false },
        grid: { color: grid, lineWidth: 1, drawTicks: false },
        ticks: {
          ...ticks, padding: 8, maxTicksLimit: Math.min(11, Math.max(4, Math.round(chart.height / 38))), includeBounds: false,
          callback: (value) => logarithmic ? logarithmicTick(Number(value), decades) : linearTick(Number(value)),
        },
        title: title(state.yTitle),
      },
    }
    // Animation is off for all; mode 'none' would keep the points' old size and colour.
    chart.update()
    return { cut, labelled: room > 0 }
  }

  /** Pixel of a step, epoch or second, from the canvas's left. */
  pixelOf(x: number): number { return this.chart.scales['x']?.getPixelForValue(x * this.#scale) ?? 0 }
  pixelOfValue(y: number): number { return this.chart.scales['y']?.getPixelForValue(y) ?? 0 }
  /** Step, epoch or second at a pixel. */
  valueAt(pixel: number): number { return (this.chart.scales['x']?.getValueForPixel(pixel) ?? 0) / this.#scale }
  get area(): { left: number; right: number; top: number; bottom: number } {
    return this.chart.chartArea ?? { left: 0, right: 0, top: 0, bottom: 0 }
  }

  destroy(): void { this.chart.destroy() }
}

/** From the first to the last x of all curves; [0, 1] without points. */
export function extent(curves: readonly Curve[]): { from: number; to: number } {
  let from = Infinity
  let to = -Infinity
  for (const { x } of curves) {
    if (x.length === 0) continue
    from = Math.min(from, x[0]!)
    to = Math.max(to, x[x.length - 1]!)
  }
  return from <= to ? { from: Math.min(from, to > from ? from : 0), to: to > from ? to : Math.max(to, from + 1) } : { from: 0, to: 1 }
}
