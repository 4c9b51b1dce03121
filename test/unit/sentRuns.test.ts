import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { collectFolder, type CollectParts } from '../../src/main/engine/remote/collect.ts'
import { folderFiles, type Sent } from '../../src/main/engine/remote/folder.ts'
import { readWholeJournal } from '../../src/main/engine/remote/journal.ts'
import { JournalWriter } from '../../src/main/engine/remote/journalWriter.ts'
import { spreadRuns } from '../../src/main/engine/remote/spread.ts'
import { fakeWorker, homeWithDataset, sampleDataset, temporaryFolder, testEngine, type TestEngine } from '../fixtures/homes.ts'

const program = fileURLToPath(new URL('../../src/main/engine/remote/task.ts', import.meta.url))
const about = { host: 'h', job: null, startedAt: 5, processor: 'p', threads: 2, version: '0.1.0' }

/** Runs of these seeds, which say how the fixture's worker behaves, in a folder as `send` makes it, without the engine and images. */
async function sentRuns(t: TestContext, ...seeds: number[]) {
  const home = homeWithDataset(t),
    folder = join(temporaryFolder(t), 'Läufe “hier”')
  const engine = testEngine(t, home, { startQueued: false })
  const files = folderFiles(folder)
  for (const each of [folder, files.results, files.wishes, files.dataset]) mkdirSync(each)
  const ids: string[] = []
  for (const seed of seeds) {
    const { run } = await engine.call('runs.create', { dataset: 'digits', variant: 'classical', seed })
    await engine.call('runs.pause', { run: run.id })
    await engine.until(run.id, 'paused')
    await engine.engine.store.runs.update(run.id, {
      state: 'submitted',
      place: 'there',
      sentTo: folder,
      endedAt: null,
      step: 0,
      epoch: 0,
      startedAt: null,
    })
    rmSync(engine.engine.home.run(run.id), { recursive: true, force: true })
    engine.engine.store.points.truncate(run.id, -1)
    ids.push(run.id)
  }
  const runs = ids.map((id) => engine.engine.store.runs.get(id))
  const line = ({ id, name, variant, seed, config }: (typeof runs)[number]) =>
    JSON.stringify({ run: id, name, variant, seed, config })
  writeFileSync(files.runs, `${runs.map(line).join('\n')}\n`)
  const sent: Sent = {
    format: 'autoencoder-workbench-task-folder',
    formatVersion: 1,
    workbench: '0.1.0',
    sentAt: '2026-01-01T00:00:00.000Z',
    name: 'sent',
    experiment: {
      id: 'exp00001',
      plan: { name: 'sent', dataset: 'digits', seeds: [1], variants: [{ variant: 'pca' }] } as never,
    },
    dataset: sampleDataset,
    threads: 2,
    copies: 10,
    checkpointSeconds: 0,
  }
  writeFileSync(files.sent, JSON.stringify(sent))
  return { engine, folder, files, ids }
}

/** A task as a scheduler starts it, with the fixture's worker. */
function task(t: TestContext, folder: string, runs: string[]) {
  const child = spawn(process.execPath, [program, '--folder', folder, '--runs', runs.join(',')], {
    env: { ...process.env, WORKBENCH_WORKER: fakeWorker },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  t.after(() => child.kill('SIGKILL'))
  const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, output })),
  )
  return { child, ended }
}
const collect = ({ engine }: TestEngine, folder: string) =>
  collectFolder(
    {
      store: engine.store,
      home: engine.home,
      space: { met: () => false, lack: null },
      emit: () => {},
      log: engine.log,
    } as unknown as CollectParts,
    folder,
    { signal: new AbortController().signal },
  )
