import { BarController, BarElement, Chart, LinearScale, type ChartConfiguration, type ScaleOptions } from 'chart.js'
import { barShare, thinGrowth, widestBar, type BarAxis, type BarPlot } from './barScene.ts'
import { paintShapes } from './paintScene.ts'
import { fontSize } from './scene.ts'
import type { ChartTheme } from './theme.ts'

Chart.register(BarController, BarElement, LinearScale)

/** What Chart.js draws at present, for what is drawn below and above it. */
const shown = new WeakMap<HTMLCanvasElement, { plot: BarPlot; theme: ChartTheme }>()

/** Draws bars on a canvas by Chart.js, or brings what it draws there up to date. `ratio`: device pixels a CSS pixel. */
export function drawBars(canvas: HTMLCanvasElement, plot: BarPlot, theme: ChartTheme, ratio: number): void {
  shown.set(canvas, { plot, theme })
  const { data, options } = configuration(plot, theme, ratio)
  const chart = Chart.getChart(canvas) as Chart<'bar', { x: number; y: number }[]> | undefined
  if (!chart) {
    new Chart(canvas, { type: 'bar', data, options: options!, plugins: [beside] }).resize(plot.scene.width, plot.scene.height)
    return
  }
  chart.data = data
  chart.options = options!
  chart.resize(plot.scene.width, plot.scene.height)
  chart.update('none')
}

/** Takes the chart off a canvas that goes. */
export function endBars(canvas: HTMLCanvasElement): void {
  Chart.getChart(canvas)?.destroy()
}

const beside = {
  id: 'beside',
  beforeDraw: (chart: Chart) => paintBeside(chart, 'under'),
  afterDraw: (chart: Chart) => paintBeside(chart, 'over'),
}
function paintBeside({ canvas, ctx }: Chart, which: 'under' | 'over'): void {
  const { plot, theme } = shown.get(canvas)!
  ctx.save()
  paintShapes(ctx, plot[which], theme)
  ctx.restore()
}

function configuration(
  plot: BarPlot,
  theme: ChartTheme,
  devicePixelRatio: number,
): ChartConfiguration<'bar', { x: number; y: number }[]> {
  const { scene, area, bars, thin } = plot
  const font = { size: fontSize, family: theme.font }
  /** The ticks are ours, so that a chart and what is saved of it say the same. */
  const axis = ({ low, high, ticks, title }: BarAxis, align: 'center' | 'end'): ScaleOptions<'linear'> & { type: 'linear' } => ({
    type: 'linear',
    min: low,
    max: high,
    title: { display: title !== '', text: title, color: theme.quiet, font, padding: 0, align },
    ticks: {
      color: theme.quiet,
      font,
      padding: 6,
      autoSkip: false,
      maxRotation: 0,
      callback: (_, index) => ticks[index]?.text ?? '',
    },
    afterBuildTicks: (scale) => {
      scale.ticks = ticks.map(({ value }) => ({ value }))
    },
  })
  return {
    type: 'bar',
    // Nothing is drawn of what is null; thin bars are a little larger, and one of 0 would be seen.
    data: {
      datasets: [{ data: bars.map(({ x, y }) => ({ x, y: (y || null) as number })), backgroundColor: theme.resolve(plot.colour) }],
    },
    options: {
      animation: false,
      responsive: false,
      maintainAspectRatio: false,
      devicePixelRatio,
      // Pointer and keys are the component's: every bar can be read without a pointer, too.
      events: [],
      parsing: false,
      layout: { autoPadding: false, padding: { top: area.top, right: scene.width - area.right, bottom: plot.foot } },
      datasets: {
        bar: {
          barThickness: 'flex',
          categoryPercentage: 1,
          barPercentage: thin ? 1 : barShare,
          inflateAmount: thin ? thinGrowth : 0,
          ...(plot.numbered ? { maxBarThickness: widestBar } : {}),
          clip: false,
        },
      },
      scales: {
        x: {
          ...axis(plot.x, 'end'),
          offset: false,
          grid: { display: false, drawTicks: false },
          border: { color: theme.grid },
          afterFit: (scale) => {
            scale.height = scene.height - plot.foot - area.bottom
          },
        },
        y: {
          ...axis(plot.y, 'center'),
          border: { display: false },
          // The line at 0 is the horizontal axis's; a second one would take half a pixel of every bar.
          grid: { color: theme.grid, drawTicks: false, lineWidth: ({ tick }) => (tick?.value === 0 ? 0 : 1) },
          afterFit: (scale) => {
            scale.width = area.left
          },
        },
      },
    },
  }
}
