import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import { readSafetensors, writeSafetensors, type NamedTensor } from '../../src/main/engine/checkpoint/safetensors.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { logMeanExp, logPriorRatio, sampled, standardNormalDivergence } from '../../src/main/engine/network/probability.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import { computeObjective } from '../../src/main/engine/jobs/objective.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { weightsOf } from '../../src/main/engine/variants/variant.ts'
import { configSchema, type Settings } from '../../src/shared/config.ts'
import { configOf } from '../../src/main/engine/store/lenient.ts'
import { facts } from '../fixtures/everySetting.ts'
import { importDigits } from '../fixtures/tinyDataset.ts'
import { trainHere } from '../fixtures/trainHere.ts'

const folder = mkdtempSync(join(tmpdir(), 'bound-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const B = 4,
  D = 6,
  Z = 3
const source = random('bound test')
const uniform = () => source.next() / 2 ** 32
const values = (shape: number[], scale: number, shift = 0): NamedTensor => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (uniform() - 0.5) * scale + shift),
})

type Weights64 = Record<string, { shape: number[]; data: Float64Array }>
const affine = (row: number[], weights: Weights64, layer: string) => {
  const kernel = weights[`${layer}/kernel`]!,
    bias = weights[`${layer}/bias`]!.data
  return Array.from(bias, (b, j) => row.reduce((sum, value, i) => sum + value * kernel.data[i * bias.length + j]!, b))
}

/** The bound's negative in float64 and plain loops, at given draws: an implementation that shares nothing with the product's. */
function bound64(
  kind: 'variational' | 'iwae',
  decoder: string,
  klWeight: number,
  weights: Weights64,
  x: number[][],
  epsilon: number[][][],
): number {
  let total = 0
  const sigmoids = (z: number[]) =>
    affine(
      affine(z, weights, 'decoder/0').map((value) => Math.max(0, value)),
      weights,
      'decoder/mean',
    ).map((value) => 1 / (1 + Math.exp(-value)))
  // One variance for all values of all draws: the most likely one.
  const errors =
    decoder === 'sharedGaussian' ? x.flatMap((row, n) => drawnOf(row, n).flatMap((z) => errorsOf(row, sigmoids(z)))) : [1]
  const shared = Math.log(errors.reduce((sum, value) => sum + value, 0) / errors.length)
  function drawnOf(row: number[], n: number): number[][] {
    const hidden = affine(row, weights, 'encoder/0').map((value) => Math.max(0, value))
    const [mean, logVariance] = [affine(hidden, weights, 'encoder/mean'), affine(hidden, weights, 'encoder/logVariance')]
    return epsilon.map((draws) => mean.map((mu, j) => mu + Math.exp(logVariance[j]! / 2) * draws[n]![j]!))
  }
  function errorsOf(row: number[], means: number[]): number[] {
    return means.map((value, d) => (row[d]! - value) ** 2)
  }
  x.forEach((row, n) => {
    const hidden = affine(row, weights, 'encoder/0').map((value) => Math.max(0, value))
    const mean = affine(hidden, weights, 'encoder/mean'),
      logVariance = affine(hidden, weights, 'encoder/logVariance')
    const kl = mean.reduce((sum, mu, j) => sum - 0.5 * (1 + logVariance[j]! - mu * mu - Math.exp(logVariance[j]!)), 0)
    const logWeights = epsilon.map((draws) => {
      const eps = draws[n]!
      const z = mean.map((mu, j) => mu + Math.exp(logVariance[j]! / 2) * eps[j]!)
      const back = affine(z, weights, 'decoder/0').map((value) => Math.max(0, value))
      let logP = 0
      if (decoder === 'bernoulli') {
        affine(back, weights, 'decoder/logits').forEach((logit, d) => {
          const p = 1 / (1 + Math.exp(-logit))
          logP += row[d]! * Math.log(p) + (1 - row[d]!) * Math.log(1 - p)
        })
      } else {
        const mu = sigmoids(z)
        const lv =
          decoder === 'gaussian'
            ? affine(back, weights, 'decoder/logVariance').map((value) => Math.min(7, Math.max(-7, value)))
            : mu.map(() => shared)
        mu.forEach((value, d) => {
          logP -= 0.5 * (Math.log(2 * Math.PI) + lv[d]! + (row[d]! - value) ** 2 / Math.exp(lv[d]!))
        })
      }
      const logPrior = z.reduce((sum, value) => sum - 0.5 * (Math.log(2 * Math.PI) + value * value), 0)
      const logQ = z.reduce(
        (sum, value, j) =>
          sum - 0.5 * (Math.log(2 * Math.PI) + logVariance[j]! + (value - mean[j]!) ** 2 / Math.exp(logVariance[j]!)),
        0,
      )
      return { logP, logW: logP + logPrior - logQ }
    })
    if (kind === 'variational') total += -logWeights.reduce((sum, { logP }) => sum + logP, 0) / epsilon.length + klWeight * kl
    else total -= Math.log(logWeights.reduce((sum, { logW }) => sum + Math.exp(logW), 0) / epsilon.length)
  })
  return total / x.length
}