const stateOf = async ({ call }: TestEngine, run: string) => (await call('runs.show', { run })).run
const steps = async ({ call }: TestEngine, run: string) => {
  const { series } = await call('runs.series', { run, keys: ['train/loss'] })
  return series.flatMap((each) => [...each.step])
}
/** Until the journal of a run says something. */
async function heard(file: string, what: (types: string[]) => boolean): Promise<void> {
  for (let tries = 0; !(existsSync(file) && what(readWholeJournal(file).entries.map(({ said }) => said.type))); tries++) {
    assert.ok(tries < 2000, `${file} does not say it`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('every end of a run elsewhere is the same end here', async (t) => {
  const { engine, folder, files, ids } = await sentRuns(t, 1, 3, 4, 5)
  const [done, diverging, dying, failing] = ids as [string, string, string, string]
  const { code, output } = await task(t, folder, ids).ended
  assert.equal(code, 0, output)
  assert.match(output, /glibc/)
  const collected = await collect(engine, folder)
  assert.deepEqual([collected.runs, collected.known, collected.heard], [4, 4, 4])
  const found = await Promise.all(ids.map((id) => stateOf(engine, id)))
  assert.deepEqual(
    found.map(({ state }) => state),
    ['completed', 'diverged', 'interrupted', 'failed'],
  )
  assert.deepEqual(
    found.map(({ place, processor }) => place === 'there' && processor !== null),
    [true, true, true, true],
  )
  assert.deepEqual(
    await steps(engine, done),
    Array.from({ length: 12 }, (_, at) => at + 1),
  )
  assert.equal(found[0]!.evaluation?.squaredError, 9.5)
  assert.ok(existsSync(join(engine.engine.home.run(done), 'checkpoints', 'last.safetensors')))
  assert.deepEqual([found[1]!.error?.code, found[3]!.error?.code], ['RUN_DIVERGED', 'CHECKPOINT_DAMAGED'])
  assert.match(found[2]!.error!.message, /there.*resume it to train it here/)
  assert.equal(
    found.every(({ endedAt, createdAt }) => endedAt !== null && endedAt >= createdAt),
    true,
  )
  for (const id of [done, diverging, dying, failing])
    assert.ok(readdirSync(files.results).filter((name) => name.startsWith(id)).length <= 2)
  // Nothing is done again, and nothing is heard twice.
  const journal = readFileSync(files.journal(done))
  assert.equal((await task(t, folder, [done, diverging]).ended).code, 0)
  assert.deepEqual(readFileSync(files.journal(done)), journal)
  assert.equal((await collect(engine, folder)).heard, 0)
})

test('a run is paused and cancelled by a wish, and leaves at a signal; what it says next goes on from there', async (t) => {
  const { engine, folder, files, ids } = await sentRuns(t, 2, 12)
  const [long, waits] = ids as [string, string]
  const first = task(t, folder, [long, waits])
  await heard(files.journal(long), (types) => types.filter((type) => type === 'points').length > 3)
  await collect(engine, folder)
  assert.equal((await stateOf(engine, long)).state, 'running')
  first.child.kill('SIGUSR1')
  assert.equal((await first.ended).code, 75, 'it goes on when it is started again')
  await collect(engine, folder)
  const left = await stateOf(engine, long)
  assert.equal(left.state, 'submitted')
  assert.ok(left.step > 0)

  const second = task(t, folder, [long, waits])
  await heard(files.journal(long), (types) => types.filter((type) => type === 'begun').length === 2)
  writeFileSync(files.wish(long), 'pause')
  assert.equal((await second.ended).code, 0)
  await collect(engine, folder)
  const [paused, completed] = [await stateOf(engine, long), await stateOf(engine, waits)]
  assert.deepEqual([paused.state, completed.state], ['paused', 'completed'])
  assert.deepEqual(
    await steps(engine, long),
    Array.from({ length: paused.step }, (_, at) => at + 1),
    'none is missing or twice',
  )

  writeFileSync(files.wish(long), 'cancel')
  assert.equal((await task(t, folder, [long]).ended).code, 0)
  await collect(engine, folder)
  assert.equal((await stateOf(engine, long)).state, 'cancelled')
})

test('of two tasks that train one run, the one that began later goes on and the other leaves it alone', async (t) => {
  const { engine, folder, files, ids } = await sentRuns(t, 2)
  const [run] = ids as [string]
  const first = task(t, folder, [run])
  await heard(files.journal(run), (types) => types.includes('points'))
  const second = task(t, folder, [run])
  const { code, output } = await first.ended
  assert.equal(code, 0)
  assert.match(output, /another task has it/)
  await heard(files.journal(run), (types) => types.filter((type) => type === 'begun').length === 2)
  second.child.kill('SIGTERM')
  assert.equal((await second.ended).code, 75)
  assert.deepEqual((await collect(engine, folder)).problems, [])
  const { step } = await stateOf(engine, run)
  assert.deepEqual(
    await steps(engine, run),
    Array.from({ length: step }, (_, at) => at + 1),
  )
})

test('what cannot be written of one run is said, is not its end, and keeps no other from being trained', async (t) => {
  const { engine, folder, files, ids } = await sentRuns(t, 1, 1)
  const [run, other] = ids as [string, string]
  // Nothing can take the place of a folder.
  mkdirSync(join(files.checkpoints(run), 'x'), { recursive: true })
  const { code, output } = await task(t, folder, [run, other]).ended
  assert.equal(code, 1)
  assert.match(output, /cannot go on here, and can be started again/)
  await collect(engine, folder)
  assert.equal((await stateOf(engine, other)).state, 'completed')
  rmSync(files.checkpoints(run), { recursive: true })
  assert.equal((await task(t, folder, [run, other]).ended).code, 0)
  await collect(engine, folder)
  assert.equal((await stateOf(engine, run)).state, 'completed')
  assert.deepEqual(
    readdirSync(files.results).filter((name) => name.endsWith('.partial')),
    [],
  )
})

test('what a disk had shown and lost, and somebody else wrote over, is read again', async (t) => {
  const { engine, folder, files, ids } = await sentRuns(t, 1)
  const [run] = ids as [string],
    journal = files.journal(run)
  const says = (writer: JournalWriter, from: number, to: number) => {
    const points = Array.from({ length: to - from + 1 }, (_, at) => ({
      key: 'train/loss',
      step: from + at,
      epoch: (from + at) / 10,
      seconds: 1,
      value: 1 / (from + at),
    }))
    writer.say({ type: 'points', points, flush: true })
    writer.commit()
    return statSync(journal).size
  }
  const begins = (): JournalWriter => {
    const writer = new JournalWriter(journal, { ...about, run })
    writer.say({ type: 'begun', steps: 99, epochs: 9, stages: [], parameters: 1, threads: 2, step: 0, epoch: 0, seconds: 0 })
    return writer
  }
  const first = begins()
  const kept = says(first, 1, 10)
  says(first, 11, 30)
  first.close()
  assert.deepEqual((await collect(engine, folder)).problems, [])
  assert.equal((await steps(engine, run)).length, 30)
  truncateSync(journal, kept + 7)
  const second = begins()
  for (let from = 1; from < 60; from += 4) says(second, from, from + 3)
  second.close()
  assert.deepEqual((await collect(engine, folder)).problems, [])
  assert.deepEqual(
    await steps(engine, run),
    Array.from({ length: 60 }, (_, at) => at + 1),
  )
  assert.equal((await collect(engine, folder)).heard, 0)
})

test('half copied, foreign, newer and damaged folders are refused or waited for in one sentence, and nothing is lost', async (t) => {
  const { engine, folder, files, ids } = await sentRuns(t, 1)
  const [run] = ids as [string]
  assert.equal((await task(t, folder, ids).ended).code, 0)
  const refused = (code: string, message: RegExp) => assert.rejects(collect(engine, folder), { code, message })
  const plan = readFileSync(files.sent, 'utf8'),
    lines = readFileSync(files.runs, 'utf8')
  await assert.rejects(collect(engine, `${folder}-none`), { code: 'PATH_MISSING' })
  for (const [text, code, message] of [
    [plan.slice(0, -9), 'FILE_DAMAGED', /copy the folder again/],
    [plan.replace('"formatVersion":1', '"formatVersion":2'), 'FILE_UNSUPPORTED', /newer version/],
    ['{"a":1}', 'FILE_DAMAGED', /plan\.json/],
  ] as const) {
    writeFileSync(files.sent, text)
    await refused(code, message)
  }
  rmSync(files.sent)
  await refused('FILE_UNSUPPORTED', /not copied whole/)
  writeFileSync(files.sent, plan)
  writeFileSync(files.runs, lines.slice(0, -20))
  await refused('FILE_DAMAGED', /runs\.jsonl/)
  writeFileSync(files.runs, lines.replace(run, 'zzzzzzzz'))
  await refused('EXPERIMENT_UNKNOWN', /not in this workbench/)
  writeFileSync(files.runs, lines)

  // Weights that are not there yet, or not whole: the end of the run waits for them.
  const weights = files.checkpoints(run),
    whole = `${weights}.whole`
  copyFileSync(weights, whole)
  truncateSync(weights, statSync(whole).size - 5)
  for (const code of ['CHECKPOINT_DAMAGED', 'CHECKPOINT_MISSING']) {
    const { problems } = await collect(engine, folder)
    assert.deepEqual(
      problems.map(({ error }) => error.code),
      [code],
    )
    assert.equal((await stateOf(engine, run)).state, 'running')
    rmSync(weights, { force: true })
  }
  copyFileSync(whole, weights)
  // And so does one whose journal is hurt in its middle.
  const journal = readFileSync(files.journal(run)),
    hurt = Buffer.from(journal)
  hurt[Math.floor(hurt.length / 2)]! ^= 255
  engine.engine.store.runs.update(run, { journal: null })
  writeFileSync(files.journal(run), hurt)
  assert.deepEqual(
    (await collect(engine, folder)).problems.map(({ error }) => error.code),
    ['FILE_DAMAGED'],
  )
  assert.equal((await stateOf(engine, run)).state, 'running')
  writeFileSync(files.journal(run), journal)
  assert.deepEqual((await collect(engine, folder)).problems, [])
  assert.equal((await stateOf(engine, run)).state, 'completed')
})

test('what was taken home, or ended here, is not heard any more; clocks that differ put no end before its beginning', async (t) => {
  const { engine, folder, files, ids } = await sentRuns(t, 1, 11)
  const [home, late] = ids as [string, string]
  await engine.call('runs.cancel', { run: home })
  assert.equal((await task(t, folder, [late]).ended).code, 0)
  const writer = new JournalWriter(files.journal(home), { ...about, run: home })
  writer.say({
    type: 'progress',
    progress: { done: 1, total: 2, unit: 'steps', perSecond: null, secondsLeft: null, stage: 'Training' },
    step: 9,
  })
  writer.close()
  await collect(engine, folder)
  assert.deepEqual([(await stateOf(engine, home)).state, (await stateOf(engine, home)).step], ['cancelled', 0])
  const { createdAt, startedAt, endedAt } = await stateOf(engine, late)
  assert.ok(createdAt <= startedAt! && startedAt! <= endedAt!)
})

test('tasks take ten minutes at least, keep the order of runs, and are not too many', () => {
  const runs = Array.from({ length: 1000 }, (_, index) => index)
  const quick = spreadRuns(runs, () => 5)
  assert.deepEqual(quick.flat(), runs)
  assert.ok(quick.every((task, index) => task.length === 120 || index === quick.length - 1))
  assert.deepEqual(
    spreadRuns(runs, () => 700).map((task) => task.length),
    runs.map(() => 1),
  )
  assert.ok(spreadRuns(Array.from({ length: 30_000 }), () => 700).length <= 1000)
  assert.deepEqual(
    spreadRuns(runs.slice(0, 5), () => 1, { perTask: 2 }),
    [[0, 1], [2, 3], [4]],
  )
  assert.equal(spreadRuns(runs, () => 5, { atOnce: 40 }).length, 40)
})
