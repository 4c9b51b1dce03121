import type { Field } from '../config.ts'
import { areConvolutions, textOfConvolutions } from '../convolutions.ts'

/** How settings are written: in the form, after `--set` on the command line, in an address. Several values at once: values.ts. */

/** A number as people write it; null for anything else. */
export const numberOf = (text: string): number | null =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text)) ? Number(text) : null

/** Pieces of a text, without blanks around them and without empty ones. */
export const piecesOf = (text: string, between: RegExp): string[] =>
  text
    .split(between)
    .map((piece) => piece.trim())
    .filter(Boolean)

/**
 * The sizes of one list, as they are written: `512, 64`, `512 64`, `512 → 64`. A hyphen is a sign where it does not stand between
 * two of them (`512-64`), and two commas in a row have nothing between them, which is no size.
 */
export const sizesOf = (list: string): string[] =>
  list
    .replace(/,\s*$/, '')
    .split(',')
    .flatMap((part) => (part.trim() === '' ? [''] : piecesOf(part, /(?<=\d)(?:-|\s+-\s+)(?=\d)|[\s×→]+/)))

/** Between lists. */
export const betweenLists = /[;|\n]/

/**
 * What was typed for one setting, as a value of its kind; what cannot be read so stays text, so that the engine's sentence can
 * name it. Whether a value is allowed is the engine's to say, too. @param field undefined where no setting is called so
 */
export function valueOf(field: Pick<Field, 'kind'> | undefined, text: string): unknown {
  const number = (word: string): unknown => numberOf(word) ?? word
  switch (field?.kind) {
    case 'number':
    case 'integer':
      return number(text.trim())
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'integers':
      // Several lists are the values of a sweep: one of them would be another network than was meant.
      return betweenLists.test(text.trim()) ? text : sizesOf(text).map(number)
    default:
      return text
  }
}

/** A setting's value as it is typed: the inverse of `valueOf`. */
export const textOf = (value: unknown): string =>
  areConvolutions(value)
    ? textOfConvolutions(value)
    : Array.isArray(value)
      ? value.join(', ')
      : value === null || value === undefined
        ? ''
        : String(value)
