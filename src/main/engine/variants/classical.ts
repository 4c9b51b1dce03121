import { z } from 'zod'
import { defineVariant } from './variant.ts'

/** The plain autoencoder: reconstruct the input through the code. */
export default defineVariant({
  id: 'classical',
  title: 'Classical',
  formula: String.raw`\htmlData{term=reconstruction}{\operatorname{E}\,\ell\bigl(x,\,g(f(x))\bigr)}`,
  reference: 'Rumelhart, Hinton and Williams 1986; Bengio, Courville and Vincent 2013, eq. 11',
  glyph: '○',
  terms: ['reconstruction'],
  settings: z.strictObject({}),
  objective: ({ x, network }) => ({ reconstruction: network.reconstructionTerm(network.decode(network.encode(x)), x) }),
})
