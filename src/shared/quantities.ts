/** How measured numbers are written wherever they are read: in windows, reports, tables and on the command line. */

/** Stands where a value is missing or has no meaning. */
export const absent = '–'

/** Negative numbers, and negative exponents, with the minus sign (U+2212) instead of the hyphen. */
export const withMinus = (text: string): string => text.replaceAll('-', '−')

/**
 * A number with a fixed count of decimals and the minus sign (U+2212), without one before zero; `absent` for null and for what
 * is not finite.
 */
export function formatDecimals(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return absent
  const text = value.toFixed(decimals)
  return /^-[0.]+$/.test(text) ? text.slice(1) : withMinus(text)
}

/**
 * A measured quantity with at least three significant digits, and two decimals where that is more: 0.0123, 9.53, 72.41,
 * 1234.5, 12346. Very large and very small numbers in scientific notation: 1.23e−5.
 */
export function formatQuantity(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return absent
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 1e7 || size < 1e-4) return withMinus(value.toExponential(2).replace('e+', 'e'))
  if (size >= 1e4) return formatDecimals(value, 0)
  if (size >= 1e3) return formatDecimals(value, 1)
  if (size >= 1) return formatDecimals(value, 2)
  return formatDecimals(value, 2 - Math.floor(Math.log10(size)))
}

/**
 * A number with so many significant digits, without a tail of noise: `12.34`, `0.00123`, `1.2e-7`; a dash where there is no value.
 * Of what is no figure: coordinates, distances, losses as they run.
 */
export function formatSignificant(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return absent
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : value > 0 ? '∞' : '−∞'
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1e6 || size < 1e-4)
    return value
      .toExponential(Math.max(0, digits - 2))
      .replace('-', '−')
      .replace('e−', 'e-')
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)))
  return withMinus(value.toFixed(Math.min(decimals, 8)))
}

/** A share of 1 in per cent: `93.0%`. */
export function formatPercent(value: number | null | undefined, decimals = 1): string {
  return value === null || value === undefined || !Number.isFinite(value) ? absent : `${formatDecimals(100 * value, decimals)}%`
}
