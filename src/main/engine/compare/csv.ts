import { csvLine, csvShown, csvText } from '../csv.ts'
import { absent } from './formats.ts'
import type { TextTable } from './textTables.ts'

/**
 * A table as CSV: exactly the numbers shown, `12.3 ± 0.4` and `4 of 8` as two columns each so that they stay numbers, and a bound such as
 * `< 0.001` as the number that it stands for; what is missing is empty. Names, which may be anything, stay as they are.
 */
export function csvOf(table: TextTable): string {
  const pairs = table.columns.map(({ numeric }, index) =>
    (numeric ? kinds.filter(({ between }) => table.rows.some(({ cells }) => cells[index]!.includes(between))) : []))
  const head = table.columns.flatMap(({ title, unit }, index) => {
    const name = unit === '' ? title : `${title} (${unit})`
    return [name, ...pairs[index]!.map(({ second }) => `${name}${second}`)]
  })
  const rows = table.rows.map(({ cells }, row) => cells.flatMap((cell, index) => {
    if (!table.columns[index]!.numeric) return [index > 0 && cell === absent ? '' : csvText(cell)]
    const plain = table.rows[row]!.numbers?.[index]
    const parts = (plain ?? cell).split(/ (?:±|of) /)
    const secondOf = (between: string): number => (cell.includes(plusMinus) && between === ofAll ? 2 : 1)
    const of = (between: string): string => (cell.includes(between) ? parts[secondOf(between)] ?? '' : '')
    return [csvShown(parts[0]!), ...pairs[index]!.map(({ between }) => csvShown(of(between)))]
  }))
  return [head.map(csvText), ...rows].map(csvLine).join('')
}

const plusMinus = ' ± ', ofAll = ' of '
/** Two numbers that stand in one cell, by what stands between them, and what the second's column is called. */
const kinds = [{ between: plusMinus, second: ' ± 95%' }, { between: ofAll, second: ', of' }]
