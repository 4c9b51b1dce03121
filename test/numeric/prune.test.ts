import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import { readCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { withoutUnits } from '../../src/main/engine/network/prune.ts'
import { readersOf } from '../../src/main/engine/network/readers.ts'
import { headsOf, layersOf } from '../../src/main/engine/network/weights.ts'
import { tf, type Tensor, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { likelihoodOf, weightsOf } from '../../src/main/engine/variants/variant.ts'
import type { Config, Settings } from '../../src/shared/config.ts'
import { digits } from '../fixtures/digits.ts'
import { importRows } from '../fixtures/tinyDataset.ts'
import { evaluateHere, pruneHere, trainHere } from '../fixtures/trainHere.ts'

const home = mkdtempSync(join(tmpdir(), 'prune-'))
after(() => rmSync(home, { recursive: true, force: true }))
const source = random('prune test')
const uniform = () => source.next() / 2 ** 32
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
const draw = (count: number, scale = 1) => Float32Array.from({ length: count }, () => scale * normal())

const D = 20,
  Z = 6,
  removed = [1, 4],
  kept = [0, 2, 3, 5]
const variant = variantOf('variational')
const cases: [string, Settings][] = [
  ['a hidden layer reads the code', { network: { layers: [9, Z] }, regularizer: { decoder: 'bernoulli' } }],
  ['both heads read the code', { network: { layers: [Z] }, regularizer: { decoder: 'gaussian' } }],
  [
    'kernels are normalised',
    { network: { layers: [9, 7, Z], activation: 'tanh', weightNorm: true }, regularizer: { decoder: 'fixedGaussian' } },
  ],
]

/** A network with random weights, changed by `change`, which is told whether a weight reads the code. */
function randomModel(settings: Settings, change: (name: string, shape: number[], values: Float32Array, reads: boolean) => void) {
  const { config, problems } = resolveConfig('variational', settings)
  assert.deepEqual(problems, [])
  const heads = headsOf(likelihoodOf(variant, config!))
  const readers = readersOf(layersOf(config!.network, vectorOf(D), heads)).map(({ kernel }) => kernel)
  const weights = Object.fromEntries(
    weightsOf(variant, config!, vectorOf(D)).map(({ name, shape }) => {
      const values = draw(
        shape.reduce((a, b) => a * b, 1),
        0.5,
      )
      change(name, shape, values, readers.includes(name))
      return [name, values]
    }),
  )
  return { config: config!, heads, readers, weights }
}

function compiled(config: Config, weights: Record<string, Float32Array>): CompiledModel {
  const model = new CompiledModel({ variant, config, input: vectorOf(D), kind: 'image' })
  model.load(weights)
  return model
}

/** Largest difference of two tensors' values, relative to values above 1. */
const difference = (a: Tensor, b: Tensor) => {
  const other = b.dataSync()
  assert.deepEqual(a.shape, b.shape)
  return (a.dataSync() as Float32Array).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - other[i]!) / Math.max(1, Math.abs(value))),
    0,
  )
}
const columns = (values: Tensor2D) => values.gather(tf.tensor1d(kept, 'int32'), 1)

