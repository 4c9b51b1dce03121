import { collapseLimits, isPrior } from '../../../shared/collapse.ts'
import type { PackedDataset } from '../data/packed.ts'
import { standardNormalDivergence } from '../network/probability.ts'
import type { Outgoing } from '../network/readers.ts'
import { tf } from '../trace/tensorflow.ts'
import type { Latent } from './model.ts'
import type { Report } from './report.ts'
import { forEachBatch, take } from './samples.ts'

/** What q(z|x) says of every code unit over some images; each [codeSize]. */
export interface UnitStatistics {
  /** KL(q(z|x) || p(z)), nats, mean over the images. */
  kl: number[]
  /** Mean and variance over the images of the posterior's mean. */
  mean: number[]
  meanVariance: number[]
  /** The posterior's standard deviation, exp(logVariance / 2), mean over the images. */
  deviation: number[]
}

/** Measures every code unit on the given rows of a dataset, of which there must be some. */
export async function unitStatistics(latent: Latent, dataset: PackedDataset, rows: Uint32Array, report: Report): Promise<UnitStatistics> {
  const sums: Float64Array[] = []
  await forEachBatch(dataset, rows, async ({ start, size, inputs }) => {
    const { mean, logVariance } = latent.posterior(inputs)
    const parts = tf.tidy(() => [standardNormalDivergence(mean, logVariance), mean, mean.square(), logVariance.mul(0.5).exp()].map((values) => values.sum(0)))
    tf.dispose([mean, logVariance])
    for (const [index, part] of parts.entries()) {
      const values = take(part), sum = sums[index] ??= new Float64Array(values.length)
      values.forEach((value, unit) => { sum[unit]! += value })
    }
    await report((start + size) / rows.length)
  })
  const [kl, mean, squares, deviation] = sums.map((sum) => Array.from(sum, (value) => value / rows.length)) as [number[], number[], number[], number[]]
  return { kl, mean, meanVariance: squares.map((square, unit) => Math.max(0, square - mean[unit]! ** 2)), deviation }
}

/**
 * Units whose posterior is the prior and that the decoder does not read, by the limits of `collapseLimits`: of the units whose posterior is the
 * prior those with the smallest outgoing weights, as many as have together at most that share of all outgoing squares (of the initial ones
 * where these were more: when a whole code collapses, all of its weights go). Ascending.
 */
export function collapsedUnits({ kl, mean, meanVariance, deviation }: UnitStatistics, { norms, initial }: Outgoing): number[] {
  const total = norms.reduce((sum, norm) => sum + norm * norm, 0)
  let left = collapseLimits.outgoing * Math.max(total, initial)
  return kl.map((_, unit) => unit)
    .filter((unit) => isPrior({ kl: kl[unit]!, mean: mean[unit]!, meanVariance: meanVariance[unit]!, deviation: deviation[unit]! }))
    .sort((a, b) => norms[a]! - norms[b]!)
    .filter((unit) => (left -= norms[unit]! ** 2) >= 0)
    .sort((a, b) => a - b)
}
