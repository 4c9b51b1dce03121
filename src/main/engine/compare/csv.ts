import { csvLine, csvShown, csvText } from '../files/csv.ts'
import { absent } from '../../../shared/quantities.ts'
import type { TextTable } from './textTables.ts'

/**
 * A table as CSV: numbers with all their digits where the table knows them, else as they are shown, `12.3 ± 0.4` and `4 of 8` as
 * two columns each so that they stay numbers, and a bound such as `< 0.001` as the number that it stands for; what is missing is
 * empty. Names, which may be anything, stay as they are.
 */
export function csvOf(table: TextTable): string {
  const pairs = table.columns.map(({ numeric }, index) =>
    numeric ? seconds.filter(({ at }) => table.rows.some(({ cells }) => partsOf(cells[index]!)[at] !== undefined)) : [],
  )
  const head = table.columns.flatMap(({ title, unit }, index) => {
    const name = unit === '' ? title : `${title} (${unit})`
    return [name, ...pairs[index]!.map(({ ending }) => `${name}${ending}`)]
  })
  // Beside the figures, since a line of its own would be a row of the table.
  const notes = table.rows.map(({ said = [] }) => said.join(' '))
  const withNotes = notes.some((note) => note !== '')
  if (withNotes) head.push('Note')
  const rows = table.rows.map(({ cells }, row) => [
    ...cells.flatMap((cell, index) => {
      if (!table.columns[index]!.numeric) return [index > 0 && cell === absent ? '' : csvText(cell)]
      const parts = partsOf(table.rows[row]!.numbers?.[index] ?? cell)
      return [csvShown(parts[0]!), ...pairs[index]!.map(({ at }) => csvShown(parts[at] ?? ''))]
    }),
    ...(withNotes ? [csvText(notes[row]!)] : []),
  ])
  return [head.map(csvText), ...rows].map(csvLine).join('')
}

/** The numbers that stand in one cell: the first, what follows ` ± `, and what follows ` of `. */
const partsOf = (cell: string): (string | undefined)[] => /^(.*?)(?: ± (.*?))?(?: of (.*))?$/s.exec(cell)!.slice(1)
/** Numbers that follow the first, by their place among a cell's parts, and how the names of their columns end. */
const seconds = [
  { at: 1, ending: ' ± 95%' },
  { at: 2, ending: ', of' },
]
