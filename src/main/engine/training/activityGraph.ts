import { sizeOf } from '../../../shared/shape.ts'
import { nearEnd } from '../figures/protocol.ts'
import { inactiveState } from '../network/activation.ts'
import type { LayerPass } from '../network/jacobian.ts'
import { shaped } from '../network/space.ts'
import { bool, type } from '../trace/native.ts'
import { tf, type Tensor, type Tensor2D } from '../trace/tensorflow.ts'
import { recordAnyBatch } from './forwardGraph.ts'
import { filled, float, type ModelGraph } from './modelGraph.ts'

/**
 * In how many images of a batch of any size each unit of the encoder is active, as `activeSum`: farther from its inactive state than an
 * evaluation asks for; a filter wherever on its map that is.
 */
export function addActivity(model: ModelGraph): void {
  const { graph } = model
  const recording = recordAnyBatch(
    model,
    (batch) => [{ name: 'x', tensor: filled([batch, model.rowSize]) }],
    (network, named) => {
      const layers = network.encodeLayers(named('x') as Tensor2D)
      const gated = model.spec.variant.gate !== undefined
      const passes = layers.map((layer, index) =>
        index === layers.length - 1 ? activeIn({ ...layer, output: network.codeOf(layers) }, gated) : activeIn(layer, false),
      )
      return { active: passes.length === 1 ? passes[0]! : tf.concat(passes, 1) }
    },
  )
  const { active } = graph.inline('activity', recording, { x: 'scaled', ...model.networkReads('activity') })
  const axis = graph.constant('activity/axis', 'int32', [1], new Uint8Array(new Int32Array([0]).buffer))
  graph.node('activeSum', 'Sum', [active!, axis], { ...float, Tidx: type('int32'), keep_dims: bool(false) })
}

/** 1 where a unit is active, else 0: [N, units]. */
function activeIn({ map, activation, output }: LayerPass, gated: boolean): Tensor2D {
  const units = map.biases.out,
    places = sizeOf(map.out) / units
  const away = output.sub(inactiveState(activation, gated)).abs()
  const farthest: Tensor = places === 1 ? away : shaped(away, [places, units]).max(1)
  return farthest.greater(nearEnd).cast('float32')
}
