import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runStates } from '../../src/shared/domain.ts'
import { isUnderWay } from '../../src/shared/runStates.ts'
import { stateSigns, stateWords } from '../../src/renderer/components/runStates.ts'
import { homeWithDataset, temporaryFolder, testEngine, type TestEngine } from '../fixtures/homes.ts'

const create = async ({ call }: TestEngine, seed: number) =>
  (await call('runs.create', { dataset: 'digits', variant: 'classical', seed })).run.id
const stateOf = async ({ call }: TestEngine, run: string) => (await call('runs.show', { run })).run.state

/** Runs of these states at another place, after the engine was started again. */
async function elsewhere(t: Parameters<typeof testEngine>[0], ...states: ('submitted' | 'running' | 'unknown')[]) {
  const home = homeWithDataset(t),
    folder = temporaryFolder(t)
  const first = testEngine(t, home, { startQueued: false })
  // The first keeps the trainer, so that the others wait.
  const ids: string[] = []
  for (const state of states) {
    const id = await create(first, 2)
    await first.call('runs.pause', { run: id })
    await first.until(id, 'paused')
    first.engine.store.runs.update(id, { state, place: 'cluster', sentTo: folder, endedAt: null, step: 0 })
    ids.push(id)
  }
  await first.engine.close()
  return { engine: testEngine(t, home), folder, ids }
}

test('runs at another place are left alone by a start of the engine, and say where they are', async (t) => {
  const states = ['submitted', 'running', 'unknown'] as const
  const { engine, ids } = await elsewhere(t, ...states)
  for (const [index, id] of ids.entries()) {
    const { run } = await engine.call('runs.show', { run: id })
    assert.deepEqual([run.state, run.place, run.endedAt, run.error], [states[index], 'cluster', null, null])
  }
  const { queue } = await engine.call('queue.show', {})
  assert.deepEqual([queue.running, queue.waiting], [[], []])
})

test('what is wished of a run at another place is left in its folder, and taken home it is trained here', async (t) => {
  const { engine, folder, ids } = await elsewhere(t, 'submitted', 'running', 'unknown')
  const [submitted, running, unknown] = ids as [string, string, string]
  const wish = (id: string) =>
    existsSync(join(folder, 'wishes', id)) ? readFileSync(join(folder, 'wishes', id), 'utf8').trim() : ''
  await engine.call('runs.pause', { run: running })
  assert.deepEqual([wish(running), await stateOf(engine, running)], ['pause', 'running'], 'it says itself when it has paused')
  await assert.rejects(engine.call('runs.resume', { run: running }), { code: 'RUN_STATE' })
  await assert.rejects(engine.call('runs.remove', { run: running }), { code: 'RUN_STATE' })
  await engine.call('runs.cancel', { run: submitted })
  assert.deepEqual([wish(submitted), await stateOf(engine, submitted)], ['cancel', 'cancelled'])
  await engine.call('runs.resume', { run: unknown })
  assert.equal(wish(unknown), 'cancel')
  assert.equal((await engine.call('runs.show', { run: unknown })).run.place, null)
  await engine.until(unknown, 'running')
  await engine.call('runs.cancel', { run: unknown })
  await engine.until(unknown, 'cancelled')
})

test('every state has a word and a sign of its own', () => {
  for (const words of [stateSigns, stateWords]) assert.equal(new Set(runStates.map((state) => words[state])).size, runStates.length)
  // Those of which news is to come by itself, and those that wait for somebody or have ended.
  assert.deepEqual(runStates.filter(isUnderWay), ['queued', 'submitted', 'running', 'unknown'])
})
