/** How numbers and settings are written wherever the engine writes them for people: comparisons, tables, CSV, command line. */

/** Stands where a value is missing or has no meaning. */
export const absent = '–'

/** A number with a fixed count of decimals, without a minus before zero; `absent` for null and for what is not finite. */
export function formatDecimals(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return absent
  const text = value.toFixed(decimals)
  return /^-[0.]+$/.test(text) ? text.slice(1) : text
}

/**
 * A measured quantity with at least three significant digits, and two decimals where that is more: 0.0123, 9.53, 72.41,
 * 1234.5, 12346. Very large and very small numbers in scientific notation: 1.23e-5.
 */
export function formatQuantity(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return absent
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 1e7 || size < 1e-4) return value.toExponential(2).replace('e+', 'e')
  if (size >= 1e4) return formatDecimals(value, 0)
  if (size >= 1e3) return formatDecimals(value, 1)
  if (size >= 1) return formatDecimals(value, 2)
  return formatDecimals(value, 2 - Math.floor(Math.log10(size)))
}

/** A share of 1 in per cent with one decimal, without the sign: 0.9304 -> `93.0`. */
export function formatPercent(value: number | null | undefined): string {
  return formatDecimals(value === null || value === undefined ? value : value * 100, 1)
}

/** The value of a setting: numbers with all their digits, lists with commas, booleans as yes and no. */
export function formatSetting(value: unknown): string {
  if (value === null || value === undefined) return absent
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.map(formatSetting).join(', ')
  if (typeof value === 'object') return JSON.stringify(value)
  return String(value)
}

/** `a`, `a and b`, `a, b and c`. */
export function formatList(items: readonly string[]): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}
