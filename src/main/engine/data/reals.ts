import type { Random } from './random.ts'

/**
 * Reals out of the integers of random.ts, the same bits on every machine. IEEE 754 rounds + - * / and the square root in one
 * way only, and that is all that is used here: `Math.sin`, `Math.cos` and `Math.log` may differ in their last bit from one
 * processor or engine to the next.
 */

/** Uniform over [0, 1): 53 bits, hence exact. */
export const uniform = (source: Random): number => ((source.next() >>> 5) * 2 ** 26 + (source.next() >>> 6)) / 2 ** 53

/** The natural logarithm of a positive, finite number, to about 1e-15: m 2^e with m near 1, and log m = 2 artanh((m - 1) / (m + 1)). */
export function logarithm(x: number): number {
  let exponent = 0
  for (; x < Math.SQRT1_2; exponent--) x *= 2
  for (; x > Math.SQRT2; exponent++) x /= 2
  const z = (x - 1) / (x + 1),
    square = z * z
  let sum = 0
  for (let odd = 25; odd > 0; odd -= 2) sum = sum * square + 1 / odd
  return exponent * Math.LN2 + 2 * z * sum
}

/** Cosine and sine of an angle given in turns (1 is 2 pi), to about 1e-15. Whole and quarter turns are taken off exactly. */
export function direction(turns: number): { cosine: number; sine: number } {
  const quarters = Math.round(turns * 4)
  const x = (turns - quarters / 4) * 2 * Math.PI,
    square = x * x
  let cosine = 1,
    sine = 1
  for (let n = 18; n > 0; n -= 2) {
    cosine = 1 - (cosine * square) / (n * (n - 1))
    sine = 1 - (sine * square) / (n * (n + 1))
  }
  sine *= x
  switch (((quarters % 4) + 4) % 4) {
    case 0:
      return { cosine, sine }
    case 1:
      return { cosine: -sine, sine: cosine }
    case 2:
      return { cosine: -cosine, sine: -sine }
    default:
      return { cosine: sine, sine: -cosine }
  }
}

/** Standard normal draws, two at a time by Marsaglia's polar method (Marsaglia and Bray, SIAM Review 6, 1964). */
export function normals(source: Random): () => number {
  let spare: number | null = null
  return () => {
    if (spare !== null) {
      const value = spare
      spare = null
      return value
    }
    for (;;) {
      const u = 2 * uniform(source) - 1,
        v = 2 * uniform(source) - 1,
        s = u * u + v * v
      if (s >= 1 || s === 0) continue
      const factor = Math.sqrt((-2 * logarithm(s)) / s)
      spare = v * factor
      return u * factor
    }
  }
}
