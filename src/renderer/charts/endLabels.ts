import { fontSize, shortened, type Area, type Measure, type Shape } from './scene.ts'
import { spread } from './spread.ts'

const lineHeight = 15
const gap = 18

/** Room to leave at the right for labels, or 0 where they do not fit and the legend has to do. */
export function labelRoom(labels: readonly string[], width: number, height: number, measure: Measure): number {
  if (labels.length === 0 || width < 360 || labels.length * lineHeight > height - 24) return 0
  const widest = Math.max(...labels.map((label) => measure(label, fontSize)))
  return Math.ceil(Math.min(widest, width * 0.24)) + gap + 4
}

/** Where a line ends, in pixels, and its name. */
export interface LineEnd {
  text: string
  colour: string
  dashed?: boolean
  x: number
  y: number
}

/** Each line's name beside its end, with a short leader in the line's colour where it had to move. */
export function endLabels(ends: readonly LineEnd[], area: Area, width: number, measure: Measure, ink: string): Shape[] {
  const tops = spread(
    ends.map((end) => end.y - lineHeight / 2),
    lineHeight,
    area.top - 4,
    area.bottom + 4,
  )
  return ends.flatMap(({ text, colour, dashed = false, x, y }, index): Shape[] => {
    const middle = tops[index]! + lineHeight / 2
    const left = area.right + 5
    return [
      // From the end of a curve that ended early to the names: there to be followed, too faint to be taken for data.
      ...(area.right - x > 8
        ? [{ kind: 'line' as const, points: [x + 5, y, area.right, y], colour, width: 1, dash: [1, 4], opacity: 0.4 }]
        : []),
      { kind: 'line', points: [area.right, y, left + gap - 9, middle], colour, width: 1, ...(dashed ? { dash: [3, 2] } : {}) },
      {
        kind: 'text',
        x: left + gap - 6,
        y: middle,
        text: shortened(text, width - left - gap + 4, measure),
        colour: ink,
        align: 'left',
        size: fontSize,
      },
    ]
  })
}
