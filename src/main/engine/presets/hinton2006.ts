import { mnist, type Preset, type PresetRun } from './preset.ts'

const caption = 'Science 313, p. 504, caption of Fig. 2B'
const code = 30
const network = { layers: [1000, 500, 250, code], activation: 'sigmoid', codeActivation: 'linear', outputActivation: 'sigmoid' }

const deep = (settings: PresetRun['settings']): PresetRun => ({
  id: 'deep',
  title: '784-1000-500-250-30, pretrained',
  variant: 'classical',
  seed: 1,
  settings,
  references: [
    {
      figure: 'squaredError',
      value: 3.0,
      text: '3.00',
      says: 'Average squared error of the 30-dimensional deep autoencoder.',
      where: caption,
    },
  ],
})

/** "Logistic PCA": linear codes, logistic outputs; here with a linear encoder, trained by gradient. */
const logistic = (epochs: number): PresetRun => ({
  id: 'logistic',
  title: 'Logistic PCA, 30 components',
  variant: 'classical',
  seed: 1,
  settings: {
    network: { layers: [code], codeActivation: 'linear', outputActivation: 'sigmoid' },
    reconstruction: 'crossEntropy',
    training: { epochs, batchSize: 100, optimizer: 'adam', learningRate: 0.001 },
  },
  references: [
    {
      figure: 'squaredError',
      value: 8.01,
      text: '8.01',
      says: 'Average squared error of 30-dimensional logistic PCA.',
      where: caption,
    },
  ],
})

const pca: PresetRun = {
  id: 'pca',
  title: 'PCA, 30 components',
  variant: 'pca',
  seed: 1,
  settings: { network: { layers: [code] } },
  references: [
    { figure: 'squaredError', value: 13.87, text: '13.87', says: 'Average squared error of 30-dimensional PCA.', where: caption },
  ],
}

export default {
  id: 'hinton2006',
  title: 'Deep autoencoder of digits',
  cite: 'Hinton and Salakhutdinov 2006',
  reference: 'Hinton and Salakhutdinov 2006, Reducing the dimensionality of data with neural networks, Science 313',
  summary:
    'Four layers pretrained as restricted Boltzmann machines, unrolled and fine-tuned: ' +
    '30 numbers a digit keep far more of it than 30 principal components do.',
  dataset: mnist,
  forms: {
    quick: {
      note:
        'The quick form pretrains each layer for 5 epochs and fine-tunes for 12 with Adam; the paper pretrains for 50 ' +
        'and fine-tunes for 200 with conjugate gradients. A tenth of the training images is kept for validation.',
      seconds: 360,
      runs: [
        deep({
          network,
          reconstruction: 'crossEntropy',
          pretraining: { kind: 'rbm', epochs: 5 },
          fineTuning: { kind: 'reconstruction' },
          training: { epochs: 12, optimizer: 'adam', learningRate: 0.001, weightDecay: 0 },
        }),
        logistic(12),
        pca,
      ],
    },
    paper: {
      note:
        'Epochs, batches, rate, momentum and weight decay of pretraining are those of the paper and its ' +
        'code, but for the momentum of the first 5 epochs (0.5 there) and the rate of the linear layer ' +
        '(0.001 there, 0.002 here). Fine-tuning is by Adam along a cosine, where the paper has conjugate ' +
        'gradients on batches of 1,000. A tenth of the training images is kept for validation.',
      seconds: 4200,
      runs: [
        deep({
          network,
          reconstruction: 'crossEntropy',
          // A decay of 0.0002 on the update is one of 0.0001 on the sum of squared weights.
          pretraining: {
            kind: 'rbm',
            epochs: 50,
            batchSize: 100,
            learningRate: 0.1,
            weightDecay: 0.0001,
            regularizer: { momentum: 0.9 },
          },
          fineTuning: { kind: 'reconstruction' },
          training: { epochs: 200, batchSize: 100, optimizer: 'adam', learningRate: 0.001, schedule: 'cosine' },
        }),
        logistic(100),
        pca,
      ],
    },
  },
} satisfies Preset
