import { WorkbenchError } from '../../../shared/errors.ts'
import classical from './classical.ts'
import denoising from './denoising.ts'
import pca from './pca.ts'
import type { Variant } from './variant.ts'

/** The registry: one line a variant, in the order in which they are offered. */
const registered = [pca, classical, denoising]

export const variants: readonly Variant[] = registered as unknown as Variant[]

/** Throws VARIANT_UNKNOWN. */
export function variantOf(id: string): Variant {
  const variant = variants.find((candidate) => candidate.id === id)
  if (variant) return variant
  const known = variants.map((candidate) => candidate.id).join(', ')
  throw new WorkbenchError('VARIANT_UNKNOWN', `There is no variant “${id}”; choose one of ${known}.`, { field: 'variant' })
}
