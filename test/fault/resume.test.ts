import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readCheckpoint, type CheckpointName } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { readSafetensors, writeSafetensors } from '../../src/main/engine/checkpoint/safetensors.ts'
import { importDataset } from '../../src/main/engine/data/import.ts'
import type { FromWorker } from '../../src/main/engine/jobs/messages.ts'
import type { ResultOf } from '../../src/main/engine/jobs/registry.ts'
import type { TrainJob } from '../../src/main/engine/training/messages.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import type { Settings } from '../../src/shared/config.ts'
import { digitLabels, digits } from '../fixtures/digits.ts'
import { writeIdx } from '../fixtures/idx.ts'
import { runWorker, type WorkerEnd } from '../fixtures/runWorker.ts'

const home = mkdtempSync(join(tmpdir(), 'resume-'))
const datasetFolder = join(home, 'dataset')
const count = 1500

before(async () => {
  const source = join(home, 'source')
  mkdirSync(source)
  const path = writeIdx(source, digits(count), 28, digitLabels(count))
  await importDataset(
    { id: 'd', name: 'digits', path, fit: 'crop', folder: datasetFolder },
    { signal: new AbortController().signal, onProgress: () => {} },
  )
})
after(() => rmSync(home, { recursive: true, force: true }))

function jobOf(name: string, variant: string, settings: Settings): TrainJob {
  const { config, problems } = resolveConfig(variant, settings, {
    rowSize: 784,
    trainCount: 1275,
    kind: 'image',
    classes: 10,
    size: { width: 28, height: 28, channels: 1 },
  })
  assert.deepEqual(problems, [])
  const runFolder = join(home, 'runs', name)
  mkdirSync(runFolder, { recursive: true })
  return { kind: 'train', runId: name, runFolder, datasetFolder, variant, config: config!, seed: 5, resume: false }
}

const settings: Settings = {
  network: { layers: [64, 16] },
  training: { epochs: 6, batchSize: 32, schedule: 'cosine', weightDecay: 1e-4, patience: 6 },
}

const normalised: Settings = {
  network: { convolutions: '8x4s2,12x3s2', layers: [16], upsampling: 'resize', normalisation: 'batch' },
  training: { epochs: 6, batchSize: 64, patience: 6 },
}
const killed: [title: string, settings: Settings][] = [
  ['a run', settings],
  ['a convolutional one, normalised by its batches', normalised],
]
for (const [title, given] of killed)
  test(`${title} killed three times and resumed ends with the weights and curves of one that never was, bit for bit`, async () => {
    const whole = jobOf(`whole ${title}`, 'denoising', given)
    const undisturbed = await runWorker(whole)
    assert.equal(undisturbed.last?.type, 'done')

    const broken = jobOf(`broken ${title}`, 'denoising', given)
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
    assert.deepEqual(
      readdirSync(join(broken.runFolder, 'checkpoints')),
      readdirSync(join(whole.runFolder, 'checkpoints')),
      'the same files, nothing half-written',
    )
  })

/** What is done to a worker, and when: `at` is asked about every message, `so` how many of its kind came before in this attempt. */
interface Blow {
  what: 'kill' | 'pause'
  at(message: FromWorker, so: { previews: number; flushes: number }): boolean
}

const progressOf = (message: FromWorker): { stage: string; step: number } | null =>
  message.type === 'progress' ? { stage: message.progress.stage, step: message.step ?? 0 } : null
/** Progress within a stage, `step` steps after its beginning. */
const within =
  (title: string, step = 0): Blow['at'] =>
  (message) =>
    progressOf(message)?.stage.startsWith(title) === true && progressOf(message)!.step >= step

/**
 * When the points before the attempt's checkpoint of this number, from 0, are told: with one of a stage's beginning in its first
 * steps, for a pause.
 */
const told =
  (number: number): Blow['at'] =>
  (message, { flushes }) =>
    message.type === 'points' && message.flush && flushes === number

/** Trains with one blow after the other, resuming after each; all of them must fall. */
async function trainBroken(job: TrainJob, blows: Blow[]): Promise<WorkerEnd> {
  let points: WorkerEnd['points'] = []
  for (const [attempt, { what, at }] of blows.entries()) {
    const so = { previews: 0, flushes: 0 }
    let fell = false
    const { last, points: kept } = await runWorker({ ...job, resume: attempt > 0 }, points, (message, worker) => {
      if (!fell && at(message, so)) {
        fell = true
        if (what === 'kill') worker.kill()
        else worker.send({ type: 'pause' })
      }
      if (message.type === 'preview') so.previews++
      if (message.type === 'points' && message.flush) so.flushes++
    })
    assert.ok(fell, `blow ${attempt} never fell`)
    assert.equal(last?.type ?? null, what === 'kill' ? null : 'stopped', `blow ${attempt}`)
    points = kept
  }
  const ended = await runWorker({ ...job, resume: true }, points)
  assert.equal(ended.last?.type, 'done')
  return ended
}

