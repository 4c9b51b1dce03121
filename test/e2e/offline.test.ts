import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryFolder } from '../fixtures/homes.ts'
import { deeds, whyNoTrap, withoutRoute } from '../fixtures/trap.ts'
import { root, workplace } from './offline/workplace.ts'

/**
 * Offline is literal: no socket beyond loopback, no name looked up, no file outside the home, the target and the temporary
 * folder. The tests that hold it are in offline/; each file runs where only loopback exists, so that what would go out cannot,
 * and is noticed all the same.
 */
const missing = whyNoTrap()
const route = missing === null ? withoutRoute() : null

/** What scripts/test/reporter.mjs writes of one file. */
interface Result {
  passed: number
  failed: number
  skips: { name: string; reason: string }[]
  failures: { name: string; text: string }[]
  output: string
}

/** Runs a file of tests without a network, and says of it here what it said there. */
async function runWithoutRoute(t: TestContext, name: string): Promise<void> {
  const record = join(temporaryFolder(t), 'result.json')
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const words = [
    ...(route ?? []),
    process.execPath,
    '--test',
    '--test-timeout=200000',
    '--test-reporter=./scripts/test/reporter.mjs',
    '--test-reporter-destination=stdout',
  ]
  const child = spawn(words[0]!, [...words.slice(1), join('test/e2e/offline', name)], {
    cwd: root,
    env: { ...env, WORKBENCH_TEST_RESULT: record },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
  await once(child, 'close')
  const { passed, skips, failures, output } = JSON.parse(readFileSync(record, 'utf8')) as Result
  if (failures.length > 0) t.diagnostic(`${output}${text}`)
  assert.deepEqual(
    failures.map((failure) => `${failure.name}\n${failure.text}`),
    [],
    `${name}: ${failures.map((failure) => failure.text).join('\n')}`,
  )
  for (const { name: skipped, reason } of skips) await t.test(skipped, { skip: reason }, () => {})
  assert.ok(passed + skips.length > 0, text)
}

const options = { skip: missing ?? false, timeout: 280_000 }

// They wait more than they compute: at once.
test('without a network', { ...options, concurrency: true }, async (t) => {
  if (route === null) t.diagnostic('Namespaces are not allowed here: what would go out is noticed, but not held back.')
  await Promise.all([
    t.test('every job, by commands and in the browser mode', (own) => runWithoutRoute(own, 'jobs.ts')),
    t.test('every job, in the window', (own) => runWithoutRoute(own, 'window.ts')),
    t.test('npm start, once everything is set up', (own) => runWithoutRoute(own, 'start.ts')),
    t.test('every native library by itself', (own) => runWithoutRoute(own, 'natives.ts')),
  ])
})

test('the trap notices what it is there for', options, async (t) => {
  const place = workplace(t)
  const tried = async (code: string): Promise<string[]> => {
    const { record, ended } = place.start('tried', [process.execPath, '-e', code])
    await ended
    return deeds(record, [place.target], place.target).map(({ what }) => what)
  }
  assert.deepEqual(
    await tried(
      "require('http').createServer().listen(0, '127.0.0.1', function () { this.close() }); require('fs').writeFileSync('here', '')",
    ),
    [],
  )
  const found = async (code: string, ...wanted: RegExp[]): Promise<void> => {
    const whats = await tried(code)
    for (const pattern of wanted)
      assert.ok(
        whats.some((what) => pattern.test(what)),
        `${code} gave ${JSON.stringify(whats)}`,
      )
  }
  await found("require('dns').lookup('name.invalid', () => {})", /looked up a name/)
  await found("require('dns').resolve4('other.invalid', () => {}); setTimeout(process.exit, 200)", /socket \(AF_INET6?, SOCK_DGRAM/)
  await found(
    "require('net').connect(80, '192.0.2.1').on('error', () => {}); setTimeout(process.exit, 200)",
    /reached for 192\.0\.2\.1/,
  )
  await found(
    "require('net').connect(80, '2001:db8::1').on('error', () => {}); setTimeout(process.exit, 200)",
    /reached for 2001:db8::1/,
  )
  await found("require('http').createServer().listen(0, function () { this.close() })", /listened on ::/)
  await found("fetch('http://10.0.0.1/').catch(() => {}); setTimeout(process.exit, 500)", /proxy|looked up|reached for/)
  await found("require('fs').writeFileSync(process.env.HOME + '/id', '')", /user\/id/)
  await found("require('fs').mkdirSync(process.env.HOME + '/.cache')", /mkdir .*\.cache/)
  await found("require('fs').renameSync('here', process.env.HOME + '/there')", /rename .*there/)
  await found(
    "require('child_process').execFileSync('touch', ['/dev/shm/workbench-trap']); require('fs').rmSync('/dev/shm/workbench-trap')",
    /shm/,
  )
})
