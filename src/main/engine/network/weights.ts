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
 * The layers of a network on inputs of `inputSize` values. The decoder mirrors the encoder; with `tied` it reads the encoder's
 * kernels transposed and has its own biases only.
 */
export function layersOf(network: NetworkConfig): { encoder: Layer[]; decoder: Layer[] } {
  const depth = network.layers.length
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
  return { encoder, decoder }
}

/**
 * Every weight of a network, encoder first. Initial scales: Glorot normal sqrt(2 / (in + out)) for sigmoid, tanh, softplus and linear layers
 * (Glorot and Bengio 2010), He normal sqrt(2 / in) for relu and elu (He et al. 2015), by the activation of the layer that the
 * kernel feeds; a tied kernel counts as the encoder's.
 */
export function weightSpecs(network: NetworkConfig, inputSize: number): WeightSpec[] {
  const { encoder, decoder } = layersOf(network)
  const sizes = [inputSize, ...network.layers]
  const specs: WeightSpec[] = []
  const add = (layer: Layer, inputs: number, outputs: number) => {
    const he = layer.activation === 'relu' || layer.activation === 'elu'
    if (!layer.transposed) specs.push({ name: layer.kernel, shape: [inputs, outputs], role: 'kernel', scale: Math.sqrt(2 / (he ? inputs : inputs + outputs)) })
    specs.push({ name: layer.bias, shape: [outputs], role: 'bias', scale: 0 })
  }
  encoder.forEach((layer, index) => add(layer, sizes[index]!, sizes[index + 1]!))
  decoder.forEach((layer, index) => add(layer, sizes[sizes.length - 1 - index]!, sizes[sizes.length - 2 - index]!))
  return specs
}

/** Number of trained values. */
export const countParameters = (specs: readonly WeightSpec[]): number =>
  specs.reduce((sum, spec) => sum + spec.shape.reduce((product, size) => product * size, 1), 0)
