import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-node'
import type { z } from 'zod'
import type { Activation, Config, NetworkConfig, Settings, TrainingConfig, Reconstruction } from '../../../shared/config.ts'
import type { Sweep } from '../../../shared/experiments.ts'
import type { PixelKind } from '../data/pixelKind.ts'
import type { Shape } from '../../../shared/shape.ts'
import type { NetworkLayer } from '../../../shared/networkLayers.ts'
import { describedLayers } from '../network/described.ts'
import type { ExtraWork } from '../network/work.ts'
import type { Network } from '../network/network.ts'
import type { WeightSpec } from '../network/layer.ts'
import type { Statistic } from '../network/normalisation.ts'
import { headsOf, layersOf, statisticSpecs, weightSpecs, type Layers, type Likelihood } from '../network/weights.ts'
import type { Randomness } from '../network/randomness.ts'
import type { Rows } from '../network/rows.ts'

/** What a variant's objective is computed from: one batch, the network with its current weights, draws, the variant's settings. */
export interface Step<S> {
  /** [B, D], in [0, 1] for images. */
  x: Tensor2D
  /** The variant's corruption of x; x itself for variants without one. */
  corrupted: Tensor2D
  network: Network
  random: Randomness
  settings: S
  /** Classes of the batch's images, int32 [B]; null where labels are not used. */
  labels: Tensor1D | null
  /** Epochs of training so far, the fraction of this one included; very many where there is no training. A scalar. */
  epoch: Scalar
  /** The variant's own state (see `state`), as it was before this step; constants for the gradient. */
  state: Record<string, Tensor>
  /** What probabilistic objectives are made of. */
  probability: typeof import('../network/probability.ts')
  /** What Boltzmann machines are made of. */
  boltzmann: typeof import('../network/boltzmann.ts')
  /** Keeps a value of this step's forward pass for `afterStep`. */
  observe(name: string, value: Tensor): void
  /** Gives one of the values that the variant watches (see `watched`). */
  watch(name: string, value: Tensor): void
  /** A scalar with the given value, whose gradient with respect to `carrier` is `gradient` instead of what the value's would be. */
  withGradient(carrier: Tensor1D, value: Scalar, gradient: Tensor): Scalar
}

/** What a variant may use once the optimizer has updated the weights. */
interface AfterStep<S> {
  /** The updated weights. */
  weights: Record<string, Tensor>
  state: Record<string, Tensor>
  /** What the objective observed. */
  observed: Record<string, Tensor>
  config: Config
  settings: S
}

/** A tensor that a variant keeps from step to step beside the weights; stored in checkpoints as `state/NAME`. */
export interface StateSpec {
  name: string
  shape: number[]
  initial: number
}

/** Operations that a variant's file cannot import, because the registry is read by processes that must not load TensorFlow. */
interface GateTools {
  /** 1 where a value is among the k largest of its row, else 0; a constant for the gradient. */
  largest(values: Tensor2D, k: number): Tensor2D
}

/** What is known of the data when settings are checked; absent facts are not checked. */
export interface Facts {
  rowSize?: number
  /**
   * Rows to train with (and to draw validation from, unless the dataset brings it), and those of them that have a label (all,
   * where it is not said).
   */
  trainCount?: number
  /** Rows of the validation part that the dataset brings. */
  validationCount?: number
  labelled?: number
  kind?: 'image' | 'vector'
  /** Of one image. */
  size?: Shape
  classes?: number
  /** Of the machine, in bytes. */
  memory?: number
  /** Of images, as they are drawn where they are binarised. */
  pixels?: PixelKind
}

/** Whether pixels are measured values, of which 0 and 1 are the ends, rather than probabilities of ink. */
export const isContinuous = ({ pixels }: Pick<Facts, 'pixels'>): boolean => pixels === 'gray' || pixels === 'colour'

/** Whether pixels are measured values and no draws of ink, though networks may take them for these. */
export const areMeasured = ({ pixels }: Pick<Facts, 'pixels'>): boolean => pixels !== undefined && pixels !== 'nearlyBinary'

/** Shared settings that a variant determines. */
export interface Fixed {
  network?: Partial<NetworkConfig>
  reconstruction?: Reconstruction
  training?: Partial<TrainingConfig>
}

/** A distribution of codes: each unit standard normal, independent of the others. */
export type Prior = 'standardNormal'

