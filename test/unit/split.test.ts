import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstIdentical } from '../../src/main/engine/data/duplicates.ts'
import { random, shuffle } from '../../src/main/engine/data/random.ts'
import { hashRows } from '../../src/main/engine/data/row-hash.ts'
import { previewRows, shuffled, validationSplit } from '../../src/main/engine/data/split.ts'
import { validationRows } from '../../src/shared/split.ts'
import { splitRows } from '../../src/main/engine/data/test-split.ts'

const range = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i)
/** 1,000 rows of three classes of very different size, the last 100 to test with. */
const labels = Int32Array.from({ length: 1000 }, (_, i) => (i % 100 < 80 ? 0 : i % 100 < 97 ? 1 : 2))
const dataset = { train: range(0, 900), test: range(900, 1000), labels }

test('random numbers are uniform, repeatable and independent of each other', () => {
  // Frozen: a change would give every stored run another split and another order.
  const first = random('frozen', 1, 2)
  assert.deepEqual([first.next(), first.next(), first.below(10)], [2375427264, 3850302913, 0])
  assert.deepEqual([...shuffle(range(0, 8), 1, 0)], [2, 7, 1, 3, 4, 0, 5, 6])
  const counts = new Float64Array(10),
    source = random('uniform')
  for (let i = 0; i < 100_000; i++) counts[source.below(10)]!++
  const chi = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
  assert.ok(chi < 33.7, `chi-squared ${chi} with 9 degrees of freedom is below its 0.9999 quantile`)
  const keys = [random('a', 1), random('b', 1), random('a', 2), random('a', 1, 0), random('a', 1 + 2 ** 32)].map((each) =>
    each.next(),
  )
  assert.equal(new Set(keys).size, keys.length)
})

test('an epoch is a permutation that depends on seed and epoch only', () => {
  const train = range(100, 500),
    order = shuffled(train, 7, 3)
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    [...train],
  )
  assert.deepEqual(shuffled(train, 7, 3), order)
  assert.notDeepEqual(shuffled(train, 7, 4), order)
  assert.notDeepEqual(shuffled(train, 8, 3), order)
  // Every position gets every value about equally often.
  const hits = new Float64Array(25)
  for (let epoch = 0; epoch < 5000; epoch++)
    shuffle(range(0, 5), 1, epoch).forEach((value, place) => {
      hits[place * 5 + value]!++
    })
  assert.ok(
    hits.every((count) => Math.abs(count - 1000) < 150),
    `${hits}`,
  )
})

test('validation is a tenth of what is not for testing, by class, chosen by the seed', () => {
  const { train, validation } = validationSplit(dataset, 5)
  assert.deepEqual(
    [...train, ...validation].sort((a, b) => a - b),
    [...dataset.train],
  )
  assert.deepEqual(
    [0, 1, 2].map((label) => validation.filter((row) => labels[row] === label).length),
    [72, 15, 3],
  )
  assert.deepEqual(validation, validation.toSorted())
  assert.deepEqual(validationSplit(dataset, 5).validation, validation)
  assert.notDeepEqual(validationSplit(dataset, 6).validation, validation)
  assert.equal(validationSplit({ train: range(0, 25), labels: null }, 1).validation.length, 3)
  assert.equal(validationSplit({ train: range(0, 2), labels: null }, 1).validation.length, 1)
})

test('no copies of an image are on both sides of a validation that is drawn, as of the test split', () => {
  const rows = range(0, 400)
  // Every third row has from one to eleven copies; some classes share them.
  const copies = Uint32Array.from(rows, (row) => (row % 3 === 0 ? row - (row % 36) : row))
  const labelled = Int32Array.from(rows, (row) => Math.floor(row / 36) % 4)
  const groups = Int32Array.from(rows, (row) => (row % 7 === 0 ? row % 35 : -1))
  for (const more of [{ labels: null }, { labels: labelled }, { labels: labelled, groups }]) {
    for (let seed = 1; seed <= 20; seed++) {
      const { train, validation } = validationSplit({ train: rows, copies, ...more }, seed)
      const trained = new Set(Array.from(train, (row) => copies[row]!))
      assert.deepEqual(
        [...validation].filter((row) => trained.has(copies[row]!)),
        [],
      )
      assert.deepEqual(
        [...train, ...validation].sort((a, b) => a - b),
        [...rows],
      )
      assert.ok(validation.length > 0 && Math.abs(validation.length - 40) <= ('groups' in more ? 40 : 20), `${validation.length}`)
    }
  }
  // Of nothing but copies one side has to have some; datasets of earlier versions say nothing of copies and are drawn as before.
  assert.equal(validationSplit({ train: range(0, 30), labels: null, copies: new Uint32Array(30) }, 1).validation.length, 3)
  assert.notDeepEqual(validationSplit({ train: rows, labels: null, copies }, 1), validationSplit({ train: rows, labels: null }, 1))
})

