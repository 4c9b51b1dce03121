import type { Config } from '../../../shared/config.ts'
import { tf, type Scalar, type Tensor, type Tensor2D } from '../trace/tensorflow.ts'
import type { Randomness, Variant } from '../variants/variant.ts'
import { objectiveTerms } from './objective.ts'

/**
 * The objective's terms and the gradient of their sum with respect to every weight.
 * @param x [B, D]
 * @param corrupted used instead of the variant's own corruption of x where given, [B, D]
 */
export function lossAndGradients(
  variant: Variant, config: Config, weights: Record<string, Tensor>, x: Tensor2D, random: Randomness, corrupted: Tensor2D | null = null,
): { terms: Record<string, Tensor>; gradients: Record<string, Tensor> } {
  const names = Object.keys(weights)
  let terms: Record<string, Tensor> = {}
  const { grads } = tf.valueAndGrads((...values: Tensor[]) => {
    terms = objectiveTerms(variant, config, Object.fromEntries(names.map((name, index) => [name, values[index]!])), x, random, corrupted)
    // The gradient function tidies up what it ran; the terms are results, too.
    for (const term of Object.values(terms)) tf.keep(term)
    return terms['loss'] as Scalar
  })(names.map((name) => weights[name]!))
  return { terms, gradients: Object.fromEntries(names.map((name, index) => [name, grads[index]!])) }
}