const cases: [string, Settings, number][] = [
  ...(['bernoulli', 'gaussian', 'sharedGaussian', 'fixedGaussian'] as const).map((decoder): [string, Settings, number] => [
    'variational',
    { decoder, samples: 2, klWeight: 0.7 },
    0.7,
  ]),
  ['betaVae', { samples: 1, warmupEpochs: 3 }, 4],
  ...(['bernoulli', 'gaussian', 'sharedGaussian'] as const).map((decoder): [string, Settings, number] => [
    'iwae',
    { decoder, samples: 4 },
    1,
  ]),
]

for (const [variant, regularizer, klWeight] of cases) {
  test(`${variant} ${JSON.stringify(regularizer)}: the bound and its gradients are those of the formulas in float64`, () => {
    const { config, problems } = resolveConfig(variant, { network: { layers: [5, Z] }, regularizer })
    assert.deepEqual(problems, [])
    const samples = config!.regularizer['samples'] as number
    const weights = Object.fromEntries(
      weightsOf(variantOf(variant), config!, vectorOf(D)).map(({ name, shape }) => [name, values(shape, 1.4)]),
    )
    const x = values([B, D], 1, 0.5),
      epsilon = values([samples, B, Z], 3)
    const [input, out] = [join(folder, 'in.safetensors'), join(folder, 'out.safetensors')]
    writeSafetensors(input, { tensors: { ...weights, x, epsilon }, metadata: {} })
    const result = computeObjective({ kind: 'objective', variant, config: config!, in: input, out })

    const wide: Weights64 = Object.fromEntries(
      Object.entries(weights).map(([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }]),
    )
    const rows = Array.from({ length: B }, (_, n) => Array.from(x.data.subarray(n * D, (n + 1) * D)))
    const draws = Array.from({ length: samples }, (_, k) =>
      Array.from({ length: B }, (_, n) => Array.from(epsilon.data.subarray((k * B + n) * Z, (k * B + n + 1) * Z))),
    )
    const loss = () =>
      bound64(variant === 'iwae' ? 'iwae' : 'variational', config!.regularizer['decoder'] as string, klWeight, wide, rows, draws)
    const expected = loss()
    assert.ok(Math.abs(result.loss - expected) <= 1e-4 * Math.abs(expected), `${result.loss}, expected ${expected}`)
    assert.ok(Math.abs(Object.values(result.terms).reduce((sum, term) => sum + term, 0) - result.loss) < 1e-4 * Math.abs(expected))
    const gradients = readSafetensors(out).tensors
    assert.deepEqual(Object.keys(gradients).toSorted(), Object.keys(weights).toSorted())
    for (const [name, { data }] of Object.entries(wide)) {
      const wanted = data.map((value, index) => {
        data[index] = value + 1e-6
        const above = loss()
        data[index] = value - 1e-6
        const below = loss()
        data[index] = value
        return (above - below) / 2e-6
      })
      const largest = wanted.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0)
      wanted.forEach((entry, index) =>
        assert.ok(
          Math.abs(gradients[name]!.data[index]! - entry) <= 1e-4 * Math.abs(entry) + 2e-5 * largest + 1e-5,
          `gradient of ${name}[${index}]: ${gradients[name]!.data[index]}, expected ${entry}`,
        ),
      )
    }
  })
}

