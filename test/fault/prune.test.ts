import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Settings } from '../../src/shared/config.ts'
import type { Task } from '../../src/shared/domain.ts'
import { digitLabels, digits } from '../fixtures/digits.ts'
import { homeWithDataset, temporaryFolder, testEngine, type TestEngine } from '../fixtures/homes.ts'
import { writeIdx } from '../fixtures/idx.ts'

const ended = ({ next }: TestEngine, id: string): Promise<Task> =>
  next((event) => (event.type === 'task' && event.task.id === id && event.task.state !== 'running' ? event.task : undefined))
const prune = async (engine: TestEngine, run: string) => ended(engine, (await engine.call('runs.prune', { run })).task.id)
const foldersOf = ({ engine }: TestEngine) => readdirSync(join(engine.home.folder, 'runs')).toSorted()

/** Most code units of such a run collapse, in a few seconds. */
const collapsing = {
  network: { layers: [48, 12], activation: 'tanh' },
  training: { epochs: 100, batchSize: 32, learningRate: 0.01, schedule: 'cosine' },
  regularizer: { klWeight: 6 },
}

test('a pruned run is a run: measured, shown, exported, evaluated again; its origin stays as it was', async (t) => {
  const engine = testEngine(t, temporaryFolder(t), { workerScript: undefined })
  const { task } = await engine.call('datasets.import', {
    name: 'digits',
    path: writeIdx(temporaryFolder(t), digits(900), 28, digitLabels(900)),
  })
  assert.equal((await ended(engine, task.id)).error, null)
  const create = async (variant: string, name: string, settings: Settings) =>
    (await engine.call('runs.create', { dataset: 'digits', variant, name, settings })).run.id
  const id = await create('variational', 'digit codes', collapsing)
  const plain = await create('classical', 'plain', { network: { layers: [12] }, training: { epochs: 1 } })
  const run = await engine.until(id, 'completed', 'failed')
  const units = run.evaluation!.collapse!.units
  assert.ok(units.length > 2 && units.length < 12, `${units.length} of 12 units collapsed`)
  const file = join(engine.engine.home.run(id), 'checkpoints', 'last.safetensors'),
    weights = readFileSync(file)

  const made = await prune(engine, id)
  assert.equal(made.error, null)
  const { run: pruned } = await engine.call('runs.show', { run: made.result! })
  assert.deepEqual(pruned.origin, { kind: 'pruned', run: id, removed: units, elbo: run.evaluation!.elbo })
  assert.deepEqual(
    [pruned.name, pruned.state, pruned.variant, pruned.seed, pruned.step, pruned.stages],
    ['digit codes pruned', 'completed', 'variational', run.seed, run.step, []],
  )
  assert.deepEqual(pruned.config, { ...run.config, network: { ...run.config.network, layers: [48, 12 - units.length] } })
  assert.equal(pruned.parameters, run.parameters - units.length * (2 * 49 + 48), 'two heads and a row of the decoder each')
  assert.ok(run.evaluation!.elbo! - pruned.evaluation!.elbo! < 0.1)
  assert.equal(pruned.evaluation!.klPerUnit!.length, 12 - units.length)
  assert.notEqual(pruned.colour, run.colour)
  assert.ok(
    engine.events.some((event) => event.type === 'run' && event.run.id === pruned.id && event.run.state === 'completed'),
    'windows are told',
  )
  assert.ok(
    !engine.events.some((event) => event.type === 'run' && event.run.id === pruned.id && event.run.state !== 'completed'),
    'of a whole run only',
  )

  const { run: origin } = await engine.call('runs.show', { run: id })
  // What a run occupies is measured some time after it has ended.
  assert.deepEqual({ ...origin, bytes: null }, { ...run, bytes: null })
  assert.ok(weights.equals(readFileSync(file)))

  const { moments } = await engine.call('runs.moments', { run: pruned.id })
  assert.deepEqual(moments, [{ step: run.step, epoch: 100 }])
  assert.equal((await engine.call('runs.preview', { run: pruned.id, step: run.step })).preview.reconstructions?.width, 28)
  assert.equal(
    (await engine.call('compare', { runs: [id, pruned.id] })).comparison.figures.find(({ key }) => key === 'elbo')!.values[1],
    pruned.evaluation!.elbo,
  )
  assert.equal((await ended(engine, (await engine.call('runs.evaluate', { run: pruned.id })).task.id)).error, null)
  const { run: again } = await engine.call('runs.show', { run: pruned.id })
  assert.deepEqual({ ...again.evaluation, seconds: 0 }, { ...pruned.evaluation, seconds: 0 })
  const out = join(temporaryFolder(t), 'encoder.onnx')
  assert.equal(
    (await ended(engine, (await engine.call('exports.create', { run: pruned.id, part: 'encoder', out })).task.id)).error,
    null,
  )
  const [exported] = (await engine.call('exports.list', {})).exports
  assert.deepEqual(
    exported!.outputs.map(({ name, shape }) => [name, shape.at(-1)]),
    ['code', 'mean', 'logVariance'].map((name) => [name, 12 - units.length]),
  )

  // A second one has a name of its own; one that is cancelled leaves nothing.
  const twice = (await prune(engine, id)).result!
  assert.equal((await engine.call('runs.show', { run: twice })).run.name, 'digit codes pruned 2')
  const before = foldersOf(engine)
  const { task: third } = await engine.call('runs.prune', { run: id })
  await engine.next((event) =>
    event.type === 'task' && event.task.id === third.id && event.task.progress !== null ? true : undefined,
  )
  await engine.call('tasks.cancel', { task: third.id })
  assert.equal((await ended(engine, third.id)).state, 'cancelled')
  assert.deepEqual(foldersOf(engine), before)
  assert.equal((await engine.call('runs.list', {})).runs.length, 4)

  await engine.until(plain, 'completed')
  await assert.rejects(engine.call('runs.prune', { run: plain }), { code: 'VARIANT_UNSUITABLE', field: 'run' })
  if (again.evaluation!.collapse!.units.length === 0)
    await assert.rejects(engine.call('runs.prune', { run: pruned.id }), { code: 'NOTHING_TO_PRUNE', field: 'run' })
  rmSync(file)
  await assert.rejects(engine.call('runs.prune', { run: id }), { code: 'CHECKPOINT_MISSING', field: 'run' })
  await assert.rejects(engine.call('runs.prune', { run: 'nothing' }), { code: 'RUN_UNKNOWN' })
})

