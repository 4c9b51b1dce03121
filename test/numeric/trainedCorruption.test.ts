import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../src/main/engine/data/random.ts'
import { trainedCorruption } from '../../src/main/engine/evaluate/trainedCorruption.ts'
import { tf } from '../../src/main/engine/trace/tensorflow.ts'
import { ownCorruption } from '../../src/main/engine/training/ownCorruption.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import type { Settings } from '../../src/shared/config.ts'
import { datasetOf, identity, modelOf } from './evaluateFixtures.ts'

const size = 64,
  testFrom = 100
const source = random('trained corruption')
const pixels = Uint8Array.from({ length: 4100 * size }, () => source.next() >>> 24)
const dataset = datasetOf(pixels, size, null, testFrom)
const corruptionOf = (variant: string, settings: Settings = {}) =>
  ownCorruption(variantOf(variant), resolveConfig(variant, settings).config!, 1)
const measured = (variant: string, settings: Settings = {}, model = identity(size), data = dataset) =>
  trainedCorruption.measure(
    { model, dataset: data, train: data.train, outputRange: [0, 1], codes: null, corrupt: corruptionOf(variant, settings) },
    async () => {},
  )
const near = (found: number | null | undefined, wanted: number, share: number) =>
  assert.ok(Math.abs(found! / wanted - 1) < share, `${found} instead of ${wanted}`)

/** Float64, over the test samples: per sample the sum of squares, and the mean value. */
const values = Array.from(pixels.subarray(testFrom * size), (byte) => byte / 255)
const squares = values.reduce((sum, x) => sum + x * x, 0) / 4000
const mean = values.reduce((sum, x) => sum + x, 0) / values.length

test('the error of corrupted inputs is the corruption itself where everything is kept; brightness is measured beside it', async () => {
  const tensors = tf.memory().numTensors
  const masking = await measured('denoising', { 'regularizer.rate': 0.4 })
  near(masking.corruptedSquaredError, 0.4 * squares, 0.02)
  near(masking.brightness!.input, mean, 1e-6)
  near(masking.brightness!.clean, mean, 1e-6)
  near(masking.brightness!.corrupted, 0.6 * mean, 0.02)
  const gaussian = await measured('denoising', { 'regularizer.noise': 'gaussian', 'regularizer.sigma': 0.2 })
  near(gaussian.corruptedSquaredError, size * 0.04, 0.02)
  const fixed = await measured('denoising', { 'regularizer.rate': 0.4, 'regularizer.corruption': 'fixed' })
  near(fixed.corruptedSquaredError, 0.4 * squares, 0.02)
  assert.deepEqual(await measured('denoising', { 'regularizer.rate': 0.4 }), masking, 'the same draws every time')
  assert.equal(tf.memory().numTensors, tensors)
})

test('networks whose inputs stay what they are have no such error, and vectors no brightness', async () => {
  const doubled = modelOf(
    size,
    size,
    (x) => x.clone(),
    (x) => tf.tidy(() => x.mul(2)),
  )
  const kept: [string, Settings][] = [
    ['classical', {}],
    ['denoising', { 'regularizer.rate': 0 }],
    ['denoising', { 'regularizer.noise': 'weights' }],
    ['dropout', {}],
  ]
  for (const [variant, settings] of kept) {
    const { corruptedSquaredError, brightness } = await measured(variant, settings, doubled)
    assert.deepEqual([corruptedSquaredError, brightness!.corrupted], [null, null])
    near(brightness!.clean, 2 * mean, 1e-6)
  }
  const vectors = datasetOf(Float32Array.from(pixels.subarray(0, 200 * size)), size, null, testFrom)
  assert.equal((await measured('denoising', {}, identity(size), vectors)).brightness, null)
})
