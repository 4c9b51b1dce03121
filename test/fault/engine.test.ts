import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createEngine } from '../../src/main/engine/engine.ts'
import { connectLocally, listenLocally } from '../../src/main/engine/local.ts'
import { openDatabase, tryLock } from '../../src/main/engine/store/database.ts'
import { homeWithDataset, temporaryFolder, testEngine } from '../fixtures/homes.ts'

const engineProcess = fileURLToPath(new URL('../fixtures/engineProcess.ts', import.meta.url))

test('kill -9 of a training engine loses no committed point, interrupts the run and frees the home; the run goes on', async (t) => {
  const home = homeWithDataset(t)
  const child = spawn(process.execPath, [engineProcess, home], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let run = ''
  let committed = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const [id, step] = line.split(' ')
    run = id!
    committed = Number(step)
    if (committed >= 20) child.kill('SIGKILL')
  }
  await exited

  const engine = testEngine(t, home)
  const found = (await engine.call('runs.show', { run })).run
  assert.equal(found.state, 'interrupted')
  assert.equal(found.error?.code, 'RUN_FAILED')
  const { series } = await engine.call('runs.series', { run, keys: ['train/loss'] })
  const steps = [...series[0]!.step]
  assert.ok(steps.length >= committed)
  assert.deepEqual(
    steps,
    steps.map((_, index) => index + 1),
  )
  await engine.call('runs.resume', { run })
  await engine.next((event) => (event.type === 'points' && event.run === run && event.step > steps.length ? true : undefined))
  await engine.call('runs.cancel', { run })
  const ended = await engine.until(run, 'cancelled')
  const after = (await engine.call('runs.series', { run, keys: ['train/loss'] })).series[0]!
  assert.deepEqual(
    [...after.step],
    Array.from({ length: ended.step }, (_, index) => index + 1),
  )
})

