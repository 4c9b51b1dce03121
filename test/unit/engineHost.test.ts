import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hostEngine, type EngineHostOptions } from '../../src/main/app/engine.ts'
import { linkByTurns } from '../../src/renderer/state/linkByTurns.ts'
import type { Channel } from '../../src/shared/connection.ts'
import type { EngineState } from '../../src/shared/host.ts'

const entry = fileURLToPath(new URL('../fixtures/fakeEngine.ts', import.meta.url))

function hosted(t: TestContext, behaviour: string, options: Partial<EngineHostOptions> = {}) {
  const states: EngineState[] = []
  const frames: { port: number; bytes: Uint8Array }[] = []
  let wake = (): void => {}
  const note = <T>(list: T[], value: T): void => {
    list.push(value)
    wake()
  }
  const engine = hostEngine({
    node: process.execPath,
    entry,
    arguments: [behaviour],
    cwd: process.cwd(),
    delays: [1, 1],
    grace: 5000,
    onState: (state) => note(states, state),
    onFrame: (port, bytes) => note(frames, { port, bytes }),
    onText: () => {},
    ...options,
  })
  t.after(() => engine.stop())
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition())
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
  const text = (index: number): string => Buffer.from(frames[index]!.bytes).toString()
  return { engine, states, frames, until, text }
}

test('frames of any size go to the port that they came from, and a closed port is told', async (t) => {
  const { engine, frames, until, text } = hosted(t, 'echo')
  engine.start()
  const large = new Uint8Array(5_000_000).map((_, index) => index % 251)
  engine.send(7, large)
  engine.send(8, Buffer.from('small'))
  engine.closePort(7)
  await until(() => frames.length === 3)
  assert.deepEqual(
    frames.map(({ port }) => port),
    [7, 8, 7],
  )
  assert.ok(Buffer.from(large).equals(frames[0]!.bytes))
  assert.deepEqual([text(1), text(2)], ['small', 'closed'])
})

test('an engine that dies is started again and serves again; what is sent in between is dropped', async (t) => {
  const { engine, states, frames, until, text } = hosted(t, 'echo')
  engine.start()
  const before = engine.pid
  engine.send(1, Buffer.from('die'))
  await until(() => states.some(({ state }) => state === 'lost'))
  engine.send(1, Buffer.from('nobody hears this'))
  await until(() => states.at(-1)!.state === 'connected' && states.length === 3)
  assert.notEqual(engine.pid, before)
  engine.send(2, Buffer.from('again'))
  await until(() => frames.length === 1)
  assert.equal(text(0), 'again')
})

test('an engine that dies at once is given up after the last try, and a person may try anew', async (t) => {
  const { engine, states, until } = hosted(t, 'dies')
  engine.start()
  await until(() => states.at(-1)?.state === 'failed')
  assert.deepEqual(
    states.map(({ state }) => state),
    ['connected', 'lost', 'connected', 'lost', 'connected', 'failed'],
  )
  assert.match(states.at(-1)!.message, /ended 3 times/)
  engine.start()
  await until(() => states.length > 6)
  assert.equal(states[6]!.state, 'connected')
})

test('an engine that says why it cannot start is not tried again', async (t) => {
  const { engine, states, until } = hosted(t, 'reason')
  engine.start()
  await until(() => states.at(-1)?.state === 'failed')
  assert.deepEqual(
    states.map(({ state }) => state),
    ['connected', 'failed'],
  )
  assert.deepEqual([states[1]!.message, states[1]!.code], ['Another workbench has this folder.', 'HOME_LOCKED'])
  // A recovery is ordered of the next engine alone.
  const before = states.length
  engine.recover()
  await until(() => states.length >= before + 2)
  assert.deepEqual(
    states.slice(before).map(({ message }) => message),
    ['', 'Recovered, and then: another workbench has this folder.'],
  )
  engine.start()
  await until(() => states.length >= before + 4)
  assert.equal(states.at(-1)!.message, 'Another workbench has this folder.')
})

test('a missing Node binary and bytes that are no frames end in a sentence too', async (t) => {
  const missing = hosted(t, 'echo', { node: '/nowhere/node' })
  missing.engine.start()
  await missing.until(() => missing.states.length > 0)
  assert.equal(missing.states[0]!.state, 'failed')
  assert.match(missing.states[0]!.message, /could not be started .*npm run setup/)
  const nonsense = hosted(t, 'nonsense')
  nonsense.engine.start()
  await nonsense.until(() => nonsense.states.at(-1)?.state === 'failed')
})

test('a stop waits for the engine, and ends one that does not want to', async (t) => {
  const kind = hosted(t, 'echo')
  kind.engine.start()
  await kind.engine.stop()
  assert.equal(kind.engine.pid, undefined)
  assert.deepEqual(
    kind.states.map(({ state }) => state),
    ['connected'],
  )
  kind.engine.start()
  assert.equal(kind.engine.pid, undefined)

  const stubborn = hosted(t, 'stubborn', { grace: 300, patience: 300 })
  stubborn.engine.start()
  stubborn.engine.send(3, Buffer.from('up?'))
  await stubborn.until(() => stubborn.frames.length === 1)
  await stubborn.engine.stop()
  assert.equal(stubborn.text(1), 'told')
  assert.equal(stubborn.engine.pid, undefined)
})

test('a window takes no port of an engine that it knows to be gone, in whatever order it hears of them', () => {
  const told: string[] = []
  const turns = linkByTurns({
    up: (channel) => told.push(`up ${(channel as unknown as { of: number }).of}`),
    down: (message, final) => told.push(`${final ? 'failed' : 'lost'}: ${message}`),
  })
  const port = (of: number) => turns.port(of, { of } as unknown as Channel)
  turns.state({ state: 'connected', message: '', engine: 1 })
  turns.state({ state: 'failed', message: 'the home is taken', engine: 1 })
  port(1)
  assert.deepEqual(told.splice(0), ['failed: the home is taken'])
  port(2)
  turns.state({ state: 'failed', message: 'the home is taken', engine: 1 })
  turns.state({ state: 'connected', message: '', engine: 2 })
  assert.deepEqual(told.splice(0), ['up 2'])
  turns.state({ state: 'lost', message: 'it ended', engine: 2 })
  port(3)
  assert.deepEqual(told, ['lost: it ended', 'up 3'])
})
