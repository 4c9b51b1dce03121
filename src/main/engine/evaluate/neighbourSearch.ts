import { bool, native, nativeOutputs, type } from '../trace/native.ts'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import { cosineDistance, dot, squaredDistance, type Metric } from './distance.ts'
import { distinctRows } from './distinctRows.ts'
import type { NearestList } from './nearestList.ts'

const T = { T: type('float32') }
/**
 * Codes of more units are ranked by their leading directions first, where these hold this share of the variance in at most half
 * as many numbers.
 */
const smallestProjected = 96
const largestProjected = 2048
const variance = 0.95
/** Codes that the directions are taken from: any directions give bounds, these only the tighter ones. */
const directionCodes = 8192
/** References are looked at in groups, from the one with the best score on. */
const groupSize = 64
/**
 * Groups proposed for each query that looks for so many: by the whole codes, whose ranking is right up to rounding, at least one for
 * each that is looked for; by their leading directions more. A query that these leave undecided looks at all groups.
 */
const groupCounts = {
  whole: (wanted: number): number => Math.max(8, wanted + 3),
  projected: (wanted: number): number => Math.max(64, 2 * wanted),
  /** Of a later block, where it is known how near something has to be. */
  first: 12,
}
/** Where more queries than this are left undecided by the leading directions, the whole codes cost less. */
const largestUndecided = 1 / 16
/** Scores computed at a time (64 MB). */
const scoreValues = 16 * 2 ** 20
/** Of a score, relative to its parts; and of a vector's length, where it was divided by it. */
const rounding = 4e-6
const unitRounding = 1e-6
/** The score of what fills the last group up; no reference's is as low as `absent`. */
const filling = -3e38
const absent = -1e38

/** Orthonormal columns [Z, p]: distances between codes are never smaller than between their projections. */
type Projection = Tensor2D

/** What all blocks of one search have in common. */
export class Space {
  readonly metric: Metric
  /** Distances do not change when all codes are shifted, and near the origin their squares lose the fewest digits. */
  readonly origin: Tensor1D
  readonly projection: Projection | null

  /** @param codes some of those that are searched, [n, Z] */
  constructor(codes: Tensor2D, metric: Metric) {
    this.metric = metric
    const points = pointsOf(codes, metric)
    this.origin = tf.tidy(() => points.mean(0) as Tensor1D)
    this.projection = leadingDirections(points, this.origin)
    points.dispose()
  }

  dispose(): void {
    tf.dispose([this.origin, ...(this.projection ? [this.projection] : [])])
  }
}

/**
 * The points whose Euclidean distance orders codes as the metric does: for cosine divided by their lengths, and those of length 0, which
 * have the distance 1 to all, at a right angle to all.
 */
function pointsOf(codes: Tensor2D, metric: Metric): Tensor2D {
  if (metric === 'euclidean') return codes.clone()
  return tf.tidy(() => {
    // Lengths whose squares are too small for float32 count, too.
    const largest = codes.abs().max(1, true)
    const scaled = codes.div<Tensor2D>(largest.maximum(1e-37))
    return tf.concat(
      [scaled.div<Tensor2D>(scaled.square().sum(1, true).sqrt().maximum(1e-30)), largest.equal(0).toFloat()],
      1,
    ) as Tensor2D
  })
}

