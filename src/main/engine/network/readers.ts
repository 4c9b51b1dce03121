import type { NetworkConfig } from '../../../shared/config.ts'
import { layersOf, weightSpecs, type Heads, type Layer } from './weights.ts'

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
  kernel.forEach((value, at) => { squares[at % outputs]! += value * value })
  return kernel.map((value, at) => value / Math.sqrt(squares[at % outputs]! + 1e-24))
}

/** With what weights a decoder reads each code unit. */
export interface Outgoing {
  /** L2 norm of each unit's weights, over all layers that read the code. */
  norms: number[]
  /** The sum of all squares that is to be expected of the initial weights; 0 where weights are normalised, whose sum never changes. */
  initial: number
}

/** @param weights by their names; other ones may be among them. Of decoders with weights of their own, which networks with heads have */
export function outgoingOf(network: NetworkConfig, heads: Heads | null, weights: Record<string, Float32Array>): Outgoing {
  const units = network.layers.at(-1)!
  const readers = readersOf(network, heads).map(({ kernel: name }) => ({ name, kernel: usedKernel(network, weights[name]!, units) }))
  const squares = new Float64Array(units)
  for (const { kernel } of readers) {
    const outputs = kernel.length / units
    kernel.forEach((value, at) => { squares[Math.floor(at / outputs)]! += value * value })
  }
  const inputSize = weights[layersOf(network, heads).encoder[0]!.kernel]!.length / network.layers[0]!
  const scales = new Map(weightSpecs(network, inputSize, heads).map(({ name, scale }) => [name, scale]))
  const initial = network.weightNorm ? 0 : readers.reduce((sum, { name, kernel }) => sum + kernel.length * scales.get(name)! ** 2, 0)
  return { norms: Array.from(squares, Math.sqrt), initial }
}
