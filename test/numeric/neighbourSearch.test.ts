import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../src/main/engine/data/random.ts'
import { cosineDistance, dot, squaredDistance, type Metric } from '../../src/main/engine/evaluate/distance.ts'
import { NearestList } from '../../src/main/engine/evaluate/nearestList.ts'
import { References, Space } from '../../src/main/engine/evaluate/neighbourSearch.ts'
import { tf } from '../../src/main/engine/trace/tensorflow.ts'

/** Numbers in [0, 1) that a name decides. */
const numbers = (name: string) => {
  const source = random(name)
  return () => source.next() / 2 ** 32
}

/** What the rows are made of: `draw` tells their values, then some become copies of others, and some zeros. */
const kinds: Record<string, (next: () => number, size: number, row: number) => Float32Array> = {
  'bytes, as images have them': (next, size) =>
    Float32Array.from({ length: size }, () => Math.fround(Math.max(0, Math.floor(next() * 511) - 255) / 255)),
  'few different values, many equal distances': (next, size) =>
    Float32Array.from({ length: size }, () => Math.floor(next() * 3) - 1),
  'numbers far from the origin': (next, size) => Float32Array.from({ length: size }, () => 300 + next()),
  // Their leading directions tell the clusters, and nothing of what lies within one.
  'tight clusters': (next, size, row) =>
    Float32Array.from({ length: size }, (_, at) => (at === row % 40 ? 4 : 0) + 0.05 * (next() - 0.5)),
}

function search(values: Float32Array, size: number, queries: Float32Array, metric: Metric, count: number, blockRows: number) {
  const rows = values.length / size
  const nearest = new NearestList(queries.length / size, count)
  let space: Space | undefined
  for (let start = 0; start < rows; start += blockRows) {
    const codes = tf.tensor2d(values.slice(start * size, Math.min(rows, start + blockRows) * size), [
      Math.min(blockRows, rows - start),
      size,
    ])
    const references = new References(codes, start, (space ??= new Space(codes, metric)))
    const asked = tf.tensor2d(queries, [queries.length / size, size])
    references.search(asked, 0, nearest)
    references.dispose()
    tf.dispose([codes, asked])
  }
  space?.dispose()
  return nearest
}

/** All distances, sorted; of equal ones the first row first. */
function everyPair(values: Float32Array, size: number, query: Float32Array, metric: Metric) {
  const own = dot(query, 0, query, 0, size)
  return Array.from({ length: values.length / size }, (_, row) => {
    const from = row * size
    const distance =
      metric === 'euclidean'
        ? squaredDistance(query, 0, values, from, size)
        : cosineDistance(dot(query, 0, values, from, size), own, dot(values, from, values, from, size))
    return { row, distance }
  }).sort((a, b) => a.distance - b.distance || a.row - b.row)
}

test('the search finds what comparing every pair finds: rows, order and ties, for any number, in any blocks', () => {
  const before = tf.memory().numTensors
  for (const [kind, draw] of Object.entries(kinds))
    for (const [size, rows, asked, blockRows] of [
      [5, 150, 20, 150],
      [5, 300, 10, 67],
      [128, 5000, 25, 5000],
      [128, 5000, 25, 4300],
    ] as const) {
      const next = numbers(`${kind} ${size} ${rows} ${blockRows}`)
      const values = new Float32Array(rows * size)
      for (let row = 0; row < rows; row++) values.set(draw(next, size, row), row * size)
      for (let row = 3; row < rows; row += 9) values.copyWithin(row * size, (row >> 1) * size, ((row >> 1) + 1) * size)
      for (let row = 4; row < rows; row += 31) values.fill(0, row * size, (row + 1) * size)
      // Some are rows themselves, one is all zeros.
      const queries = new Float32Array(asked * size)
      for (let query = 0; query < asked; query++)
        queries.set(
          query % 3 === 0
            ? values.subarray(query * 4 * size, (query * 4 + 1) * size)
            : query === 1
              ? new Float32Array(size)
              : draw(next, size, query),
          query * size,
        )
      for (const metric of ['euclidean', 'cosine'] as const) {
        const expected = Array.from({ length: asked }, (_, query) =>
          everyPair(values, size, queries.slice(query * size, (query + 1) * size), metric),
        )
        for (const count of size === 5 ? [1, 2, 10, 70, rows - 1, rows] : [1, 11, 200]) {
          const nearest = search(values, size, queries, metric, count, blockRows)
          expected.forEach((all, query) => {
            const what = `${kind}, ${rows} rows of ${size} in blocks of ${blockRows}, ${metric}, ${count} of query ${query}`
            assert.deepEqual(
              Array.from(nearest.of(query)),
              all.slice(0, count).map(({ row }) => row),
              what,
            )
            assert.equal(nearest.farthest(query), all[count - 1]!.distance, what)
          })
        }
      }
    }
  assert.equal(tf.memory().numTensors, before, 'nothing is left behind')
})
