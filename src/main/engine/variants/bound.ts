import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-node'
import { z } from 'zod'
import type { Config } from '../../../shared/config.ts'
import { codeLogVarianceRange, likelihoods, logVarianceRange, type Likelihood } from '../network/weights.ts'
import { isContinuous, type Facts, type Problem, type Step, type Watched } from './variant.ts'

/** What the variants that maximise a bound on log p(x) share. */

export const boundSettings = {
  decoder: z
    .enum(likelihoods)
    .default('bernoulli')
    .meta({
      title: 'Decoder',
      description:
        `p(x|z): Gaussian with learned mean and variance (its log variance is kept in [${logVarianceRange.join(', ')}]), ` +
        'Gaussian with one variance for all ' +
        'values, the mean squared error of a value, Gaussian with variance 1, or Bernoulli.',
    }),
  logVariance: z
    .enum(['clamped', 'free'])
    .default('clamped')
    .meta({
      title: 'Log variance of codes',
      description:
        `Of a code given an image: kept in [${codeLogVarianceRange.join(', ')}] in training, as it is in figures, views and exported ` +
        'files; or free in training, as it was in earlier versions, where one image far out may decide the KL term.',
    }),
  warmupEpochs: z
    .number()
    .min(0)
    .max(100_000)
    .default(0)
    .meta({ title: 'KL warm-up', description: 'Epochs in which the weight of the KL term rises linearly from 0.' }),
}
/** The setting that weighs the KL term, with its default and its words. */
export const klWeight = (value: number, words: { title: string; description: string }) =>
  z.number().min(0).max(1e6).default(value).meta(words)
/** The setting that says how many codes are drawn, with its default. */
export const samples = (value: number) =>
  z.int().min(1).max(1000).default(value).meta({ title: 'Samples', description: 'Draws of the code, of each image and step.' })

/** Their networks have linear codes (the mean) and cannot be tied; their reconstruction term is a likelihood. */
const boundNetwork = { network: { codeActivation: 'linear', tied: false }, reconstruction: 'crossEntropy' } as const

/**
 * Vector data leave [0, 1], and photographs are no draws of ink: their default likelihood is Gaussian. Pyramids learn means well
 * only with one variance: with one of their own, values that are hard to rebuild soon weigh little (bench/convolutions.md).
 */
const boundDefaults = (
  facts: Facts,
  _: number,
  convolves: boolean,
): { regularizer?: { decoder: 'gaussian' | 'sharedGaussian' } } =>
  facts.kind === 'vector' || isContinuous(facts) ? { regularizer: { decoder: convolves ? 'sharedGaussian' : 'gaussian' } } : {}

/** What is wrong with a likelihood for these data and this network; empty where nothing is. */
function checkLikelihood({ network, regularizer, data }: Config, { kind }: Facts): Problem[] {
  if (regularizer['decoder'] !== 'bernoulli') {
    return data.binarise === 'none'
      ? []
      : [
          {
            field: 'regularizer.decoder',
            message:
              'Binarised pixels are 0 or 1, where a Gaussian density has no meaning; ' +
              'set regularizer.decoder to bernoulli or data.binarise to none.',
          },
        ]
  }
  if (kind === 'vector')
    return [
      {
        field: 'regularizer.decoder',
        message: 'A Bernoulli decoder needs data in [0, 1], which this dataset is not; set regularizer.decoder to gaussian.',
      },
    ]
  if (network.outputActivation !== 'sigmoid')
    return [
      {
        field: 'network.outputActivation',
        message: 'A Bernoulli decoder gives probabilities; set network.outputActivation to sigmoid.',
      },
    ]
  return []
}

/** What a likelihood is measured on: however many are drawn, its expectation is the same. */
export const drawnCodes = 'codes drawn at random'

/** Beside the terms: the divergence of every code unit, nats, mean over the images. */
const watchedUnits = ({ network }: Config): Watched[] => [{ name: 'klPerUnit', size: network.layers.at(-1)! }]

/** What every variant with such a bound says of itself. */
export const boundVariant = {
  fixed: boundNetwork,
  defaultsFor: boundDefaults,
  check: checkLikelihood,
  likelihood: ({ decoder }: { decoder: Likelihood }) => decoder,
  prior: () => 'standardNormal' as const,
  watched: watchedUnits,
} as const

export interface Drawn {
  mean: Tensor2D
  logVariance: Tensor2D
  /** KL(q(z|x) || p(z)) of every unit of every image, [B, Z]. */
  divergence: Tensor2D
  /** [K, B, Z] */
  epsilon: Tensor
  /** The codes that were drawn, [K B, Z]. */
  z: Tensor2D
  /** log p(x|z) of each, [K B]. */
  logLikelihood: Tensor
}

interface BoundSettings {
  decoder: (typeof likelihoods)[number]
  logVariance: 'clamped' | 'free'
  warmupEpochs: number
}
type Bounded = Pick<Step<BoundSettings>, 'x' | 'network' | 'random' | 'probability' | 'settings' | 'epoch' | 'watch'>

/** Encodes a batch, draws K codes of each image, decodes them; what `watchedUnits` names is given on the way. */
export function draw({ x, network, random, probability, settings, watch }: Bounded, count: number): Drawn {
  const layers = network.encodeLayers(x)
  const heads = settings.logVariance === 'clamped' ? network.boundedHeads(layers, x) : network.codeHeads(layers, x)
  const mean = layers.at(-1)!.output,
    logVariance = heads['logVariance']!
  const divergence = probability.standardNormalDivergence(mean, logVariance)
  watch('klPerUnit', divergence.mean(0))
  const epsilon = random.normal('epsilon', [count, ...mean.shape], 1)
  const z = probability.sampled(mean, logVariance, epsilon)
  return {
    mean,
    logVariance,
    divergence,
    epsilon,
    z,
    logLikelihood: probability.logLikelihoodOf(settings.decoder, network, probability.repeated(x, count), z),
  }
}

/** The part of the KL term's weight that the warm-up leaves, a scalar in [0, 1]. */
const warmedUp = ({ epoch, settings }: Bounded): Tensor | 1 =>
  settings.warmupEpochs > 0 ? epoch.div(settings.warmupEpochs).minimum(1) : 1

/** Until when the KL term's weight rises. */
export const klWarmup = ({ warmupEpochs }: { warmupEpochs: number }) => ({
  epochs: warmupEpochs,
  field: 'regularizer.warmupEpochs',
  title: 'KL warm-up',
})

type Weighted = Step<BoundSettings & { samples: number; klWeight: number }>

/**
 * -E log p(x|z) over K draws, and the divergence in closed form, weighted (Kingma and Welling 2014, eq. 10; Higgins et al. 2017,
 * eq. 4).
 */
export function weightedBound(step: Weighted): Record<string, Scalar> {
  const { probability, settings } = step
  const { divergence, logLikelihood } = draw(step, settings.samples)
  const kl = probability.meanOf(divergence.sum(1))
  return { reconstruction: probability.meanOf(logLikelihood).neg(), kl: kl.mul(settings.klWeight).mul(warmedUp(step)) }
}
