import { sizeOf } from '../../../shared/shape.ts'
import { initialValues } from '../network/initialise.ts'
import { weightsOf } from '../variants/variant.ts'
import { tf, type Tensor, type Tensor2D } from '../trace/tensorflow.ts'
import type { Batch, State } from './compiled.ts'
import { lossAndGradients } from './gradients.ts'
import { afterTraining, stateSpecs, termNames } from './objective.ts'
import { clipPlain, optimizerOf } from './optimizers.ts'
import { trainedOn, type ModelSpec } from './modelSpec.ts'
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
  #state: Map<string, Tensor>

  constructor(spec: ModelSpec, seed: number) {
    this.#spec = spec
    this.terms = termNames(spec.variant, spec.config)
    const { slots } = optimizerOf(spec.variant, spec.config)
    this.#values = new Map(
      weightsOf(spec.variant, spec.config, spec.input).map((weight) => [
        weight.name,
        [tf.tensor(initialValues(weight, seed), weight.shape), ...slots.map(() => tf.zeros(weight.shape))],
      ]),
    )
    this.#state = new Map(
      stateSpecs(spec.variant, spec.config, spec.input).map(({ name, shape, initial }) => [name, tf.fill(shape, initial)]),
    )
  }

  /** As the compiled model's `step`. */
  step(
    batch: Batch,
    rows: Uint32Array,
    seed: number,
    step: number,
    learningRate: number,
    epoch = afterTraining,
  ): { terms: Float32Array; norms: Record<string, number> } {
    const { variant, config, input } = this.#spec
    const optimizer = optimizerOf(variant, config)
    tf.engine().startScope('step')
    try {
      const images = tf.tensor2d(Float32Array.from(batch), [rows.length, sizeOf(input)])
      const x = (batch instanceof Uint8Array ? images.div(255) : images) as Tensor2D
      const random = randomness(tf.tensor1d([seed, step], 'int32'), tf.tensor1d(Int32Array.from(rows)))
      const given = {
        weights: this.#weights(),
        state: Object.fromEntries(this.#state),
        x: trainedOn(this.#spec, x, random),
        random,
        input,
        epoch: tf.scalar(epoch),
      }
      const { terms, gradients, observed } = lossAndGradients(variant, config, given)
      const raw = Object.values(gradients)
      const clipped = config.training.clipNorm > 0 ? clipPlain(raw, config.training.clipNorm) : raw
      const before = [...this.#values.values()].flat()
      const updated = new Map(
        [...this.#values].map(([name, values], index) => [
          name,
          optimizer.plain(values, optimizer.rate(learningRate, step), clipped[index]!),
        ]),
      )
      const norms = this.#norms(gradients, updated)
      const after = variant.afterStep?.({
        weights: Object.fromEntries([...updated].map(([name, [weight]]) => [name, weight!])),
        state: given.state,
        observed,
        config,
        settings: config.regularizer as never,
      })
      for (const [name, weight] of Object.entries(after?.weights ?? {})) updated.get(name)![0] = weight
      for (const values of updated.values()) for (const value of values) tf.keep(value)
      this.#values = updated
      tf.dispose(before)
      for (const [name, value] of Object.entries(after?.state ?? {})) {
        this.#state.get(name)!.dispose()
        // A copy: it may be what was observed, which is let go of below.
        this.#state.set(name, tf.keep(value.clone()))
      }
      const result = Float32Array.from(this.terms, (name) => terms[name]!.dataSync()[0]!)
      tf.dispose([terms, observed])
      return { terms: result, norms }
    } finally {
      tf.engine().endScope()
    }
  }

  /** Gradient norms of layers and relative sizes of the kernels' updates, by their definitions. */
  #norms(gradients: Record<string, Tensor>, updated: Map<string, Tensor[]>): Record<string, number> {
    const norm = (tensors: Tensor[]) => Math.sqrt(tensors.reduce((sum, tensor) => sum + tensor.square().sum().dataSync()[0]!, 0))
    const layers = new Set(Object.keys(gradients).map((name) => name.slice(0, name.lastIndexOf('/'))))
    return Object.fromEntries(
      [...layers].flatMap((layer) => {
        const members = Object.keys(gradients).filter((name) => name.startsWith(`${layer}/`))
        const gradient: [string, number] = [`gradient/${layer}`, norm(members.map((name) => gradients[name]!))]
        const kernel = members.find((name) => name.endsWith('/kernel'))
        if (!kernel) return [gradient]
        const [old] = this.#values.get(kernel)!,
          [next] = updated.get(kernel)!
        return [gradient, [`updateRatio/${layer}`, norm([next!.sub(old!)]) / norm([old!])] as [string, number]]
      }),
    )
  }

  #weights(): Record<string, Tensor> {
    return Object.fromEntries([...this.#values].map(([name, [weight]]) => [name, weight!]))
  }

  /** Sets one of the variant's states. */
  setState(name: string, values: Float32Array): void {
    this.#state.get(name)!.dispose()
    this.#state.set(name, tf.tensor(values.slice(), this.#state.get(name)!.shape))
  }

  /** Copies of the weights. */
  weights(): State {
    return Object.fromEntries([...this.#values].map(([name, [weight]]) => [name, weight!.dataSync().slice() as Float32Array]))
  }
}
