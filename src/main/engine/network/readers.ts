import type { NetworkConfig } from '../../../shared/config.ts'
import { filtersIn, usedKernel, type Layer, type LinearMap } from './layer.ts'
import { folded } from './normalisation.ts'
import type { Layers } from './weights.ts'

/** The layers that read the code: the decoder's first one, or all of its heads where they are its first. */
export const readersOf = ({ decoder, outputHeads }: Pick<Layers, 'decoder' | 'outputHeads'>): Layer[] =>
  decoder.length === 1 ? [...decoder, ...outputHeads] : decoder.slice(0, 1)

/** How units are taken away from a layer that makes or reads codes. */
export function prunedBy({ name, map }: Layer): NonNullable<LinearMap['pruned']> {
  if (!map.pruned) throw new Error(`${name} makes or reads codes, and single units cannot be taken from it`)
  return map.pruned
}

/**
 * L2 norms of the weights with which a decoder reads each code unit, over all layers that do.
 * @param weights by their names; other ones may be among them. Of decoders with weights of their own, which networks with heads have
 */
export function outgoingNorms(network: NetworkConfig, layers: Layers, weights: Record<string, Float32Array>): number[] {
  const squares = new Float64Array(network.layers.at(-1)!)
  for (const layer of readersOf(layers))
    prunedBy(layer).addSquares(usedKernel(network, folded(layer, weights).kernel, filtersIn(layer.map.kernel)), squares)
  return Array.from(squares, Math.sqrt)
}
