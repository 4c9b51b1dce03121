import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../src/shared/config.ts'
import { evaluationSchema } from '../../src/shared/domain.ts'
import { newestBackup, writeBackup } from '../../src/main/engine/store/backups.ts'
import { openDatabase } from '../../src/main/engine/store/database.ts'
import { newId } from '../../src/main/engine/store/ids.ts'
import { migrations } from '../../src/main/engine/store/migrations/index.ts'
import { openStore } from '../../src/main/engine/store/store.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { sampleDataset, temporaryFolder } from '../fixtures/homes.ts'
import { someExport, somePreview } from '../fixtures/storedRows.ts'

const config = resolveConfig('denoising', { 'network.layers': [8, 2] }).config as Config
const newRun = (id: string, name: string, colour = 0) => ({
  id,
  name,
  datasetId: sampleDataset.id,
  variant: 'denoising',
  seed: 1,
  config,
  epochs: 3,
  steps: 12,
  stages: [],
  parameters: 5,
  colour,
})

function filled(t: TestContext) {
  const file = join(temporaryFolder(t), 'workbench.sqlite')
  const store = openStore(file)
  t.after(() => store.close())
  store.datasets.insert(sampleDataset, [
    { path: 'b', reason: 'second' },
    { path: 'a', reason: 'first' },
  ])
  return { file, store }
}

test('what goes in comes out: dataset, skipped files, run, points, preview, export', (t) => {
  const { store } = filled(t)
  assert.deepEqual(store.datasets.list(), [sampleDataset])
  assert.deepEqual(store.datasets.skipped(sampleDataset.id), [
    { path: 'b', reason: 'second' },
    { path: 'a', reason: 'first' },
  ])

  const run = store.runs.insert(newRun('abcdefgh', 'first'), '2026-01-02T00:00:00.000Z')
  assert.deepEqual(run.config, config)
  assert.equal(run.dataset, 'digits')
  const evaluation = evaluationSchema.parse({
    version: 3,
    checkpoint: 'last',
    squaredError: 9.5,
    crossEntropy: null,
    psnr: 1,
    linearProbeAccuracy: 0.5,
    knnAccuracy: null,
    robustness: { masking: { '0.1': 3 }, gaussian: {} },
    seconds: 2,
  })
  store.runs.update(run.id, { state: 'completed', evaluation, latest: { 'train/loss': 2 }, error: null })
  assert.deepEqual({ ...store.runs.get(run.id), state: 'queued' }, { ...run, evaluation, latest: { 'train/loss': 2 } })
  assert.equal(store.database.prepare('SELECT evaluationVersion FROM runs').pluck().get(), 3)

  const at = (key: string, step: number, value: number) => ({ key, step, epoch: step / 4, seconds: step / 10, value })
  store.points.insert(run.id, [
    at('validation/loss', 4, 2),
    at('train/loss', 2, Number.NaN),
    at('train/loss', 1, 5),
    at('train/loss', 3, 4),
  ])
  const [train, validation] = store.points.series(run.id, undefined, undefined)
  assert.deepEqual([train!.key, [...train!.step], [...train!.value]], ['train/loss', [1, 2, 3], [5, Number.NaN, 4]])
  assert.deepEqual([...validation!.epoch], [1])
  assert.deepEqual(
    store.points.series(run.id, ['train/loss'], 2).map((series) => [series.key, ...series.step]),
    [['train/loss', 3]],
  )
  store.points.truncate(run.id, 2)
  assert.deepEqual(store.points.latest(run.id), { 'train/loss': null })

  const preview = somePreview
  store.previews.insert(run.id, preview)
  assert.deepEqual(store.previews.get(run.id, 4), preview)
  assert.equal(store.previews.get(run.id, 5), null)
  assert.deepEqual(store.previews.moments(run.id), [{ step: 4, epoch: 1 }])

  const made = someExport({
    id: newId(),
    runId: run.id,
    runName: 'first',
    inputs: [{ name: 'image', type: 'uint8', shape: ['N', 28] }],
    createdAt: '2026-01-03T00:00:00.000Z',
  })
  store.exports.insert(made)
  assert.deepEqual(store.exports.list(), [made])
  // A file that was replaced is in the list once, as what is there now.
  const again = { ...made, id: newId(), sha256: 'cd', createdAt: '2026-01-04T00:00:00.000Z' },
    other = { ...made, id: newId(), file: '/y.onnx' }
  store.exports.insert(again)
  store.exports.insert(other)
  assert.deepEqual(store.exports.list(), [again, other])

  store.runs.remove(run.id)
  assert.deepEqual(
    [store.exports.list(), store.previews.moments(run.id), store.points.series(run.id, undefined, undefined)],
    [[], [], []],
  )
})

