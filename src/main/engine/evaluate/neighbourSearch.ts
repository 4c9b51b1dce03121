import { bool, native, nativeOutputs, type } from '../trace/native.ts'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import type { NearestList } from './nearestList.ts'

const T = { T: type('float32') }
/**
 * Codes of more units are ranked by their leading directions first, where these hold this share of the variance in at most half
 * as many numbers.
 */
const smallestProjected = 96
const largestProjected = 2048
const variance = 0.9
/** Codes that the directions are taken from: any directions give bounds, these only the tighter ones. */
const directionCodes = 8192
/** References are looked at in groups, from the one with the best score on. */
const groupSize = 64
/** Groups proposed for each query, by the whole codes, whose ranking is right up to rounding, and by their leading directions. */
const groupCounts = { whole: 8, projected: 64 }
/** Where more queries than this are left undecided by the leading directions, the whole codes cost less. */
const largestUndecided = 1 / 16
/** Scores computed at a time (64 MB). */
const scoreValues = 16 * 2 ** 20
/** Of a score, relative to its parts. */
const rounding = 4e-6
/** The score of what fills the last group up; no reference's is as low as `absent`. */
const filling = -3e38
const absent = -1e38

/** Orthonormal columns [Z, p]: distances between codes are never smaller than between their projections. */
export type Projection = Tensor2D

/** The leading eigenvectors of the covariance of some codes; null where looking at fewer numbers would not pay. */
export function leadingDirections(codes: Tensor2D, origin: Tensor1D): Projection | null {
  const size = codes.shape[1]
  if (size <= smallestProjected || size > largestProjected) return null
  const [values, vectors] = tf.tidy(() => {
    const centred = codes.stridedSlice([0, 0], codes.shape, [Math.ceil(codes.shape[0] / directionCodes), 1]).sub<Tensor2D>(origin)
    return nativeOutputs('SelfAdjointEigV2', { ...T, compute_v: bool(true) }, [tf.matMul(centred, centred, true, false)], 2) as [
      Tensor1D,
      Tensor2D,
    ]
  })
  const variances = read(values).toReversed()
  const wanted = variance * variances.reduce((sum, value) => sum + value, 0)
  let held = 0
  const enough = variances.findIndex((value) => (held += value) >= wanted)
  const count = 16 * Math.ceil((enough + 1) / 16)
  const leading = enough < 0 || count > size / 2 ? null : vectors.slice([0, size - count], [size, count])
  tf.dispose([values, vectors])
  return leading
}

/** A block of training codes in which the nearest of queries are found, every pair being compared. */
export class References {
  readonly #start: number
  readonly #origin: Tensor1D
  #projection: Projection | null
  readonly #codes: Tensor2D
  readonly #values: Float32Array
  #ranked: Tensor2D

  /** @param start index of the block's first code in its split */
  constructor(codes: Tensor2D, start: number, origin: Tensor1D, projection: Projection | null) {
    this.#start = start
    this.#origin = origin
    this.#projection = projection
    this.#codes = codes
    this.#values = codes.dataSync<'float32'>()
    this.#ranked = ranking(codes, origin, projection)
  }

