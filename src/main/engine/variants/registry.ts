import { WorkbenchError } from '../../../shared/errors.ts'
import { suggestion } from '../suggestion.ts'
import classical from './classical.ts'
import contractive from './contractive.ts'
import denoising from './denoising.ts'
import dropout from './dropout.ts'
import kSparse from './kSparse.ts'
import pca from './pca.ts'
import rbm from './rbm.ts'
import sparseBias from './sparseBias.ts'
import sparseKl from './sparseKl.ts'
import sparseL1 from './sparseL1.ts'
import betaVae from './betaVae.ts'
import iwae from './iwae.ts'
import variational from './variational.ts'
import type { Variant } from './variant.ts'

/** The registry: one line a variant, in the order in which they are offered. */
const registered = [
  pca,
  classical,
  denoising,
  contractive,
  sparseKl,
  sparseBias,
  sparseL1,
  kSparse,
  dropout,
  rbm,
  variational,
  betaVae,
  iwae,
]

export const variants: readonly Variant[] = registered as unknown as Variant[]

/** The first one without a regularizer: what others are compared with, and what layers are unless something else is said. */
export const plainest: Variant = variants.find(({ objective, settings }) => objective && Object.keys(settings.shape).length === 0)!

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
