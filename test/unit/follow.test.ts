import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { QueueState } from '../../src/shared/experiments.ts'
import { followEngine } from '../../src/main/app/follow.ts'
import { attachWindow } from '../../src/main/engine/windows.ts'
import { homeWithDataset, testEngine } from '../fixtures/homes.ts'

test('the shell follows what trains and what ends, through a loss of the engine', async (t) => {
  const home = homeWithDataset(t)
  const queues: (QueueState | null)[] = []
  const ends: string[] = []
  let wake = () => {}
  const until = async (holds: () => boolean) => {
    while (!holds())
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
  let toEngine: (payload: Uint8Array) => void = () => {}
  const follower = followEngine({
    send: (payload) => toEngine(payload),
    onQueue: (queue) => {
      queues.push(queue)
      wake()
    },
    onExperimentEnded: ({ name, states }) => {
      ends.push(`${name}: ${states.completed}`)
      wake()
    },
  })
  const connect = (engine: ReturnType<typeof testEngine>) => {
    attachWindow(engine.engine, {
      post: (payload) => follower.fromEngine(payload),
      listen: (listener) => {
        toEngine = listener
      },
    })
    follower.engineState({ state: 'connected', message: '', engine: 1 })
  }
  const first = testEngine(t, home)
  connect(first)
  await until(() => queues.length > 0)
  assert.deepEqual(queues[0], {
    settings: { trainers: 1, tasks: 2, keepAwake: true, background: false, copies: 10 },
    running: [],
    waiting: [],
    waitsFor: null,
  })
  await first.call('experiments.create', {
    plan: {
      name: 'one',
      dataset: 'digits',
      seeds: [1, 11],
      settings: { 'training.batchSize': 16 },
      variants: [{ variant: 'classical' }],
    },
  })
  await until(() => queues.at(-1)?.running.length === 1 && queues.at(-1)?.waiting.length === 1)
  await until(() => ends.length > 0)
  assert.deepEqual(ends, ['one: 2'])
  await until(() => queues.at(-1)?.running.length === 0 && queues.at(-1)?.waiting.length === 0)

  await first.engine.close()
  follower.engineState({ state: 'lost', message: 'It ended.', engine: 1 })
  assert.equal(queues.at(-1), null)
  const second = testEngine(t, home)
  connect(second)
  await until(() => queues.at(-1) !== null)
  await second.call('queue.settings', { background: true })
  await until(() => queues.at(-1)?.settings.background === true)
  assert.deepEqual(ends, ['one: 2'])
})
