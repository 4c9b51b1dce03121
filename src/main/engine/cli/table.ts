import { formatPercent } from '../compare/formats.ts'

/** Rows as aligned columns; columns of numbers (or of nothing) on the right. */
export function table(head: string[], rows: string[][]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const numeric = head.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^[-+]?[\d.,]*(e[-+]?\d+)?[*%]?$/.test(row[column] ?? '')),
  )
  const show = (row: string[]) =>
    row
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd()
  return all.map(show).join('\n')
}

/** A share of 1 in per cent, as it stands wherever it is read. */
export const percent = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : `${formatPercent(value)}%`

/** A figure with as many digits as one looks at. */
export const figure = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(4)

/** Bytes as one reads them: `12.3 MB`. */
export const megabytes = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`
