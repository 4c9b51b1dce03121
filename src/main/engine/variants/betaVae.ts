import { z } from 'zod'
import { boundSettings, boundVariant, drawnCodes, klWarmup, klWeight, samples, weightedBound } from './bound.ts'
import { defineVariant } from './variant.ts'

/** The variational autoencoder with a heavier divergence. */
export default defineVariant({
  id: 'betaVae',
  title: 'β-VAE',
  formula:
    String.raw`\htmlData{term=reconstruction}{-\operatorname{E}_{q(z|x)}\log p(x|z)}+\htmlData{term=kl}{\beta` +
    String.raw`\,\mathrm{KL}\bigl(q(z|x)\,\Vert\,p(z)\bigr)}`,
  reference: 'Higgins et al. 2017, eq. 4',
  glyph: '≋',
  terms: ['reconstruction', 'kl'],
  settings: z.strictObject({
    klWeight: klWeight(4, {
      title: 'Beta',
      description: 'Weight of the KL term; above 1 the units are pressed to be independent.',
    }),
    samples: samples(1),
    ...boundSettings,
  }),
  ...boundVariant,
  warmup: klWarmup,
  measuredOn: () => drawnCodes,
  objective: weightedBound,
})