test('the number of validation rows is known before they are drawn, of small sets too', () => {
  for (let count = 0; count <= 45; count++) {
    assert.equal(
      validationRows({ trainCount: count }),
      validationSplit({ train: range(0, count), labels: null }, 3).validation.length,
      `of ${count}`,
    )
  }
})

test('preview rows show every class in turn', () => {
  const rows = previewRows(dataset)
  assert.deepEqual([rows.length, new Set(rows).size], [32, 32])
  assert.ok(rows.every((row) => row >= 900))
  assert.deepEqual(
    [...rows.slice(0, 7)].map((row) => labels[row]),
    [0, 1, 2, 0, 1, 2, 0],
  )
  assert.deepEqual([...previewRows({ test: range(0, 5), labels: null })].sort(), [0, 1, 2, 3, 4])
})

test('the test split is 15% by class, and copies stay together', () => {
  const rows = new Uint8Array(1000 * 2)
  // Ten pictures have nine copies each; all others are different.
  for (let i = 0; i < 1000; i++) new DataView(rows.buffer).setUint16(i * 2, i < 100 ? i % 10 : i)
  const hashes = new Uint8Array(1000 * 16)
  hashRows(rows, 2, 1000, hashes, 0)
  const first = firstIdentical(hashes, 1000)
  assert.deepEqual([first[0], first[10], first[99], first[100], first[999]], [0, 0, 9, 100, 999])

  const { test: rowsOut, duplicates, movedToOneSide } = splitRows({ count: 1000, labels, parts: null }, hashes)
  const out = new Set(rowsOut)
  assert.equal(duplicates, 90)
  assert.ok(movedToOneSide > 0 && movedToOneSide <= 90)
  for (let i = 10; i < 100; i++) assert.equal(out.has(i), out.has(i % 10))
  for (const [label, count] of [
    [0, 800],
    [1, 170],
    [2, 30],
  ] as const) {
    const share = rowsOut.filter((row) => labels[row] === label).length / count
    assert.ok(Math.abs(share - 0.15) < 0.03, `class ${label}: ${share}`)
  }
  assert.deepEqual(splitRows({ count: 1000, labels, parts: null }, hashes).test, rowsOut)

  // What a source brings stays as it is, and is said: rows 50 to 99 are copies of those before.
  const parts = new Uint8Array(1000).fill(2, 50)
  const brought = splitRows({ count: 1000, labels, parts }, hashes)
  assert.deepEqual([brought.test.length, brought.movedToOneSide, brought.notes.map(({ code }) => code)], [950, 0, ['testCopies']])
  assert.match(brought.notes[0]!.message, /^50 of the 950 test images are also among those for training/)
  const drawn = splitRows({ count: 1000, labels, parts }, hashes, {}, 'train')
  assert.deepEqual([drawn.test.length, drawn.movedToOneSide, drawn.notes], [900, 50, []])

  // A validation part is every run's; test rows are drawn of the others, and none is a copy of a validation image.
  const validated = splitRows({ count: 1000, labels, parts: new Uint8Array(1000).fill(1, 0, 30) }, hashes)
  assert.deepEqual([...validated.validation], [...range(0, 30)])
  assert.ok(validated.test.length > 120 && validated.test.every((row) => row >= 100))
  assert.deepEqual(
    validated.notes.map(({ code }) => code),
    ['validationCopies'],
  )
  const dataset = { train: range(0, 1000).filter((row) => !validated.test.includes(row)), validation: validated.validation, labels }
  const splits = [1, 2].map((seed) => validationSplit(dataset, seed))
  assert.deepEqual(splits[0], splits[1])
  assert.deepEqual([splits[0]!.validation, splits[0]!.train.length], [validated.validation, 970 - validated.test.length])
})

test('data whose parts leave nothing to train with say so', () => {
  const hashes = new Uint8Array(10 * 16),
    rows = Uint8Array.from({ length: 40 }, (_, i) => i)
  hashRows(rows, 4, 10, hashes, 0)
  for (const [train, validation, said] of [
    [0, 0, '0 of 10 images are'],
    [1, 0, '1 of 10 images is'],
    [0, 4, '0 of 10 images are'],
  ] as const) {
    const parts = Uint8Array.from({ length: 10 }, (_, row) => (row < train ? 0 : row < train + validation ? 1 : 2))
    assert.throws(() => splitRows({ count: 10, labels: null, parts }, hashes), {
      code: 'DATASET_TOO_SMALL',
      message: `By the parts that the data bring, only ${said} for training; add images to that part, or import these without their parts.`,
    })
  }
})
