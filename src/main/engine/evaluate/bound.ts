import { logMeanExp, logPriorRatio, standardNormalDivergence } from '../network/probability.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { draw } from './draws.ts'
import type { Measurement, Subject } from './measurement.ts'
import type { Latent } from './model.ts'
import { forEachBatch, notFinite, take } from './samples.ts'

/** Importance-sampled likelihoods are estimated on the first images of the test split, with so many draws of each. */
export const likelihoodImages = 1000, likelihoodSamples = 100
/** A unit whose mean varies by more than this over the images carries information (Burda, Grosse and Salakhutdinov 2016, section 4.1). */
export const activeVariance = 0.01
/** Rows of x and z in one pass of the importance sampling. */
const rowsAtOnce = 4000

type Names = 'likelihood' | 'elbo' | 'kl' | 'klPerUnit' | 'activeUnits' | 'logLikelihood'

/**
 * Bounds on log p(x) of probabilistic networks, in nats, means over the test samples; null for others.
 * - `elbo`: E_q log p(x|z) - KL, one draw of z for each sample; `kl` its second part, `klPerUnit` by code unit.
 * - `activeUnits`: code units whose mean has a variance above 0.01 over the samples.
 * - `logLikelihood`: log of the mean importance weight of 100 draws, over the first 1,000 samples (Burda et al. 2016, eq. 8).
 */
export const bound: Measurement<Names> = {
  weight: 4,
  async measure({ model, dataset }, report) {
    const { latent } = model
    const { test } = dataset
    if (!latent || test.length === 0) return { likelihood: latent?.likelihood ?? null, elbo: null, kl: null, klPerUnit: null, activeUnits: null, logLikelihood: null }
    const units = model.codeSize
    const kls = new Float64Array(units), sums = new Float64Array(units), squares = new Float64Array(units)
    let reconstruction = 0
    await forEachBatch(dataset, test, async ({ start, size, inputs }) => {
      const { mean, logVariance } = latent.posterior(inputs)
      const z = tf.tidy(() => mean.add(logVariance.mul(0.5).exp().mul(draw('normal', 'codes', mean.shape, start))) as Tensor2D)
      for (const value of take(latent.logLikelihood(inputs, z))) reconstruction += value
      const [kl, sum, square] = tf.tidy(() => [standardNormalDivergence(mean, logVariance).sum(0), mean.sum(0), mean.square().sum(0)])
      take(kl!).forEach((value, unit) => { kls[unit]! += value })
      take(sum!).forEach((value, unit) => { sums[unit]! += value })
      take(square!).forEach((value, unit) => { squares[unit]! += value })
      tf.dispose([mean, logVariance, z])
      await report((0.5 * (start + size)) / test.length)
    })
    const klPerUnit = Array.from(kls, (value) => value / test.length)
    const kl = klPerUnit.reduce((total, value) => total + value, 0)
    const elbo = reconstruction / test.length - kl
    if (!Number.isFinite(elbo)) throw notFinite('likelihoods')
    const activeUnits = squares.filter((square, unit) => square / test.length - (sums[unit]! / test.length) ** 2 > activeVariance).length
    const logLikelihood = await importanceSampled(latent, { model, dataset }, (share) => report(0.5 + 0.5 * share))
    return { likelihood: latent.likelihood, elbo, kl, klPerUnit, activeUnits, logLikelihood }
  },
}

async function importanceSampled(latent: Latent, { model, dataset }: Pick<Subject, 'model' | 'dataset'>, report: (share: number) => Promise<void>): Promise<number | null> {
  const rows = dataset.test.subarray(0, likelihoodImages)
  let total = 0
  await forEachBatch(dataset, rows, async ({ start, size, inputs }) => {
    const { mean, logVariance } = latent.posterior(inputs)
    const epsilon = draw('normal', 'importance', [likelihoodSamples * size, model.codeSize], start).reshape([likelihoodSamples, size, model.codeSize])
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
