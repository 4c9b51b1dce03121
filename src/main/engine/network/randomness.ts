import type { Tensor } from '../trace/tensorflow.ts'

/**
 * Draws that are a function of (seed, step, name) only, so that a resumed run goes on with the same numbers. Whoever asks for an
 * objective at given weights gives what would be drawn under the draws' names.
 */
export interface Randomness {
  /** Uniform in [0, 1). */
  uniform(name: string, shape: number[]): Tensor
  /** Normal with mean 0 and the given standard deviation. */
  normal(name: string, shape: number[], deviation: number): Tensor
  /** 0 with probability `rate`, else 1. */
  keep(name: string, shape: number[], rate: number): Tensor
  /** Draws of shape [B, n] that depend on (seed, image, name) instead: the same for an image whenever it is seen. */
  readonly perImage: Randomness
  /** Other draws at every validation, where all others are the same each time; absent where nothing is validated. */
  readonly anew?: Randomness
}
