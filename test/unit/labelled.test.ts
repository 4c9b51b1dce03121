import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { labelledCount, labelledRows } from '../../src/main/engine/data/labelled.ts'
import { random, shuffle } from '../../src/main/engine/data/random.ts'
import { homeAt, prepareHome } from '../../src/main/engine/home.ts'
import { openStore } from '../../src/main/engine/store/store.ts'
import type { WorkbenchError } from '../../src/shared/errors.ts'
import { temporaryFolder, testEngine } from '../fixtures/homes.ts'
import { npy, zip } from '../fixtures/npz.ts'

const range = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i)
/** 1,000 rows: 20 of class 1, the others in about equal parts of classes 0, 2, 3 and of none. */
const labels = Int32Array.from({ length: 1000 }, (_, row) => (row % 50 === 0 ? 1 : [0, 2, 3, -1][random('labels', row).below(4)]!))
const dataset = { labels, classes: ['a', 'b', 'c', 'd'] }
const rows = range(100, 900)
const sizes = (chosen: Uint32Array) => [0, 1, 2, 3].map((label) => chosen.filter((row) => labels[row] === label).length)
const refused = (field: string, words: RegExp) => (thrown: WorkbenchError) => {
  assert.deepEqual([thrown.code, thrown.field], ['SETTING_INVALID', field])
  assert.match(thrown.message, words)
  return true
}

test('labelled rows are even over the classes, ascending, different ones, and of the given rows', () => {
  const available = sizes(rows)
  const most = available.reduce((sum, count) => sum + count, 0)
  assert.equal(available[1], 16)
  for (const count of [2, 4, 5, 6, 7, 63, 64, 65, 100, 301, most - 1, most]) {
    const chosen = labelledRows(dataset, rows, count, 5)
    assert.equal(chosen.length, count)
    assert.ok(chosen.every((row, i) => rows.includes(row) && labels[row]! >= 0 && (i === 0 || row > chosen[i - 1]!)))
    // No class has two more than another one that could still give one.
    const counts = sizes(chosen)
    counts.forEach((own, label) => {
      if (own < available[label]!) assert.ok(own >= Math.max(...counts) - 1, `${counts} of ${available}`)
    })
  }
  assert.deepEqual(sizes(labelledRows(dataset, rows, 100, 5)), [28, 16, 28, 28])
  assert.deepEqual(
    labelledRows(dataset, rows, 0, 5),
    rows.filter((row) => labels[row]! >= 0),
  )
  assert.deepEqual(labelledRows(dataset, rows, most, 5), labelledRows(dataset, rows, 0, 6))
})

test('the rows for fewer labels are among those for more; the seed and the rows given decide', () => {
  for (const seed of [0, 1, 2 ** 40]) {
    let before: Uint32Array = new Uint32Array(0)
    for (let count = 1; count <= 400; count += 13) {
      const chosen = labelledRows(dataset, rows, count, seed)
      assert.ok(
        before.every((row) => chosen.includes(row)),
        `${count} labels`,
      )
      assert.deepEqual(labelledRows(dataset, rows, count, seed), chosen)
      before = chosen
    }
  }
  assert.notDeepEqual(labelledRows(dataset, rows, 40, 1), labelledRows(dataset, rows, 40, 2))
  // Given rows are left as they are, and labels of other rows make no difference.
  const given = shuffle(rows, 1, 1),
    copy = given.slice()
  labelledRows(dataset, given, 50, 1)
  assert.deepEqual(given, copy)
  const others = { ...dataset, labels: labels.map((label, row) => (row < 100 || row >= 900 ? -1 : label)) }
  assert.deepEqual(labelledRows(others, rows, 50, 1), labelledRows(dataset, rows, 50, 1))
})

test('over many seeds every labelled row, and every class for the remainder, is chosen about equally often', () => {
  const two = { classes: ['a', 'b', 'c'], labels: Int32Array.from({ length: 30 }, (_, row) => row % 3) }
  const hits = new Float64Array(30),
    runs = 3000
  for (let seed = 0; seed < runs; seed++) for (const row of labelledRows(two, range(0, 30), 4, seed)) hits[row]!++
  // Binomial with p = 4/30: deviation 18.6.
  assert.ok(
    hits.every((count) => Math.abs(count - (runs * 4) / 30) < 5 * 18.6),
    `${hits}`,
  )
})

test('too few labels and too few classes are refused with the field and the remedy', () => {
  const most = rows.filter((row) => labels[row]! >= 0).length
  assert.throws(
    () => labelledRows(dataset, rows, most + 1, 1),
    refused('fineTuning.labelled', new RegExp(`Only ${most} training images.*at most that`)),
  )
  const kind = (words: RegExp) => refused('fineTuning.kind', words)
  assert.throws(() => labelledRows({ labels: null, classes: [] }, rows, 10, 1), kind(/no two classes.*reconstruction/))
  assert.throws(() => labelledRows({ labels: new Int32Array(1000), classes: ['one'] }, rows, 10, 1), kind(/no two classes/))
  assert.throws(() => labelledRows({ ...dataset, labels: new Int32Array(1000).fill(2) }, rows, 0, 1), kind(/a single class/))
  assert.throws(() => labelledRows({ ...dataset, labels: new Int32Array(1000).fill(-1) }, rows, 0, 1), kind(/no class/))
})

