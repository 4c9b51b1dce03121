import assert from 'node:assert/strict'
import { test } from 'node:test'
import { binarised } from '../../src/main/engine/data/binarise.ts'
import type { PackedDataset } from '../../src/main/engine/data/packed.ts'

/** Images whose bytes are a function of row and pixel. */
function images(count: number, rowSize: number, byte: (row: number, pixel: number) => number): PackedDataset {
  return {
    kind: 'image',
    count,
    width: rowSize,
    height: 1,
    channels: 1,
    rowSize,
    classes: [],
    labels: null,
    test: Uint32Array.of(0),
    train: Uint32Array.of(1, 2),
    validation: new Uint32Array(0),
    gather: (rows, out) => {
      for (let i = 0; i < rows.length; i++)
        for (let pixel = 0; pixel < rowSize; pixel++) out[i * rowSize + pixel] = byte(rows[i]!, pixel)
    },
    close: () => {},
  }
}
const gathered = (dataset: PackedDataset, rows: ArrayLike<number>): Uint8Array => {
  const out = new Uint8Array(rows.length * dataset.rowSize)
  dataset.gather(rows, out)
  return out
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

test('every byte becomes 0 or 255, in the share of its value; 0 and 255 stay', () => {
  const rows = 8000,
    columns = 256
  const binary = gathered(binarised(images(rows, columns, (_, pixel) => pixel)), range(0, rows))
  let chi = 0
  for (let byte = 0; byte < columns; byte++) {
    let ones = 0
    for (let row = 0; row < rows; row++) {
      const value = binary[row * columns + byte]!
      assert.ok(value === 0 || value === 255)
      ones += value / 255
    }
    const share = byte / 255,
      deviation = Math.sqrt(rows * share * (1 - share))
    if (byte === 0 || byte === 255) assert.equal(ones, rows * share)
    else {
      assert.ok(Math.abs(ones - rows * share) < 5 * deviation, `${ones} of ${rows} for ${byte}`)
      chi += ((ones - rows * share) / deviation) ** 2
    }
  }
  // 254 degrees of freedom: mean 254, deviation 22.5; values that are too regular would be no draws either.
  assert.ok(chi > 254 - 5 * 22.5 && chi < 254 + 5 * 22.5, `chi-squared ${chi}`)
})

test('the draw depends on row and pixel only: not on order, batch or what else is gathered', () => {
  const dataset = binarised(images(100, 17, (row, pixel) => (row * 31 + pixel * 57) % 256))
  const whole = gathered(dataset, range(0, 100))
  const order = [99, 3, 3, 50, 0, 98, 17]
  gathered(dataset, order).forEach((value, i) => assert.equal(value, whole[order[Math.floor(i / 17)]! * 17 + (i % 17)]))
  for (const row of order) assert.deepEqual(gathered(dataset, [row]), whole.slice(row * 17, (row + 1) * 17))
  // A buffer that is longer than what is asked for keeps its rest.
  const longer = new Uint8Array(40).fill(7)
  dataset.gather([5, 6], longer)
  assert.deepEqual([...longer], [...whole.slice(85, 119), 7, 7, 7, 7, 7, 7])
  // Frozen: a change would give every stored run other images.
  assert.deepEqual([...gathered(binarised(images(9, 12, () => 128)), [8])].map((value) => value / 255).join(''), '101000000111')
})

test('neighbouring pixels and rows are drawn independently, far rows too', () => {
  const size = 1024
  const gray = (rows: number[]) => gathered(binarised(images(2 ** 31, size, () => 128)), rows)
  // Correlation of draws that are `apart`, in deviations of what chance gives.
  const correlation = (values: Uint8Array, others: Uint8Array, apart: number): number => {
    let sum = 0
    const pairs = values.length - apart
    for (let i = 0; i < pairs; i++) sum += (values[i]! ? 1 : -1) * (others[i + apart]! ? 1 : -1)
    return sum / Math.sqrt(pairs)
  }
  const values = gray(range(0, 1000))
  for (const apart of [
    1,
    2,
    3,
    7,
    28,
    32,
    256,
    784,
    size,
    size + 1,
    size - 1,
    2 * size,
    3 * size,
    16 * size,
    256 * size,
    512 * size,
  ]) {
    assert.ok(Math.abs(correlation(values, values, apart)) < 5, `${apart} apart: ${correlation(values, values, apart)}`)
  }
  for (const far of [2 ** 10, 2 ** 16, 2 ** 20, 2 ** 24, 2 ** 30])
    assert.ok(Math.abs(correlation(values, gray(range(far, far + 1000)), 0)) < 5, `${far} rows apart`)
  // Sums over rows and over columns scatter as sums of independent draws do.
  const scatter = (length: number, sum: (i: number) => number, draws: number) =>
    range(0, length).reduce((total, i) => total + (sum(i) - (draws * 128) / 255) ** 2 / (draws * (128 / 255) * (127 / 255)), 0)
  const inRows = scatter(1000, (row) => range(0, size).reduce((sum, pixel) => sum + values[row * size + pixel]! / 255, 0), size)
  const inColumns = scatter(size, (pixel) => range(0, 1000).reduce((sum, row) => sum + values[row * size + pixel]! / 255, 0), 1000)
  for (const [chi, freedom] of [
    [inRows, 1000],
    [inColumns, size],
  ] as const)
    assert.ok(Math.abs(chi - freedom) < 5 * Math.sqrt(2 * freedom), `chi-squared ${chi} of ${freedom}`)
})

test('all but the values is the dataset’s own; vectors are refused', () => {
  const dataset = images(10, 4, () => 255)
  const { gather: _, close: __, ...own } = binarised(dataset)
  const { gather: ___, close: ____, ...expected } = dataset
  assert.deepEqual(own, expected)
  let closed = 0
  binarised({
    ...dataset,
    close: () => {
      closed++
    },
  }).close()
  assert.equal(closed, 1)
  assert.throws(() => binarised({ ...dataset, kind: 'vector' }), TypeError)
})
