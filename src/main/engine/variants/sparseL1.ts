import { z } from 'zod'
import { defineVariant } from './variant.ts'

/** Sparse codes by the sum of their magnitudes. */
export default defineVariant({
  id: 'sparseL1',
  title: 'Sparse by L1',
  formula:
    String.raw`\htmlData{term=reconstruction}{\operatorname{E}\,\ell\bigl(x,\,g(f(x))\bigr)}+` +
    String.raw`\htmlData{term=sparsity}{\lambda\,\operatorname{E}\lVert f(x)\rVert_1}`,
  reference: 'Olshausen and Field 1996, eq. 2 with S(h) = |h|; Goodfellow, Bengio and Courville 2016, eq. 14.2',
  glyph: '△',
  terms: ['reconstruction', 'sparsity'],
  settings: z.strictObject({
    lambda: z.number().min(0).max(1e6).default(0.1).meta({ title: 'Lambda', description: 'Strength of the L1 norm of the code.' }),
  }),
  defaults: { network: { codeActivation: 'relu' } },
  // Above a pyramid rectified units soon are off for every image; the norm alone makes codes sparse (Olshausen and Field 1996).
  defaultsFor: (_, __, convolves) => (convolves ? { network: { codeActivation: 'linear' as const } } : {}),
  objective({ x, network, settings: { lambda } }) {
    const code = network.encode(x)
    return {
      reconstruction: network.reconstructionTerm(network.decode(code), x),
      sparsity: code
        .abs()
        .sum()
        .mul(lambda / code.shape[0]),
    }
  },
})
