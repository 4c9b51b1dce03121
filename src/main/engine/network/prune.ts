import type { NetworkConfig } from '../../../shared/config.ts'
import type { Shape } from '../../../shared/shape.ts'
import { filtersIn, usedKernel, type Layer, type LayerWeights } from './layer.ts'
import { folded } from './normalisation.ts'
import { prunedBy, readersOf } from './readers.ts'
import { layersOf, statisticSpecs, weightSpecs, type Heads } from './weights.ts'

export interface Prunable {
  network: NetworkConfig
  input: Shape
  heads: Heads | null
  /** Weights by their names; other ones among them are left out. */
  weights: Record<string, Float32Array>
}

/**
 * A network without some of its code units: neither the layers that make the code nor those that read it have them any more.
 * What the decoder made of a unit's mean, a constant, goes into the next biases, b <- b + mean_j W_j; so nothing changes where
 * a unit never leaves its mean, nor where the weights that read it are 0. Kernels that were normalised, and layers that were, are
 * stored as they were used, for without a row another norm would come out.
 * @param removed units, of which some must be left
 * @param means of every code unit of the given network, [codeSize]
 */
export function withoutUnits(
  { network, input, heads, weights }: Prunable,
  removed: readonly number[],
  means: readonly number[],
): Pick<Prunable, 'network' | 'weights'> {
  const constants = new Map(removed.map((unit) => [unit, means[unit]!]))
  const kept = Array.from({ length: network.layers.at(-1)! }, (_, unit) => unit).filter((unit) => !constants.has(unit))
  const layers = layersOf(network, input, heads)
  const result: Record<string, Float32Array> = Object.fromEntries(
    weightSpecs(network, input, heads).map(({ name, role, shape }) => [
      name,
      role === 'kernel' ? usedKernel(network, weights[name]!, filtersIn(shape)) : weights[name]!,
    ]),
  )
  // What was normalised is done by kernel and bias alone: the means that a layer was centred by are those of all units.
  for (const layer of [...layers.encoder, ...layers.decoder].filter(({ normalised }) => normalised)) {
    const { kernel, bias } = folded(layer, weights)
    Object.assign(result, { [layer.kernel]: kernel, [layer.bias]: bias })
    delete result[layer.normalised!.scale]
  }
  const change = (layer: Layer, how: (layerWeights: LayerWeights) => LayerWeights) => {
    const { kernel, bias } = how({ kernel: result[layer.kernel]!, bias: result[layer.bias]! })
    Object.assign(result, { [layer.kernel]: kernel, [layer.bias]: bias })
  }
  for (const layer of [layers.encoder.at(-1)!, ...layers.codeHeads])
    change(layer, (layerWeights) => prunedBy(layer).outputs(layerWeights, kept))
  for (const layer of readersOf(layers)) change(layer, (layerWeights) => prunedBy(layer).inputs(layerWeights, constants))
  const pruned: NetworkConfig = {
    ...network,
    layers: [...network.layers.slice(0, -1), kept.length],
    weightNorm: false,
    normalisation: 'none',
  }
  for (const { name } of statisticSpecs(pruned, input, heads, null)) result[name] = weights[name]!
  return { network: pruned, weights: result }
}