test('a dataset of which only a part has labels is classified with as many as there are, and refused before that beyond', async (t) => {
  const folder = temporaryFolder(t),
    home = homeAt(folder)
  prepareHome(home)
  const store = openStore(home.database)
  const pictures = (count: number, from: number) =>
    npy(
      '|u1',
      [count, 2, 2],
      Uint8Array.from({ length: count * 4 }, (_, i) => ((Math.floor(i / 4) + from) >> (2 * (i % 4))) & 3),
    )
  const alternating = (count: number) =>
    npy(
      '|u1',
      [count],
      Uint8Array.from({ length: count }, (_, i) => i % 2),
    )
  const members = { 'x_train.npy': pictures(100, 0), 'x_test.npy': pictures(20, 100) }
  for (const [name, labelled] of [
    ['train', { 'y_train.npy': alternating(100) }],
    ['test', { 'y_test.npy': alternating(20) }],
  ] as const) {
    const path = join(folder, `${name}.npz`)
    writeFileSync(path, zip({ ...members, ...labelled }, false))
    const { skipped, ...dataset } = await importDataset({
      id: name.padEnd(8, '0'),
      name,
      path,
      fit: 'crop',
      folder: home.dataset(name.padEnd(8, '0')),
    })
    store.datasets.insert(dataset, skipped)
    assert.equal(labelledCount(home.dataset(dataset.id)), name === 'train' ? 100 : 0)
  }
  store.close()
  const { call } = testEngine(t, folder)
  const problems = async (dataset: string, count: number) => {
    const settings = { 'fineTuning.kind': 'classification', 'fineTuning.labelled': count, 'training.batchSize': 10 }
    return (await call('runs.check', { dataset, variant: 'classical', settings })).problems.map(({ field, message }) => [
      field,
      /\d+ have a label/.exec(message)?.[0],
    ])
  }
  assert.deepEqual(await problems('train', 90), [])
  assert.deepEqual(await problems('train', 0), [])
  // Classes that only test images have are no classes of the data: there is nothing to learn them from.
  const { datasets } = await call('datasets.list', {})
  assert.deepEqual(datasets.find(({ name }) => name === 'test')!.classes, [])
  assert.deepEqual(await problems('test', 20), [['fineTuning.kind', undefined]])
})

test('of classes that have too few images for their share it is said, before the start and on the run’s page', async (t) => {
  const folder = temporaryFolder(t),
    home = homeAt(folder)
  prepareHome(home)
  const path = join(folder, 'rare.npz')
  // Of 100 training images 6 are of class 1.
  const rare = Uint8Array.from({ length: 100 }, (_, i) => (i % 16 === 3 ? 1 : i % 2 === 0 ? 0 : 2))
  const pixels = (count: number, seed: number) =>
    npy(
      '|u1',
      [count, 2, 2],
      Uint8Array.from({ length: count * 4 }, (_, i) => ((i + seed) * 2654435761) >>> 24),
    )
  writeFileSync(
    path,
    zip(
      {
        'x_train.npy': pixels(100, 1),
        'y_train.npy': npy('|u1', [100], rare),
        'x_test.npy': pixels(6, 999),
        'y_test.npy': npy('|u1', [6], rare.subarray(0, 6)),
      },
      false,
    ),
  )
  const store = openStore(home.database)
  const { skipped, ...dataset } = await importDataset({
    id: 'rare0000',
    name: 'rare',
    path,
    fit: 'crop',
    folder: home.dataset('rare0000'),
  })
  store.datasets.insert(dataset, skipped)
  store.close()
  const { call } = testEngine(t, folder)
  const asked = (labelled: number) => ({
    dataset: 'rare',
    variant: 'classical',
    settings: {
      'fineTuning.kind': 'classification',
      'fineTuning.labelled': labelled,
      'training.batchSize': 10,
      'training.epochs': 100,
    },
    seed: 3,
  })
  const says =
    /^Of 60 labelled images each class was to have 20: “1” has [56], which is all that the training images hold; .* with up to 2[78]\.$/
  assert.ok((await call('runs.check', asked(60))).warnings.some((warning) => says.test(warning)))
  assert.doesNotMatch((await call('runs.check', asked(12))).warnings.join(), /each class was to have/)
  // Of an experiment as of a run.
  const planned = async (labelled: number) => {
    const { seed, ...cell } = asked(labelled)
    const plan = { name: 'few', dataset: 'rare', variants: [{ variant: cell.variant, settings: cell.settings }], seeds: [seed, 4] }
    return (await call('experiments.check', { plan })).check.warnings
  }
  assert.ok((await planned(60)).some((warning) => says.test(warning)))
  assert.doesNotMatch((await planned(12)).join(), /each class was to have/)
  const { run } = await call('runs.create', asked(60))
  assert.ok((await call('runs.notes', { run: run.id })).notes.some((note) => says.test(note)))
})