  get queriesAtOnce(): number {
    return Math.max(1, Math.floor(scoreValues / this.#ranked.shape[0]))
  }

  /**
   * Enters what is near to some queries.
   * @param queries codes [n, Z]
   * @param first number of the first query
   */
  search(queries: Tensor2D, first: number, nearest: NearestList): void {
    const numbers = Array.from({ length: queries.shape[0] }, (_, place) => first + place)
    const undecided = this.#rank(queries, numbers, this.#projection ? groupCounts.projected : groupCounts.whole, nearest)
    if (!this.#projection || undecided.length === 0) return
    const many = undecided.length > largestUndecided * numbers.length
    if (many) {
      this.#ranked.dispose()
      this.#projection = null
      this.#ranked = ranking(this.#codes, this.#origin, null)
    }
    const left = tf.tidy(() => tf.gather(queries, tf.tensor1d(undecided, 'int32')))
    this.#rank(
      left,
      undecided.map((place) => numbers[place]!),
      many ? groupCounts.whole : Infinity,
      nearest,
    )
    left.dispose()
  }

  /**
   * Looks at the best groups. Returns the queries (by their places) of which a projection does not tell whether the other groups
   * hold nearer ones.
   */
  #rank(queries: Tensor2D, numbers: number[], groupCount: number, nearest: NearestList): number[] {
    const size = queries.shape[1]
    const found = proposals(queries, this.#origin, this.#ranked, this.#projection, groupCount)
    const values = queries.dataSync<'float32'>()
    const { scores, groups, squares, count } = found
    const undecided: number[] = []
    numbers.forEach((query, place) => {
      const firstGroup = place * count
      const offer = (at: number) => {
        const reference = groups[Math.floor(at / groupSize)]! * groupSize + (at % groupSize)
        nearest.offer(query, squaredDistance(values, place * size, this.#values, reference * size, size), this.#start + reference)
      }
      /** The score of a distance at which something may just be near enough, given what was found so far. */
      const enough = () => {
        const farthest = nearest.farthest(query)
        return farthest === Infinity ? absent : (squares[place]! - farthest) / 2 - rounding * (squares[place]! + farthest)
      }
      // The best of the first groups tell soon how near that is.
      const first = Array.from({ length: Math.min(nearest.size, count) }, (_, index) =>
        largestOf(scores, (firstGroup + index) * groupSize, groupSize),
      )
      for (const at of first) if (scores[at]! > absent) offer(at)
      let least = enough()
      for (let group = firstGroup; group < firstGroup + count; group++) {
        let largest = filling
        for (let at = group * groupSize; at < (group + 1) * groupSize; at++) {
          const score = scores[at]!
          if (score > largest) largest = score
          if (score < least || at === first[group - firstGroup]) continue
          offer(at)
          least = enough()
        }
        if (largest < least) return
      }
      if (this.#projection && count * groupSize < this.#ranked.shape[0]) undecided.push(place)
    })
    return undecided
  }

  dispose(): void {
    this.#ranked.dispose()
  }
}

function largestOf(values: Float32Array, from: number, count: number): number {
  let best = from
  for (let at = from + 1; at < from + count; at++) if (values[at]! > values[best]!) best = at
  return best
}

/** Between two rows, in float64. Four sums, because each addition would have to wait for the one before. */
function squaredDistance(a: Float32Array, fromA: number, b: Float32Array, fromB: number, size: number): number {
  let s0 = 0,
    s1 = 0,
    s2 = 0,
    s3 = 0
  let i = 0
  for (; i + 3 < size; i += 4) {
    const d0 = a[fromA + i]! - b[fromB + i]!,
      d1 = a[fromA + i + 1]! - b[fromB + i + 1]!
    const d2 = a[fromA + i + 2]! - b[fromB + i + 2]!,
      d3 = a[fromA + i + 3]! - b[fromB + i + 3]!
    s0 += d0 * d0
    s1 += d1 * d1
    s2 += d2 * d2
    s3 += d3 * d3
  }
  for (; i < size; i++) s0 += (a[fromA + i]! - b[fromB + i]!) ** 2
  return s0 + s1 + s2 + s3
}

/** Codes relative to the origin, projected where asked for. */
const coordinates = (codes: Tensor2D, origin: Tensor1D, projection: Projection | null): Tensor2D => {
  const centred: Tensor2D = codes.sub(origin)
  return projection ? tf.matMul(centred, projection) : centred
}

/** Coordinates p [n, p], with -|p|^2 / 2 as a last column, filled up to whole groups: a product with [q, 1] ranks by distance. */
function ranking(codes: Tensor2D, origin: Tensor1D, projection: Projection | null): Tensor2D {
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

/** The groups with the largest scores for every query, descending, all scores in them, and |q|^2 of the queries' coordinates. */
function proposals(queries: Tensor2D, origin: Tensor1D, ranked: Tensor2D, projection: Projection | null, groupCount: number) {
  tf.engine().startScope('proposals')
  try {
    const points = coordinates(queries, origin, projection)
    const rows = points.shape[0]
    const all = ranked.shape[0] / groupSize
    const count = Math.min(groupCount, all)
    const scores = tf
      .matMul(tf.concat([points, tf.ones([rows, 1]) as Tensor2D], 1), ranked, false, true)
      .reshape([rows, all, groupSize])
    const maxima = native('Max', { ...T, Tidx: type('int32'), keep_dims: bool(false) }, [scores, tf.tensor1d([2], 'int32')])
    const [, groups] = nativeOutputs('TopKV2', { ...T, sorted: bool(true) }, [maxima, tf.scalar(count, 'int32')], 2)
    const chosen = native(
      'GatherV2',
      {
        Tparams: type('float32'),
        Tindices: type('int32'),
        Taxis: type('int32'),
        batch_dims: { kind: 'int', value: 1 },
      },
      [scores, groups!, tf.scalar(1, 'int32')],
    )
    return { scores: read(chosen), groups: groups!.dataSync<'int32'>(), squares: read(points.square().sum(1)), count }
  } finally {
    tf.engine().endScope()
  }
}

const read = (tensor: Tensor): Float32Array => tensor.dataSync<'float32'>()
