import { z } from 'zod'
import { defineVariant } from './variant.ts'

/** Code units are dropped at random in training; those kept are scaled up, so that nothing changes afterwards. */
export default defineVariant({
  id: 'dropout',
  title: 'Dropout',
  formula:
    String.raw`\htmlData{term=reconstruction}{\operatorname{E}\,\ell\Bigl(x,\,g\bigl(\tfrac{m\odot f(x)}{1-p}` +
    String.raw`\bigr)\Bigr)},\quad m_j\sim\mathrm{Bernoulli}(1-p)`,
  reference: 'Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, section 4 (scaled in training)',
  glyph: '◍',
  terms: ['reconstruction'],
  settings: z.strictObject({
    rate: z.number().min(0).lt(1).default(0.2).meta({ title: 'Rate', description: 'Probability that a code unit is dropped.' }),
  }),
  measuredOn: ({ rate }) => (rate === 0 ? null : `codes with ${Number((100 * rate).toPrecision(3))}% of their units dropped`),
  objective({ x, network, random, settings: { rate } }) {
    const code = network.encode(x)
    const kept = code.mul(random.keep('dropoutMask', code.shape, rate)).div(1 - rate)
    return { reconstruction: network.reconstructionTerm(network.decode(kept.as2D(...code.shape)), x) }
  },
})
