import { grouped, linearTick } from './axes.ts'
import { barScene, type BarPlot } from './barScene.ts'
import { fontSize, type Area, type Measure, type Shape } from './scene.ts'

export interface HistogramState {
  /** Ends of the bins: one more than there are. */
  edges: Float32Array
  /** Of all units together, by bin. */
  total: Int32Array
  /** [units, bins]; drawn below, a row a unit. */
  counts: Int32Array
  units: number
  colour: string
}
/** Bars with the rows below them: where the rows begin, and their height and number. */
export interface HistogramPlot extends BarPlot, Area {
  mapTop: number
  rowHeight: number
  rows: number
}

/** How activations are distributed: of all code units together as bars, and of each as a row of shades. */
export function histogramScene(
  { edges, total, counts, units, colour }: HistogramState,
  { width, height }: { width: number; height: number },
  measure: Measure,
): HistogramPlot {
  const bins = total.length,
    all = total.reduce((sum, count) => sum + count, 0) || 1
  const mapTop = Math.round((height - 6) * 0.5) + 16
  const bars = barScene(
    {
      values: Float64Array.from(total, (count) => (100 * count) / all),
      edges,
      colour,
      format: (value) => `${linearTick(value)}%`,
      room: 40,
      foot: height - mapTop + 2,
    },
    { width, height },
    measure,
  )
  const { left, right } = bars.area,
    wide = (right - left) / bins
  const shapes: Shape[] = []
  // Units that are more than pixels are drawn together, so many a row.
  const rows = Math.min(units, Math.max(1, Math.floor(height - mapTop - 2))),
    perRow = Math.ceil(units / rows),
    shown = Math.ceil(units / perRow)
  const rowHeight = (height - mapTop - 2) / shown
  for (let row = 0; row < shown; row++) {
    const sums = Array.from({ length: bins }, (_, bin) => {
      let sum = 0
      for (let unit = row * perRow; unit < Math.min(units, (row + 1) * perRow); unit++) sum += counts[unit * bins + bin]!
      return sum
    })
    const greatest = Math.max(...sums, 1)
    sums.forEach((sum, bin) => {
      if (sum === 0) return
      shapes.push({
        kind: 'rect',
        x: left + bin * wide,
        y: mapTop + rowHeight * row,
        width: wide,
        height: Math.max(0.5, rowHeight - (rowHeight > 4 ? 1 : 0)),
        colour,
        opacity: sum / greatest,
      })
    })
  }
  const name = { kind: 'text', x: left - 6, colour: 'var(--ink-2)', align: 'right', size: fontSize } as const
  shapes.push({ ...name, y: mapTop + 6, text: 'unit 1' })
  if (height - mapTop > 36) shapes.push({ ...name, y: height - 8, text: grouped(units) })
  const scene = { width, height, shapes: [...bars.scene.shapes, ...shapes] }
  return { ...bars, ...bars.area, scene, over: shapes, mapTop, rowHeight: rowHeight / perRow, rows: units }
}
