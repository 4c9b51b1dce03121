import type { Shape } from '../../../shared/shape.ts'
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-node'
import type { Likelihood } from '../network/weights.ts'
import type { LayerPass } from '../network/jacobian.ts'

/** The encoder on a batch, layer by layer. */
export interface EncoderPass {
  /** From the input on: what each layer read (weight normalisation applied) and gave. */
  layers: readonly LayerPass[]
  /** What `encode` gives: the last layer's output, or what a gate lets through of it; closed units are 0. */
  code: Tensor2D
}

/** What a probabilistic network says of codes and images. The caller disposes of what the functions give. */
export interface Latent {
  /** p(x|z) of the decoder. */
  likelihood: Likelihood
  /** q(z|x): [N, codeSize] each. */
  posterior(inputs: Tensor2D): { mean: Tensor2D; logVariance: Tensor2D }
  /** log p(x|z) of every row, [N], in nats. */
  logLikelihood(inputs: Tensor2D, codes: Tensor2D): Tensor
  /** L2 norm of the weights with which the decoder reads each code unit, [codeSize]. */
  outgoing(): number[]
}

/** A trained network as the evaluation sees it: functions on batches of any size. */
export interface Model {
  readonly input: Shape
  readonly codeSize: number
  /** Inputs as the network takes them ([N, D], images scaled to [0, 1]) -> codes [N, codeSize]. The caller disposes of both. */
  encode(inputs: Tensor2D): Tensor2D
  /** Inputs -> reconstructions, both [N, D]. */
  reconstruct(inputs: Tensor2D): Tensor2D
  /** What happens inside `encode`. All tensors belong to the caller, who calls it in a tidy. */
  encodeLayers(inputs: Tensor2D): EncoderPass
  /** Whether a gate closes units of the code, which then are 0 whatever the activation. */
  readonly gated?: boolean
  /** Class probabilities [N, C]: such a network classifies and has no reconstructions. Absent or null for autoencoders. */
  readonly classify?: ((inputs: Tensor2D) => Tensor2D) | null
  /** For probabilistic networks; absent or null for others. */
  readonly latent?: Latent | null
}
