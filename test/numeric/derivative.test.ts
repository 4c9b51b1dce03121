import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dense } from '../../src/main/engine/network/layers/dense.ts'
import { vectorOf } from '../../src/shared/shape.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { contraction, directionsFrom } from '../../src/main/engine/evaluate/contraction.ts'
import { jacobian, sumOfNorms } from '../../src/main/engine/evaluate/jacobian.ts'
import type { Model } from '../../src/main/engine/evaluate/model.ts'
import { contractionRadii as radii } from '../../src/main/engine/figures/protocol.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { activations, type Settings } from '../../src/shared/config.ts'
import { loss64, type Matrix, type Spec, type Weights64 } from '../fixtures/float64.ts'
import { datasetOf, identity } from './evaluateFixtures.ts'

/** 70 rows of 11 values; the last 60 are for testing, more than one batch. */
const inputSize = 11
const source = random('derivative')
const values = Float32Array.from({ length: 70 * inputSize }, () => (source.next() / 2 ** 32) * 2 - 1)
const dataset = datasetOf(values, inputSize, null, 10)
const samples: Matrix = Array.from(dataset.test, (row) => Array.from(values.subarray(row * inputSize, (row + 1) * inputSize)))
const quiet = async () => {}
const subject = (model: Model, data = dataset) => ({
  model,
  dataset: data,
  train: data.train,
  outputRange: [-Infinity, Infinity] as const,
  codes: null,
})
const close = (actual: number | null, expected: number, tolerance: number, message = '') =>
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= tolerance * Math.abs(expected),
    `${message}: ${actual}, expected ${expected}`,
  )

/** A network with random weights and biases, and the same in float64. */
function networkOf(
  settings: Settings,
  variant = 'classical',
  gate?: (code: number[]) => number[],
): { model: CompiledModel; codes: (x: Matrix) => Matrix } {
  const { config, problems } = resolveConfig(variant, settings, { rowSize: inputSize, trainCount: 1000, kind: 'vector' })
  assert.deepEqual(problems, [])
  const model = new CompiledModel({ variant: variantOf(variant), config: config!, input: vectorOf(inputSize), kind: 'vector' })
  const state = Object.fromEntries(
    model.specs.map((spec) => [spec.name, initialValues({ ...spec, scale: spec.role === 'bias' ? 0.3 : 1.5 * spec.scale }, 5)]),
  )
  model.load(state)
  const weights: Weights64 = Object.fromEntries(
    model.specs.map(({ name, shape }) => [name, { shape, data: Float64Array.from(state[name]!) }]),
  )
  const { layers, ...shared } = config!.network
  const codes = (x: Matrix): Matrix => {
    let found: Matrix = []
    const spec: Spec = {
      depth: layers.length,
      ...shared,
      reconstruction: 'squaredError',
      weightDecay: 0,
      ...(gate ? { gate } : {}),
      onCodes: (own) => {
        found = own
        return 0
      },
    }
    loss64(spec, weights, x, x)
    return found
  }
  return { model, codes }
}

/** ||df/dx||_F at a sample, by central differences in float64. */
function norm64(codes: (x: Matrix) => Matrix, sample: number[]): number {
  const h = 1e-5
  const moved = sample.flatMap((_, d) => [h, -h].map((step) => sample.map((value, i) => (i === d ? value + step : value))))
  const found = codes(moved)
  let squares = 0
  for (let d = 0; d < sample.length; d++)
    found[2 * d]!.forEach((above, unit) => {
      squares += ((above - found[2 * d + 1]![unit]!) / (2 * h)) ** 2
    })
  return Math.sqrt(squares)
}
const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length
const differences = (codes: (x: Matrix) => Matrix, at: Matrix): number => mean(at.map((sample) => norm64(codes, sample)))

