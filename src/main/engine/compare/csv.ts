import { absent, plainNumber } from './formats.ts'
import type { TextTable } from './textTables.ts'

/**
 * A table as CSV (RFC 4180): exactly the numbers shown, `12.3 ± 0.4` as two columns so that they stay numbers; what is missing is empty. A cell
 * that a spreadsheet would take for a formula gets an apostrophe in front.
 */
export function csvOf(table: TextTable): string {
  const spread = table.columns.map((_, index) => table.rows.some(({ cells }) => cells[index]!.includes(plusMinus)))
  const head = table.columns.flatMap(({ title, unit }, index) => {
    const name = unit === '' ? title : `${title} (${unit})`
    return spread[index] ? [name, `${name} ± 95%`] : [name]
  })
  const rows = table.rows.map(({ cells }) => cells.flatMap((cell, index) => {
    if (!spread[index]) return [cell]
    const [mean = '', half = ''] = cell.split(plusMinus)
    return [mean, half]
  }))
  return [head, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}

const plusMinus = ' ± '

/** One cell, quoted where it has to be. Numbers stay numbers: their minus is the hyphen that programs read. */
export function csvCell(text: string): string {
  if (text === absent) return ''
  const number = plainNumber(text)
  if (number !== null) return number
  const safe = !/^[\s\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(text) ? text : `'${text}`
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