test('one engine a home: the second is refused, and the first is not disturbed', async (t) => {
  const home = homeWithDataset(t)
  const first = testEngine(t, home)
  assert.throws(() => createEngine({ home }), { code: 'HOME_LOCKED' })
  const other = spawn(process.execPath, [engineProcess, home], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  other.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [code] = (await once(other, 'close')) as [number]
  assert.notEqual(code, 0)
  assert.match(said, /already running/)
  assert.equal((await first.call('datasets.list', {})).datasets.length, 1)
  await first.engine.close()
  const lock = tryLock(first.engine.home.lock)
  assert.notEqual(lock, null, 'closing gives the home free')
  lock!.release()
})

test('a damaged or newer database and an impossible home are refused in words; leftovers of imports go', (t) => {
  const newer = homeWithDataset(t)
  const database = openDatabase(
    join(newer, 'workbench.sqlite'),
    Array.from({ length: 50 }, () => ''),
  )
  database.close()
  assert.throws(() => createEngine({ home: newer }), { code: 'DATABASE_NEWER' })
  // A refused engine holds no lock.
  assert.throws(() => createEngine({ home: newer }), { code: 'DATABASE_NEWER' })

  const damaged = homeWithDataset(t)
  writeFileSync(join(damaged, 'workbench.sqlite'), 'not a database at all '.repeat(400))
  assert.throws(() => createEngine({ home: damaged }), { code: 'DATABASE_DAMAGED' })

  const file = join(temporaryFolder(t), 'file')
  writeFileSync(file, '')
  assert.throws(() => createEngine({ home: join(file, 'home') }), { code: 'HOME_UNWRITABLE' })
  // A place where folders cannot be made and whose making Node would try for ever.
  if (process.platform === 'linux') assert.throws(() => createEngine({ home: '/proc/workbench/home' }), { code: 'HOME_UNWRITABLE' })
  assert.throws(() => createEngine({ home: '' }), { code: 'USAGE' })

  const left = homeWithDataset(t)
  mkdirSync(join(left, 'datasets', 'abc.partial'))
  mkdirSync(join(left, 'datasets', 'kept'))
  testEngine(t, left)
  assert.deepEqual(readdirSync(join(left, 'datasets')), ['kept'])
})

test('a full disk: what a run says waits until there is room, and nothing of it is lost', async (t) => {
  const home = homeWithDataset(t)
  const engine = testEngine(t, home)
  const { run } = await engine.call('runs.create', { dataset: 'digits', variant: 'classical', seed: 2 })
  await engine.next((event) => (event.type === 'points' && event.step >= 4 ? true : undefined))
  const { database } = engine.engine.store
  const pages = Number(database.pragma('page_count', { simple: true }))
  database.pragma(`max_page_count = ${pages}`)
  await engine.next((event) => (event.type === 'run' && event.run.error?.code === 'DISK_FULL' ? true : undefined))
  await assert.rejects(
    async () => {
      for (let number = 0; number < 500; number += 1) await engine.call('runs.create', { dataset: 'digits', variant: 'classical' })
    },
    { code: 'DISK_FULL' },
  )
  database.pragma('max_page_count = 1000000')
  await engine.next((event) =>
    event.type === 'run' &&
    event.run.id === run.id &&
    event.run.state === 'running' &&
    event.run.error === null &&
    event.run.step > 8
      ? true
      : undefined,
  )
  await engine.call('runs.cancel', { run: run.id })
  const ended = await engine.until(run.id, 'cancelled')
  assert.equal(ended.error, null)
  const { series } = await engine.call('runs.series', { run: run.id, keys: ['train/loss'] })
  assert.deepEqual(
    [...series[0]!.step],
    Array.from({ length: ended.step }, (_, index) => index + 1),
  )
})

test('a run that is gone for good while it trains takes its process along, and nothing else', async (t) => {
  const { engine, call, until, next } = testEngine(t, homeWithDataset(t))
  const { run } = await call('runs.create', { dataset: 'digits', variant: 'classical', seed: 2 })
  await next((event) => (event.type === 'points' && event.run === run.id && event.step >= 4 ? true : undefined))
  engine.store.runs.remove(run.id)
  // The one place in the queue is free again.
  const { run: other } = await call('runs.create', { dataset: 'digits', variant: 'classical', seed: 11 })
  assert.equal((await until(other.id, 'completed')).error, null)
  assert.ok(!(await call('queue.show', {})).queue.running.includes(run.id))
})

test('an engine that closes as a command line comes is one that does not answer; one that goes later says so', async (t) => {
  const { engine } = testEngine(t, homeWithDataset(t))
  const connected = () =>
    connectLocally(
      engine.home,
      () => {},
      ({ message }) => said.push(message),
    )
  const said: string[] = []
  const closing = createServer((socket) => socket.destroy()).listen(join(engine.home.folder, 'engine.sock'))
  await once(closing, 'listening')
  assert.equal(await connected(), null)
  await new Promise((resolve) => closing.close(resolve))
  const listening = await listenLocally(engine)
  const remote = await connected()
  const call = remote!.call('datasets.list', {})
  listening.close()
  await assert.rejects(call, { code: 'ENGINE_LOST', message: /closed; give the command again\.$/ })
  assert.equal(said.length, 2)
})

test('what is no frame, no message or no call does not end the engine', async (t) => {
  const home = homeWithDataset(t)
  const { engine } = testEngine(t, home)
  const listening = await listenLocally(engine)
  t.after(() => listening.close())
  const socket = join(home, 'engine.sock')
  const framed = (...payload: number[]) => Buffer.from([payload.length + 4, 0, 0, 0, 0, 0, 0, 0, ...payload])
  for (const bytes of [Buffer.from([255, 255, 255, 255, 1]), Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.from([2, 0, 0, 0])]) {
    const peer = connect(socket)
    peer.on('error', () => {})
    peer.write(bytes)
    await once(peer, 'close')
  }
  const rude = connect(socket)
  rude.write(
    Buffer.concat([
      framed(0xc1),
      framed(0xc0),
      framed(0x93, 1),
      framed(0x81, 0xa1, 0x74),
      framed(...Array.from({ length: 200 }, (_, index) => index)),
    ]),
  )
  const remote = await connectLocally(
    engine.home,
    () => {},
    () => {},
  )
  t.after(() => {
    remote!.close()
    rude.destroy()
  })
  assert.equal((await remote!.call('datasets.list', {})).datasets.length, 1)
  const call = remote!.call as (name: string, input: unknown) => Promise<unknown>
  await assert.rejects(call('constructor', {}), { code: 'CALL_UNKNOWN' })
  await assert.rejects(call('datasets.rename', { dataset: 'digits', name: '' }), { code: 'CALL_INVALID', field: 'name' })
  await assert.rejects(call('datasets.list', { surplus: 1 }), { code: 'CALL_INVALID' })
  await assert.rejects(call('runs.create', { dataset: 'digits', variant: 'classical', seed: -1 }), {
    code: 'SETTING_INVALID',
    field: 'seed',
  })
  await assert.rejects(call('runs.create', { dataset: 'digits', variant: 'classical', settings: { training: { epochs: 0 } } }), {
    code: 'SETTING_INVALID',
    field: 'training.epochs',
    message: /at least 1/,
  })
  await assert.rejects(call('runs.create', { dataset: 'digits', variant: 'nothing' }), { code: 'VARIANT_UNKNOWN' })
  await assert.rejects(call('runs.create', { dataset: 'nothing', variant: 'classical' }), { code: 'DATASET_UNKNOWN' })
  await assert.rejects(call('datasets.import', { path: '/x', name: 'digits' }), { code: 'DATASET_NAME_TAKEN' })
})

test('objective: a file that cannot be written, or is the one that is read, is refused before anything starts', async (t) => {
  const folder = temporaryFolder(t)
  const { call } = testEngine(t, homeWithDataset(t))
  const at = (name: string) => join(folder, name)
  const ask = (out: string) => call('objective', { variant: 'classical', settings: {}, in: at('in.safetensors'), out })
  writeFileSync(at('in.safetensors'), 'weights')
  assert.equal((await ask(at('out.safetensors'))).loss, 3)
  await assert.rejects(ask(at('in.safetensors')), { code: 'CALL_INVALID' })
  await assert.rejects(ask(join(folder, 'nowhere', '..', 'in.safetensors')), { code: 'CALL_INVALID' })
  await assert.rejects(ask(at('none/out.safetensors')), { code: 'EXPORT_UNWRITABLE' })
  await assert.rejects(ask(folder), { code: 'EXPORT_UNWRITABLE' })
})

test('an error nobody expected is told as INTERNAL and logged with its stack', async (t) => {
  const home = homeWithDataset(t)
  const { engine, call } = testEngine(t, home)
  engine.store.database.exec('DROP TABLE exports')
  await assert.rejects(call('exports.list', {}), { code: 'INTERNAL' })
  assert.match(readFileSync(engine.home.log, 'utf8'), /exports\.list failed\..*SqliteError: no such table[\s\S]*\n\s+at /)
})
