import type { NetworkConfig } from '../../../shared/config.ts'
import { layersOf, type Heads, type Layer } from './weights.ts'

/** The layers that read the code: the decoder's first one, or all of its heads where they are its first. */
export function readersOf(network: NetworkConfig, heads: Heads | null): Layer[] {
  const { decoder, outputHeads } = layersOf(network, heads)
  return decoder.length === 1 ? [...decoder, ...outputHeads] : decoder.slice(0, 1)
}

/** A kernel [inputs, outputs] as the network uses it: with weight normalisation each column is divided by its L2 norm. */
export function usedKernel({ weightNorm }: NetworkConfig, kernel: Float32Array, inputs: number): Float32Array {
  if (!weightNorm) return kernel
  const outputs = kernel.length / inputs
  const squares = new Float64Array(outputs)
  kernel.forEach((value, at) => {
    squares[at % outputs]! += value * value
  })
  return kernel.map((value, at) => value / Math.sqrt(squares[at % outputs]! + 1e-24))
}

/**
 * L2 norms of the weights with which a decoder reads each code unit, over all layers that do.
 * @param weights by their names; other ones may be among them. Of decoders with weights of their own, which networks with heads have
 */
export function outgoingNorms(network: NetworkConfig, heads: Heads | null, weights: Record<string, Float32Array>): number[] {
  const units = network.layers.at(-1)!
  const squares = new Float64Array(units)
  for (const { kernel: name } of readersOf(network, heads)) {
    const kernel = usedKernel(network, weights[name]!, units)
    const outputs = kernel.length / units
    kernel.forEach((value, at) => {
      squares[Math.floor(at / outputs)]! += value * value
    })
  }
  return Array.from(squares, Math.sqrt)
}
