import type { TextTable } from './textTables.ts'

/** A table for a paper: `booktabs`, one row a group, the best of each column in bold. Any name compiles and stays a name. */
export function latexOf(table: TextTable): string {
  const head = table.columns.map(({ title, unit }) => latexText(unit === '' ? title : `${title} (${unit})`))
  const rows = table.rows.map(({ cells, best }) => cells.map((cell, index) => (best.includes(index) ? `\\textbf{${latexCell(cell)}}` : latexCell(cell))))
  return [
    '% needs \\usepackage{booktabs}',
    `\\begin{tabular}{${table.columns.map(({ numeric }) => (numeric ? 'r' : 'l')).join('')}}`, '\\toprule', `${head.join(' & ')} \\\\`, '\\midrule',
    ...rows.map((row) => `${row.join(' & ')} \\\\`), '\\bottomrule', '\\end{tabular}',
    ...(table.note === null ? [] : [`% ${oneLine(table.note)}`]), '',
  ].join('\n')
}

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
