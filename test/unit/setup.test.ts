import { zipSync } from 'fflate'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'

const root = resolve(import.meta.dirname, '../..')
const part = async <T>(name: string): Promise<T> =>
  (await import(new URL(`../../scripts/setup/${name}.mjs`, import.meta.url).href)) as T

interface Entry {
  name: string
  size: number
}
interface Wheel {
  name: string
  version: string
  file: string
  sha256: string
  bytes: number
  title: string
}
const { zipEntries, unpackEntry } = await part<{
  zipEntries(file: string): Promise<Entry[]>
  unpackEntry(file: string, entry: Entry, target: string): Promise<void>
}>('zip')
const { withWheel, wheelAddress } = await part<{
  withWheel(wheel: Wheel, use: (file: string) => Promise<void>): Promise<void>
  wheelAddress(page: string, address: string, file: string): string | null
}>('pypi')
const { SetupError } = await part<{ SetupError: new (message: string) => Error }>('report')
const { alone } = await part<{ alone<T>(work: () => Promise<T>): Promise<T> }>('lock')

const folder = mkdtempSync(join(tmpdir(), 'workbench-setup-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the set-up of `project` in a process in which starting a program or opening a connection throws. */
async function setUpAlone(project: string): Promise<{ code: number | null; errors: string }> {
  const hook = join(folder, 'forbid.cjs')
  writeFileSync(
    hook,
    `
    const forbid = what => () => { throw new Error('forbidden: ' + what) }
    const processes = require('node:child_process')
    for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']) processes[name] = forbid(name)
    for (const module of ['node:http', 'node:https']) for (const name of ['get', 'request']) require(module)[name] = forbid(name)
    require('node:net').Socket.prototype.connect = forbid('connect')
    require('node:module').syncBuiltinESMExports()`,
  )
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, ...env } = process.env
  const child = spawn(process.execPath, ['--require', hook, join(project, 'scripts', 'setup.mjs')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...env, XDG_CACHE_HOME: join(folder, 'cache') },
  })
  let errors = ''
  child.stderr.on('data', (text: Buffer) => {
    errors += text.toString()
  })
  return new Promise((done) => child.on('close', (code) => done({ code, errors })))
}

test(
  'a set-up that is complete starts no program, opens no connection and writes nothing',
  { skip: process.platform !== 'linux' && 'a display elsewhere makes it look for Electron' },
  async () => {
    const stamp = join(root, 'node_modules', '.workbench-setup.json')
    const before = statSync(stamp).mtimeMs
    const { code, errors } = await setUpAlone(root)
    assert.deepEqual({ code, errors }, { code: 0, errors: 'The workbench is set up: npm start opens it\n' })
    assert.equal(statSync(stamp).mtimeMs, before)
    assert.equal(existsSync(join(folder, 'cache')), false)

    // The same in a project without node_modules: there it has to start npm, which the hook sees.
    const empty = join(folder, 'empty')
    cpSync(join(root, 'scripts'), join(empty, 'scripts'), { recursive: true })
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(root, name), join(empty, name))
    const needed = await setUpAlone(empty)
    assert.equal(needed.code, 1)
    assert.match(needed.errors, /\nforbidden: spawn\n$/)
  },
)

const texts = {
  'tensorflow/include/c_api.h': Buffer.from('#define TF 1\n'.repeat(5000)),
  'tensorflow/noise.bin': randomBytes(300_000),
  'tensorflow/empty': Buffer.alloc(0),
}

test('a zip file gives back what went in, packed or stored', async () => {
  const file = join(folder, 'good.zip')
  writeFileSync(
    file,
    zipSync(
      {
        'tensorflow/include/c_api.h': [texts['tensorflow/include/c_api.h'], { level: 9 }],
        'tensorflow/noise.bin': [texts['tensorflow/noise.bin'], { level: 0 }],
        'tensorflow/empty': texts['tensorflow/empty'],
      },
      { comment: 'a comment at the end' },
    ),
  )
  const entries = await zipEntries(file)
  assert.deepEqual(
    entries.map(({ name, size }) => [name, size]),
    Object.entries(texts).map(([name, bytes]) => [name, bytes.length]),
  )
  for (const entry of entries) {
    const target = join(folder, 'good', entry.name)
    await unpackEntry(file, entry, target)
    assert.ok(readFileSync(target).equals(texts[entry.name as keyof typeof texts]), entry.name)
  }
})

