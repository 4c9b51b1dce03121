import { initialValues } from '../network/initialise.ts'
import { weightSpecs } from '../network/weights.ts'
import { tf, type Tensor, type Tensor2D } from '../trace/tensorflow.ts'
import type { Batch, ModelSpec, State } from './compiled.ts'
import { lossAndGradients } from './gradients.ts'
import { termNames } from './objective.ts'
import { clipPlain, optimizers } from './optimizers.ts'
import { randomness } from './randomness.ts'

/**
 * The reference of the compiled model: the same objective and the same update, executed operation by operation by tfjs, with tfjs's
 * tensors and gradients and without any graph. Slow; for tests and benchmarks.
 */
export class PlainModel {
  readonly terms: readonly string[]
  readonly #spec: ModelSpec
  /** [weight, ...slots] by the weight's name. */
  #values: Map<string, Tensor[]>

  constructor(spec: ModelSpec, seed: number) {
    this.#spec = spec
    this.terms = termNames(spec.variant, spec.config)
    const { slots } = optimizers[spec.config.training.optimizer]
    this.#values = new Map(weightSpecs(spec.config.network, spec.inputSize).map((weight) =>
      [weight.name, [tf.tensor(initialValues(weight, seed), weight.shape), ...slots.map(() => tf.zeros(weight.shape))]]))
  }

  /** As the compiled model's `step`. */
  step(batch: Batch, seed: number, step: number, learningRate: number): Float32Array {
    const { variant, config, inputSize } = this.#spec
    const optimizer = optimizers[config.training.optimizer]
    tf.engine().startScope('step')
    try {
      const rows = tf.tensor2d(Float32Array.from(batch), [batch.length / inputSize, inputSize])
      const x = (batch instanceof Uint8Array ? rows.div(255) : rows) as Tensor2D
      const weights = Object.fromEntries([...this.#values].map(([name, [weight]]) => [name, weight!]))
      const { terms, gradients } = lossAndGradients(variant, config, weights, x, randomness(tf.tensor1d([seed, step], 'int32')))
      const raw = Object.values(gradients)
      const clipped = config.training.clipNorm > 0 ? clipPlain(raw, config.training.clipNorm) : raw
      const before = [...this.#values.values()].flat()
      this.#values = new Map([...this.#values].map(([name, values], index) =>
        [name, optimizer.plain(values, optimizer.rate(learningRate, step), clipped[index]!).map((value) => tf.keep(value))]))
      tf.dispose(before)
      const result = Float32Array.from(this.terms, (name) => terms[name]!.dataSync()[0]!)
      tf.dispose(terms)
      return result
    } finally {
      tf.engine().endScope()
    }
  }

  /** Copies of the weights. */
  weights(): State {
    return Object.fromEntries([...this.#values].map(([name, [weight]]) => [name, weight!.dataSync().slice() as Float32Array]))
  }
}
