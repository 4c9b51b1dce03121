import { mnist, modelRun, type Preset, type PresetRun, type Reference } from './preset.ts'

const table = 'ICML 2011, table 1 (MNIST)'

interface Model {
  id: string
  title: string
  variant: string
  pretraining: Record<string, unknown>
  error: number
  norm: number
  saturation: number
}
const models: Model[] = [
  {
    id: 'cae',
    title: 'Contractive (CAE)',
    variant: 'contractive',
    pretraining: { regularizer: { lambda: 1 } },
    error: 1.14,
    norm: 0.73,
    saturation: 86.36,
  },
  {
    id: 'daeg',
    title: 'Denoising, Gaussian (DAE-g)',
    variant: 'denoising',
    pretraining: { regularizer: { noise: 'gaussian', sigma: 0.5 } },
    error: 1.18,
    norm: 0.86,
    saturation: 17.77,
  },
  {
    id: 'aewd',
    title: 'With weight decay (AE+wd)',
    variant: 'classical',
    pretraining: { weightDecay: 0.003 },
    error: 1.68,
    norm: 5.0,
    saturation: 12.97,
  },
  { id: 'ae', title: 'Classical (AE)', variant: 'classical', pretraining: {}, error: 1.78, norm: 17.5, saturation: 49.9 },
]
const plain = models.at(-1)!

/** The published norms are in a unit of their own; as proportions of the plain autoencoder's they can be compared. */
const references = ({ id, error, norm, saturation }: Model): Reference[] => [
  { figure: 'classificationError', value: error, text: error.toFixed(2), says: 'Test error after fine-tuning.', where: table },
  ...(id === plain.id
    ? []
    : [
        {
          figure: 'pretrainedJacobian' as const,
          value: norm / plain.norm,
          text: (norm / plain.norm).toFixed(3),
          relativeTo: plain.id,
          says: `Mean norm of the encoder’s Jacobian before fine-tuning, ${norm.toFixed(2)}e-4, over that of AE, ${plain.norm}e-4.`,
          where: table,
        },
      ]),
  {
    figure: 'pretrainedSaturation',
    value: saturation,
    text: saturation.toFixed(2),
    says: 'Mean share of saturated units of the encoder.',
    where: table,
  },
]

const runs = (length: { pretraining: number; epochs: number; patience: number }): PresetRun[] =>
  models.map((model) =>
    modelRun(
      model,
      {
        network: { layers: [1000], activation: 'sigmoid', codeActivation: 'sigmoid', outputActivation: 'sigmoid' },
        reconstruction: 'crossEntropy',
        pretraining: {
          kind: 'greedy',
          variant: model.variant,
          epochs: length.pretraining,
          batchSize: 128,
          learningRate: 0.001,
          tied: true,
          ...model.pretraining,
        },
        fineTuning: { kind: 'classification', labelled: 0 },
        training: { epochs: length.epochs, batchSize: 128, optimizer: 'adam', learningRate: 0.001, patience: length.patience },
      },
      references(model),
    ),
  )

export default {
  id: 'rifai2011',
  title: 'Contractive autoencoders',
  cite: 'Rifai et al. 2011',
  reference: 'Rifai, Vincent, Muller, Glorot and Bengio 2011, Contractive auto-encoders, ICML',
  summary:
    'One layer of 1,000 tied sigmoid units, pretrained with four regularizers and then ' +
    'trained to classify digits: the more it contracts, the fewer errors it makes.',
  dataset: mnist,
  forms: {
    quick: {
      note:
        'The quick form pretrains for 10 epochs and fine-tunes for 15 with Adam; the paper ' +
        'gives no epochs and chooses the strength of every regularizer by validation error. ' +
        'Strengths here: contraction 1, Gaussian noise 0.5, weight decay 0.003.',
      seconds: 420,
      runs: runs({ pretraining: 10, epochs: 15, patience: 0 }),
    },
    paper: {
      note:
        'The paper gives no epochs and chooses the strength of every regularizer by ' +
        'validation error; here there are 100 epochs of pretraining, early stopping, ' +
        'and one strength each: contraction 1, Gaussian noise 0.5, weight decay 0.003.',
      seconds: 5400,
      runs: runs({ pretraining: 100, epochs: 100, patience: 10 }),
    },
  },
  stated: [
    { title: 'Denoising, masking (DAE-b): test error', text: '1.57%', where: table },
    { title: 'Boltzmann machine (RBM-binary): test error', text: '1.30%', where: table },
  ],
} satisfies Preset