/** The leading eigenvectors of the covariance of some codes; null where looking at fewer numbers would not pay. */
function leadingDirections(codes: Tensor2D, origin: Tensor1D): Projection | null {
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

/** A block of codes in which the nearest of queries are found, every pair being compared; of equally near ones the first. */
export class References {
  readonly #start: number
  readonly #metric: Metric
  readonly #origin: Tensor1D
  #projection: Projection | null
  readonly #codes: Tensor2D
  readonly #values: Float32Array
  readonly #squares: Float64Array
  /** Codes that differ, and which are equal to each. */
  readonly #members: readonly Int32Array[] | null
  #ranked: Tensor2D

  /** @param start index of the block's first code among all that are searched */
  constructor(codes: Tensor2D, start: number, { metric, origin, projection }: Space) {
    this.#start = start
    this.#metric = metric
    this.#origin = origin
    this.#projection = projection
    const size = codes.shape[1]
    const distinct = distinctRows(codes.dataSync<'float32'>(), size)
    this.#members = distinct?.members ?? null
    this.#codes = tf.tidy(() => pointsOf(distinct ? tf.tensor2d(distinct.values, [distinct.members.length, size]) : codes, metric))
    this.#values = distinct?.values ?? codes.dataSync<'float32'>()
    this.#squares = metric === 'cosine' ? squaresOf(this.#values, size) : new Float64Array(0)
    this.#ranked = ranking(this.#codes, origin, projection)
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
    const count = queries.shape[0]
    const points = pointsOf(queries, this.#metric)
    const values = queries.dataSync<'float32'>()
    const squares = this.#metric === 'cosine' ? squaresOf(values, queries.shape[1]) : null
    /** Looks at the best groups; returns the queries of which these do not tell whether the others hold nearer ones. */
    const look = (places: number[], groupCount: number) => {
      if (places.length === 0) return []
      const some = places.length === count ? points.clone() : tf.tidy(() => tf.gather(points, tf.tensor1d(places, 'int32')))
      const undecided = this.#rank(some, { places, values, squares, first }, groupCount, nearest)
      some.dispose()
      return undecided
    }
    try {
      const wanted = nearest.size
      const places = Array.from({ length: count }, (_, place) => place)
      // What has no direction is as near to one as to any other.
      const directed = squares ? places.filter((place) => squares[place]! > 0) : places
      if (squares) for (const place of places) if (squares[place] === 0) this.#enterFirst(first + place, nearest)
      const begun = directed.length > 0 && nearest.farthest(first + directed[0]!) < Infinity
      let undecided = begun ? look(directed, groupCounts.first) : directed
      undecided = look(undecided, (this.#projection ? groupCounts.projected : groupCounts.whole)(wanted))
      if (this.#projection && undecided.length > largestUndecided * count) {
        this.#ranked.dispose()
        this.#projection = null
        this.#ranked = ranking(this.#codes, this.#origin, null)
        undecided = look(undecided, groupCounts.whole(wanted))
      }
      look(undecided, Infinity)
    } finally {
      points.dispose()
    }
  }

  /** Enters the first codes of the block, all at the same distance. */
  #enterFirst(query: number, nearest: NearestList): void {
    const count = Math.min(
      nearest.size,
      this.#members ? this.#members.reduce((sum, rows) => sum + rows.length, 0) : this.#codes.shape[0],
    )
    for (let reference = 0; reference < count; reference++) nearest.offer(query, 1, this.#start + reference)
  }

  #rank(points: Tensor2D, queries: Queries, groupCount: number, nearest: NearestList): number[] {
    const { places, values, squares: querySquares, first: firstQuery } = queries
    const size = this.#values.length / this.#codes.shape[0]
    const found = proposals(points, this.#origin, this.#ranked, this.#projection, groupCount)
    const { scores, groups, squares, count } = found
    const cosine = this.#metric === 'cosine'
    const distance = (place: number, reference: number): number => {
      if (!cosine)
        return squaredDistance(values, place * size, this.#values, reference * size, size, nearest.farthest(firstQuery + place))
      const product = dot(values, place * size, this.#values, reference * size, size)
      return cosineDistance(product, querySquares![place]!, this.#squares[reference]!)
    }
    const undecided: number[] = []
    places.forEach((place, at) => {
      const query = firstQuery + place
      const firstGroup = at * count
      const offer = (score: number) => {
        const reference = groups[Math.floor(score / groupSize)]! * groupSize + (score % groupSize)
        const found = distance(place, reference)
        if (!this.#members) nearest.offer(query, found, this.#start + reference)
        else for (const row of this.#members[reference]!.subarray(0, nearest.size)) nearest.offer(query, found, this.#start + row)
      }
      /** The score of a distance at which something may just be near enough, given what was found so far. */
      const enough = () => {
        const farthest = nearest.farthest(query)
        if (farthest === Infinity) return absent
        // Between points of length 1 the squared distance is twice that of cosine.
        const square = cosine ? 2 * farthest : farthest
        const unit = cosine ? unitRounding * (Math.sqrt(Math.max(0, square)) + unitRounding) : 0
        return (squares[at]! - square) / 2 - rounding * (squares[at]! + square) - unit
      }
      // The best of the first groups tell soon how near that is.
      const first = Array.from({ length: Math.min(nearest.size, count) }, (_, index) =>
        largestOf(scores, (firstGroup + index) * groupSize, groupSize),
      )
      for (const each of first) if (scores[each]! > absent) offer(each)
      let least = enough()
      for (let group = firstGroup; group < firstGroup + count; group++) {
        let largest = filling
        for (let each = group * groupSize; each < (group + 1) * groupSize; each++) {
          const score = scores[each]!
          if (score > largest) largest = score
          if (score < least || each === first[group - firstGroup]) continue
          offer(each)
          least = enough()
        }
        if (largest < least) return
      }
      if (count * groupSize < this.#ranked.shape[0]) undecided.push(place)
    })
    return undecided
  }

  dispose(): void {
    this.#codes.dispose()
    this.#ranked.dispose()
  }
}

/** Some of a batch of queries: their places in it, the values and squared lengths of the whole batch, and its first one's number. */
interface Queries {
  places: readonly number[]
  values: Float32Array
  squares: Float64Array | null
  first: number
}

const squaresOf = (values: Float32Array, size: number): Float64Array =>
  Float64Array.from({ length: values.length / size }, (_, row) => dot(values, row * size, values, row * size, size))

function largestOf(values: Float32Array, from: number, count: number): number {
  let best = from
  for (let at = from + 1; at < from + count; at++) if (values[at]! > values[best]!) best = at
  return best
}

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
