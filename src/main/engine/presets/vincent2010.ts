import type { Settings } from '../../../shared/config.ts'
import { mnist, type Preset, type PresetRun } from './preset.ts'

const table = 'JMLR 11, table 3 (MNIST)'
interface Length {
  units: number
  pretraining: number
  epochs: number
  patience: number
}

function stack(variant: 'denoising' | 'classical', { units, pretraining, epochs, patience }: Length): Settings {
  return {
    network: { layers: [units, units, units], activation: 'sigmoid', codeActivation: 'sigmoid', outputActivation: 'sigmoid' },
    reconstruction: 'crossEntropy',
    pretraining: {
      kind: 'greedy',
      variant,
      epochs: pretraining,
      batchSize: 128,
      learningRate: 0.001,
      tied: true,
      ...(variant === 'denoising' ? { regularizer: { noise: 'masking', rate: 0.25 } } : {}),
    },
    fineTuning: { kind: 'classification', labelled: 0 },
    training: { epochs, batchSize: 128, optimizer: 'adam', learningRate: 0.001, patience },
  }
}

const runs = (length: Length): PresetRun[] => [
  {
    id: 'sdae',
    title: 'Three denoising layers',
    variant: 'denoising',
    seed: 1,
    settings: stack('denoising', length),
    references: [
      {
        figure: 'classificationError',
        value: 1.28,
        text: '1.28 ± 0.22',
        says: 'Test error of SDAE-3 with a quarter of the values masked.',
        where: table,
      },
    ],
  },
  {
    id: 'sae',
    title: 'Three classical layers',
    variant: 'classical',
    seed: 1,
    settings: stack('classical', length),
    references: [
      {
        figure: 'classificationError',
        value: 1.4,
        text: '1.40 ± 0.23',
        says: 'Test error of SAE-3, the same network of ordinary autoencoders.',
        where: table,
      },
    ],
  },
]

export default {
  id: 'vincent2010',
  title: 'Stacked denoising autoencoders',
  cite: 'Vincent et al. 2010',
  reference: 'Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010, Stacked denoising autoencoders, JMLR 11',
  summary:
    'Three layers, each pretrained to undo masking noise, then trained to classify digits: fewer errors than with ordinary autoencoders.',
  dataset: mnist,
  forms: {
    quick: {
      note:
        'The quick form has 500 units a layer, 8 epochs of pretraining each and 15 of ' +
        'classification, with Adam; the paper chooses among 1,000 to 3,000 units, up to 300 ' +
        'epochs and the rates of plain gradient descent by validation error. All labels are ' +
        'used.',
      seconds: 240,
      runs: runs({ units: 500, pretraining: 8, epochs: 15, patience: 0 }),
    },
    paper: {
      note:
        'The paper chooses units (1,000 to 3,000), epochs (up to 300 of pretraining) ' +
        'and rates of plain gradient descent by validation error; here there are 1,000 ' +
        'units a layer, 100 epochs of pretraining each, Adam and early stopping.',
      seconds: 5400,
      runs: runs({ units: 1000, pretraining: 100, epochs: 100, patience: 10 }),
    },
  },
} satisfies Preset
