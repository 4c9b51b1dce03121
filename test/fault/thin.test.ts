import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Run, RunState } from '../../src/shared/domain.ts'
import { checkpointFile, readCheckpoint, writeCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { snapshotSteps, thinningOf, thinRun } from '../../src/main/engine/checkpoint/thin.ts'
import { beginFile } from '../../src/main/engine/checkpoint/weightsFile.ts'
import { folderBytes } from '../../src/main/engine/folderBytes.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { variantOf } from '../../src/main/engine/variants/index.ts'
import { weightsOf } from '../../src/main/engine/variants/variant.ts'
import { copyOf, watchDisk } from '../fixtures/diskStates.ts'
import { failure } from '../fixtures/exports.ts'
import { homeWithDataset, over, temporaryFolder, testEngine, type TestEngine } from '../fixtures/homes.ts'

/** Thinning out, also of runs of earlier versions: 20 snapshots, the last of them the result once more, and the optimizer's state. */

/** Writes what an earlier version left of a run. @returns the weights */
function asBefore(folder: string, { config, seed, step }: Pick<Run, 'config' | 'seed' | 'step'>): Record<string, Float32Array> {
  rmSync(folder, { recursive: true, force: true })
  const weights = Object.fromEntries(
    weightsOf(variantOf('classical'), config, vectorOf(16)).map((spec) => [spec.name, initialValues(spec, 7)]),
  )
  const slots = Object.fromEntries(
    ['m', 'v'].flatMap((slot) =>
      Object.entries(weights).map(([name, values]) => [`optimizer/${slot}/${name}`, values.map((value) => value + 1)]),
    ),
  )
  const write = (name: Parameters<typeof writeCheckpoint>[1], at: number, state: Record<string, Float32Array>) =>
    writeCheckpoint(folder, name, {
      variant: 'classical',
      config,
      seed,
      inputShape: vectorOf(16),
      classes: [],
      position: { stage: 0, step: at, epoch: at, seconds: 1, best: null },
      state,
    })
  for (let index = 0; index < 20; index++)
    write(`snapshot-${Math.round((step * index) / 19)}`, Math.round((step * index) / 19), weights)
  write('last', step, { ...weights, ...slots })
  cpSync(checkpointFile(folder, 'last'), beginFile(folder))
  return weights
}

/** Two experiments of two runs each, and a run by itself, all completed; `state` gives one of them another. */
async function filled(t: TestContext): Promise<
  TestEngine & {
    home: string
    runs: Run[]
    weights: Map<string, Record<string, Float32Array>>
    state(id: string, state: RunState): void
  }
> {
  const home = homeWithDataset(t),
    engine = testEngine(t, home)
  const settings = { 'network.layers': [9], 'training.epochs': 30, 'training.batchSize': 16 }
  for (const name of ['first', 'second']) {
    const { experiment } = await engine.call('experiments.create', {
      plan: { name, dataset: 'digits', seeds: [1, 11], settings, variants: [{ variant: 'classical' }], reuse: false },
    })
    await engine.next((event) =>
      event.type === 'experiment' && event.experiment.id === experiment.id && event.ended ? true : undefined,
    )
  }
  const { run } = await engine.call('runs.create', { dataset: 'digits', variant: 'classical', seed: 12, settings })
  await engine.until(run.id, 'completed')
  const weights = new Map<string, Record<string, Float32Array>>()
  const runs = (await engine.call('runs.list', {})).runs.map((one) => ({ ...one, step: 500 }))
  for (const one of runs) {
    engine.engine.store.runs.update(one.id, { step: 500 })
    weights.set(one.id, asBefore(join(home, 'runs', one.id), one))
  }
  return { ...engine, home, runs, weights, state: (id, state) => engine.engine.store.runs.update(id, { state }) }
}

const folderOf = (home: string, { id }: Pick<Run, 'id'>) => join(home, 'runs', id)
async function thinned(engine: TestEngine, asked: Parameters<TestEngine['call']>[1] = {}): Promise<number> {
  const done = await over(engine, await engine.call('storage.thin', asked as never))
  if (done.error) throw Object.assign(new Error(done.error.message), done.error)
  return Number(done.result)
}
const hasSlots = (folder: string) => Object.keys(readCheckpoint(folder, 'last').state).some((name) => name.startsWith('optimizer/'))

test(
  'what it frees is said before, is what it frees, and leaves the ' +
    'result, the budget of snapshots and all that runs need to go on',
  async (t) => {
    const engine = await filled(t),
      { call, home, runs, weights, state } = engine
    const [, diverged, paused, failed, cancelled] = runs as [Run, Run, Run, Run, Run]
    state(diverged.id, 'diverged')
    state(paused.id, 'paused')
    state(failed.id, 'failed')
    state(cancelled.id, 'cancelled')
    const kept = () =>
      runs.reduce(
        (sum, run) =>
          sum +
          folderBytes(join(folderOf(home, run), 'checkpoints')) +
          (statSync(beginFile(folderOf(home, run)), { throwIfNoEntry: false })?.size ?? 0),
        0,
      )
    const before = kept()
    const { thinning } = await call('storage.thinning', {})
    assert.deepEqual(
      [thinning.runs, thinning.considered, thinning.copies, thinning.ended],
      [5, 5, 10, 3],
      'the cancelled run belongs to no experiment and never goes on',
    )
    const { storage } = await call('storage.show', {})
    assert.equal(
      storage.runs.reduce((sum, { spare }) => sum + spare, 0),
      thinning.bytes,
    )
    const freed = await thinned(engine)
    assert.equal(before - kept(), freed)
    // Headers of files shrink with what they name.
    assert.ok(Math.abs(freed - thinning.bytes) < 0.03 * freed, `${thinning.bytes} said, ${freed} freed`)

    for (const run of runs) {
      const folder = folderOf(home, run),
        goesOn = run === paused || run === failed
      assert.equal(hasSlots(folder), goesOn, run.name)
      assert.equal(existsSync(beginFile(folder)), goesOn)
      const { state: kept } = readCheckpoint(folder, 'last')
      for (const [name, values] of Object.entries(weights.get(run.id)!)) assert.deepEqual(kept[name], values)
      const steps = snapshotSteps(folder)
      assert.equal(steps.length, 9)
      assert.equal(steps[0], 0)
      const shown = (await call('runs.show', { run: run.id })).run
      assert.ok(folderBytes(folder) - shown.bytes! < 10_000, 'counted anew, but for the record beside it')
      const { checkpoints } = await call('explore.open', { run: run.id })
      assert.deepEqual(
        checkpoints.map(({ step }) => step),
        [...new Set([...steps, 500])],
      )
    }
    assert.equal((await call('storage.thinning', {})).thinning.runs, 0, 'there is nothing left to do')
    assert.equal(await thinned(engine), 0)
  },
)

test('only what was asked for: runs, an experiment, by age, and fewer copies; what trains is left alone', async (t) => {
  const engine = await filled(t),
    { call, home, runs, state } = engine
  const asked = async (input: object) => (await call('storage.thinning', input)).thinning
  assert.equal((await asked({ experiment: 'first' })).runs, 2)
  assert.equal((await asked({ runs: [runs[4]!.name] })).runs, 1)
  assert.equal((await asked({ endedDaysAgo: 3 })).considered, 0)
  engine.engine.store.runs.update(runs[0]!.id, { endedAt: new Date(Date.now() - 10 * 24 * 3600 * 1000).toISOString() })
  assert.equal((await asked({ endedDaysAgo: 3 })).runs, 1)
  assert.equal((await asked({ endedDaysAgo: 3, experiment: 'second' })).runs, 0)
  assert.equal((await asked({ runs: [runs[0]!.id], copies: 1 })).snapshots, 20)
  await assert.rejects(call('storage.thinning', { runs: ['none'] }), failure('RUN_UNKNOWN', /none/))
  await call('queue.settings', { copies: 3 })
  assert.equal((await asked({ runs: [runs[0]!.id] })).snapshots, 18)
  state(runs[1]!.id, 'running')
  state(runs[2]!.id, 'running')
  const untouched = [1, 2].map((index) => folderBytes(folderOf(home, runs[index]!)))
  await thinned(engine)
  assert.deepEqual(
    [1, 2].map((index) => folderBytes(folderOf(home, runs[index]!))),
    untouched,
  )
  assert.deepEqual(
    [0, 3, 4].map((index) => snapshotSteps(folderOf(home, runs[index]!)).length),
    [2, 2, 2],
  )
  state(runs[1]!.id, 'completed')
  state(runs[2]!.id, 'completed')
})

test('a run whose last checkpoint is damaged keeps everything, and is named; the others are thinned out', async (t) => {
  const engine = await filled(t),
    { home, runs } = engine
  const [cut, flipped] = runs as [Run, Run]
  truncateSync(checkpointFile(folderOf(home, cut), 'last'), 900)
  writeFileSync(checkpointFile(folderOf(home, flipped), 'last'), 'no checkpoint')
  const before = folderBytes(folderOf(home, flipped))
  await thinned(engine).catch((thrown: { code?: string }) => assert.equal(thrown.code, 'CHECKPOINT_DAMAGED'))
  assert.equal(folderBytes(folderOf(home, flipped)), before)
  assert.equal(snapshotSteps(folderOf(home, cut)).length, 20)
  assert.deepEqual(
    runs.slice(2).map((run) => snapshotSteps(folderOf(home, run)).length),
    [9, 9, 9],
  )
})

test('killed at any moment, a run that is thinned out is whole, and the next time it becomes what it was to be', async (t) => {
  const { runs, home, weights } = await filled(t)
  const run = runs[0]!,
    folder = folderOf(home, run),
    work = temporaryFolder(t)
  const facts = { config: run.config, goesOn: false }
  const states: string[] = []
  const stop = watchDisk(folder, () => {
    const to = join(work, String(states.length))
    copyOf(folder, to, 1)
    states.push(to)
  })
  try {
    thinRun(folder, thinningOf(folder, facts, 10))
  } finally {
    stop()
  }
  assert.ok(states.length > 12)
  const names = (at: string) =>
    readdirSync(join(at, 'checkpoints'))
      .filter((name) => !name.endsWith('.partial'))
      .sort()
  for (const state of states) {
    const { state: kept } = readCheckpoint(state, 'last')
    for (const [name, values] of Object.entries(weights.get(run.id)!)) assert.deepEqual(kept[name], values)
    thinRun(state, thinningOf(state, facts, 10))
    assert.equal(hasSlots(state), false)
    assert.ok(names(state).length <= 10 && names(state).includes('snapshot-0.safetensors'))
  }
})

test('the command line shows, thins out and empties', async (t) => {
  const { engine, home, runs } = await filled(t)
  await engine.close()
  const aebench = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [fileURLToPath(new URL('../../src/main/engine/cli.ts', import.meta.url)), ...words, '--home', home, '--json'],
      { encoding: 'utf8' },
    )
    return { status, stderr, json: JSON.parse(stdout.trim().split('\n').at(-1)!) as unknown }
  }
  const shown = (aebench('storage', 'show').json as { storage: { runs: { run: string; bytes: number; spare: number }[] } }).storage
  assert.equal(shown.runs.length, 5)
  assert.ok(shown.runs.every(({ bytes, spare }) => spare > bytes / 3 && spare < bytes))
  const dry = aebench('storage', 'thin', '--dry-run', '--experiment', 'first').json as {
    thinning: { runs: number; bytes: number }
    freed: number
  }
  assert.deepEqual([dry.thinning.runs, dry.freed, snapshotSteps(folderOf(home, runs[0]!)).length], [2, 0, 20])
  const { freed } = aebench('storage', 'thin', '--copies', '2').json as { freed: number }
  assert.ok(freed > 2 * dry.thinning.bytes)
  assert.deepEqual(
    runs.map((run) => snapshotSteps(folderOf(home, run)).length),
    [1, 1, 1, 1, 1],
  )
  assert.deepEqual(aebench('storage', 'empty').json, { runs: 0, experiments: 0, bytes: 0 })
  assert.equal(aebench('storage', 'thin', '--copies', '0').status, 2)
})
