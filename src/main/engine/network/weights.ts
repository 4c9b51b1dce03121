import type { NetworkConfig } from '../../../shared/config.ts'

/** One named tensor of a network, with how it begins. Names are fixed by the design: `encoder/0/kernel`, `decoder/0/bias`, ... */
export interface WeightSpec {
  name: string
  /** Kernel: [inputs, outputs]; bias: [outputs]. */
  shape: number[]
  role: 'kernel' | 'bias'
  /** Standard deviation of the initial normal draw; 0 for biases. */
  scale: number
}

/** One dense layer: which weights it reads and what it does with them. */
export interface Layer {
  kernel: string
  bias: string
  /** True where a tied decoder uses the encoder's kernel transposed. */
  transposed: boolean
  activation: NetworkConfig['activation']
}

/**
 * Names of the layers that give the code and the output, where these are not the ordinary last ones: probabilistic networks
 * have several of each, all reading the last hidden layer. The first named is the one that `encode` and `decode` go through.
 */
export interface Heads {
  code: readonly string[]
  output: readonly string[]
}

/** p(x|z): independent pixels, Bernoulli or Gaussian, the latter with learned variances or with variance 1. */
export const likelihoods = ['gaussian', 'fixedGaussian', 'bernoulli'] as const
export type Likelihood = (typeof likelihoods)[number]

/** The heads of a probabilistic network; null for one that is not. */
export function headsOf(likelihood: Likelihood | null): Heads | null {
  const output = { bernoulli: ['logits'], gaussian: ['mean', 'logVariance'], fixedGaussian: ['mean'] }
  return likelihood && { code: ['mean', 'logVariance'], output: output[likelihood] }
}

/**
 * The layers of a network on inputs of `inputSize` values. The decoder mirrors the encoder; with `tied` it reads the encoder's
 * kernels transposed and has its own biases only. `codeHeads` and `outputHeads`: further layers beside the last ones, linear.
 */
export function layersOf(
  network: NetworkConfig,
  heads: Heads | null = null,
): { encoder: Layer[]; decoder: Layer[]; codeHeads: Layer[]; outputHeads: Layer[] } {
  const depth = network.layers.length
  const named = (name: string, activation: Layer['activation']): Layer => ({
    kernel: `${name}/kernel`,
    bias: `${name}/bias`,
    transposed: false,
    activation,
  })
  const encoder = network.layers.map((_, index): Layer => ({
    kernel: `encoder/${index}/kernel`,
    bias: `encoder/${index}/bias`,
    transposed: false,
    activation: index === depth - 1 ? network.codeActivation : network.activation,
  }))
  const decoder = network.layers.map((_, index): Layer => ({
    kernel: network.tied ? `encoder/${depth - 1 - index}/kernel` : `decoder/${index}/kernel`,
    bias: `decoder/${index}/bias`,
    transposed: network.tied,
    activation: index === depth - 1 ? network.outputActivation : network.activation,
  }))
  if (!heads) return { encoder, decoder, codeHeads: [], outputHeads: [] }
  const [code, ...codeHeads] = heads.code.map((head) => named(`encoder/${head}`, 'linear'))
  const [output, ...outputHeads] = heads.output.map((head, index) =>
    named(`decoder/${head}`, index === 0 ? network.outputActivation : 'linear'),
  )
  return { encoder: [...encoder.slice(0, -1), code!], decoder: [...decoder.slice(0, -1), output!], codeHeads, outputHeads }
}

/** The softmax layer on the code of a network that classifies. */
export const classifierLayer: Layer = {
  kernel: 'classifier/kernel',
  bias: 'classifier/bias',
  transposed: false,
  activation: 'linear',
}

/**
 * Every weight of a network, encoder first. Initial scales: Glorot normal sqrt(2 / (in + out)) for sigmoid, tanh, softplus and
 * linear layers (Glorot and Bengio 2010), He normal sqrt(2 / in) for relu and elu (He et al. 2015), by the activation of the
 * layer that the kernel feeds; a tied kernel counts as the encoder's. A network that classifies has a softmax layer instead of
 * a decoder.
 * @param classes null for an autoencoder
 */
export function weightSpecs(
  network: NetworkConfig,
  inputSize: number,
  heads: Heads | null = null,
  classes: number | null = null,
): WeightSpec[] {
  const { encoder, decoder, codeHeads, outputHeads } = layersOf(network, heads)
  const sizes = [inputSize, ...network.layers]
  const specs: WeightSpec[] = []
  const add = (layer: Layer, inputs: number, outputs: number) => {
    const he = layer.activation === 'relu' || layer.activation === 'elu'
    if (!layer.transposed)
      specs.push({
        name: layer.kernel,
        shape: [inputs, outputs],
        role: 'kernel',
        scale: Math.sqrt(2 / (he ? inputs : inputs + outputs)),
      })
    specs.push({ name: layer.bias, shape: [outputs], role: 'bias', scale: 0 })
  }
  encoder.forEach((layer, index) => add(layer, sizes[index]!, sizes[index + 1]!))
  for (const layer of codeHeads) add(layer, sizes.at(-2)!, sizes.at(-1)!)
  if (classes !== null) {
    add(classifierLayer, sizes.at(-1)!, classes)
    return specs
  }
  decoder.forEach((layer, index) => add(layer, sizes[sizes.length - 1 - index]!, sizes[sizes.length - 2 - index]!))
  for (const layer of outputHeads) add(layer, sizes[1] ?? inputSize, inputSize)
  return specs
}

/** Number of trained values. */
export const countParameters = (specs: readonly WeightSpec[]): number =>
  specs.reduce((sum, spec) => sum + spec.shape.reduce((product, size) => product * size, 1), 0)
