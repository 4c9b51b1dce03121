import { plainNumber } from '../files/csv.ts'
import { latexText, oneLine, otherLetters } from './latexText.ts'
import type { TextTable } from './textTables.ts'

/**
 * A table for a paper: `booktabs`, the best of each figure in bold. A table that is wider than long is turned: figures are its
 * rows, as on the screen. Any name compiles and stays a name (`latexText.ts`).
 */
export function latexOf(table: TextTable): string {
  const head = table.columns.map(({ title, unit }) => latexText(unit === '' ? title : `${title} (${unit})`))
  const rows = table.rows.map(({ cells, best }) =>
    cells.map((cell, index) => (best.includes(index) ? `\\textbf{${latexCell(cell)}}` : latexCell(cell))),
  )
  const turned = table.columns.length > table.rows.length + 1
  const [first, ...others] = turned ? turn([head, ...rows]) : [head, ...rows]
  const align = turned ? `l${'r'.repeat(table.rows.length)}` : table.columns.map(({ numeric }) => (numeric ? 'r' : 'l')).join('')
  // What a row begins with could be meant for the end of the row above: `[2ex]` its distance, `*` no page break.
  const line = (row: readonly string[]): string => `${/^\s*[[*]/.test(row[0]!) ? '{}' : ''}${row.join(' & ')} \\\\`
  const other = [head, ...rows].flat().some((cell) => cell.includes('\\otherletters{'))
  return [
    '% needs \\usepackage{booktabs}',
    ...(other ? otherLetters : []),
    `\\begin{tabular}{${align}}`,
    '\\toprule',
    line(first!),
    '\\midrule',
    ...others.map(line),
    '\\bottomrule',
    '\\end{tabular}',
    ...[...(table.note === null ? [] : [table.note]), ...new Set(table.rows.flatMap(({ said = [] }) => said))].map(
      (note) => `% ${oneLine(note)}`,
    ),
    '',
  ].join('\n')
}

const turn = (rows: readonly (readonly string[])[]): string[][] => rows[0]!.map((_, column) => rows.map((row) => row[column]!))

/** Numbers get a real minus and a real plus-minus. */
function latexCell(text: string): string {
  const [mean, half] = text.split(' ± ')
  const numbers = [mean!, ...(half === undefined ? [] : [half])].map(plainNumber)
  if (numbers.includes(null)) return latexText(text)
  return numbers.length === 1 && /^\d+(\.\d+)?$/.test(text)
    ? text
    : `$${numbers.map((number) => powerOfTen(number!)).join(' \\pm ')}$`
}

/** `1.2e-5` as `1.2 \times 10^{-5}`. */
const powerOfTen = (number: string): string => number.replace(/e(-?\d+)$/, ' \\times 10^{$1}')
