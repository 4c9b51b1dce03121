import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitMixture, fitNormal, drawCodes } from '../../src/main/engine/explore/density.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { normals } from '../../src/main/engine/data/reals.ts'
import { tf } from '../../src/main/engine/trace/tensorflow.ts'
import { ask, configOf, normalNumbers, subjectOf, weightsFor } from '../fixtures/explored.ts'
import { largest, means, plus, rowsOf, times, transpose, type Matrix } from '../fixtures/linear.ts'
import { datasetOf } from './evaluateFixtures.ts'

const width = 6
const bytes = Uint8Array.from({ length: 60 * width }, (_, i) => (i * 37) % 256)
const images = datasetOf(
  bytes,
  width,
  Uint8Array.from({ length: 60 }, (_, row) => row % 3),
  30,
)
const covariance = (rows: Matrix): Matrix => {
  const mean = means(rows),
    centred = rows.map((row) => row.map((value, j) => value - mean[j]!))
  return times(transpose(centred), centred).map((row) => row.map((value) => value / rows.length))
}

test('a chain with a fixed seed repeats, is the same in parts, and differs with another seed; corruption and draws change it', async () => {
  const config = configOf('denoising', { network: { layers: [5, 3] } }, 'image')
  const subject = subjectOf('denoising', config, weightsFor('denoising', config, width), images)
  const chain = (more: object) => ask(subject, { kind: 'chain', start: { row: 4 }, chains: 3, steps: 12, ...more })
  const first = await chain({}),
    again = await chain({}),
    other = await chain({ seed: 2 })
  assert.deepEqual(again, first)
  assert.notDeepEqual(other.last, first.last)
  assert.deepEqual(
    [[...first.shown], first.pictures.images!.count, first.step, first.walk],
    [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 39, 12, 'denoising'],
  )
  // Chains of one start go different ways: each has draws of its own.
  assert.notDeepEqual(first.last.slice(0, width), first.last.slice(width, 2 * width))

  const half = await chain({ steps: 5 })
  const rest = await chain({ start: { last: half.last, step: half.step }, steps: 7, every: 7 })
  assert.deepEqual([rest.last, rest.step, [...rest.shown]], [first.last, 12, [12]])

  const every = await chain({ every: 4 })
  const size = 3 * width
  assert.deepEqual(every.pictures.images!.pixels.slice(size, 2 * size), first.pictures.images!.pixels.slice(4 * size, 5 * size))

  // Without corruption it is the network, again and again.
  const plain = await chain({ corruption: { kind: 'none', level: 0 }, steps: 1 })
  const rebuilt = await ask(subject, { kind: 'reconstructions', rows: { rows: [4] } })
  assert.deepEqual(plain.pictures.images!.pixels.slice(size, size + width), rebuilt.reconstructions.images!.pixels)
  assert.equal(
    plain.sentence,
    'In each step the input is encoded and decoded. Nothing is drawn, so all chains are the same; choose a noise to see them part.',
  )
  const alone = await chain({ corruption: { kind: 'none', level: 0 }, steps: 1, chains: 1 })
  assert.equal(alone.sentence, 'In each step the input is encoded and decoded.')

  // With draws what goes on is 0 or 1, with the shown means as probabilities.
  const drawn = await ask(subject, {
    kind: 'chain',
    start: { row: 4 },
    chains: 64,
    steps: 1,
    corruption: { kind: 'none', level: 0 },
    sampled: true,
  })
  assert.ok(drawn.last.every((value) => value === 0 || value === 1))
  const mean = means(rowsOf(drawn.last, width)),
    shown = drawn.pictures.images!.pixels.slice(64 * width, 65 * width)
  mean.forEach((value, pixel) =>
    assert.ok(
      Math.abs(value - shown[pixel]! / 255) < 4.5 * Math.sqrt(0.25 / 64) + 0.005,
      `pixel ${pixel}: ${value} of ${shown[pixel]! / 255}`,
    ),
  )
  subject.close()
})

