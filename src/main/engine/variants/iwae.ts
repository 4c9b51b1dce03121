import { z } from 'zod'
import { boundSettings, boundVariant, draw, samples } from './bound.ts'
import { defineVariant } from './variant.ts'

/** A tighter bound: many draws of the code, weighted by how well they explain the image. */
export default defineVariant({
  id: 'iwae',
  title: 'Importance-weighted',
  formula:
    String.raw`\htmlData{term=reconstruction}{-\operatorname{E}\,\log\frac1K\sum_{k=1}^{K}\frac{p(x|z_k)` +
    String.raw`\,p(z_k)}{q(z_k|x)}},\quad z_k\sim q(z|x)`,
  reference: 'Burda, Grosse and Salakhutdinov 2016, eq. 8',
  glyph: '∷',
  // Likelihood and divergence stand inside one logarithm and cannot be told apart.
  terms: ['reconstruction'],
  settings: z.strictObject({ samples: samples(5), decoder: boundSettings.decoder, logVariance: boundSettings.logVariance }),
  ...boundVariant,
  // The bound itself, which rises with the number of draws.
  measuredOn: ({ samples: count }) => `${count === 1 ? 'a code' : `${count} codes`} drawn at random, the divergence included`,
  objective(step) {
    const { samples: count } = step.settings
    const drawn = draw({ ...step, settings: { ...step.settings, warmupEpochs: 0 } }, count)
    const logWeights = drawn.logLikelihood.add(step.probability.logPriorRatio(drawn))
    return {
      reconstruction: step.probability.meanOf(step.probability.logMeanExp(logWeights.reshape([count, step.x.shape[0]]))).neg(),
    }
  },
})
