import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configSchema, type Settings } from '../../src/shared/config.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { randomness } from '../../src/main/engine/training/randomness.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'

/** Statistics of corruptions and of the draws behind them. Seeds are fixed: what passes once passes always. */
const width = 784

/** What the denoising variant makes of images [n, width] whose pixels are all 0.5. */
function corrupted(
  settings: Settings,
  rows: ArrayLike<number>,
  { seed = 1, step = 1, columns = width, channels = 1 } = {},
): Float32Array {
  const { config, problems } = resolveConfig('denoising', settings)
  assert.deepEqual(problems, [])
  return tf.tidy(() => {
    const x = tf.ones([rows.length, columns]).mul<Tensor2D>(0.5)
    const random = randomness(tf.tensor1d([seed, step], 'int32'), tf.tensor1d(Int32Array.from(rows), 'int32'))
    return variantOf('denoising').corrupt!(x, random, config!.regularizer as never, channels)
      .dataSync()
      .slice() as Float32Array
  })
}
const upTo = (count: number): number[] => Array.from({ length: count }, (_, row) => row)
const share = (values: Float32Array, wanted: number) =>
  values.reduce((count, value) => count + Number(value === wanted), 0) / values.length
/** Five standard errors of a share. */
const within = (rate: number, count: number) => 5 * Math.sqrt((rate * (1 - rate)) / count)
const correlation = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const count = a.length
  let sa = 0,
    sb = 0,
    saa = 0,
    sbb = 0,
    sab = 0
  for (let i = 0; i < count; i++) {
    sa += a[i]!
    sb += b[i]!
    saa += a[i]! ** 2
    sbb += b[i]! ** 2
    sab += a[i]! * b[i]!
  }
  return (sab - (sa * sb) / count) / Math.sqrt((saa - sa ** 2 / count) * (sbb - sb ** 2 / count))
}
/** Chi-square of equal bins over [0, 1), in standard deviations from its mean. */
function excess(values: Iterable<number>, bins: number): number {
  const counts = new Float64Array(bins)
  let total = 0
  for (const value of values) {
    const bin = Math.floor(value * bins)
    counts[bin] = counts[bin]! + 1
    total++
  }
  const expected = total / bins
  return (counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0) - (bins - 1)) / Math.sqrt(2 * (bins - 1))
}
/** Distribution function of the standard normal (Abramowitz and Stegun 7.1.26, error 1.5e-7). */
function normalBelow(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2)
  const tail =
    0.5 *
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
    Math.exp(-(x ** 2) / 2)
  return x < 0 ? tail : 1 - tail
}

for (const corruption of ['fresh', 'fixed'] as const) {
  const count = 1000,
    pixels = count * width
  const settings = (noise: string, more: Settings): Settings => ({
    'regularizer.noise': noise,
    'regularizer.corruption': corruption,
    ...more,
  })

  test(`masking (${corruption}): the stated share of pixels is 0, the others are as they were, at every rate`, () => {
    for (const rate of [0, 0.1, 0.5, 0.9, 1]) {
      const found = corrupted(settings('masking', { 'regularizer.rate': rate }), upTo(count))
      assert.ok(Math.abs(share(found, 0) - rate) <= within(rate, pixels), `${share(found, 0)} of the pixels are 0`)
      assert.equal(share(found, 0) + share(found, 0.5), 1)
    }
  })

  test(`salt and pepper (${corruption}): half of the rate each, the others as they were`, () => {
    for (const rate of [0, 0.2, 0.7, 1]) {
      const found = corrupted(settings('saltAndPepper', { 'regularizer.rate': rate }), upTo(count))
      for (const end of [0, 1])
        assert.ok(
          Math.abs(share(found, end) - rate / 2) <= within(rate / 2, pixels),
          `${share(found, end)} of the pixels are ${end}`,
        )
      assert.ok(Math.abs(share(found, 0) + share(found, 1) + share(found, 0.5) - 1) < 1e-12)
    }
  })

  test(`gaussian (${corruption}): normal with mean 0 and the stated deviation, not clipped`, () => {
    const sigma = 0.4
    const standardised = Float64Array.from(
      corrupted(settings('gaussian', { 'regularizer.sigma': sigma }), upTo(count)),
      (value) => (value - 0.5) / sigma,
    )
    const moment = (power: number) => standardised.reduce((sum, value) => sum + value ** power, 0) / pixels
    assert.ok(Math.abs(moment(1)) < 5 / Math.sqrt(pixels))
    assert.ok(Math.abs(moment(2) - 1) < 5 * Math.sqrt(2 / pixels))
    assert.ok(Math.abs(moment(3)) < 5 * Math.sqrt(15 / pixels))
    assert.ok(Math.abs(moment(4) - 3) < 5 * Math.sqrt(96 / pixels))
    assert.ok(
      Math.abs(
        excess(
          standardised.map((value) => Math.min(1 - 1e-9, normalBelow(value))),
          200,
        ),
      ) < 5,
    )
    assert.ok(standardised.some((value) => Math.abs(value) > 4))
  })
}