for (const [title, settings] of cases) {
  test(`units whose outgoing weights are 0 leave nothing behind: ${title}`, () => {
    const { config, heads, readers, weights } = randomModel(settings, (_, [, outputs], values, reads) => {
      if (reads) for (const unit of removed) values.fill(0, unit * outputs!, (unit + 1) * outputs!)
    })
    assert.equal(readers.length, title.startsWith('both') ? 2 : 1)
    const pruned = withoutUnits(
      { network: config.network, input: vectorOf(D), heads, weights },
      removed,
      Array<number>(Z).fill(3.7),
    )
    assert.deepEqual(pruned.network.layers, [...config.network.layers.slice(0, -1), kept.length])
    const before = compiled(config, weights),
      after = compiled({ ...config, network: pruned.network }, pruned.weights)
    const x = tf.tensor2d(Float32Array.from({ length: 32 * D }, uniform), [32, D]),
      z = tf.tensor2d(draw(32 * Z), [32, Z])
    const q = before.latent!.posterior(x),
      p = after.latent!.posterior(x)
    const found = {
      reconstructions: difference(before.reconstruct(x), after.reconstruct(x)),
      means: difference(columns(q.mean), p.mean),
      'log variances': difference(columns(q.logVariance), p.logVariance),
      'log p(x|z)': difference(before.latent!.logLikelihood(x, z), after.latent!.logLikelihood(x, columns(z) as Tensor2D)),
    }
    for (const [what, most] of Object.entries(found)) assert.ok(most <= 1e-6, `${what} differ by ${most}`)
    assert.ok(difference(before.reconstruct(x), before.reconstruct(tf.zerosLike(x))) > 1e-2, 'the network tells inputs apart')
  })

  test(`a unit that keeps to its mean goes into the biases: ${title}`, () => {
    const { config, heads, weights } = randomModel(settings, (name, shape, values) => {
      for (const unit of removed) {
        if (name === 'encoder/mean/kernel') for (let i = 0; i < shape[0]!; i++) values[i * Z + unit] = 0
        if (name === 'encoder/mean/bias') values[unit] = unit === 1 ? 0.8 : -1.3
      }
    })
    const means = Array.from({ length: Z }, (_, unit) => (unit === 1 ? 0.8 : unit === 4 ? -1.3 : Number.NaN))
    const pruned = withoutUnits({ network: config.network, input: vectorOf(D), heads, weights }, removed, means)
    const x = tf.tensor2d(Float32Array.from({ length: 32 * D }, uniform), [32, D])
    const before = compiled(config, weights),
      after = compiled({ ...config, network: pruned.network }, pruned.weights)
    const most = difference(before.reconstruct(x), after.reconstruct(x))
    assert.ok(most <= 2e-6, `reconstructions differ by ${most}`)
    const unfolded = compiled(
      { ...config, network: pruned.network },
      withoutUnits({ network: config.network, input: vectorOf(D), heads, weights }, removed, Array<number>(Z).fill(0)).weights,
    )
    assert.ok(difference(before.reconstruct(x), unfolded.reconstruct(x)) > 1e-2, 'the units matter')
  })
}

/** Rows times a kernel plus a bias, in float64. */
const affine = (row: ArrayLike<number>, kernel: Float32Array, bias: Float32Array): Float64Array => {
  const sums = Float64Array.from(bias),
    outputs = bias.length
  for (let i = 0; i < row.length; i++) for (let j = 0; j < outputs; j++) sums[j]! += row[i]! * kernel[i * outputs + j]!
  return sums
}

/**
 * ELBO of a Bernoulli network of one hidden layer of tanh, float64 and plain loops; `noise` gives a unit's draw for an image and
 * a repetition.
 */
function elbo64(
  weights: Record<string, Float32Array>,
  rows: Float64Array[],
  repetitions: number,
  noise: (image: number, repetition: number, unit: number) => number,
) {
  const layer = (row: ArrayLike<number>, name: string) => affine(row, weights[`${name}/kernel`]!, weights[`${name}/bias`]!)
  const units = weights['encoder/mean/bias']!.length
  const kl = new Float64Array(units),
    means: Float64Array[] = [],
    deviation = new Float64Array(units)
  let reconstruction = 0
  rows.forEach((x, image) => {
    const hidden = layer(x, 'encoder/0').map(Math.tanh)
    const mean = layer(hidden, 'encoder/mean'),
      logVariance = layer(hidden, 'encoder/logVariance')
    means.push(mean)
    for (let j = 0; j < units; j++) {
      kl[j]! -= (0.5 * (1 + logVariance[j]! - mean[j]! ** 2 - Math.exp(logVariance[j]!))) / rows.length
      deviation[j]! += Math.exp(logVariance[j]! / 2) / rows.length
    }
    for (let k = 0; k < repetitions; k++) {
      const z = mean.map((value, j) => value + Math.exp(logVariance[j]! / 2) * noise(image, k, j))
      layer(layer(z, 'decoder/0').map(Math.tanh), 'decoder/logits').forEach((logit, d) => {
        reconstruction += (x[d]! * logit - Math.max(0, logit) - Math.log1p(Math.exp(-Math.abs(logit)))) / rows.length / repetitions
      })
    }
  })
  const average = (j: number) => means.reduce((sum, mean) => sum + mean[j]!, 0) / rows.length
  const meanVariance = Array.from(kl, (_, j) => means.reduce((sum, mean) => sum + (mean[j]! - average(j)) ** 2, 0) / rows.length)
  return {
    elbo: reconstruction - kl.reduce((a, b) => a + b, 0),
    kl,
    mean: Array.from(kl, (_, j) => average(j)),
    meanVariance,
    deviation,
  }
}

