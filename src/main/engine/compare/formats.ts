import { areConvolutions, textOfConvolutions } from '../../../shared/convolutions.ts'
import { absent } from '../../../shared/quantities.ts'

/** How settings and lists are written wherever the engine writes them for people: comparisons, tables, CSV, command line. */

/** The value of a setting: numbers with all their digits, lists with commas, booleans as yes and no. */
export function formatSetting(value: unknown): string {
  if (value === null || value === undefined) return absent
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (areConvolutions(value)) return textOfConvolutions(value)
  if (Array.isArray(value)) return value.map(formatSetting).join(', ')
  if (typeof value === 'object') return JSON.stringify(value)
  return String(value)
}

/** `a`, `a and b`, `a, b and c`. */
export function formatList(items: readonly string[]): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}
