import { collapseLimits, isPrior } from '../../../shared/collapse.ts'
import type { PackedDataset } from '../data/packed.ts'
import { standardNormalDivergence } from '../network/probability.ts'
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
export async function unitStatistics(
  latent: Latent,
  dataset: PackedDataset,
  rows: Uint32Array,
  report: Report,
): Promise<UnitStatistics> {
  const sums: Float64Array[] = []
  await forEachBatch(dataset, rows, async ({ start, size, inputs }) => {
    const { mean, logVariance } = latent.posterior(inputs)
    const parts = tf.tidy(() =>
      [standardNormalDivergence(mean, logVariance), mean, mean.square(), logVariance.mul(0.5).exp()].map((values) => values.sum(0)),
    )
    tf.dispose([mean, logVariance])
    for (const [index, part] of parts.entries()) {
      const values = take(part),
        sum = (sums[index] ??= new Float64Array(values.length))
      values.forEach((value, unit) => {
        sum[unit]! += value
      })
    }
    await report((start + size) / rows.length)
  })
  const [kl, mean, squares, deviation] = sums.map((sum) => Array.from(sum, (value) => value / rows.length)) as [
    number[],
    number[],
    number[],
    number[],
  ]
  return { kl, mean, meanVariance: squares.map((square, unit) => Math.max(0, square - mean[unit]! ** 2)), deviation }
}

/**
 * All code units in the order in which they would go last: those that tell something, by their KL, then those whose posterior
 * is the prior, by the norms of the weights that read them. `silent` of them, from the end, are of the second kind.
 */
export function rankedUnits(
  { kl, mean, meanVariance, deviation }: UnitStatistics,
  norms: readonly number[],
): { units: number[]; silent: number } {
  const units = kl.map((_, unit) => unit)
  const isSilent = (unit: number) =>
    isPrior({ kl: kl[unit]!, mean: mean[unit]!, meanVariance: meanVariance[unit]!, deviation: deviation[unit]! })
  const used = units.filter((unit) => !isSilent(unit)).sort((a, b) => kl[b]! - kl[a]!)
  return { units: [...used, ...units.filter(isSilent).sort((a, b) => norms[b]! - norms[a]!)], silent: units.length - used.length }
}

/**
 * How many of the last units the decoder does not read: as many can go as change the bound by no more than `collapseLimits.change`, in
 * either direction, found by bisection among the `silent` last ones.
 * @param bound the bound in nats, mean over images, without so many of the last units; always of the same draws
 */
export async function unreadUnits(silent: number, bound: (still: number) => Promise<number>): Promise<number> {
  if (silent === 0) return 0
  const whole = await bound(0)
  /** So many can go, and so many cannot. */
  let can = 0,
    cannot = silent + 1
  for (let still = silent; cannot - can > 1; still = Math.floor((can + cannot) / 2)) {
    if (Math.abs((await bound(still)) - whole) <= collapseLimits.change) can = still
    else cannot = still
  }
  return can
}
