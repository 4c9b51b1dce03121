import { mnist, modelRun, type Preset, type PresetRun, type Reference } from './preset.ts'

const table = 'ICLR 2016, table 1 (MNIST, one stochastic layer)'

interface Model {
  id: string
  title: string
  variant: 'variational' | 'iwae'
  samples: number
  likelihood: number
  active: number
}
const models: Model[] = [
  { id: 'vae', title: 'VAE', variant: 'variational', samples: 1, likelihood: 86.76, active: 19 },
  { id: 'iwae', title: 'IWAE, 50 samples', variant: 'iwae', samples: 50, likelihood: 84.78, active: 25 },
]

const references = ({ likelihood, active }: Model): Reference[] => [
  {
    figure: 'negativeLogLikelihood',
    value: likelihood,
    text: likelihood.toFixed(2),
    says: 'Negative log likelihood of the test images, importance-sampled with 5,000 draws each.',
    where: table,
  },
  {
    figure: 'activeUnits',
    value: active,
    text: String(active),
    says: 'Code units whose mean varies by more than 0.01 over the images.',
    where: table,
  },
]

const runs = (training: Record<string, unknown>): PresetRun[] =>
  models.map((model) =>
    modelRun(
      model,
      {
        network: { layers: [200, 200, 50], activation: 'tanh', outputActivation: 'sigmoid' },
        data: { binarise: 'dynamic' },
        regularizer: { samples: model.samples, decoder: 'bernoulli' },
        training: { optimizer: 'adam', learningRate: 0.001, ...training },
      },
      references(model),
    ),
  )

const measured =
  'Likelihoods are measured here with 100 draws of 1,000 images, which makes them a little worse than 5,000 draws would.'

export default {
  id: 'burda2015',
  title: 'Importance-weighted autoencoders',
  cite: 'Burda et al. 2015',
  reference: 'Burda, Grosse and Salakhutdinov 2015, Importance weighted autoencoders, ICLR 2016',
  summary: 'A tighter bound from many draws of the code: better likelihoods of binarised digits, and more of the code in use.',
  dataset: mnist,
  forms: {
    quick: {
      note: `The quick form trains 10 epochs; the paper trains 3,280, while the rate falls from 0.001 to 0.0001. ${measured}`,
      seconds: 540,
      runs: runs({ epochs: 10, batchSize: 20 }),
    },
    paper: {
      note:
        'The rate falls along a cosine, where the paper lowers it from 0.001 ' +
        `to 0.0001 in eight stages of 1, 3, 9, ... epochs. ${measured}`,
      seconds: 180_000,
      runs: runs({ epochs: 3280, batchSize: 20, schedule: 'cosine' }),
    },
  },
} satisfies Preset
