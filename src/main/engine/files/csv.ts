import { WorkbenchError } from '../../../shared/errors.ts'
import { absent } from '../../../shared/quantities.ts'

/**
 * CSV (RFC 4180) wherever the workbench writes it, by one rule. A text that a spreadsheet would run, and one that begins with
 * an apostrophe, gets an apostrophe in front: whoever reads the file takes one apostrophe away from the beginning of a cell and
 * has the text as it was.
 */

/** As programs and spreadsheets write it, with a hyphen; null for what is not a number. */
export const plainNumber = (text: string): string | null =>
  /^[-−]?\d+(\.\d+)?(e[-−]?\d+)?$/.test(text) ? text.replaceAll('−', '-') : null

/**
 * What begins a formula, of full width too; behind spaces and invisible characters, which some programs drop. Tab, CR and LF
 * lead into a cell of their own.
 */
const formula = /^[\s\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u

/** A text exactly as it is. Numbers are no formulas: `-0.5` stays what it is. */
export function csvText(text: string): string {
  const safe = text.startsWith("'") || (formula.test(text) && !isNumber(text)) ? `'${text}` : text
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const isNumber = (text: string): boolean => /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(text)

/** A value as it is shown to people: its minus becomes the hyphen that programs read, and what is missing is empty. */
export function csvShown(text: string): string {
  return text === absent ? '' : (plainNumber(text) ?? csvText(text))
}

/** A line of cells that are written already. */
export const csvLine = (cells: readonly string[]): string => `${cells.join(',')}\r\n`

/** A whole file with the byte order mark by which some spreadsheets know UTF-8, where it is wanted. */
export const withMark = (text: string, marked: boolean): string => (marked ? `\ufeff${text}` : text)

/** @throws WorkbenchError CALL_INVALID where a byte order mark is wanted in a file that is no text */
export function requireMarkable(format: string, marked: boolean): void {
  if (!marked || format === 'csv') return
  throw new WorkbenchError('CALL_INVALID', `A byte order mark (bom) is of CSV, and this is ${format}; leave it out.`, {
    field: 'bom',
  })
}
