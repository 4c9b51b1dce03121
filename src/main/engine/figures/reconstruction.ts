import { formatQuantity } from '../../../shared/quantities.ts'
import type { Metrics } from './figure.ts'
import { structuralWindow } from './protocol.ts'

const summed = 'Summed over values, mean over the test samples.'

/** How well a network rebuilds the test samples. */
export const reconstruction = {
  squaredError: {
    title: 'Squared error',
    short: 'Error',
    unit: 'per sample',
    better: 'lower',
    explanation: `Between reconstructions and test samples. ${summed}`,
    section: 'evaluation',
    goals: ['squaredError'],
  },
  // Each network's own corruption: beside the clean error, and not to be ranked among those of others.
  corruptedSquaredError: {
    title: 'Squared error, inputs corrupted as in training',
    short: 'Error, corrupted',
    unit: 'per sample',
    better: 'neither',
    explanation:
      'Against the clean samples, with the corruption at the input that the network was trained with; ' +
      'the squared error itself is of clean inputs.',
    section: 'evaluation',
  },
  meanImageSquaredError: {
    title: 'Squared error of the mean image',
    short: 'Error, mean image',
    unit: 'per sample',
    better: 'neither',
    explanation:
      'A reference: what the mean of the training samples, given for every test sample, has for a squared error. ' +
      'Who is no better has learnt nothing of what tells samples apart.',
    section: 'evaluation',
  },
  reconstructionVariance: {
    title: 'Variance of the reconstructions',
    short: 'Variance rebuilt',
    unit: '%',
    better: 'neither',
    explanation: 'Over the test samples, by the variance of these: near 0 every input gets the same reconstruction.',
    section: 'evaluation',
  },
  squaredErrorPerValue: {
    title: 'Squared error per value',
    short: 'Error per value',
    unit: '',
    better: 'lower',
    explanation: 'The squared error by the number of values of an image (pixels times channels): it compares images of any size.',
    section: 'evaluation',
    goals: ['squaredError'],
  },
  crossEntropy: {
    title: 'Cross-entropy',
    unit: 'nats per sample',
    better: 'lower',
    explanation: `Of the reconstructions, read as probabilities, with the test samples. ${summed}`,
    section: 'evaluation',
    goals: ['crossEntropy'],
  },
  psnr: {
    title: 'Peak signal-to-noise ratio',
    short: 'PSNR',
    unit: 'dB',
    better: 'higher',
    explanation: 'Of each reconstruction, for a peak of 1; mean over the test samples.',
    section: 'evaluation',
    goals: ['squaredError'],
  },
  ssim: {
    title: 'Structural similarity',
    short: 'SSIM',
    unit: '',
    better: 'higher',
    digits: 3,
    explanation:
      `Of images and their reconstructions in a Gaussian window of ${structuralWindow}×${structuralWindow} pixels (Wang et al. 2004); ` +
      '1 where they are alike. Mean over places, channels and test images.',
    section: 'evaluation',
    lacking: ({ withoutSsim }) =>
      withoutSsim && `These images have none: a side of theirs is shorter than the window of ${structuralWindow} pixels.`,
  },
  withoutSsim: { shownIn: 'the line of the structural similarity' },
  brightness: {
    section: 'evaluation',
    parts: () => [
      {
        name: 'shift',
        title: 'Brightness shift of the reconstructions',
        short: 'Brightness shift',
        unit: '',
        better: 'neither',
        explanation: 'Mean brightness of the reconstructions less that of the test images, on a scale from 0 (black) to 1 (white).',
        detail: ({ brightness }) =>
          brightness &&
          `The reconstructions have a mean of ${formatQuantity(brightness.clean)}, the images of ${formatQuantity(brightness.input)}.`,
        read: ({ clean, input }) => clean - input,
      },
    ],
  },
} as const satisfies Partial<Metrics>