test('a run whose pruning dies, or that trains still, leaves no other run behind', async (t) => {
  const home = homeWithDataset(t)
  mkdirSync(join(home, 'runs', 'abcdefgh.partial', 'checkpoints'), { recursive: true })
  const engine = testEngine(t, home)
  assert.deepEqual(foldersOf(engine), [], 'what an engine that died left is gone')
  const {
    run: { id },
  } = await engine.call('runs.create', { dataset: 'digits', variant: 'variational', seed: 1 })
  const trained = await engine.until(id, 'completed')
  const task = await prune(engine, id)
  assert.deepEqual([task.state, task.error?.code, task.result], ['failed', 'RUN_FAILED', null])
  assert.deepEqual(foldersOf(engine), [id])
  assert.deepEqual(
    (await engine.call('runs.list', {})).runs.map((run) => ({ ...run, bytes: null })),
    [{ ...trained, bytes: null }],
  )

  const { run: longer } = await engine.call('runs.create', { dataset: 'digits', variant: 'variational', seed: 2 })
  await engine.next((event) => (event.type === 'points' && event.run === longer.id && event.step >= 4 ? true : undefined))
  await assert.rejects(engine.call('runs.prune', { run: longer.id }), { code: 'RUN_STATE', field: 'run' })
  await engine.call('runs.pause', { run: longer.id })
  await engine.until(longer.id, 'paused')
  await assert.rejects(engine.call('runs.prune', { run: longer.id }), { code: 'RUN_STATE', field: 'run' })
})
