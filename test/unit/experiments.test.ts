import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { PlanInput } from '../../src/shared/experiments.ts'
import type { Run, RunState } from '../../src/shared/domain.ts'
import { homeWithDataset, over, temporaryFolder, testEngine, type TestEngine } from '../fixtures/homes.ts'

/** The seed says how the fixture's worker behaves: 1 and 11 run to their end, 2 until it is stopped, 3 diverges, 4 dies, 5 fails. */
const plan = (given: Partial<PlanInput> = {}): PlanInput => ({
  name: 'two by two',
  dataset: 'digits',
  seeds: [1],
  settings: { 'network.layers': [4], 'training.epochs': 2, 'training.batchSize': 16 },
  variants: [{ variant: 'classical' }, { variant: 'denoising' }],
  ...given,
})
const create = async (engine: TestEngine, given: Partial<PlanInput> = {}) =>
  (await engine.call('experiments.create', { plan: plan(given) })).experiment
const show = async ({ call }: TestEngine, experiment: string) => (await call('experiments.show', { experiment })).experiment
const runsOf = async (engine: TestEngine, id: string): Promise<Run[]> => {
  const { cells } = await show(engine, id)
  return Promise.all(
    cells.flatMap(({ runs }) =>
      runs.filter(({ run }) => run !== null).map(async ({ run }) => (await engine.call('runs.show', { run: run! })).run),
    ),
  )
}
const statesOf = async (engine: TestEngine, id: string): Promise<RunState[]> => (await runsOf(engine, id)).map(({ state }) => state)
const ended = (engine: TestEngine, id: string) =>
  engine.next((event) => (event.type === 'experiment' && event.experiment.id === id && event.ended ? event.experiment : undefined))
/** Waits for a state of things that some event will tell of. */
async function until(engine: TestEngine, holds: () => Promise<boolean>): Promise<void> {
  for (;;) {
    const seen = engine.events.length
    if (await holds()) return
    let at = 0
    await engine.next(() => (at++ >= seen ? true : undefined))
  }
}
const started = (engine: TestEngine) =>
  engine.events.flatMap((event, index) =>
    event.type === 'run' &&
    event.run.state === 'running' &&
    !engine.events
      .slice(0, index)
      .some((before) => before.type === 'run' && before.run.id === event.run.id && before.run.state === 'running')
      ? [event.run]
      : [],
  )

test('an experiment trains all of its runs, seed by seed, and says once that it has ended', async (t) => {
  const engine = testEngine(t, homeWithDataset(t))
  const experiment = await create(engine, { seeds: [1, 11] })
  assert.deepEqual([experiment.progress.total, experiment.cellCount, experiment.seedCount, experiment.state], [4, 2, 2, 'running'])
  assert.deepEqual(
    experiment.cells.map(({ title, runs }) => [title, runs.map(({ seed, reused }) => [seed, reused])]),
    [
      [
        'Classical',
        [
          [1, false],
          [11, false],
        ],
      ],
      [
        'Denoising',
        [
          [1, false],
          [11, false],
        ],
      ],
    ],
  )
  const end = await ended(engine, experiment.id)
  assert.deepEqual([end.state, end.progress.done, end.progress.share, end.states.completed], ['ended', 4, 1, 4])
  assert.ok(end.endedAt !== null)
  const order = started(engine).map(({ variant, seed }) => [variant, seed])
  assert.deepEqual(
    order,
    [
      ['classical', 1],
      ['denoising', 1],
      ['classical', 11],
      ['denoising', 11],
    ],
    'every cell soon has a seed',
  )
  for (const run of await runsOf(engine, experiment.id)) {
    assert.deepEqual(run.experiment, { id: experiment.id, cell: run.variant === 'classical' ? 0 : 1 })
    assert.equal(run.name, `${run.variant === 'classical' ? 'Classical' : 'Denoising'}, seed ${run.seed}`)
    assert.equal(run.colour, run.experiment!.cell)
  }
  await until(engine, async () => (await runsOf(engine, experiment.id)).every(({ bytes }) => bytes !== null))
  assert.equal(engine.events.filter((event) => event.type === 'experiment' && event.ended).length, 1)
  assert.deepEqual(
    (await engine.call('experiments.list', {})).experiments.map(({ id }) => id),
    [experiment.id],
  )
})

