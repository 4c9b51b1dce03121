import { test } from 'node:test'
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { EngineEvent } from '../../src/shared/events.ts'
import type { Task } from '../../src/shared/domain.ts'
import { createSlots } from '../../src/main/engine/queue/slots.ts'
import { createTasks } from '../../src/main/engine/queue/tasks.ts'

const nothing = { room: async () => {}, met: () => false, lack: null }

/** Tasks that go on until they are let go, and which of them do. */
function bench(most: number, space: Parameters<typeof createTasks>[2] = nothing) {
  const events: Task[] = [],
    going = new Map<string, () => void>()
  let limit = most
  const tasks = createTasks(
    (event: EngineEvent) => {
      if (event.type === 'task') events.push(event.task)
    },
    () => {},
    space,
    () => limit,
  )
  const start = (title: string, options = {}) =>
    tasks.start(
      'evaluate',
      title,
      (signal) =>
        new Promise((resolve, reject) => {
          going.set(title, () => {
            going.delete(title)
            resolve(title)
          })
          signal.addEventListener('abort', () => {
            going.delete(title)
            reject(signal.reason as Error)
          })
        }),
      options,
    )
  const settled = async () => {
    for (let turn = 0; turn < 5; turn++) await setImmediate()
  }
  return {
    tasks,
    events,
    start,
    settled,
    set: (to: number) => {
      limit = to
      tasks.fill()
    },
    names: () => [...going.keys()],
    release: (title: string) => going.get(title)!(),
  }
}

test('tasks wait in a queue with a limit, say so, and go on in their order; a short one never waits for a long one', async () => {
  const { tasks, start, settled, names, release, set } = bench(2)
  const started = ['a', 'b', 'c', 'd', 'e'].map((title) => start(title))
  await settled()
  assert.deepEqual(names(), ['a', 'b'])
  assert.deepEqual(
    tasks.list().map(({ state, waits }) => [state, waits]),
    [
      ['running', false],
      ['running', false],
      ['running', true],
      ['running', true],
      ['running', true],
    ],
  )
  assert.deepEqual(
    tasks.list().map(({ progress }) => progress?.stage ?? null),
    [null, null, 'Waiting for its turn', 'Waiting for its turn, 1 task comes first', 'Waiting for its turn, 2 tasks come first'],
  )
  start('short', { short: true })
  await settled()
  assert.deepEqual(names(), ['a', 'b', 'short'])
  // One that waits is cancelled at once, and never begins.
  assert.equal(tasks.cancel(started[2]!.id).state, 'running')
  await settled()
  assert.equal(tasks.get(started[2]!.id).state, 'cancelled')
  release('a')
  await settled()
  assert.deepEqual(names(), ['b', 'short', 'd'])
  set(3)
  await settled()
  assert.deepEqual(names(), ['b', 'short', 'd', 'e'])
  await tasks.close()
  assert.ok(tasks.list().every(({ state, waits }) => state !== 'running' && !waits))
})

test('what a task came to is kept once there is space', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let full = true
  const { tasks, events, settled } = bench(1, { ...nothing, met: () => true, room: () => promise })
  const store = () => {
    if (full) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
    return 'stored'
  }
  const { id } = tasks.start('evaluate', 'one', (_, __, keep) => keep(store))
  await settled()
  assert.equal(events.at(-1)!.progress?.stage, 'Waiting for space')
  full = false
  resolve()
  await settled()
  assert.deepEqual([tasks.get(id).state, tasks.get(id).result], ['done', 'stored'])
})

test('questions are answered so many at once, in their order, and one that fails gives its place on', async () => {
  const places = createSlots(2),
    going: string[] = [],
    ends = new Map<string, PromiseWithResolvers<string>>()
  const ask = (name: string) => {
    const answer = Promise.withResolvers<string>()
    ends.set(name, answer)
    return places.use(() => {
      going.push(name)
      return answer.promise
    })
  }
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(ask) as [Promise<string>, ...Promise<string>[]]
  await setImmediate()
  assert.deepEqual(going, ['a', 'b'])
  ends.get('b')!.reject(new Error('no answer'))
  await assert.rejects(b!, /no answer/)
  await setImmediate()
  assert.deepEqual(going, ['a', 'b', 'c'])
  const late = ask('e')
  for (const name of ['a', 'c', 'd', 'e']) ends.get(name)!.resolve(name)
  assert.deepEqual(await Promise.all([a, c, d, late]), ['a', 'c', 'd', 'e'])
  assert.deepEqual(going, ['a', 'b', 'c', 'd', 'e'])
})
