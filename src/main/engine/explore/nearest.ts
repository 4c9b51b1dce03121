import { cosineDistance, dot, squaredDistance, type Metric } from '../evaluate/distance.ts'
import { NearestList } from '../evaluate/nearestList.ts'
import type { Report } from '../evaluate/report.ts'
import { product } from '../network/operations.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import type { Blocks } from './blocks.ts'

/** Of a float32 product of two rows, relative to their norms. */
const rounding = 1e-5
const shortSquare = 1e-25

/**
 * The rows of a matrix that are nearest to one vector: every row is compared, by one matrix product a block; those that
 * rounding leaves in question are measured again in float64. Equal distances by row. Cosine distance is 1 - cos; that to a
 * vector of zeros is 1.
 * @param query [1, D]
 * @param allowed 1 for the rows that count; null: all
 */
export async function nearestTo(
  query: Tensor2D,
  rows: Blocks,
  count: number,
  metric: Metric,
  allowed: Uint8Array | null,
  report: Report,
): Promise<{ rows: Int32Array<ArrayBuffer>; distances: Float32Array<ArrayBuffer> }> {
  const size = rows.width,
    wanted = query.dataSync<'float32'>(),
    ownSquare = dot(wanted, 0, wanted, 0, size)
  const list = new NearestList(1, Math.min(count, rows.count))
  const distances = new Map<number, number>()
  await rows.forEach(({ start, values }) => {
    const [dots, squares] = tf
      .tidy(() => [product(values, query, false, true), values.square().sum(1)])
      .map((tensor) => {
        const numbers = tensor.dataSync<'float32'>()
        tensor.dispose()
        return numbers
      }) as [Float32Array, Float32Array]
    const estimate = (at: number): number =>
      metric === 'euclidean'
        ? ownSquare + squares[at]! - 2 * dots[at]!
        : 1 - dots[at]! / Math.sqrt(Math.max(ownSquare * squares[at]!, Number.MIN_VALUE))
    const slack = (at: number): number => {
      if (metric === 'euclidean') return rounding * (ownSquare + squares[at]!)
      // The squares of short vectors have lost digits: their directions are measured again.
      return squares[at]! < shortSquare || ownSquare < shortSquare ? 2 : rounding
    }
    // The best by the estimates say how far away anything can be that still counts.
    const rough = new NearestList(1, list.size)
    const counts = (at: number) => allowed === null || allowed[start + at] === 1
    for (let at = 0; at < dots.length; at++) if (counts(at)) rough.offer(0, estimate(at) + slack(at), at)
    const limit = Math.min(rough.farthest(0), list.farthest(0))
    const chosen: number[] = []
    for (let at = 0; at < dots.length; at++) if (counts(at) && estimate(at) - slack(at) <= limit) chosen.push(at)
    if (chosen.length === 0) return
    const picked = tf.tidy(() => tf.gather(values, tf.tensor1d(chosen, 'int32')))
    const numbers = picked.dataSync<'float32'>()
    picked.dispose()
    chosen.forEach((at, i) => {
      const distance =
        metric === 'euclidean'
          ? squaredDistance(wanted, 0, numbers, i * size, size)
          : cosineDistance(dot(wanted, 0, numbers, i * size, size), ownSquare, dot(numbers, i * size, numbers, i * size, size))
      distances.set(start + at, distance)
      list.offer(0, distance, start + at)
    })
  }, report)
  const found = list.of(0).filter((row) => row >= 0)
  return {
    rows: Int32Array.from(found),
    distances: Float32Array.from(found, (row) => (metric === 'euclidean' ? Math.sqrt(distances.get(row)!) : distances.get(row)!)),
  }
}
