import assert from 'node:assert/strict'
import { test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Settings } from '../../src/shared/config.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import { randomness } from '../../src/main/engine/training/randomness.ts'
import { learningRateAt } from '../../src/main/engine/training/schedule.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { smallDigits } from '../fixtures/tinyDataset.ts'
import {
  covariance,
  eigen,
  identity,
  largest,
  largestAngle,
  means,
  plus,
  rowsOf,
  solve,
  times,
  transpose,
  type Matrix,
} from '../fixtures/linear.ts'

/** Results that are known exactly, reached by training as the product trains. */

const source = random('exact results')
const uniform = () => (source.next() + 0.5) / 2 ** 32
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())

/** Normal data with the given standard deviations along random directions, away from the origin: [count, D]. */
function gaussian(count: number, deviations: number[]): Float32Array {
  const size = deviations.length
  const { vectors } = eigen(covariance(Array.from({ length: 50 }, () => deviations.map(normal))))
  const centre = deviations.map(() => 2 * uniform() - 1)
  const rows = times(
    Array.from({ length: count }, () => deviations.map((deviation) => deviation * normal())),
    transpose(vectors),
  )
  return Float32Array.from(
    { length: count * size },
    (_, index) => rows[Math.floor(index / size)]![index % size]! + centre[index % size]!,
  )
}

const linear: Settings = {
  'network.activation': 'linear',
  'network.codeActivation': 'linear',
  'network.outputActivation': 'linear',
  reconstruction: 'squaredError',
}

/** Trains on all rows at once for `steps` steps, the rate falling along a cosine, with Adam. */
function trainOn(id: string, settings: Settings, rows: Float32Array, size: number, steps: number) {
  const count = rows.length / size
  const { config, problems } = resolveConfig(id, {
    'training.batchSize': count,
    'training.epochs': steps,
    'training.schedule': 'cosine',
    ...settings,
  })
  assert.deepEqual(problems, [])
  const model = new CompiledModel({ variant: variantOf(id), config: config!, input: vectorOf(size), kind: 'vector' }, [count])
  model.load(Object.fromEntries(model.specs.map((weight) => [weight.name, initialValues(weight, 1)])))
  const all = Uint32Array.from({ length: count }, (_, row) => row)
  for (let step = 1; step <= steps; step++) model.step(rows.slice(), all, 1, step, learningRateAt(config!.training, step, 1))
  const shapes = Object.fromEntries(model.specs.map(({ name, shape }) => [name, shape]))
  const weights = Object.fromEntries(
    Object.entries(model.weights()).map(([name, data]): [string, Matrix] => [name, rowsOf(data, shapes[name]!.at(-1)!)]),
  )
  return {
    model,
    weights,
    terms: Object.fromEntries(model.terms.map((term, index) => [term, model.validate(rows.slice(), all, 1, 0)[index]!])),
  }
}

for (const tied of [false, true]) {
  test(`a linear autoencoder, ${tied ? 'tied' : 'untied'}, spans the principal components and has their error`, () => {
    const size = 10,
      code = 4
    const rows = gaussian(400, [3, 2.5, 2, 1.6, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2])
    const { model, weights, terms } = trainOn(
      'classical',
      { ...linear, 'network.layers': [code], 'network.tied': tied, 'training.learningRate': 0.02 },
      rows,
      size,
      2500,
    )
    model.close()
    const { values, vectors } = eigen(covariance(rowsOf(rows, size)))
    const leading = vectors.map((row) => row.slice(0, code))
    const discarded = values.slice(code).reduce((sum, value) => sum + value, 0)
    assert.ok(
      Math.abs(terms['reconstruction']! - discarded) <= 1e-4 * discarded,
      `error ${terms['reconstruction']} instead of ${discarded}`,
    )
    const decoder = tied ? weights['encoder/0/kernel']! : transpose(weights['decoder/0/kernel']!)
    for (const [name, columns] of [
      ['decoder', decoder],
      ['encoder', weights['encoder/0/kernel']!],
    ] as const) {
      const angle = largestAngle(columns, leading)
      assert.ok(angle < 2e-3, `${name}: the largest principal angle is ${angle}`)
    }
    // The mean is reconstructed as it is, and the whole map is the projection.
    const map = times(weights['encoder/0/kernel']!, tied ? transpose(weights['encoder/0/kernel']!) : weights['decoder/0/kernel']!)
    assert.ok(largest(plus(map, times(leading, transpose(leading)), -1)) < 5e-3)
    const mean = [means(rowsOf(rows, size))]
    const code0 = plus(times(mean, weights['encoder/0/kernel']!), weights['encoder/0/bias']!)
    const back = plus(
      times(code0, tied ? transpose(weights['encoder/0/kernel']!) : weights['decoder/0/kernel']!),
      weights['decoder/0/bias']!,
    )
    assert.ok(largest(plus(back, mean, -1)) < 5e-3)
  })
}

