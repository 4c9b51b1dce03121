import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { PlanInput } from '../../src/shared/experiments.ts'
import { startEngineChild, type EngineChild } from '../fixtures/engineChild.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

async function start(t: TestContext, home: string): Promise<EngineChild> {
  const engine = await startEngineChild(home)
  t.after(() => engine.kill())
  return engine
}

const plan: PlanInput = {
  name: 'crashes',
  dataset: 'moons',
  seeds: [1, 2],
  settings: { 'network.layers': [6, 2], 'training.epochs': 400, 'training.batchSize': 16 },
  variants: [{ variant: 'classical' }, { variant: 'denoising' }],
}

async function withMoons(t: TestContext, home: string) {
  const engine = await start(t, home)
  const { task } = await engine.call('datasets.import', { path: 'moons', name: 'moons', count: 300 })
  while ((await engine.call('tasks.show', { task: task.id })).task.state === 'running') await pause(50)
  return engine
}

test(
  'the engine is killed again and again: the experiment goes on each time, and ends as if nothing had happened',
  { timeout: 240_000 },
  async (t) => {
    const folder = temporaryFolder(t),
      home = join(folder, 'home')
    let engine = await withMoons(t, home)
    await engine.call('queue.settings', { trainers: 2 })
    const { experiment } = await engine.call('experiments.create', { plan })
    const grown = (by: number) => {
      const begun = new Map<string, number>()
      return engine.next((event) => {
        if (event.type !== 'points') return undefined
        if (!begun.has(event.run)) begun.set(event.run, event.step)
        return event.step >= begun.get(event.run)! + by ? true : undefined
      })
    }
    for (let crash = 0; crash < 3; crash++) {
      await grown(200)
      await engine.kill()
      engine = await start(t, home)
    }
    const { states } = (await engine.call('experiments.show', { experiment: experiment.id })).experiment
    assert.equal(states.queued + states.running + states.completed, 4, 'nothing is left lying')
    const shown = async () => (await engine.call('experiments.show', { experiment: experiment.id })).experiment
    while ((await shown()).state !== 'ended') await pause(100)
    const runs = await Promise.all(
      (await shown()).cells.flatMap(({ runs: places }) =>
        places.map(async ({ run }) => (await engine.call('runs.show', { run: run! })).run),
      ),
    )
    assert.deepEqual(
      runs.map(({ state }) => state),
      ['completed', 'completed', 'completed', 'completed'],
    )
    for (const run of runs) {
      const { series } = await engine.call('runs.series', { run: run.id, keys: ['validation/loss'] })
      assert.equal(series[0]!.step.length, 400, 'every epoch once')
    }

    const quiet = await withMoons(t, join(folder, 'quiet'))
    await quiet.call('queue.settings', { trainers: 2 })
    const ended = quiet.next((event) => (event.type === 'experiment' && event.ended ? true : undefined))
    const other = (await quiet.call('experiments.create', { plan })).experiment
    await ended
    const others = await Promise.all(
      (await quiet.call('experiments.show', { experiment: other.id })).experiment.cells.flatMap(({ runs: places }) =>
        places.map(async ({ run }) => (await quiet.call('runs.show', { run: run! })).run),
      ),
    )
    const figures = ({ evaluation }: (typeof runs)[number]) => ({ ...evaluation, seconds: 0 })
    assert.deepEqual(runs.map(figures), others.map(figures))
  },
)
