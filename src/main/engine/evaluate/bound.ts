import { collapseLimits } from '../../../shared/collapse.ts'
import { logMeanExp, logPriorRatio } from '../network/probability.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { collapsedUnits, unitStatistics } from './collapse.ts'
import { draw, type Stream } from './draws.ts'
import type { Measurement, Subject } from './measurement.ts'
import type { Latent } from './model.ts'
import { forEachBatch, notFinite, take } from './samples.ts'

/** Importance-sampled likelihoods are estimated on the first images of the test split, with so many draws of each. */
export const likelihoodImages = 1000, likelihoodSamples = 100
/** Rows of x and z in one pass of the importance sampling. */
const rowsAtOnce = 4000

type Names = 'likelihood' | 'elbo' | 'kl' | 'klPerUnit' | 'activeUnits' | 'logLikelihood' | 'collapse'

/**
 * Bounds on log p(x) of probabilistic networks, in nats, means over the test samples; null for others.
 * - `elbo`: E_q log p(x|z) - KL, one draw of z for each sample; `kl` its second part, `klPerUnit` by code unit.
 * - `activeUnits`: code units whose mean has a variance above 0.01 over the samples (Burda, Grosse and Salakhutdinov 2016, section 4.1).
 * - `logLikelihood`: log of the mean importance weight of 100 draws, over the first 1,000 samples (Burda et al. 2016, eq. 8).
 * - `collapse`: the collapsed code units and what they are known by (see `collapseLimits`).
 */
export const bound: Measurement<Names> = {
  weight: 5,
  async measure({ model, dataset }, report) {
    const { latent } = model
    const { test } = dataset
    if (!latent || test.length === 0) return { likelihood: latent?.likelihood ?? null, elbo: null, kl: null, klPerUnit: null, activeUnits: null, logLikelihood: null, collapse: null }
    const units = await unitStatistics(latent, dataset, test, (share) => report(0.2 * share))
    const order = drawingOrder(units.kl)
    let reconstruction = 0
    await forEachBatch(dataset, test, async ({ start, size, inputs }) => {
      const { mean, logVariance } = latent.posterior(inputs)
      const z = tf.tidy(() => mean.add(logVariance.mul(0.5).exp().mul(drawCodes('codes', size, order, start))) as Tensor2D)
      for (const value of take(latent.logLikelihood(inputs, z))) reconstruction += value
      tf.dispose([mean, logVariance, z])
      await report(0.2 + (0.4 * (start + size)) / test.length)
    })
    const kl = units.kl.reduce((total, value) => total + value, 0)
    const elbo = reconstruction / test.length - kl
    if (!Number.isFinite(elbo)) throw notFinite('likelihoods')
    const logLikelihood = await importanceSampled(latent, { model, dataset }, order, (share) => report(0.6 + 0.4 * share))
    const outgoing = latent.outgoing()
    const { mean, meanVariance, deviation } = units
    return {
      likelihood: latent.likelihood, elbo, kl, klPerUnit: units.kl, logLikelihood,
      activeUnits: meanVariance.filter((variance) => variance > collapseLimits.meanVariance).length,
      collapse: { units: collapsedUnits(units, outgoing), mean, meanVariance, deviation, outgoing: outgoing.norms },
    }
  },
}

/**
 * Which of the draws each code unit gets: the unit with the largest KL the first, and so on. So a network that lacks another's collapsed units is
 * measured with the other's draws, and their bounds differ by what the units did and not by chance.
 */
function drawingOrder(kl: readonly number[]): number[] {
  const rank: number[] = []
  kl.map((_, unit) => unit).sort((a, b) => kl[b]! - kl[a]!).forEach((unit, place) => { rank[unit] = place })
  return rank
}

/** Standard normal draws for the codes of so many rows, [rows, codeSize]; the generator's first numbers do not depend on how many follow. */
const drawCodes = (stream: Stream, rows: number, order: number[], start: number): Tensor2D =>
  tf.tidy(() => draw('normal', stream, [order.length, rows], start).gather(tf.tensor1d(order, 'int32')).transpose() as Tensor2D)

async function importanceSampled(latent: Latent, { model, dataset }: Pick<Subject, 'model' | 'dataset'>, order: number[], report: (share: number) => Promise<void>): Promise<number | null> {
  const rows = dataset.test.subarray(0, likelihoodImages)
  let total = 0
  await forEachBatch(dataset, rows, async ({ start, size, inputs }) => {
    const { mean, logVariance } = latent.posterior(inputs)
    const epsilon = drawCodes('importance', likelihoodSamples * size, order, start).reshape([likelihoodSamples, size, model.codeSize])
    const z = tf.tidy(() => epsilon.mul(logVariance.mul(0.5).exp()).add(mean).reshape([likelihoodSamples * size, model.codeSize]) as Tensor2D)
    const repeated = tf.tile(inputs, [likelihoodSamples, 1])
    const conditional = latent.logLikelihood(repeated, z)
    const estimates = tf.tidy(() => logMeanExp(conditional.add(logPriorRatio({ logVariance, epsilon, z })).reshape([likelihoodSamples, size])))
    tf.dispose([mean, logVariance, epsilon, z, repeated, conditional])
    for (const value of take(estimates)) total += value
    await report((start + size) / rows.length)
  }, Math.max(1, Math.floor(rowsAtOnce / likelihoodSamples)))
  const value = total / rows.length
  return Number.isFinite(value) ? value : null
}
