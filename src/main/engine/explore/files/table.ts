export type Cell = string | number | null
export interface Table { head: readonly string[]; rows: readonly (readonly Cell[])[] }

/** CSV (RFC 4180). A text that a spreadsheet would take for a formula gets an apostrophe. */
export function encodeCsv({ head, rows }: Table): Uint8Array<ArrayBuffer> {
  const lines = [head, ...rows].map((cells) => cells.map(cellText).join(','))
  return Uint8Array.from(Buffer.from(`${lines.join('\r\n')}\r\n`))
}

function cellText(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(Math.fround(cell) === cell ? Number(cell.toPrecision(9)) : cell) : ''
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
