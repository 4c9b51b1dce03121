import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { importDataset } from '../../src/main/engine/data/import.ts'
import type { TrainJob } from '../../src/main/engine/training/messages.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import type { Settings } from '../../src/shared/config.ts'
import { digitLabels, digits } from '../fixtures/digits.ts'
import { writeIdx } from '../fixtures/idx.ts'
import { runWorker } from '../fixtures/runWorker.ts'

const home = mkdtempSync(join(tmpdir(), 'resume-'))
const datasetFolder = join(home, 'dataset')
const count = 1500

before(async () => {
  const source = join(home, 'source')
  mkdirSync(source)
  const path = writeIdx(source, digits(count), 28, digitLabels(count))
  await importDataset({ id: 'd', name: 'digits', path, fit: 'crop', folder: datasetFolder }, { signal: new AbortController().signal, onProgress: () => {} })
})
after(() => rmSync(home, { recursive: true, force: true }))

function jobOf(name: string, variant: string, settings: Settings): TrainJob {
  const { config, problems } = resolveConfig(variant, settings, { rowSize: 784, trainCount: 1275, kind: 'image' })
  assert.deepEqual(problems, [])
  const runFolder = join(home, 'runs', name)
  mkdirSync(runFolder, { recursive: true })
  return { kind: 'train', runId: name, runFolder, datasetFolder, variant, config: config!, seed: 5, resume: false }
}

const settings: Settings = { network: { layers: [64, 16] }, training: { epochs: 6, batchSize: 32, schedule: 'cosine', weightDecay: 1e-4, patience: 6 } }

test('a run killed three times and resumed ends with the weights and curves of one that never was, bit for bit', async () => {
  const whole = jobOf('whole', 'denoising', settings)
  const undisturbed = await runWorker(whole)
  assert.equal(undisturbed.last?.type, 'done')

  const broken = jobOf('broken', 'denoising', settings)
  let points: typeof undisturbed.points = []
  // Killed right after the first moment that it shows, i.e. before, while or after a checkpoint is written; then a little later.
  for (const [attempt, moments] of [2, 1, 2].entries()) {
    let shown = 0
    const { last, points: kept } = await runWorker({ ...broken, resume: attempt > 0 }, points, (message, worker) => {
      if (message.type === 'preview' && ++shown > moments) worker.kill()
    })
    assert.equal(last, null, 'the worker ended before it was killed')
    points = kept
  }
  const resumed = await runWorker({ ...broken, resume: true }, points)
  assert.equal(resumed.last?.type, 'done')

  for (const name of ['last', 'best'] as const) {
    const [a, b] = [readCheckpoint(whole.runFolder, name), readCheckpoint(broken.runFolder, name)]
    assert.equal(b.position.step, a.position.step)
    assert.deepEqual(b.position.best, a.position.best)
    assert.deepEqual(b.state, a.state, `${name} differs`)
  }
  const curve = (list: typeof points) => list.map(({ key, step, value }) => `${key} ${step} ${value}`).toSorted()
  assert.deepEqual(curve(resumed.points), curve(undisturbed.points))
  assert.deepEqual(readdirSync(join(broken.runFolder, 'checkpoints')), readdirSync(join(whole.runFolder, 'checkpoints')), 'the same files, nothing half-written')
})

test('pause writes a checkpoint at the step it says, and the run goes on from there', async () => {
  const job = jobOf('paused', 'classical', { ...settings, training: { epochs: 40, batchSize: 32 } })
  const paused = await runWorker(job, [], (message, worker) => { if (message.type === 'progress') worker.send({ type: 'pause' }) })
  assert.equal(paused.last?.type, 'stopped')
  const at = paused.last.step
  assert.equal(readCheckpoint(job.runFolder, 'last').position.step, at)
  const goesOn = await runWorker({ ...job, resume: true }, paused.points, (message, worker) => { if (message.type === 'progress') worker.send({ type: 'cancel' }) })
  const begun = goesOn.messages.find((message) => message.type === 'begun')
  assert.equal(begun?.step, at)
  assert.equal(goesOn.last?.type, 'stopped')
})

