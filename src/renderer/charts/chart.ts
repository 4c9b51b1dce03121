import {
  Chart, LineController, LineElement, LinearScale, LogarithmicScale, PointElement, type ChartConfiguration, type ChartDataset, type Plugin,
} from 'chart.js'
import type { PlotPoint } from './curve.ts'

/** The only door to Chart.js: just the parts that a line chart needs, and no animation anywhere. */
Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale)
Chart.defaults.animation = false

export type LineChart = Chart<'line', PlotPoint[]>
export type LineDataset = ChartDataset<'line', PlotPoint[]> & { curve: string; endLabel: string | null }
export type LineConfiguration = ChartConfiguration<'line', PlotPoint[]>
export type LinePlugin = Plugin<'line'>
export { Chart }