test('nothing is stored of a plan that cannot be carried out', async (t) => {
  const engine = testEngine(t, homeWithDataset(t))
  await assert.rejects(create(engine, { settings: { 'training.epochs': 0 } }), {
    code: 'SETTING_INVALID',
    field: 'settings.training.epochs',
  })
  await assert.rejects(create(engine, { dataset: 'nowhere' }), { code: 'DATASET_UNKNOWN' })
  await assert.rejects(create(engine, { seeds: [] }), { code: 'CALL_INVALID' })
  assert.deepEqual([(await engine.call('runs.list', {})).runs, (await engine.call('experiments.list', {})).experiments], [[], []])
  await assert.rejects(engine.call('experiments.show', { experiment: 'none' }), { code: 'EXPERIMENT_UNKNOWN' })
})

test('several trainers at once, as many as the settings say, which are kept', async (t) => {
  const home = homeWithDataset(t)
  const engine = testEngine(t, home)
  assert.deepEqual((await engine.call('queue.settings', {})).settings, {
    trainers: 1,
    keepAwake: true,
    background: false,
    copies: 10,
    tasks: 2,
  })
  await engine.call('queue.settings', { trainers: 3, background: true })
  const { id } = await create(engine, {
    seeds: [2],
    variants: ['classical', 'denoising', 'contractive', 'dropout'].map((variant) => ({ variant })),
  })
  await until(engine, async () => (await engine.call('queue.show', {})).queue.running.length === 3)
  const { queue } = await engine.call('queue.show', {})
  assert.equal(queue.waiting.length, 1)
  await assert.rejects(engine.call('queue.settings', { trainers: 0 }), { code: 'CALL_INVALID' })
  // Fewer: nothing is stopped, nothing new starts.
  await engine.call('queue.settings', { trainers: 1 })
  await engine.call('runs.cancel', { run: queue.running[0]! })
  await engine.until(queue.running[0]!, 'cancelled')
  await until(engine, async () => (await engine.call('queue.show', {})).queue.running.length === 2)
  assert.equal((await engine.call('runs.show', { run: queue.waiting[0]! })).run.state, 'queued')
  await engine.call('experiments.cancel', { experiment: id })
  await until(engine, async () => (await show(engine, id)).state === 'cancelled')
  assert.ok(!engine.events.some((event) => event.type === 'experiment' && event.ended), 'who cancels knows')
  await engine.engine.close()
  const next = testEngine(t, home)
  assert.deepEqual((await next.call('queue.settings', {})).settings, {
    trainers: 1,
    keepAwake: true,
    background: true,
    copies: 10,
    tasks: 2,
  })
})

test('waiting runs change places', async (t) => {
  const engine = testEngine(t, homeWithDataset(t))
  const first = (await engine.call('runs.create', { dataset: 'digits', variant: 'classical', seed: 2 })).run.id
  const { id } = await create(engine, { seeds: [1, 11] })
  const { waiting } = (await engine.call('queue.show', {})).queue
  assert.equal(waiting.length, 4)
  const moved = await engine.call('queue.move', { runs: [waiting[3]!, waiting[2]!], before: waiting[0]! })
  assert.deepEqual(moved.queue.waiting, [waiting[3], waiting[2], waiting[0], waiting[1]])
  await assert.rejects(engine.call('queue.move', { runs: [first], before: null }), { code: 'RUN_STATE' })
  await engine.call('runs.cancel', { run: first })
  await ended(engine, id)
  assert.deepEqual(
    started(engine).map((run) => run.id),
    [first, waiting[3], waiting[2], waiting[0], waiting[1]],
  )
})

