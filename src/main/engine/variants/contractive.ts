import { z } from 'zod'
import { defineVariant } from './variant.ts'

/** Codes that move little when the input does: the squared Frobenius norm of the encoder's Jacobian, exact at any depth, or estimated. */
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
    jacobian: z
      .enum(['exact', 'projections'])
      .default('exact')
      .meta({
        title: 'Jacobian',
        description:
          'Its squared norm exactly, by a row for each code unit, or estimated without bias from random signs of the units, ' +
          'which costs less where there are convolutions or many units.',
      }),
    projections: z
      .int()
      .min(1)
      .max(1000)
      .default(4)
      .meta({
        title: 'Projections',
        description: 'Random signs drawn for each image and step.',
        when: { key: 'regularizer.jacobian', in: ['projections'] },
      }),
  }),
  // Exactly, a pyramid is gone back through once for every code unit. Sigmoid codes above one saturate (bench/convolutions.md).
  defaultsFor: (_, codeSize, convolves) =>
    convolves
      ? {
          network: { codeActivation: 'linear' as const },
          ...(codeSize > 4 ? { regularizer: { jacobian: 'projections' as const } } : {}),
        }
      : {},
  // What is normalised by its batch depends on all images of it: one by itself has no derivative that could be kept small.
  fixed: { network: { normalisation: 'none' } },
  defaults: { network: { activation: 'sigmoid', codeActivation: 'sigmoid', tied: true } },
  // Trained for classes it contracts in pretraining only, where layers have a setting of their own.
  warnings: ({ network, fineTuning }) =>
    network.tied || network.weightNorm || fineTuning.kind === 'classification'
      ? []
      : [
          'With neither tied nor normalised weights the encoder can shrink while the decoder grows, which ' +
            'satisfies the contraction term without contracting; set network.tied or network.weightNorm.',
        ],
  work: ({ jacobian, projections }) => ({ derivatives: jacobian === 'exact' ? jacobian : projections }),
  objective({ x, network, random, settings: { lambda, jacobian, projections } }) {
    const layers = network.encodeLayers(x)
    const code = layers.at(-1)!.output
    const reconstruction = network.reconstructionTerm(network.decode(code), x)
    const norm =
      jacobian === 'projections'
        ? network.projectedJacobianNorm(layers, random.uniform('projections', [code.shape[0], projections, code.shape[1]]))
        : network.meanSquaredJacobianNorm(layers)
    return { reconstruction, contraction: norm.mul(lambda) }
  },
})