test('the chain of a Boltzmann machine visits states as often as its distribution says', async () => {
  const config = configOf('rbm', { network: { layers: [2] } }, 'image')
  // Strong and unlike one another: hidden units that were not drawn would lead elsewhere.
  const weights = {
    'encoder/0/kernel': Float32Array.of(3, -2, 2.5, -3, -2, 3),
    'encoder/0/bias': Float32Array.of(-1.5, -1.5),
    'decoder/0/bias': Float32Array.of(-1, -0.5, -1.2),
  }
  const subject = subjectOf(
    'rbm',
    config,
    weights,
    datasetOf(
      Uint8Array.from({ length: 30 }, (_, i) => (i % 2) * 255),
      3,
      null,
      5,
    ),
  )
  const chains = 64,
    steps = 240
  const { last, walk, shown, pictures } = await ask(subject, {
    kind: 'chain',
    start: { noise: 'uniform' },
    chains,
    steps,
    every: 240,
  })
  assert.deepEqual([walk, [...shown], pictures.images!.count], ['gibbs', [0, 240], 2 * chains])
  assert.ok(last.every((value) => value === 0 || value === 1))
  // Many states: every third of a long run of all chains.
  const counts = new Map<string, number>()
  let state = last,
    step = steps,
    total = 0
  for (let part = 0; part < 150; part++) {
    const next = await ask(subject, { kind: 'chain', start: { last: state, step }, steps: 3, every: 3 })
    state = next.last
    step = next.step
    for (let chain = 0; chain < chains; chain++) {
      const key = state.slice(3 * chain, 3 * chain + 3).join('')
      counts.set(key, (counts.get(key) ?? 0) + 1)
      total++
    }
  }
  const kernel = rowsOf(weights['encoder/0/kernel']!, 2),
    b = weights['decoder/0/bias']!,
    c = weights['encoder/0/bias']!
  const all = Array.from({ length: 8 }, (_, i) => [i >> 2, (i >> 1) & 1, i & 1])
  const unnormalised = all.map(
    (v) =>
      Math.exp(v.reduce((sum, value, i) => sum + value * b[i]!, 0)) *
      [0, 1].reduce(
        (product, j) => product * (1 + Math.exp(c[j]! + v.reduce((sum, value, i) => sum + value * kernel[i]![j]!, 0))),
        1,
      ),
  )
  const sum = unnormalised.reduce((a, value) => a + value, 0)
  all.forEach((v, i) => {
    const expected = unnormalised[i]! / sum
    // Successive states of a chain depend on each other: a fifth of them counts as independent.
    assert.ok(
      Math.abs((counts.get(v.join('')) ?? 0) / total - expected) < 4 * Math.sqrt(expected / (total / 5)),
      `${v.join('')}: ${(counts.get(v.join('')) ?? 0) / total} of ${expected}`,
    )
  })
  subject.close()
})

test('a corrupted row is the same among any others and in any run; each noise is what it says', async () => {
  const config = configOf('classical', { network: { layers: [4] } }, 'image')
  const flat = datasetOf(new Uint8Array(40 * 400).fill(128), 400, null, 20)
  const subjects = [1, 2].map((seed) => subjectOf('classical', config, weightsFor('classical', config, 400, seed), flat))
  const look = async (
    subject: (typeof subjects)[number],
    rows: number[],
    kind: 'masking' | 'saltAndPepper' | 'gaussian',
    level: number,
  ) => (await ask(subject, { kind: 'reconstructions', rows: { rows }, corruption: { kind, level } })).corrupted!.images!.pixels
  for (const kind of ['masking', 'saltAndPepper', 'gaussian'] as const) {
    const several = await look(subjects[0]!, [3, 9, 20, 33], kind, 0.3),
      alone = await look(subjects[1]!, [20], kind, 0.3)
    assert.deepEqual(alone, several.slice(800, 1200))
    assert.notDeepEqual(several.slice(0, 400), several.slice(400, 800))
    const share = (value: number) => several.filter((each) => each === value).length / several.length
    if (kind === 'masking') assert.ok(Math.abs(share(0) - 0.3) < 0.05 && Math.abs(share(128) - 0.7) < 0.05)
    if (kind === 'saltAndPepper') assert.ok(Math.abs(share(0) - 0.15) < 0.04 && Math.abs(share(255) - 0.15) < 0.04)
    // Pictures end at black and white.
    if (kind === 'gaussian')
      assert.ok(
        Math.abs(Math.sqrt(several.reduce((sum, value) => sum + ((value - 128) / 255) ** 2, 0) / several.length) - 0.275) < 0.03,
      )
  }
  // What more corruption takes away begins with what less takes.
  const [less, more] = [await look(subjects[0]!, [5], 'masking', 0.2), await look(subjects[0]!, [5], 'masking', 0.5)]
  assert.ok(less.every((value, i) => value > 0 || more[i] === 0))
  const { squaredErrors, difference, originals, reconstructions } = await ask(subjects[0]!, {
    kind: 'reconstructions',
    rows: { offset: 2, count: 3 },
  })
  assert.equal(squaredErrors.length, 3)
  difference.images!.pixels.forEach((value, i) =>
    assert.ok(Math.abs(value - (127.5 + (reconstructions.images!.pixels[i]! - originals.images!.pixels[i]!) / 2)) <= 1),
  )
  subjects.forEach((subject) => subject.close())
})