test('pause stops what trains and holds what waits; resume goes on in the planned order; cancel ends all', async (t) => {
  const engine = testEngine(t, homeWithDataset(t))
  const { id } = await create(engine, { seeds: [2, 1] })
  await until(engine, async () => (await statesOf(engine, id)).includes('running'))
  await engine.call('experiments.pause', { experiment: 'two by two' })
  await until(engine, async () => (await show(engine, id)).state === 'paused')
  assert.deepEqual(await statesOf(engine, id), ['paused', 'paused', 'paused', 'paused'])
  assert.equal((await show(engine, id)).progress.secondsLeft, null)
  await engine.call('experiments.resume', { experiment: id })
  const { cells } = await show(engine, id)
  const place = (cell: number, seed: number) => cells[cell]!.runs.find((run) => run.seed === seed)!.run!
  const { queue } = await engine.call('queue.show', {})
  assert.deepEqual([queue.running, queue.waiting], [[place(0, 2)], [place(1, 2), place(0, 1), place(1, 1)]])
  await engine.call('experiments.cancel', { experiment: id })
  await until(engine, async () => (await show(engine, id)).state === 'cancelled')
  assert.deepEqual(await statesOf(engine, id), ['cancelled', 'cancelled', 'cancelled', 'cancelled'])
  assert.ok((await show(engine, id)).endedAt !== null)

  await engine.call('experiments.retry', { experiment: id })
  assert.deepEqual([(await show(engine, id)).state, (await show(engine, id)).endedAt], ['running', null])
  await until(engine, async () => (await engine.call('runs.show', { run: place(0, 2) })).run.state === 'running')
  await engine.call('experiments.cancel', { experiment: id })
  await until(engine, async () => (await show(engine, id)).state === 'cancelled')
})

test('each bad end leaves the others alone; retry takes up what failed, and makes anew what was removed', async (t) => {
  const engine = testEngine(t, homeWithDataset(t))
  const { id } = await create(engine, { seeds: [3, 4, 5, 1], variants: [{ variant: 'classical' }] })
  const end = await ended(engine, id)
  assert.deepEqual([end.states.diverged, end.states.interrupted, end.states.failed, end.states.completed], [1, 1, 1, 1])
  const [, dying, failing, whole] = (await show(engine, id)).cells[0]!.runs.map(({ run }) => run!) as [
    string,
    string,
    string,
    string,
  ]
  const takenUp = engine.events.filter(
    (event) => event.type === 'run' && event.run.id === dying && event.run.state === 'interrupted',
  ).length
  assert.ok(takenUp >= 4, 'it was taken up three times by itself')

  await engine.call('runs.remove', { run: whole })
  assert.deepEqual(
    (await show(engine, id)).cells[0]!.runs.map(({ run }) => run === null),
    [false, false, false, true],
  )
  const before = engine.events.length
  await engine.call('experiments.retry', { experiment: id })
  const runs = await runsOf(engine, id)
  assert.equal(runs.length, 4)
  assert.notEqual(runs[3]!.id, whole)
  assert.equal(runs[3]!.seed, 1)
  await until(engine, async () => (await show(engine, id)).state === 'ended')
  assert.equal((await engine.call('runs.show', { run: runs[3]!.id })).run.state, 'completed')
  const again = engine.events
    .slice(before)
    .flatMap((event) => (event.type === 'run' && event.run.state === 'running' ? [event.run.id] : []))
  assert.deepEqual(new Set(again), new Set([dying, failing, runs[3]!.id]), 'what diverged would do so again')
})

