import type { NetworkLayer } from '../../../shared/networkLayers.ts'
import { shapeOf, sizeOf } from '../../../shared/shape.ts'
import { specsOf, type Layer } from './layer.ts'
import { classifierOf, countParameters, type Layers } from './weights.ts'

/**
 * The layers of a network in the order in which an image goes through them, heads beside the last ones after these. A network
 * that classifies has a softmax layer instead of a decoder.
 * @param classes null for an autoencoder
 */
export function describedLayers({ encoder, decoder, codeHeads, outputHeads }: Layers, classes: number | null): NetworkLayer[] {
  const counted = new Set<string>()
  const described = (part: NetworkLayer['part'], layer: Layer, role: NetworkLayer['role']): NetworkLayer => {
    const { map, adjoint, name } = layer
    const uncounted = specsOf(layer).filter(({ name: weight }) => !counted.has(weight))
    for (const { name: weight } of uncounted) counted.add(weight)
    const [height, width] = map.kernel
    return {
      name,
      part,
      role,
      kind: map.kind,
      in: shapeOf(adjoint ? map.out : map.in),
      out: shapeOf(adjoint ? map.in : map.out),
      window: map.stride === undefined ? null : { height: height!, width: width!, stride: map.stride },
      parameters: countParameters(uncounted),
      operations: map.operations,
    }
  }
  const through = (part: 'encoder' | 'decoder', layers: readonly Layer[], last: NetworkLayer['role']) =>
    layers.map((layer, at) => described(part, layer, at === layers.length - 1 ? last : 'hidden'))
  const beside = (part: 'encoder' | 'decoder', heads: readonly Layer[]) => heads.map((layer) => described(part, layer, 'head'))
  const codeSize = sizeOf(encoder.at(-1)!.map.out)
  return [
    ...through('encoder', encoder, 'code'),
    ...beside('encoder', codeHeads),
    ...(classes === null
      ? [...through('decoder', decoder, 'output'), ...beside('decoder', outputHeads)]
      : [described('classifier', classifierOf(codeSize, classes), 'output')]),
  ]
}