for (const noise of ['masking', 'saltAndPepper', 'gaussian'] as const) {
  const settings = (corruption: string): Settings => ({
    'regularizer.noise': noise,
    'regularizer.corruption': corruption,
    'regularizer.rate': 0.5,
  })
  const rowOf = (values: Float32Array, row: number) => values.subarray(row * width, (row + 1) * width)

  test(
    `${noise}: a fixed corruption is an image's own, in any batch, ` +
      'place and step; another seed and another image have another',
    () => {
      const rows = [7, 59_999, 0, 123_456_789, 8]
      const all = corrupted(settings('fixed'), rows)
      const elsewhere = corrupted(settings('fixed'), [...rows.toReversed(), 4, 5], { step: 900 })
      rows.forEach((_, at) => assert.deepEqual(rowOf(elsewhere, rows.length - 1 - at), rowOf(all, at)))
      const other = corrupted(settings('fixed'), rows, { seed: 2 })
      rows.forEach((_, at) => {
        assert.ok(Math.abs(correlation(rowOf(other, at), rowOf(all, at))) < 5 / Math.sqrt(width))
        for (let before = 0; before < at; before++)
          assert.ok(
            Math.abs(correlation(rowOf(all, before), rowOf(all, at))) < 5 / Math.sqrt(width),
            `images ${rows[before]} and ${rows[at]}`,
          )
      })
    },
  )

  test(`${noise}: a fresh corruption is another one in every step and place, and the same again for the same step`, () => {
    const rows = [3, 3, 4]
    const first = corrupted(settings('fresh'), rows),
      next = corrupted(settings('fresh'), rows, { step: 2 })
    assert.deepEqual(corrupted(settings('fresh'), rows), first)
    assert.ok(Math.abs(correlation(first, next)) < 5 / Math.sqrt(3 * width))
    assert.ok(Math.abs(correlation(rowOf(first, 0), rowOf(first, 1))) < 5 / Math.sqrt(width))
  })
}

for (const noise of ['masking', 'saltAndPepper'] as const)
  for (const corruption of ['fresh', 'fixed'] as const) {
    test(`${noise} (${corruption}) of colour images: whole pixels at the stated rate, or single values where that is asked for`, () => {
      const count = 1000,
        channels = 3,
        pixels = count * 261,
        rate = 0.3
      const own = { 'regularizer.noise': noise, 'regularizer.corruption': corruption, 'regularizer.rate': rate }
      const of = (values: string, more = {}) =>
        corrupted({ ...own, ...(values ? { 'regularizer.values': values } : {}) }, upTo(count), { columns: 783, channels, ...more })
      const states = (found: Float32Array, channel: number) =>
        Float32Array.from({ length: pixels }, (_, pixel) => found[pixel * channels + channel]!)
      const ends = noise === 'masking' ? [0] : [0, 1]
      const whole = of('pixel')
      for (const channel of [1, 2])
        assert.deepEqual(states(whole, channel), states(whole, 0), 'the channels of a pixel have one fate')
      for (const end of ends)
        assert.ok(Math.abs(share(states(whole, 0), end) - rate / ends.length) <= within(rate / ends.length, pixels))
      assert.deepEqual(of(''), whole, 'it is the default')
      const single = of('channel')
      for (const [one, other] of [
        [0, 1],
        [1, 2],
      ] as const) {
        assert.ok(Math.abs(correlation(states(single, one), states(single, other))) < 5 / Math.sqrt(pixels))
      }
      for (const end of ends)
        assert.ok(Math.abs(share(single, end) - rate / ends.length) <= within(rate / ends.length, pixels * channels))
      // A gray image has one value a pixel, and what runs from before there was the choice meant is single values, bit for bit.
      assert.deepEqual(of('pixel', { channels: 1 }), single)
      const { values: _, ...before } = resolveConfig('denoising', own).config!.regularizer
      const stored = configSchema.parse({ ...resolveConfig('denoising', {}).config!, regularizer: before })
      assert.equal(stored.regularizer['values'], 'channel')
      const again = tf.tidy(() => {
        const random = randomness(tf.tensor1d([1, 1], 'int32'), tf.tensor1d(Int32Array.from(upTo(count)), 'int32'))
        const x = tf.ones([count, 783]).mul<Tensor2D>(0.5)
        return variantOf('denoising').corrupt!(x, random, stored.regularizer as never, channels)
          .dataSync()
          .slice()
      })
      assert.deepEqual(again, single)
    })
  }

