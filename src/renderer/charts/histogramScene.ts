import { grouped, linearTick } from './axes.ts'
import { fontSize, type Measure, type Scene, type Shape } from './scene.ts'
import { linearTicks, scale } from './ticks.ts'

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
export interface HistogramPlot { scene: Scene; left: number; right: number; bottom: number; mapTop: number; rowHeight: number; rows: number }

/** How activations are distributed: of all code units together as bars, and of each as a row of shades. */
export function histogramScene({ edges, total, counts, units, colour }: HistogramState, { width, height }: { width: number; height: number }, measure: Measure): HistogramPlot {
  const bins = total.length, low = edges[0] ?? 0, high = edges[bins] ?? 1
  const all = total.reduce((sum, count) => sum + count, 0) || 1
  const most = Math.max(...total, 1)
  const left = 40, right = width - 8, top = 6
  const bottom = Math.round(top + (height - top - 20) * 0.5), mapTop = bottom + 22
  const x = scale(low, high, left, right), y = scale(0, most / all, bottom, top)
  const shapes: Shape[] = []
  for (const { value, text } of linearTicks(0, most / all, 3).map((tick) => ({ ...tick, text: `${linearTick(Number((100 * tick.value).toPrecision(6)))}%` }))) {
    const at = Math.round(y.toPixel(value)) + 0.5
    shapes.push({ kind: 'line', points: [left, at, right, at], colour: 'var(--line)', width: 1 }, { kind: 'text', x: left - 6, y: at, text, colour: 'var(--ink-2)', align: 'right', size: fontSize })
  }
  for (let bin = 0; bin < bins; bin++) {
    const from = x.toPixel(edges[bin]!), to = x.toPixel(edges[bin + 1]!), level = y.toPixel(total[bin]! / all)
    if (total[bin]! > 0) shapes.push({ kind: 'rect', x: from + 0.25, y: level, width: Math.max(0.5, to - from - 0.5), height: bottom - level, colour })
  }
  let edge = -Infinity
  for (const { value, text } of linearTicks(low, high, Math.max(2, Math.floor((right - left) / 56)))) {
    const half = measure(text, fontSize) / 2, at = Math.min(right - half + 4, Math.max(left + half - 4, x.toPixel(value)))
    if (at - half < edge + 6) continue
    edge = at + half
    shapes.push({ kind: 'text', x: at, y: bottom + 11, text, colour: 'var(--ink-2)', align: 'centre', size: fontSize })
  }
  // Units that are more than pixels are drawn together, so many a row.
  const rows = Math.min(units, Math.max(1, Math.floor(height - mapTop - 2))), perRow = Math.ceil(units / rows), shown = Math.ceil(units / perRow)
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
      const from = x.toPixel(edges[bin]!), to = x.toPixel(edges[bin + 1]!)
      shapes.push({ kind: 'rect', x: from, y: mapTop + rowHeight * row, width: to - from, height: Math.max(0.5, rowHeight - (rowHeight > 4 ? 1 : 0)), colour, opacity: sum / greatest })
    })
  }
  shapes.push({ kind: 'text', x: left - 6, y: mapTop + 6, text: 'unit 1', colour: 'var(--ink-2)', align: 'right', size: fontSize })
  if (height - mapTop > 36) shapes.push({ kind: 'text', x: left - 6, y: height - 8, text: grouped(units), colour: 'var(--ink-2)', align: 'right', size: fontSize })
  return { scene: { width, height, shapes }, left, right, bottom, mapTop, rowHeight: rowHeight / perRow, rows: units }
}
