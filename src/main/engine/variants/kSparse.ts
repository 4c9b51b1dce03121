import { counted } from '../../../shared/words.ts'
import { z } from 'zod'
import { defineVariant } from './variant.ts'

/** Only the k largest code units of each image pass, of equal ones the first, in training and afterwards; the others are 0. */
export default defineVariant({
  id: 'kSparse',
  title: 'k-sparse',
  formula:
    String.raw`\htmlData{term=reconstruction}{\operatorname{E}\,\ell\bigl(x,\,g(f_k(x))\bigr)},` +
    String.raw`\quad f_k(x)=f(x)\odot\mathbf 1\bigl[f_j(x)\text{ among the }k\text{ largest}\bigr]`,
  reference: 'Makhzani and Frey 2014, algorithm 1',
  glyph: '⋯',
  terms: ['reconstruction'],
  plans: { compared: (units) => ({ 'regularizer.k': Math.max(1, Math.round(units / 10)) }) },
  settings: z.strictObject({
    k: z.int().min(1).max(16384).default(16).meta({ title: 'k', description: 'Code units that pass, of each image.' }),
  }),
  /** A quarter of the usual code; at most half of a small one. */
  defaultsFor: (_, codeSize) => (codeSize < 32 ? { regularizer: { k: Math.ceil(codeSize / 2) } } : {}),
  check({ network, regularizer }) {
    const size = network.layers.at(-1)!
    return (regularizer['k'] as number) <= size
      ? []
      : [
          {
            field: 'regularizer.k',
            message: `The code has ${counted(size, 'unit')}; set regularizer.k to a whole number from 1 to ${size}.`,
          },
        ]
  },
  warnings: ({ network, regularizer }) =>
    regularizer['k'] === network.layers.at(-1)
      ? ['With as many as there are, all code units pass: nothing is sparse; set regularizer.k to less.']
      : [],
  gate: (code, { k }, { largest }) => code.mul(largest(code, k)),
  gateInTorch: ({ k }) => `code * (code.argsort(dim=1, descending=True, stable=True).argsort(dim=1) < ${k})`,
  objective: ({ x, network }) => ({ reconstruction: network.reconstructionTerm(network.decode(network.encode(x)), x) }),
})