test('a run paused at the end of an epoch has been validated there: curves and best weights are those of one that never was', async () => {
  // One step an epoch: whenever it is paused, an epoch ends.
  const oneStep: Settings = { ...settings, training: { epochs: 12, batchSize: 1100, learningRate: 0.003, patience: 6 } }
  const whole = jobOf('whole epochs', 'classical', oneStep)
  const undisturbed = await runWorker(whole)
  const broken = jobOf('broken epochs', 'classical', oneStep)
  let points: typeof undisturbed.points = []
  for (let attempt = 0, last: string | undefined; last !== 'done'; attempt++) {
    const ended = await runWorker({ ...broken, resume: attempt > 0 }, points, (message, worker) => {
      if (attempt < 3 && message.type === 'progress' && message.progress.stage === 'Training') worker.send({ type: 'pause' })
    })
    last = ended.last?.type
    points = ended.points
    assert.equal(last, attempt < 3 ? 'stopped' : 'done')
  }
  const curve = (list: typeof points) => list.map(({ key, step, value }) => `${key} ${step} ${value}`).toSorted()
  assert.deepEqual(curve(points), curve(undisturbed.points))
  assert.deepEqual(readCheckpoint(broken.runFolder, 'best'), { ...readCheckpoint(whole.runFolder, 'best'), position: readCheckpoint(broken.runFolder, 'best').position })
  assert.deepEqual(readCheckpoint(broken.runFolder, 'best').position.best, readCheckpoint(whole.runFolder, 'best').position.best)
})

test('a run with early stopping that was cancelled before its first validation can be exported and evaluated', async () => {
  const job = jobOf('early', 'classical', { ...settings, training: { epochs: 1000, batchSize: 4, patience: 3 } })
  const { last } = await runWorker(job, [], (message, worker) => { if (message.type === 'progress') worker.send({ type: 'cancel' }) })
  assert.equal(last?.type === 'stopped' && last.epoch < 1, true)
  assert.ok(!readdirSync(join(job.runFolder, 'checkpoints')).includes('best.safetensors'))
  const files = { runId: 'early', runFolder: job.runFolder, datasetFolder }
  const exported = await runWorker({ kind: 'export', ...files, part: 'encoder', input: 'pixels', precision: 'float32', out: join(home, 'early.onnx'), force: false, metadata: {} })
  assert.equal(exported.last?.type, 'done')
  const evaluated = await runWorker({ kind: 'evaluate', ...files })
  assert.equal(evaluated.last?.type === 'done' && evaluated.last.result.kind === 'evaluate' && evaluated.last.result.evaluation.checkpoint, 'last')
})

test('a learning rate that diverges ends the run as diverged and keeps the last finite weights', async () => {
  const job = jobOf('diverged', 'classical', { ...settings, reconstruction: 'squaredError', network: { layers: [64, 16], outputActivation: 'linear' }, training: { epochs: 3, batchSize: 32, optimizer: 'sgd', learningRate: 900 } })
  const { last } = await runWorker(job)
  assert.equal(last?.type, 'diverged')
  assert.equal(last.error.code, 'RUN_DIVERGED')
  assert.ok(last.step > 0)
  const { state } = readCheckpoint(job.runFolder, 'last')
  assert.ok(Object.values(state).every((values) => values.every(Number.isFinite)))
})

test('a run whose checkpoint is damaged says so', async () => {
  const job = jobOf('damaged', 'pca', { network: { layers: [8] } })
  assert.equal((await runWorker(job)).last?.type, 'done')
  truncateSync(join(job.runFolder, 'checkpoints', 'last.safetensors'), 5000)
  const { last } = await runWorker({ ...job, resume: true })
  assert.equal(last?.type, 'failed')
  assert.equal(last.error.code, 'CHECKPOINT_DAMAGED')
})