test('a Gaussian and a mixture that are fitted to codes have their moments; the likelihood of a mixture never falls', async () => {
  const normal = normals(random('mixture of the test', 1))
  const centres = [
      [4, 0],
      [-3, 3],
      [0, -5],
    ],
    scales = [
      [1, 0.2],
      [0.5, 1.5],
      [1, 1],
    ],
    counts = [900, 600, 300]
  const rows = centres.flatMap((centre, k) =>
    Array.from({ length: counts[k]! }, () => centre.map((value, j) => value + scales[k]![j]! * normal())),
  )
  const codes = tf.tensor2d(rows)
  const [one] = fitNormal(codes)
  assert.ok(largest([[...one!.mean].map((value, j) => value - means(rows)[j]!)]) < 1e-5)
  const triangle = rowsOf(one!.triangle, 2),
    exact = covariance(rows)
  assert.ok(largest(plus(times(triangle, transpose(triangle)), exact, -1)) < 2e-3, 'but for the ridge')

  const likelihoods: number[] = []
  const fitted = await fitMixture(codes, 3, 1, async (_, likelihood) => {
    likelihoods.push(likelihood)
  })
  likelihoods
    .slice(1)
    .forEach((value, i) => assert.ok(value >= likelihoods[i]! - 1e-4, `it fell from ${likelihoods[i]} to ${value}`))
  assert.ok(likelihoods.length > 2)
  const found = fitted.toSorted((a, b) => b.weight - a.weight)
  found.forEach(({ weight, mean, triangle: own }, k) => {
    assert.ok(Math.abs(weight - counts[k]! / 1800) < 0.02, `weight ${weight}`)
    mean.forEach((value, j) => assert.ok(Math.abs(value - centres[k]![j]!) < 0.25))
    const matrix = rowsOf(own, 2)
    times(matrix, transpose(matrix)).forEach((row, j) => assert.ok(Math.abs(Math.sqrt(row[j]!) - scales[k]![j]!) < 0.15))
  })
  // The reported mean log likelihood is that of the densities before the last update, within what that update gained.
  const density = (x: number[]) =>
    fitted.reduce((sum, { weight, mean, triangle: own }) => {
      const [a, , c, d] = [own[0]!, own[1]!, own[2]!, own[3]!],
        u = (x[0]! - mean[0]!) / a,
        v = (x[1]! - mean[1]! - c * u) / d
      return sum + (weight * Math.exp(-(u * u + v * v) / 2)) / (2 * Math.PI * a * d)
    }, 0)
  const after = rows.reduce((sum, row) => sum + Math.log(density(row)), 0) / rows.length
  assert.ok(Math.abs(after - likelihoods.at(-1)!) < 1e-3, `${after} and ${likelihoods.at(-1)}`)

  const drawn = rowsOf(drawCodes(fitted, 20_000, 1), 2)
  assert.ok(largest(plus([means(drawn)], [means(rows)], -1)) < 0.12 && largest(plus(covariance(drawn), exact, -1)) < 0.5)
  assert.deepEqual(drawCodes(fitted, 10, 3), drawCodes(fitted, 10, 3))
  assert.notDeepEqual(drawCodes(fitted, 10, 3), drawCodes(fitted, 10, 4))
  codes.dispose()
})