test('a restart goes on where it stopped: what waited, what was closed, what crashed; not what somebody had paused', async (t) => {
  const home = homeWithDataset(t)
  const engine = testEngine(t, home, { trainers: 2 })
  const { id } = await create(engine, {
    seeds: [2],
    variants: ['classical', 'denoising', 'contractive', 'dropout'].map((variant) => ({ variant })),
  })
  const paused = (await show(engine, id)).cells[3]!.runs[0]!.run!
  await engine.call('runs.pause', { run: paused })
  await until(engine, async () => (await engine.call('queue.show', {})).queue.running.length === 2)
  await engine.engine.close()

  // A command line in between leaves it all as it is.
  const idle = testEngine(t, home, { startQueued: false })
  assert.deepEqual(await statesOf(idle, id), ['paused', 'paused', 'queued', 'paused'])
  await idle.engine.close()

  const next = testEngine(t, home, { trainers: 2 })
  await until(next, async () => (await next.call('queue.show', {})).queue.running.length === 2)
  assert.deepEqual(await statesOf(next, id), ['running', 'running', 'queued', 'paused'])
  // As a crash of the engine would leave it.
  const [first] = (await next.call('queue.show', {})).queue.running
  await next.engine.close()
  const { openStore } = await import('../../src/main/engine/store/store.ts')
  const store = openStore(join(home, 'workbench.sqlite'))
  store.runs.update(first!, { state: 'running', goesOn: 0 })
  store.close()

  const last = testEngine(t, home, { trainers: 3 })
  await until(last, async () => (await last.call('queue.show', {})).queue.running.length === 3)
  assert.deepEqual(await statesOf(last, id), ['running', 'running', 'running', 'paused'])
  await last.call('experiments.pause', { experiment: id })
  await until(last, async () => (await show(last, id)).state === 'paused')
  await last.engine.close()
  const quiet = testEngine(t, home)
  await quiet.call('queue.settings', { trainers: 4 })
  assert.deepEqual(await statesOf(quiet, id), ['paused', 'paused', 'paused', 'paused'], 'a paused experiment stays paused')
})

test('finished runs that are the same in everything are taken instead of training them again', async (t) => {
  const home = homeWithDataset(t)
  const engine = testEngine(t, home)
  const first = await create(engine, { seeds: [1, 11] })
  await ended(engine, first.id)
  const { check } = await engine.call('experiments.check', {
    plan: plan({ seeds: [1, 11], variants: [{ variant: 'denoising' }, { variant: 'contractive' }] }),
  })
  assert.deepEqual([check.runs, check.reused, check.cells.map(({ reuse }) => reuse.map(({ seed }) => seed))], [4, 2, [[1, 11], []]])
  const changed = await engine.call('experiments.check', {
    plan: plan({ settings: { 'network.layers': [4], 'training.epochs': 3, 'training.batchSize': 16 } }),
  })
  assert.equal(changed.check.reused, 0)

  const second = await create(engine, { name: 'again', seeds: [11, 12] })
  const own = first.cells.map(({ runs }) => runs[1]!.run)
  assert.deepEqual(
    second.cells.map(({ runs }) => [runs[0]!.run, runs[0]!.reused, runs[1]!.reused]),
    own.map((run) => [run, true, false]),
  )
  assert.equal(
    (await engine.call('runs.show', { run: own[0]! })).run.experiment!.id,
    first.id,
    'it still belongs to the one that made it',
  )
  await engine.call('experiments.cancel', { experiment: second.id })
  const all = await create(engine, { name: 'all there', seeds: [1] })
  assert.deepEqual([all.state, all.reused, all.progress.done], ['ended', 2, 2])
  const none = await create(engine, { name: 'trained again', seeds: [1], reuse: false })
  assert.equal(none.reused, 0)
  await ended(engine, none.id)
  // Cells that are the same in all but name share a run, too.
  const twins = await create(engine, {
    name: 'twins',
    seeds: [13],
    variants: [{ variant: 'classical' }, { variant: 'classical', title: 'Twin' }],
  })
  assert.equal(twins.cells[0]!.runs[0]!.run, twins.cells[1]!.runs[0]!.run)
})

test('what is known of times: nothing, then what was measured', async (t) => {
  const engine = testEngine(t, homeWithDataset(t))
  const given = plan({
    seeds: [1, 11, 12],
    variants: [{ variant: 'classical' }, { variant: 'contractive', sweep: { 'regularizer.lambda': [0.1, 1] } }],
  })
  const { check } = await engine.call('experiments.check', { plan: given })
  assert.deepEqual([check.runs, check.seconds, check.measured], [9, null, { known: 0, total: 2 }])
  assert.match(check.warnings[0]!, /2 of the 1,000 images of “digits” are identical .* 1 of them were moved/)
  const done = await over(engine, await engine.call('experiments.estimate', { plan: given }))
  assert.equal(done.state, 'done')
  const known = (await engine.call('experiments.check', { plan: given })).check
  // 810 rows, 50 batches of 16 an epoch, 2 epochs; 90 rows are validated after each. The fixture says 0.5 s a step, 0.25 s a
  // row, 2 s to start, 7 s to evaluate.
  const one = 2 + 100 * 0.5 + 2 * 90 * 0.25 + 7
  assert.deepEqual(
    [known.cells.map(({ seconds }) => seconds), known.seconds, known.measured],
    [[one, one, one], 9 * one, { known: 2, total: 2 }],
  )
  await engine.call('queue.settings', { trainers: 2 })
  // Threads are shared: with fewer of them nothing is known; this engine's are fixed.
  assert.equal((await engine.call('experiments.check', { plan: given })).check.seconds, 5 * one)
  const nothing = await over(engine, await engine.call('experiments.estimate', { plan: given }))
  assert.equal(nothing.state, 'done', 'there is nothing left to measure')
})

