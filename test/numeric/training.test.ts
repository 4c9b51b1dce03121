import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import { configSchema, keepsBest, type Settings, type TrainingConfig } from '../../src/shared/config.ts'
import { checkpointFile, readCheckpoint, readResult } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { configOf as storedConfig } from '../../src/main/engine/store/lenient.ts'
import { Session } from '../../src/main/engine/trace/session.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import type { TrainJob } from '../../src/main/engine/training/messages.ts'
import { Program } from '../../src/main/engine/training/program.ts'
import { warmupOf } from '../../src/main/engine/variants/settings/lengthRules.ts'
import { learningRateAt } from '../../src/main/engine/training/schedule.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { facts } from '../fixtures/everySetting.ts'
import { importDigits, smallDigits } from '../fixtures/tinyDataset.ts'
import { trainHere } from '../fixtures/trainHere.ts'

/** What training promises whatever the variant: schedules, clipping, early stopping. */
const home = mkdtempSync(join(tmpdir(), 'training-'))
let datasetFolder = ''
before(async () => {
  datasetFolder = await importDigits(home)
})
after(() => rmSync(home, { recursive: true, force: true }))

function configOf(settings: Settings) {
  const { config, problems } = resolveConfig('classical', { 'network.layers': [8], ...settings }, facts)
  assert.deepEqual(problems, [])
  return config!
}

test('learning rates: warm-up from 0, then constant, in steps at a half and three quarters, or along a cosine to 0', () => {
  const perEpoch = 10,
    epochs = 8
  const rates = (training: Partial<TrainingConfig>) =>
    Array.from({ length: epochs * perEpoch }, (_, index) =>
      learningRateAt({ ...configOf({}).training, epochs, learningRate: 2, ...training }, index + 1, perEpoch),
    )
  assert.deepEqual(new Set(rates({})), new Set([2]))
  const near = (found: number[], wanted: (step: number) => number) =>
    found.forEach((rate, index) => assert.ok(Math.abs(rate - wanted(index + 1)) < 1e-12, `step ${index + 1}: ${rate}`))
  near(rates({ warmupEpochs: 2 }), (step) => 2 * Math.min(1, step / 20))
  near(rates({ schedule: 'step' }), (step) => (step <= 40 ? 2 : step <= 60 ? 0.2 : 0.02))
  near(rates({ schedule: 'cosine' }), (step) => 1 + Math.cos((Math.PI * (step - 1)) / 80))
  near(
    rates({ schedule: 'cosine', warmupEpochs: 1.5 }),
    (step) => Math.min(1, step / 15) * (1 + Math.cos((Math.PI * (step - 1)) / 80)),
  )
})

test('clipping scales all gradients together to the stated norm, and leaves smaller ones alone', () => {
  const pixels = smallDigits(16),
    rows = Uint32Array.from({ length: 16 }, (_, row) => row)
  const step = (clipNorm: number) => {
    const config = configOf({ 'training.optimizer': 'sgd', 'training.batchSize': 16, 'training.clipNorm': clipNorm })
    const model = new CompiledModel({ variant: variantOf('classical'), config, input: vectorOf(16), kind: 'image' }, [16])
    model.load(Object.fromEntries(model.specs.map((weight) => [weight.name, initialValues(weight, 1)])))
    const start = model.weights()
    model.step(pixels.slice(), rows, 1, 1, 1)
    const end = model.weights()
    model.close()
    return Object.keys(start).flatMap((name) => Array.from(start[name]!, (value, index) => value - end[name]![index]!))
  }
  const norm = (values: number[]) => Math.hypot(...values)
  const whole = step(0)
  assert.ok(norm(whole) > 0.5, `the gradient's norm is ${norm(whole)}`)
  const clipped = step(0.1)
  assert.ok(Math.abs(norm(clipped) - 0.1) < 1e-5)
  clipped.forEach((value, index) => assert.ok(Math.abs(value - (whole[index]! * 0.1) / norm(whole)) < 1e-6))
  step(norm(whole) * 2).forEach((value, index) => assert.ok(Math.abs(value - whole[index]!) < 1e-6))
})

