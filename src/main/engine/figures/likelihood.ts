import { collapseLimits } from '../../../shared/collapse.ts'
import type { Evaluation } from '../../../shared/domain.ts'
import { thousands } from '../../../shared/words.ts'
import type { Evaluated, Metrics } from './figure.ts'
import { boundDraws, boundError, likelihoodImages, likelihoodSamples } from './protocol.ts'

export const likelihoodWords = {
  gaussian: 'a Gaussian likelihood',
  sharedGaussian: 'a Gaussian likelihood of one variance',
  fixedGaussian: 'a Gaussian likelihood of variance 1',
  bernoulli: 'a Bernoulli likelihood',
} as const

/** Likelihoods are those of probabilistic networks. */
const bounded = {
  section: 'evaluation',
  applies: ({ evaluation }: Evaluated) => Boolean(evaluation?.likelihood),
} as const

const under = ({ likelihood }: Evaluation): string | null =>
  likelihood &&
  `Under ${likelihoodWords[likelihood]}; figures under different likelihoods cannot be compared.` +
    (likelihood === 'bernoulli' ? ' It is one of pixels that are 0 or 1: of gray or colour values, this is no likelihood.' : '')

/** How likely a probabilistic network finds the test samples, and what its code says of them. */
export const likelihood = {
  likelihood: { shownIn: 'the details of the bounds' },
  elbo: {
    ...bounded,
    title: 'Bound on the log likelihood (ELBO)',
    short: 'ELBO',
    unit: 'nats per sample',
    better: 'higher',
    explanation:
      'Evidence lower bound, with as many draws of the code for each test sample as bring its standard error below ' +
      `${boundError.nats} nats or ${100 * boundError.share}% of it, at most ${thousands(boundDraws.most)} ` +
      `(${thousands(boundDraws.mostInAll)} in all).`,
    detail: under,
    yardstick: 'likelihood',
    goals: ['elbo'],
  },
  elboError: {
    ...bounded,
    title: 'Standard error of the bound',
    short: 'Error of the ELBO',
    unit: 'nats per sample',
    better: 'neither',
    explanation: 'What the draws of the code leave open of the bound (ELBO), the test samples being what they are.',
    yardstick: 'likelihood',
  },
  elboDraws: {
    ...bounded,
    title: 'Draws of the code for the bound',
    short: 'Draws',
    unit: '',
    digits: 0,
    better: 'neither',
    explanation: 'Of each test sample: as many as its standard error asks for.',
  },
  logLikelihood: {
    ...bounded,
    title: `Log likelihood (${likelihoodSamples} importance samples)`,
    short: 'Log likelihood',
    unit: 'nats per sample',
    better: 'higher',
    explanation: `Estimated with ${likelihoodSamples} draws of the code for each of up to ${thousands(likelihoodImages)} test samples.`,
    detail: under,
    yardstick: 'likelihood',
    goals: ['elbo', 'importanceBound'],
  },
  kl: {
    ...bounded,
    title: 'KL divergence of the code from the prior',
    short: 'KL',
    unit: 'nats per sample',
    better: 'neither',
    explanation: 'How much the code tells of a sample: summed over code units, mean over the test samples.',
  },
  klPerUnit: { shownIn: 'the table of the code units' },
  activeUnits: {
    ...bounded,
    title: 'Number of active code units',
    short: 'Active units',
    unit: '',
    digits: 0,
    better: 'neither',
    explanation:
      `Those whose mean has a variance above ${collapseLimits.meanVariance} over the test samples; ` +
      'the others tell nothing of them.',
    outOf: ({ klPerUnit }) => klPerUnit?.length,
  },
  collapse: { shownIn: 'the table of the code units' },
} as const satisfies Partial<Metrics>
