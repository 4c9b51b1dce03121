import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { rememberAddress, rememberedAddress } from '../../src/main/engine/browser/address.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

const script = fileURLToPath(new URL('../../src/main/engine/serve.ts', import.meta.url))
const posix = { skip: process.platform === 'win32' && 'needs permissions of the kind of Unix' }

interface Serving {
  url: string
  port: number
  errors(): string
  end(signal: NodeJS.Signals): Promise<void>
}

async function serve(t: TestContext, home: string, words: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Serving> {
  const child = spawn(process.execPath, [script, '--home', home, '--json', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  t.after(() => child.kill('SIGKILL'))
  const closed = once(child, 'close')
  let out = '',
    errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if ((out += text).includes('\n')) resolve(out.split('\n')[0]!)
    })
    child.once('close', () => reject(new Error(`it ended: ${errors}`)))
  })
  const { url, port } = JSON.parse(line) as { url: string; port: number }
  return {
    url,
    port,
    errors: () => errors,
    async end(signal) {
      child.kill(signal)
      await closed
    },
  }
}

/** Resolves when it holds; the test's own limit ends what never does. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(20)
}

test(
  '--open leads a browser to the page by a private file, which is gone afterwards; no program of the machine is started with the token',
  posix,
  async (t) => {
    const folder = temporaryFolder(t),
      home = join(folder, 'home'),
      bin = join(folder, 'bin'),
      seen = join(folder, 'seen')
    mkdirSync(bin)
    for (const name of ['xdg-open', 'open']) {
      writeFileSync(
        join(bin, name),
        `#!${process.execPath}\nconst { writeFileSync, renameSync } = ` +
          `require('node:fs')\nwriteFileSync(${JSON.stringify(`${seen}.partial`)}, JSON.stringify({ words: ` +
          `process.argv.slice(2), variables: process.env }))\nrenameSync(${JSON.stringify(`${seen}.partial`)}, ` +
          `${JSON.stringify(seen)})\n`,
      )
      chmodSync(join(bin, name), 0o755)
    }
    const mask = process.umask(0)
    t.after(() => process.umask(mask))
    const { url, end } = await serve(t, home, ['--open'], { PATH: `${bin}${delimiter}${process.env['PATH']}` })
    const token = new URL(url).searchParams.get('token')!
    await until(() => existsSync(seen))
    const { words, variables } = JSON.parse(readFileSync(seen, 'utf8')) as { words: string[]; variables: Record<string, string> }
    assert.equal(words.length, 1)
    assert.ok(!JSON.stringify({ words, variables }).includes(token))
    const file = fileURLToPath(words[0]!)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const page = readFileSync(file, 'utf8')
    assert.equal(/http-equiv="refresh" content="0; url=([^"]+)"/.exec(page)?.[1], url)
    assert.match(page, /name="referrer" content="no-referrer"/)
    if (process.platform === 'linux') {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        for (const part of ['cmdline', 'environ']) {
          let text = ''
          try {
            text = readFileSync(`/proc/${pid}/${part}`, 'utf8')
          } catch {
            /* ended, or somebody else's */
          }
          assert.ok(!text.includes(token), `${part} of ${pid}`)
        }
      }
    }
    // Somebody without the token changes nothing; who was led there has what was wanted.
    await fetch(new URL('/', url))
    assert.ok(existsSync(file))
    await fetch(url)
    await until(() => !existsSync(file))
    // The token is in no file that others may read, and in no log.
    for (const name of readdirSync(home, { recursive: true, encoding: 'utf8' })) {
      const path = join(home, name)
      if (statSync(path).isFile() && readFileSync(path).includes(token))
        assert.deepEqual([name, statSync(path).mode & 0o777], ['browser.json', 0o600])
    }
    await end('SIGTERM')
    assert.ok(!existsSync(file))
  },
)

test('a file to open that an end by force left is removed by the next start', posix, async (t) => {
  const home = temporaryFolder(t)
  const first = await serve(t, home, ['--open'], { PATH: '/nowhere' })
  await first.end('SIGKILL')
  writeFileSync(join(home, 'open.html'), 'left')
  const second = await serve(t, home)
  assert.ok(!existsSync(join(home, 'open.html')))
  await second.end('SIGTERM')
})

test(
  'started again it answers at the same address, also after a kill, and with a new token wherever its port was not its own',
  posix,
  async (t) => {
    const home = join(temporaryFolder(t), 'home')
    const first = await serve(t, home)
    await first.end('SIGKILL')
    const second = await serve(t, home)
    assert.equal(second.url, first.url)
    await second.end('SIGTERM')
    // Its port named is its port.
    const third = await serve(t, home, ['--port', String(first.port)])
    assert.equal(third.url, first.url)
    await third.end('SIGTERM')
    // Somebody else has the port meanwhile, and may have been told the token by a bookmark.
    const other = createServer().listen(first.port, '127.0.0.1')
    await once(other, 'listening')
    const fourth = await serve(t, home)
    assert.notEqual(fourth.port, first.port)
    assert.notEqual(new URL(fourth.url).searchParams.get('token'), new URL(first.url).searchParams.get('token'))
    assert.match(fourth.errors(), new RegExp(`Another program has port ${first.port}.*a new address`))
    await fourth.end('SIGTERM')
    other.close()
    // From here on that is its address.
    const fifth = await serve(t, home)
    assert.equal(fifth.url, fourth.url)
    await fifth.end('SIGTERM')
  },
)

test('an address that others could read or write, of another start of the computer, or none at all is not taken up', posix, (t) => {
  const home = temporaryFolder(t),
    file = join(home, 'browser.json')
  const address = { port: 40_001, token: 'A'.repeat(43) }
  assert.equal(rememberedAddress(home), null)
  rememberAddress(home, address)
  assert.deepEqual(rememberedAddress(home), address)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const written = readFileSync(file, 'utf8')
  for (const mode of [0o644, 0o660, 0o602]) {
    chmodSync(file, mode)
    assert.equal(rememberedAddress(home), null, mode.toString(8))
  }
  chmodSync(file, 0o600)
  assert.deepEqual(rememberedAddress(home), address)
  const { started } = JSON.parse(written) as { started: string }
  for (const text of [
    '',
    '{',
    '[]',
    '{"port":1}',
    written.replace(started, 'another start'),
    written.replace('40001', '0'),
    written.replace('40001', '65536'),
    written.replace('AAAA', '"<>'),
    written + ' '.repeat(2000),
  ]) {
    writeFileSync(file, text)
    assert.equal(rememberedAddress(home), null, text.slice(0, 100))
  }
})
