import { csvLine, csvShown, csvText } from '../csv.ts'
import { absent } from './formats.ts'
import type { TextTable } from './textTables.ts'

/**
 * A table as CSV: exactly the numbers shown, `12.3 ± 0.4` as two columns so that they stay numbers; what is missing is empty. Names, which may be
 * anything, stay as they are.
 */
export function csvOf(table: TextTable): string {
  const spread = table.columns.map(({ numeric }, index) => numeric && table.rows.some(({ cells }) => cells[index]!.includes(plusMinus)))
  const head = table.columns.flatMap(({ title, unit }, index) => {
    const name = unit === '' ? title : `${title} (${unit})`
    return spread[index] ? [name, `${name} ± 95%`] : [name]
  })
  const rows = table.rows.map(({ cells }) => cells.flatMap((cell, index) => {
    if (!table.columns[index]!.numeric) return [index > 0 && cell === absent ? '' : csvText(cell)]
    if (!spread[index]) return [csvShown(cell)]
    const [mean = '', half = ''] = cell.split(plusMinus)
    return [csvShown(mean), csvShown(half)]
  }))
  return [head.map(csvText), ...rows].map(csvLine).join('')
}

const plusMinus = ' ± '
