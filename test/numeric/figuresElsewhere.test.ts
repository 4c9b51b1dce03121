import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { estimate, holm, pairedDifference } from '../../src/main/engine/compare/statistics.ts'
import { evaluate } from '../../src/main/engine/evaluate/evaluate.ts'
import type { Latent } from '../../src/main/engine/evaluate/model.ts'
import { planeThrough } from '../../src/main/engine/explore/manifold.ts'
import { logLikelihood } from '../../src/main/engine/network/probability.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { ask, configOf, subjectOf, weightsFor } from '../fixtures/explored.ts'
import { datasetOf, modelOf } from './evaluateFixtures.ts'

/** Figures of evaluations and comparisons by NumPy, SciPy and scikit-learn (bench/figures/figures.py), beside the workbench's own. */
const elsewhere = JSON.parse(readFileSync(new URL('../fixtures/figures.json', import.meta.url), 'utf8')) as {
  data: { pixels: number[]; labels: number[]; train: number; size: number }
  encoder: { kernel: number[]; bias: number[] }
  linearProbeAccuracy: number
  knnAccuracy: number
  agreement: { count: number; metric: 'euclidean' | 'cosine'; code: number; pixels: number }[]
  explained: number[]
  linear: {
    decoder: { kernel: number[][]; bias: number[] }
    models: { kernel: number[][]; bias: number[]; logVariance: number[]; elbo: number; kl: number; logEvidence: number }[]
  }
  compared: {
    values: number[][]
    means: { mean: number; low: number; high: number }[]
    differences: { mean: number; low: number; high: number; p: number; corrected: number }[]
  }
}
const { data, encoder } = elsewhere
const dataset = datasetOf(Uint8Array.from(data.pixels), data.size, data.labels, data.train)
const codeSize = encoder.bias.length
const affine = (x: Tensor2D, kernel: readonly number[], bias: readonly number[]): Tensor2D =>
  tf.tidy(() => tf.matMul(x, tf.tensor2d([...kernel], [data.size, bias.length])).add<Tensor2D>(tf.tensor1d([...bias])))
const near = (found: number | null | undefined, wanted: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(found! - wanted) <= tolerance * Math.max(1, Math.abs(wanted)), `${what}: ${found} for ${wanted}`)
const anything = [-Infinity, Infinity] as const

test('a linear probe and five neighbours are as right about codes as those of scikit-learn', async () => {
  const model = modelOf(
    data.size,
    codeSize,
    (x) => affine(x, encoder.kernel, encoder.bias),
    (x) => x.clone(),
  )
  const figures = await evaluate({ model, dataset, train: dataset.train, outputRange: anything })
  assert.equal(figures.linearProbeAccuracy, elsewhere.linearProbeAccuracy)
  assert.equal(figures.knnAccuracy, elsewhere.knnAccuracy)
})

test('neighbours agree with classes as often as those of scikit-learn, for any number of them', async () => {
  const config = configOf('classical', { network: { layers: [codeSize] } }, 'image')
  const weights = {
    ...weightsFor('classical', config, data.size),
    'encoder/0/kernel': Float32Array.from(encoder.kernel),
    'encoder/0/bias': Float32Array.from(encoder.bias),
  }
  const subject = subjectOf('classical', config, weights, dataset)
  for (const { count, metric, code, pixels } of elsewhere.agreement) {
    const found = await ask(subject, { kind: 'agreement', count, metric, among: 'train' })
    near(found.code, code, 1e-9, `${count} codes, ${metric}`)
    near(found.pixels, pixels, 1e-9, `${count} images, ${metric}`)
  }
  subject.close()
})

test('principal components explain of codes what those of scikit-learn do', async () => {
  const inputs = tf.tensor2d(
    data.pixels.map((value) => value / 255),
    [dataset.count, data.size],
  )
  const codes = affine(inputs, encoder.kernel, encoder.bias).dataSync<'float32'>()
  const { explained } = await planeThrough(codes.slice(), codeSize, 2, async () => {})
  explained.forEach((share, axis) => near(share, elsewhere.explained[axis]!, 1e-5, `axis ${axis}`))
})

test('the bound, its divergence and the evidence of a linear decoder are their closed forms', async () => {
  const { decoder, models } = elsewhere.linear
  for (const { kernel, bias, logVariance, ...wanted } of models) {
    const mean = (x: Tensor2D) => affine(x, kernel.flat(), bias)
    const decode = (z: Tensor2D) =>
      tf.tidy(() => tf.matMul(z, tf.tensor2d(decoder.kernel)).add<Tensor2D>(tf.tensor1d(decoder.bias)))
    const latent: Latent = {
      likelihood: 'fixedGaussian',
      posterior: (x) => ({
        mean: mean(x),
        logVariance: tf.tidy(() => tf.zerosLike(mean(x)).add<Tensor2D>(tf.tensor1d(logVariance))),
      }),
      logLikelihood: (x, z) => tf.tidy(() => logLikelihood.fixedGaussian(x, decode(z))),
      outgoing: () => decoder.kernel.map((row) => Math.hypot(...row)),
    }
    const model = { ...modelOf(data.size, bias.length, mean, (x) => tf.tidy(() => decode(mean(x)))), latent }
    const found = await evaluate({ model, dataset, train: dataset.train, outputRange: anything })
    near(found.kl, wanted.kl, 1e-5, 'KL')
    // Within what its draws leave open.
    assert.ok(Math.abs(found.elbo! - wanted.elbo) < 4 * found.elboError!, `${found.elbo} ± ${found.elboError} for ${wanted.elbo}`)
    // By the exact posterior every importance weight is the evidence; by one that is off they vary a little.
    near(
      found.logLikelihood,
      wanted.logEvidence,
      Math.abs(wanted.elbo - wanted.logEvidence) < 1e-9 ? 1e-4 : 0.005,
      'log likelihood',
    )
  }
})

test('intervals, paired differences and their correction are those of SciPy', () => {
  const { values, means, differences } = elsewhere.compared
  values.forEach((one, index) => {
    const found = estimate(one)!
    for (const key of ['mean', 'low', 'high'] as const) near(found[key], means[index]![key], 1e-12, `${key} of ${index}`)
  })
  const found = values.slice(1).map((one) => pairedDifference(one.map((value, seed) => [value, values[0]![seed]!] as const))!)
  const corrected = holm(found.map(({ p }) => p))
  found.forEach((one, index) => {
    for (const key of ['mean', 'low', 'high', 'p'] as const) near(one[key], differences[index]![key], 1e-10, `${key} of ${index}`)
    near(corrected[index], differences[index]!.corrected, 1e-10, `corrected of ${index}`)
  })
})
