import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Settings } from '../../src/shared/config.ts'
import { deadUnitsName } from '../../src/shared/activity.ts'
import { oneForAllSentence } from '../../src/main/engine/compare/oneForAll.ts'
import { meanImage } from '../../src/main/engine/evaluate/meanImage.ts'
import { tf } from '../../src/main/engine/trace/tensorflow.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { oddImagesForAll, smallDigitsForAll } from '../fixtures/tinyDataset.ts'
import { trainHere } from '../fixtures/trainHere.ts'
import { ask, configOf, subjectOf, weightsFor } from '../fixtures/explored.ts'
import { datasetOf, modelOf } from './evaluateFixtures.ts'

/** Networks that give one picture for all, whatever they read: every run is held against the mean image. */

const digits = smallDigitsForAll('one-for-all', 200)
const colour = oddImagesForAll('one-for-all-odd', 60)
const quiet = async () => {}

test('the mean image and the variance of reconstructions are what they are in float64', async () => {
  // Far from the origin, where sums of squares lose digits.
  const size = 3,
    rows = Float32Array.from({ length: 700 * size }, (_, at) => 400 + ((at * 7919) % 101) / 50)
  const dataset = datasetOf(rows, size, null, 500)
  const train = dataset.train.filter((row) => row % 5 !== 0)
  const value = (row: number, k: number) => rows[row * size + k]!
  const mean = (of: Uint32Array, read: (row: number, k: number) => number) =>
    Array.from({ length: size }, (_, k) => [...of].reduce((sum, row) => sum + read(row, k), 0) / of.length)
  const spread = (of: Uint32Array, read: (row: number, k: number) => number, place = mean(of, read)) =>
    [...of].reduce((sum, row) => sum + place.reduce((total, at, k) => total + (read(row, k) - at) ** 2, 0), 0) / of.length
  const wanted = spread(dataset.test, value, mean(train, value))
  for (const [factor, offset] of [
    [0.5, 3],
    [0, 7],
    [1, 0],
  ] as const) {
    const model = modelOf(
      size,
      size,
      (x) => x.clone(),
      (x) => tf.tidy(() => x.mul(factor).add(offset)),
    )
    const subject = { model, dataset, train, outputRange: [-Infinity, Infinity] as const, codes: null }
    const { meanImageSquaredError, reconstructionVariance } = await meanImage.measure(subject, quiet)
    assert.ok(Math.abs(meanImageSquaredError! - wanted) < 1e-4 * wanted, `${meanImageSquaredError} for ${wanted}`)
    const ratio = spread(dataset.test, (row, k) => factor * value(row, k) + offset) / spread(dataset.test, value)
    assert.ok(Math.abs(reconstructionVariance! - ratio) < 1e-3, `${reconstructionVariance} for ${ratio}`)
  }
})

const trained = async (opened: typeof digits | typeof colour, variant: string, settings: Settings, facts: object) => {
  const { config, problems } = resolveConfig(variant, settings, facts)
  assert.deepEqual(problems, [])
  const job = { kind: 'train', runId: 'r', datasetFolder: opened.folder, variant, config: config!, seed: 1, resume: false } as const
  const { evaluation, points } = await trainHere({ ...job, runFolder: opened.runFolder() })
  return { evaluation, dead: points.flatMap(({ key, value }) => (key === `validation/${deadUnitsName}` ? [value] : [])) }
}

test('a network whose units die gives one picture for all: they are counted while it trains, and the evaluation says so', async () => {
  const facts = { rowSize: 16, trainCount: 170, kind: 'image', size: { width: 4, height: 4, channels: 1 } }
  const settings = { 'network.layers': [12, 4], 'training.epochs': 3, 'training.batchSize': 17 }
  // A rate at which the hidden units of relu are thrown below 0 for good.
  const collapsed = await trained(digits, 'classical', { ...settings, 'training.learningRate': 2 }, facts)
  const sound = await trained(digits, 'classical', { ...settings, 'training.learningRate': 0.01, 'training.epochs': 40 }, facts)
  assert.ok(collapsed.dead.at(-1)! >= 12, `dead: ${collapsed.dead.join(' ')}`)
  assert.equal(collapsed.dead.length, 4, 'before the first step and after each epoch')
  assert.ok(sound.dead.at(-1)! < 12, `dead: ${sound.dead.join(' ')}`)
  assert.ok(collapsed.evaluation.reconstructionVariance! < 1e-3)
  assert.match(oneForAllSentence(collapsed.evaluation)!, /^reconstructs the same for every input, with 0\.0% of the variance/)
  assert.equal(collapsed.evaluation.meanImageSquaredError, sound.evaluation.meanImageSquaredError, 'a reference: of the data alone')
  assert.equal(oneForAllSentence(sound.evaluation), null)
})

test('filters of convolutions, codes behind a gate and tanh units are counted, too', async () => {
  const short = { 'training.epochs': 1, 'training.batchSize': 16 }
  const filters = await trained(
    colour,
    'classical',
    { ...short, 'network.convolutions': '5x3s2', 'network.layers': [3] },
    colour.facts(),
  )
  assert.ok(
    filters.dead.every((count) => count >= 0 && count <= 5 + 3),
    filters.dead.join(' '),
  )
  const facts = { rowSize: 16, trainCount: 170, kind: 'image', size: { width: 4, height: 4, channels: 1 } }
  // Of 40 code units one passes for each image: most never do.
  const gated = await trained(digits, 'kSparse', { ...short, 'network.layers': [40], 'regularizer.k': 1 }, facts)
  assert.ok(gated.dead.at(-1)! >= 20, gated.dead.join(' '))
  const tanh = await trained(digits, 'classical', { ...short, 'network.layers': [6], 'network.codeActivation': 'tanh' }, facts)
  assert.deepEqual(tanh.dead, [0, 0])
})

test('a network that is no better than the mean image is told apart from one that gives one picture', () => {
  const figures = { squaredError: 60, meanImageSquaredError: 52.7, reconstructionVariance: 0.4 }
  assert.match(oneForAllSentence(figures)!, /^reconstructs no better than one picture for all would: a squared error of 60/)
  assert.equal(oneForAllSentence({ ...figures, squaredError: 52 }), null)
  for (const key of Object.keys(figures)) assert.equal(oneForAllSentence({ ...figures, [key]: null }), null, 'not measured')
})

test('what a network copies is said of those alone that reconstruct something', async () => {
  const config = configOf('classical', { 'network.layers': [3] }, 'image')
  // Constant: all weights 0; untrained: small ones, drawn.
  for (const scale of [0, 0.1]) {
    const weights = weightsFor('classical', config, 16, 1, scale)
    if (scale === 0) for (const values of Object.values(weights)) values.fill(0)
    const subject = subjectOf('classical', config, weights, digits.dataset)
    const { sentence, own, other } = await ask(subject, { kind: 'copying' })
    assert.ok(Math.max(own.rebuilt, other.rebuilt) < 0.1)
    assert.match(sentence, /: the network reconstructs hardly anything, so what it has learned to copy cannot be told\.$/)
    subject.close()
  }
})
