import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Settings } from '../../src/shared/config.ts'
import { readCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { binarised } from '../../src/main/engine/data/binarise.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { tf, type Scalar, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import type { TrainJob } from '../../src/main/engine/training/messages.ts'
import { objectiveOf } from '../../src/main/engine/training/objective.ts'
import { randomness } from '../../src/main/engine/training/randomness.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import type { Variant } from '../../src/main/engine/variants/variant.ts'
import { layer64 } from '../fixtures/layers64.ts'
import { importRows, overwritePixels, smallDigits } from '../fixtures/tinyDataset.ts'
import { evaluateHere, trainHere } from '../fixtures/trainHere.ts'

/** Binarised pixels as training and evaluation see them; the fixed draw itself is tested beside it. */

const count = 300,
  D = 16
const home = mkdtempSync(join(tmpdir(), 'binarisation-'))
let datasetFolder = ''
before(async () => {
  datasetFolder = await importRows(home, 'digits', [count, 4, 4], smallDigits(count))
})
after(() => rmSync(home, { recursive: true, force: true }))

function jobOf(settings: Settings, folder = datasetFolder): TrainJob {
  const { config, problems } = resolveConfig(
    'classical',
    { 'network.layers': [8], 'training.epochs': 3, 'training.batchSize': 20, ...settings },
    { rowSize: D, trainCount: 255, kind: 'image' },
  )
  assert.deepEqual(problems, [])
  return {
    kind: 'train',
    runId: 'r',
    runFolder: mkdtempSync(join(home, 'run-')),
    datasetFolder: folder,
    variant: 'classical',
    config: config!,
    seed: 5,
    resume: false,
  }
}

test(
  'a fixed binarisation is a dataset of those binary images, in ' +
    'every epoch: training and evaluation are the same, bit for bit',
  async () => {
    // The same rows in the same order and split; that some of the binary images are equal does not matter to a dataset that is
    // there already.
    const other = mkdtempSync(join(home, 'binary-'))
    const folder = await importRows(other, 'digits', [count, 4, 4], smallDigits(count))
    const dataset = binarised(openDataset(folder))
    const all = new Uint8Array(count * D)
    dataset.gather(
      Uint32Array.from({ length: count }, (_, row) => row),
      all,
    )
    dataset.close()
    assert.ok(all.every((value) => value === 0 || value === 255))
    overwritePixels(folder, all)

    const [fixed, plain] = [jobOf({ 'data.binarise': 'fixed' }), jobOf({}, folder)]
    const [a, b] = [await trainHere(fixed), await trainHere(plain)]
    assert.deepEqual(readCheckpoint(fixed.runFolder, 'last').state, readCheckpoint(plain.runFolder, 'last').state)
    assert.deepEqual(
      a.points.map(({ key, value }) => [key, value]),
      b.points.map(({ key, value }) => [key, value]),
    )
    assert.deepEqual({ ...a.evaluation, seconds: 0 }, { ...b.evaluation, seconds: 0 })
  },
)

/** A variant that shows what its objective is given: its terms are the pixels of the first image. */
const showing: Variant = {
  ...variantOf('classical'),
  terms: Array.from({ length: D }, (_, pixel) => `pixel${pixel}`),
  objective: ({ x, network }) =>
    Object.fromEntries(
      Array.from({ length: D }, (_, pixel) => [
        `pixel${pixel}`,
        x
          .slice([0, pixel], [1, 1])
          .sum()
          .add(network.decode(network.encode(x)).sum().mul(0)) as Scalar,
      ]),
    ),
}

test(
  'a dynamic binarisation is drawn anew at every step, 1 with each ' +
    `pixel's own value as probability; the same step draws the same`,
  () => {
    const { config } = jobOf({ 'data.binarise': 'dynamic', 'training.batchSize': 1, 'training.learningRate': 1e-30 })
    const model = new CompiledModel({ variant: showing, config, input: vectorOf(D), kind: 'image' }, [1])
    model.load({})
    const image = Uint8Array.from({ length: D }, (_, pixel) => pixel * 17)
    const rows = Uint32Array.from([7])
    const steps = 3000
    const drawn = Array.from({ length: steps }, (_, index) =>
      Array.from(model.step(image.slice(), rows, 5, index + 1, 0).terms.slice(1)),
    )
    assert.deepEqual(Array.from(model.step(image.slice(), rows, 5, 1, 0).terms.slice(1)), drawn[0])
    assert.notDeepEqual(
      Array.from(model.step(image.slice(), rows, 6, 1, 0).terms.slice(1)),
      drawn[0],
      'another seed draws the same',
    )
    // Validation has draws of its own, the same after every epoch.
    assert.deepEqual(model.validate(image.slice(), rows, 5, -1), model.validate(image.slice(), rows, 5, -1))
    model.close()
    assert.ok(drawn.flat().every((value) => value === 0 || value === 1))
    assert.ok(drawn.filter((x, index) => index > 0 && String(x) !== String(drawn[index - 1])).length > 0.98 * steps)
    image.forEach((byte, pixel) => {
      const p = byte / 255,
        mean = drawn.reduce((sum, x) => sum + x[pixel]!, 0) / steps
      assert.ok(Math.abs(mean - p) <= 4.5 * Math.sqrt((p * (1 - p)) / steps), `pixel ${pixel}: ${mean} instead of ${p}`)
    })
    // Pixels are drawn apart from each other.
    const [i, j] = [7, 8],
      both = drawn.filter((x) => x[i] === 1 && x[j] === 1).length / steps,
      expected = (image[i]! * image[j]!) / 255 ** 2
    assert.ok(Math.abs(both - expected) <= 4.5 * Math.sqrt((expected * (1 - expected)) / steps))
  },
)

test('what is reconstructed, and what a corruption begins with, is the binary image', () => {
  const { config } = resolveConfig('denoising', {
    'network.layers': [8],
    'data.binarise': 'dynamic',
    'regularizer.noise': 'saltAndPepper',
  })
  const seen: number[][][] = []
  const spy: Variant = {
    ...variantOf('denoising'),
    objective: ({ x, corrupted, network }) => {
      seen.push(x.arraySync(), corrupted.arraySync())
      return { reconstruction: network.encode(x).sum() as Scalar }
    },
  }
  tf.tidy(() => {
    objectiveOf(spy, config!, {
      weights: {
        'encoder/0/kernel': tf.zeros([D, 8]),
        'encoder/0/bias': tf.zeros([8]),
        'decoder/0/kernel': tf.zeros([8, D]),
        'decoder/0/bias': tf.zeros([D]),
      },
      x: tf.ones([40, D]).mul(0.5) as Tensor2D,
      state: {},
      random: randomness(tf.tensor1d([1, 1], 'int32'), tf.range(0, 40, 1, 'int32')),
    })
  })
  const [x, corrupted] = seen.map((rows) => rows.flat())
  assert.ok([...x!, ...corrupted!].every((value) => value === 0 || value === 1))
  const changed = x!.filter((value, index) => value !== corrupted![index]).length / x!.length
  // Half of the corrupted 30% become what they were.
  assert.ok(Math.abs(changed - 0.15) < 0.05, `${changed} changed`)
})

test('a run with dynamic binarisation is measured on the fixed draw, when it ends and whenever it is measured again', async () => {
  const job = jobOf({ 'data.binarise': 'dynamic' })
  const { evaluation } = await trainHere(job)
  const { state } = readCheckpoint(job.runFolder, 'last')
  const dataset = binarised(openDataset(datasetFolder))
  const rowOf = (row: number) => {
    const bytes = new Uint8Array(D)
    dataset.gather([row], bytes)
    return Array.from(bytes, (value) => value / 255)
  }
  const layer = (name: string, activation: string) => ({
    kernel: Array.from(state[`${name}/kernel`]!),
    bias: Array.from(state[`${name}/bias`]!),
    activation,
    transposed: false,
  })
  const error =
    dataset.test.reduce((sum, row) => {
      const x = rowOf(row)
      return (
        sum +
        layer64(layer('decoder/0', 'sigmoid'), layer64(layer('encoder/0', 'linear'), x)).reduce(
          (own, y, i) => own + (y - x[i]!) ** 2,
          0,
        )
      )
    }, 0) / dataset.test.length
  assert.ok(Math.abs(evaluation.squaredError! - error) < 1e-4 * error, `${evaluation.squaredError}, expected ${error}`)
  dataset.close()
  const again = await evaluateHere({ kind: 'evaluate', runId: 'r', runFolder: job.runFolder, datasetFolder })
  assert.equal(again.squaredError, evaluation.squaredError)
})
