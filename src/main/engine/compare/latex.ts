import type { TextTable } from './textTables.ts'

/**
 * A table for a paper: `booktabs`, the best of each figure in bold. A table that is wider than long is turned: figures are its rows, as on the
 * screen. Any name compiles and stays a name.
 */
export function latexOf(table: TextTable): string {
  const head = table.columns.map(({ title, unit }) => latexText(unit === '' ? title : `${title} (${unit})`))
  const rows = table.rows.map(({ cells, best }) => cells.map((cell, index) => (best.includes(index) ? `\\textbf{${latexCell(cell)}}` : latexCell(cell))))
  const turned = table.columns.length > table.rows.length + 1
  const [first, ...others] = turned ? turn([head, ...rows]) : [head, ...rows]
  const align = turned ? `l${'r'.repeat(table.rows.length)}` : table.columns.map(({ numeric }) => (numeric ? 'r' : 'l')).join('')
  const line = (row: readonly string[]): string => `${row.join(' & ')} \\\\`
  return [
    '% needs \\usepackage{booktabs}', `\\begin{tabular}{${align}}`, '\\toprule', line(first!), '\\midrule', ...others.map(line), '\\bottomrule', '\\end{tabular}',
    ...(table.note === null ? [] : [`% ${oneLine(table.note)}`]), '',
  ].join('\n')
}

const turn = (rows: readonly (readonly string[])[]): string[][] => rows[0]!.map((_, column) => rows.map((row) => row[column]!))

/** Numbers get a real minus and a real plus-minus. */
function latexCell(text: string): string {
  const [mean, half] = text.split(' ± ')
  if (half !== undefined && isNumber(mean!) && isNumber(half)) return `$${mean} \\pm ${half}$`
  return text.startsWith('-') && isNumber(text) ? `$${text}$` : latexText(text)
}

const isNumber = (text: string): boolean => /^-?\d+(\.\d+)?(e-?\d+)?$/.test(text)

const special: Record<string, string> = {
  '\\': '\\textbackslash{}', '{': '\\{', '}': '\\}', '$': '\\$', '&': '\\&', '#': '\\#', '%': '\\%', '_': '\\_', '^': '\\textasciicircum{}', '~': '\\textasciitilde{}',
  '<': '\\textless{}', '>': '\\textgreater{}', '|': '\\textbar{}', '"': '\\textquotedbl{}', '±': '$\\pm$', '–': '--', '−': '$-$', '’': '\'', '“': '``', '”': '\'\'',
}

/** Text in which nothing is a command; what cannot be printed (control and formatting characters, such as those that turn the direction) is left out. */
export const latexText = (text: string): string => oneLine(text).replace(/[\\{}$&#%_^~<>|"±–−’“”]/g, (character) => special[character]!)

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '')
