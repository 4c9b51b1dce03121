import { bool, nativeOutputs, type } from '../trace/native.ts'
import { tf, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import { cosineDistance, dot, squaredDistance, type Metric } from './distance.ts'
import { distinctRows } from './distinctRows.ts'
import type { NearestList } from './nearestList.ts'
import { absent, filling, groupSize, ranking, Scores, type Projection } from './neighbourScores.ts'

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
/** Where the leading directions leave more than this share of all pairs to be measured, the whole codes cost less. */
const largestMeasured = 1 / 64
/** Scores computed at a time (64 MB). */
const scoreValues = 16 * 2 ** 20
/** Of a score, relative to its parts; and of a vector's length, where it was divided by it. */
const rounding = 4e-6
const unitRounding = 1e-6

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
  const variances = values.dataSync<'float32'>().toReversed()
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
    const points = pointsOf(queries, this.#metric)
    const values = queries.dataSync<'float32'>()
    const squares = this.#metric === 'cosine' ? squaresOf(values, queries.shape[1]) : null
    const look = (places: number[]): number[] => {
      if (places.length === 0) return []
      const all = places.length === queries.shape[0]
      const some = all ? points.clone() : tf.tidy(() => tf.gather(points, tf.tensor1d(places, 'int32')))
      const scores = new Scores(some, this.#origin, this.#ranked, this.#projection)
      try {
        return this.#look(scores, { places, values, squares, first }, nearest)
      } finally {
        some.dispose()
        scores.dispose()
      }
    }
    try {
      const places = Array.from({ length: queries.shape[0] }, (_, place) => place)
      // What has no direction is as near to one as to any other.
      if (squares) for (const place of places) if (squares[place] === 0) this.#enterFirst(first + place, nearest)
      const left = look(squares ? places.filter((place) => squares[place]! > 0) : places)
      if (left.length === 0) return
      this.#ranked.dispose()
      this.#projection = null
      this.#ranked = ranking(this.#codes, this.#origin, null)
      look(left)
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

  /**
   * Measures what may be near enough by its score. Returns the places that were not looked at, because the leading directions left
   * too many to be measured.
   */
  #look(scores: Scores, queries: Queries, nearest: NearestList): number[] {
    const { places, first } = queries
    const { maxima, groups } = scores
    const distance = this.#distanceFrom(queries, nearest)
    let measured = 0
    const offer = (at: number, reference: number) => {
      const query = first + places[at]!
      const found = distance(places[at]!, reference)
      measured++
      if (!this.#members) nearest.offer(query, found, this.#start + reference)
      else for (const row of this.#members[reference]!.subarray(0, nearest.size)) nearest.offer(query, found, this.#start + row)
    }
    const enough = (at: number): number => this.#enough(nearest.farthest(first + places[at]!), scores.squares[at]!)
    /** Offers what is good enough of some groups of a query. @param values their scores, from `from` on */
    const visit = (at: number, chosen: Int32Array, values: Float32Array, from: number) => {
      let least = enough(at)
      const done = new Set<number>()
      if (least === absent)
        // The best of each tell soon how near something has to be.
        for (let i = 0; i < chosen.length; i++) {
          const best = largestOf(values, (from + i) * groupSize, groupSize)
          done.add(best)
          if (values[best]! > absent) offer(at, (chosen[i]! % groups) * groupSize + (best % groupSize))
          least = enough(at)
        }
      for (let i = 0; i < chosen.length; i++) {
        if (maxima[chosen[i]!]! < least) continue
        const reference = (chosen[i]! % groups) * groupSize
        const start = (from + i) * groupSize
        for (let j = 0; j < groupSize; j++) {
          if (values[start + j]! < least || done.has(start + j)) continue
          offer(at, reference + j)
          least = enough(at)
        }
      }
    }
    const ats = Array.from(places.keys())
    const unknown = ats.filter((at) => nearest.farthest(first + places[at]!) === Infinity)
    if (unknown.length > 0) {
      const count = Math.min(nearest.size, groups)
      const best = scores.best(unknown, count)
      const values = scores.of(best)
      unknown.forEach((at, i) => visit(at, best.subarray(i * count, (i + 1) * count), values, i * count))
      for (const group of best) maxima[group] = filling
    }
    const chosen = new Int32Array(maxima.length)
    const ends = new Int32Array(ats.length)
    let end = 0
    for (const at of ats) {
      const least = enough(at)
      for (let group = at * groups; group < (at + 1) * groups; group++) if (maxima[group]! >= least) chosen[end++] = group
      ends[at] = end
    }
    const values = scores.of(chosen.subarray(0, end))
    const limit = this.#projection ? ats.length * (nearest.size + largestMeasured * groups * groupSize) : Infinity
    for (const at of ats) {
      if (measured > limit) return places.slice(at)
      const from = at === 0 ? 0 : ends[at - 1]!
      visit(at, chosen.subarray(from, ends[at]), values, from)
    }
    return []
  }

  /** How far apart a query and a reference are; some number above it where the query has enough that are nearer. */
  #distanceFrom({ values, squares, first }: Queries, nearest: NearestList): (place: number, reference: number) => number {
    const references = this.#values
    const size = references.length / this.#codes.shape[0]
    if (!squares)
      return (place, reference) =>
        squaredDistance(values, place * size, references, reference * size, size, nearest.farthest(first + place))
    return (place, reference) =>
      cosineDistance(dot(values, place * size, references, reference * size, size), squares[place]!, this.#squares[reference]!)
  }

  /** The score of what may just be as near as `farthest`. @param square |q|^2 of the query's coordinates */
  #enough(farthest: number, square: number): number {
    if (farthest === Infinity) return absent
    // Between points of length 1 the squared distance is twice that of cosine.
    const cosine = this.#metric === 'cosine'
    const distance = cosine ? 2 * farthest : farthest
    const unit = cosine ? unitRounding * (Math.sqrt(Math.max(0, distance)) + unitRounding) : 0
    return (square - distance) / 2 - rounding * (square + distance) - unit
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