test('a log variance far out of range does not decide the divergence: of a trained network it is kept in [-20, 7]', () => {
  const settings = { 'network.layers': [Z], 'regularizer.decoder': 'fixedGaussian' }
  const { config } = resolveConfig('variational', settings, { rowSize: D, trainCount: 100, kind: 'vector' })
  const model = new CompiledModel({ variant: variantOf('variational'), config: config!, input: vectorOf(D), kind: 'vector' })
  const x = tf.ones([B, D]) as Tensor2D
  for (const [given, kept] of [
    [-3, -3],
    [6.9, 6.9],
    [14, 7],
    [-60, -20],
  ] as const) {
    model.load({
      'encoder/logVariance/bias': new Float32Array(Z).fill(given),
      'encoder/mean/bias': new Float32Array(Z).fill(0.5),
    })
    const { mean, logVariance } = model.latent!.posterior(x)
    const divergence = standardNormalDivergence(mean, logVariance).dataSync()
    const closed = (0.5 ** 2 + Math.exp(kept) - 1 - kept) / 2
    for (const value of divergence) assert.ok(Math.abs(value - closed) < 1e-4 * closed, `${given}: ${value} for ${closed}`)
  }
  model.close()
})

test('in training, too, unless it was begun without: beyond its range it has no gradient, and within it the formulas are the same', () => {
  const ask = (given: number, range: Settings) => {
    const settings = { 'network.layers': [Z], 'regularizer.decoder': 'fixedGaussian', ...range }
    const { config } = resolveConfig('variational', settings, { rowSize: D, kind: 'vector' })
    const weights = Object.fromEntries(
      weightsOf(variantOf('variational'), config!, vectorOf(D)).map(({ name, shape }) => [name, values(shape, 0)]),
    )
    weights['encoder/logVariance/bias']!.data.fill(given)
    weights['encoder/mean/bias']!.data.fill(0.5)
    const [input, out] = [join(folder, 'range.safetensors'), join(folder, 'gradients.safetensors')]
    const x = { shape: [B, D], data: new Float32Array(B * D).fill(1) }
    writeSafetensors(input, { tensors: { ...weights, x, epsilon: values([1, B, Z], 0) }, metadata: {} })
    const { terms } = computeObjective({ kind: 'objective', variant: 'variational', config: config!, in: input, out })
    return { kl: terms['kl']!, slope: readSafetensors(out).tensors['encoder/logVariance/bias']!.data[0]! }
  }
  const near = (found: number, wanted: number, what: string) =>
    assert.ok(Math.abs(found - wanted) <= 1e-4 * Math.abs(wanted), `${what}: ${found} for ${wanted}`)
  const kl = (logVariance: number) => (Z * (0.5 ** 2 + Math.exp(logVariance) - 1 - logVariance)) / 2
  const slope = (logVariance: number) => (Math.exp(logVariance) - 1) / 2
  for (const [given, kept] of [
    [-3, -3],
    [6.9, 6.9],
    [14, 7],
    [-60, -20],
  ] as const) {
    const clamped = ask(given, {}),
      free = ask(given, { 'regularizer.logVariance': 'free' })
    near(clamped.kl, kl(kept), `${given}`)
    near(clamped.slope, given === kept ? slope(given) : 0, `slope at ${given}`)
    near(free.kl, kl(given), `free ${given}`)
    near(free.slope, slope(given), `free slope at ${given}`)
    if (given === kept) assert.deepEqual(clamped, free)
  }
})

test('a run that diverges by its log variances trains on where they are clamped, as all new ones are', async () => {
  const datasetFolder = await importDigits(folder)
  const settings = { 'network.layers': [16, 4], 'training.epochs': 6, 'training.batchSize': 16, 'training.learningRate': 15 }
  const train = (more: Settings) => {
    const { config, problems } = resolveConfig('variational', { ...settings, 'regularizer.decoder': 'bernoulli', ...more }, facts)
    assert.deepEqual(problems, [])
    const runFolder = mkdtempSync(join(folder, 'run-'))
    return trainHere({
      kind: 'train',
      runId: 'r',
      runFolder,
      datasetFolder,
      variant: 'variational',
      config: config!,
      seed: 2,
      resume: false,
    })
  }
  await assert.rejects(train({ 'regularizer.logVariance': 'free' }), /no longer a finite number/)
  const { points } = await train({})
  const losses = points.flatMap(({ key, value }) => (key === 'validation/loss' ? [value] : []))
  assert.equal(losses.length, 6)
  assert.ok(losses.at(-1)! < losses[0]! / 4, losses.join(' '))
})

