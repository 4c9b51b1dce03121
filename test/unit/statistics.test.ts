import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { decimalsFor, formatProbability, withUncertainty } from '../../src/main/engine/compare/uncertainty.ts'
import { deviationOf, estimate, holm, meanOf, pairedDifference } from '../../src/main/engine/compare/statistics.ts'
import { incompleteBeta, logGamma, twoSidedQuantile, twoSidedTail } from '../../src/main/engine/compare/studentT.ts'

/** Made by statistics.py beside it. */
const scipy = JSON.parse(readFileSync(new URL('../fixtures/statistics.json', import.meta.url), 'utf8')) as {
  tails: [number, number, number][]
  quantiles: [number, number, number][]
  logGamma: [number, number][]
  beta: [number, number, number, number][]
  means: { values: number[]; mean: number; deviation: number; low: number; high: number }[]
  pairs: { a: number[]; b: number[]; p: number; mean: number; low: number; high: number }[]
  holm: { p: number[]; corrected: number[] }[]
}
const close = (actual: number | null, expected: number, tolerance: number, what: string) =>
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= tolerance * Math.max(1e-300, Math.abs(expected)),
    `${what}: ${actual} instead of ${expected}`,
  )

/** Uniform in (0, 1), the same for the same seed (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32
  }
}
/** Standard normal, by Box and Muller. */
function normal(seed: number): () => number {
  const next = uniform(seed)
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next())
}

test('Student’s distribution is SciPy’s to ten digits, far into the tails', () => {
  for (const [t, n, tail] of scipy.tails) close(twoSidedTail(t, n), tail, 1e-10, `tail of ${t} with ${n} degrees`)
  for (const [level, n, t] of scipy.quantiles) close(twoSidedQuantile(level, n), t, 1e-10, `${level} quantile with ${n} degrees`)
  for (const [x, value] of scipy.logGamma)
    assert.ok(Math.abs(logGamma(x) - value) < 1e-14 * Math.max(1, Math.abs(value)), `log Gamma of ${x}`)
  for (const [x, a, b, value] of scipy.beta) close(incompleteBeta(x, a, b), value, 1e-10, `beta ${x} ${a} ${b}`)
})

/** P(T <= t). */
function studentT(t: number, degrees: number): number {
  const tail = twoSidedTail(t, degrees) / 2
  return t > 0 ? 1 - tail : tail
}

test('Student’s distribution has the closed forms of one and two degrees, and is symmetric', () => {
  for (let t = -30; t <= 30; t += 0.37) {
    assert.ok(Math.abs(studentT(t, 1) - (0.5 + Math.atan(t) / Math.PI)) < 1e-14, `one degree at ${t}`)
    assert.ok(Math.abs(studentT(t, 2) - (0.5 + t / (2 * Math.sqrt(2 + t * t)))) < 1e-14, `two degrees at ${t}`)
    assert.ok(Math.abs(studentT(t, 7) + studentT(-t, 7) - 1) < 1e-14)
  }
  assert.deepEqual([studentT(0, 3), twoSidedTail(Infinity, 3), twoSidedTail(0, 3)], [0.5, 0, 1])
  for (const n of [1, 2, 5, 40])
    close(1 - twoSidedTail(twoSidedQuantile(0.95, n), n), 0.95, 1e-12, 'quantile and tail belong together')
})

test('means, deviations and intervals are SciPy’s', () => {
  for (const { values, mean, deviation, low, high } of scipy.means) {
    const found = estimate(values)!
    close(found.mean, mean, 1e-14, 'mean')
    close(found.deviation, deviation, 1e-9, 'deviation')
    close(found.low, low, 1e-12, 'low')
    close(found.high, high, 1e-12, 'high')
  }
  assert.deepEqual(estimate([3.5]), { n: 1, mean: 3.5, deviation: null, half: null, low: null, high: null })
  assert.equal(estimate([]), null)
  assert.equal(deviationOf([2, 2, 2]), 0)
  assert.equal(meanOf([0.1, 0.2, 0.3, 0.1 + 0.2]), 0.225)
})

