import { absent, formatDecimals, formatQuantity, withMinus } from '../../../shared/quantities.ts'

/** How numbers and settings are written wherever the engine writes them for people: comparisons, tables, CSV, command line. */

export { absent, formatDecimals, formatQuantity, withMinus }

/** As programs and spreadsheets write it, with a hyphen; null for what is not a number. */
export const plainNumber = (text: string): string | null =>
  /^[-−]?\d+(\.\d+)?(e[-−]?\d+)?$/.test(text) ? text.replaceAll('−', '-') : null

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

/**
 * A mean and half its interval with the digits that the interval allows: of the half width one significant digit, two where its
 * first three are below 355 (the rule of the Particle Data Group), and no digit of the mean beyond. 12.3417 with 0.42 -> `12.3`
 * and `0.4`.
 * @param least decimals that both have at least
 */
export function withUncertainty(mean: number, half: number, least = 0): { mean: string; half: string } {
  const size = Math.abs(mean)
  // As formatQuantity writes the very small.
  const exponent = size > 0 && size < 1e-4 && half < 1e-3 ? Math.floor(Math.log10(Math.max(size, half))) : 0
  const decimals = Math.min(20, Math.max(least, decimalsFor(half / 10 ** exponent)))
  const written = (value: number) =>
    `${formatDecimals(value / 10 ** exponent, decimals)}${exponent === 0 ? '' : withMinus(`e${exponent}`)}`
  return { mean: written(mean), half: written(half) }
}

/** How many decimals a value with this uncertainty deserves; never fewer than none. */
export function decimalsFor(half: number): number {
  if (!(half > 0) || !Number.isFinite(half)) return 0
  const exponent = Math.floor(Math.log10(half))
  const leading = Math.round((half / 10 ** exponent) * 100)
  const significant = leading < 355 || leading >= 950 ? 2 : 1
  // 0.0097 is written 0.010.
  return Math.max(0, significant - 1 - exponent - (leading >= 950 ? 1 : 0))
}

/** A probability with two significant digits: `0.032`, `< 0.0001`, `1`. */
export function formatProbability(p: number): string {
  if (p < 0.0001) return '< 0.0001'
  if (p >= 0.995) return '1'
  return formatDecimals(p, p >= 0.1 ? 2 : 1 - Math.floor(Math.log10(p)))
}

/**
 * A title as it stands within a sentence: `Linear probe accuracy` as `linear probe accuracy`; `PCA`, `KL` and names of people as
 * they are.
 */
export function inSentence(title: string): string {
  return /^(Hoyer|Jacobian)/.test(title) ? title : title.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())
}

/** `saltAndPepper` as `salt and pepper`, as a choice is read. */
export const choiceWords = (choice: string): string =>
  choice.replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)
