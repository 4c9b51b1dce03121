/**
 * Student's t distribution. No table and no normal approximation: with three seeds there are two degrees of freedom, and there
 * the two differ by a factor of two.
 */

/**
 * ln Gamma(x) for x > 0: Stirling's series (Abramowitz and Stegun 1964, 6.1.41) where it is exact to double precision, the
 * recurrence below.
 */
export function logGamma(x: number): number {
  let shift = 1
  let at = x
  while (at < 16) shift *= at++
  const r = 1 / (at * at)
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - r * (691 / 360_360 - r / 156)))))) / at
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - Math.log(shift)
}

/**
 * The regularised incomplete beta function I_x(a, b), by its continued fraction (Abramowitz and Stegun 1964, 26.5.8) on the
 * side where that converges fast, evaluated by Lentz's method. Relative error about 1e-13.
 * @param complement 1 - x, given where the caller knows it better than the subtraction does
 */
export function incompleteBeta(x: number, a: number, b: number, complement = 1 - x): number {
  if (x <= 0) return 0
  if (complement <= 0) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(complement, b, a, x)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(complement)) / a
  const away = (value: number) => (Math.abs(value) < 1e-300 ? 1e-300 : value)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    fraction *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    fraction *= d * c
    if (Math.abs(d * c - 1) < 1e-16) break
  }
  return front * fraction
}

/** P(|T| > |t|) with `degrees` > 0 degrees of freedom; exact also where it is tiny. */
export function twoSidedTail(t: number, degrees: number): number {
  if (Number.isNaN(t)) return NaN
  const square = t * t
  if (square === Infinity) return 0
  return incompleteBeta(degrees / (degrees + square), degrees / 2, 0.5, square / (degrees + square))
}

const quantiles = new Map<string, number>()

/** The t for which P(|T| <= t) is `confidence`, which lies in [0, 1): 12.71, 4.303, 3.182, ... for 95%. */
export function twoSidedQuantile(confidence: number, degrees: number): number {
  const key = `${confidence} ${degrees}`
  const known = quantiles.get(key)
  if (known !== undefined) return known
  const wanted = 1 - confidence
  let low = 0
  let high = 1
  while (twoSidedTail(high, degrees) > wanted) high *= 2
  for (;;) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) break
    if (twoSidedTail(middle, degrees) > wanted) low = middle
    else high = middle
  }
  quantiles.set(key, high)
  return high
}
