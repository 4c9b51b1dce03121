import type { NetworkConfig, Reconstruction } from '../../../shared/config.ts'
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '../trace/tensorflow.ts'
import { meanSquaredJacobianNorm, type LayerPass } from './jacobian.ts'
import { activate, dense, normalisedColumns, reconstructionTerm, sumOfSquares } from './operations.ts'
import { layersOf, type Layer } from './weights.ts'

export type Weights = Record<string, Tensor>

/** What makes one network different from another, beside its weights. */
export interface NetworkShape {
  network: NetworkConfig
  reconstruction: Reconstruction
  /** What of the encoder's output is the code; all of it without a gate. */
  gate?: (code: Tensor2D) => Tensor2D
}

/** A dense autoencoder as functions of tensors: x -> code -> logits -> output. It holds weights but does not own them. */
export class Network {
  readonly #shape: NetworkShape
  readonly #config: NetworkConfig
  readonly #weights: Weights
  /** What the layers read: weights, normalised and perturbed where the settings say so; each made once. */
  readonly #kernels = new Map<string, Tensor2D>()
  readonly #perturb: (name: string, kernel: Tensor2D) => Tensor2D

  constructor(shape: NetworkShape, weights: Weights, perturb: (name: string, kernel: Tensor2D) => Tensor2D = (_, kernel) => kernel) {
    this.#shape = shape
    this.#config = shape.network
    this.#weights = weights
    this.#perturb = perturb
  }

  /** The same network with every kernel passed through `change` (a tied kernel once, so that both its uses see the same). */
  perturbed(change: (name: string, kernel: Tensor2D) => Tensor2D): Network {
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
    let h = x
    return layersOf(this.#config).encoder.map((layer) => {
      const pre = this.#affine(h, layer)
      h = activate(pre, layer.activation)
      return { kernel: this.#kernel(layer.kernel), activation: layer.activation, pre, output: h }
    })
  }

  /** mean_B ||df/dx||_F^2 of the encoder whose layers ran so. */
  meanSquaredJacobianNorm(layers: readonly LayerPass[]): Scalar {
    return meanSquaredJacobianNorm(layers)
  }

  /** @param code [N, Z] -> logits [N, D]: the output before its activation. */
  decode(code: Tensor2D): Tensor2D {
    const { decoder } = layersOf(this.#config)
    return decoder.reduce((h, layer, index) => (index === decoder.length - 1 ? this.#affine(h, layer) : activate(this.#affine(h, layer), layer.activation)), code)
  }

  /** @param logits [N, D] -> reconstructions [N, D] */
  output(logits: Tensor2D): Tensor2D {
    return activate(logits, this.#config.outputActivation)
  }

  /** Mean over the batch of the sum over pixels, by the run's choice of squared error or cross-entropy; `weights` [B, D] of the pixels' errors. */
  reconstructionTerm(logits: Tensor2D, target: Tensor2D, weights: Tensor2D | null = null): Scalar {
    return reconstructionTerm(this.#shape.reconstruction, logits, this.#config.outputActivation, target, weights)
  }

  /** strength times the sum over kernels of squared weights; a tied kernel counts once, biases do not. */
  weightDecayTerm(strength: number): Scalar {
    const kernels = Object.entries(this.#weights).filter(([name]) => name.endsWith('/kernel'))
    return kernels.map(([, kernel]) => sumOfSquares(kernel)).reduce((sum, term) => sum.add(term)).mul(strength)
  }

  #affine(h: Tensor2D, { kernel, bias, transposed }: Layer): Tensor2D {
    return dense(h, this.#kernel(kernel), this.#weights[bias] as Tensor1D, transposed)
  }

  #kernel(name: string): Tensor2D {
    let kernel = this.#kernels.get(name)
    if (!kernel) {
      const stored = this.#weights[name] as Tensor2D
      kernel = this.#perturb(name, this.#config.weightNorm ? normalisedColumns(stored) : stored)
      this.#kernels.set(name, kernel)
    }
    return kernel
  }
}