test('the draws of images are uniform, along pixels, along images and in pairs, and neighbours do not hang together', () => {
  const count = 1024
  const draws = (seed: number, name = 'corruption') =>
    tf.tidy(
      () =>
        randomness(tf.tensor1d([seed, 5], 'int32'), tf.tensor1d(Int32Array.from(upTo(count)), 'int32'))
          .perImage.uniform(name, [count, width])
          .dataSync()
          .slice() as Float32Array,
    )
  const values = draws(1)
  assert.ok(values.every((value) => value >= 0 && value < 1))
  assert.ok(Math.abs(excess(values, 4096)) < 5, 'all values')
  for (let at = 0; at < 64; at++) {
    assert.ok(Math.abs(excess(values.subarray(at * 16 * width, (at * 16 + 1) * width), 16)) < 6, `pixels of image ${at * 16}`)
    assert.ok(
      Math.abs(
        excess(
          upTo(count).map((row) => values[row * width + at * 12]!),
          32,
        ),
      ) < 6,
      `images of pixel ${at * 12}`,
    )
  }
  // Pairs of neighbours, as points in the unit square.
  const cell = (a: number, b: number) => (Math.floor(a * 32) + b) / 32
  const pairs = (step: number) => {
    const found: number[] = []
    for (let i = 0; i + step < values.length; i += 2 * step) found.push(cell(values[i]!, values[i + step]!))
    return found
  }
  for (const [what, step] of [
    ['pixels', 1],
    ['rows of 28', 28],
    ['images', width],
  ] as const) {
    assert.ok(Math.abs(excess(pairs(step), 1024)) < 5, `pairs of neighbouring ${what}`)
    const near = Math.abs(correlation(values.subarray(0, -step), values.subarray(step)))
    assert.ok(near < 5 / Math.sqrt(values.length), `correlation of neighbouring ${what}: ${near}`)
  }
  for (const [what, other] of [
    ['seeds', draws(2)],
    ['far seeds', draws(2 ** 31 - 1)],
    ['names', draws(1, 'corruption/angle')],
  ] as const) {
    const near = Math.abs(correlation(values, other))
    assert.ok(near < 5 / Math.sqrt(values.length), `correlation of ${what}: ${near}`)
  }
  // No two images have the same first draws.
  assert.equal(new Set(upTo(count).map((row) => values.subarray(row * width, row * width + 4).join())).size, count)
})

test('dropout masks keep the stated share, drawn anew in every step', () => {
  const masks = [1, 2].map((step) =>
    tf.tidy(
      () =>
        randomness(tf.tensor1d([1, step], 'int32'), tf.tensor1d([0], 'int32'))
          .keep('dropoutMask', [2000, 64], 0.3)
          .dataSync()
          .slice() as Float32Array,
    ),
  )
  for (const mask of masks) {
    assert.ok(Math.abs(share(mask, 0) - 0.3) < within(0.3, mask.length))
    assert.equal(share(mask, 0) + share(mask, 1), 1)
  }
  assert.ok(Math.abs(correlation(masks[0]!, masks[1]!)) < 5 / Math.sqrt(128_000))
})
