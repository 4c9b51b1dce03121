import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WorkbenchError, isDiskFull, toErrorInfo, whatIsFull } from '../../src/shared/errors.ts'
import { explain } from '../../src/main/engine/export/targetFile.ts'
import { homeAt } from '../../src/main/engine/home.ts'
import { openStore } from '../../src/main/engine/store/store.ts'
import { systemTrouble, troubleWith } from '../../src/main/engine/store/trouble.ts'
import { hasRoom, lackOf, meansFull, tryWrite } from '../../src/main/engine/files/disk.ts'
import type { Space } from '../../src/main/engine/space/space.ts'
import { createTrash } from '../../src/main/engine/trash.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { homeWithDataset, temporaryFolder, testEngine } from '../fixtures/homes.ts'

const failure = (code: string, message = code) => Object.assign(new Error(message), { code })

test('a quota that is used up is a full disk wherever one is looked for, and is called so', (t) => {
  const folder = temporaryFolder(t)
  const around = new WorkbenchError('DISK_FULL', 'x', { cause: failure('EDQUOT') })
  const quotas = [failure('EDQUOT'), new Error('[Errno 122] Disk quota exceeded'), around]
  for (const thrown of quotas) {
    const outer = new Error('around it', { cause: thrown })
    assert.ok(isDiskFull(thrown) && meansFull(thrown, folder) && meansFull(outer, folder), thrown.message)
    assert.equal(whatIsFull(thrown, '/home'), 'Your quota on the disk with /home is used up')
    assert.match(lackOf(folder, thrown).message, /^Your quota on the disk with .* is used up \(/)
  }
  const [first, second] = quotas
  const told = [
    toErrorInfo(first),
    explain('/x.onnx', first),
    explain('/x.onnx', second),
    systemTrouble(first, folder),
    troubleWith(first, join(folder, 'a.sqlite')),
  ]
  for (const each of told) {
    const { code, message } = each as { code: string; message: string }
    assert.equal(code, 'DISK_FULL')
    assert.match(message, /^Your quota on the disk( with .*)? is used up[,;]/)
  }
  for (const code of ['ENOSPC', 'SQLITE_FULL']) assert.match(whatIsFull(failure(code)), /^The disk is full$/)
  assert.match(lackOf(folder, failure('SQLITE_FULL')).message, /^The disk with .* is full \(/)
  // SQLite says of a quota that it could not write; whether that is the reason a trial tells.
  assert.equal(meansFull(failure('SQLITE_IOERR_WRITE'), folder), false)
  assert.equal(meansFull(failure('EACCES'), folder), false)
  assert.equal(tryWrite(folder, 2 ** 20), null)
  assert.ok(hasRoom(folder, 2 ** 16))
  assert.deepEqual(readdirSync(folder), [], 'a trial leaves nothing')
})

test('what trials of space left that were killed is removed by the next start, also among the temporary files', async (t) => {
  const home = homeWithDataset(t),
    gone = spawnSync(process.execPath, ['-e', '']).pid!
  const old = new Date(Date.now() - 120_000)
  const trial = `.workbench-trial-${gone}`
  const left = [join(home, '.room-4711'), join(home, '.probe-4711'), join(home, trial), join(tmpdir(), trial)]
  const others = [join(home, '.room'), join(tmpdir(), `.workbench-trial-${gone}-mine`), join(tmpdir(), `.room-${gone}`)]
  for (const file of [...left, ...others]) {
    writeFileSync(file, 'x')
    utimesSync(file, old, old)
  }
  const { call } = testEngine(t, home)
  await call('engine.recovered', {})
  assert.deepEqual(
    left.filter((file) => existsSync(file)),
    [],
  )
  assert.deepEqual(
    others.filter((file) => !existsSync(file)),
    [],
  )
})

const skip = process.getuid === undefined
test(
  'what is kept in reserve, and what tries the folder out, is the workbench’s own: a home with it is made private',
  { skip },
  (t) => {
    const home = homeWithDataset(t)
    const names = ['reserve', 'reserve.partial', '.room-4711', '.workbench-trial-1']
    for (const name of names) writeFileSync(join(home, name), 'x', { mode: 0o644 })
    chmodSync(home, 0o755)
    testEngine(t, home)
    assert.equal(statSync(home).mode & 0o777, 0o700)
    assert.equal(statSync(join(home, 'reserve')).mode & 0o777, 0o600)
  },
)

test('what is restored between two attempts to empty the trash on a full disk stays', async (t) => {
  const home = homeAt(homeWithDataset(t)),
    store = openStore(home.database)
  t.after(() => store.close())
  const config = resolveConfig('classical', {}, { rowSize: 16, trainCount: 900, kind: 'image', classes: 2 }).config!
  const made = {
    name: 'a run',
    datasetId: 'digits00',
    variant: 'classical',
    config,
    epochs: 1,
    steps: 1,
    stages: [],
    parameters: 1,
    colour: 0,
  }
  for (const [seed, id] of ['kept0000', 'gone0000'].entries()) {
    store.runs.insert({ ...made, id, seed }, '2026-01-02')
    mkdirSync(home.run(id), { recursive: true })
    writeFileSync(join(home.run(id), 'weights'), id)
  }
  const restore = { now: () => {} }
  // As when the first attempt met a full disk, and something else had its turn before the second.
  const withReserve = async <T>(work: () => T | Promise<T>): Promise<T> => {
    restore.now()
    return work()
  }
  const space = { withReserve, withReserveNow: <T>(work: () => T) => work(), met: () => false } as unknown as Space
  const trash = createTrash({ home, store, space, emit: () => {} })
  trash.removeRuns(['kept0000', 'gone0000'], '2026-01-03')
  restore.now = () => trash.restoreRuns(['kept0000'])
  assert.equal((await trash.empty()).runs, 1)
  assert.deepEqual(
    store.runs.list().map(({ id }) => id),
    ['kept0000'],
  )
  assert.deepEqual([existsSync(join(home.run('kept0000'), 'weights')), existsSync(home.trash('gone0000'))], [true, false])
})