test('a run of before log variances were clamped goes on without', () => {
  for (const variant of ['variational', 'betaVae', 'iwae']) {
    const { config } = resolveConfig(variant, { 'network.layers': [Z] }, facts)
    const { logVariance, ...regularizer } = config!.regularizer
    assert.equal(logVariance, 'clamped')
    const stored = { ...config!, regularizer }
    assert.equal(configSchema.parse(stored).regularizer['logVariance'], 'free')
    assert.equal(configOf(JSON.stringify({ ...stored, more: 1 })).config.regularizer['logVariance'], 'free')
  }
})

test('the closed form of the divergence is what sampling gives', () => {
  const mean = tf.tensor2d([[0.4, -1.2, 0]]),
    logVariance = tf.tensor2d([[-0.5, 0.3, 0]])
  const closed = standardNormalDivergence(mean, logVariance).dataSync()
  const epsilon = tf.randomNormal([200_000, 1, 3], 0, 1, 'float32', 5)
  const z = sampled(mean, logVariance, epsilon)
  // E_q [log q(z|x) - log p(z)]; the constants of the two densities cancel.
  const estimate = z
    .square()
    .sub(epsilon.reshape([200_000, 3]).square())
    .sub(logVariance)
    .mul(0.5)
    .mean(0)
  estimate
    .dataSync()
    .forEach((value, unit) =>
      assert.ok(Math.abs(value - closed[unit]!) < 0.02, `unit ${unit}: ${value} by sampling, ${closed[unit]} closed`),
    )
  assert.ok(Math.abs(closed[2]!) < 1e-7, 'it is 0 at the prior')
})

test(
  'on a linear-Gaussian model the importance weights of the exact ' +
    'posterior are all p(x): log p(x) = ELBO + KL(q || posterior)',
  () => {
    // x = w z + noise of variance 1, z standard normal, one unit and one pixel: p(x) = N(0, w^2 + 1), posterior N(w x / (w^2 + 1),
    // 1 / (w^2 + 1)).
    const w = 1.7,
      x = 0.8,
      variance = w * w + 1
    const logP = -0.5 * (Math.log(2 * Math.PI * variance) + (x * x) / variance)
    const conditional = (z: Tensor2D) =>
      z
        .mul(-w)
        .add(x)
        .square()
        .add(Math.log(2 * Math.PI))
        .sum(1)
        .mul(-0.5)
    const epsilon = tf.randomNormal([64, 1, 1], 0, 1, 'float32', 3)
    const exact = { mean: tf.tensor2d([[(w * x) / variance]]), logVariance: tf.tensor2d([[-Math.log(variance)]]) }
    const z = sampled(exact.mean, exact.logVariance, epsilon)
    const logWeights = conditional(z).add(logPriorRatio({ logVariance: exact.logVariance, epsilon, z }))
    for (const value of logWeights.dataSync()) assert.ok(Math.abs(value - logP) < 1e-5, `${value}, log p(x) = ${logP}`)
    assert.ok(Math.abs(logMeanExp(logWeights.reshape([64, 1])).dataSync()[0]! - logP) < 1e-5)

    // For any other q the gap of the bound is KL(q || posterior), in closed form.
    const q = { mean: tf.tensor2d([[0.1]]), logVariance: tf.tensor2d([[-0.4]]) }
    const draws = tf.randomNormal([400_000, 1, 1], 0, 1, 'float32', 9)
    const elbo =
      conditional(sampled(q.mean, q.logVariance, draws))
        .mean()
        .dataSync()[0]! - standardNormalDivergence(q.mean, q.logVariance).sum().dataSync()[0]!
    const [m, s2] = [0.1, Math.exp(-0.4)],
      [pm, pv] = [(w * x) / variance, 1 / variance]
    const gap = 0.5 * (Math.log(pv / s2) + (s2 + (m - pm) ** 2) / pv - 1)
    assert.ok(Math.abs(elbo + gap - logP) < 0.02, `${elbo} + ${gap} = ${elbo + gap}, log p(x) = ${logP}`)
  },
)
