import { bool, native, nativeOutputs, type } from '../trace/native.ts'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'

const T = { T: type('float32') }
/** References are looked at in groups: only those whose best score is good enough. */
export const groupSize = 64
/** The score of what fills the last group up; no reference's is as low as `absent`. */
export const filling = -3e38
export const absent = -1e38

/** Orthonormal columns [Z, p]: distances between codes are never smaller than between their projections. */
export type Projection = Tensor2D

/**
 * Points relative to the origin, projected where asked for, then with the length of what the projection leaves out: two points are
 * at least as far apart there as these lengths differ.
 */
const coordinates = (points: Tensor2D, origin: Tensor1D, projection: Projection | null): Tensor2D => {
  const centred: Tensor2D = points.sub(origin)
  if (!projection) return centred
  const projected: Tensor2D = tf.matMul(centred, projection)
  const left: Tensor2D = centred.sub(tf.matMul(projected, projection, false, true))
  const squares: Tensor2D = left.square().sum(1, true)
  return tf.concat([projected, squares.sqrt()], 1)
}

/** Coordinates p [n, p], with -|p|^2 / 2 as a last column, filled up to whole groups: a product with [q, 1] ranks by distance. */
export function ranking(codes: Tensor2D, origin: Tensor1D, projection: Projection | null): Tensor2D {
  return tf.tidy(() => {
    const points = coordinates(codes, origin, projection)
    const [count, size] = points.shape
    const ranked = tf.concat([points, points.square().sum(1, true).mul<Tensor2D>(-0.5)], 1)
    const missing = (groupSize - (count % groupSize)) % groupSize
    return missing === 0
      ? ranked
      : tf.concat([ranked, tf.concat([tf.zeros([missing, size]) as Tensor2D, tf.ones([missing, 1]).mul<Tensor2D>(filling)], 1)], 0)
  })
}

/**
 * The scores of all references for some queries, the larger the nearer: q r - |r|^2 / 2 of their coordinates. They stay where they were
 * computed; what is read are the largest of each group, and then the scores of those groups that matter.
 */
export class Scores {
  /** Groups of a query; group g of query n is number n * groups + g. */
  readonly groups: number
  /** The largest score of every group. */
  readonly maxima: Float32Array
  /** |q|^2 of the queries' coordinates. */
  readonly squares: Float32Array
  readonly #scores: Tensor

  constructor(queries: Tensor2D, origin: Tensor1D, ranked: Tensor2D, projection: Projection | null) {
    this.groups = ranked.shape[0] / groupSize
    const [scores, maxima, squares] = tf.tidy(() => {
      const points = coordinates(queries, origin, projection)
      const rows = points.shape[0]
      const scores = tf
        .matMul(tf.concat([points, tf.ones([rows, 1]) as Tensor2D], 1), ranked, false, true)
        .reshape([rows * this.groups, groupSize])
      const largest = native('Max', { ...T, Tidx: type('int32'), keep_dims: bool(false) }, [scores, tf.tensor1d([1], 'int32')])
      return [scores, largest, points.square().sum(1)] as const
    })
    this.#scores = scores
    this.maxima = read(maxima)
    this.squares = read(squares)
  }

  /** The numbers of the groups with the largest scores of some queries, `count` of each, the best first. */
  best(queries: readonly number[], count: number): Int32Array {
    const some = new Float32Array(queries.length * this.groups)
    queries.forEach((query, i) => some.set(this.maxima.subarray(query * this.groups, (query + 1) * this.groups), i * this.groups))
    const places = tf.tidy(() => {
      const maxima = tf.tensor2d(some, [queries.length, this.groups])
      return nativeOutputs('TopKV2', { ...T, sorted: bool(true) }, [maxima, tf.scalar(count, 'int32')], 2)[1]!
    })
    return read<Int32Array>(places).map((group, i) => queries[Math.floor(i / count)]! * this.groups + group)
  }

  /** The scores of some groups, one group after the other. */
  of(groups: Int32Array): Float32Array {
    if (groups.length === 0) return new Float32Array()
    return read(tf.tidy(() => tf.gather(this.#scores, tf.tensor1d(groups, 'int32'))))
  }

  dispose(): void {
    this.#scores.dispose()
  }
}

/** The values of a tensor that is needed no longer. Never from within `tf.tidy`, which looks for tensors in what it returns. */
function read<Values extends Float32Array | Int32Array>(tensor: Tensor): Values {
  const values = tensor.dataSync() as Values
  tensor.dispose()
  return values
}
