import type { ChannelStatistics, NetworkConfig, Reconstruction } from '../../../shared/config.ts'
import { tf, type Scalar, type Tensor, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import { meanSquaredJacobianNorm, projectedJacobianNorm, type LayerPass } from './jacobian.ts'
import { filtersIn, type Layer, type Normalised } from './layer.ts'
import { epsilon, leastVariance } from './normalisation.ts'
import * as operations from './operations.ts'
import { classifierOf, codeLogVarianceRange, type Layers } from './weights.ts'

const { activate, crossEntropyOfClasses, probabilitiesOf, reconstructionTerm, sumOfSquares } = operations

export type Weights = Record<string, Tensor>

/** What makes one network different from another, beside its weights. */
export interface NetworkShape {
  network: NetworkConfig
  layers: Layers
  reconstruction: Reconstruction
  /** What the encoder's inputs are standardised by, channel by channel; null where they are read as they are. */
  standardise?: ChannelStatistics | null
  /** What of the encoder's output is the code; all of it without a gate. */
  gate?: (code: Tensor2D) => Tensor2D
  /**
   * Given in training: layers are normalised by their batch, and what that was is told here by the names of the running
   * statistics, once for each pass through a layer. Without it they are normalised by these, which then are among the weights.
   */
  onBatch?: (statistics: Readonly<Record<string, Tensor>>) => void
}

/** A constant channel is what it is; divided by 1 it stays so. */
const divisors = ({ deviation }: ChannelStatistics): number[] => deviation.map((each) => (each === 0 ? 1 : each))

/** A value of each channel, for every pixel: [size]. Of scalars, which a recording may hold. */
const tiled = (values: readonly number[], size: number): Tensor1D =>
  tf.stack(values.map((value) => tf.scalar(value))).tile([size / values.length]) as Tensor1D

/** An autoencoder as functions of tensors: x -> code -> logits -> output. It holds weights but does not own them. */
export class Network {
  readonly #shape: NetworkShape
  readonly #config: NetworkConfig
  readonly #weights: Weights
  /** What the layers read: weights, normalised and perturbed where the settings say so. */
  readonly #tensors = new Map<string, Tensor>()
  readonly #perturb: (name: string, kernel: Tensor) => Tensor

  constructor(shape: NetworkShape, weights: Weights, perturb: (name: string, kernel: Tensor) => Tensor = (_, kernel) => kernel) {
    this.#shape = shape
    this.#config = shape.network
    this.#weights = weights
    this.#perturb = perturb
  }

  /** The same network with every kernel passed through `change` (a tied kernel once, so that both its uses see the same). */
  perturbed(change: (name: string, kernel: Tensor) => Tensor): Network {
    return new Network(this.#shape, this.#weights, change)
  }

  /** @param x [N, D] -> code [N, Z] */
  encode(x: Tensor2D): Tensor2D {
    return this.codeOf(this.encodeLayers(x))
  }

  /** The code that the encoder's layers came to: the last one's output, or what the gate lets through of it. */
  codeOf(layers: readonly LayerPass[]): Tensor2D {
    const { output } = layers.at(-1)!
    return this.#shape.gate?.(output) ?? output
  }

  /** What every encoder layer reads and gives on a batch, the code's layer last (before a gate). */
  encodeLayers(x: Tensor2D): LayerPass[] {
    let h = this.#standardised(x)
    return this.#shape.layers.encoder.map((layer, index) => {
      const { map, activation } = layer
      const pre = this.#affine(h, layer)
      h = activate(pre, activation)
      const kernel = index === 0 ? this.#ofInputs(layer) : this.#kernel(layer)
      return { map, kernel, activation, pre, output: h }
    })
  }

  /** mean_B ||df/dx||_F^2 of the encoder whose layers ran so. */
  meanSquaredJacobianNorm(layers: readonly LayerPass[]): Scalar {
    this.#requireOwnDerivatives()
    return meanSquaredJacobianNorm(layers)
  }

  /** The same, estimated from random signs of the code units. @param draws uniform in [0, 1), [B, projections, Z] */
  projectedJacobianNorm(layers: readonly LayerPass[], draws: Tensor): Scalar {
    this.#requireOwnDerivatives()
    return projectedJacobianNorm(layers, draws)
  }

  /** What the heads beside the code give, by name: [N, Z] each. */
  codeHeads(layers: readonly LayerPass[], x: Tensor2D): Record<string, Tensor2D> {
    return this.#heads(this.#shape.layers.codeHeads, layers.at(-2)?.output ?? this.#standardised(x))
  }

  /**
   * The same with log variances within their range, outside of which they have no gradient. Runs of earlier versions were trained
   * without that, and go on so bit for bit (`regularizer.logVariance`).
   */
  boundedHeads(layers: readonly LayerPass[], x: Tensor2D): Record<string, Tensor2D> {
    const heads = this.codeHeads(layers, x)
    if (!heads['logVariance']) return heads
    return { ...heads, logVariance: heads['logVariance'].clipByValue(...codeLogVarianceRange) as Tensor2D }
  }

  /** The logits, and what the heads beside the output give, by name: [N, D] each. */
  decodeHeads(code: Tensor2D): { logits: Tensor2D; heads: Record<string, Tensor2D> } {
    const { decoder, outputHeads } = this.#shape.layers
    const hidden = decoder.slice(0, -1).reduce((h, layer) => activate(this.#affine(h, layer), layer.activation), code)
    return { logits: this.#affine(hidden, decoder.at(-1)!), heads: this.#heads(outputHeads, hidden) }
  }

  /** @param code [N, Z] -> logits [N, D]: the output before its activation. */
  decode(code: Tensor2D): Tensor2D {
    return this.decodeHeads(code).logits
  }

  /** @param logits [N, D] -> reconstructions [N, D] */
  output(logits: Tensor2D): Tensor2D {
    return activate(logits, this.#config.outputActivation)
  }

  /**
   * The variance that all values share around the decoder's means, a scalar: the batch's own in training, which is the most
   * likely one, else the running one. @param squaredErrors [N, D]
   */
  sharedVariance(squaredErrors: Tensor2D): Scalar {
    const name = this.#shape.layers.decoder.at(-1)!.variance!
    const { onBatch } = this.#shape
    if (!onBatch) return this.#weights[name]!.reshape([])
    const variance = squaredErrors.mean<Scalar>().maximum<Scalar>(leastVariance)
    onBatch({ [name]: variance.reshape([1]) })
    return variance
  }

  /** @param code [N, Z] -> class probabilities [N, C] of a network that classifies */
  classify(code: Tensor2D): Tensor2D {
    return probabilitiesOf(this.#classLogits(code))
  }

  /** Mean over the batch of -log p(label | code). @param labels int32 [N] */
  classificationTerm(code: Tensor2D, labels: Tensor1D): Scalar {
    return crossEntropyOfClasses(this.#classLogits(code), labels)
  }

  /** A weight as it is stored. */
  weight(name: string): Tensor {
    return this.#weights[name]!
  }

  /**
   * Mean over the batch of the sum over pixels, by the run's choice of squared error or cross-entropy; `weights` [B, D] of the
   * pixels' errors.
   */
  reconstructionTerm(logits: Tensor2D, target: Tensor2D, weights: Tensor2D | null = null): Scalar {
    return reconstructionTerm(this.#shape.reconstruction, logits, this.#config.outputActivation, target, weights)
  }

  /** strength times the sum over kernels of squared weights; a tied kernel counts once, biases do not. */
  weightDecayTerm(strength: number): Scalar {
    const kernels = Object.entries(this.#weights).filter(([name]) => name.endsWith('/kernel'))
    return kernels
      .map(([, kernel]) => sumOfSquares(kernel))
      .reduce((sum, term) => sum.add(term))
      .mul(strength)
  }

  /** @param x [N, D], channels side by side */
  #standardised(x: Tensor2D): Tensor2D {
    const { standardise } = this.#shape
    return standardise ? x.sub(tiled(standardise.mean, x.shape[1])).div(tiled(divisors(standardise), x.shape[1])) : x
  }

  /** The first kernel as it acts on inputs that are not standardised yet: what a derivative by them is made of. */
  #ofInputs(layer: Layer): Tensor {
    const { standardise } = this.#shape
    const kernel = this.#kernel(layer)
    if (!standardise) return kernel
    const size = kernel.size / filtersIn(kernel.shape)
    return kernel.div(tiled(divisors(standardise), size).reshape([...kernel.shape.slice(0, -1), 1]))
  }

  /** Layers that read the same, by the last part of their names. */
  #heads(layers: readonly Layer[], h: Tensor2D): Record<string, Tensor2D> {
    return Object.fromEntries(layers.map((layer) => [layer.name.split('/').at(-1)!, this.#affine(h, layer)]))
  }

  #classLogits(code: Tensor2D): Tensor2D {
    return this.#affine(code, classifierOf(code.shape[1], this.#weights['classifier/bias']!.size))
  }

  #affine(h: Tensor2D, layer: Layer): Tensor2D {
    const { map, adjoint, normalised } = layer
    const { onBatch } = this.#shape
    const kernel = this.#kernel(layer)
    const sums = adjoint ? map.back(h, kernel, operations) : map.apply(h, kernel, operations)
    if (!normalised || !onBatch) return operations.addBias(sums, this.#bias(layer))
    const [scale, bias] = [normalised.scale, layer.bias].map((name) => this.#weights[name] as Tensor1D)
    const { values, mean, variance } = operations.batchNormalised(sums, scale!, bias!, epsilon)
    onBatch({ [normalised.mean]: mean, [normalised.variance]: variance })
    return values
  }

  #bias({ name, bias: of, normalised }: Layer): Tensor1D {
    const bias = this.#weights[of] as Tensor1D
    if (!normalised) return bias
    return this.#once(`${name}/folded`, () => bias.sub(this.#weights[normalised.mean]!.mul(this.#factors(name, normalised))))
  }

  /** What a layer's map multiplies by: of a normalised one with what its running statistics multiply by. */
  #kernel({ name, kernel: of, adjoint, normalised }: Layer): Tensor {
    const kernel = this.#once(of, () => {
      const stored = this.#weights[of]!
      return this.#perturb(of, this.#config.weightNorm ? operations.normalisedFilters(stored) : stored)
    })
    if (!normalised || this.#shape.onBatch) return kernel
    return this.#once(`${of}/folded`, () => {
      const factors = this.#factors(name, normalised)
      return kernel.mul(adjoint ? factors.reshape([-1, 1]) : factors)
    })
  }

  /** scale / sqrt(variance + epsilon) by the running statistics. */
  #factors(layer: string, { scale, variance }: Normalised): Tensor1D {
    return this.#once(`${layer}/factors`, () => this.#weights[scale]!.div<Tensor1D>(this.#weights[variance]!.add(epsilon).sqrt()))
  }

  #once<T extends Tensor>(name: string, make: () => T): T {
    const tensor = (this.#tensors.get(name) as T | undefined) ?? make()
    this.#tensors.set(name, tensor)
    return tensor
  }

  /** An image that is normalised by its batch has no derivative of its own. */
  #requireOwnDerivatives(): void {
    if (this.#shape.onBatch && this.#shape.layers.encoder.some(({ normalised }) => normalised))
      throw new Error('what is normalised by its batch depends on all images of it')
  }
}
