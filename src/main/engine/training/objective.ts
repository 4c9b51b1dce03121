import type { Config } from '../../../shared/config.ts'
import { Network, type Weights } from '../network/network.ts'
import type { Scalar, Tensor2D } from '../trace/tensorflow.ts'
import type { Randomness, Variant } from '../variants/variant.ts'

/** Names of what `objectiveTerms` returns, in its order: the loss, the variant's terms, weight decay where it is on. */
export const termNames = (variant: Variant, config: Config): string[] =>
  ['loss', ...variant.terms, ...(config.training.weightDecay > 0 ? ['weightDecay'] : [])]

/**
 * The objective of a variant on one batch: every term, and their sum as `loss`. The same function is recorded for training, run
 * plainly as the reference, and asked for gradients at given weights.
 * @param x [B, D]
 * @param corrupted used instead of the variant's own corruption of x where given, [B, D]
 */
export function objectiveTerms(variant: Variant, config: Config, weights: Weights, x: Tensor2D, random: Randomness, corrupted: Tensor2D | null = null): Record<string, Scalar> {
  if (!variant.objective) throw new Error(`${variant.id} has no objective`)
  const network = new Network(config.network, config.reconstruction, weights)
  const settings = config.regularizer as never
  const terms: Record<string, Scalar> = { ...variant.objective({ x, corrupted: corrupted ?? variant.corrupt?.(x, random, settings) ?? x, network, random, settings }) }
  if (config.training.weightDecay > 0) terms['weightDecay'] = network.weightDecayTerm(config.training.weightDecay)
  const loss = Object.values(terms).reduce((sum, term) => sum.add(term))
  return { loss, ...terms }
}
