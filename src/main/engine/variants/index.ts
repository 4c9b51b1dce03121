import type { VariantInfo } from '../../../shared/config.ts'
import { fieldsOf } from './settings/fields.ts'
import { variants } from './registry.ts'

export { variants, variantOf } from './registry.ts'
export { resolveConfig } from './settings/resolve.ts'

/** What a window or the command line needs to know of every variant. */
export const variantInfos = (): VariantInfo[] =>
  variants.map((variant) => ({
    id: variant.id,
    title: variant.title,
    formula: variant.formula,
    reference: variant.reference,
    glyph: variant.glyph,
    terms: variant.fit ? [...variant.terms] : [...variant.terms, 'weightDecay'],
    iterative: variant.fit === undefined,
    settings: fieldsOf(variant),
  }))
