import type { Tensor2D } from '@tensorflow/tfjs-node'
import { z } from 'zod'
import { uniformOfPixels } from './pixelDraws.ts'
import type { Randomness } from '../network/randomness.ts'
import { defineVariant, type Problem } from './variant.ts'

const settings = z.strictObject({
  noise: z
    .enum(['masking', 'saltAndPepper', 'gaussian', 'weights'])
    .default('masking')
    .meta({ title: 'Noise', description: 'How the input is corrupted; `weights` adds Gaussian noise to the kernels instead.' }),
  rate: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .meta({
      title: 'Rate',
      description: 'Probability that a pixel, or a single value, is corrupted.',
      when: { key: 'regularizer.noise', in: ['masking', 'saltAndPepper'] },
    }),
  values: z
    .enum(['pixel', 'channel'])
    .default('pixel')
    .meta({
      title: 'Values',
      description: 'Of colour images: all channels of a pixel are corrupted together, or each value by itself.',
      when: { key: 'regularizer.noise', in: ['masking', 'saltAndPepper'] },
    }),
  sigma: z
    .number()
    .min(0)
    .max(100)
    .default(0.3)
    .meta({
      title: 'Sigma',
      description: 'Standard deviation of the noise.',
      when: { key: 'regularizer.noise', in: ['gaussian', 'weights'] },
    }),
  corruption: z
    .enum(['fresh', 'fixed'])
    .default('fresh')
    .meta({
      title: 'Corruption',
      description: 'Drawn anew each time an image is seen, or once for each image.',
      when: { key: 'regularizer.noise', in: ['masking', 'saltAndPepper', 'gaussian'] },
    }),
  corruptedWeight: z
    .number()
    .min(0)
    .max(1e6)
    .default(1)
    .meta({
      title: 'Corrupted weight',
      description: 'Emphasis: weight of the error on pixels that the corruption changed.',
      when: { key: 'regularizer.noise', in: ['masking', 'saltAndPepper', 'gaussian'] },
    }),
  cleanWeight: z
    .number()
    .min(0)
    .max(1e6)
    .default(1)
    .meta({
      title: 'Clean weight',
      description: 'Emphasis: weight of the error on pixels that it left as they were.',
      when: { key: 'regularizer.noise', in: ['masking', 'saltAndPepper', 'gaussian'] },
    }),
})

/** Corrupted inputs x~ (Vincent et al. 2010, section 3.3); the identity where the noise is on the weights. */
function corrupt(x: Tensor2D, draws: Randomness, chosen: z.output<typeof settings>, channels: number): Tensor2D {
  const { noise, rate, sigma, corruption, values } = chosen
  const random = corruption === 'fixed' ? draws.perImage : draws
  const drawn = () => uniformOfPixels(random, 'corruption', x.shape, values === 'pixel' ? channels : 1)
  if (noise === 'masking') return x.mul(drawn().greaterEqual(rate).cast('float32'))
  if (noise === 'gaussian') return x.add(random.normal('corruption', x.shape, sigma))
  if (noise === 'saltAndPepper') {
    // One draw decides both: below rate/2 is pepper, from there to rate is salt.
    const draw = drawn()
    const kept = draw.greaterEqual(rate).cast('float32')
    const salt = draw
      .greaterEqual(rate / 2)
      .cast('float32')
      .sub(kept)
    return x.mul(kept).add(salt)
  }
  return x
}

