import type { Activation, Config } from '../../../shared/config.ts'
import type { Shape } from '../../../shared/shape.ts'
import type { EncoderPass, Latent, Model } from '../evaluate/model.ts'
import { bernoulli, type Machine } from '../network/boltzmann.ts'
import type { Network } from '../network/network.ts'
import { logLikelihoodOf } from '../network/probability.ts'
import { sharedVariance } from '../network/normalisation.ts'
import { outgoingNorms } from '../network/readers.ts'
import type { Randomness } from '../network/randomness.ts'
import { logVarianceRange, type Layers, type Likelihood } from '../network/weights.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { networkOf } from '../training/objective.ts'
import { layersOfVariant, likelihoodOf, partsOfNetwork, priorOf, type Prior, type Variant } from '../variants/variant.ts'

/**
 * What a decoder's output says of the values: that they are probabilities, or means with this deviation (null: with one that the
 * decoder gives).
 */
export type Distribution = { kind: 'bernoulli'; deviation: null } | { kind: 'gaussian'; deviation: number | null }

/**
 * A trained network that is only looked into. Its operations are carried out one by one: a question takes a few of them, and
 * nothing has to be compiled first. What its functions give belongs to the caller.
 */
export class ExploredNetwork implements Model {
  readonly input: Shape
  readonly codeSize: number
  readonly config: Config
  readonly likelihood: Likelihood | null
  /** What codes can be drawn from; null where they were not trained against a prior. */
  readonly prior: Prior | null
  readonly classifies: boolean
  readonly #variant: Variant
  readonly #weights: Record<string, Float32Array>
  readonly #tensors: Record<string, ReturnType<typeof tf.tensor>>

  /** @param weights by their names; other ones among them are left out */
  constructor(variant: Variant, config: Config, input: Shape, classes: number, weights: Record<string, Float32Array>) {
    const specs = partsOfNetwork(variant, config, input, classes)
    this.input = input
    this.codeSize = config.network.layers.at(-1)!
    this.config = config
    this.likelihood = likelihoodOf(variant, config)
    this.prior = priorOf(variant, config)
    this.classifies = config.fineTuning.kind === 'classification'
    this.#variant = variant
    this.#weights = weights
    this.#tensors = Object.fromEntries(specs.map(({ name, shape }) => [name, tf.keep(tf.tensor(weights[name]!.slice(), shape))]))
  }

  /** A new one for each use: a network keeps what it normalises, and here tensors last as long as the use. */
  get #network(): Network {
    return networkOf(this.#variant, this.config, this.input, this.#tensors)
  }

  encode(inputs: Tensor2D): Tensor2D {
    return tf.tidy(() => this.#network.encode(inputs))
  }

  decode(codes: Tensor2D): Tensor2D {
    return tf.tidy(() => {
      const network = this.#network
      return network.output(network.decode(codes))
    })
  }

  reconstruct(inputs: Tensor2D): Tensor2D {
    return tf.tidy(() => {
      const network = this.#network
      return network.output(network.decode(network.encode(inputs)))
    })
  }

  encodeLayers(inputs: Tensor2D): EncoderPass {
    const network = this.#network
    const layers = network.encodeLayers(inputs)
    return { layers, code: network.codeOf(layers) }
  }

  get latent(): Latent | null {
    const { likelihood } = this
    return (
      likelihood && {
        likelihood,
        posterior: (inputs) =>
          tf.tidy(() => {
            const network = this.#network
            const layers = network.encodeLayers(inputs)
            return { mean: network.codeOf(layers), logVariance: network.boundedHeads(layers, inputs)['logVariance']! }
          }),
        logLikelihood: (inputs, codes) => tf.tidy(() => logLikelihoodOf(likelihood, this.#network, inputs, codes)),
        outgoing: () => outgoingNorms(this.config.network, this.layers, this.#weights),
      }
    )
  }

  /** The Boltzmann machine that this network is; null for others. */
  get machine(): Machine | null {
    const units = this.#variant.machine?.(this.config.regularizer as never)
    return units ? { network: this.#network, ...units } : null
  }

  /** The variant's own corruption of inputs; null where it has none. */
  get corrupt(): ((inputs: Tensor2D, random: Randomness, channels: number) => Tensor2D) | null {
    const variant = this.#variant
    if (!variant.corrupt) return null
    return (inputs, random, channels) => variant.corrupt!(inputs, random, this.config.regularizer as never, channels)
  }

  get layers(): Layers {
    return layersOfVariant(this.#variant, this.config, this.input)
  }

  /** Whether a gate closes units of the code. */
  get gated(): boolean {
    return this.#variant.gate !== undefined
  }

  get codeActivation(): Activation {
    return this.config.network.codeActivation
  }

  /** Values of a weight by its name. */
  weight(name: string): Float32Array {
    return this.#weights[name]!
  }

  /**
   * What the decoder says of the values, given a code. An autoencoder that was trained by cross-entropy gives probabilities;
   * one trained by squared error gives the mean of a normal distribution, of which the variance is what remains: the mean
   * squared error of a value.
   * @param deviation of an autoencoder's errors, measured
   */
  distribution(deviation: number): Distribution {
    const { likelihood, config } = this
    if (likelihood === 'gaussian') return { kind: 'gaussian', deviation: null }
    if (likelihood === 'fixedGaussian') return { kind: 'gaussian', deviation: 1 }
    if (likelihood === 'sharedGaussian') return { kind: 'gaussian', deviation: Math.sqrt(this.weight(sharedVariance)[0]!) }
    if (likelihood === 'bernoulli' || (config.reconstruction === 'crossEntropy' && config.network.outputActivation === 'sigmoid'))
      return { kind: 'bernoulli', deviation: null }
    return { kind: 'gaussian', deviation }
  }

  /** Decodes codes and draws from that distribution: the means and the draws. */
  drawDecoded(codes: Tensor2D, distribution: Distribution, random: Randomness): { mean: Tensor2D; drawn: Tensor2D } {
    return tf.tidy(() => {
      const network = this.#network
      const { logits, heads } = network.decodeHeads(codes)
      const mean = network.output(logits)
      if (distribution.kind === 'bernoulli') return { mean, drawn: bernoulli(mean, random.uniform('pixels', mean.shape)) }
      const deviation =
        distribution.deviation ??
        heads['logVariance']!.clipByValue(...logVarianceRange)
          .mul(0.5)
          .exp()
      return { mean, drawn: mean.add(random.normal('pixels', mean.shape, 1).mul(deviation)) as Tensor2D }
    })
  }

  close(): void {
    tf.dispose(this.#tensors)
  }
}
