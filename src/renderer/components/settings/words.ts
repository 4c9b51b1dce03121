import type { Field } from '../../../shared/config.ts'

export { choiceWords as words } from '../../../shared/words.ts'

/** The range of a number, where it is narrow enough to be worth its words. */
export const range = ({ minimum, maximum, exclusiveMaximum }: Field): string =>
  minimum !== undefined && maximum !== undefined && maximum <= 1
    ? `From ${minimum} to ${exclusiveMaximum ? 'below ' : ''}${maximum}.`
    : ''

export const equal = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/**
 * The engine's sentence as it stands below the field that it is about: which setting to change needs no saying there, and long
 * numbers are read as elsewhere.
 */
export const saidBeside = (key: string, message: string): string => {
  const end = `; change ${key}.`
  const own = message.endsWith(end) ? `${message.slice(0, -end.length)}.` : message
  return own.replace(/(?<![\w.])\d{4,}(?![\w]|\.\d)/g, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ','))
}
