import { z } from 'zod'
import { activationRange } from '../network/activation.ts'
import { codeSizeOf } from '../network/weights.ts'
import { checkRho, decay, decayWarnings, rho } from './sparsity.ts'
import { defineVariant } from './variant.ts'

/** Sparsity without a term: after each step the biases are moved against the excess of the units' running mean activation. */
export default defineVariant({
  id: 'sparseBias',
  title: 'Sparse by bias',
  formula:
    String.raw`\htmlData{term=reconstruction}{\operatorname{E}\,\ell\bigl(x,\,g(f(x))\bigr)},\quad b_j` +
    String.raw`\leftarrow b_j-\beta\,(\hat\rho_j-\rho)`,
  reference: 'Ng 2011 (CS294A lecture notes, the earlier bias rule); Lee, Ekanadham and Ng 2008, section 2',
  glyph: '▽',
  terms: ['reconstruction'],
  plans: { compared: () => ({ 'regularizer.rho': 0.05 }) },
  settings: z.strictObject({
    rho: rho(-0.9),
    beta: z
      .number()
      .min(0)
      .max(1e6)
      .default(1)
      .meta({ title: 'Beta', description: 'How far a bias moves for a unit of excess activation.' }),
    decay,
  }),
  // A little above the inactive state.
  defaultsAt: (activation) => ({ rho: activationRange[activation][0] === 0 ? 0.05 : -0.9 }),
  // In the small batches of pyramids the mean wavers, and the biases would with it.
  defaultsFor: (_, __, convolves) => (convolves ? { regularizer: { beta: 0.1 } } : {}),
  defaults: { network: { activation: 'tanh', codeActivation: 'tanh' } },
  check: (config) => checkRho(config),
  warnings: ({ regularizer }) => decayWarnings(regularizer['decay'] as number),
  state: ({ network, regularizer }, input) => [
    { name: 'rhoHat', shape: [codeSizeOf(network, input)], initial: regularizer['rho'] as number },
  ],
  objective({ x, network, observe }) {
    const code = network.encode(x)
    observe('meanCode', code.mean(0))
    return { reconstruction: network.reconstructionTerm(network.decode(code), x) }
  },
  afterStep({ weights, state, observed, config, settings }) {
    const { layers, convolutions } = config.network
    const bias = layers.length > 0 ? `encoder/${layers.length - 1}/bias` : `encoder/conv${convolutions.length - 1}/bias`
    const rhoHat = state['rhoHat']!,
      { size } = weights[bias]!
    const excess = rhoHat.sub(settings.rho)
    // A filter has one bias for all places of its map, which moves by their mean.
    const ofBias = excess.size === size ? excess : excess.reshape([-1, size]).mean(0)
    return {
      weights: { [bias]: weights[bias]!.sub(ofBias.mul(settings.beta)) },
      state: { rhoHat: rhoHat.mul(settings.decay).add(observed['meanCode']!.mul(1 - settings.decay)) },
    }
  },
})
