import { fontSize, type Area, type Measure, type Shape } from './scene.ts'
import { linearTicks, logarithmicTicks, scale, type Scale } from './ticks.ts'

/** One axis: from where to where, how, and what it is called. */
export interface AxisRange {
  low: number
  high: number
  logarithmic: boolean
  title: string
  /** It counts. */ whole?: boolean
}

/** Two axes with ticks, grid lines and titles, and the area between them in which data are drawn. */
export function axesScene(
  across: AxisRange,
  up: AxisRange,
  { width, height }: { width: number; height: number },
  measure: Measure,
): { area: Area; x: Scale; y: Scale; shapes: Shape[] } {
  const ticks = ({ low, high, logarithmic, whole = false }: AxisRange, most: number) =>
    logarithmic ? logarithmicTicks(low, high, most) : linearTicks(low, high, most, whole)
  const top = 8,
    bottom = height - 36,
    right = width - 14
  const rows = ticks(up, Math.max(3, Math.round((bottom - top) / 30)))
  const left = 28 + Math.ceil(Math.max(0, ...rows.map(({ text }) => measure(text, fontSize))))
  const x = scale(across.low, across.high, left, right, across.logarithmic),
    y = scale(up.low, up.high, bottom, top, up.logarithmic)
  const shapes: Shape[] = []
  for (const { value, text } of rows) {
    const at = Math.round(y.toPixel(value)) + 0.5
    shapes.push(
      { kind: 'line', points: [left, at, right, at], colour: 'var(--line)', width: 1 },
      { kind: 'text', x: left - 8, y: at, text, colour: 'var(--ink-2)', align: 'right', size: fontSize },
    )
  }
  for (const { value, text } of ticks(across, Math.max(2, Math.floor((right - left) / 80)))) {
    const at = Math.round(x.toPixel(value)) + 0.5
    shapes.push(
      { kind: 'line', points: [at, top, at, bottom], colour: 'var(--line)', width: 1 },
      { kind: 'text', x: at, y: bottom + 12, text, colour: 'var(--ink-2)', align: 'centre', size: fontSize },
    )
  }
  shapes.push({ kind: 'text', x: right, y: height - 6, text: across.title, colour: 'var(--ink-2)', align: 'right', size: fontSize })
  shapes.push({
    kind: 'text',
    x: 7,
    y: (top + bottom) / 2,
    text: up.title,
    colour: 'var(--ink-2)',
    align: 'centre',
    size: fontSize,
    turned: true,
  })
  return { area: { left, right, top, bottom }, x, y, shapes }
}
