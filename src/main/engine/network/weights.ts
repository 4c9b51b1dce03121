import type { NetworkConfig } from '../../../shared/config.ts'
import { sizeOf, vectorOf, type Shape } from '../../../shared/shape.ts'
import { specsOf, type Layer, type LinearMap, type WeightSpec } from './layer.ts'
import { dense } from './layers/dense.ts'
import { normalisedAs, sharedVariance, statisticsOf, type Statistic } from './normalisation.ts'
import { layerKinds } from './layers/kinds.ts'

/**
 * Names of the layers that give the code and the output, where these are not the ordinary last ones: probabilistic networks
 * have several of each, all reading the last hidden layer. The first named is the one that `encode` and `decode` go through.
 */
export interface Heads {
  code: readonly string[]
  output: readonly string[]
  /** Whether all values of the output have one variance, which is followed while training. */
  sharesVariance?: boolean
}

/**
 * p(x|z): independent pixels, Bernoulli or Gaussian, the latter with learned variances, with one variance that all values share
 * (Rybkin, Daniilidis and Levine 2021), or with variance 1.
 */
export const likelihoods = ['gaussian', 'sharedGaussian', 'fixedGaussian', 'bernoulli'] as const
export type Likelihood = (typeof likelihoods)[number]
/** Log variances of a learned Gaussian decoder are kept in this range: beyond it a single pixel decides the likelihood. */
export const logVarianceRange = [-7, 7] as const
/**
 * The same of a code given an image, so that the divergence of one image does not outweigh that of all others. Codes of trained networks
 * come close to their means, but not that close; a wider posterior than the prior's is hardly ever wanted.
 */
export const codeLogVarianceRange = [-20, 7] as const

/** The heads of a probabilistic network; null for one that is not. */
export function headsOf(likelihood: Likelihood | null): Heads | null {
  const output = {
    bernoulli: ['logits'],
    gaussian: ['mean', 'logVariance'],
    sharedGaussian: ['mean'],
    fixedGaussian: ['mean'],
  }
  return (
    likelihood && {
      code: ['mean', 'logVariance'],
      output: output[likelihood],
      sharesVariance: likelihood === 'sharedGaussian',
    }
  )
}

/** The layers of a network. `codeHeads` and `outputHeads`: further layers beside the last ones, linear. */
export interface Layers {
  encoder: Layer[]
  decoder: Layer[]
  codeHeads: Layer[]
  outputHeads: Layer[]
}

const named = (name: string, map: LinearMap, activation: Layer['activation'], adjoint = false): Layer => ({
  name,
  map,
  adjoint,
  kernel: `${name}/kernel`,
  bias: `${name}/bias`,
  activation,
})

/**
 * The layers of a network on inputs of a shape. The decoder mirrors the encoder; with `tied` it goes back through the encoder's
 * maps, with their kernels, and has its own biases only.
 */
export function layersOf(network: NetworkConfig, input: Shape, heads: Heads | null = null, kinds = layerKinds): Layers {
  let shape = input
  const maps = kinds.flatMap(({ prefix, mapsOf }) => {
    const layerMaps = mapsOf(network, shape)
    shape = layerMaps.at(-1)?.out ?? shape
    return layerMaps.map((map, index) => ({
      map,
      encoder: `${prefix}${index}`,
      decoder: `${prefix}${layerMaps.length - 1 - index}`,
    }))
  })
  const last = maps.length - 1
  /** Hidden layers are normalised: neither the code nor the output, nor the heads beside them. */
  const hidden = (layer: Layer, index: number): Layer =>
    network.normalisation === 'batch' && index !== last ? { ...layer, normalised: normalisedAs(layer.name) } : layer
  const encoder = maps.map(({ map, encoder: name }, index) =>
    hidden(named(`encoder/${name}`, map, index === last ? network.codeActivation : network.activation), index),
  )
  const decoder = maps.toReversed().map(({ map, encoder: from, decoder: name }, index): Layer => {
    const activation = index === last ? network.outputActivation : network.activation
    if (network.tied) return { ...named(`decoder/${name}`, map, activation, true), kernel: `encoder/${from}/kernel` }
    const mirror = map.mirror(network.upsampling)
    return hidden(named(`decoder/${name}`, mirror.map, activation, mirror.adjoint), index)
  })
  if (!heads) return { encoder, decoder, codeHeads: [], outputHeads: [] }
  const coding = maps.at(-1)!.map,
    giving = maps[0]!.map.mirror(network.upsampling)
  const [code, ...codeHeads] = heads.code.map((head) => named(`encoder/${head}`, coding, 'linear'))
  const [output, ...outputHeads] = heads.output.map((head, index) =>
    named(`decoder/${head}`, giving.map, index === 0 ? network.outputActivation : 'linear', giving.adjoint),
  )
  if (heads.sharesVariance) output!.variance = sharedVariance
  return { encoder: [...encoder.slice(0, -1), code!], decoder: [...decoder.slice(0, -1), output!], codeHeads, outputHeads }
}

/** The softmax layer on the code of a network that classifies. */
export const classifierOf = (codeSize: number, classes: number): Layer =>
  named('classifier', dense(vectorOf(codeSize), vectorOf(classes)), 'linear')

/**
 * Every layer of a network, encoder first. One that classifies has a softmax layer instead of a decoder.
 * @param classes null for an autoencoder
 */
function everyLayer(network: NetworkConfig, input: Shape, heads: Heads | null, classes: number | null): Layer[] {
  const { encoder, decoder, codeHeads, outputHeads } = layersOf(network, input, heads)
  const rest = classes === null ? [...decoder, ...outputHeads] : [classifierOf(codeSizeOf(network, input), classes)]
  return [...encoder, ...codeHeads, ...rest]
}

/** Every running statistic that a network is normalised by; none without normalisation. @param classes as above */
export const statisticSpecs = (network: NetworkConfig, input: Shape, heads: Heads | null, classes: number | null): Statistic[] =>
  everyLayer(network, input, heads, classes).flatMap(statisticsOf)

/** Every weight of a network in that order; a tied kernel counts as the encoder's. @param classes as above */
export function weightSpecs(
  network: NetworkConfig,
  input: Shape,
  heads: Heads | null = null,
  classes: number | null = null,
): WeightSpec[] {
  const specs = everyLayer(network, input, heads, classes).flatMap(specsOf)
  return specs.filter(({ name }, index) => specs.findIndex((spec) => spec.name === name) === index)
}

/** Units of a network's code: of a pretrained convolution the values of its whole map. */
export const codeSizeOf = (network: NetworkConfig, input: Shape): number =>
  network.layers.at(-1) ?? sizeOf(layersOf(network, input).encoder.at(-1)!.map.out)

/** Number of trained values. */
export const countParameters = (specs: readonly WeightSpec[]): number =>
  specs.reduce((sum, spec) => sum + spec.shape.reduce((product, size) => product * size, 1), 0)