test('a run that another version made can still be read', (t) => {
  const { store } = filled(t)
  store.runs.insert(newRun('abcdefgh', 'old'), '2026-01-02')
  const { batchSize: _, ...training } = config.training
  store.database
    .prepare('UPDATE runs SET config = ?, evaluation = ?')
    .run(JSON.stringify({ ...config, training }), JSON.stringify({ version: 0, other: 1 }))
  const [run] = store.runs.list()
  assert.deepEqual(run!.config, config)
  assert.equal(run!.evaluation, null)
  store.database.prepare('UPDATE runs SET config = ?').run(JSON.stringify({ ...config, gone: 1 }))
  assert.equal(store.runs.get('abcdefgh').config.training.epochs, config.training.epochs)
})

test('runs are found by id, name and unambiguous beginning, and never by guesswork', (t) => {
  const { store } = filled(t)
  for (const [id, name] of [
    ['abcdefgh', 'one'],
    ['abcxxxxx', 'two'],
    ['zzzzzzzz', 'abcxxxxx'],
    ['yyyyyyyy', 'twin'],
    ['xxxxxxxx', 'twin'],
  ] as const)
    store.runs.insert(newRun(id, name), '2026-01-02')
  const found = (reference: string) => store.runs.resolve(reference).id
  assert.equal(found('abcd'), 'abcdefgh')
  assert.equal(found('abcxxxxx'), 'abcxxxxx', 'an id goes before a name')
  assert.equal(found('two'), 'abcxxxxx')
  for (const reference of ['abc', 'twin', 'nothing', '%', '_bcdefgh'])
    assert.throws(() => store.runs.resolve(reference), { code: 'RUN_UNKNOWN' }, reference)
  assert.throws(() => store.datasets.get('nothing'), { code: 'DATASET_UNKNOWN' })
  assert.equal(store.datasets.get('digits').id, store.datasets.get('digits00').id)
})

test('a colour is the first that no run has, a default name likewise', (t) => {
  const { store } = filled(t)
  store.runs.insert(newRun('aaaaaaaa', 'denoising-1', 0), '2026-01-02')
  store.runs.insert(newRun('bbbbbbbb', 'denoising-3', 2), '2026-01-02')
  assert.equal(store.runs.freeColour(), 1)
  assert.equal(store.runs.freeName('denoising'), 'denoising-2')
})

test('a dataset in use stays; a name is given once', (t) => {
  const { store } = filled(t)
  store.runs.insert(newRun('aaaaaaaa', 'user'), '2026-01-02')
  assert.throws(() => store.datasets.remove(sampleDataset.id, 'digits'), { code: 'DATASET_IN_USE', message: /used by user/ })
  assert.throws(() => store.datasets.requireFreeName('digits'), { code: 'DATASET_NAME_TAKEN' })
  store.datasets.requireFreeName('digits', sampleDataset.id)
})

test('a newer database is refused and left as it is', (t) => {
  const file = join(temporaryFolder(t), 'workbench.sqlite')
  openDatabase(file, ['CREATE TABLE a (x)', 'CREATE TABLE b (x)']).close()
  const before = readFileSync(file)
  assert.throws(() => openDatabase(file, ['CREATE TABLE a (x)']), { code: 'DATABASE_NEWER' })
  assert.deepEqual(readFileSync(file), before)
})