/** Fewer units than inputs, more units than inputs, and three layers of which the first has fewer or more. */
const shapes = [[6], [15], [7, 13, 5], [16, 6, 12]]
for (const activation of activations) {
  test(`jacobianNorm is that of central differences: ${activation}`, async () => {
    for (const layers of shapes) {
      for (const more of [
        {},
        { tied: true },
        { weightNorm: true },
        { tied: true, weightNorm: true, codeActivation: 'linear' },
        { activation: 'tanh' },
      ]) {
        const { model, codes } = networkOf({ network: { layers, activation, codeActivation: activation, ...more } })
        const { jacobianNorm } = await jacobian.measure(subject(model), quiet)
        close(jacobianNorm, differences(codes, samples), 1e-5, `${layers.join()} ${JSON.stringify(more)}`)
        model.close()
      }
    }
  })
}

test('closed units of a gate have no derivative', async () => {
  for (const layers of [[8], [9, 8]]) {
    const keep = (code: number[]) => {
      const least = code.toSorted((a, b) => b - a)[2]!
      return code.map((value) => (value >= least ? value : 0))
    }
    const { model, codes } = networkOf(
      { network: { layers, activation: 'tanh', codeActivation: 'sigmoid' }, regularizer: { k: 3 } },
      'kSparse',
      keep,
    )
    close((await jacobian.measure(subject(model), quiet)).jacobianNorm, differences(codes, samples), 1e-5)
    model.close()
  }
})

test('a large product is made in parts, with the same result and no tensor left', () => {
  const { model } = networkOf({ network: { layers: [13, 9, 10], activation: 'sigmoid', codeActivation: 'tanh' } })
  const inputs = tf.tensor2d(values.slice(0, 40 * inputSize), [40, inputSize])
  const before = tf.memory().numTensors
  const whole = sumOfNorms(model, inputs)
  for (const limit of [1, 40 * 13 * 3, 40 * 13 * 9]) close(sumOfNorms(model, inputs, limit), whole, 1e-6, String(limit))
  assert.equal(tf.memory().numTensors, before)
  inputs.dispose()
})

test('directions are uniform over the sphere and the same at every call', () => {
  tf.tidy(() => {
    const drawn = directionsFrom([4000, 5], 1000)
    const found = drawn.arraySync()
    for (const row of found.slice(0, 50)) close(Math.hypot(...row), 1, 1e-6)
    for (let i = 0; i < 5; i++) {
      assert.ok(Math.abs(mean(found.map((row) => row[i]!))) < 4 * Math.sqrt(0.2 / 4000))
      for (let j = 0; j <= i; j++) assert.ok(Math.abs(mean(found.map((row) => row[i]! * row[j]!)) - (i === j ? 0.2 : 0)) < 0.02)
    }
    assert.deepEqual(directionsFrom([4000, 5], 1000).dataSync(), drawn.dataSync())
    assert.notDeepEqual(directionsFrom([4000, 5], 0).dataSync(), drawn.dataSync())
  })
})

