import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate } from '../../src/main/engine/evaluate/evaluate.ts'
import type { Model } from '../../src/main/engine/evaluate/model.ts'
import type { PackedDataset } from '../../src/main/engine/data/packed.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { WorkbenchError, type ErrorCode } from '../../src/shared/errors.ts'
import type { Progress } from '../../src/shared/domain.ts'
import { datasetOf, identity, mnist, modelOf, tiles } from './evaluateFixtures.ts'
import { random } from '../../src/main/engine/data/random.ts'

const anything = [-Infinity, Infinity] as const
const unit = [0, 1] as const
const close = (actual: number | null | undefined, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual! - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`)
const uniform = (count: number, purpose: string) => {
  const source = random(purpose)
  return Float64Array.from({ length: count }, () => source.next() / 2 ** 32)
}
const images = (count: number, size: number, purpose: string) =>
  Uint8Array.from(uniform(count * size, purpose), (u) => Math.floor(u * 256))
const throwsCode = (code: ErrorCode, promise: Promise<unknown>) =>
  assert.rejects(promise, (error) => error instanceof WorkbenchError && error.code === code && error.message.length > 20)
const run = (model: Model, dataset: PackedDataset, outputRange: readonly [number, number] = anything) =>
  evaluate({ model, dataset, train: dataset.train, outputRange })

/**
 * Independent figures, float64: NumPy 2.4.6 and scikit-learn 1.9.1, MNIST / 255, code = means of 4x4 tiles,
 *   code = lambda A: A.reshape(-1, 7, 4, 7, 4).mean((2, 4)).reshape(-1, 49)
 *   rec = lambda A: repeat(repeat(code(A).reshape(-1, 7, 7), 4, 1), 4, 2).reshape(-1, 784)
 *   e = ((rec(T) - T)**2).sum(1); e.mean(); (10 * log10(784 / e)).mean(); cross-entropy of clip(rec(T), 1e-6, 1 - 1e-6)
 *   LogisticRegression(C=1, tol=1e-6, max_iter=5000) on (code - mean) / std of the 60,000 training images
 *   KNeighborsClassifier(5, algorithm='brute').kneighbors, most votes, ties to the nearest (0.9542 with scikit-learn's own ties)
 *   masking: rec(T * (random(T.shape) >= rate)); gaussian: e.mean() + 49 sigma^2, exactly, for a projection of rank 49
 */
test('every figure of MNIST by its tiles is what NumPy and scikit-learn say', async () => {
  const tensors = tf.memory().numTensors
  const progress: Progress[] = []
  const dataset = mnist()
  const figures = await evaluate({
    model: tiles(),
    dataset,
    train: dataset.train,
    outputRange: anything,
    onProgress: (p) => progress.push(p),
  })
  close(figures.squaredError, 32.650607, 1e-4)
  close(figures.psnr, 13.968056, 1e-5)
  close(figures.crossEntropy, 141.428426, 1e-3)
  close(figures.linearProbeAccuracy, 0.9025, 0.001)
  close(figures.knnAccuracy, 0.9547, 0.0002)
  close(figures.robustness!.masking['0.1'], 33.718, 0.05)
  close(figures.robustness!.masking['0.25'], 37.252, 0.05)
  close(figures.robustness!.masking['0.5'], 48.201, 0.1)
  close(figures.robustness!.gaussian['0.1'], 32.650607 + 49 * 0.01, 0.01)
  close(figures.robustness!.gaussian['0.25'], 32.650607 + 49 * 0.0625, 0.03)
  close(figures.robustness!.gaussian['0.5'], 32.650607 + 49 * 0.25, 0.1)
  assert.equal(figures.version, 4)
  assert.ok(figures.seconds > 0)
  assert.ok(
    progress.every((p, i) => p.done <= p.total && (i === 0 || p.done >= progress[i - 1]!.done)),
    'progress goes forward',
  )
  assert.equal(progress.at(-1)!.done, 100)
  assert.equal(tf.memory().numTensors, tensors + 1, 'only the model holds a tensor')
})

test('reconstruction figures are the closed forms', async () => {
  const size = 6
  const pixels = images(40, size, 'closed forms')
  const dataset = datasetOf(pixels, size, null, 15)
  const bent = modelOf(size, size, identity(size).encode, (x) => tf.tidy(() => x.square().mul(0.9).add(0.05)))
  const figures = await run(bent, dataset, unit)
  let squared = 0,
    entropy = 0,
    psnr = 0
  for (const row of dataset.test) {
    let own = 0
    for (const pixel of pixels.subarray(row * size, (row + 1) * size)) {
      const x = pixel / 255
      const y = 0.9 * x * x + 0.05
      own += (y - x) ** 2
      entropy -= x * Math.log(y) + (1 - x) * Math.log(1 - y)
    }
    squared += own
    psnr += 10 * Math.log10(size / own)
  }
  close(figures.squaredError, squared / 25, 1e-6)
  close(figures.crossEntropy, entropy / 25, 1e-5)
  close(figures.psnr, psnr / 25, 1e-5)
  assert.equal(figures.linearProbeAccuracy, null, 'no labels, no probe')
  assert.equal(figures.knnAccuracy, null)
})

test('psnr: a constant error of c gives -20 log10 c, an exact reconstruction 100 dB', async () => {
  const dataset = datasetOf(images(30, 8, 'psnr'), 8, null, 10)
  const shifted = (c: number) => modelOf(8, 8, identity(8).encode, (x) => tf.tidy(() => x.add(c)))
  close((await run(shifted(0.01), dataset)).psnr, 40, 1e-3)
  close((await run(shifted(-0.1), dataset)).psnr, 20, 1e-4)
  const exact = await run(identity(8), dataset)
  assert.equal(exact.psnr, 100)
  assert.equal(exact.squaredError, 0)
  assert.equal(exact.robustness!.masking['0.1']! > 0, true)
})

test('cross-entropy is clipped, and null where a reconstruction leaves [0, 1]', async () => {
  const dataset = datasetOf(new Uint8Array(20 * 4).fill(255), 4, null, 5)
  const constant = (value: number) => modelOf(4, 4, identity(4).encode, (x) => tf.fill(x.shape, value) as Tensor2D)
  close((await run(constant(0), dataset)).crossEntropy, -4 * Math.log(1e-6), 1e-4)
  close((await run(constant(1), dataset)).crossEntropy, 0, 1e-4)
  assert.equal((await run(constant(1.001), dataset)).crossEntropy, null)
  assert.equal((await run(constant(-0.001), dataset)).crossEntropy, null)
})

test('vectors are taken as they are, and have neither peak nor cross-entropy', async () => {
  const values = Float32Array.from(uniform(60, 'vectors'), (u) => 6 * u - 3)
  const dataset = datasetOf(values, 2, null, 10)
  const figures = await run(
    modelOf(2, 2, identity(2).encode, (x) => tf.tidy(() => x.mul(0.5))),
    dataset,
  )
  close(figures.squaredError, values.subarray(20).reduce((sum, x) => sum + 0.25 * x * x, 0) / 20, 1e-5)
  assert.equal(figures.psnr, null)
  assert.equal(figures.crossEntropy, null)
})

test('probes have no meaning with one class, and ignore unlabelled samples', async () => {
  const pixels = images(60, 3, 'one class')
  const one = await run(identity(3), datasetOf(pixels, 3, new Uint8Array(60), 40))
  assert.deepEqual([one.linearProbeAccuracy, one.knnAccuracy], [null, null])
  // Class by the first pixel; every third sample has no label and would otherwise be wrong.
  const labels = Array.from({ length: 60 }, (_, row) => (row % 3 === 0 ? -1 : pixels[row * 3]! < 128 ? 0 : 1))
  const some = datasetOf(
    pixels.map((value, i) => (i % 3 === 0 ? (value < 128 ? 0 : 255) : value >> 3)),
    3,
    labels,
    40,
  )
  const figures = await run(identity(3), some)
  assert.deepEqual([figures.linearProbeAccuracy, figures.knnAccuracy], [1, 1])
})

test('what is not finite is an error where nothing can be measured, and null where only noise brings it about', async () => {
  const dataset = datasetOf(
    images(40, 4, 'nan'),
    4,
    Uint8Array.from({ length: 40 }, (_, row) => row % 2),
    20,
  )
  const broken = (x: Tensor2D): Tensor2D => tf.tidy(() => x.mul(NaN))
  const tensors = tf.memory().numTensors
  await throwsCode('RUN_DIVERGED', run(modelOf(4, 4, identity(4).encode, broken), dataset))
  await throwsCode('RUN_DIVERGED', run(modelOf(4, 4, broken, identity(4).reconstruct), dataset))
  await throwsCode(
    'RUN_DIVERGED',
    run(
      modelOf(4, 4, identity(4).encode, (x) => tf.tidy(() => x.add(1).mul(1e30))),
      dataset,
    ),
  )
  const fragile = await run(
    modelOf(4, 4, identity(4).encode, (x) => tf.tidy(() => x.sub(1).relu().mul(1e38).mul(1e38).mul(0.5).add(x))),
    dataset,
  )
  assert.equal(fragile.squaredError, 0)
  assert.equal(fragile.robustness!.gaussian['0.5'], null)
  assert.ok(fragile.robustness!.masking['0.5']! > 0)
  assert.equal(tf.memory().numTensors, tensors, 'errors leak no tensors')
})

test('a cancelled evaluation stops between batches and leaves nothing behind', async () => {
  const dataset = datasetOf(
    images(6000, 4, 'cancel'),
    4,
    Uint8Array.from({ length: 6000 }, (_, row) => row % 2),
    3000,
  )
  const tensors = tf.memory().numTensors
  for (const when of [1, 20, 45, 90]) {
    const controller = new AbortController()
    const onProgress = ({ done }: Progress) => {
      if (done >= when) controller.abort()
    }
    const options = {
      model: identity(4),
      dataset,
      train: dataset.train,
      outputRange: anything,
      signal: controller.signal,
      onProgress,
    }
    await throwsCode('CANCELLED', evaluate(options))
    assert.equal(tf.memory().numTensors, tensors, `cancelled at ${when}%`)
  }
})

test('the same weights get the same figures again', async () => {
  const dataset = datasetOf(
    images(900, 16, 'again'),
    16,
    Uint8Array.from(uniform(900, 'labels'), (u) => Math.floor(u * 3)),
    600,
  )
  const { seconds: _, ...first } = await run(identity(16), dataset)
  const { seconds: __, ...second } = await run(identity(16), dataset)
  assert.deepEqual(first, second)
})