test('removed runs and experiments come back as they were, until the trash is emptied', async (t) => {
  const home = homeWithDataset(t)
  const engine = testEngine(t, home)
  const { id } = await create(engine, { seeds: [1] })
  await ended(engine, id)
  const other = await create(engine, { name: 'other', variants: [{ variant: 'classical' }] })
  const [shared, own] = (await show(engine, id)).cells.map(({ runs }) => runs[0]!.run!) as [string, string]
  assert.equal(other.cells[0]!.runs[0]!.run, shared)
  const folder = engine.engine.home.run(own)
  await until(engine, async () => (await engine.call('runs.show', { run: own })).run.bytes !== null)
  await engine.call('runs.edit', {
    run: own,
    name: 'mine',
    tags: ['good', 'good', 'for later'],
    notes: 'Look at the filters.',
    colour: 7,
    archived: true,
  })
  const before = (await engine.call('runs.show', { run: own })).run
  assert.deepEqual(
    [before.name, before.tags, before.notes, before.colour, before.archived],
    ['mine', ['good', 'for later'], 'Look at the filters.', 7, true],
  )

  const removed = await engine.call('experiments.remove', { experiment: id })
  assert.deepEqual(removed.runs, [own], 'what another experiment uses stays')
  assert.ok(!existsSync(folder))
  assert.equal(Date.parse(removed.until) > Date.now() + 29 * 24 * 3600 * 1000, true)
  await assert.rejects(engine.call('runs.show', { run: own }), { code: 'RUN_UNKNOWN' })
  await assert.rejects(engine.call('experiments.show', { experiment: id }), { code: 'EXPERIMENT_UNKNOWN' })
  assert.deepEqual(
    (await engine.call('runs.list', {})).runs.map((run) => run.id),
    [shared],
  )
  const { storage } = await engine.call('storage.show', {})
  assert.deepEqual(
    storage.removed.map(({ kind, id: removedId }) => [kind, removedId]),
    [
      ['experiment', id],
      ['run', own],
    ],
  )
  assert.ok(storage.removed[1]!.bytes > 0 && storage.runs[0]!.bytes > 0 && storage.database > 0 && storage.total > storage.database)

  await engine.call('experiments.restore', { experiment: id })
  assert.deepEqual((await engine.call('runs.show', { run: own })).run, before)
  assert.ok(existsSync(folder))
  assert.deepEqual(
    (await show(engine, id)).cells.map(({ runs }) => runs[0]!.run),
    [shared, own],
  )

  // Runs that stay while their experiment is in the trash belong to it again afterwards, in the table of runs, too.
  const inTable = async () => {
    const { columns } = await engine.call('runs.columns', {})
    return [columns.length, (await engine.call('runs.list', {})).runs.map((each) => each.experiment?.id ?? null)]
  }
  const whole = await inTable()
  const seen = engine.events.length
  await engine.call('experiments.remove', { experiment: id, runs: false })
  assert.notDeepEqual(await inTable(), whole)
  await engine.call('experiments.restore', { experiment: id })
  assert.deepEqual(await inTable(), whole)
  const told = engine.events
    .slice(seen)
    .flatMap((event) => (event.type === 'run' && event.run.id === own ? [event.run.experiment?.id] : []))
  assert.deepEqual(told, [undefined, id], 'windows are told of both')

  await engine.call('runs.remove', { run: own })
  assert.equal((await show(engine, id)).states.removed, 1)
  assert.equal((await engine.call('runs.restore', { run: own })).run.name, 'mine')
  await engine.call('experiments.remove', { experiment: id })
  assert.deepEqual(Object.values(await engine.call('storage.empty', {})).slice(0, 2), [1, 1])
  await assert.rejects(engine.call('runs.restore', { run: own }), { code: 'RUN_UNKNOWN' })
  await assert.rejects(engine.call('experiments.restore', { experiment: id }), { code: 'EXPERIMENT_UNKNOWN' })
  await assert.rejects(engine.call('datasets.remove', { dataset: 'digits' }), {
    code: 'DATASET_IN_USE',
    message: /experiment other/,
  })
  await engine.call('experiments.remove', { experiment: other.id })
  await assert.rejects(engine.call('datasets.remove', { dataset: 'digits' }), { code: 'DATASET_IN_USE', message: /seed 1/ })
  await engine.call('runs.remove', { run: shared })
  await engine.call('datasets.remove', { dataset: 'digits' })
  assert.equal(
    (await engine.call('storage.show', {})).storage.removed.length,
    0,
    'what cannot be restored without its data is gone',
  )
})

