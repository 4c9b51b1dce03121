import type { Config } from '../../../shared/config.ts'
import type { Shape } from '../../../shared/shape.ts'
import { initialValues } from '../network/initialise.ts'
import type { WeightSpec } from '../network/layer.ts'
import { layersOf, type Layers } from '../network/weights.ts'
import { stackConfig } from '../variants/layers.ts'
import type { State } from './compiled.ts'

/** The layers that pretrained ones are unrolled to. @param depth of its first layers only */
export const stackLayers = (config: Config, input: Shape, depth?: number): Layers =>
  layersOf(stackConfig(config, depth).network, input)

/**
 * Names of the weights of one layer, and of the one that mirrors it, by those that they have in another network. A kernel that
 * both read there is the encoder's.
 */
function namesOf(from: Layers, layer: number, to: Layers, place: number): Map<string, string> {
  const pairs = [
    [from.decoder.at(-1 - layer)!, to.decoder.at(-1 - place)!],
    [from.encoder[layer]!, to.encoder[place]!],
  ] as const
  return new Map(
    pairs.flatMap(([one, other]) => [
      [one.kernel, other.kernel],
      [one.bias, other.bias],
    ]),
  )
}

/** Initial values of a layer's autoencoder: those that the whole network's layer would begin with. */
export function initialLayer(specs: readonly WeightSpec[], layers: Layers, whole: Layers, layer: number, seed: number): State {
  const names = namesOf(layers, 0, whole, layer)
  return Object.fromEntries(
    specs.map((spec) => [spec.name, initialValues({ ...spec, name: names.get(spec.name) ?? spec.name }, seed)]),
  )
}

/**
 * A pretrained layer's weights under their names in the whole network. A tied decoder gets a kernel of its own, of the
 * encoder's values (Hinton and Salakhutdinov 2006, figure 1: unrolling).
 */
export function unrolled(weights: State, layers: Layers, whole: Layers, layer: number): State {
  const deep = Object.fromEntries([...namesOf(layers, 0, whole, layer)].map(([name, other]) => [other, weights[name]!]))
  const { map, kernel } = layers.encoder[0]!
  if (layers.decoder[0]!.kernel === kernel) deep[whole.decoder.at(-1 - layer)!.kernel] = map.mirror().kernelOf(weights[kernel]!)
  return deep
}

/** The weights of the first layers of a whole network, as a network of their own has them. */
export const stackOf = (state: State, whole: Layers, stack: Layers): State =>
  Object.fromEntries(
    stack.encoder.flatMap((_, layer) =>
      [...namesOf(whole, layer, stack, layer)].map(([name, stackName]) => [stackName, state[name]!]),
    ),
  )
