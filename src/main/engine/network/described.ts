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
  const described = (part: NetworkLayer['part'], layer: Layer): NetworkLayer => {
    const { map, adjoint, name } = layer
    const uncounted = specsOf(layer).filter(({ name: weight }) => !counted.has(weight))
    for (const { name: weight } of uncounted) counted.add(weight)
    const [height, width] = map.kernel
    return {
      name,
      part,
      kind: map.kind,
      in: shapeOf(adjoint ? map.out : map.in),
      out: shapeOf(adjoint ? map.in : map.out),
      window: map.stride === undefined ? null : { height: height!, width: width!, stride: map.stride },
      parameters: countParameters(uncounted),
      operations: map.operations,
    }
  }
  const codeSize = sizeOf(encoder.at(-1)!.map.out)
  return [
    ...[...encoder, ...codeHeads].map((layer) => described('encoder', layer)),
    ...(classes === null
      ? [...decoder, ...outputHeads].map((layer) => described('decoder', layer))
      : [described('classifier', classifierOf(codeSize, classes))]),
  ]
}
