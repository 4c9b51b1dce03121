import { csvLine, csvText, withMark } from '../../files/csv.ts'

type Cell = string | number | null
export interface Table {
  head: readonly string[]
  rows: readonly (readonly Cell[])[]
}

/** CSV. Nine digits tell a float32 from its neighbours; what is no number is empty. */
export function encodeCsv({ head, rows }: Table, bom = false): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(withMark([head, ...rows].map((cells) => csvLine(cells.map(cellText))).join(''), bom)))
}

function cellText(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'string') return csvText(cell)
  return Number.isFinite(cell) ? String(Math.fround(cell) === cell ? Number(cell.toPrecision(9)) : cell) : ''
}
