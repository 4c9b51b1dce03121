import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-node'
import { z } from 'zod'
import type { TrainingConfig } from '../../../shared/config.ts'
import { trainingRows, validatedTogether, validationRows } from '../../../shared/split.ts'
import { counted } from '../../../shared/words.ts'
import { codeSizeOf } from '../network/weights.ts'
import { checkRho, decay, decayWarnings, rho } from './sparsity.ts'
import { defineVariant, type Facts } from './variant.ts'

const settings = z.strictObject({
  rho: rho(0.05),
  beta: z.number().min(0).max(1e6).default(5).meta({ title: 'Beta', description: 'Strength of the sparsity term.' }),
  estimate: z.enum(['batch', 'running', 'dataset']).default('batch').meta({
    title: 'Estimate',
    description: 'Of the mean activation: of this batch, a running mean, or of the whole training set, refreshed now and then.',
  }),
  decay: decay.meta({
    title: 'Decay',
    description: 'Weight of the past in the running mean of activations.',
    when: { key: 'regularizer.estimate', in: ['running'] },
  }),
  refresh: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10)
    .meta({
      title: 'Refresh',
      description: 'Steps between two passes over the training set.',
      when: { key: 'regularizer.estimate', in: ['dataset'] },
    }),
})

/** Mean activations are kept away from 0 and 1, where the divergence has no finite value. */
const least = 1e-6

/** sum_j KL(rho || rhoHat_j) of Bernoulli variables, in nats; logarithms of quotients, so that it is 0 where they are equal. */
function divergence(rho: number, rhoHat: Tensor): Scalar {
  const active = rhoHat.reciprocal().mul(rho).log().mul(rho)
  const inactive = rhoHat
    .neg()
    .add(1)
    .reciprocal()
    .mul(1 - rho)
    .log()
    .mul(1 - rho)
  return active.add(inactive).sum() as Scalar
}

/** Batches that are smaller scatter so much that the value of the term tells more of them than of the code. */
const fewTogether = 100

/** What each estimate makes of the two curves of the term, and when one of them is never made anew. */
function estimateWarnings(
  { estimate, decay, refresh }: z.infer<typeof settings>,
  { batchSize, epochs }: TrainingConfig,
  { trainCount, validationCount }: Facts,
): string[] {
  if (estimate === 'running') return decayWarnings(decay)
  if (trainCount === undefined) return []
  const steps = epochs * Math.floor(trainingRows({ trainCount, validationCount }) / batchSize)
  if (estimate === 'dataset')
    return refresh < steps
      ? []
      : [
          `The mean over the training set is measured every ${counted(refresh, 'step')}, and training has ${counted(steps, 'step')}: ` +
            'it stays what it was before the first one; set regularizer.refresh to less.',
        ]
  const judged = Math.min(validatedTogether(batchSize), validationRows({ trainCount, validationCount }))
  return batchSize >= fewTogether || judged < 2 * batchSize
    ? []
    : [
        `The sparsity of training is one of ${counted(batchSize, 'image')} at a time and that of validation one of up to ` +
          `${judged}: means of fewer scatter more, which alone makes their divergence larger, so the two curves are not to be compared.`,
      ]
}

/** Sigmoid codes begin at one half and have far to go; at half this rate they are still on their way after ten epochs of MNIST. */
const learningRate = { 'training.learningRate': 0.002 }

/** Code units whose mean activation is held near rho by a divergence. */
export default defineVariant({
  id: 'sparseKl',
  title: 'Sparse by KL',
  formula:
    String.raw`\htmlData{term=reconstruction}{\operatorname{E}\,\ell\bigl(x,\,g(f(x))\bigr)}+` +
    String.raw`\htmlData{term=sparsity}{\beta\sum_j \mathrm{KL}\bigl(\rho\,\Vert\,\hat\rho_j\bigr)}`,
  reference: 'Ng 2011 (CS294A lecture notes, section 3)',
  glyph: '▲',
  terms: ['reconstruction', 'sparsity'],
  plans: {
    compared: () => learningRate,
    sweeps: [
      {
        id: 'rho',
        title: 'Target activation',
        description: 'Rho of the sparse autoencoder: how seldom a unit is to be active.',
        sweep: { 'regularizer.rho': [0.01, 0.02, 0.05, 0.1, 0.2] },
        settings: learningRate,
      },
      {
        id: 'beta',
        title: 'Strength of sparsity',
        description: 'Beta of the sparse autoencoder at one target activation.',
        sweep: { 'regularizer.beta': { from: 0.1, to: 10, count: 5, scale: 'log' } },
        settings: learningRate,
      },
    ],
  },
  settings,
  // Pyramids are trained in small batches, whose own means say little.
  defaultsFor: (_, __, convolves) => (convolves ? { regularizer: { estimate: 'running' as const } } : {}),
  defaults: { network: { activation: 'sigmoid' }, training: { learningRate: learningRate['training.learningRate'] } },
  fixed: { network: { codeActivation: 'sigmoid' } },
  check: (config) => checkRho(config, 'sigmoid'),
  warnings: ({ training, regularizer, fineTuning }, facts) =>
    fineTuning.kind === 'classification' ? [] : estimateWarnings(settings.parse(regularizer), training, facts),
  ofBatches: ({ estimate }) => (estimate === 'batch' ? ['sparsity'] : []),
  state: ({ network, regularizer }, input) =>
    regularizer['estimate'] === 'batch'
      ? []
      : [{ name: 'rhoHat', shape: [codeSizeOf(network, input)], initial: regularizer['rho'] as number }],
  objective({ x, network, state, settings: { rho, beta, estimate }, observe, withGradient }) {
    const code = network.encode(x)
    const reconstruction = network.reconstructionTerm(network.decode(code), x)
    const batchMean = code.mean<Tensor1D>(0)
    if (estimate === 'batch')
      return { reconstruction, sparsity: divergence(rho, batchMean.clipByValue(least, 1 - least)).mul(beta) }
    observe('meanCode', batchMean)
    // The value is that of the estimate; the gradient is the divergence's at the estimate, carried by this batch's mean.
    const rhoHat = state['rhoHat']!.clipByValue(least, 1 - least)
    const slope = rhoHat
      .reciprocal()
      .mul(-rho)
      .add(
        rhoHat
          .neg()
          .add(1)
          .reciprocal()
          .mul(1 - rho),
      )
    return { reconstruction, sparsity: withGradient(batchMean, divergence(rho, rhoHat).mul(beta), slope.mul(beta)) }
  },
  afterStep({ state, observed, settings: { estimate, decay } }) {
    return estimate === 'running'
      ? { state: { rhoHat: state['rhoHat']!.mul(decay).add(observed['meanCode']!.mul(1 - decay)) } }
      : {}
  },
  trainingMean: ({ estimate, refresh }) => (estimate === 'dataset' ? { state: 'rhoHat', every: refresh } : null),
})
