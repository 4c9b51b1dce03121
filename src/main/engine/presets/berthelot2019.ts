import { mnist, type Preset, type PresetRun } from './preset.ts'

const table = 'ICLR 2019 (arXiv 1807.07543), table 2; quoted from memory'

interface Model {
  id: string
  title: string
  variant: string
  settings: Record<string, unknown>
  /** Accuracy of a linear classifier by the size of the code, percent. */
  accuracy: Record<Code, string>
}
type Code = 32 | 256

const models: Model[] = [
  {
    id: 'baseline',
    title: 'Baseline',
    variant: 'classical',
    settings: { reconstruction: 'squaredError' },
    accuracy: { 32: '94.90 ± 0.14', 256: '93.94 ± 0.13' },
  },
  {
    id: 'dropout',
    title: 'Dropout',
    variant: 'dropout',
    settings: { reconstruction: 'squaredError', regularizer: { rate: 0.5 } },
    accuracy: { 32: '96.45 ± 0.42', 256: '94.50 ± 0.29' },
  },
  {
    id: 'denoising',
    title: 'Denoising',
    variant: 'denoising',
    settings: { reconstruction: 'squaredError', regularizer: { noise: 'gaussian', sigma: 1 } },
    accuracy: { 32: '96.00 ± 0.27', 256: '98.51 ± 0.04' },
  },
  {
    id: 'vae',
    title: 'VAE',
    variant: 'variational',
    settings: { regularizer: { decoder: 'bernoulli' } },
    accuracy: { 32: '96.56 ± 0.31', 256: '98.74 ± 0.14' },
  },
]

const runs = (
  codes: readonly Code[],
  network: { convolutions: string; upsampling: string },
  training: Record<string, unknown>,
): PresetRun[] =>
  codes.flatMap((code) =>
    models.map(({ id, title, variant, settings, accuracy }) => ({
      id: codes.length === 1 ? id : `${id}-${code}`,
      title: codes.length === 1 ? title : `${title}, code of ${code}`,
      variant,
      seed: 1,
      settings: {
        ...settings,
        network: { ...network, layers: [code], activation: 'elu', codeActivation: 'linear', outputActivation: 'sigmoid' },
        training: { optimizer: 'adam', batchSize: 64, ...training },
      },
      references: [
        {
          figure: 'linearProbeAccuracy' as const,
          value: Number.parseFloat(accuracy[code]),
          text: accuracy[code],
          says: 'Test accuracy of a single-layer classifier on the code.',
          where: table,
        },
      ],
    })),
  )

const departures =
  'Digits keep their 28 × 28 pixels, where the paper pads them to 32 × 32; a dense layer gives the code, where ' +
  'the paper has two convolutions; units are elu, not leaky rectifiers; the VAE’s decoder is Bernoulli; and the ' +
  'probe is fitted to the codes afterwards, where the paper trains it beside the autoencoder.'

export default {
  id: 'berthelot2019',
  title: 'A linear probe of regularizers',
  cite: 'Berthelot et al. 2019',
  reference:
    'Berthelot, Raffel, Roy and Goodfellow 2019, Understanding and improving interpolation in autoencoders via an adversarial ' +
    'regularizer, ICLR',
  summary:
    'One convolutional autoencoder with four regularizers: how much a linear classifier finds in the code says which of them ' +
    'gives the more useful representation.',
  dataset: mnist,
  forms: {
    quick: {
      note:
        'The quick form has three convolutions of stride 2, codes of 32 and 4 epochs; the paper has six of 3 × 3 with pooling ' +
        `and 16,777,216 images seen, some 311 epochs. ${departures}`,
      seconds: 300,
      runs: runs(
        [32],
        { convolutions: '16x4s2,32x4s2,64x4s2', upsampling: 'transposed' },
        { epochs: 4, learningRate: 0.001, schedule: 'cosine' },
      ),
    },
    paper: {
      note: `Strides stand for the paper’s pooling. ${departures}`,
      seconds: 130_000,
      runs: runs(
        [32, 256],
        { convolutions: '16x3,16x3s2,32x3,32x3s2,64x3,64x3s2', upsampling: 'resize' },
        { epochs: 311, learningRate: 0.0001 },
      ),
    },
  },
  stated: [
    { title: 'MNIST, code of 32: AAE, VQ-VAE, ACAI', text: '70.74%, 97.50%, 98.25%', where: table },
    { title: 'MNIST, code of 256: AAE, VQ-VAE, ACAI', text: '90.03%, 97.25%, 99.00%', where: table },
    {
      title: 'SVHN, code of 32: baseline, dropout, denoising, VAE, ACAI',
      text: '26.21%, 26.09%, 25.15%, 29.58%, 34.47%',
      where: table,
    },
    {
      title: 'SVHN, code of 256: baseline, dropout, denoising, VAE, ACAI',
      text: '22.74%, 25.12%, 77.89%, 66.30%, 85.14%',
      where: table,
    },
    {
      title: 'CIFAR-10, code of 256: baseline, dropout, denoising, VAE, ACAI',
      text: '47.92%, 40.99%, 53.78%, 47.49%, 52.77%',
      where: table,
    },
    {
      title: 'CIFAR-10, code of 1,024: baseline, dropout, denoising, VAE, ACAI',
      text: '51.62%, 49.38%, 60.65%, 51.39%, 63.99%',
      where: table,
    },
  ],
} satisfies Preset
