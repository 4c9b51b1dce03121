import { initialValues } from '../network/initialise.ts'
import type { WeightSpec } from '../network/layer.ts'
import type { State } from './compiled.ts'

/** Name in the whole network of a weight of the autoencoder that pretrains one of its layers. @param depth of the whole network */
const deepName = (name: string, layer: number, depth: number): string =>
  name.replace(/^encoder\/0\//, `encoder/${layer}/`).replace(/^decoder\/0\//, `decoder/${depth - 1 - layer}/`)

/** Initial values of a layer's autoencoder: those that the whole network's layer would begin with. */
export const initialLayer = (specs: readonly WeightSpec[], layer: number, depth: number, seed: number): State =>
  Object.fromEntries(specs.map((spec) => [spec.name, initialValues({ ...spec, name: deepName(spec.name, layer, depth) }, seed)]))

/**
 * A pretrained layer's weights under their names in the whole network. A tied decoder becomes a kernel of its own, the
 * encoder's transposed (Hinton and Salakhutdinov 2006, figure 1: unrolling).
 */
export function unrolled(weights: State, layer: number, depth: number): State {
  const deep = Object.fromEntries(Object.entries(weights).map(([name, values]) => [deepName(name, layer, depth), values]))
  const outputs = weights['encoder/0/bias']!.length
  return {
    ...deep,
    [deepName('decoder/0/kernel', layer, depth)]: weights['decoder/0/kernel'] ?? transposed(weights['encoder/0/kernel']!, outputs),
  }
}

/** The first layers of a whole network as a network: their weights from the whole network's. */
export function stackOf(whole: State, layers: number, depth: number): State {
  return Object.fromEntries(
    Array.from({ length: layers }, (_, layer) => layer).flatMap((layer) =>
      ['kernel', 'bias'].flatMap((part): [string, Float32Array][] => [
        [`encoder/${layer}/${part}`, whole[`encoder/${layer}/${part}`]!],
        [`decoder/${layers - 1 - layer}/${part}`, whole[`decoder/${depth - 1 - layer}/${part}`]!],
      ]),
    ),
  )
}

/** [rows, columns] -> [columns, rows] */
function transposed(kernel: Float32Array, columns: number): Float32Array {
  const rows = kernel.length / columns
  const result = new Float32Array(kernel.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) result[column * rows + row] = kernel[row * columns + column]!
  return result
}