test(
  'a code that collapses under a heavy KL term: its units are found ' +
    'as float64 finds them, and pruning them costs less than 0.1 nats',
  async () => {
    const datasetFolder = await importRows(home, 'digits', [2000, 28, 28], digits(2000))
    const { config, problems } = resolveConfig('betaVae', {
      network: { layers: [64, 20], activation: 'tanh' },
      training: { epochs: 60, batchSize: 50, learningRate: 0.01, schedule: 'cosine' },
      regularizer: { klWeight: 6 },
    })
    assert.deepEqual(problems, [])
    const run = { runId: 'run', runFolder: join(home, 'run'), datasetFolder },
      outFolder = join(home, 'pruned')
    const { evaluation, points } = await trainHere({
      kind: 'train',
      ...run,
      variant: 'betaVae',
      config: config!,
      seed: 1,
      resume: false,
    })
    const { units, mean, meanVariance, deviation, outgoing } = evaluation.collapse!
    assert.ok(units.length >= 8 && units.length <= 16, `${units.length} of 20 collapsed`)
    // The series of the units end near what the evaluation finds, and add up to the term.
    const last = (key: string) => points.filter((point) => point.key === key).at(-1)!.value
    const series = Array.from({ length: 20 }, (_, unit) => last(`validation/klPerUnit/${unit}`))
    assert.ok(Math.abs(6 * series.reduce((a, b) => a + b, 0) - last('validation/kl')) < 1e-3)
    series.forEach((value, unit) =>
      assert.ok(
        Math.abs(value - evaluation.klPerUnit![unit]!) < 0.02 + 0.1 * value,
        `unit ${unit}: ${value} and ${evaluation.klPerUnit![unit]}`,
      ),
    )

    const result = await pruneHere({ kind: 'prune', ...run, outFolder })
    assert.deepEqual(result.removed, units)
    assert.equal(result.elbo, evaluation.elbo, 'the bound before is the one of the evaluation')
    assert.deepEqual(result.config.network.layers, [64, 20 - units.length])
    const loss = evaluation.elbo! - result.evaluation.elbo!
    assert.ok(Math.abs(loss) < 0.1, `the bound fell by ${loss}`)

    // By float64, on the same test images, with other draws.
    const state = readCheckpoint(run.runFolder, 'last').state,
      smaller = readCheckpoint(outFolder, 'last').state
    const dataset = openDataset(datasetFolder)
    const rows = Array.from(dataset.test, (row) => {
      const pixels = new Uint8Array(784)
      dataset.gather([row], pixels)
      return Float64Array.from(pixels, (value) => value / 255)
    })
    const repetitions = 10,
      table = draw(rows.length * repetitions * 20)
    const left = Array.from({ length: 20 }, (_, unit) => unit).filter((unit) => !units.includes(unit))
    const whole = elbo64(state, rows, repetitions, (image, k, unit) => table[(image * repetitions + k) * 20 + unit]!)
    const rest = elbo64(smaller, rows, repetitions, (image, k, unit) => table[(image * repetitions + k) * 20 + left[unit]!]!)
    assert.ok(Math.abs(whole.elbo - rest.elbo) < 0.1, `${whole.elbo} before, ${rest.elbo} after`)
    assert.ok(Math.abs(whole.elbo - evaluation.elbo!) < 0.5 && Math.abs(rest.elbo - result.evaluation.elbo!) < 0.5)
    const near = (name: string, found: readonly number[], expected: ArrayLike<number>) =>
      found.forEach((value, unit) =>
        assert.ok(
          Math.abs(value - expected[unit]!) < 1e-4 * Math.max(1, Math.abs(value)),
          `${name} of unit ${unit}: ${value}, expected ${expected[unit]}`,
        ),
      )
    near('KL', evaluation.klPerUnit!, whole.kl)
    near('mean', mean, whole.mean)
    near('variance', meanVariance, whole.meanVariance)
    near('deviation', deviation, whole.deviation)
    near(
      'outgoing weights',
      outgoing,
      Array.from({ length: 20 }, (_, unit) => Math.hypot(...state['decoder/0/kernel']!.subarray(unit * 64, (unit + 1) * 64))),
    )
    near(
      'KL after',
      result.evaluation.klPerUnit!,
      left.map((unit) => whole.kl[unit]!),
    )
    for (const unit of units)
      assert.ok(
        whole.kl[unit]! < 0.01 &&
          whole.meanVariance[unit]! < 0.01 &&
          Math.abs(whole.deviation[unit]! - 1) < 0.1 &&
          Math.abs(whole.mean[unit]!) < 0.1,
      )

    // A pruned run is a run: evaluated again it is what it was.
    assert.ok(existsSync(join(outFolder, 'checkpoints', 'last.safetensors')))
    const again = await evaluateHere({ kind: 'evaluate', runId: 'pruned', runFolder: outFolder, datasetFolder })
    assert.deepEqual({ ...again, seconds: 0 }, { ...result.evaluation, seconds: 0 })
  },
)
