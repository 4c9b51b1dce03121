import type { LineChart, LineDataset, LinePlugin } from './chart.ts'
import { spread } from './spread.ts'
import type { ChartTheme } from './theme.ts'

export const lineHeight = 15
const gap = 18

/** Room to leave at the right for labels, or 0 where they do not fit and the legend has to do. */
export function labelRoom(labels: readonly string[], width: number, height: number, font: string): number {
  if (labels.length === 0 || width < 360 || labels.length * lineHeight > height - 24) return 0
  const context = document.createElement('canvas').getContext('2d')
  if (!context) return 0
  context.font = `11px ${font}`
  const widest = Math.max(...labels.map((label) => context.measureText(label).width))
  return Math.ceil(Math.min(widest, width * 0.24)) + gap + 4
}

/** As much of a text as there is room for. */
export function shortened(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text
  let length = text.length
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > room) length--
  return `${text.slice(0, length).trimEnd()}…`
}

/** From the end of a curve that ended early to the names: there to be followed, too faint to be taken for data. */
function leader(context: CanvasRenderingContext2D, from: number, to: number, y: number): void {
  context.save()
  context.globalAlpha = 0.4
  context.setLineDash([1, 4])
  context.beginPath()
  context.moveTo(from, y)
  context.lineTo(to, y)
  context.stroke()
  context.restore()
}

/** Writes each line's name beside its end, with a short leader in the line's colour where it had to move. */
export const endLabels = (theme: () => ChartTheme): LinePlugin => ({
  id: 'endLabels',
  afterDatasetsDraw(drawn) {
    const chart = drawn as unknown as LineChart
    const { ctx, chartArea: area, scales } = chart
    const x = scales['x']
    const y = scales['y']
    if (!x || !y) return
    const ends = (chart.data.datasets as LineDataset[]).flatMap((dataset) => {
      if (dataset.endLabel === null || dataset.hidden) return []
      const last = dataset.data.findLast((point) => Number.isFinite(point.y) && x.getPixelForValue(point.x) <= area.right + 1)
      if (!last) return []
      const at = Math.min(area.bottom, Math.max(area.top, y.getPixelForValue(last.y)))
      return [{ text: dataset.endLabel, colour: dataset.borderColor as string, x: x.getPixelForValue(last.x), y: at }]
    })
    if (ends.length === 0) return
    const tops = spread(ends.map((end) => end.y - lineHeight / 2), lineHeight, area.top - 4, area.bottom + 4)
    ctx.save()
    ctx.font = `11px ${theme().font}`
    ctx.textBaseline = 'middle'
    ends.forEach((end, i) => {
      const middle = tops[i]! + lineHeight / 2
      const left = area.right + 5
      ctx.strokeStyle = end.colour
      ctx.lineWidth = 1
      if (area.right - end.x > 8) leader(ctx, end.x + 5, area.right, end.y)
      ctx.beginPath()
      ctx.moveTo(area.right, end.y)
      ctx.lineTo(left + gap - 9, middle)
      ctx.stroke()
      ctx.fillStyle = theme().ink
      ctx.fillText(shortened(ctx, end.text, chart.width - left - gap + 4), left + gap - 6, middle + 0.5)
    })
    ctx.restore()
  },
})