const evaluationOf = ({ messages }: WorkerEnd) =>
  messages.flatMap((message) => (message.type === 'evaluation' ? [{ ...message.evaluation, seconds: 0 }] : []))[0]

function assertAlike(whole: TrainJob, undisturbed: WorkerEnd, broken: TrainJob, ended: WorkerEnd): void {
  const folder = (job: TrainJob) => join(job.runFolder, 'checkpoints')
  assert.deepEqual(readdirSync(folder(broken)), readdirSync(folder(whole)), 'the same files, nothing half-written')
  assert.ok(!existsSync(join(broken.runFolder, 'stages')))
  for (const file of readdirSync(folder(whole))) {
    const name = file.replace('.safetensors', '') as CheckpointName
    const [a, b] = [readCheckpoint(whole.runFolder, name), readCheckpoint(broken.runFolder, name)]
    assert.deepEqual({ ...b.position, seconds: 0 }, { ...a.position, seconds: 0 }, name)
    assert.deepEqual(Object.keys(b.state), Object.keys(a.state), name)
    for (const weight of Object.keys(a.state)) assert.deepEqual(b.state[weight], a.state[weight], `${weight} of ${name}`)
  }
  const curve = ({ points }: WorkerEnd) =>
    points.map(({ key, step, epoch, value }) => `${key} ${step} ${epoch} ${value}`).toSorted()
  assert.deepEqual(curve(ended), curve(undisturbed))
  assert.deepEqual(evaluationOf(ended), evaluationOf(undisturbed))
}

// Most of their time processes start and end, each on one core: two at once.
describe('trained stage by stage', { concurrency: 2 }, () => {
  test('persistent chains, then classification: killed and paused in every stage, a run ends bit for bit as any other', async () => {
    const staged: Settings = {
      network: { layers: [48, 12] },
      pretraining: { kind: 'rbm', epochs: 12, batchSize: 32, learningRate: 0.02, regularizer: { persistent: true, steps: 2 } },
      fineTuning: { kind: 'classification' },
      training: { epochs: 6, batchSize: 32, patience: 5, schedule: 'cosine' },
    }
    const whole = jobOf('whole stages', 'classical', staged),
      broken = jobOf('broken stages', 'classical', staged)
    const undisturbed = await runWorker(whole)
    assert.equal(undisturbed.last?.type, 'done')
    // The blow before may have fallen after they were whole: then this attempt finds them, and computes none.
    const codes = join(broken.runFolder, 'stages', 'codes-1.f32')
    const ended = await trainBroken(broken, [
      { what: 'pause', at: told(0) },
      // From a checkpoint in the middle of the layer, chains included.
      { what: 'kill', at: within('Layer 1') },
      // Its end has been told, and is not in a checkpoint yet.
      { what: 'kill', at: told(0) },
      { what: 'kill', at: within('Codes for layer 2') },
      // The codes are there, the second layer's beginning is in no checkpoint yet.
      {
        what: 'kill',
        at: (message) => existsSync(codes) && message.type === 'points' && message.flush,
      },
      { what: 'pause', at: told(0) },
      { what: 'kill', at: within('Layer 2') },
      // The layer is over, and being measured.
      { what: 'kill', at: (message) => message.type === 'preview' },
      { what: 'kill', at: within('Classification') },
      // Between the beginning of the last stage and its first epoch's snapshot, and after that.
      { what: 'kill', at: told(1) },
      { what: 'kill', at: (_, { previews }) => previews === 2 },
      { what: 'kill', at: within('Evaluating') },
    ])
    assertAlike(whole, undisturbed, broken, ended)
  })

  test('greedy layers, then reconstruction: the same', async () => {
    const staged: Settings = {
      network: { layers: [48, 12], activation: 'sigmoid', codeActivation: 'sigmoid' },
      pretraining: {
        kind: 'greedy',
        variant: 'sparseKl',
        epochs: 8,
        batchSize: 32,
        regularizer: { estimate: 'dataset', refresh: 7 },
      },
      training: { epochs: 5, batchSize: 32, patience: 5, optimizer: 'momentum', learningRate: 0.01 },
    }
    const whole = jobOf('whole greedy', 'denoising', staged),
      broken = jobOf('broken greedy', 'denoising', staged)
    const undisturbed = await runWorker(whole)
    const ended = await trainBroken(broken, [
      { what: 'pause', at: told(0) },
      { what: 'kill', at: within('Codes for layer 2') },
      { what: 'pause', at: told(0) },
      { what: 'kill', at: within('Layer 2') },
      { what: 'pause', at: told(1) },
      { what: 'kill', at: within('Fine-tuning') },
      { what: 'kill', at: (_, { flushes }) => flushes === 2 },
    ])
    assertAlike(whole, undisturbed, broken, ended)
  })
})

