import assert from 'node:assert/strict'
import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Evaluation, Task } from '../../src/shared/domain.ts'
import { EVALUATION_VERSION } from '../../src/main/engine/evaluate/evaluate.ts'
import { digitLabels, digits } from '../fixtures/digits.ts'
import { homeWithDataset, temporaryFolder, testEngine, type TestEngine } from '../fixtures/homes.ts'
import { writeIdx } from '../fixtures/idx.ts'

const ended = ({ next }: TestEngine, id: string): Promise<Task> =>
  next((event) => (event.type === 'task' && event.task.id === id && event.task.state !== 'running' ? event.task : undefined))
const figures = (evaluation: Evaluation | null) => ({ ...evaluation, seconds: 0 })
const again = async (engine: TestEngine, run: string) => ended(engine, (await engine.call('runs.evaluate', { run })).task.id)

test('a run evaluated again from its checkpoint gets the figures that it had', async (t) => {
  const source = temporaryFolder(t)
  const engine = testEngine(t, temporaryFolder(t), { workerScript: undefined })
  const { task } = await engine.call('datasets.import', {
    name: 'digits',
    path: writeIdx(source, digits(900), 28, digitLabels(900)),
  })
  assert.equal((await ended(engine, task.id)).error, null)
  const create = async (variant: string, settings: object) =>
    (
      await engine.call('runs.create', {
        dataset: 'digits',
        variant,
        settings: { training: { epochs: 2, batchSize: 64, patience: 2 }, ...settings },
      })
    ).run.id

  const deep = await create('classical', {
    network: { layers: [40, 12], activation: 'tanh', codeActivation: 'sigmoid', weightNorm: true },
  })
  const sparse = await create('kSparse', { network: { layers: [24] }, regularizer: { k: 4 } })
  for (const id of [deep, sparse]) {
    const first = (await engine.until(id, 'completed', 'failed')).evaluation
    assert.equal(first?.version, EVALUATION_VERSION)
    assert.equal(first.checkpoint, 'best')
    assert.equal(first.unitActivity?.length, id === deep ? 12 : 24)
    const told = engine.events.length
    assert.equal((await again(engine, id)).result, id)
    assert.ok(
      engine.events.slice(told).some((event) => event.type === 'run' && event.run.id === id),
      'windows are told',
    )
    const { run } = await engine.call('runs.show', { run: id })
    assert.deepEqual(figures(run.evaluation), figures(first))
    assert.equal(run.state, 'completed')
  }

  const [last, best] = ['last', 'best'].map((name) => join(engine.engine.home.run(deep), 'checkpoints', `${name}.safetensors`)) as [
    string,
    string,
  ]
  const {
    run: { evaluation: before },
  } = await engine.call('runs.show', { run: deep })
  truncateSync(best, 1000)
  assert.equal((await again(engine, deep)).error?.code, 'CHECKPOINT_DAMAGED')
  const { run: kept } = await engine.call('runs.show', { run: deep })
  assert.deepEqual(kept.evaluation, before, 'what failed replaces nothing')
  rmSync(best)
  assert.equal((await again(engine, deep)).error, null)
  assert.equal(
    (await engine.call('runs.show', { run: deep })).run.evaluation?.checkpoint,
    'last',
    'without best weights the last ones',
  )
  rmSync(last)
  await assert.rejects(engine.call('runs.evaluate', { run: deep }), { code: 'CHECKPOINT_MISSING', field: 'run' })
})

test('only runs that train no more are evaluated again', async (t) => {
  const engine = testEngine(t, homeWithDataset(t))
  const {
    run: { id },
  } = await engine.call('runs.create', { dataset: 'digits', variant: 'classical', seed: 2 })
  await engine.next((event) => (event.type === 'points' && event.run === id && event.step >= 4 ? true : undefined))
  await assert.rejects(engine.call('runs.evaluate', { run: id }), { code: 'RUN_STATE', field: 'run' })
  await engine.call('runs.pause', { run: id })
  await engine.until(id, 'paused')
  await assert.rejects(engine.call('runs.evaluate', { run: id }), { code: 'RUN_STATE', field: 'run' })
  await engine.call('runs.cancel', { run: id })
  assert.equal((await engine.until(id, 'cancelled')).evaluation, null)
  assert.equal((await again(engine, id)).state, 'done')
  const { run } = await engine.call('runs.show', { run: id })
  assert.deepEqual([run.evaluation?.squaredError, run.state], [8.5, 'cancelled'])
  await assert.rejects(engine.call('runs.evaluate', { run: 'nothing' }), { code: 'RUN_UNKNOWN' })
})
