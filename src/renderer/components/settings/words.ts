import type { Origin } from '../../../shared/config.ts'

export { choiceWords as words } from '../../../shared/words.ts'

/** Whose word a value is, as it stands behind the key of a setting. */
export const originWords: Record<Origin, string> = {
  shared: 'the default of all variants',
  data: 'the default for these data',
  variant: 'the default of this variant',
  layers: 'the default with these layers',
  labels: 'the default with few labels',
  weights: 'from the file of weights',
  preset: 'from the preset',
  plan: 'from the plan',
  given: 'as given',
}

export const equal = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/**
 * The engine's sentence as it stands below the field that it is about: which setting to change needs no saying there, and long
 * numbers are read as elsewhere.
 */
export const saidBeside = (key: string, message: string): string => {
  const end = `; change ${key}.`
  const sentence = message.endsWith(end) ? `${message.slice(0, -end.length)}.` : message
  return sentence.replace(/(?<![\w.])\d{4,}(?![\w]|\.\d)/g, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ','))
}
