import assert from 'node:assert/strict'
import { appendFileSync, existsSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PackedDataset } from '../../src/main/engine/data/packed.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { openRowsFile, writeRowsFile } from '../../src/main/engine/data/rowsFile.ts'
import { vectorOf } from '../../src/shared/shape.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

/** A dataset of which every fourth or so row is for testing. */
function dataset(count: number, rowSize: number): PackedDataset {
  const source = random('rows file', count)
  const isTest = Array.from({ length: count }, (_, row) => row === 1 || source.below(4) === 0)
  const rows = (wanted: boolean) => Uint32Array.from([...isTest.keys()].filter((row) => isTest[row] === wanted))
  return {
    kind: 'image',
    count,
    width: rowSize,
    height: 1,
    channels: 1,
    rowSize,
    classes: ['a', 'b'],
    labels: Int32Array.from({ length: count }, (_, row) => row % 2),
    test: rows(true),
    train: rows(false),
    validation: new Uint32Array(0),
    gather: () => assert.fail('the rows are not asked for by this test'),
    close: () => {},
  }
}
const value = (row: number, column: number): number => Math.fround(Math.sin(row * 12.9898 + column * 78.233) * 1e3)
const codes = (width: number) => (rows: Uint32Array) =>
  Float32Array.from({ length: rows.length * width }, (_, i) => value(rows[Math.floor(i / width)]!, i % width))

test('what is written is read under its row numbers, in any order and number', async (t) => {
  const folder = temporaryFolder(t)
  for (const [count, width, rowSize] of [
    [7, 1, 784],
    [500, 3, 2 ** 18],
    [900, 1000, 784],
    [64, 17, 3],
  ] as const) {
    const data = dataset(count, rowSize),
      file = join(folder, 'stages', `${count}.f32`)
    const asked: number[] = [],
      progress: [number, number][] = []
    const produce = (rows: Uint32Array) => {
      asked.push(...rows)
      return rows.length % 2 ? codes(width)(rows) : Promise.resolve(codes(width)(rows))
    }
    await writeRowsFile(file, data, width, produce, { key: 'a key', onProgress: (done, total) => progress.push([done, total]) })
    assert.deepEqual(asked, [...data.train])
    assert.deepEqual(
      [progress[0], progress.at(-1)],
      [
        [0, asked.length],
        [asked.length, asked.length],
      ],
    )
    assert.ok(progress.every(([done], i) => i === 0 || done > progress[i - 1]![0]))
    if (rowSize > 10_000) assert.ok(progress.length > 10, 'wide rows come in small batches')

    const rows = openRowsFile(file, data, vectorOf(width), 'a key')!
    const { gather, close, ...own } = rows
    assert.deepEqual(own, {
      kind: 'vector',
      count,
      width,
      height: 1,
      channels: 1,
      rowSize: width,
      classes: data.classes,
      labels: data.labels,
      test: data.test,
      train: data.train,
      validation: data.validation,
    })
    const source = random('asked', count)
    for (let size = 0; size < 40; size++) {
      const from = source.below(data.train.length)
      const wanted =
        size % 3 === 0
          ? data.train.slice(from, from + size)
          : Uint32Array.from({ length: size }, () => data.train[source.below(data.train.length)]!)
      // Inside a longer buffer, at an offset, whose rest stays as it is.
      const out = new Float32Array(wanted.length * width + 9).fill(-1)
      gather(size % 2 ? wanted : [...wanted], out.subarray(4))
      assert.deepEqual(out, Float32Array.from([-1, -1, -1, -1, ...codes(width)(wanted), -1, -1, -1, -1, -1]))
    }
    const out = new Float32Array(2 * width)
    assert.throws(() => gather([data.train[0]!, data.test[0]!], out), { name: 'RangeError', message: /not for training/ })
    for (const row of [count, -1, 2 ** 32, 0.5, NaN])
      assert.throws(() => gather([row], out), { name: 'RangeError', message: /there is no row/ })
    assert.throws(() => gather([...data.train.slice(0, 3)], out), RangeError)
    assert.throws(() => gather([data.train[0]!], new Uint8Array(width * 4)), TypeError)
    close()
    close()
  }
})

