import { biasesOf, type Layer, type LayerWeights, type Normalised } from './layer.ts'

/**
 * Batch normalisation (Ioffe and Szegedy 2015): what a hidden layer sums is centred and divided by its deviation, channel by
 * channel or unit by unit; then come a learned scale and the layer's own bias. In training mean and variance are those of the
 * batch; a running mean of them, which is a state of the run, is what the network has everywhere else.
 */

export const normalisedAs = (layer: string): Normalised => ({
  scale: `${layer}/scale`,
  mean: `state/${layer}/mean`,
  variance: `state/${layer}/variance`,
})

/** Is added to a variance; of batches the share that the running statistics keep of what they were (both as in PyTorch). */
export const epsilon = 1e-5,
  momentum = 0.9

/** One of the running statistics of a network, with how it begins. */
export interface Statistic {
  name: string
  shape: number[]
  initial: number
}

/** Name of the variance of a decoder's values around its means, where all share one: a running statistic like those above. */
export const sharedVariance = 'state/decoder/variance'
/** Such a variance is kept above this, a thousandth of the range of pixels squared. */
export const leastVariance = 1e-6

/** Running statistics of a layer. */
export const statisticsOf = (layer: Layer): Statistic[] => [
  ...(layer.normalised
    ? [
        { name: layer.normalised.mean, shape: [biasesOf(layer)], initial: 0 },
        { name: layer.normalised.variance, shape: [biasesOf(layer)], initial: 1 },
      ]
    : []),
  ...(layer.variance ? [{ name: layer.variance, shape: [1], initial: 1 }] : []),
]

/**
 * Whether something that a checkpoint holds belongs to the network, and not to a training that goes on: weights and running
 * statistics do, the optimizer's slots, a variant's state and a layer's autoencoder do not.
 */
export const isOfNetwork = (name: string): boolean =>
  !/^(stage|optimizer|state)\//.test(name) || /^state\/(en|de)coder\//.test(name)

/** Kernel and bias with which a layer does without normalisation what it does with its running statistics. */
export function folded(layer: Layer, weights: Readonly<Record<string, Float32Array>>): LayerWeights {
  const kernel = weights[layer.kernel]!,
    bias = weights[layer.bias]!
  if (!layer.normalised) return { kernel, bias }
  const [scale, mean, variance] = (['scale', 'mean', 'variance'] as const).map((name) => weights[layer.normalised![name]]!)
  const factors = scale!.map((value, channel) => value / Math.sqrt(variance![channel]! + epsilon))
  // Along the last axis lie the filters, along the one before the channels that are given where it is gone back.
  const inner = layer.adjoint ? layer.map.kernel.at(-1)! : 1
  return {
    kernel: kernel.map((value, at) => value * factors[Math.floor(at / inner) % factors.length]!),
    bias: bias.map((value, channel) => value - mean![channel]! * factors[channel]!),
  }
}