test('an experiment that trains is not removed; what was removed long ago is deleted at the next start', async (t) => {
  const home = homeWithDataset(t)
  const engine = testEngine(t, home)
  const { id, cells } = await create(engine, { seeds: [2] })
  await until(engine, async () => (await statesOf(engine, id)).includes('running'))
  await assert.rejects(engine.call('experiments.remove', { experiment: id }), { code: 'EXPERIMENT_STATE' })
  await engine.call('experiments.cancel', { experiment: id })
  await until(engine, async () => (await show(engine, id)).state === 'cancelled')
  await engine.call('experiments.remove', { experiment: id })
  await engine.engine.close()
  const { openStore } = await import('../../src/main/engine/store/store.ts')
  const store = openStore(join(home, 'workbench.sqlite'))
  const long = new Date(Date.now() - 31 * 24 * 3600 * 1000).toISOString()
  const recent = cells[1]!.runs[0]!.run!
  store.runs.update(cells[0]!.runs[0]!.run!, { removedAt: long })
  store.close()
  const next = testEngine(t, home)
  while ((await next.call('storage.show', {})).storage.removed.length > 2) await setImmediate()
  assert.deepEqual((await next.call('storage.show', {})).storage.removed.map((item) => item.id).sort(), [id, recent].sort())
  rmSync(join(home, 'trash'), { recursive: true, force: true })
})

test('the file of a plan is read; what is none is refused with its path and what to do', async (t) => {
  const { call } = testEngine(t, homeWithDataset(t))
  const folder = temporaryFolder(t),
    file = join(folder, 'plan.json')
  writeFileSync(file, `\ufeff${JSON.stringify(plan())}`)
  assert.deepEqual((await call('experiments.read', { file: ` ${file} ` })).plan, plan())
  assert.equal(
    (
      await call('experiments.check', {
        plan: (await call('experiments.read', { file: `file://${file}` })).plan as unknown as PlanInput,
      })
    ).check.runs,
    2,
  )
  const refused = async (name: string, content: string | null, code: string) => {
    if (content !== null) writeFileSync(join(folder, name), content)
    await assert.rejects(
      call('experiments.read', { file: join(folder, name) }),
      (thrown: { code: string; field: string; message: string }) =>
        thrown.code === code && thrown.field === 'file' && thrown.message.includes(name),
    )
  }
  await refused('missing.json', null, 'PATH_MISSING')
  await refused('cut.json', '{"name": ', 'FILE_DAMAGED')
  await refused('list.json', '[]', 'FILE_UNSUPPORTED')
  await refused('other.json', '{"name": "x"}', 'FILE_UNSUPPORTED')
  mkdirSync(join(folder, 'folder.json'))
  await refused('folder.json', null, 'FILE_UNSUPPORTED')
  await assert.rejects(call('experiments.read', { file: 'plan.json' }), { code: 'CALL_INVALID', field: 'file' })
})