test('rows are opened only where they are whole and were computed from the same', async (t) => {
  const file = join(temporaryFolder(t), 'codes.f32'),
    data = dataset(100, 5)
  const write = () => writeRowsFile(file, data, 6, codes(6), { key: 'of “these” weights' })
  const opens = (other = data, width = 6, key = 'of “these” weights') => {
    const rows = openRowsFile(file, other, vectorOf(width), key)
    rows?.close()
    return rows !== null
  }
  assert.equal(opens(), false)
  await write()
  assert.equal(opens(), true)
  assert.equal(opens(data, 6, 'of “other” weights'), false)
  assert.equal(opens(data, 6, 'of'), false)
  assert.equal(opens(data, 3), false)
  assert.equal(opens(data, 12), false)
  assert.equal(opens({ ...data, train: data.train.slice(1) }), false)
  appendFileSync(file, 'x')
  assert.equal(opens(), false)
  // Computed again, the new rows take the place of the old ones.
  await write()
  assert.equal(opens(), true)
  for (const length of [readFileSync(file).length - 4, 20, 3, 0]) {
    truncateSync(file, length)
    assert.equal(opens(), false, `${length} bytes`)
  }
  writeFileSync(file, Buffer.alloc(100 * 6 * 4, '{'))
  assert.equal(opens(), false)

  await write()
  const cut = openRowsFile(file, data, vectorOf(6), 'of “these” weights')!
  truncateSync(file, 200)
  assert.throws(() => cut.gather([data.train.at(-1)!], new Float32Array(6)), { code: 'FILE_DAMAGED' })
  cut.close()
})

test('an interrupted computation leaves no new file, and the one before it untouched', async (t) => {
  const folder = temporaryFolder(t),
    file = join(folder, 'codes.f32'),
    data = dataset(300, 2 ** 14)
  const interrupted = async (
    error: { message?: RegExp; name?: string },
    produce: (rows: Uint32Array) => Float32Array,
    signal?: AbortSignal,
  ) => {
    let batches = 0
    await assert.rejects(
      writeRowsFile(file, data, 4, (rows) => (++batches < 3 ? codes(4)(rows) : produce(rows)), {
        key: 'new',
        ...(signal ? { signal } : {}),
      }),
      error,
    )
    assert.ok(batches > 0 && !existsSync(`${file}.partial`))
    assert.equal(openRowsFile(file, data, vectorOf(4), 'new'), null)
  }
  const broken = () => {
    throw new Error('the power went')
  }
  await interrupted({ message: /the power went/ }, broken)
  assert.deepEqual(readdirSync(folder), [])
  await writeRowsFile(file, data, 4, codes(4), { key: 'old' })
  const before = readFileSync(file)
  await interrupted({ message: /the power went/ }, broken)
  await interrupted({ message: /64 rows of 4 values are not 255 values/ }, (rows) => codes(4)(rows).subarray(1))
  const controller = new AbortController()
  await interrupted(
    { name: 'AbortError' },
    (rows) => {
      controller.abort()
      return codes(4)(rows)
    },
    controller.signal,
  )
  await assert.rejects(
    writeRowsFile(file, data, 4, () => assert.fail('nothing is computed any more'), { key: 'new', signal: controller.signal }),
    { name: 'AbortError' },
  )
  assert.deepEqual(readFileSync(file), before)
  assert.deepEqual(readdirSync(folder), ['codes.f32'])
  // What a killed process left behind is in nobody's way.
  writeFileSync(`${file}.partial`, Buffer.alloc(1e5, 'x'))
  await writeRowsFile(file, data, 4, codes(4), { key: 'old' })
  assert.deepEqual(readFileSync(file), before)
})

test('a full disk is said, and nothing half-written remains', { skip: process.platform !== 'linux' }, async (t) => {
  const folder = temporaryFolder(t),
    file = join(folder, 'codes.f32')
  symlinkSync('/dev/full', `${file}.partial`)
  await assert.rejects(
    writeRowsFile(file, dataset(100, 5), 6, codes(6), { key: 'a key' }),
    (thrown: { code: string; message: string }) => {
      assert.equal(thrown.code, 'DISK_FULL')
      assert.match(thrown.message, /1 MB.*resume the run/)
      return true
    },
  )
  assert.deepEqual(readdirSync(folder), [])
})
