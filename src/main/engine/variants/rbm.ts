import { sizeOf } from '../../../shared/shape.ts'
import type { Tensor2D } from '@tensorflow/tfjs-node'
import { z } from 'zod'
import { defineVariant } from './variant.ts'

const settings = z.strictObject({
  visible: z.enum(['bernoulli', 'gaussian']).default('bernoulli').meta({
    title: 'Visible units',
    description: 'Bernoulli for data in [0, 1], which are taken as probabilities; Gaussian with variance 1 for standardised reals.',
  }),
  hidden: z
    .enum(['bernoulli', 'linear'])
    .default('bernoulli')
    .meta({ title: 'Hidden units', description: 'Bernoulli, or linear with Gaussian noise of variance 1.' }),
  steps: z
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .meta({ title: 'Gibbs steps', description: 'Steps of the chain between data and model: the k of CD-k.' }),
  persistent: z
    .boolean()
    .default(false)
    .meta({ title: 'Persistent chains', description: 'The chains go on where they were instead of beginning at the data.' }),
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .default(0.9)
    .meta({ title: 'Momentum', description: 'Part of the last update that is made again.' }),
})

/** A generative model of one layer; its encoder is E(h|v), its decoder E(v|h). */
export default defineVariant({
  id: 'rbm',
  title: 'Boltzmann machine',
  formula:
    String.raw`\Delta W\propto\operatorname{E}_{\text{data}}\,vh^{\top}-\operatorname{E}_{k\text{ steps}}` +
    String.raw`\,vh^{\top},\quad \htmlData{term=reconstruction}{\operatorname{E}\,\ell\bigl(v,\,\operatorname{E}(v\mid h)\bigr)}` +
    String.raw`,\; h\sim p(h\mid v)`,
  reference: 'Hinton 2002; Tieleman 2008 (persistent chains); Hinton 2012 (practical guide)',
  glyph: '⇅',
  terms: ['reconstruction'],
  settings,
  singleLayer: true,
  estimator: true,
  defaults: { network: { layers: [500] }, training: { learningRate: 0.05, weightDecay: 0.0001 } },
  fixed: ({ visible, hidden }) => ({
    network: {
      convolutions: [],
      tied: true,
      weightNorm: false,
      upsampling: 'transposed',
      normalisation: 'none',
      activation: 'sigmoid',
      codeActivation: hidden === 'bernoulli' ? 'sigmoid' : 'linear',
      outputActivation: visible === 'bernoulli' ? 'sigmoid' : 'linear',
    },
    reconstruction: visible === 'bernoulli' ? 'crossEntropy' : 'squaredError',
    training: { optimizer: 'momentum' },
  }),
  defaultsFor: ({ kind, rowSize }) => ({
    // At the rate of binary units real-valued ones diverge.
    ...(kind === 'vector' ? { regularizer: { visible: 'gaussian' as const }, training: { learningRate: 0.001 } } : {}),
    ...(rowSize === undefined || kind === 'vector' ? {} : { network: { layers: [Math.min(500, rowSize)] } }),
  }),
  momentum: ({ momentum }) => momentum,
  measuredOn: () => 'hidden states drawn at random',
  machine: ({ visible, hidden }) => ({ visible, hidden }),
  check({ network, regularizer: { visible } }, { kind }) {
    if (network.layers.length > 1)
      return [
        {
          field: 'network.layers',
          message:
            'A Boltzmann machine has one layer; give network.layers one number, or ' +
            'stack several by another variant with pretraining.kind set to rbm.',
        },
      ]
    if (visible === 'bernoulli' && kind === 'vector')
      return [
        {
          field: 'regularizer.visible',
          message: 'Bernoulli units need data in [0, 1], which this dataset is not; set regularizer.visible to gaussian.',
        },
      ]
    return []
  },
  warnings: ({ regularizer: { visible, hidden }, training: { learningRate } }) =>
    learningRate > 0.005 && (visible === 'gaussian' || hidden === 'linear')
      ? ['Real-valued units often diverge at this rate; try a training.learningRate of 0.001.']
      : [],
  /** Real-valued units need a rate that is smaller by one or two orders of magnitude (Hinton 2012, section 13.2). */
  asLayer({ inputActivation, activation }, { visible }) {
    const below = inputActivation === null ? visible : inputActivation === 'linear' ? ('gaussian' as const) : ('bernoulli' as const)
    const hidden = activation === 'linear' ? ('linear' as const) : ('bernoulli' as const)
    return {
      regularizer: inputActivation === null ? { hidden } : { hidden, visible: below },
      learningRateFactor: hidden === 'linear' || below === 'gaussian' ? 0.02 : 1,
    }
  },
  watched: ({ regularizer }) =>
    regularizer['visible'] === 'bernoulli' && regularizer['hidden'] === 'bernoulli' ? [{ name: 'pseudoLikelihood', size: 1 }] : [],
  state: ({ training, regularizer }, input) =>
    regularizer['persistent'] ? [{ name: 'chains', shape: [training.batchSize, sizeOf(input)], initial: 0 }] : [],
  work: ({ steps }) => ({ passes: steps - 1 }),
  objective({ x, network, random, settings: { visible, hidden, steps, persistent }, state, observe, watch, boltzmann }) {
    const machine = { network, visible, hidden }
    const { pre, output } = network.encodeLayers(x)[0]!
    const chains = state['chains'] as Tensor2D | undefined
    const model = boltzmann.gibbs(machine, persistent ? network.encode(chains!) : output, steps, random, !persistent)
    observe('chains', model.visible)
    // The gradient of this difference is the difference of the statistics, the states of the chain being constants.
    const contrast = boltzmann.freeEnergy(machine, x, pre).mean().sub(boltzmann.freeEnergy(machine, model.visible).mean())
    const logits =
      persistent || steps > 1 ? network.decode(boltzmann.sampleHidden(machine, output, random, 'hidden/data')) : model.logits
    if (visible === 'bernoulli' && hidden === 'bernoulli')
      watch('pseudoLikelihood', boltzmann.pseudoLikelihood(machine, x, random.anew ?? random))
    return { reconstruction: boltzmann.valuedAs(contrast.asScalar(), network.reconstructionTerm(logits, x)) }
  },
  afterStep: ({ observed, settings: { persistent } }) => (persistent ? { state: { chains: observed['chains']! } } : {}),
})
