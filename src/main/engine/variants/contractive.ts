import { z } from 'zod'
import { defineVariant } from './variant.ts'

/** Codes that move little when the input does: the squared Frobenius norm of the encoder's Jacobian, exact at any depth. */
export default defineVariant({
  id: 'contractive',
  title: 'Contractive',
  formula:
    String.raw`\htmlData{term=reconstruction}{\operatorname{E}\,\ell\bigl(x,\,g(f(x))\bigr)}+` +
    String.raw`\htmlData{term=contraction}{\lambda\,\operatorname{E}\left\lVert\frac{\partial f}{\partial x}\right\rVert_F^2}`,
  reference: 'Rifai, Vincent, Muller, Glorot and Bengio 2011, eq. 4',
  glyph: '◉',
  terms: ['reconstruction', 'contraction'],
  plans: {
    studies: ['labelled'],
    sweeps: [
      {
        id: 'lambda',
        title: 'Strength of contraction',
        description: 'Lambda of the contractive autoencoder over three orders of magnitude.',
        sweep: { 'regularizer.lambda': { from: 0.01, to: 10, count: 7, scale: 'log' } },
      },
    ],
  },
  settings: z.strictObject({
    lambda: z.number().min(0).max(1e6).default(0.5).meta({ title: 'Lambda', description: 'Strength of the contraction term.' }),
  }),
  defaults: { network: { activation: 'sigmoid', codeActivation: 'sigmoid', tied: true } },
  // Trained for classes it contracts in pretraining only, where layers have a setting of their own.
  warnings: ({ network, fineTuning }) =>
    network.tied || network.weightNorm || fineTuning.kind === 'classification'
      ? []
      : [
          'With neither tied nor normalised weights the encoder can shrink while the decoder grows, which ' +
            'satisfies the contraction term without contracting; set network.tied or network.weightNorm.',
        ],
  objective({ x, network, settings: { lambda } }) {
    const layers = network.encodeLayers(x)
    return {
      reconstruction: network.reconstructionTerm(network.decode(layers.at(-1)!.output), x),
      contraction: network.meanSquaredJacobianNorm(layers).mul(lambda),
    }
  },
})
