import { fontSize, moved, shortened, type Measure, type Scene, type Shape } from './scene.ts'

/** What a saved chart says besides its data: what it shows, and which line is what where that does not stand beside the lines. */
export interface Caption {
  title: string
  key: readonly {
    label: string
    colour: string
    dash?: readonly number[]
    width?: number
    opacity?: number
    dot?: boolean
    hollow?: boolean
    square?: boolean
  }[]
}

const margin = 12
const rowHeight = 16

/** A chart as it goes into a file: with its title above, and its key below. */
export function captioned(scene: Scene, { title, key }: Caption, measure: Measure): Scene {
  const width = scene.width + 2 * margin
  const shapes: Shape[] = [
    {
      kind: 'text',
      x: margin,
      y: margin + 8,
      text: shortened(title, scene.width, measure, 13),
      colour: 'var(--ink)',
      align: 'left',
      size: 13,
      bold: true,
    },
  ]
  const top = margin + 26
  shapes.push(...moved(scene.shapes, margin, top))
  let x = margin,
    y = top + scene.height + 14
  for (const { label, colour, dash, width: thick = 2, opacity = 1, dot, hollow = false, square = false } of key) {
    const text = shortened(label, scene.width - 30, measure)
    const room = 30 + measure(text, fontSize)
    if (x > margin && x + room > width - margin) {
      x = margin
      y += rowHeight
    }
    shapes.push(
      dot
        ? { kind: 'dots', points: [x + 9, y], radius: 4, colour, opacity, hollow, square }
        : {
            kind: 'line',
            points: [x, y, x + 18, y],
            colour,
            width: Math.max(1.5, thick),
            opacity,
            ...(dash && dash.length > 0 ? { dash } : {}),
          },
    )
    shapes.push({ kind: 'text', x: x + 24, y, text, colour: 'var(--ink)', align: 'left', size: fontSize })
    x += room + 14
  }
  return { width, height: (key.length > 0 ? y + rowHeight / 2 : top + scene.height) + margin, shapes }
}
