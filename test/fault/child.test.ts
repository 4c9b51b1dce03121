import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { connectToEngine } from '../../src/shared/connection.ts'
import { closedFrame, frame, frameParser } from '../../src/shared/frames.ts'
import { tryLock } from '../../src/main/engine/store/database.ts'
import { homeAt } from '../../src/main/engine/home.ts'
import { homeWithDataset } from '../fixtures/homes.ts'

const entry = fileURLToPath(new URL('../../src/main/engine/child.ts', import.meta.url))

/** The engine as the desktop shell starts it: frames in by standard input, out by file descriptor 3, one port a window. */
function start(t: TestContext, home: string) {
  const child = spawn(process.execPath, [entry, '--home', home], { stdio: ['pipe', 'ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  const pipe = child.stdin!
  pipe.on('error', () => {})
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ports = new Map<number, (payload: Uint8Array) => void>()
  const parse = frameParser((port, payload) => ports.get(port)?.(payload))
  ;(child.stdio[3] as Readable).on('data', (chunk: Buffer) => parse(chunk))
  const openWindow = (port: number) => {
    const names: string[] = []
    const { call } = connectToEngine(
      { post: (payload) => void pipe.write(frame(port, payload)), listen: (listener) => void ports.set(port, listener) },
      (event) => {
        if (event.type === 'dataset') names.push(event.dataset.name)
      },
    )
    return { call, names }
  }
  return { child, pipe, openWindow, closed: once(child, 'close').then(([code]) => ({ code: code as number | null, errors })) }
}

test('several windows share the pipe; a closed one hears nothing more; the end of the pipe ends the engine', async (t) => {
  const home = homeWithDataset(t)
  const { pipe, openWindow, closed } = start(t, home)
  const [first, second] = [openWindow(1), openWindow(4_000_000_000)]
  assert.equal((await first.call('engine.status', {})).folderDialog, true)
  assert.equal((await second.call('datasets.list', {})).datasets.length, 1)
  await second.call('datasets.rename', { dataset: 'digits', name: 'one' })
  pipe.write(closedFrame(4_000_000_000))
  await first.call('datasets.rename', { dataset: 'one', name: 'two' })
  assert.deepEqual([first.names, second.names], [['one', 'two'], ['one']])
  pipe.end()
  assert.equal((await closed).code, 0)
  const lock = tryLock(homeAt(home).lock)
  assert.notEqual(lock, null)
  lock!.release()
})

test('an engine that cannot start says why in one line of JSON', async (t) => {
  const home = homeWithDataset(t)
  const lock = tryLock(homeAt(home).lock)!
  t.after(() => lock.release())
  const { code, errors } = await start(t, home).closed
  assert.equal(code, 1)
  assert.equal(JSON.parse(errors.trim().split('\n').at(-1)!).error.code, 'HOME_LOCKED')
})

test('a shell that writes no frames is cut off, and the engine ends in order', async (t) => {
  const { pipe, closed } = start(t, homeWithDataset(t))
  pipe.write(Buffer.from([1, 0, 0, 0, 9, 9]))
  assert.equal((await closed).code, 0)
})
