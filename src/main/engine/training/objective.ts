import type { Config } from '../../../shared/config.ts'
import { vectorOf, type Shape } from '../../../shared/shape.ts'
import { fieldsOf } from '../variants/settings/fields.ts'
import { Network, type NetworkShape, type Weights } from '../network/network.ts'
import * as boltzmann from '../network/boltzmann.ts'
import { largest, reconstructionTerm, withGradient } from '../network/operations.ts'
import * as probability from '../network/probability.ts'
import { tf, type Scalar, type Tensor, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import type { Randomness } from '../network/randomness.ts'
import { momentum } from '../network/normalisation.ts'
import { layersOfVariant, statisticsOf, type StateSpec, type Variant } from '../variants/variant.ts'

/** Names of what `objectiveTerms` returns, in its order: the loss, the variant's terms, weight decay where it is on. */
export const termNames = (variant: Variant, config: Config): string[] => [
  'loss',
  ...variant.terms,
  ...(config.training.weightDecay > 0 ? ['weightDecay'] : []),
]

/** What a variant keeps from step to step with this config, and what its network is normalised by. */
export const stateSpecs = (variant: Variant, config: Config, input: Shape): StateSpec[] => [
  ...(variant.state?.(config, input) ?? []),
  ...statisticsOf(variant, config, input).map(({ name, ...rest }) => ({ name: name.slice('state/'.length), ...rest })),
]

/** Names of all that a variant may keep, whatever its own choices are. */
export function stateNames(variant: Variant, config: Config, input: Shape): Set<string> {
  const choices = fieldsOf(variant).filter(({ key, choices }) => key.startsWith('regularizer.') && choices)
  const settings = choices.flatMap(({ key, choices }) =>
    choices!.map((choice) => ({ ...config.regularizer, [key.slice('regularizer.'.length)]: choice })),
  )
  return new Set(
    [config.regularizer, ...settings].flatMap((regularizer) =>
      stateSpecs(variant, { ...config, regularizer }, input).map(({ name }) => name),
    ),
  )
}

/** Names of what a variant watches, one for each number: `NAME`, or `NAME/0`, `NAME/1`, ... */
export const watchedNames = (variant: Variant, config: Config): string[] =>
  (variant.watched?.(config) ?? []).flatMap(({ name, size }) =>
    size === 1 ? [name] : Array.from({ length: size }, (_, index) => `${name}/${index}`),
  )

/**
 * The network of a variant: encode, gate, decode.
 * @param weights by name; running statistics among them, by the names of checkpoints
 * @param onBatch given in training, see `NetworkShape`
 */
export function networkOf(
  variant: Variant,
  config: Config,
  input: Shape,
  weights: Weights,
  onBatch?: NetworkShape['onBatch'],
): Network {
  const gate = variant.gate && ((code: Tensor2D) => variant.gate!(code, config.regularizer as never, { largest }))
  const { standardise, statistics = null } = config.data
  if (standardise !== 'none' && !statistics) throw new Error('a network with standardised inputs needs their mean and deviation')
  return new Network(
    {
      network: config.network,
      layers: layersOfVariant(variant, config, input),
      reconstruction: config.reconstruction,
      standardise: standardise === 'none' ? null : statistics,
      ...(gate ? { gate } : {}),
      ...(onBatch ? { onBatch } : {}),
    },
    weights,
  )
}

/** Name of what `cleanError` gives, among what is watched. */
export const cleanErrorName = 'squaredError'

/**
 * The squared error of the reconstructions of clean inputs, summed over values, a mean over the batch: the one measure that
 * means the same for every objective. Nothing is corrupted or drawn, as in the evaluation. @param clean [B, D]
 */
export function cleanError(variant: Variant, config: Config, input: Shape, weights: Weights, clean: Tensor2D): Scalar {
  const network = networkOf(variant, config, input, weights)
  return reconstructionTerm('squaredError', network.decode(network.encode(clean)), config.network.outputActivation, clean)
}

/** The epoch of whoever does not train: past any warm-up. */
export const afterTraining = 1e9

export interface Given {
  weights: Weights
  /** [B, D] */
  x: Tensor2D
  /** Of a row of x; a vector where it is absent. */
  input?: Shape
  random: Randomness
  state: Record<string, Tensor>
  /** Classes of the batch's images, int32 [B]; for networks that classify. */
  labels?: Tensor1D | null
  /** Epochs of training so far; past any warm-up where it is absent. */
  epoch?: Scalar
  /** Whether this is a step of training: then layers are normalised by this batch, else by the running statistics in `state`. */
  trains?: boolean
  /** Used instead of the variant's own corruption of x where given, [B, D]. */
  corrupted?: Tensor2D | null
}

export interface Objective {
  /** `loss`, the variant's terms, and weight decay. */
  terms: Record<string, Scalar>
  /** Values of the forward pass that the variant needs after the step. */
  observed: Record<string, Tensor>
  /** What the variant watches, as `watchedNames` names it, [n]; null where that is nothing. */
  watched: Tensor1D | null
  /** Of a step of training: the running statistics after it, named as in `state`. */
  statistics: Record<string, Tensor>
}

/** Weights with the running statistics that are among a step's state, as a network reads them. */
export const withStatistics = (weights: Weights, state: Record<string, Tensor>): Weights => ({
  ...weights,
  ...Object.fromEntries(Object.entries(state).map(([name, value]) => [`state/${name}`, value])),
})

/** Collects running statistics as they are after a step: of a layer that a step goes through more than once, after the first pass. */
function following(state: Record<string, Tensor>): { statistics: Record<string, Tensor>; onBatch: NetworkShape['onBatch'] & {} } {
  const statistics: Record<string, Tensor> = {}
  return {
    statistics,
    onBatch(ofBatch) {
      for (const [key, value] of Object.entries(ofBatch)) {
        const name = key.slice('state/'.length)
        statistics[name] ??= state[name]!.mul(momentum).add(value.mul(1 - momentum))
      }
    },
  }
}

/**
 * The objective of a variant on one batch: every term, and their sum as `loss`. The same function is recorded for training, run
 * plainly as the reference, and asked for gradients at given weights.
 */
export function objectiveOf(variant: Variant, config: Config, given: Given): Objective {
  const { weights, x: images, input = vectorOf(images.shape[1]), random, state, labels, epoch, trains, corrupted } = given
  if (!variant.objective) throw new Error(`${variant.id} has no objective`)
  const { statistics, onBatch } = following(state)
  const network = networkOf(variant, config, input, withStatistics(weights, state), trains ? onBatch : undefined)
  const settings = config.regularizer as never
  const x = config.data.binarise === 'dynamic' ? boltzmann.bernoulli(images, random.uniform('binarise', images.shape)) : images
  const observed: Record<string, Tensor> = {}
  const watched: Record<string, Tensor> = {}
  const terms: Record<string, Scalar> = {
    ...variant.objective({
      x,
      network,
      random,
      settings,
      state,
      labels: labels ?? null,
      epoch: epoch ?? tf.scalar(afterTraining),
      withGradient,
      probability,
      boltzmann,
      corrupted: corrupted ?? variant.corrupt?.(x, random, settings, input.channels) ?? x,
      observe: (name, value) => {
        observed[name] = value
      },
      watch: (name, value) => {
        watched[name] = value
      },
    }),
  }
  if (config.training.weightDecay > 0) terms['weightDecay'] = network.weightDecayTerm(config.training.weightDecay)
  const loss = Object.values(terms).reduce((sum, term) => sum.add(term))
  const names = (variant.watched?.(config) ?? []).map(({ name }) => name)
  return {
    terms: { loss, ...terms },
    observed,
    statistics,
    watched: names.length === 0 ? null : (tf.concat(names.map((name) => watched[name]!.reshape([-1]))) as Tensor1D),
  }
}