test("a session keeps no memory of JavaScript, which TensorFlow's threads would release behind its back", () => {
  const config = configOf({ 'training.batchSize': 16 })
  const session = new Session(
    new Program({ variant: variantOf('classical'), config, input: vectorOf(16), kind: 'image' }, [16]).graph,
  )
  const shape = [16, 8]
  // Whether an array's memory would be shared depends on where it happens to lie.
  for (let round = 0; round < 100; round++) {
    const data = new Float32Array(16 * 8).fill(round)
    session.run({ 'assign/encoder/0/kernel': { shape, dtype: 'float32', data } }, ['assigned/encoder/0/kernel'])
    data.fill(-1)
    const [kept] = session.run({}, ['read/encoder/0/kernel'])
    assert.deepEqual(kept!.data, new Float32Array(16 * 8).fill(round))
  }
  session.close()
})

/** The training of a classical run in a folder. */
const jobIn = (runFolder: string, given: Pick<TrainJob, 'config' | 'seed'>, resume = false): TrainJob => ({
  kind: 'train',
  runId: 'r',
  runFolder,
  datasetFolder,
  variant: 'classical',
  ...given,
  resume,
})

test("early stopping ends a run so many epochs after its best one, and keeps that one's weights", async () => {
  const runFolder = mkdtempSync(join(home, 'run-'))
  // A rate at which the validation loss soon goes up and down.
  const config = configOf({ 'training.epochs': 60, 'training.batchSize': 8, 'training.learningRate': 0.3, 'training.patience': 3 })
  const job = jobIn(runFolder, { config, seed: 2 })
  const { points, evaluation } = await trainHere(job)
  const losses = points.filter(({ key }) => key === 'validation/loss')
  const least = losses.reduce((best, point) => (point.value < best.value ? point : best))
  assert.ok(losses.length < 60, 'it went on to the end')
  assert.equal(losses.length, least.epoch + 3)
  assert.equal(evaluation.checkpoint, 'best')
  const [best, last] = [readCheckpoint(runFolder, 'best'), readCheckpoint(runFolder, 'last')]
  assert.deepEqual(last.position.best, { loss: least.value, epoch: least.epoch })
  assert.equal(last.position.epoch, losses.length)
  // Each file says where in the training its own weights are.
  const { step, epoch, seconds } = best.position
  assert.deepEqual([step, epoch], [least.step, least.epoch])
  assert.ok(seconds <= last.position.seconds)
  assert.notDeepEqual(best.state['encoder/0/kernel'], last.state['encoder/0/kernel'])

  // The same run without early stopping, ended where that one was best, has those weights.
  const again = mkdtempSync(join(home, 'run-'))
  await trainHere({
    ...job,
    runFolder: again,
    config: { ...config, training: { ...config.training, patience: 0, epochs: least.epoch } },
  })
  const wanted = readCheckpoint(again, 'last').state
  for (const name of Object.keys(best.state).filter((key) => !key.startsWith('optimizer/')))
    assert.deepEqual(best.state[name], wanted[name], name)
})

test('the weights of the lowest validation loss are the result where that is asked for, after any number of pauses', async () => {
  const settings = { 'training.epochs': 12, 'training.batchSize': 8, 'training.learningRate': 0.3 }
  const config = configOf({ ...settings, 'training.keep': 'best' })
  const runFolder = mkdtempSync(join(home, 'run-'))
  const { points, evaluation } = await trainHere(jobIn(runFolder, { config, seed: 2 }))
  const losses = points.filter(({ key }) => key === 'validation/loss')
  assert.equal(losses.length, 12, 'nothing stops early')
  const least = losses.reduce((best, point) => (point.value < best.value ? point : best))
  assert.notEqual(least.epoch, 12)
  const { checkpoint, checkpointStep, checkpointEpoch } = evaluation
  assert.deepEqual([checkpoint, checkpointStep, checkpointEpoch], ['best', least.step, least.epoch])
  const result = readResult(runFolder)
  assert.deepEqual([result.name, result.position.step], ['best', least.step])
  // They are what training was at then.
  const shorter = mkdtempSync(join(home, 'run-'))
  await trainHere(jobIn(shorter, { config: configOf({ ...settings, 'training.epochs': least.epoch }), seed: 2 }))
  const wanted = readResult(shorter)
  assert.equal(wanted.name, 'last')
  for (const name of Object.keys(result.state)) assert.deepEqual(result.state[name], wanted.state[name], name)

  const paused = mkdtempSync(join(home, 'run-'))
  let resume = false,
    again: typeof evaluation | null = null
  while (again === null) {
    let epochs = 0
    again = await trainHere(
      jobIn(paused, { config, seed: 2 }, resume),
      (message) => message.type === 'points' && message.points.some(({ key }) => key === 'validation/loss') && ++epochs === 1,
    ).then(
      (trained) => trained.evaluation,
      () => null,
    )
    resume = true
  }
  const { seconds: _, ...figures } = evaluation
  assert.deepEqual({ ...again, seconds: 0 }, { ...figures, seconds: 0 })
  for (const name of ['best', 'last'] as const)
    assert.deepEqual(readCheckpoint(paused, name).state, readCheckpoint(runFolder, name).state, name)
})

