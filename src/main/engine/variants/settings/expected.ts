import type { Field } from '../../../../shared/config.ts'

/** What a field takes, in words: `a number above 0 and at most 1000`. */
export function expected(field: Field): string {
  const lower = field.minimum === undefined ? '' : field.exclusiveMinimum ? `above ${field.minimum}` : `at least ${field.minimum}`
  const upper = field.maximum === undefined ? '' : field.exclusiveMaximum ? `below ${field.maximum}` : `at most ${field.maximum}`
  const range = [lower, upper].filter(Boolean).join(' and ')
  switch (field.kind) {
    case 'choice':
      return `one of ${field.choices!.join(', ')}`
    case 'boolean':
      return 'true or false'
    case 'integers':
      return `1 to 12 whole numbers, each ${range}`
    case 'integer':
      return `a whole number ${range}`
    case 'text':
      if (field.expects) return field.expects
      return `a text such as ${(field.examples ?? []).join(' or ')}`
    default:
      return `a number ${range}`
  }
}

/** A value as it was given, in a message. */
export const shown = (value: unknown): string =>
  value === undefined ? 'missing' : typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))