test('a linear encoder contracts by its singular values, alike at every radius and everywhere', async () => {
  const rotation = tf.tidy(
    () => tf.linalg.qr(tf.randomNormal([inputSize, inputSize], 0, 1, 'float32', 3) as Tensor2D)[0] as Tensor2D,
  )
  const linear = (kernel: Tensor2D): Model => {
    const map = dense(vectorOf(inputSize), vectorOf(kernel.shape[1]))
    const encode = (x: Tensor2D): Tensor2D => tf.tidy(() => tf.matMul(x, kernel))
    const encodeLayers = (x: Tensor2D) => {
      const code = encode(x)
      return { layers: [{ map, kernel, activation: 'linear' as const, pre: code, output: code }], code }
    }
    return { input: vectorOf(inputSize), codeSize: kernel.shape[1], encode, reconstruct: (x) => x.clone(), encodeLayers }
  }
  // All singular values 0.3: every distance shrinks to exactly 0.3 of itself.
  const even = tf.tidy(() => rotation.mul(0.3) as Tensor2D)
  const alike = (await contraction.measure(subject(linear(even)), quiet)).contractionRatio!
  for (const radius of radii) close(alike.radius[radius]!, 0.3, 1e-5, String(radius))
  close(alike.midpointJacobianNorm, 0.3 * Math.sqrt(inputSize), 1e-6)
  // W = U S with singular values 1, 1/2, 1/3, ...: |W' u| of every direction, and the norm is that of the singular values.
  const singular = Array.from({ length: inputSize }, (_, i) => 1 / (i + 1))
  const uneven = tf.tidy(() => rotation.mul(tf.tensor1d(singular)) as Tensor2D)
  const columns = uneven.arraySync()
  const directions: number[][] = []
  tf.tidy(() => {
    directions.push(...directionsFrom([dataset.test.length, inputSize], 0).arraySync())
  })
  const lengths = directions.map((u) =>
    Math.hypot(...singular.map((_, j) => u.reduce((sum, value, i) => sum + value * columns[i]![j]!, 0))),
  )
  const differing = (await contraction.measure(subject(linear(uneven)), quiet)).contractionRatio!
  for (const radius of radii) close(differing.radius[radius]!, mean(lengths), 1e-5, String(radius))
  close(differing.midpointJacobianNorm, Math.hypot(...singular), 1e-6)
  tf.dispose([rotation, even, uneven])
})

test('the contraction of a deep network is that of float64, at the same points', async () => {
  const { model, codes } = networkOf({ network: { layers: [9, 6], activation: 'tanh', codeActivation: 'sigmoid' } })
  const directions: number[][] = []
  tf.tidy(() => {
    directions.push(...directionsFrom([samples.length, inputSize], 0).arraySync())
  })
  const near = codes(samples)
  const { contractionRatio } = await contraction.measure(subject(model), quiet)
  for (const radius of radii) {
    const far = codes(samples.map((sample, n) => sample.map((value, d) => value + radius * directions[n]![d]!)))
    close(
      contractionRatio!.radius[radius]!,
      mean(far.map((code, n) => Math.hypot(...code.map((value, unit) => value - near[n]![unit]!)) / radius)),
      1e-5,
      String(radius),
    )
  }
  // Two test samples make one pair; a third one has none, and 60 have many.
  const two = { ...dataset, test: dataset.test.subarray(0, 2) }
  const halfWay = [samples[0]!.map((value, d) => (value + samples[1]![d]!) / 2)]
  close(
    (await contraction.measure(subject(model, two), quiet)).contractionRatio!.midpointJacobianNorm,
    differences(codes, halfWay),
    1e-5,
  )
  const pairs = samples.flatMap((a, i) =>
    samples.slice(i + 1).map((b) =>
      norm64(
        codes,
        a.map((value, d) => (value + b[d]!) / 2),
      ),
    ),
  )
  close(contractionRatio!.midpointJacobianNorm, mean(pairs), 0.05, 'a random matching is like all pairs')
  const one = { ...dataset, test: dataset.test.subarray(0, 1) }
  assert.equal((await contraction.measure(subject(model, one), quiet)).contractionRatio!.midpointJacobianNorm, null)
  model.close()
})

test('the identity keeps every distance; nothing is measured without test samples', async () => {
  const { contractionRatio } = await contraction.measure(subject(identity(inputSize)), quiet)
  for (const radius of radii) close(contractionRatio!.radius[radius]!, 1, 1e-5)
  close(contractionRatio!.midpointJacobianNorm, Math.sqrt(inputSize), 1e-6)
  close((await jacobian.measure(subject(identity(inputSize)), quiet)).jacobianNorm, Math.sqrt(inputSize), 1e-6)
  const none = { ...dataset, test: new Uint32Array() }
  assert.deepEqual(await contraction.measure(subject(identity(inputSize), none), quiet), { contractionRatio: null })
  assert.deepEqual(await jacobian.measure(subject(identity(inputSize), none), quiet), { jacobianNorm: null })
})
