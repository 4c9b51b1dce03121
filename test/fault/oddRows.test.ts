import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { CallInput, CallName } from '../../src/shared/calls.ts'
import type { Client } from '../../src/shared/connection.ts'
import { fillHome } from '../../bench/table/fill.ts'
import { evaluated } from '../fixtures/storedRuns.ts'
import { temporaryFolder, testEngine } from '../fixtures/homes.ts'
import { someExport } from '../fixtures/storedRows.ts'

/** What a version to come may have put where this one reads. */
const odd: readonly (string | number | null)[] = [
  'of-the-future',
  '',
  '42',
  'null',
  '{}',
  '[]',
  '[{}]',
  '{"kind":"of-the-future"}',
  '{"code":"OF_THE_FUTURE","message":"A sentence of the future."}',
  '[{"kind":"of-the-future","title":"?"}]',
  '{"id":7,"form":"x"}',
  '{"network":{"layers":"many"}}',
  'no JSON {',
  null,
  -7,
  1e300,
  0.5,
]
/** Not read as values: what holds rows together, and blobs. */
const ties = new Set(['id', 'run', 'experiment', 'dataset', 'position', 'packed', 'step', 'key', 'series', 'member', 'cell'])

/** Every call that shows what is stored, for whatever is there. */
async function shown(
  call: Client,
  runs: readonly string[],
  looked: readonly string[],
  experiment: string,
): Promise<Map<string, { code: string; message: string } | null>> {
  const found = new Map<string, { code: string; message: string } | null>()
  const ask = async <N extends CallName>(name: N, input: CallInput<N>, of = ''): Promise<void> => {
    const failed = await call(name, input).then(
      () => null,
      (thrown: { code: string; message: string }) => ({ code: thrown.code, message: thrown.message }),
    )
    found.set(`${name} ${of}`, failed)
  }
  for (const name of [
    'engine.status',
    'presets.list',
    'datasets.list',
    'runs.list',
    'runs.rows',
    'runs.columns',
    'experiments.list',
    'queue.show',
    'storage.show',
    'exports.list',
    'embeddings.list',
    'tasks.list',
    'experiments.templates',
  ] as const)
    await ask(name, {})
  await ask('tables.show', { table: 'runs' })
  for (const run of looked) {
    for (const name of ['runs.show', 'runs.series', 'runs.moments', 'presets.outcome', 'encoders.datasets'] as const)
      await ask(name, { run }, run)
  }
  const columns = ['squaredError', 'validation/loss', 'network.layers', 'regularizer.lambda', 'unitActivity.dead']
  await ask('runs.values', { columns })
  await ask('runs.groups', { runs: [...runs], by: 'seeds', columns })
  await ask('compare', { runs: [...runs] })
  await ask('compare.series', { runs: [...runs], keys: ['train/loss'] } as never)
  await ask('experiments.show', { experiment })
  await ask('embeddings.beside', { dataset: 'digits' })
  await ask('datasets.skipped', { dataset: 'digits' })
  return found
}

test('whatever a version to come has stored, every list answers, and nothing else is lost', { timeout: 200_000 }, async (t) => {
  const folder = temporaryFolder(t)
  const runs = fillHome(folder, { runs: 6, withPoints: 2, points: 30 })
  const { engine, call, until } = testEngine(t, folder, { startQueued: false })
  const { experiment } = await call('experiments.create', {
    plan: {
      name: 'plan',
      dataset: 'digits',
      seeds: [1, 2],
      settings: { 'network.layers': [8, 2], 'training.epochs': 1 },
      variants: [{ variant: 'classical' }],
    },
  })
  await call('experiments.cancel', { experiment: experiment.id })
  for (const { id } of (await call('runs.list', {})).runs) if (!runs.includes(id)) await until(id, 'cancelled', 'completed')
  await call('storage.show', {})
  const { database, runs: stored, exports, embeddings } = engine.store
  const [first] = runs as [string]
  stored.update(first, { evaluation: evaluated(3), error: { code: 'RUN_FAILED', message: 'A sentence.' }, tags: ['a'] })
  exports.insert(someExport({ id: 'exported', runId: first, runName: '', createdAt: '2026-01-06' }))
  const { id: datasetId } = (await call('datasets.list', {})).datasets.find(({ name }) => name === 'digits')!
  embeddings.insert({
    id: 'embedded',
    name: 'codes',
    run: first,
    model: null,
    modelSha256: 'ab',
    datasetId,
    folder: null,
    output: 'code',
    count: 3,
    codeSize: 2,
    skipped: [],
    file: null,
    bytes: 5,
    linearProbeAccuracy: 0.5,
    knnAccuracy: 0.5,
    seconds: 1,
    createdAt: '2026-01-06',
  } as never)
  await call('tables.save', {
    table: 'runs',
    current: { columns: [], sort: null, text: '', filters: [], group: null, archived: false },
  })
  const all = (await call('runs.list', {})).runs.map(({ id }) => id)
  for (const [name, failed] of await shown(call, all, all, experiment.id)) {
    // There are no images behind these rows.
    assert.ok(failed === null || failed.code === 'FILE_DAMAGED', `${name} works to begin with: ${failed?.message}`)
  }
  const before = new Map((await call('runs.list', {})).runs.map((run) => [run.id, run]))

  const failures = new Map<string, string>()
  const tables = database
    .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
  let tried = 0
  for (const { name: table } of tables) {
    const [row] = database.prepare<[], Record<string, unknown>>(`SELECT * FROM "${table}" LIMIT 1`).all()
    const keys = (database.pragma(`table_info("${table}")`) as { name: string; pk: number }[])
      .filter(({ pk }) => pk > 0)
      .map(({ name }) => name)
    if (!row || keys.length === 0 || table === 'points' || table === 'previews') continue
    for (const column of Object.keys(row).filter((name) => !ties.has(name) && !keys.includes(name))) {
      const set = database.prepare<unknown[]>(
        `UPDATE "${table}" SET "${column}" = ? WHERE ${keys.map((key) => `"${key}" = ?`).join(' AND ')}`,
      )
      const place = keys.map((key) => row[key])
      for (const value of odd) {
        try {
          set.run(value, ...place)
        } catch {
          continue // The database itself refuses it.
        }
        tried++
        const what = `${table}.${column} = ${JSON.stringify(value)}`
        for (const [name, failed] of await shown(call, all, [first], experiment.id)) {
          if (failed?.code === 'INTERNAL') failures.set(`${table}.${column}`, `${what}: ${name}: ${failed.message}`)
        }
        const listed = (await call('runs.list', {})).runs
        if (table === 'runs') {
          const others: typeof listed = listed.filter(({ id }) => id !== row['id'])
          assert.deepEqual(
            others,
            [...before.values()].filter(({ id }) => id !== row['id']),
            what,
          )
        }
        set.run(row[column], ...place)
      }
    }
  }
  assert.ok(tried > 500, `${tried} odd values were tried`)
  assert.deepEqual([...failures.values()], [])
  assert.deepEqual((await call('runs.list', {})).runs, [...before.values()], 'what was stored is as it was')
})
