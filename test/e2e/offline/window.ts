import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { _electron } from 'playwright-core'
import { writeDigitFolder } from '../../fixtures/digitFolder.ts'
import { tracerOf, trapWords, type Deed } from '../../fixtures/trap.ts'
import { electronBinary, findDisplay } from '../launchElectron.ts'
import { go } from '../pages.ts'
import { buildFirst } from '../windows.ts'
import { root, workplace } from './workplace.ts'

before(() => buildFirst())

/**
 * What Electron's own processes do on a Linux desktop besides what we have them do, all of it on this machine: they draw
 * through X, speak to the desktop's bus, share memory, watch network devices and displays (netlink), tell the kernel whom to
 * end first, ask who the user is (nscd), and the graphics driver keeps a cache of shaders. Name servers and other machines are
 * not among it.
 */
const ofElectron = [
  /^spoke to .*(\.X11-unix\/|dbus|\/bus$)/,
  /^(openat|unlink) \/dev\/shm\/\.org\.chromium\./,
  /^opened a socket \(AF_NETLINK, /,
  /\/oom_score_adj$/,
  /^looked up a name through .*nscd/,
  /\/mesa_shader_cache/,
  /^openat \/dev\/dri\//,
]

const isOfEngine = ({ program }: Deed): boolean =>
  /engine\/(child|training\/worker|data\/decoder|explore\/worker|cli)\.ts/.test(program)

test('the window and the engine that it starts keep to this machine', { timeout: 180_000 }, async (t) => {
  const binary = electronBinary()
  if (binary === null) return t.skip('there is no Electron: set WORKBENCH_TEST_ELECTRON, or run npm run setup -- --electron')
  const display = await findDisplay()
  if (display === null) return t.skip('there is no display and no Xvfb')
  t.after(() => display.server?.kill())
  const place = workplace(t)
  const { target, home, command } = place
  const at = (name: string): string => join(target, name)
  writeDigitFolder(at('digits'), 200)

  // Playwright starts one program; this one becomes Electron, its tracer beside it.
  const quoted = (words: string[]): string => words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const starter = at('start')
  writeFileSync(starter, `#!/bin/sh\nexec ${quoted([...trapWords(place.record('window'), true), binary])} "$@"\n`)
  chmodSync(starter, 0o700)
  const unboxed = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const app = await _electron.launch({
    executablePath: starter,
    args: [...unboxed, root, '--home', home],
    cwd: target,
    timeout: 60_000,
    env: { ...place.env, DISPLAY: display.display ?? process.env['DISPLAY']! },
  })
  const shell = app.process()
  t.after(() => shell.kill('SIGKILL'))
  const tracer = tracerOf(shell.pid!)
  const page = await app.firstWindow()
  const addresses = new Set<string>()
  page.on('request', (request) => addresses.add(new URL(request.url()).protocol))
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  // Commands are carried out by the window's engine.
  await command('datasets', 'add', '--name', 'digits', '--path', at('digits'))
  await command(
    'train',
    '--dataset',
    'digits',
    '--variant',
    'variational',
    '--name',
    'plain',
    '--set',
    'network.layers=32,6',
    '--set',
    'training.epochs=2',
    '--set',
    'training.batchSize=32',
  )
  await command('export', 'plain', '--part', 'encoder', '--out', at('encoder.onnx'))
  await command('embed', at('encoder.onnx'), '--path', at('digits'), '--out', at('codes.csv'))
  await command('explore', 'generate', 'plain', '--out', at('made.png'))
  const { runs } = (await command('runs', 'list')) as { runs: { id: string }[] }
  for (const view of ['datasets', `runs/${runs[0]!.id}`, `explore/${runs[0]!.id}`, 'exports', 'storage']) {
    await go(page, `#/${view}`)
    await page.getByRole('heading', { level: 1 }).first().waitFor()
  }
  await app.close()
  await tracer.ended()
  assert.ok(existsSync(at('codes.csv')))
  assert.deepEqual(
    [...addresses].filter((protocol) => !['workbench:', 'blob:', 'data:'].includes(protocol)),
    [],
  )
  assert.deepEqual(
    [place.env['HOME'], place.env['TMPDIR']].flatMap((folder) => readdirSync(folder!)),
    [],
  )
  assert.deepEqual(
    place.deeds().filter((deed) => isOfEngine(deed) || !ofElectron.some((pattern) => pattern.test(deed.what))),
    [],
  )
})
