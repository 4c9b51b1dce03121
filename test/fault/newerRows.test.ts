import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { homeAt } from '../../src/main/engine/home.ts'
import { openStore } from '../../src/main/engine/store/store.ts'
import { homeWithDataset, testEngine } from '../fixtures/homes.ts'

/** An experiment of two runs that have ended and one run beside it, as this version made them, the engine closed. */
async function made(t: TestContext) {
  const folder = homeWithDataset(t)
  const engine = testEngine(t, folder)
  const { experiment } = await engine.call('experiments.create', {
    plan: {
      name: 'plan',
      dataset: 'digits',
      seeds: [11, 12],
      variants: [{ variant: 'classical' }],
      settings: { 'network.layers': [4], 'training.epochs': 3 },
    },
  })
  await engine.next((event) => (event.type === 'experiment' && event.ended ? true : undefined))
  const { run: alone } = await engine.call('runs.create', { dataset: 'digits', variant: 'classical', seed: 13 })
  await engine.until(alone.id, 'completed')
  await engine.engine.close()
  const members = experiment.cells[0]!.runs.map(({ run }) => run!) as [string, string]
  return { folder, home: homeAt(folder), experiment: experiment.id, members, alone: alone.id }
}
/** Every byte of the runs' folders, and their rows. */
function kept(folder: string, id: string) {
  const at = homeAt(folder).run(id)
  const files = readdirSync(at, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('.'))
    .sort()
  const store = openStore(homeAt(folder).database)
  try {
    const row = store.database.prepare('SELECT * FROM runs WHERE id = ?').get(id)
    return { row, files: Object.fromEntries(files.map((name) => [name, readFileSync(join(at, name), 'hex')])) }
  } finally {
    store.close()
  }
}
const change = (folder: string, sql: string, ...values: unknown[]): void => {
  const store = openStore(homeAt(folder).database)
  store.database.prepare<unknown[]>(sql).run(...values)
  store.close()
}

const withLayers = (config: string): string => config.replace('"layers":[4]', '"layers":{"encoder":[4]}')
const newer: [what: string, set: string, value: (config: string) => string][] = [
  ['a state', 'state = ?', () => 'resting'],
  ['settings, and a state that would be ours to carry on', "state = 'running', config = ?", withLayers],
  ['settings of a completed run', 'config = ?', withLayers],
]
for (const [what, set, valueOf] of newer) {
  test(`runs with ${what} of a newer version are shown and left as they are; who asks for more is told`, async (t) => {
    const {
      folder,
      home,
      experiment,
      members: [first],
      alone,
    } = await made(t)
    const config = (kept(folder, first).row as { config: string }).config
    for (const id of [first, alone]) {
      // Something to thin out, and a record of that version.
      const at = join(home.run(id), 'checkpoints')
      for (let step = 1; step < 4; step++) cpSync(join(at, 'last.safetensors'), join(at, `snapshot-${step}.safetensors`))
      writeFileSync(join(home.run(id), '.record.json'), '{"of":"the future"}')
      change(folder, `UPDATE runs SET ${set}, bytes = 5 WHERE id = ?`, valueOf(config), id)
    }
    const before = [kept(folder, first), kept(folder, alone)]
    const { engine, call } = testEngine(t, folder)
    assert.equal((await call('runs.show', { run: alone })).run.newer, true)
    await call('experiments.retry', { experiment })
    await call('experiments.pause', { experiment })
    await call('experiments.resume', { experiment })
    await call('experiments.cancel', { experiment })
    const { storage } = await call('storage.show', {})
    assert.deepEqual(
      storage.runs.filter(({ run }) => run === first || run === alone).map(({ spare }) => spare),
      [0, 0],
    )
    assert.equal((await call('storage.thinning', { experiment, copies: 1 })).thinning.considered, 1)
    assert.equal((await call('storage.thinning', { copies: 1 })).thinning.considered, 1)
    const refusals = [
      () => call('runs.resume', { run: alone }),
      () => call('runs.pause', { run: alone }),
      () => call('runs.cancel', { run: alone }),
      () => call('runs.edit', { run: alone, notes: 'mine' }),
      () => call('runs.evaluate', { run: alone }),
      () => call('runs.prune', { run: alone }),
      () => call('storage.thin', { runs: [alone], copies: 1 }),
      () => call('exports.create', { run: alone, part: 'encoder', out: join(folder, '..', 'never.onnx') }),
      () => call('experiments.pack', { experiment, file: join(folder, '..', 'never.zip'), withDataset: false }),
      () => call('embeddings.create', { encoder: { run: alone }, data: { dataset: 'digits' } }),
    ]
    for (const ask of refusals) {
      await assert.rejects(
        ask,
        (thrown: { code: string; message: string }) => {
          assert.match(thrown.code, /^(RUN|EXPERIMENT)_STATE$/, thrown.message)
          assert.match(thrown.message, /made by a newer version of the workbench and is left as it is/)
          return true
        },
        String(ask),
      )
    }
    engine.store.runs.update((await call('runs.list', {})).runs.find(({ newer: flag }) => !flag)!.id, {
      notes: 'ours can be written',
    })
    await engine.close()
    assert.deepEqual([kept(folder, first), kept(folder, alone)], before)
    // Removed only by name, and then as ever.
    const again = testEngine(t, folder)
    const gone = await again.call('experiments.remove', { experiment, runs: true })
    assert.ok(!gone.runs.includes(first))
    await again.call('runs.remove', { run: alone })
    again.engine.store.runs.update(alone, { removedAt: '2020-01-01T00:00:00.000Z' })
    await again.engine.close()
    const third = testEngine(t, folder)
    await third.call('engine.recovered', {})
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    assert.ok(existsSync(home.trash(alone)), 'what time alone would delete stays')
    assert.ok((await third.call('storage.empty', {})).runs >= 1)
    assert.ok(!existsSync(home.trash(alone)))
  })
}

