import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-node'
import type { z } from 'zod'
import type { Config, NetworkConfig, TrainingConfig, Reconstruction } from '../../../shared/config.ts'
import type { Network } from '../network/network.ts'
import type { Likelihood, WeightSpec } from '../network/weights.ts'
import { headsOf, weightSpecs } from '../network/weights.ts'

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
}

/** What a variant's objective is computed from: one batch, the network with its current weights, draws, the variant's settings. */
export interface Step<S> {
  /** [B, D], in [0, 1] for images. */
  x: Tensor2D
  /** The variant's corruption of x; x itself for variants without one. */
  corrupted: Tensor2D
  network: Network
  random: Randomness
  settings: S
  /** Epochs of training so far, the fraction of this one included; very many where there is no training. A scalar. */
  epoch: Scalar
  /** The variant's own state (see `state`), as it was before this step; constants for the gradient. */
  state: Record<string, Tensor>
  /** What probabilistic objectives are made of. */
  probability: typeof import('../network/probability.ts')
  /** Keeps a value of this step's forward pass for `afterStep`. */
  observe(name: string, value: Tensor): void
  /** A scalar with the given value, whose gradient with respect to `carrier` is `gradient` instead of what the value's would be. */
  withGradient(carrier: Tensor1D, value: Scalar, gradient: Tensor): Scalar
}

/** What a variant may use once the optimizer has updated the weights. */
export interface AfterStep<S> {
  /** The updated weights. */
  weights: Record<string, Tensor>
  state: Record<string, Tensor>
  /** What the objective observed. */
  observed: Record<string, Tensor>
  config: Config
  settings: S
}

/** A tensor that a variant keeps from step to step beside the weights; stored in checkpoints as `state/NAME`. */
export interface StateSpec { name: string; shape: number[]; initial: number }

/** Operations that a variant's file cannot import, because the registry is read by processes that must not load TensorFlow. */
export interface GateTools {
  /** 1 where a value is among the k largest of its row, else 0; a constant for the gradient. */
  largest(values: Tensor2D, k: number): Tensor2D
}

/** What is known of the data when settings are checked; absent facts are not checked. */
export interface Facts { rowSize?: number; trainCount?: number; kind?: 'image' | 'vector' }

export interface Problem { field: string; message: string }

/**
 * Everything that makes one autoencoder different from another. A variant is one file that default-exports one of these; it is
 * registered by a line in index.ts, and nothing else in the project names it.
 */
export interface Variant<S extends z.ZodObject = z.ZodObject> {
  id: string
  title: string
  /** The objective in LaTeX; each term wrapped in `\htmlData{term=NAME}{...}`. */
  formula: string
  /** Paper and equation. */
  reference: string
  /** One character, the same wherever the variant appears. */
  glyph: string
  /** Names of the objective's terms, in the formula's order; `weightDecay` is added by the trainer. */
  terms: readonly string[]
  /** Its own settings (`regularizer.*`) with defaults; `meta({ title, description, when })` describes each field. */
  settings: S
  /** Where its defaults differ from the shared ones. */
  defaults?: { network?: Partial<NetworkConfig>; training?: Partial<TrainingConfig>; reconstruction?: Reconstruction }
  /** Where its defaults follow from the data. */
  defaultsFor?(facts: Facts): { network?: Partial<NetworkConfig>; regularizer?: Partial<z.output<S>> }
  /** Shared settings that this variant determines; they are no fields of its form and cannot be changed. */
  fixed?: { network?: Partial<NetworkConfig>; reconstruction?: Reconstruction }
  /** Further rules on the whole config, beyond the ranges of single settings. */
  check?(config: Config, facts: Facts): Problem[]
  /** What a user should know about a config that is allowed. */
  warnings?(config: Config): string[]
  /** Trained by gradient: the objective's terms, each a scalar summed over pixels or units and averaged over the batch. */
  objective?(step: Step<z.output<S>>): Record<string, Scalar>
  /** For probabilistic variants: p(x|z) of the decoder. The encoder then gives mean and log variance of q(z|x), the mean being the code. */
  likelihood?(settings: z.output<S>): Likelihood
  /** Tensors that it keeps from step to step. */
  state?(config: Config): StateSpec[]
  /** What changes after the optimizer's update: new values of weights and of its state. */
  afterStep?(step: AfterStep<z.output<S>>): { weights?: Record<string, Tensor>; state?: Record<string, Tensor> }
  /** A state that is the mean code over the training split, computed anew before every `every`-th step. */
  trainingMean?(settings: z.output<S>): { state: string; every: number } | null
  /** What of the encoder's output is the code, in training and afterwards, same shape. */
  gate?(code: Tensor2D, settings: z.output<S>, tools: GateTools): Tensor2D
  /** For variants that corrupt their input: the corrupted input of the given images, same shape; used by the objective and for showing it. */
  corrupt?(x: Tensor2D, random: Randomness, settings: z.output<S>): Tensor2D
  /** Closed form instead of training. Reads the data in batches through `rows` and returns the weights by name. */
  fit?(data: Rows, config: Config, report: (done: number, total: number) => Promise<void>): Promise<Record<string, Tensor>>
}

/** The training split, in batches, as the network takes it (float32 [n, D]; images scaled to [0, 1]). The caller disposes of each batch. */
export interface Rows {
  count: number
  inputSize: number
  batches(size: number): Iterable<Tensor2D>
}

/** The likelihood of a variant's decoder with this config; null where it is not probabilistic. */
export const likelihoodOf = (variant: Pick<Variant, 'likelihood'>, config: Config): Likelihood | null => variant.likelihood?.(config.regularizer as never) ?? null

/** Every weight of a variant's network. */
export const weightsOf = (variant: Pick<Variant, 'likelihood'>, config: Config, inputSize: number): WeightSpec[] =>
  weightSpecs(config.network, inputSize, headsOf(likelihoodOf(variant, config)))

/** Types the pieces of a variant against each other. */
export const defineVariant = <S extends z.ZodObject>(variant: Variant<S>): Variant<S> => variant