test('a damaged zip file is refused with a sentence', async () => {
  const file = join(folder, 'damaged.zip')
  const whole = zipSync({ a: randomBytes(1000), b: Buffer.from('text '.repeat(1000)) })
  writeFileSync(file, whole)
  truncateSync(file, whole.length - 40)
  await assert.rejects(zipEntries(file), (error) => error instanceof SetupError && /is damaged/.test(error.message))
  // The directory is whole but the packed bytes are not.
  const second = Buffer.from(whole)
  second.fill(0xff, 1080, 1090)
  writeFileSync(file, second)
  const entries = await zipEntries(file)
  await assert.rejects(unpackEntry(file, entries[1]!, join(folder, 'b')), SetupError)
  // A name that leads out of the folder.
  writeFileSync(file, zipSync({ '../outside': Buffer.from('x') }))
  const [outside] = await zipEntries(file)
  await assert.rejects(unpackEntry(file, outside!, join(folder, 'inner', 'outside')), SetupError)
  assert.equal(existsSync(join(folder, 'inner')), false)
})

test('a wheel is taken from the index by https, and one with another checksum is thrown away', async () => {
  const bytes = Buffer.from(zipSync({ 'a.txt': Buffer.from('content') }))
  const file = 'some_wheel-1.0-py3-none-any.whl'
  const server = createServer((request, response) => {
    if (request.url === '/simple/some-wheel/') response.end(`<html><a href="../../files/${file}#sha256=00">${file}</a></html>`)
    else if (request.url === `/files/${file}`) response.end(bytes)
    else response.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  const cache = join(folder, 'wheels')
  const before = { ...process.env }
  // An empty PATH has no pip.
  Object.assign(process.env, {
    PATH: '',
    XDG_CACHE_HOME: cache,
    PIP_INDEX_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`,
  })
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) delete process.env[name]
  try {
    const wheel: Wheel = {
      name: 'some-wheel',
      version: '1.0',
      file,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes: bytes.length,
      title: 'The wheel',
    }
    let seen: Buffer | null = null
    await withWheel(wheel, async (path) => {
      seen = readFileSync(path)
    })
    assert.deepEqual(seen, bytes)
    assert.deepEqual(readdirSync(join(cache, 'autoencoder-workbench')), [])

    await assert.rejects(
      withWheel({ ...wheel, sha256: 'ab'.repeat(32) }, () => assert.fail('it was used')),
      (error) =>
        error instanceof SetupError && /^The wheel was changed on its way \(sha256 .*run the command again/.test(error.message),
    )
    assert.deepEqual(readdirSync(join(cache, 'autoencoder-workbench')), [])

    await assert.rejects(
      withWheel({ ...wheel, name: 'another' }, () => assert.fail('it was used')),
      (error) =>
        error instanceof SetupError &&
        /could not be downloaded .*there is no pip.*status 404.*run the command again/.test(error.message),
    )
  } finally {
    process.env = before
    server.close()
  }
})

test('a wheel is found on both kinds of index page', () => {
  const address = 'https://index.example/simple/some-wheel/'
  assert.equal(
    wheelAddress('<a href="https://files.example/x/a%2Bcpu-1.whl#sha256=1" data-x="1">a</a>', address, 'a+cpu-1.whl'),
    'https://files.example/x/a%2Bcpu-1.whl',
  )
  assert.equal(
    wheelAddress('{"files":[{"filename":"b-1.whl","url":"../../b-1.whl"}]}', address, 'b-1.whl'),
    'https://index.example/b-1.whl',
  )
  assert.equal(wheelAddress('<a href="a-10.whl">a</a>', address, 'a-1.whl'), null)
})

test('two set-ups of one folder take turns, and a dead one does not hold the other up', async () => {
  const before = process.env.XDG_CACHE_HOME
  process.env.XDG_CACHE_HOME = join(folder, 'turns')
  try {
    const order: string[] = []
    const work = (name: string) =>
      alone(async () => {
        order.push(`${name} in`)
        await new Promise((done) => setTimeout(done, 20))
        order.push(`${name} out`)
      })
    await Promise.all([work('one'), work('other')])
    // Who comes first is for the file system to say.
    const [first, second] = order[0] === 'one in' ? ['one', 'other'] : ['other', 'one']
    assert.deepEqual(order, [`${first} in`, `${first} out`, `${second} in`, `${second} out`])

    const dead = spawn(process.execPath, ['-e', ''])
    await new Promise((done) => dead.on('close', done))
    let lock = ''
    await alone(async () => {
      lock = join(folder, 'turns', 'autoencoder-workbench', readdirSync(join(folder, 'turns', 'autoencoder-workbench'))[0]!)
    })
    writeFileSync(lock, String(dead.pid))
    assert.equal(await alone(async () => 'done'), 'done')
    assert.equal(existsSync(lock), false)
  } finally {
    if (before === undefined) delete process.env.XDG_CACHE_HOME
    else process.env.XDG_CACHE_HOME = before
  }
})
