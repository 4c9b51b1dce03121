import { z } from 'zod'
import type { Config } from '../../../shared/config.ts'
import { defineVariant, type Variant } from '../variants/variant.ts'

/** Fine-tuning for classification: -log p(label | code) by a softmax layer, through the whole encoder. */
const classification = defineVariant({
  id: 'classification',
  title: 'Classification',
  formula: String.raw`\htmlData{term=classification}{-\operatorname{E}\log p\bigl(y\mid f(x)\bigr)}`,
  reference: 'Bishop 2006, section 4.3.4',
  glyph: '≡',
  terms: ['classification'],
  settings: z.strictObject({}),
  objective: ({ x, network, labels }) => ({ classification: network.classificationTerm(network.encode(x), labels!) }),
}) as unknown as Variant

/** What the whole network is trained with in the end: the run's variant, or classification of what its encoder gives. */
export const lastVariant = (variant: Variant, { fineTuning }: Pick<Config, 'fineTuning'>): Variant =>
  fineTuning.kind === 'classification' ? { ...classification, ...(variant.gate ? { gate: variant.gate } : {}) } : variant
