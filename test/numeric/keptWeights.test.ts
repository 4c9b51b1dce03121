import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Settings } from '../../src/shared/config.ts'
import { readCheckpoint, readResult, snapshotEpochs } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { keptEpochs, spread } from '../../src/main/engine/checkpoint/snapshots.ts'
import type { TrainJob } from '../../src/main/engine/training/messages.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { facts } from '../fixtures/everySetting.ts'
import { importDigits } from '../fixtures/tinyDataset.ts'
import { evaluateHere, exportHere, trainHere } from '../fixtures/trainHere.ts'

/** What a run keeps of its weights: all that it can go on from while it trains, and no more than its budget when it is completed. */
const home = mkdtempSync(join(tmpdir(), 'kept-'))
let datasetFolder = ''
before(async () => {
  datasetFolder = await importDigits(home)
})
after(() => rmSync(home, { recursive: true, force: true }))

let runs = 0
function jobOf(variant: string, settings: Settings): TrainJob {
  const given = { 'network.layers': [40, 8], 'training.epochs': 12, 'training.batchSize': 32, ...settings }
  const { config, problems } = resolveConfig(variant, given, { ...facts, classes: 0 })
  assert.deepEqual(problems, [])
  return {
    kind: 'train',
    runId: 'run',
    runFolder: join(home, `run-${runs++}`),
    datasetFolder,
    variant,
    config: config!,
    seed: 3,
    resume: false,
  }
}
const checkpoints = (job: TrainJob) => readdirSync(join(job.runFolder, 'checkpoints')).sort()
/** Running statistics are a part of the network, whatever else is a state. */
const isSurplus = (name: string) => /^(optimizer|stage|state(?!\/(en|de)coder))\//.test(name)

const kinds: [string, Settings][] = [
  ['classical', {}],
  ['denoising', { 'training.patience': 3, 'training.optimizer': 'momentum' }],
  ['sparseBias', { 'training.optimizer': 'rmsprop' }],
  ['variational', { 'network.normalisation': 'batch', 'training.patience': 3 }],
  ['sparseBias', { 'network.normalisation': 'batch' }],
  ['classical', { 'network.tied': false, 'pretraining.kind': 'greedy', 'pretraining.batchSize': 16, 'pretraining.epochs': 2 }],
]

test(
  'a completed run keeps weights within its budget and nothing that only ' +
    'training needs; they and all that is made of them stay what they were',
  async () => {
    for (const [variant, settings] of kinds) {
      for (const copies of [1, 4, undefined]) {
        const job = { ...jobOf(variant, settings), ...(copies === undefined ? {} : { copies }) }
        const atEnd = join(home, `end-${runs}`)
        // The folder as it is when the training is over and the result has been measured, before anything is taken from it.
        const { evaluation } = await trainHere(job, (message) => {
          if (message.type === 'evaluation') cpSync(job.runFolder, atEnd, { recursive: true })
        })
        const full = readResult(atEnd),
          kept = readResult(job.runFolder)
        const slots = job.config.training.optimizer === 'sgd' ? 0 : 1
        assert.ok(
          Object.keys(readCheckpoint(atEnd, 'last').state).filter(isSurplus).length >= slots,
          'it could have gone on until then',
        )
        assert.deepEqual(Object.keys(readCheckpoint(job.runFolder, 'last').state).filter(isSurplus), [])
        assert.deepEqual(
          kept.state,
          Object.fromEntries(Object.entries(full.state).filter(([name]) => !isSurplus(name))),
          'bit for bit',
        )

        const weights = 4 * Object.values(kept.state).reduce((sum, values) => sum + values.length, 0)
        const files = checkpoints(job),
          budget = Math.max(copies ?? 10, files.filter((name) => !name.startsWith('snapshot-')).length)
        const bytes = files.reduce((sum, name) => sum + statSync(join(job.runFolder, 'checkpoints', name)).size, 0)
        assert.ok(files.length <= budget, `${variant}: ${files.join(', ')}`)
        assert.ok(bytes <= budget * (weights + 3000), `${variant}: ${bytes} bytes of ${budget} x ${weights}`)
        if ((copies ?? 10) > 3) assert.ok(files.includes('snapshot-0.safetensors'), 'where it began')

        const { seconds: _, ...again } = await evaluateHere({ ...job, kind: 'evaluate' })
        const { seconds: __, ...first } = evaluation
        assert.deepEqual(again, first)
      }
    }
  },
)

test('killed before or after it gave up what it does not need, a run that is resumed ends the same', async () => {
  for (const [variant, settings] of kinds) {
    const job = jobOf(variant, settings)
    const { evaluation } = await trainHere(job)
    const state = readResult(job.runFolder).state
    const resumed = await trainHere({ ...job, resume: true })
    const { seconds: _, ...again } = resumed.evaluation,
      { seconds: __, ...first } = evaluation
    assert.deepEqual(again, first)
    assert.deepEqual(readResult(job.runFolder).state, state)
    assert.deepEqual(
      resumed.points.filter(({ key }) => key.includes('train/')),
      [],
      'no step is done again',
    )
  }
})

test('an export of a completed run is of the same bytes as one from all that the training had', async () => {
  const job = jobOf('classical', {}),
    atEnd = join(home, 'end-export')
  await trainHere(job, (message) => {
    if (message.type === 'evaluation') cpSync(job.runFolder, atEnd, { recursive: true })
  })
  const asked = {
    kind: 'export',
    runId: 'run',
    datasetFolder,
    part: 'autoencoder',
    input: 'pixels',
    precision: 'float32',
    force: false,
    metadata: {},
  } as const
  const whole = await exportHere({ ...asked, runFolder: atEnd, out: join(home, 'whole.onnx') })
  assert.equal((await exportHere({ ...asked, runFolder: job.runFolder, out: join(home, 'kept.onnx') })).sha256, whole.sha256)
})

test('snapshots are some of the moments that have pictures, the first one among them, evenly between it and the result', () => {
  for (const epochs of [1, 2, 3, 7, 20, 100, 500]) {
    const moments = [...snapshotEpochs(epochs)].sort((a, b) => a - b)
    for (let count = 0; count <= 25; count++) {
      const kept = [...keptEpochs(epochs, count)]
      assert.equal(kept.length, Math.min(count, moments.length - 1), `${count} of ${epochs} epochs`)
      assert.ok(kept.every((epoch) => moments.includes(epoch) && epoch < epochs))
      if (count > 0) assert.equal(kept[0], 0)
      const places = [...kept, epochs].map((epoch) => moments.indexOf(epoch)),
        gaps = places.slice(1).map((place, at) => place - places[at]!)
      if (count > 0) assert.ok(Math.max(...gaps) - Math.min(...gaps) <= 1, `${places.join(' ')}`)
    }
  }
  assert.deepEqual(spread([], 3), [])
})