/** The map x~ -> x' of a linear network of one layer. */
const mapOf = (weights: Record<string, Matrix>): Matrix => times(weights['encoder/0/kernel']!, weights['decoder/0/kernel']!)

test('a linear denoising autoencoder with Gaussian noise, its code as wide as the input, is the ridge map', () => {
  const size = 6,
    sigma = 0.8
  const rows = gaussian(2000, [2, 1.5, 1, 0.7, 0.4, 0.2])
  const { model, weights } = trainOn(
    'denoising',
    {
      ...linear,
      'network.layers': [size],
      'regularizer.noise': 'gaussian',
      'regularizer.sigma': sigma,
      'training.learningRate': 0.02,
    },
    rows,
    size,
    2500,
  )
  model.close()
  const c = covariance(rowsOf(rows, size))
  const ridge = solve(plus(c, identity(size), sigma ** 2), c)
  const off = largest(plus(mapOf(weights), ridge, -1))
  // The identity, which a network that was shown no noise would learn, is far off.
  assert.ok(largest(plus(identity(size), ridge, -1)) > 0.5)
  assert.ok(off < 0.01, `the map is off by ${off}`)
})

test('with a fixed corruption it is the least-squares map from exactly the corrupted rows', () => {
  const size = 6
  const rows = gaussian(300, [2, 1.5, 1, 0.7, 0.4, 0.2])
  const settings: Settings = {
    ...linear,
    'network.layers': [size],
    'regularizer.noise': 'gaussian',
    'regularizer.sigma': 0.8,
    'regularizer.corruption': 'fixed',
    'training.learningRate': 0.02,
  }
  const { model, weights, terms } = trainOn('denoising', settings, rows, size, 2500)
  model.close()
  const { config } = resolveConfig('denoising', settings)
  const corrupted = tf.tidy(() =>
    variantOf('denoising').corrupt!(
      tf.tensor2d(rows.slice(), [300, size]) as Tensor2D,
      randomness(tf.tensor1d([1, 77], 'int32'), tf.range(0, 300, 1, 'int32')),
      config!.regularizer as never,
      1,
    ).dataSync(),
  )
  const [x, noisy] = [rowsOf(rows, size), rowsOf(corrupted, size)]
  const best = solve(covariance(noisy), covariance(noisy, x))
  const off = largest(plus(mapOf(weights), best, -1))
  assert.ok(off < 2e-3, `the map is off by ${off}`)
  const residual = plus(
    plus(times(noisy, best), x, -1),
    [means(plus(times(noisy, best), x, -1))].flatMap((mean) => x.map(() => mean)),
    -1,
  )
  const error = residual.flat().reduce((sum, value) => sum + value ** 2, 0) / 300
  assert.ok(Math.abs(terms['reconstruction']! - error) <= 1e-4 * error, `error ${terms['reconstruction']} instead of ${error}`)
})

test('contraction of a linear encoder is weight decay: the same losses and the same weights', () => {
  const size = 8,
    rows = gaussian(64, [2, 1.5, 1, 1, 0.5, 0.5, 0.2, 0.2])
  const shared: Settings = {
    ...linear,
    'network.layers': [5],
    'network.tied': true,
    'network.weightNorm': false,
    'training.schedule': 'constant',
  }
  const contractive = trainOn('contractive', { ...shared, 'regularizer.lambda': 0.3 }, rows, size, 60)
  const decayed = trainOn('classical', { ...shared, 'training.weightDecay': 0.3 }, rows, size, 60)
  const squares = contractive.weights['encoder/0/kernel']!.flat().reduce((sum, value) => sum + value * value, 0)
  assert.ok(Math.abs(contractive.terms['contraction']! - 0.3 * squares) <= 1e-5 * squares)
  assert.ok(Math.abs(contractive.terms['contraction']! - decayed.terms['weightDecay']!) <= 1e-5 * squares)
  for (const [name, weight] of Object.entries(contractive.weights))
    assert.ok(largest(plus(weight, decayed.weights[name]!, -1)) < 1e-4, name)
  contractive.model.close()
  decayed.model.close()
})

const images = smallDigits(512),
  imageRows = Uint32Array.from({ length: 512 }, (_, row) => row)

function imageModel(id: string, settings: Settings): CompiledModel {
  const { config, problems } = resolveConfig(id, { 'training.batchSize': 512, ...settings })
  assert.deepEqual(problems, [])
  const model = new CompiledModel({ variant: variantOf(id), config: config!, input: vectorOf(16), kind: 'image' }, [512])
  model.load(Object.fromEntries(model.specs.map((weight) => [weight.name, initialValues(weight, 1)])))
  return model
}
const meanCodes = (model: CompiledModel): number[] => Array.from(model.codeSum(images.slice()), (sum) => sum / 512)

