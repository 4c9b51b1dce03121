import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WorkbenchError, isDiskFull, toErrorInfo, whatIsFull } from '../../src/shared/errors.ts'
import { explain } from '../../src/main/engine/export/targetFile.ts'
import { systemTrouble, troubleWith } from '../../src/main/engine/store/trouble.ts'
import { hasRoom, lackOf, meansFull, tryWrite } from '../../src/main/engine/space/full.ts'
import { homeWithDataset, temporaryFolder, testEngine } from '../fixtures/homes.ts'

const failure = (code: string, message = code) => Object.assign(new Error(message), { code })

test('a quota that is used up is a full disk wherever one is looked for, and is called so', (t) => {
  const folder = temporaryFolder(t)
  const quotas = [failure('EDQUOT'), new Error('[Errno 122] Disk quota exceeded'), new WorkbenchError('DISK_FULL', 'x', { cause: failure('EDQUOT') })]
  for (const thrown of quotas) {
    assert.ok(isDiskFull(thrown) && meansFull(thrown, folder) && meansFull(new Error('around it', { cause: thrown })), thrown.message)
    assert.equal(whatIsFull(thrown, '/home'), 'Your quota on the disk with /home is used up')
    assert.match(lackOf(folder, thrown).message, /^Your quota on the disk with .* is used up \(/)
  }
  const told = [toErrorInfo(quotas[0]), explain('/x.onnx', quotas[0]), explain('/x.onnx', quotas[1]), systemTrouble(quotas[0], folder), troubleWith(quotas[0], join(folder, 'a.sqlite'))]
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
  const home = homeWithDataset(t), gone = spawnSync(process.execPath, ['-e', '']).pid!
  const old = new Date(Date.now() - 120_000)
  const left = [join(home, '.room-4711'), join(home, '.probe-4711'), join(home, `.workbench-trial-${gone}`), join(tmpdir(), `.workbench-trial-${gone}`)]
  const others = [join(home, '.room'), join(tmpdir(), `.workbench-trial-${gone}-mine`), join(tmpdir(), `.room-${gone}`)]
  for (const file of [...left, ...others]) {
    writeFileSync(file, 'x')
    utimesSync(file, old, old)
  }
  const { call } = testEngine(t, home)
  await call('engine.recovered', {})
  assert.deepEqual(left.filter((file) => existsSync(file)), [])
  assert.deepEqual(others.filter((file) => !existsSync(file)), [])
})

test('what is kept in reserve, and what tries the folder out, is the workbench’s own: a home with it is made private', { skip: process.getuid === undefined }, (t) => {
  const home = homeWithDataset(t)
  for (const name of ['reserve', 'reserve.partial', '.room-4711', '.workbench-trial-1']) writeFileSync(join(home, name), 'x', { mode: 0o644 })
  chmodSync(home, 0o755)
  testEngine(t, home)
  assert.equal(statSync(home).mode & 0o777, 0o700)
  assert.equal(statSync(join(home, 'reserve')).mode & 0o777, 0o600)
})