test('an older database is backed up, then migrated; a failing migration changes nothing', (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'workbench.sqlite')
  const first = openDatabase(file, ['CREATE TABLE a (x)'])
  first.exec('INSERT INTO a VALUES (42)')
  first.close()
  assert.throws(() => openDatabase(file, ['', 'ALTER TABLE a ADD COLUMN y; INSERT INTO missing VALUES (1)']), /missing/)
  const database = openDatabase(file, ['', 'ALTER TABLE a ADD COLUMN y DEFAULT 7'])
  t.after(() => database.close())
  assert.deepEqual(database.prepare('SELECT x, y FROM a').get(), { x: 42, y: 7 })
  const backups = readdirSync(folder).filter((name) => name.includes('.backup-'))
  const backup = openDatabase(join(folder, backups[0]!), ['CREATE TABLE a (x)'])
  assert.deepEqual(backup.prepare('SELECT * FROM a').all(), [{ x: 42 }])
  backup.close()
})

test('an empty file is a valid empty database; a damaged one is refused with a remedy and left untouched', (t) => {
  const folder = temporaryFolder(t)
  const empty = join(folder, 'empty.sqlite')
  writeFileSync(empty, '')
  const store = openStore(empty)
  assert.deepEqual(store.runs.list(), [])
  store.close()

  const { store: full, file } = filled(t)
  const run = full.runs.insert(newRun('abcdefgh', 'first'), '2026-01-02')
  full.points.insert(
    run.id,
    Array.from({ length: 3000 }, (_, step) => ({ key: 'train/loss', step, epoch: 0, seconds: 0, value: step })),
  )
  full.close()
  const bytes = readFileSync(file)
  bytes.fill(0xa5, bytes.length - 3 * 4096, bytes.length - 4096)
  writeFileSync(file, bytes)
  assert.throws(() => openStore(file), { code: 'DATABASE_DAMAGED', message: /no sound backup.*doctor --recover/ })
  assert.deepEqual(readFileSync(file), bytes)

  const garbage = join(folder, 'garbage.sqlite')
  writeFileSync(garbage, 'This is no database. '.repeat(100))
  assert.throws(() => openStore(garbage), { code: 'DATABASE_DAMAGED', message: /no sound backup/ })
})

test('of backups only whole, sound ones are named: not one that was cut off, is empty, is damaged, or was never finished', (t) => {
  const { store, file } = filled(t)
  const at = (day: number, ending = '-v4') => `${file}.backup-2026-01-0${day}T00-00-00-000Z${ending}`
  const sound = writeBackup(store.database, file, migrations.length)
  store.close()
  const bytes = readFileSync(sound)
  const beside = () => readdirSync(join(file, '..')).filter((name) => name.includes('.backup-'))
  renameSync(sound, at(1))
  writeFileSync(at(2), '')
  writeFileSync(at(3), bytes.subarray(0, bytes.length / 2))
  writeFileSync(at(4), Buffer.from(bytes).fill(0xa5, 4096, 8192))
  openDatabase(at(5), []).close()
  writeFileSync(at(6, '-v4.partial'), bytes)
  writeFileSync(at(7, '-v4-notes.txt'), bytes)
  assert.equal(newestBackup(file), at(1))
  writeFileSync(file, 'no database')
  const message = /newest sound backup \(.*backup-2026-01-01T00-00-00-000Z-v4, of 2026-01-01 00:00 UTC\)/
  assert.throws(() => openStore(file), { code: 'DATABASE_DAMAGED', message })
  assert.equal(readFileSync(file, 'utf8'), 'no database')

  // One that cannot be written whole leaves nothing; the next one removes what a kill left.
  writeFileSync(file, bytes)
  const again = openDatabase(file, migrations)
  t.after(() => again.close())
  const before = beside()
  assert.throws(() => writeBackup(again, file, migrations.length + 1), /does not hold/)
  assert.deepEqual(
    beside(),
    before.filter((name) => !name.endsWith('.partial')),
  )
})

test('ids are eight characters and begin with a letter', () => {
  const ids = Array.from({ length: 200 }, newId)
  assert.ok(ids.every((id) => /^[a-z][a-z0-9]{7}$/.test(id)))
  assert.equal(new Set(ids).size, 200)
})