for (const [codeActivation, rho] of [
  ['tanh', -0.9],
  ['sigmoid', 0.05],
] as const) {
  test(`the bias correction (${codeActivation}) has its fixed point where mean activations are rho = ${rho}`, () => {
    const model = imageModel('sparseBias', {
      'network.layers': [24],
      'network.codeActivation': codeActivation,
      'regularizer.rho': rho,
      'training.learningRate': 0.001,
    })
    const before = meanCodes(model)
    assert.ok(
      before.some((mean) => Math.abs(mean - rho) > 0.3),
      'it begins far away',
    )
    for (let step = 1; step <= 1500; step++) model.step(images.slice(), imageRows, 1, step, 0.001 * (1 - step / 1500))
    for (const mean of meanCodes(model)) assert.ok(Math.abs(mean - rho) < 0.005, `a unit's mean activation is ${mean}`)
    model.close()
  })
}

test('the bias correction is beta times the excess, nothing where there is none, and touches no other weight', () => {
  const rho = -0.9,
    beta = 0.7,
    decay = 0.8,
    units = 24
  const model = imageModel('sparseBias', {
    'network.layers': [30, units],
    'regularizer.rho': rho,
    'regularizer.beta': beta,
    'regularizer.decay': decay,
  })
  const start = model.state()
  assert.deepEqual(start['state/rhoHat'], new Float32Array(units).fill(rho))
  const mean = meanCodes(model)
  // Without a learning rate only the correction is left.
  model.step(images.slice(), imageRows, 1, 1, 0)
  const first = model.weights()
  for (const [name, values] of Object.entries(first))
    assert.deepEqual(values, start[name], `${name} changed although every running mean is rho`)
  const rhoHat = model.state()['state/rhoHat']!
  rhoHat.forEach((value, unit) => assert.ok(Math.abs(value - (decay * rho + (1 - decay) * mean[unit]!)) < 1e-6))
  model.step(images.slice(), imageRows, 1, 2, 0)
  const second = model.weights()
  for (const [name, values] of Object.entries(second)) {
    if (name !== 'encoder/1/bias') assert.deepEqual(values, first[name], name)
    else values.forEach((value, unit) => assert.ok(Math.abs(value - (first[name]![unit]! - beta * (rhoHat[unit]! - rho))) < 1e-6))
  }
  model.close()
})

for (const estimate of ['batch', 'running', 'dataset'] as const) {
  test(`the KL term (${estimate}) is 0 with gradient 0 where the mean activation is rho, and neither elsewhere`, () => {
    const rho = 0.2
    const settings: Settings = { 'network.layers': [24], 'network.tied': false }
    const sparse = imageModel('sparseKl', {
      ...settings,
      'regularizer.rho': rho,
      'regularizer.estimate': estimate,
      'regularizer.beta': 100,
      'training.optimizer': 'sgd',
    })
    const plain = imageModel('classical', { ...settings, 'network.codeActivation': 'sigmoid', 'training.optimizer': 'sgd' })
    // An encoder that gives rho for every image.
    const weights = {
      ...plain.weights(),
      'encoder/0/kernel': new Float32Array(16 * 24),
      'encoder/0/bias': new Float32Array(24).fill(Math.log(rho / (1 - rho))),
    }
    const step = (encoder: typeof weights, rhoHat: number) => {
      sparse.load({ ...encoder, ...(estimate === 'batch' ? {} : { 'state/rhoHat': new Float32Array(24).fill(rhoHat) }) })
      plain.load(encoder)
      const [a, b] = [sparse, plain].map((model) => ({
        terms: model.step(images.slice(), imageRows, 1, 1, 0.01).terms,
        weights: model.weights(),
      }))
      return {
        sparsity: a!.terms[2]!,
        gap: Math.max(
          ...Object.entries(a!.weights).flatMap(([name, values]) =>
            Array.from(values, (value, index) => Math.abs(value - b!.weights[name]![index]!)),
          ),
        ),
      }
    }
    const at = step(weights, rho)
    assert.ok(Math.abs(at.sparsity) < 1e-3, `the term is ${at.sparsity}`)
    assert.ok(at.gap < 1e-5, `the step differs from the classical one by ${at.gap}`)
    const off = step({ ...weights, 'encoder/0/bias': new Float32Array(24).fill(0) }, 0.5)
    const divergence = 100 * 24 * (rho * Math.log(rho / 0.5) + (1 - rho) * Math.log((1 - rho) / 0.5))
    assert.ok(Math.abs(off.sparsity - divergence) < 1e-4 * divergence, `the term is ${off.sparsity} instead of ${divergence}`)
    assert.ok(off.gap > 0.1)
    sparse.close()
    plain.close()
  })
}
