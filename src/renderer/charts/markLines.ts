import type { LineChart, LinePlugin } from './chart.ts'
import type { Mark } from './curve.ts'
import { shortened } from './endLabels.ts'
import { placeMarks } from './placeMarks.ts'
import type { ChartTheme } from './theme.ts'

/** Height above the plot in which marks have their names. */
export const markRoom = 18
/** Narrower names than this say nothing. */
const least = 24

/** Thin vertical lines where something begins, with their names above the plot. */
export const markLines = (marks: () => readonly Mark[], scale: () => number, theme: () => ChartTheme): LinePlugin => ({
  id: 'markLines',
  beforeDatasetsDraw(drawn) {
    const { ctx, chartArea: area, scales } = drawn as unknown as LineChart
    const x = scales['x']
    if (!x || marks().length === 0) return
    ctx.save()
    ctx.font = `11px ${theme().font}`
    ctx.textBaseline = 'middle'
    ctx.lineWidth = 1
    ctx.strokeStyle = theme().quiet
    ctx.fillStyle = theme().quiet
    for (const { label, at, left, room, line } of placeMarks(marks(), (value) => x.getPixelForValue(value * scale()), area.left, area.right)) {
      if (line) {
        const pixel = Math.round(at) + 0.5
        ctx.globalAlpha = 0.45
        ctx.beginPath()
        ctx.moveTo(pixel, area.top - markRoom + 4)
        ctx.lineTo(pixel, area.bottom)
        ctx.stroke()
        ctx.globalAlpha = 1
      }
      if (room >= least) ctx.fillText(shortened(ctx, label, room), left, area.top - markRoom / 2 + 1)
    }
    ctx.restore()
  },
})
