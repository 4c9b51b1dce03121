import { describe, test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startOf } from '../../src/main/engine/processes.ts'
import { connect } from '../../src/main/engine/store/sqlite.ts'
import { homeAt } from '../../src/main/engine/home.ts'
import { onBrokenDisk } from '../fixtures/brokenDisk.ts'
import { childrenOf } from '../fixtures/engineChild.ts'
import { homeWithDataset } from '../fixtures/homes.ts'

const skip = process.platform !== 'linux'
const fixture = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const elsewhere = {
  id: '0',
  host: 'elsewhere',
  machine: 'x',
  boot: 'y',
  space: 'z',
  pid: 4711,
  started: '1',
  since: '2026-01-01T00:00:00.000Z',
}

/** A program on a home that it takes for one on NFS; `said` resolves when it has said so on either stream. */
function onNetwork(t: TestContext, home: string, ...words: string[]) {
  const child = spawn(process.execPath, words, {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: onBrokenDisk(home, { DISK_TYPE: '6969' }),
  })
  t.after(() => child.kill('SIGKILL'))
  let text = '',
    look = (): void => {}
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part
      look()
    })
  const said = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      look = () => {
        if (pattern.test(text)) resolve()
      }
      look()
      child.once('close', () => reject(new Error(`It ended: ${text}`)))
    })
  return { child, said, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, text })) }
}

/** As another machine does that has seen no sign of life: its own file is there, and that of the engine is not. */
function takeHome(home: string): void {
  const [own] = readdirSync(home).filter((name) => /^owner-.*\.json$/.test(name))
  writeFileSync(join(home, 'owner-00000000-0000-4000-8000-000000000000.tmp'), JSON.stringify(elsewhere))
  renameSync(
    join(home, 'owner-00000000-0000-4000-8000-000000000000.tmp'),
    join(home, 'owner-00000000-0000-4000-8000-000000000000.json'),
  )
  renameSync(join(home, own!), join(home, 'taken'))
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

// Each waits until the engine looks at its file again.
describe('a home that another engine has taken', { concurrency: true }, () => {
  test(
    'an engine whose home another one has taken ends at once, kills what trains, and stores nothing of it',
    { skip, timeout: 60_000 },
    async (t) => {
      const folder = homeWithDataset(t),
        home = homeAt(folder)
      const { child, said, ended } = onNetwork(t, folder, fixture('../fixtures/engineProcess.ts'), folder)
      await said(/ 12\n/)
      const workers = childrenOf(child.pid!)
      assert.ok(workers.length > 0)
      takeHome(folder)
      const { code, text } = await ended
      assert.equal(code, 9, text)
      assert.match(text, /Another workbench has taken .*stored nothing since/, 'its windows are told')
      assert.match(text, /\{"code":"HOME_LOCKED","answer":"HOME_LOCKED"\}/)
      // No trainer writes a checkpoint into the home of another: each was killed, which the system does in its own time.
      for (const pid of workers) while (startOf(pid) !== null) await pause(20)
      assert.match(readFileSync(home.log, 'utf8'), /Another engine has taken the home/)
      // A log that was folded into the database, or deleted, would be the new owner's loss.
      assert.ok(sizeOf(`${home.database}-wal`) > 0, 'the log lies as it lay')
      const database = connect(home.database)
      t.after(() => database.close())
      const { state, goesOn } = database.prepare<[], { state: string; goesOn: number }>('SELECT state, goesOn FROM runs').get()!
      assert.deepEqual({ state, goesOn }, { state: 'running', goesOn: 0 }, 'as of a process that was killed')
      assert.ok(existsSync(join(folder, 'owner-00000000-0000-4000-8000-000000000000.json')), 'the new owner keeps it')
    },
  )

  const hosts: [name: string, script: string, words: (home: string) => string[], answers: RegExp, says: RegExp][] = [
    [
      'the child of a shell',
      '../../src/main/engine/child.ts',
      (home) => ['--home', home],
      /^/,
      /^\{"error":\{"code":"HOME_LOCKED","message":"Another workbench/m,
    ],
    [
      'the browser mode',
      '../../src/main/engine/serve.ts',
      (home) => ['--home', home, '--json'],
      /"url"/,
      /Another workbench has taken/,
    ],
  ]
  for (const [name, script, words, answers, says] of hosts) {
    test(`${name} ends with the reason when its home is taken`, { skip, timeout: 60_000 }, async (t) => {
      const folder = homeWithDataset(t)
      const { said, ended } = onNetwork(t, folder, fixture(script), ...words(folder))
      await said(answers)
      while (!existsSync(join(folder, 'engine.sock'))) await pause(20)
      takeHome(folder)
      const { code, text } = await ended
      assert.equal(code, 1, text)
      assert.match(text, says)
    })
  }
})
