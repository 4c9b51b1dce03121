import { count } from '../../format.ts'

/** What the contract takes in the number fields of an import, so that what is out of range is said beside its field while it is typed. */
export const ranges = {
  width: [1, 4096],
  height: [1, 4096],
  count: [1, 1_000_000],
  seed: [0, 2_147_483_647],
  splitSeed: [0, 2_147_483_647],
  'patches.width': [1, 4096],
  'patches.height': [1, 4096],
} as const
export type NumberField = keyof typeof ranges

/** A typed number, possibly with commas between thousands; null where nothing is typed, or nothing that the field takes. */
export function numberOf(field: NumberField, text: string): number | null {
  const [least, most] = ranges[field]
  const digits = text.trim().replace(/(?<=\d),(?=\d{3}(?:\D|$))/g, '')
  const value = Number(digits)
  return /^\d{1,10}$/.test(digits) && value >= least && value <= most ? value : null
}

/** What is wrong with a field, and what to do; null where it is empty or right. */
export function numberProblem(field: NumberField, text: string): string | null {
  if (text.trim() === '' || numberOf(field, text) !== null) return null
  const [least, most] = ranges[field]
  return `A whole number from ${count(least)} to ${count(most)}.`
}
