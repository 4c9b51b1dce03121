import type { Tensor2D } from '@tensorflow/tfjs-node'
import { z } from 'zod'
import { defineVariant, type Randomness } from './variant.ts'

const settings = z.strictObject({
  noise: z.enum(['masking', 'saltAndPepper', 'gaussian', 'weights']).default('masking')
    .meta({ title: 'Noise', description: 'How the input is corrupted; `weights` adds Gaussian noise to the kernels instead.' }),
  rate: z.number().min(0).max(1).default(0.3).meta({
    title: 'Rate', description: 'Probability that a pixel is corrupted.', when: { key: 'regularizer.noise', in: ['masking', 'saltAndPepper'] },
  }),
  sigma: z.number().min(0).max(100).default(0.3).meta({
    title: 'Sigma', description: 'Standard deviation of the noise.', when: { key: 'regularizer.noise', in: ['gaussian', 'weights'] },
  }),
})

/** Corrupted inputs x~ (Vincent et al. 2010, section 3.3); the identity where the noise is on the weights. */
function corrupt(x: Tensor2D, random: Randomness, { noise, rate, sigma }: z.output<typeof settings>): Tensor2D {
  if (noise === 'masking') return x.mul(random.uniform('corruption', x.shape).greaterEqual(rate).cast('float32'))
  if (noise === 'gaussian') return x.add(random.normal('corruption', x.shape, sigma))
  if (noise === 'saltAndPepper') {
    // One draw decides both: below rate/2 is pepper, from there to rate is salt.
    const draw = random.uniform('corruption', x.shape)
    const kept = draw.greaterEqual(rate).cast('float32')
    const salt = draw.greaterEqual(rate / 2).cast('float32').sub(kept)
    return x.mul(kept).add(salt)
  }
  return x
}

/** Reconstruct the clean image from a corrupted one. */
export default defineVariant({
  id: 'denoising',
  title: 'Denoising',
  formula: String.raw`\htmlData{term=reconstruction}{\operatorname{E}\,\ell\bigl(x,\,g(f(\tilde x))\bigr)},\quad \tilde x\sim q(\tilde x\mid x)`,
  reference: 'Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010, eq. 9',
  glyph: '◌',
  terms: ['reconstruction'],
  settings,
  objective({ x, corrupted, network, random, settings }) {
    const { noise, sigma } = settings
    const noisy = noise === 'weights' ? network.perturbed((name, kernel) => kernel.add(random.normal(`weights/${name}`, kernel.shape, sigma))) : network
    return { reconstruction: noisy.reconstructionTerm(noisy.decode(noisy.encode(corrupted)), x) }
  },
  corrupt,
})
