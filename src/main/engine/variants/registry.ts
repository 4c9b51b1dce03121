import type { z } from 'zod'
import { plainVariant } from '../../../shared/config.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { suggestion } from '../suggestion.ts'
import type { Variant } from './variant.ts'

const registered: Variant[] = []

/** Every variant, in the order in which they are offered. */
export const variants: readonly Variant[] = registered

/**
 * Makes a variant known to this process: everything else about it, from the form to the exported file, follows from what it says of
 * itself. A worker process reads the registry anew.
 * @throws Error where its id or glyph is another one's: both tell variants apart wherever they appear
 */
export function register<S extends z.ZodObject>(variant: Variant<S>): void {
  const same = registered.find(({ id, glyph }) => id === variant.id || glyph === variant.glyph)
  if (same) throw new Error(`“${variant.id}” (${variant.glyph}) has the id or the glyph of “${same.id}” (${same.glyph}).`)
  registered.push(variant as unknown as Variant)
}

// One line a variant.
register((await import('./pca.ts')).default)
register((await import('./classical.ts')).default)
register((await import('./denoising.ts')).default)
register((await import('./contractive.ts')).default)
register((await import('./sparseKl.ts')).default)
register((await import('./sparseBias.ts')).default)
register((await import('./sparseL1.ts')).default)
register((await import('./kSparse.ts')).default)
register((await import('./dropout.ts')).default)
register((await import('./rbm.ts')).default)
register((await import('./variational.ts')).default)
register((await import('./betaVae.ts')).default)
register((await import('./iwae.ts')).default)

/** The variant without a regularizer. */
export const plainest: Variant = variantOf(plainVariant)

/** Throws VARIANT_UNKNOWN. */
export function variantOf(id: string): Variant {
  const variant = variants.find((candidate) => candidate.id === id)
  if (variant) return variant
  throw new WorkbenchError(
    'VARIANT_UNKNOWN',
    `There is no variant “${id}”; ${suggestion(
      id,
      variants.map((candidate) => candidate.id),
    )}`,
    { field: 'variant' },
  )
}
