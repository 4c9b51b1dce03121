import type { Field } from '../../../shared/config.ts'

/** A setting's choice as words: `saltAndPepper` as `salt and pepper`; names of functions stay as they are. */
export const words = (choice: string): string =>
  choice.replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)

/** A setting's value as it stands in its field. */
export const textOf = (value: unknown): string =>
  Array.isArray(value) ? value.join(', ') : value === null || value === undefined ? '' : String(value)

/** What was typed, as a value; what is not a number stays text, so that the engine's sentence can name it. */
export function valueOf(field: Field, text: string): unknown {
  const number = (part: string): unknown => (part !== '' && Number.isFinite(Number(part)) ? Number(part) : part)
  if (field.kind === 'integers')
    return text
      .split(/[\s,;×→-]+/)
      .filter(Boolean)
      .map(number)
  if (field.kind === 'number' || field.kind === 'integer') return number(text.trim())
  return text
}

/** The range of a number, where it is narrow enough to be worth its words. */
export const range = ({ minimum, maximum, exclusiveMaximum }: Field): string =>
  minimum !== undefined && maximum !== undefined && maximum <= 1
    ? `From ${minimum} to ${exclusiveMaximum ? 'below ' : ''}${maximum}.`
    : ''

export const equal = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Settings as dotted keys with their values; lists are values. */
export function flat(settings: object, prefix = ''): [string, unknown][] {
  return Object.entries(settings).flatMap(([name, value]: [string, unknown]): [string, unknown][] =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? flat(value, `${prefix}${name}.`)
      : [[prefix + name, value]],
  )
}

/**
 * Fields that no other setting switches off: the one that they depend on has one of the values that need them, and is itself
 * not switched off. Settings of the layers' variant depend on there being pretraining. @param text a field's present text, or
 * the texts of all values that it is to have
 */
export function shownFields(fields: readonly Field[], text: (field: Field) => string | readonly string[]): Field[] {
  const byKey = new Map(fields.map((field) => [field.key, field]))
  const has = ({ key, in: values }: { key: string; in: readonly string[] }, depth: number): boolean => {
    const owner = byKey.get(key)
    return owner !== undefined && [text(owner)].flat().some((now) => values.includes(now)) && applies(owner, depth + 1)
  }
  const applies = (field: Field, depth: number): boolean =>
    depth < fields.length &&
    (!field.when || has(field.when, depth)) &&
    (!field.key.startsWith('pretraining.regularizer.') || has({ key: 'pretraining.kind', in: ['greedy', 'rbm'] }, depth))
  return fields.filter((field) => applies(field, 0))
}

/**
 * The engine's sentence as it stands below the field that it is about: which setting to change needs no saying there, and long
 * numbers are read as elsewhere.
 */
export const saidBeside = (key: string, message: string): string => {
  const end = `; change ${key}.`
  const own = message.endsWith(end) ? `${message.slice(0, -end.length)}.` : message
  return own.replace(/(?<![\w.])\d{4,}(?![\w]|\.\d)/g, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ','))
}
