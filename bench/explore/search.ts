import { Blocks } from '../../src/main/engine/explore/blocks.ts'
import { nearestTo } from '../../src/main/engine/explore/nearest.ts'
import { tf } from '../../src/main/engine/trace/tensorflow.ts'

/**
 * Retrieval alone, in a process of its own: the 12 nearest among `rows` vectors of `width` numbers that are kept, 100 times.
 * Prints milliseconds as JSON.
 */
const [rows, width] = process.argv.slice(2).map(Number) as [number, number]
const values = tf.randomNormal([rows, width], 0, 1, 'float32', 1)
const blocks = new Blocks(rows, width, (start, count) => values.slice([start, 0], [count, width]) as never, { keptBytes: 2 ** 30 })
const times: number[] = []
for (let i = 0; i <= 100; i++) {
  const query = tf.keep(values.slice([(i * 577) % rows, 0], [1, width])) as never
  const began = performance.now()
  await nearestTo(query, blocks, 12, i % 2 === 0 ? 'euclidean' : 'cosine', null, async () => {})
  // The first one makes the blocks.
  if (i > 0) times.push(performance.now() - began)
}
console.log(JSON.stringify(times))
