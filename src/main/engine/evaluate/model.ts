import type { Tensor2D } from '@tensorflow/tfjs-node'

/** A trained network as the evaluation sees it: two functions on batches of any size. */
export interface Model {
  readonly inputSize: number
  readonly codeSize: number
  /** Inputs as the network takes them ([N, inputSize], images scaled to [0, 1]) -> codes [N, codeSize]. The caller disposes of both. */
  encode(inputs: Tensor2D): Tensor2D
  /** Inputs -> reconstructions, both [N, inputSize]. */
  reconstruct(inputs: Tensor2D): Tensor2D
}
