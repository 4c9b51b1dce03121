import { graySprites, modelRun, type Preset, type PresetRun } from './preset.ts'

const models = [
  { id: 'vae', title: 'VAE', variant: 'variational', regularizer: {} },
  { id: 'betaVae', title: 'β-VAE, β of 4', variant: 'betaVae', regularizer: { klWeight: 4 } },
]

const runs = (activation: string, training: Record<string, unknown>): PresetRun[] =>
  models.map(({ regularizer, ...model }) =>
    modelRun(model, {
      network: {
        convolutions: '32x4s2,32x4s2,32x4s2,32x4s2',
        layers: [256, 256, 10],
        activation,
        outputActivation: 'sigmoid',
      },
      regularizer: { ...regularizer, decoder: 'bernoulli' },
      training: { optimizer: 'adam', batchSize: 64, ...training },
    }),
  )

const departures =
  'The divergence has a constant weight, where the paper holds it at a capacity that rises; and there are 10,000 sprites ' +
  'drawn at random, where dSprites has all 737,280. The paper shows traversals of the code, and no figure that could stand here.'

export default {
  id: 'burgess2018',
  title: 'Disentangled sprites',
  cite: 'Burgess et al. 2018',
  reference: 'Burgess, Higgins, Pal, Matthey, Watters, Desjardins and Lerchner 2018, Understanding disentangling in β-VAE',
  summary:
    'Four convolutions, two dense layers and a code of 10: pressed hard enough, its units each follow one ' +
    'factor of a sprite, such as its position or its scale.',
  dataset: graySprites,
  forms: {
    quick: {
      note: `The quick form takes 20 epochs of elu units at a rate of 0.001, some 2,400 steps; the paper takes 100,000. ${departures}`,
      seconds: 360,
      runs: runs('elu', { epochs: 20, learningRate: 0.001 }),
    },
    paper: {
      note: departures,
      seconds: 18_000,
      runs: runs('relu', { epochs: 820, learningRate: 0.0005 }),
    },
  },
  stated: [
    {
      title: 'Capacity of the code, at a weight of 1,000',
      text: 'from 0.5 to 25 nats',
      where: 'arXiv 1804.03599, section 5 and appendix A; quoted from memory',
    },
  ],
} satisfies Preset
