import { formatDecimals, withMinus } from '../../../shared/quantities.ts'

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
