import { test } from 'node:test'
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { writeFakeCheckpoint } from '../fixtures/fakeCheckpoint.ts'
import { homeWithDataset, testEngine, type TestEngine } from '../fixtures/homes.ts'

/** The seed says how the fixture's worker behaves. */
const create = async ({ call }: TestEngine, seed: number) =>
  (await call('runs.create', { dataset: 'digits', variant: 'classical', seed })).run.id
const steps = async ({ call }: TestEngine, run: string, key = 'train/loss') => {
  const { series } = await call('runs.series', { run, keys: [key] })
  return series.flatMap((each) => [...each.step])
}
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)
const grownTo = ({ next }: TestEngine, run: string, step: number) =>
  next((event) => (event.type === 'points' && event.run === run && event.step >= step ? true : undefined))

test('a run trains to its end: states, points, moments, evaluation, and what windows are told', async (t) => {
  const engine = testEngine(t, homeWithDataset(t))
  const id = await create(engine, 1)
  const run = await engine.until(id, 'completed')
  assert.deepEqual([run.step, run.steps, run.epoch, run.epochs, run.parameters, run.threads], [12, 12, 3, 3, 99, 2])
  assert.equal(run.evaluation?.squaredError, 9.5)
  assert.equal(run.latest['train/loss'], 1 / 12)
  assert.ok(run.startedAt !== null && run.endedAt !== null && run.progress === null && run.error === null)
  assert.deepEqual(await steps(engine, id), upTo(12))
  const { series } = await engine.call('runs.series', { run: id, keys: ['validation/loss'] })
  assert.deepEqual([...series[0]!.value], [0.5, Number.NaN, 2 / 12])
  // The fixture has no images to compare it with.
  assert.equal(engine.engine.store.previews.get(id, 8)?.reconstructions?.pixels.length, 6)
  await assert.rejects(engine.call('runs.preview', { run: id, step: 7 }), { code: 'CALL_INVALID' })
  const told = engine.events.flatMap((event) => (event.type === 'run' && event.run.id === id ? [event.run.state] : []))
  assert.deepEqual([...new Set(told)], ['queued', 'running', 'completed'])
  assert.deepEqual(
    engine.events.flatMap((event) => (event.type === 'moment' ? [event.step] : [])),
    [4, 8, 12],
  )
})

test('a paused run resumes from its checkpoint, and what was stored beyond it is deleted', async (t) => {
  const engine = testEngine(t, homeWithDataset(t))
  const id = await create(engine, 2)
  await grownTo(engine, id, 9)
  await engine.call('runs.pause', { run: id })
  await assert.rejects(engine.call('runs.resume', { run: id }), { code: 'RUN_STATE' }, 'it would have been paused all the same')
  const paused = await engine.until(id, 'paused')
  assert.deepEqual(await steps(engine, id), upTo(paused.step))
  assert.ok(paused.step >= 9 && paused.endedAt !== null)

  // As if the last checkpoint were older than what was stored.
  const { home } = engine.engine
  writeFakeCheckpoint({ ...paused, runFolder: home.run(id), datasetFolder: home.dataset(paused.datasetId) }, 6)
  const began = engine.next((event) =>
    event.type === 'run' && event.run.id === id && event.run.state === 'running' && event.run.step === 6 ? event.run : undefined,
  )
  await engine.call('runs.resume', { run: id })
  await began
  await engine.call('runs.cancel', { run: id })
  const cancelled = await engine.until(id, 'cancelled')
  assert.deepEqual(await steps(engine, id), upTo(cancelled.step), 'no step is missing or twice')
  const { moments } = await engine.call('runs.moments', { run: id }).catch(() => ({ moments: null }))
  assert.equal(moments, null, 'the fixture has no images to show')
  await assert.rejects(engine.call('runs.resume', { run: id }), { code: 'RUN_STATE' })
})

test('runs wait their turn; waiting ones can be paused, continued and cancelled', async (t) => {
  const engine = testEngine(t, homeWithDataset(t))
  const first = await create(engine, 2)
  const second = await create(engine, 1)
  const third = await create(engine, 1)
  assert.equal((await engine.call('runs.show', { run: second })).run.state, 'queued')
  assert.equal((await engine.call('runs.pause', { run: second })).run.state, 'paused')
  assert.equal((await engine.call('runs.cancel', { run: third })).run.state, 'cancelled')
  assert.equal((await engine.call('runs.resume', { run: second })).run.state, 'queued')
  await assert.rejects(engine.call('runs.remove', { run: first }), { code: 'RUN_STATE' })
  await grownTo(engine, first, 1)
  await engine.call('runs.cancel', { run: first })
  await engine.until(second, 'completed')
  assert.equal((await engine.call('runs.show', { run: first })).run.state, 'cancelled')
  await engine.call('runs.remove', { run: first })
  await assert.rejects(engine.call('runs.show', { run: first }), { code: 'RUN_UNKNOWN' })
})

test('each bad end is named and keeps what was trained', async (t) => {
  const engine = testEngine(t, homeWithDataset(t), { trainers: 3 })
  const [diverging, dying, failing] = [await create(engine, 3), await create(engine, 4), await create(engine, 5)]
  const diverged = await engine.until(diverging, 'diverged')
  assert.equal(diverged.error?.code, 'RUN_DIVERGED')
  assert.deepEqual(await steps(engine, diverging), upTo(4))
  const interrupted = await engine.until(dying, 'interrupted')
  assert.match(interrupted.error!.message, /^The training process ended unexpectedly; resume the run to /)
  assert.deepEqual(await steps(engine, dying), upTo(4))
  const failed = await engine.until(failing, 'failed')
  assert.equal(failed.error?.code, 'CHECKPOINT_DAMAGED')
  await assert.rejects(engine.call('runs.resume', { run: diverging }), { code: 'RUN_STATE' })
  rmSync(engine.engine.home.run(dying), { recursive: true })
  await assert.rejects(engine.call('runs.resume', { run: dying }), { code: 'CHECKPOINT_MISSING' })
})

test('closing pauses what trains and leaves the queue as it is; the next engine goes on with it on the stored threads', async (t) => {
  const home = homeWithDataset(t)
  const engine = testEngine(t, home)
  const trains = await create(engine, 2)
  const waits = await create(engine, 1)
  await grownTo(engine, trains, 4)
  await engine.engine.close()

  const idle = testEngine(t, home, { startQueued: false })
  assert.equal((await idle.call('runs.show', { run: trains })).run.state, 'paused')
  assert.equal((await idle.call('runs.show', { run: waits })).run.state, 'queued')
  await idle.engine.close()

  const next = testEngine(t, home, { threads: 1 })
  assert.equal((await next.until(waits, 'completed')).threads, 1, 'a run that never started takes the threads of now')
  await next.call('runs.resume', { run: trains })
  const begun = await next.next((event) =>
    event.type === 'run' && event.run.id === trains && event.run.progress !== null ? event.run : undefined,
  )
  assert.equal(begun.threads, 2)
  await next.call('runs.cancel', { run: trains })
  await next.until(trains, 'cancelled')
})