/** Reconstruct the clean image from a corrupted one. */
export default defineVariant({
  id: 'denoising',
  title: 'Denoising',
  formula:
    String.raw`\htmlData{term=reconstruction}{\operatorname{E}\,\ell\bigl(x,\,g(f(\tilde x))\bigr)},\quad ` +
    String.raw`\tilde x\sim q(\tilde x\mid x)`,
  reference: 'Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010, eq. 9',
  glyph: '◌',
  terms: ['reconstruction'],
  plans: {
    studies: ['codeSize', 'labelled'],
    sweeps: [
      {
        id: 'rate',
        title: 'Rate of corruption',
        description: 'How much of an image is hidden from the denoising autoencoder.',
        sweep: { 'regularizer.rate': [0.1, 0.2, 0.3, 0.5, 0.7] },
        settings: { 'regularizer.noise': 'masking' },
      },
    ],
  },
  settings,
  // Of a gray image both are the same. Convolutions take masked pixels for edges, and what they then make of clean images is far off.
  defaultsFor: ({ kind, size }, _codeSize, convolves) => ({
    regularizer: {
      ...(kind === 'vector' || size?.channels === 1 ? { values: 'channel' as const } : {}),
      ...(convolves ? { noise: 'gaussian' as const, sigma: 0.1 } : {}),
    },
  }),
  check({ regularizer: { noise, corruption, corruptedWeight, cleanWeight } }) {
    const problems: Problem[] = []
    const onInputs = 'it has no meaning with noise on the weights; leave it at its default or choose another regularizer.noise.'
    if (noise === 'weights' && corruption === 'fixed')
      problems.push({ field: 'regularizer.corruption', message: `A fixed corruption is one of inputs: ${onInputs}` })
    if (noise === 'weights' && (corruptedWeight !== 1 || cleanWeight !== 1))
      problems.push({ field: 'regularizer.corruptedWeight', message: `Emphasis weighs corrupted pixels: ${onInputs}` })
    if (corruptedWeight === 0 && cleanWeight === 0)
      problems.push({
        field: 'regularizer.corruptedWeight',
        message:
          'With both weights 0 there is nothing to learn; set regularizer.corruptedWeight or regularizer.cleanWeight above 0.',
      })
    return problems
  },
  warnings: ({ regularizer: { noise, rate }, fineTuning }) =>
    rate === 1 && (noise === 'masking' || noise === 'saltAndPepper') && fineTuning.kind !== 'classification'
      ? [
          'At a rate of 1 nothing of an image is left, and the best that can be learnt is one picture for all; ' +
            'set regularizer.rate to less.',
        ]
      : [],
  objective({ x, corrupted, network, random, settings }) {
    const { noise, sigma, corruptedWeight, cleanWeight } = settings
    const noisy =
      noise === 'weights'
        ? network.perturbed((name, kernel) => kernel.add(random.normal(`weightNoise/${name}`, kernel.shape, sigma)))
        : network
    // Vincent et al. 2010, section 4.3: what the corruption changed is weighted apart from what it left.
    const emphasis =
      corruptedWeight === 1 && cleanWeight === 1
        ? null
        : x
            .notEqual(corrupted)
            .cast('float32')
            .mul(corruptedWeight - cleanWeight)
            .add<Tensor2D>(cleanWeight)
    return { reconstruction: noisy.reconstructionTerm(noisy.decode(noisy.encode(corrupted)), x, emphasis) }
  },
  measuredOn({ noise, rate, sigma, corruption, values, corruptedWeight, cleanWeight }) {
    const drawn = noise === 'masking' || noise === 'saltAndPepper'
    if ((drawn ? rate : sigma) === 0) return null
    const fixed = corruption === 'fixed' && noise !== 'weights' ? ', the same ones each time' : ''
    const even = noise === 'weights' || (corruptedWeight === 1 && cleanWeight === 1)
    const emphasis = even ? '' : `, errors on them weighted ${corruptedWeight}, on others ${cleanWeight}`
    const share = `${Number((100 * rate).toPrecision(3))}% of their ${values === 'pixel' ? 'pixels' : 'values'}`
    if (noise === 'masking') return `inputs with ${share} masked${fixed}${emphasis}`
    if (noise === 'saltAndPepper') return `inputs with ${share} set to 0 or 1${fixed}${emphasis}`
    return noise === 'weights'
      ? `weights with Gaussian noise of ${sigma}`
      : `inputs with Gaussian noise of ${sigma}${fixed}${emphasis}`
  },
  corrupt,
})