test('a checkpoint from before there were stages is resumed: its position names none, its config has no sections for them', async () => {
  const plain: Settings = { ...settings, training: { epochs: 8, batchSize: 32 } }
  const whole = jobOf('whole old', 'denoising', plain),
    broken = jobOf('broken old', 'denoising', plain)
  const undisturbed = await runWorker(whole)
  const paused = await runWorker(broken, [], (message, worker) => {
    if (within('Training', 5)(message, { previews: 0, flushes: 0 })) worker.send({ type: 'pause' })
  })
  assert.equal(paused.last?.type, 'stopped')
  for (const file of readdirSync(join(broken.runFolder, 'checkpoints'))) {
    const path = join(broken.runFolder, 'checkpoints', file)
    const { tensors, metadata } = readSafetensors(path)
    const { classes: _, ...kept } = metadata
    const { stage: __, ...position } = JSON.parse(metadata['position']!) as Record<string, unknown>
    const {
      data: _data,
      pretraining: _pretraining,
      fineTuning: _fineTuning,
      ...config
    } = JSON.parse(metadata['config']!) as Record<string, unknown>
    writeSafetensors(path, { tensors, metadata: { ...kept, position: JSON.stringify(position), config: JSON.stringify(config) } })
  }
  const resumed = await runWorker({ ...broken, resume: true }, paused.points)
  assert.equal(resumed.last?.type, 'done')
  assert.deepEqual(readCheckpoint(broken.runFolder, 'last').state, readCheckpoint(whole.runFolder, 'last').state)
  assert.deepEqual(evaluationOf(resumed), evaluationOf(undisturbed))
})

test('pause writes a checkpoint at the step it says, and the run goes on from there', async () => {
  const job = jobOf('paused', 'classical', { ...settings, training: { epochs: 40, batchSize: 32 } })
  const paused = await runWorker(job, [], (message, worker) => {
    if (message.type === 'progress') worker.send({ type: 'pause' })
  })
  assert.equal(paused.last?.type, 'stopped')
  const at = paused.last.step
  assert.equal(readCheckpoint(job.runFolder, 'last').position.step, at)
  const goesOn = await runWorker({ ...job, resume: true }, paused.points, (message, worker) => {
    if (message.type === 'progress') worker.send({ type: 'cancel' })
  })
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
  assert.deepEqual(readCheckpoint(broken.runFolder, 'best'), {
    ...readCheckpoint(whole.runFolder, 'best'),
    position: readCheckpoint(broken.runFolder, 'best').position,
  })
  assert.deepEqual(readCheckpoint(broken.runFolder, 'best').position.best, readCheckpoint(whole.runFolder, 'best').position.best)
})

test('a run with early stopping that was cancelled before its first validation can be exported and evaluated', async () => {
  const job = jobOf('early', 'classical', { ...settings, training: { epochs: 1000, batchSize: 4, patience: 3 } })
  const { last } = await runWorker(job, [], (message, worker) => {
    if (message.type === 'progress') worker.send({ type: 'cancel' })
  })
  assert.equal(last?.type === 'stopped' && last.epoch < 1, true)
  assert.ok(!readdirSync(join(job.runFolder, 'checkpoints')).includes('best.safetensors'))
  const files = { runId: 'early', runFolder: job.runFolder, datasetFolder }
  const exported = await runWorker({
    kind: 'export',
    ...files,
    part: 'encoder',
    input: 'pixels',
    precision: 'float32',
    out: join(home, 'early.onnx'),
    force: false,
    metadata: {},
  })
  assert.equal(exported.last?.type, 'done')
  const evaluated = await runWorker({ kind: 'evaluate', ...files })
  assert.equal(evaluated.last?.type === 'done' && (evaluated.last.result as ResultOf<'evaluate'>).evaluation.checkpoint, 'last')
})

test('a learning rate that diverges ends the run as diverged and keeps the last finite weights', async () => {
  const job = jobOf('diverged', 'classical', {
    ...settings,
    reconstruction: 'squaredError',
    network: { layers: [64, 16], outputActivation: 'linear' },
    training: { epochs: 3, batchSize: 32, optimizer: 'sgd', learningRate: 900 },
  })
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
