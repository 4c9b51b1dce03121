/** Rows as aligned columns; columns of numbers (or of nothing) on the right. */
export function table(head: string[], rows: string[][]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const numeric = head.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^[-−+]?[\d.,]*(e[-−+]?\d+)?[*%]?$/.test(row[column] ?? '')),
  )
  const show = (row: string[]) =>
    row
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd()
  return all.map(show).join('\n')
}
