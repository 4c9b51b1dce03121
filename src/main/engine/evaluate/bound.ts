import { collapseLimits } from '../../../shared/collapse.ts'
import { likelihoodImages, likelihoodSamples } from '../figures/protocol.ts'
import { logMeanExp, logPriorRatio } from '../network/probability.ts'
import type { PackedDataset } from '../data/packed.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { rankedUnits, unitStatistics, unreadUnits } from './collapse.ts'
import { draw, type Stream } from './draws.ts'
import type { Measurement, Subject } from './measurement.ts'
import type { Latent } from './model.ts'
import type { Report } from './report.ts'
import { forEachBatch, notFinite, take } from './samples.ts'

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
  weight: 6,
  async measure({ model, dataset }, report) {
    const { latent } = model
    const { test } = dataset
    if (!latent || test.length === 0)
      return {
        likelihood: latent?.likelihood ?? null,
        elbo: null,
        kl: null,
        klPerUnit: null,
        activeUnits: null,
        logLikelihood: null,
        collapse: null,
      }
    const units = await unitStatistics(latent, dataset, test, (share) => report(0.2 * share))
    const { mean, meanVariance, deviation } = units
    const outgoing = latent.outgoing()
    const ranked = rankedUnits(units, outgoing)
    const places = placesOf(ranked.units)
    const explained = (still: number): Promise<number> =>
      meanLogLikelihood(latent, dataset, { places, mean, still: ranked.units.slice(ranked.units.length - still) }, (share) =>
        report(0.2 + 0.4 * share),
      )
    const reconstruction = await explained(0)
    const kl = units.kl.reduce((total, value) => total + value, 0)
    const elbo = reconstruction - kl
    if (!Number.isFinite(elbo)) throw notFinite('likelihoods')
    // What a unit that is gone does not tell, it does not cost either.
    const klOf = (gone: readonly number[]) => gone.reduce((total, unit) => total + units.kl[unit]!, 0)
    const unread = await unreadUnits(ranked.silent, async (still) =>
      still === 0 ? elbo : (await explained(still)) - (kl - klOf(ranked.units.slice(ranked.units.length - still))),
    )
    const logLikelihood = await importanceSampled(latent, { model, dataset }, places, (share) => report(0.6 + 0.4 * share))
    return {
      likelihood: latent.likelihood,
      elbo,
      kl,
      klPerUnit: units.kl,
      logLikelihood,
      activeUnits: meanVariance.filter((variance) => variance > collapseLimits.meanVariance).length,
      collapse: {
        units: ranked.units.slice(ranked.units.length - unread).sort((a, b) => a - b),
        mean,
        meanVariance,
        deviation,
        outgoing,
      },
    }
  },
}

/**
 * E_q log p(x|z), nats, mean over the test samples, one draw of z for each. @param still units that keep to their means instead
 * of being drawn
 */
async function meanLogLikelihood(
  latent: Latent,
  dataset: PackedDataset,
  { places, mean: means, still }: { places: number[]; mean: number[]; still: readonly number[] },
  report: Report,
): Promise<number> {
  const { test } = dataset
  const drawn = tf.tensor2d([means.map((_, unit) => Number(!still.includes(unit)))])
  const constant = tf.tensor2d([means.map((value, unit) => (still.includes(unit) ? value : 0))])
  let total = 0
  try {
    await forEachBatch(dataset, test, async ({ start, size, inputs }) => {
      const { mean, logVariance } = latent.posterior(inputs)
      const z = tf.tidy(
        () =>
          mean
            .add(
              logVariance
                .mul(0.5)
                .exp()
                .mul(drawCodes('codes', size, places, start)),
            )
            .mul(drawn)
            .add(constant) as Tensor2D,
      )
      for (const value of take(latent.logLikelihood(inputs, z))) total += value
      tf.dispose([mean, logVariance, z])
      await report((start + size) / test.length)
    })
  } finally {
    tf.dispose([drawn, constant])
  }
  return total / test.length
}

/**
 * The place of each unit in their order: which of the draws it gets. So a network that lacks the last ones is measured with the
 * same draws, and the bounds of the two differ by what the units did and not by chance.
 */
function placesOf(units: readonly number[]): number[] {
  const places: number[] = []
  units.forEach((unit, place) => {
    places[unit] = place
  })
  return places
}

/**
 * Standard normal draws for the codes of so many rows, [rows, codeSize]; the generator's first numbers do not depend on how many
 * follow.
 */
const drawCodes = (stream: Stream, rows: number, places: number[], start: number): Tensor2D =>
  tf.tidy(() => draw('normal', stream, [places.length, rows], start).gather(tf.tensor1d(places, 'int32')).transpose() as Tensor2D)

async function importanceSampled(
  latent: Latent,
  { model, dataset }: Pick<Subject, 'model' | 'dataset'>,
  places: number[],
  report: (share: number) => Promise<void>,
): Promise<number | null> {
  const rows = dataset.test.subarray(0, likelihoodImages)
  let total = 0
  await forEachBatch(
    dataset,
    rows,
    async ({ start, size, inputs }) => {
      const { mean, logVariance } = latent.posterior(inputs)
      const epsilon = drawCodes('importance', likelihoodSamples * size, places, start).reshape([
        likelihoodSamples,
        size,
        model.codeSize,
      ])
      const z = tf.tidy(
        () =>
          epsilon
            .mul(logVariance.mul(0.5).exp())
            .add(mean)
            .reshape([likelihoodSamples * size, model.codeSize]) as Tensor2D,
      )
      const repeated = tf.tile(inputs, [likelihoodSamples, 1])
      const conditional = latent.logLikelihood(repeated, z)
      const estimates = tf.tidy(() =>
        logMeanExp(conditional.add(logPriorRatio({ logVariance, epsilon, z })).reshape([likelihoodSamples, size])),
      )
      tf.dispose([mean, logVariance, epsilon, z, repeated, conditional])
      for (const value of take(estimates)) total += value
      await report((start + size) / rows.length)
    },
    Math.max(1, Math.floor(rowsAtOnce / likelihoodSamples)),
  )
  const value = total / rows.length
  return Number.isFinite(value) ? value : null
}
