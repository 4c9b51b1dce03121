import type { Config } from '../../../shared/config.ts'
import { tf, type Tensor } from '../trace/tensorflow.ts'
import type { Variant } from '../variants/variant.ts'
import { objectiveOf, type Given, type Objective } from './objective.ts'

/** The objective of a step of training, and the gradient of its loss with respect to every weight. */
export function lossAndGradients(
  variant: Variant,
  config: Config,
  given: Given,
): Objective & { gradients: Record<string, Tensor> } {
  const names = Object.keys(given.weights)
  let objective: Objective = { terms: {}, observed: {}, watched: null, statistics: {} }
  const { grads } = tf.valueAndGrads((...values: Tensor[]) => {
    objective = objectiveOf(variant, config, {
      ...given,
      trains: true,
      weights: Object.fromEntries(names.map((name, index) => [name, values[index]!])),
    })
    // The gradient function tidies up what it ran; these are results, too.
    for (const value of [...[objective.terms, objective.observed, objective.statistics].flatMap(Object.values<Tensor>)])
      tf.keep(value)
    return objective.terms['loss']!
  })(names.map((name) => given.weights[name]!))
  return { ...objective, gradients: Object.fromEntries(names.map((name, index) => [name, grads[index]!])) }
}