/** How a variant takes part in the plans of experiments/templates.ts. */
interface Plans {
  /** What it is given beside others on one tied layer of so many sigmoid units; nothing unless it says so. */
  compared?(units: number): Settings
  /** Studies in which it stands beside the variant without a regularizer. */
  studies?: readonly ('codeSize' | 'labelled')[]
  /** Plans that vary one setting of it. */
  sweeps?: readonly { id: string; title: string; description: string; sweep: Sweep; settings?: Settings }[]
}

/** A value that is followed beside the terms without being a part of the objective: a number, or one for each unit. */
export interface Watched {
  name: string
  size: number
}

/** One layer of a deep network, of which a variant is to make an autoencoder by itself. */
export interface LayerPlace {
  /** Of the layer's inputs, which are the outputs of the layer before it; null for the first one, whose inputs are the data. */
  inputActivation: Activation | null
  activation: Activation
}

export interface Problem {
  field: string
  message: string
}

/**
 * Everything that makes one autoencoder different from another. A variant is one file that default-exports one of these; it is
 * registered by a line in registry.ts. Beside presets and the first comparison that the start page offers, nothing else has to name it.
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
  /** How it takes part in the plans that experiments can begin with. */
  plans?: Plans
  /** Where its defaults differ from the shared ones. */
  defaults?: { network?: Partial<NetworkConfig>; training?: Partial<TrainingConfig>; reconstruction?: Reconstruction }
  /** Where its defaults follow from the data, from the size of the code, or from whether there are convolutions. */
  defaultsFor?(
    facts: Facts,
    codeSize: number,
    convolves: boolean,
  ): { network?: Partial<NetworkConfig>; training?: Partial<TrainingConfig>; regularizer?: Partial<z.output<S>> }
  /** Where defaults of its own settings follow from the activation of the code. */
  defaultsAt?(activation: Activation): Partial<z.output<S>>
  /**
   * Shared settings that this variant determines (the same ones, whatever its own settings); they are no fields of its form and
   * cannot be changed.
   */
  fixed?: Fixed | ((settings: z.output<S>) => Fixed)
  /** True where it makes sense with one layer only; deep networks are made of several of it by pretraining. */
  singleLayer?: true
  /**
   * True where what it follows is no function's gradient: its terms have other values than what is differentiated, and are only
   * watched.
   */
  estimator?: true
  /** What of its settings, and of its training, follows from where a layer stands in a deep network that it pretrains. */
  asLayer?(place: LayerPlace, settings: z.output<S>): { regularizer?: Partial<z.output<S>>; learningRateFactor?: number }
  /** Coefficient of the optimizer `momentum` where it is a setting of its own. */
  momentum?(settings: z.output<S>): number
  /** What is followed on the validation split beside the terms. */
  watched?(config: Config): readonly Watched[]
  /** Further rules on the whole config, beyond the ranges of single settings. */
  check?(config: Config, facts: Facts): Problem[]
  /** What a user should know about a config that is allowed. */
  warnings?(config: Config, facts: Facts): string[]
  /** Trained by gradient: the objective's terms, each a scalar summed over pixels or units and averaged over the batch. */
  objective?(step: Step<z.output<S>>): Record<string, Scalar>
  /**
   * For probabilistic variants: p(x|z) of the decoder. The encoder then gives mean and log variance of q(z|x), the mean being
   * the code.
   */
  likelihood?(settings: z.output<S>): Likelihood
  /** What its codes are trained to be distributed as, so that new ones can be drawn; absent where they are not. */
  prior?(settings: z.output<S>): Prior | null
  /** For Boltzmann machines: the kinds of their units. They are looked into by their own chain. */
  machine?(settings: z.output<S>): { visible: 'bernoulli' | 'gaussian'; hidden: 'bernoulli' | 'linear' }
  /** Tensors that it keeps from step to step. */
  state?(config: Config, input: Shape): StateSpec[]
  /** What changes after the optimizer's update: new values of weights and of its state. */
  afterStep?(step: AfterStep<z.output<S>>): { weights?: Record<string, Tensor>; state?: Record<string, Tensor> }
  /** A state that is the mean code over the training split, computed anew before every `every`-th step. */
  trainingMean?(settings: z.output<S>): { state: string; every: number } | null
  /** For how many epochs its objective is still on its way to what it is in the end, by which field, called so. */
  warmup?(settings: z.output<S>): { epochs: number; field: string; title: string }
  /** What of the encoder's output is the code, in training and afterwards, same shape. */
  gate?(code: Tensor2D, settings: z.output<S>, tools: GateTools): Tensor2D
  /** The same in PyTorch: an expression of `code`, a tensor [N, units]. */
  gateInTorch?(settings: z.output<S>): string
  /**
   * What its terms are measured on, in training and validation, where that is not clean inputs and the code as it is: words
   * that stand after “on”, the same where what is measured may be compared; null where it is clean after all.
   */
  measuredOn?(settings: z.output<S>): string | null
  /** Terms that are no mean over images but a function of a batch's mean: the more images a batch has, the smaller it is. */
  ofBatches?(settings: z.output<S>): readonly string[]
  /**
   * For variants that corrupt their input: the corrupted input of the given images, same shape; used by the objective and for showing it.
   * @param channels values of a pixel, which lie side by side; 1 where there are no pixels
   */
  corrupt?(x: Tensor2D, random: Randomness, settings: z.output<S>, channels: number): Tensor2D
  /** What a step computes beside one way forwards and back, for each image. */
  work?(settings: z.output<S>): ExtraWork
  /** Closed form instead of training. Reads the data in batches through `rows` and returns the weights by name. */
  fit?(data: Rows, config: Config, report: (done: number, total: number) => Promise<void>): Promise<Record<string, Tensor>>
  /** Floating point operations of that, about. */
  fitOperations?(rows: number, rowSize: number, config: Config): number
}

