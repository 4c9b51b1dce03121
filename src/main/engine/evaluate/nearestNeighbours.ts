import { tf, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import type { Codes } from './codes.ts'
import type { Measurement } from './measurement.ts'

export const neighbourCount = 5
/** How many more candidates the matrix product proposes than are kept: it ranks only to rounding, and the exact distances decide. */
const spare = 3
/** Scores computed at a time (128 MB), and values of candidates looked at (64 MB). */
const scoreValues = 32 * 2 ** 20
const candidateValues = 16 * 2 ** 20

/**
 * `knnAccuracy`: share of the labelled test samples whose class is that of most of their 5 nearest training samples (fewer
 * where there are fewer) by the Euclidean distance of codes. A tie between classes goes to the one of the nearest neighbour
 * among the tied; of equally near samples the earlier rows count, as far as rounding lets one tell among more than eight of
 * them. Every pair is compared, without approximation.
 */
export const nearestNeighbours: Measurement<'knnAccuracy'> = {
  weight: 11,
  async measure({ codes }, report) {
    if (!codes) return { knnAccuracy: null }
    const { train, test } = codes
    const nearest = new NearestList(test.count, Math.min(neighbourCount, train.count))
    let centre: Tensor1D | undefined
    try {
      await train.forEach(async ({ start, codes: block }) => {
        // Distances do not change when all codes are shifted, and near the origin their squares lose the fewest digits.
        const origin = (centre ??= tf.tidy(() => block.mean(0) as Tensor1D))
        const known = references(block, origin)
        try {
          await test.forEach(async ({ start: first, codes: queries }) => {
            const count = queries.shape[0]
            const step = queriesAtOnce(block)
            for (let from = 0; from < count; from += step) {
              search(known, queries.slice([from, 0], [Math.min(step, count - from), -1]), origin, first + from, start, nearest)
              await report((start + block.shape[0] * (first + from) / test.count) / train.count)
            }
          })
        } finally {
          known.points.dispose()
          known.scored.dispose()
        }
      })
    } finally {
      centre?.dispose()
    }
    return { knnAccuracy: share(test.labels, (query) => nearest.vote(query, train.labels, codes)) }
  },
}

function queriesAtOnce({ shape: [references, codeSize] }: Tensor2D): number {
  return Math.max(1, Math.floor(Math.min(scoreValues / references, candidateValues / ((neighbourCount + spare) * codeSize))))
}

/** `points`: centred codes [n, Z]; `scored`: the same with -|c|^2 / 2 as a last column, so that a product with [q, 1] ranks by distance. */
interface References { points: Tensor2D; scored: Tensor2D }

function references(block: Tensor2D, origin: Tensor1D): References {
  return tf.tidy(() => {
    const points: Tensor2D = block.sub(origin)
    return { points, scored: tf.concat([points, points.square().sum(1, true).mul(-0.5) as Tensor2D], 1) }
  })
}

/** Enters into `nearest` what of one block of references is near to some queries. Disposes of the queries. */
function search(
  { points, scored }: References, queries: Tensor2D, origin: Tensor1D, firstQuery: number, firstReference: number, nearest: NearestList,
): void {
  const count = Math.min(neighbourCount + spare, points.shape[0])
  const [indices, distances] = tf.tidy(() => {
    const centred: Tensor2D = queries.sub(origin)
    const scores = tf.matMul(tf.concat([centred, tf.ones([centred.shape[0], 1]) as Tensor2D], 1), scored, false, true)
    const candidates = tf.topk(scores, count).indices
    const exact = tf.gather(points, candidates.flatten()).reshape([centred.shape[0], count, -1])
    return [candidates, tf.squaredDifference(exact, centred.expandDims(1)).sum(2)] as const
  })
  const found = { indices: indices.dataSync(), distances: distances.dataSync() }
  for (const tensor of [indices, distances, queries]) tensor.dispose()
  for (let i = 0; i < found.indices.length; i++) {
    nearest.offer(firstQuery + Math.floor(i / count), found.distances[i]!, firstReference + found.indices[i]!)
  }
}

/** The nearest references of every query, nearest first; equal distances by index. */
class NearestList {
  readonly #size: number
  readonly #distances: Float32Array
  readonly #references: Int32Array

  constructor(queries: number, size: number) {
    this.#size = size
    this.#distances = new Float32Array(queries * size).fill(Infinity)
    this.#references = new Int32Array(queries * size).fill(-1)
  }

  offer(query: number, distance: number, reference: number): void {
    const start = query * this.#size
    let at = start + this.#size
    while (at > start && this.#precedes(distance, reference, at - 1)) at--
    if (at === start + this.#size) return
    this.#distances.copyWithin(at + 1, at, start + this.#size - 1)
    this.#references.copyWithin(at + 1, at, start + this.#size - 1)
    this.#distances[at] = distance
    this.#references[at] = reference
  }

  #precedes(distance: number, reference: number, at: number): boolean {
    const other = this.#references[at]!
    return other < 0 || distance < this.#distances[at]! || (distance === this.#distances[at]! && reference < other)
  }

  /** The class of most of a query's neighbours; the first to be met, from the nearest on, among equals. */
  vote(query: number, labels: Int32Array, { classCount }: Codes): number {
    const votes = new Int32Array(classCount)
    const own = Array.from(this.#references.subarray(query * this.#size, (query + 1) * this.#size), (reference) => labels[reference]!)
    for (const label of own) votes[label]!++
    return own.reduce((best, label) => (votes[label]! > votes[best]! ? label : best))
  }
}

function share(labels: Int32Array, predict: (index: number) => number): number {
  return labels.reduce((hits, label, index) => hits + (predict(index) === label ? 1 : 0), 0) / labels.length
}
