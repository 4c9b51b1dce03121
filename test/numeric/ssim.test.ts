import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PackedDataset } from '../../src/main/engine/data/packed.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { reconstruction } from '../../src/main/engine/evaluate/reconstruction.ts'
import { structuralSimilarities } from '../../src/main/engine/evaluate/ssim.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { runFigures } from '../../src/main/engine/figures/index.ts'
import { sizeOf, type Shape } from '../../src/shared/shape.ts'
import { evaluated, run } from '../fixtures/storedRuns.ts'
import { datasetOf, identity, modelOf } from './evaluateFixtures.ts'

const close = (actual: number | null | undefined, expected: number, tolerance: number, where = '') =>
  assert.ok(Math.abs(actual! - expected) <= tolerance, `${where} ${actual} is not within ${tolerance} of ${expected}`)

function imagesOf(pixels: Uint8Array, shape: Shape): PackedDataset {
  return { ...datasetOf(pixels, sizeOf(shape), null, 0), ...shape }
}
/** Reconstructions 0.9 x^2 + 0.05. */
const bent = (size: number) => modelOf(size, size, identity(size).encode, (x) => tf.tidy(() => x.square().mul(0.9).add(0.05)))
const measured = (dataset: PackedDataset, model = bent(dataset.rowSize)) =>
  reconstruction.measure({ model, dataset, train: dataset.train, outputRange: [-Infinity, Infinity], codes: null }, () =>
    Promise.resolve(),
  )

/**
 * float64, scikit-image 0.26.0: mean over images of structural_similarity(x, 0.9 x**2 + 0.05, gaussian_weights=True, sigma=1.5,
 * use_sample_covariance=False, data_range=1, channel_axis=2), x = ((i * 37 + i * i % 101 * 5) % 256) / 255 as float32
 */
const scikitImage = [
  { count: 4, shape: { height: 28, width: 28, channels: 1 }, ssim: 0.9012813743533719 },
  { count: 3, shape: { height: 13, width: 17, channels: 3 }, ssim: 0.9087769597851842 },
  { count: 2, shape: { height: 11, width: 11, channels: 1 }, ssim: 0.9147278006972739 },
  { count: 2, shape: { height: 64, width: 58, channels: 3 }, ssim: 0.9051029238843816 },
]

test('the structural similarity is what scikit-image gives, and the error per value the error by the number of values', async () => {
  for (const { count, shape, ssim } of scikitImage) {
    const pixels = Uint8Array.from({ length: count * sizeOf(shape) }, (_, i) => (i * 37 + ((i * i) % 101) * 5) % 256)
    const tensors = tf.memory().numTensors
    const figures = await measured(imagesOf(pixels, shape))
    close(figures.ssim, ssim, 2e-6, JSON.stringify(shape))
    assert.equal(figures.withoutSsim, null)
    assert.equal(figures.squaredErrorPerValue, figures.squaredError! / sizeOf(shape))
    assert.equal(tf.memory().numTensors, tensors, 'no tensor is left')
  }
})

/** By its definition in float64: every place of the window by itself, variances about the window's own means. */
function defined(x: ArrayLike<number>, y: ArrayLike<number>, { height, width, channels }: Shape): number {
  const weight = (at: number) => Math.exp(-((at - 5) ** 2) / 4.5)
  const line = Array.from({ length: 11 }, (_, at) => weight(at))
  const total = line.reduce((sum, one) => sum + one) ** 2
  let sum = 0
  let places = 0
  for (let top = 0; top + 11 <= height; top++)
    for (let left = 0; left + 11 <= width; left++)
      for (let channel = 0; channel < channels; channel++) {
        const at = (place: number) => ((top + Math.floor(place / 11)) * width + left + (place % 11)) * channels + channel
        const mean = (of: (place: number) => number) => {
          let found = 0
          for (let place = 0; place < 121; place++) found += (line[Math.floor(place / 11)]! * line[place % 11]! * of(place)) / total
          return found
        }
        const mx = mean((place) => x[at(place)]!),
          my = mean((place) => y[at(place)]!)
        const both = (a: ArrayLike<number>, ma: number, b: ArrayLike<number>, mb: number) =>
          mean((place) => (a[at(place)]! - ma) * (b[at(place)]! - mb))
        sum +=
          ((2 * mx * my + 1e-4) * (2 * both(x, mx, y, my) + 9e-4)) /
          ((mx * mx + my * my + 1e-4) * (both(x, mx, x, mx) + both(y, my, y, my) + 9e-4))
        places++
      }
  return sum / places
}

test('every image has its own similarity, in any block, of flat, bright, noisy and wild values alike', () => {
  const source = random('similarities')
  const next = () => source.next() / 2 ** 32
  const shape = { height: 19, width: 14, channels: 3 }
  const size = sizeOf(shape)
  const kinds: (() => [number, number])[] = [
    () => [1, 1],
    () => [0, 0.3],
    () => [0.98 + 0.004 * next(), 0.98 + 0.004 * next()],
    () => [next(), next()],
    () => [next(), 40 * next() - 20],
    () => [0, next() < 0.1 ? 1 : 0],
  ]
  // More than one block of them.
  const count = Math.ceil(2 ** 20 / size) + 7
  const x = new Float32Array(count * size),
    y = new Float32Array(count * size)
  for (let at = 0; at < x.length; at++) [x[at], y[at]] = kinds[Math.floor(at / size) % kinds.length]!() as [number, number]
  const values = (array: Float32Array) => tf.tensor2d(array, [count, size]) as Tensor2D
  const found = structuralSimilarities(values(x), values(y), shape).dataSync()
  assert.equal(found.length, count)
  for (const image of [0, 1, 2, 3, 4, 5, count - 4, count - 3, count - 2, count - 1]) {
    const own = (array: Float32Array) => array.subarray(image * size, (image + 1) * size)
    close(found[image], defined(own(x), own(y), shape), 1e-5, `image ${image}`)
  }
  assert.equal(found[0], 1)
})

test('images smaller than the window have none, and it is said; vectors and networks without reconstructions neither', async () => {
  for (const shape of [
    { height: 10, width: 64, channels: 1 },
    { height: 11, width: 8, channels: 3 },
  ]) {
    const figures = await measured(imagesOf(new Uint8Array(3 * sizeOf(shape)).fill(9), shape))
    assert.deepEqual([figures.ssim, figures.withoutSsim], [null, 'smallImages'])
    assert.ok(figures.squaredErrorPerValue! > 0)
    const shown = runFigures(run('a', 'classical', {}, { evaluation: evaluated(9, figures) })).find(({ key }) => key === 'ssim')
    assert.deepEqual([shown?.text, /shorter than the window of 11 pixels/.test(shown!.explanation)], ['–', true])
  }
  const nothing = { ssim: null, withoutSsim: null, squaredErrorPerValue: null }
  const vectors = await measured(datasetOf(new Float32Array(3 * 144), 144, null, 0))
  const classifier = { ...identity(144), classify: (x: Tensor2D) => x }
  const classes = await measured(imagesOf(new Uint8Array(144), { height: 12, width: 12, channels: 1 }), classifier)
  for (const { ssim, withoutSsim, squaredErrorPerValue } of [vectors, classes])
    assert.deepEqual({ ssim, withoutSsim, squaredErrorPerValue }, nothing)
  // Neither has a line for it, nor has what was measured before there was one.
  assert.ok(!runFigures(run('a', 'classical', {}, { evaluation: evaluated(9, nothing) })).some(({ key }) => key === 'ssim'))
})