test('new images come from the prior of a variational network and from what is fitted to the codes of others, and it is said', async () => {
  const variational = configOf('variational', { network: { layers: [5, 3] } }, 'image')
  const prior = subjectOf('variational', variational, weightsFor('variational', variational, width), images)
  const made = await ask(prior, { kind: 'generate', count: 400 })
  assert.equal(made.from, 'prior')
  assert.match(made.sentence, /^Codes are drawn from the prior, a standard normal distribution\./)
  const codes = rowsOf(made.codes, 3)
  assert.ok(
    largest([means(codes)]) < 0.2 &&
      largest(
        plus(
          covariance(codes),
          [
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
          ],
          -1,
        ),
      ) < 0.25,
  )
  const decoded = await ask(prior, { kind: 'decode', coordinates: made.codes.slice(0, 30) })
  assert.deepEqual(decoded.pictures.images!.pixels, made.pictures.images!.pixels.slice(0, 10 * width))
  const sampled = await ask(prior, { kind: 'generate', count: 400, sampled: true })
  assert.ok(sampled.pictures.images!.pixels.every((value) => value === 0 || value === 255))
  assert.deepEqual(sampled.codes, made.codes)

  const config = configOf('sparseKl', { network: { layers: [4] } }, 'image')
  const other = subjectOf('sparseKl', config, weightsFor('sparseKl', config, width), images)
  const fitted = await ask(other, { kind: 'generate', count: 100 })
  assert.equal(fitted.from, 'gaussian')
  assert.match(
    fitted.sentence,
    /fitted to 27 codes of training images, kept within \[0, 1\]; this network was not trained to make them so\./,
  )
  assert.ok(fitted.codes.every((value) => value >= 0 && value <= 1))
  assert.match(
    (await ask(other, { kind: 'generate', from: 'mixture', components: 2 })).sentence,
    /a mixture of 2 normal distributions/,
  )
  await assert.rejects(ask(other, { kind: 'generate', from: 'prior' }), {
    code: 'QUESTION_UNSUITABLE',
    message: /not trained against a prior.*Gaussian or a mixture/,
  })

  const sliders = await ask(prior, { kind: 'traverse', image: { row: 3 }, units: [2, 0], steps: 3 })
  assert.deepEqual(
    [[...sliders.units], [...sliders.values]],
    [
      [2, 0],
      [-3, 0, 3, -3, 0, 3],
    ],
  )
  const changed = sliders.base.slice()
  changed[2] = 3
  const at = await ask(prior, { kind: 'decode', coordinates: changed })
  assert.deepEqual(at.pictures.images!.pixels, sliders.pictures.images!.pixels.slice(2 * width, 3 * width))
  await assert.rejects(ask(prior, { kind: 'traverse', units: [3] }), {
    code: 'QUESTION_UNSUITABLE',
    message: /no unit 3 in a code of 3/,
  })
  for (const subject of [prior, other]) subject.close()
})

test('a learned Gaussian decoder is drawn from with its own deviations, a squared-error one with that of its errors', async () => {
  const reals = datasetOf(normalNumbers(60 * width, 1), width, null, 30)
  const config = configOf('variational', { network: { layers: [4, 2] } }, 'vector')
  const learned = subjectOf('variational', config, weightsFor('variational', config, width), reals)
  assert.deepEqual((await ask(learned, { kind: 'generate' })).distribution, { kind: 'gaussian', deviation: null })
  const plain = configOf('classical', { network: { layers: [3] } }, 'vector')
  const subject = subjectOf('classical', plain, weightsFor('classical', plain, width), reals)
  const { distribution } = await ask(subject, { kind: 'chain', start: { row: 1 }, steps: 1, sampled: true })
  const { squaredErrors } = await ask(subject, { kind: 'reconstructions', rows: { offset: 0, count: 30 } })
  assert.equal(distribution.kind, 'gaussian')
  assert.ok(
    Math.abs(distribution.deviation! - Math.sqrt(squaredErrors.reduce((sum, value) => sum + value, 0) / (30 * width))) < 1e-5,
  )
  for (const each of [learned, subject]) each.close()
})
