import { product } from '../../src/main/engine/network/operations.ts'
import { countParameters } from '../../src/main/engine/network/weights.ts'
import { stepWork } from '../../src/main/engine/network/work.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { optimizerSlots } from '../../src/main/engine/variants/slots.ts'
import { variantOf } from '../../src/main/engine/variants/index.ts'
import { layersOfVariant, weightsOf } from '../../src/main/engine/variants/variant.ts'
import type { Config } from '../../src/shared/config.ts'
import type { Shape } from '../../src/shared/shape.ts'

/**
 * Floating point operations of a training step's linear maps: each forwards, and back for both gradients, but for the gradient by
 * the images, which nothing asks for.
 */
export function operationsOfStep(variantId: string, config: Config, input: Shape): number {
  const variant = variantOf(variantId)
  const layers = layersOfVariant(variant, config, input)
  const { batchSize, optimizer } = config.training
  const { samples } = config.regularizer
  const { operations } = stepWork(layers, {
    batchSize,
    samples: typeof samples === 'number' ? samples : 1,
    parameters: countParameters(weightsOf(variant, config, input)),
    slots: optimizerSlots[optimizer].length,
    extra: variant.work?.(config.regularizer as never) ?? {},
  })
  return operations - batchSize * layers.encoder[0]!.map.operations
}

/** The most floating point operations a second that TensorFlow's products of two square matrices reach here, of some tries. */
export function peakOfProducts(side = 2048, tries = 12): number {
  const [a, b] = [tf.randomNormal([side, side]), tf.randomNormal([side, side])] as [Tensor2D, Tensor2D]
  let least = Infinity
  for (let count = 0; count < tries; count++) {
    const started = performance.now()
    product(a, b).dispose()
    least = Math.min(least, performance.now() - started)
  }
  a.dispose()
  b.dispose()
  return (2 * side ** 3) / (least / 1000)
}
