import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { commandLine } from '../fixtures/commandLine.ts'
import { childrenOf, startEngineChild } from '../fixtures/engineChild.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

/** Or a zombie, where nobody asks for what became of it. */
function isGone(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true
  }
}

/**
 * One SIGTERM or SIGHUP ends every command, whatever it waits for. That it takes long is no matter here; that it never ends is
 * what the limit finds.
 */
const options = { timeout: 110_000, skip: process.platform !== 'linux' && 'looks into /proc' }
const training = [
  '--variant',
  'classical',
  '--set',
  'network.layers=4,2',
  '--set',
  'training.epochs=100000',
  '--dataset',
  'moons',
  '--json',
]

test(
  'one signal ends a command that trains, one that waits behind it, and one whose engine or worker does not answer',
  options,
  async (t) => {
    const folder = temporaryFolder(t),
      line = commandLine(folder, join(folder, 'home'))
    t.after(() => line.end())
    assert.equal((await line.json('datasets', 'add', '--name', 'moons', '--path', 'moons')).code, 0)
    const first = line.start('train', ...training)
    await first.said(/Training/)
    const behind = line.start('train', ...training),
      alsoBehind = line.start('train', ...training),
      served = line.start('train', ...training)
    await Promise.all([behind, alsoBehind, served].map((each) => each.said(/waits in the queue/)))

    behind.child.kill('SIGTERM')
    const ended = await behind.ended
    assert.equal(ended.json.run.state, 'paused', ended.errors)

    // Its engine, which is the first command, does not answer.
    process.kill(first.child.pid!, 'SIGSTOP')
    alsoBehind.child.kill('SIGHUP')
    assert.equal((await alsoBehind.ended).code, 129)
    process.kill(first.child.pid!, 'SIGCONT')

    // It waits for no other command that uses its engine, and pauses its run with a checkpoint.
    first.child.kill('SIGTERM')
    const paused = await first.ended
    assert.equal(paused.json.run.state, 'paused', paused.errors)
    assert.equal((await served.ended).json.error.code, 'ENGINE_LOST')

    const again = line.start('resume', paused.json.run.id, '--json')
    await again.said(/Training/)
    const [worker] = childrenOf(again.child.pid!)
    process.kill(worker!, 'SIGSTOP')
    again.child.kill('SIGTERM')
    assert.equal((await again.ended).code, 143)
    // Its worker is gone, too, as soon as the system has taken its memory back.
    while (!isGone(worker!)) await pause(20)
    const { json } = await line.json('runs', 'show', paused.json.run.id)
    assert.equal(json.run.state, 'interrupted', 'nothing is lost: it goes on from its checkpoint')
  },
)

test('one signal ends the engine of the desktop and of the browser, though a worker does not answer', options, async (t) => {
  const folder = temporaryFolder(t),
    home = join(folder, 'home')
  const line = commandLine(folder, home)
  t.after(() => line.end())
  assert.equal((await line.json('datasets', 'add', '--name', 'moons', '--path', 'moons')).code, 0)
  const engine = await startEngineChild(home)
  const { run } = await engine.call('runs.create', {
    dataset: 'moons',
    variant: 'classical',
    settings: { network: { layers: [4, 2] }, training: { epochs: 100_000 } },
  })
  await engine.next((event) => (event.type === 'points' && event.run === run.id ? true : undefined))
  for (const worker of engine.workers()) process.kill(worker, 'SIGSTOP')
  process.kill(engine.pid, 'SIGTERM')
  await engine.gone

  const serve = line.start('serve', '--json')
  await serve.said(/"url"/)
  serve.child.kill('SIGHUP')
  assert.equal((await serve.ended).code, 0)
})
