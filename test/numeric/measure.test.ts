import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Settings } from '../../src/shared/config.ts'
import type { Dataset } from '../../src/shared/domain.ts'
import { defaultCopies } from '../../src/main/engine/checkpoint/snapshots.ts'
import { bytesOf, secondsOf } from '../../src/main/engine/experiments/costs.ts'
import { plannedStages } from '../../src/main/engine/experiments/newRun.ts'
import { folderBytes } from '../../src/main/engine/folderBytes.ts'
import { encode } from '../../src/shared/codec.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { sampleDataset } from '../fixtures/homes.ts'
import { facts } from '../fixtures/everySetting.ts'
import { importDigits } from '../fixtures/tinyDataset.ts'
import { portTo, trainHere } from '../fixtures/trainHere.ts'

/** What is said of a run before it is trained: how long, and how much of the disk. */
const home = mkdtempSync(join(tmpdir(), 'measure-'))
let datasetFolder = ''
before(async () => {
  datasetFolder = await importDigits(home)
})
after(() => rmSync(home, { recursive: true, force: true }))
/** 200 images of 4x4, 30 of them for testing. */
const dataset: Dataset = { ...sampleDataset, count: 200, testCount: 30, classes: [], classCounts: [] }

function configOf(variant: string, settings: Settings) {
  const { config, problems, parameters } = resolveConfig(
    variant,
    { 'network.layers': [8], ...(variant === 'pca' ? {} : { 'training.epochs': 3, 'training.batchSize': 16 }), ...settings },
    { ...facts, classes: 0 },
  )
  assert.deepEqual(problems, [])
  return { config: config!, parameters: parameters! }
}
async function measured(variant: string, settings: Settings, evaluation: boolean) {
  const { measureRun } = await import('../../src/main/engine/jobs/measure.ts')
  return measureRun(
    { kind: 'measure', datasetFolder, variant, config: configOf(variant, settings).config, seed: 1, evaluation },
    portTo([]),
  )
}

test('every stage is timed: layers by themselves, the whole network, a fit in closed form, an evaluation', async () => {
  const deep = await measured(
    'classical',
    { 'network.layers': [8, 4, 2], 'network.tied': false, 'pretraining.kind': 'greedy', 'pretraining.batchSize': 16 },
    false,
  )
  assert.equal(deep.stages.length, 4)
  for (const { step, row } of deep.stages) assert.ok(step > 0 && step < 1 && row > 0 && row < step, `${step} ${row}`)
  assert.deepEqual([deep.evaluation, deep.fit], [null, 0])
  assert.ok(deep.start > 0)
  const rbm = await measured(
    'classical',
    {
      'network.layers': [8, 4],
      'network.activation': 'sigmoid',
      'network.codeActivation': 'sigmoid',
      'network.tied': false,
      'pretraining.kind': 'rbm',
      'pretraining.batchSize': 16,
    },
    false,
  )
  assert.equal(rbm.stages.length, 3)
  const pca = await measured('pca', {}, true)
  assert.deepEqual(pca.stages, [])
  assert.ok(pca.fit > 0 && pca.evaluation! > 0)
  const plain = await measured('denoising', {}, true)
  assert.ok(plain.stages.length === 1 && plain.evaluation! > 0)
})

test('a measurement stops when it is asked to', async () => {
  const { measureRun } = await import('../../src/main/engine/jobs/measure.ts')
  let told = 0
  await assert.rejects(
    measureRun(
      { kind: 'measure', datasetFolder, variant: 'classical', config: configOf('classical', {}).config, seed: 1, evaluation: true },
      portTo([], () => ++told > 1),
    ),
    /stopped on request/,
  )
})

test('seconds: start, steps of each stage, validations after each epoch, fit and evaluation', () => {
  const { config } = configOf('classical', {
    'network.layers': [8, 4],
    'network.tied': false,
    'pretraining.kind': 'greedy',
    'pretraining.epochs': 5,
    'pretraining.batchSize': 32,
  })
  const stages = plannedStages('classical', config, dataset)
  // 153 rows to train, 17 to validate: 4 steps an epoch for the layers, 9 for the whole.
  assert.deepEqual(
    stages.map(({ steps, epochs }) => [steps, epochs]),
    [
      [20, 5],
      [20, 5],
      [27, 3],
    ],
  )
  const timing = {
    start: 100,
    fit: 1000,
    stages: [
      { step: 1, row: 0.1 },
      { step: 2, row: 0.2 },
      { step: 3, row: 0.3 },
    ],
  }
  const expected = 100 + 1000 + (20 * 1 + 20 * 2 + 27 * 3) + 17 * (5 * 0.1 + 5 * 0.2 + 3 * 0.3) + 7
  assert.ok(Math.abs(secondsOf(timing, stages, dataset, 7)! - expected) < 1e-9)
  assert.equal(secondsOf(timing, stages, dataset, null), null)
  assert.equal(secondsOf({ ...timing, stages: [] }, stages, dataset, 7), null)
})

test('what a run takes of the disk is told within a third', async () => {
  for (const [index, [variant, settings]] of (
    [
      ['classical', { 'network.layers': [400, 100] }],
      ['denoising', { 'network.layers': [300], 'training.patience': 2, 'training.optimizer': 'sgd', 'training.epochs': 6 }],
      ['pca', {}],
      [
        'classical',
        {
          'network.layers': [300, 100],
          'network.tied': false,
          'pretraining.kind': 'greedy',
          'pretraining.batchSize': 16,
          'pretraining.epochs': 2,
        },
      ],
    ] as [string, Settings][]
  ).entries()) {
    const { config, parameters } = configOf(variant, settings)
    const runFolder = join(home, `run-${index}`)
    const { messages, points } = await trainHere({
      kind: 'train',
      runId: 'run',
      runFolder,
      datasetFolder,
      variant,
      config,
      seed: 1,
      resume: false,
    })
    const previews = messages.reduce((sum, message) => sum + (message.type === 'preview' ? encode(message.preview).length : 0), 0)
    const took = folderBytes(runFolder) + previews + 70 * points.length
    const told = bytesOf(variant, config, dataset, plannedStages(variant, config, dataset), parameters, defaultCopies)
    assert.ok(
      told > took * 0.67 && told < took * 1.5,
      `${variant}: ${told} told, ${took} taken (${folderBytes(runFolder)} files, ${previews} pictures, ${points.length} points)`,
    )
  }
})