test('early stopping may keep the last weights; a config of before it could be chosen keeps the best', async () => {
  const settings = { 'training.epochs': 40, 'training.batchSize': 8, 'training.learningRate': 0.3, 'training.patience': 3 }
  const best = configOf(settings),
    last = configOf({ ...settings, 'training.keep': 'last' })
  assert.deepEqual([best, last].map(keepsBest), [true, false])
  const runFolder = mkdtempSync(join(home, 'run-'))
  const { points, evaluation } = await trainHere(jobIn(runFolder, { config: last, seed: 2 }))
  const epochs = points.filter(({ key }) => key === 'validation/loss').length
  assert.ok(epochs < 40)
  assert.deepEqual([evaluation.checkpoint, evaluation.checkpointEpoch], ['last', epochs])
  assert.ok(!existsSync(checkpointFile(runFolder, 'best')))

  const before = (now: TrainingConfig) => {
    const { keep: _, ...training } = now
    return { ...best, training }
  }
  assert.deepEqual(configSchema.parse(before(best.training)), best)
  assert.deepEqual(storedConfig(JSON.stringify(before(best.training))), { config: best, whole: true })
  // Even where a newer version added what this one does not know.
  assert.equal(storedConfig(JSON.stringify({ ...before(best.training), more: 1 })).config.training.keep, 'best')
  assert.equal(configSchema.parse(before({ ...best.training, patience: 0 })).training.keep, 'last')
})

test('early stopping does not judge what is still on its way: its patience counts from the end of every warm-up', async () => {
  const settings = {
    'network.layers': [16, 8],
    'training.epochs': 24,
    'training.batchSize': 8,
    'training.patience': 2,
    'training.learningRate': 0.1,
    // Soon the validation loss goes up and down.
    'regularizer.klWeight': 4,
    'regularizer.warmupEpochs': 12.5,
  }
  const { config, problems } = resolveConfig('variational', settings, facts)
  assert.deepEqual(problems, [])
  assert.equal(warmupOf(variantOf('variational'), config!), 12.5)
  assert.equal(warmupOf(variantOf('variational'), { ...config!, training: { ...config!.training, warmupEpochs: 14 } }), 14)
  const job = { kind: 'train', runId: 'r', datasetFolder, variant: 'variational', config: config!, seed: 2, resume: false } as const
  const { points } = await trainHere({ ...job, runFolder: mkdtempSync(join(home, 'run-')) })
  const losses = points.flatMap(({ key, value }) => (key === 'validation/loss' ? [value] : []))
  const stops = (epoch: number) => Math.min(losses[epoch]!, losses[epoch + 1]!) >= Math.min(...losses.slice(0, epoch))
  assert.ok(Array.from({ length: 10 }, (_, index) => index + 1).some(stops), `it never had reason to stop: ${losses.join(' ')}`)
  assert.equal(losses.length, Math.min(24, Math.max(losses.indexOf(Math.min(...losses)) + 1, 13) + 2))
})

test('a pause inside a window of points changes no point', async () => {
  // 153 steps an epoch, of which three make a point.
  const config = configOf({ 'training.epochs': 1, 'training.batchSize': 1 })
  const given = { config, seed: 3 }
  const whole = await trainHere(jobIn(mkdtempSync(join(home, 'run-')), given))
  const runFolder = mkdtempSync(join(home, 'run-'))
  const before: (typeof whole)['points'] = []
  // The first message after a step comes with the first one.
  let resume = false,
    pauses = 0
  for (;;) {
    const stopped = await trainHere(jobIn(runFolder, given, resume), (message) => {
      if (message.type === 'points') before.push(...message.points)
      return message.type === 'progress' && (message.step ?? 0) > 0 && pauses < 3
    }).then(
      () => false,
      () => true,
    )
    if (!stopped) break
    resume = true
    pauses++
    assert.ok(readCheckpoint(runFolder, 'last').position.step % 3 !== 0 || pauses > 1, 'it stopped within a window')
  }
  assert.equal(pauses, 3)
  const plain = (points: typeof before) =>
    points.map(({ key, step, value }) => `${key} ${step} ${value}`).toSorted((a, b) => (a < b ? -1 : 1))
  assert.deepEqual(plain(before), plain(whole.points))
})
