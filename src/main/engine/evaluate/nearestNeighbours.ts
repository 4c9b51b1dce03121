import { neighbourCount } from '../figures/protocol.ts'
import type { Codes } from './codes.ts'
import type { Measurement } from './measurement.ts'
import { NearestList } from './nearestList.ts'
import { References, Space } from './neighbourSearch.ts'

/**
 * `knnAccuracy`: share of the labelled test samples whose class is that of most of their 5 nearest training samples (fewer
 * where there are fewer) by the Euclidean distance of codes. A tie between classes goes to the one of the nearest neighbour
 * among the tied; of equally near samples the earlier rows count, as far as rounding lets one tell. Every pair is compared,
 * without approximation.
 */
export const nearestNeighbours: Measurement<'knnAccuracy'> = {
  weight: 8,
  async measure({ codes }, report) {
    if (!codes) return { knnAccuracy: null }
    const { train, test } = codes
    const nearest = new NearestList(test.count, Math.min(neighbourCount, train.count))
    let space: Space | undefined
    try {
      await train.forEach(async ({ start, codes: block }) => {
        const references = new References(block, start, (space ??= new Space(block, 'euclidean')))
        try {
          await test.forEach(async ({ start: first, codes: queries }) => {
            const count = queries.shape[0]
            for (let from = 0; from < count; from += references.queriesAtOnce) {
              const some = queries.slice([from, 0], [Math.min(references.queriesAtOnce, count - from), -1])
              references.search(some, first + from, nearest)
              some.dispose()
              await report((start + (block.shape[0] * (first + from)) / test.count) / train.count)
            }
          })
        } finally {
          references.dispose()
        }
      })
    } finally {
      space?.dispose()
    }
    return { knnAccuracy: share(test.labels, (query) => vote(nearest.of(query), train.labels, codes)) }
  },
}

/** The class of most of the neighbours, given the nearest first; the first to be met among equals. */
function vote(neighbours: Int32Array, labels: Int32Array, { classCount }: Codes): number {
  const votes = new Int32Array(classCount)
  const neighbourLabels = Array.from(neighbours, (reference) => labels[reference]!)
  for (const label of neighbourLabels) votes[label]!++
  return neighbourLabels.reduce((best, label) => (votes[label]! > votes[best]! ? label : best))
}

function share(labels: Int32Array, predict: (index: number) => number): number {
  return labels.reduce((hits, label, index) => hits + (predict(index) === label ? 1 : 0), 0) / labels.length
}