test('paired differences are SciPy’s; where all pairs differ alike there is no p', () => {
  for (const { a, b, p, mean, low, high } of scipy.pairs) {
    const found = pairedDifference(a.map((value, index) => [value, b[index]!] as const))!
    close(found.p, p, 1e-9, 'p')
    close(found.mean, mean, 1e-9, 'mean')
    close(found.low, low, 1e-9, 'low')
    close(found.high, high, 1e-9, 'high')
  }
  const shifted = pairedDifference([
    [0.93, 0.92],
    [0.95, 0.94],
    [0.97, 0.96],
  ])!
  assert.deepEqual([shifted.deviation, shifted.p], [0, null], 'rounding is no variation')
  const same = pairedDifference([
    [1, 1],
    [2, 2],
  ])!
  assert.deepEqual([same.mean, same.p], [0, 1])
  assert.equal(pairedDifference([[2, 1]])!.p, null)
  assert.equal(pairedDifference([]), null)
})

test('Holm’s correction is its definition, keeps the order, and never makes p smaller', () => {
  for (const { p, corrected } of scipy.holm) holm(p).forEach((own, index) => close(own, corrected[index]!, 1e-14, 'corrected'))
  const next = uniform(3)
  for (let trial = 0; trial < 200; trial++) {
    const ps = Array.from({ length: 1 + Math.floor(next() * 12) }, () => (next() < 0.15 ? null : next() ** 3))
    const corrected = holm(ps)
    const tested = ps.filter((p) => p !== null).length
    ps.forEach((p, i) => {
      if (p === null) return assert.equal(corrected[i], null)
      assert.ok(corrected[i]! >= p && corrected[i]! <= Math.min(1, tested * p), 'between uncorrected and Bonferroni')
      ps.forEach((q, j) => {
        if (q !== null && q > p) assert.ok(corrected[j]! >= corrected[i]!, 'monotone')
      })
    })
  }
})

test('a 95% interval covers the mean in 95% of simulated experiments, and Holm keeps the family’s error below 5%', () => {
  const draw = normal(11)
  const trials = 4000
  for (const n of [2, 3, 5]) {
    let covered = 0
    for (let trial = 0; trial < trials; trial++) {
      const { low, high } = estimate(Array.from({ length: n }, () => 4 + 0.3 * draw()))!
      if (low! <= 4 && 4 <= high!) covered++
    }
    // Three standard errors of a share of 4000.
    assert.ok(Math.abs(covered / trials - 0.95) < 3 * Math.sqrt((0.95 * 0.05) / trials), `${n} seeds: ${covered / trials}`)
  }
  let wrong = 0,
    uncorrected = 0
  for (let trial = 0; trial < 1500; trial++) {
    const ps = Array.from({ length: 6 }, () => pairedDifference(Array.from({ length: 4 }, () => [draw(), draw()] as const))!.p)
    if (ps.some((p) => p! < 0.05)) uncorrected++
    if (holm(ps).some((p) => p! < 0.05)) wrong++
  }
  assert.ok(wrong / 1500 < 0.05 + 3 * Math.sqrt((0.05 * 0.95) / 1500), `false differences in ${wrong} of 1500 families`)
  assert.ok(uncorrected / 1500 > 0.2, 'without the correction there are many')
})

test('a mean has the digits that its interval allows', () => {
  const texts = (mean: number, half: number) => {
    const { mean: a, half: b } = withUncertainty(mean, half)
    return `${a} ± ${b}`
  }
  assert.equal(texts(12.3417, 0.42), '12.3 ± 0.4')
  assert.equal(texts(93.0412, 0.1234), '93.04 ± 0.12')
  assert.equal(texts(93.0412, 0.0961), '93.04 ± 0.10')
  assert.equal(texts(9.5342, 0.0021), '9.5342 ± 0.0021')
  assert.equal(texts(12345.6, 678), '12346 ± 678')
  assert.equal(texts(-0.04, 0.4), '0.0 ± 0.4')
  assert.equal(texts(1.234e-9, 3.7e-11), '1.23e−9 ± 0.04e−9')
  assert.deepEqual([0.354, 0.355, 0.949, 0.95, 3.5, 99, 0, NaN].map(decimalsFor), [2, 1, 1, 1, 1, 0, 0, 0])
  for (let exponent = -6; exponent < 4; exponent += 0.13) {
    const half = 10 ** exponent
    const { half: text } = withUncertainty(1, half)
    assert.ok(Math.abs(Number(text) / half - 1) <= 0.15 || half > 0.95, `${half} as ${text}`)
  }
  assert.deepEqual([0.00001, 0.00123, 0.0321, 0.049, 0.321, 0.996].map(formatProbability), [
    '< 0.0001',
    '0.0012',
    '0.032',
    '0.049',
    '0.32',
    '1',
  ])
})