/** The likelihood of a variant's decoder with this config; null where it is not probabilistic. */
export const likelihoodOf = (variant: Pick<Variant, 'likelihood'>, config: Config): Likelihood | null =>
  variant.likelihood?.(config.regularizer as never) ?? null

/** What codes of a config can be drawn from; null where they were not trained to be distributed in any way. */
export const priorOf = (variant: Pick<Variant, 'prior'>, config: Config): Prior | null =>
  variant.prior?.(config.regularizer as never) ?? null

/** Shared settings that a variant with these settings of its own determines. */
export const fixedOf = (variant: Pick<Variant, 'fixed'>, settings: unknown): Fixed =>
  typeof variant.fixed === 'function' ? variant.fixed(settings as never) : (variant.fixed ?? {})

/** Every weight of a variant's network. @param classes of the dataset; only networks that classify need it */
export const weightsOf = (variant: Pick<Variant, 'likelihood'>, config: Config, input: Shape, classes = 0): WeightSpec[] =>
  weightSpecs(
    config.network,
    input,
    headsOf(likelihoodOf(variant, config)),
    config.fineTuning.kind === 'classification' ? classes : null,
  )

/** The running statistics that a variant's network is normalised by. @param classes as above */
export const statisticsOf = (variant: Pick<Variant, 'likelihood'>, config: Config, input: Shape, classes = 0): Statistic[] =>
  statisticSpecs(
    config.network,
    input,
    headsOf(likelihoodOf(variant, config)),
    config.fineTuning.kind === 'classification' ? classes : null,
  )

/** All that a variant's network is made of, in a checkpoint: its weights and running statistics. @param classes as above */
export const partsOfNetwork = (variant: Pick<Variant, 'likelihood'>, config: Config, input: Shape, classes = 0) => [
  ...weightsOf(variant, config, input, classes),
  ...statisticsOf(variant, config, input, classes),
]

/** The layers of a variant's network. */
export const layersOfVariant = (variant: Pick<Variant, 'likelihood'>, config: Config, input: Shape): Layers =>
  layersOf(config.network, input, headsOf(likelihoodOf(variant, config)))

/** The layers of a variant's network as they are shown. @param classes of the dataset; only networks that classify need it */
export const describedLayersOf = (
  variant: Pick<Variant, 'likelihood'>,
  config: Config,
  input: Shape,
  classes = 0,
): NetworkLayer[] =>
  describedLayers(layersOfVariant(variant, config, input), config.fineTuning.kind === 'classification' ? classes : null)

/** Types the pieces of a variant against each other. */
export const defineVariant = <S extends z.ZodObject>(variant: Variant<S>): Variant<S> => variant
