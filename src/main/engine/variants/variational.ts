import { z } from 'zod'
import { boundSettings, boundVariant, drawnCodes, klWarmup, klWeight, samples, weightedBound } from './bound.ts'
import { defineVariant } from './variant.ts'

/** Codes as distributions: a bound on the data's likelihood, with a divergence that keeps codes near the prior. */
export default defineVariant({
  id: 'variational',
  title: 'Variational',
  formula:
    String.raw`\htmlData{term=reconstruction}{-\operatorname{E}_{q(z|x)}\log p(x|z)}+\htmlData{term=kl}{w\,` +
    String.raw`\mathrm{KL}\bigl(q(z|x)\,\Vert\,p(z)\bigr)}`,
  reference: 'Kingma and Welling 2014, eq. 10; Rezende, Mohamed and Wierstra 2014',
  glyph: '∿',
  terms: ['reconstruction', 'kl'],
  settings: z.strictObject({
    klWeight: klWeight(1, { title: 'KL weight', description: 'Of the KL term; 1 is the bound on log p(x).' }),
    samples: samples(1),
    ...boundSettings,
  }),
  ...boundVariant,
  warmup: klWarmup,
  measuredOn: () => drawnCodes,
  objective: weightedBound,
})
