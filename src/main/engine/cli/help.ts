/** Columns of characters that help takes; narrower terminals break lines themselves. */
const width = 100
/** A term that is longer than this stands on a line of its own. */
const widestTerm = 26

/** @param term what is explained, e.g. `--size 28x28`; empty: the text is a line by itself */
export type HelpRow = readonly [term: string, text: string]

/**
 * Terms on the left, their texts in one column on the right, wrapped. The column is as wide as the longest term needs, so that
 * no term runs into its text.
 * @param widest of terms, in characters, before one gets a line of its own
 */
export function helpColumns(rows: readonly HelpRow[], indent = '', widest = widestTerm): string[] {
  const column = Math.max(0, ...rows.filter(([term]) => term.length <= widest).map(([term]) => term.length)) + 2
  return rows.flatMap(([term, text]) => {
    if (term === '') return [`${indent}${text}`]
    const lines = wrapped(text, Math.max(24, width - indent.length - column))
    const ownLine = term.length + 2 > column
    const texts = ownLine
      ? lines.map((line) => `${indent}${' '.repeat(column)}${line}`)
      : lines.map((line, index) => `${indent}${(index === 0 ? term : '').padEnd(column)}${line}`)
    return ownLine ? [`${indent}${term}`, ...texts] : texts
  })
}

/**
 * A line as commands give it, term and text with two spaces or more between them; a line that begins with spaces goes on with the one
 * before. What is neither (a heading, an empty line) is a line by itself.
 */
export function helpRows(lines: readonly string[]): HelpRow[] {
  const rows: [string, string][] = []
  for (const line of lines) {
    const last = rows.at(-1)
    const [, term, text] = /^(\S.*?) {2,}(\S.*)$/.exec(line) ?? []
    if (line.startsWith(' ') && last !== undefined) last[1] += ` ${line.trim()}`
    else if (term !== undefined && text !== undefined) rows.push([term, text])
    else rows.push(['', line])
  }
  return rows
}

function wrapped(text: string, most: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= most) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