test('codes, settings, views and notes of a newer version are neither deleted nor overwritten', async (t) => {
  const { folder, home, alone } = await made(t)
  const one = testEngine(t, folder)
  const { task } = await one.call('embeddings.create', { encoder: { run: alone }, data: { dataset: 'digits' } })
  await one.next((event) => (event.type === 'task' && event.task.id === task.id && event.task.state === 'done' ? true : undefined))
  const { id } = (await one.call('embeddings.list', {})).embeddings[0]!
  const view = { columns: [], sort: null, text: '', filters: [], group: null, archived: false }
  await one.call('tables.save', { table: 'runs', views: [{ name: 'mine', view }] })
  await one.call('queue.settings', { copies: 7 })
  const { preferences } = one.engine.store
  preferences.set('queue', { ...(preferences.get('queue') as object), trainers: 'as many as fit', night: true })
  const odd = { name: 'theirs', view: { columns: [], layout: 'cards' } }
  const table = preferences.get('table:runs') as { views: unknown[] }
  preferences.set('table:runs', { ...table, views: [...table.views, odd], pinned: ['a'] })
  mkdirSync(home.dataset('digits00'), { recursive: true })
  writeFileSync(join(home.dataset('digits00'), '.record.json'), '{"name":"digits","licence":"CC0"}')
  await one.engine.close()
  change(folder, "UPDATE embeddings SET skipped = '{}' WHERE id = ?", id)
  // As a kill leaves it in the middle of a removal that was not stored.
  renameSync(home.embedding(id), `${home.embedding(id)}.removing`)
  const { engine, call } = testEngine(t, folder)
  await call('engine.recovered', {})
  assert.ok(existsSync(join(home.embedding(id), 'codes.npy')))
  assert.deepEqual((await call('embeddings.list', {})).embeddings, [])
  assert.deepEqual(
    (await call('storage.show', {})).storage.unknown.folders.filter((name) => name.startsWith('embeddings')),
    [],
  )
  await assert.rejects(call('embeddings.explore', { embedding: id, question: { kind: 'map' } as never }), /newer version/)
  await call('datasets.rename', { dataset: 'digits', name: 'renamed' })
  assert.deepEqual(JSON.parse(readFileSync(join(home.dataset('digits00'), '.record.json'), 'utf8')), {
    name: 'renamed',
    licence: 'CC0',
  })
  const { settings } = await call('queue.settings', { tasks: 3 })
  assert.deepEqual(
    { copies: settings.copies, tasks: settings.tasks },
    { copies: 7, tasks: 3 },
    'one odd setting takes no other with it',
  )
  assert.deepEqual((engine.store.preferences.get('queue') as { night: unknown }).night, true)
  const { state } = await call('tables.show', { table: 'runs' })
  assert.deepEqual(
    state.views.map(({ name }) => name),
    ['mine'],
  )
  await call('tables.save', { table: 'runs', views: [] })
  const stored = engine.store.preferences.get('table:runs') as { views: unknown; pinned: unknown }
  assert.deepEqual({ views: stored.views, pinned: stored.pinned }, { views: [odd], pinned: ['a'] })
  await call('embeddings.remove', { embedding: id })
  assert.ok(!existsSync(home.embedding(id)))
})
