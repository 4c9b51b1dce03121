import { fontSize, shortened, type Measure, type Scene, type Shape } from './scene.ts'

export interface HeatCell {
  text: string
  /** 0 at the lowest, 1 at the highest; null: nothing there. */ shade: number | null
  best: boolean
  runs: readonly string[]
}
export interface HeatState {
  x: { title: string; values: readonly string[] }
  y: { title: string; values: readonly string[] }
  /** By rows of y, in each by x; the first row is drawn at the bottom. */
  cells: readonly (readonly HeatCell[])[]
  figure: string
  /** The cell that is read. */
  at: { row: number; column: number } | null
  /** Runs that a choice has left in; null: all. */
  chosen: ReadonlySet<string> | null
}
export interface HeatPlot {
  scene: Scene
  left: number
  top: number
  cellWidth: number
  cellHeight: number
  rows: number
  columns: number
}

/** A figure over two settings as shapes: the stronger the colour, the higher the mean; the best has a frame and a sign. */
export function heatScene(
  { x, y, cells, figure, at, chosen }: HeatState,
  { width, height }: { width: number; height: number },
  measure: Measure,
): HeatPlot {
  const rows = y.values.length,
    columns = x.values.length
  const names = y.values.map((value) => shortened(value, 120, measure))
  const left = 26 + Math.ceil(Math.max(20, ...names.map((name) => measure(name, fontSize))))
  const top = 8,
    bottom = height - 60
  const cellWidth = Math.min(140, (width - left - 12) / Math.max(1, columns)),
    cellHeight = Math.min(64, (bottom - top) / Math.max(1, rows))
  const shapes: Shape[] = []
  cells.forEach((row, index) => {
    const above = top + cellHeight * (rows - 1 - index)
    row.forEach((cell, column) => {
      const across = left + cellWidth * column
      const box = { x: across + 0.5, y: above + 0.5, width: cellWidth - 1, height: cellHeight - 1 }
      const faint = chosen !== null && !cell.runs.some((run) => chosen.has(run))
      if (cell.shade === null) {
        shapes.push({ kind: 'rect', ...box, colour: 'var(--line)', border: 1 })
        return
      }
      shapes.push({ kind: 'rect', ...box, colour: 'var(--run-4)', opacity: (0.08 + 0.92 * cell.shade) * (faint ? 0.25 : 1) })
      const text = `${cell.best ? '◆ ' : ''}${cell.text}`
      if (measure(text, fontSize, cell.best) < cellWidth - 4 && cellHeight > 13) {
        shapes.push({
          kind: 'text',
          x: across + cellWidth / 2,
          y: above + cellHeight / 2,
          text,
          colour: cell.shade > 0.8 && !faint ? 'var(--paper)' : 'var(--ink)',
          align: 'centre',
          size: fontSize,
          bold: cell.best,
        })
      }
      if (cell.best)
        shapes.push({
          kind: 'rect',
          x: box.x + 1,
          y: box.y + 1,
          width: box.width - 2,
          height: box.height - 2,
          colour: 'var(--ink)',
          border: 2,
        })
    })
    shapes.push({
      kind: 'text',
      x: left - 8,
      y: above + cellHeight / 2,
      text: names[index]!,
      colour: 'var(--ink-2)',
      align: 'right',
      size: fontSize,
    })
  })
  if (at && at.row < rows && at.column < columns) {
    shapes.push({
      kind: 'rect',
      x: left + cellWidth * at.column + 1,
      y: top + cellHeight * (rows - 1 - at.row) + 1,
      width: cellWidth - 2,
      height: cellHeight - 2,
      colour: 'var(--ink)',
      border: 1.5,
    })
  }
  const floor = top + cellHeight * rows
  let edge = -Infinity
  x.values.forEach((value, column) => {
    const text = shortened(value, Math.max(20, cellWidth - 6), measure),
      middle = left + cellWidth * (column + 0.5),
      half = measure(text, fontSize) / 2
    if (middle - half < edge + 6) return
    edge = middle + half
    shapes.push({ kind: 'text', x: middle, y: floor + 12, text, colour: 'var(--ink-2)', align: 'centre', size: fontSize })
  })
  shapes.push({
    kind: 'text',
    x: left + (cellWidth * columns) / 2,
    y: floor + 30,
    text: x.title,
    colour: 'var(--ink-2)',
    align: 'centre',
    size: fontSize,
  })
  shapes.push({
    kind: 'text',
    x: 7,
    y: top + (cellHeight * rows) / 2,
    text: y.title,
    colour: 'var(--ink-2)',
    align: 'centre',
    size: fontSize,
    turned: true,
  })
  shapes.push({
    kind: 'text',
    x: left,
    y: floor + 48,
    text: shortened(`${figure}: the stronger the colour, the higher`, width - left - 12, measure),
    colour: 'var(--ink-2)',
    align: 'left',
    size: fontSize,
  })
  return { scene: { width, height, shapes }, left, top, cellWidth, cellHeight, rows, columns }
}

/** The cell at a pixel; null outside. */
export function cellAt(
  { left, top, cellWidth, cellHeight, rows, columns }: HeatPlot,
  x: number,
  y: number,
): { row: number; column: number } | null {
  const column = Math.floor((x - left) / cellWidth),
    fromTop = Math.floor((y - top) / cellHeight)
  return column >= 0 && column < columns && fromTop >= 0 && fromTop < rows ? { row: rows - 1 - fromTop, column } : null
}
