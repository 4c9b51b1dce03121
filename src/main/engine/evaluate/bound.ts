import { collapseLimits } from '../../../shared/collapse.ts'
import { boundDraws, boundError, likelihoodImages, likelihoodSamples } from '../figures/protocol.ts'
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

/** Turns of draws begin so far apart in what counts as a place in the test split. */
const drawsApart = 2 ** 20

type Names = 'likelihood' | 'elbo' | 'elboError' | 'elboDraws' | 'kl' | 'klPerUnit' | 'activeUnits' | 'logLikelihood' | 'collapse'

/**
 * Bounds on log p(x) of probabilistic networks, in nats, means over the test samples; null for others.
 * - `elbo`: E_q log p(x|z) - KL; `kl` its second part, in closed form, `klPerUnit` by code unit. `elboDraws` draws of z for each
 *   sample, so many that `elboError`, the standard error that they leave, is within `boundError`.
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
        elboError: null,
        elboDraws: null,
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
    const explained = (still: number, turn = 0): Promise<Float64Array> =>
      logLikelihoods(latent, dataset, { places, mean, still: ranked.units.slice(ranked.units.length - still), turn }, (share) =>
        report(0.2 + 0.4 * (1 - 1 / (1 + turn + share))),
      )
    const estimate = await estimated(test.length, (turn) => explained(0, turn))
    const kl = units.kl.reduce((total, value) => total + value, 0)
    const elbo = estimate.mean - kl
    if (!Number.isFinite(elbo)) throw notFinite('likelihoods')
    // What a unit that is gone does not tell, it does not cost either.
    const klOf = (gone: readonly number[]) => gone.reduce((total, unit) => total + units.kl[unit]!, 0)
    const unread = await unreadUnits(ranked.silent, async (still) =>
      // Of the first draws of each sample: the bounds differ by the units, not by chance.
      still === 0
        ? estimate.ofFirst - kl
        : meanOf(await explained(still)) - (kl - klOf(ranked.units.slice(ranked.units.length - still))),
    )
    const logLikelihood = await importanceSampled(latent, { model, dataset }, places, (share) => report(0.6 + 0.4 * share))
    return {
      likelihood: latent.likelihood,
      elbo,
      elboError: estimate.error,
      elboDraws: estimate.draws,
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

const meanOf = (values: Float64Array): number => values.reduce((total, value) => total + value, 0) / values.length

/**
 * The mean over samples of what is drawn of each, from as many turns as `boundError` asks for.
 * @param draw one draw of every sample
 * @returns the standard error of the mean that is left by the draws, the samples being what they are, and the mean of the first turn
 */
async function estimated(
  count: number,
  draw: (turn: number) => Promise<Float64Array>,
): Promise<{ mean: number; error: number; draws: number; ofFirst: number }> {
  const fewest = Math.max(boundDraws.fewest, Math.min(boundDraws.most, Math.ceil(boundDraws.fewestInAll / count)))
  const most = Math.max(fewest, Math.min(boundDraws.most, Math.floor(boundDraws.mostInAll / count)))
  const means = new Float64Array(count),
    squares = new Float64Array(count)
  let ofFirst = Number.NaN
  for (let draws = 1; ; draws++) {
    const values = await draw(draws - 1)
    if (draws === 1) ofFirst = meanOf(values)
    values.forEach((value, at) => {
      const difference = value - means[at]!
      means[at]! += difference / draws
      squares[at]! += difference * (value - means[at]!)
    })
    const mean = meanOf(means)
    const error = draws === 1 ? Infinity : Math.sqrt((meanOf(squares) * count) / (draws - 1) / draws) / count
    const enough = error <= Math.max(boundError.nats, boundError.share * Math.abs(mean))
    if (!Number.isFinite(mean) || (draws >= fewest && (enough || draws >= most))) return { mean, error, draws, ofFirst }
  }
}

/**
 * log p(x|z) of every test sample, nats, for one draw of z from q(z|x). @param still units that keep to their means instead of
 * being drawn @param turn which draw it is
 */
async function logLikelihoods(
  latent: Latent,
  dataset: PackedDataset,
  { places, mean: means, still, turn }: { places: number[]; mean: number[]; still: readonly number[]; turn: number },
  report: Report,
): Promise<Float64Array> {
  const { test } = dataset
  const drawn = tf.tensor2d([means.map((_, unit) => Number(!still.includes(unit)))])
  const constant = tf.tensor2d([means.map((value, unit) => (still.includes(unit) ? value : 0))])
  const values = new Float64Array(test.length)
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
                .mul(drawCodes('codes', size, places, start + turn * drawsApart)),
            )
            .mul(drawn)
            .add(constant) as Tensor2D,
      )
      values.set(take(latent.logLikelihood(inputs, z)), start)
      tf.dispose([mean, logVariance, z])
      await report((start + size) / test.length)
    })
  } finally {
    tf.dispose([drawn, constant])
  }
  return values
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
