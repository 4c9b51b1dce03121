import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { folderFiles } from '../../src/main/engine/remote/folder.ts'
import { frameAt } from '../../src/main/engine/remote/frames.ts'
import { readWholeJournal } from '../../src/main/engine/remote/journal.ts'
import { made, over, temporaryFolder } from '../fixtures/homes.ts'
import { engineWithDigits, outcomes } from '../fixtures/outcomes.ts'

const plan = {
  name: 'Fünf “Läufe”; $(x) %A',
  dataset: 'digits',
  seeds: [1, 2],
  settings: { 'network.layers': [6, 3], 'training.batchSize': 16, 'training.epochs': 150 },
  variants: [
    { variant: 'denoising' },
    { variant: 'classical', settings: { 'training.patience': 60 } },
    { variant: 'sparseKl', settings: { 'pretraining.kind': 'greedy', 'pretraining.epochs': 4 } },
  ],
}

/** Starts the folder's script as somebody on another machine would. */
function start(t: TestContext, folder: string): { child: ChildProcess; ended: Promise<number | null>; output: () => string } {
  const child = spawn('sh', ['array.sh'], { cwd: folder, detached: true, env: { ...process.env, TMPDIR: join(folder, '..') } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  t.after(() => killAll(child))
  return { child, ended, output: () => output }
}
/** It, and all that it has started. */
function killAll({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/**
 * Where a disk would have to lose a journal's end for its checkpoints to be of a time that it says nothing of: within the last points
 * that they follow. Its last bytes, where there are none yet.
 */
function lossBefore(checkpoints: string, journal: string): number {
  const bytes = readFileSync(journal)
  const head = existsSync(checkpoints) ? frameAt(readFileSync(checkpoints), 0) : null
  const after = head === null || head === 'torn' ? null : (head.value as { after: { lease: string; number: number } | null }).after
  let loss = bytes.length - 3
  for (let at = 0; after !== null && at < bytes.length;) {
    const frame = frameAt(bytes, at)
    if (frame === null || frame === 'torn') break
    const { lease, number, said } = frame.value as { lease: string; number: number; said: { type: string } }
    if (said.type === 'points') loss = frame.end - 3
    if (lease === after.lease && number === after.number) break
    at = frame.end
  }
  return loss
}

async function until(what: () => boolean, why: string): Promise<void> {
  for (let tries = 0; !what(); tries++) {
    assert.ok(tries < 3000, why)
    await wait(40)
  }
}

test('an experiment that was sent, killed, torn, taken up again and collected meanwhile is equal to one that was trained here', async (t) => {
  const base = temporaryFolder(t)
  const local = await engineWithDigits(t, temporaryFolder(t)),
    sender = await engineWithDigits(t, temporaryFolder(t))
  const folder = join(base, 'Ein Ordner, “für” $HOME; x')
  const id = await made(
    sender,
    await sender.call('experiments.send', { plan, folder, threads: 2, perTask: 2, checkpointSeconds: 0, place: 'elsewhere' }),
  )
  const files = folderFiles(folder)
  const { experiment } = await sender.call('experiments.show', { experiment: id })
  assert.deepEqual([experiment.states.submitted, experiment.state], [6, 'running'])
  const ids = experiment.cells.flatMap(({ runs }) => runs.map(({ run }) => run!))
  assert.equal((await sender.call('queue.show', {})).queue.waiting.length, 0, 'nothing of it waits here')

  const collect = async () => {
    const task = await over(sender, await sender.call('experiments.collect', { folder }))
    assert.equal(task.state, 'done', task.error?.message)
    return (await sender.call('experiments.collected', { task: task.id })).collected
  }
  assert.deepEqual([(await collect()).heard, (await collect()).problems], [0, []])

  // Killed in the middle of its second run, with what it started; its journal torn.
  const first = start(t, folder)
  const journals = () => (existsSync(files.results) ? readdirSync(files.results).filter((name) => name.endsWith('.journal')) : [])
  const said = (name: string) => readWholeJournal(join(files.results, name)).entries.map((entry) => entry.said)
  const isOpen = (name: string) => !said(name).some(({ type }) => type === 'done')
  await until(
    () =>
      journals().length >= 2 &&
      journals().some(
        (name) => isOpen(name) && said(name).some((one) => one.type === 'points' && one.points.some(({ step }) => step > 60)),
      ),
    `the second run has begun: ${first.output()}`,
  )
  const meanwhile = await collect()
  assert.ok(meanwhile.heard >= 2 && meanwhile.problems.length === 0, JSON.stringify(meanwhile))
  killAll(first.child)
  await first.ended
  const open = journals().find(isOpen)!
  truncateSync(join(files.results, open), lossBefore(files.checkpoints(open.replace('.journal', '')), join(files.results, open)))
  const torn = await collect()
  assert.deepEqual(torn.problems, [])
  const { run: running } = await sender.call('runs.show', { run: open.replace('.journal', '') })
  assert.deepEqual([running.state, running.place], ['running', 'elsewhere'])
  assert.ok(running.step > 0)

  // Told to leave, it saves and says that it goes on.
  const second = start(t, folder)
  await until(
    () => journals().length >= 3 && journals().some((name) => isOpen(name) && said(name).some(({ type }) => type === 'points')),
    second.output(),
  )
  process.kill(second.child.pid!, 'SIGTERM')
  assert.equal(await second.ended, 75, second.output())
  await collect()

  const third = start(t, folder)
  assert.equal(await third.ended, 0, third.output())
  assert.match(third.output(), /glibc \d/, 'it begins with what machine it is')
  assert.equal((await collect()).problems.length, 0)
  const again = await collect()
  assert.equal(again.heard, 0, 'collected twice it changes nothing')
  for (const run of ids) assert.ok(readdirSync(files.results).filter((name) => name.startsWith(run)).length <= 3)

  const { experiment: trained } = await local.call('experiments.create', { plan })
  await local.next((event) => (event.type === 'experiment' && event.ended ? true : undefined))
  assert.deepEqual(await outcomes(sender, id), await outcomes(local, trained.id))
  const { run } = await sender.call('runs.show', { run: ids[0]! })
  assert.ok(run.processor !== null && run.startedAt !== null && run.endedAt !== null)

  // From the folder alone, in an order of its own: a run whose journal is read from its beginning again is the same.
  const before = await outcomes(sender, id)
  sender.engine.store.runs.update(ids[0]!, { journal: null, state: 'running' })
  await collect()
  assert.deepEqual(await outcomes(sender, id), before)
  rmSync(join(folder, 'engine'), { recursive: true })
  writeFileSync(files.wish(ids[1]!), 'cancel')
})
