import { bool, nativeOutputs, type } from '../trace/native.ts'
import type { Attribute } from '../trace/record.ts'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import { differentiable } from './differentiable.ts'
import { shaped } from './space.ts'

const shared: Record<string, Attribute> = {
  T: type('float32'),
  U: type('float32'),
  data_format: { kind: 'string', value: 'NHWC' },
  is_training: bool(true),
}

/** A layer's sums, normalised by the batch; and what they were normalised by, the variance unbiased: constants for the gradient. */
export interface BatchNormalised {
  values: Tensor2D
  mean: Tensor1D
  variance: Tensor1D
}

/**
 * scale (x - mean) / sqrt(variance + epsilon) + bias with mean and variance of this batch, for each of the channels that lie side
 * by side; differentiable in all three. @param x [N, P C] @param scale [C] @param bias [C]
 */
export function batchNormalised(x: Tensor2D, scale: Tensor1D, bias: Tensor1D, epsilon: number): BatchNormalised {
  const attributes: Record<string, Attribute> = { ...shared, epsilon: { kind: 'float', value: epsilon } }
  const channels = scale.size,
    width = x.shape[1]
  const pixels = (rows: Tensor): Tensor => shaped(rows, [1, 1, channels])
  let statistics: [mean: Tensor, variance: Tensor] | null = null
  const values = differentiable<Tensor2D>(
    [x, scale, bias],
    (save) => {
      const images = pixels(x)
      const none = tf.tensor1d([], 'float32')
      const [y, mean, variance, ...reserved] = nativeOutputs(
        'FusedBatchNormV3',
        { ...attributes, exponential_avg_factor: { kind: 'float', value: 1 } },
        [images, scale, bias, none, none],
        6,
      )
      // What is neither returned nor saved would be gone.
      statistics = [tf.keep(mean!), tf.keep(variance!)]
      save([images, scale, ...reserved])
      return shaped(y!, [width])
    },
    (dy, [images, ...saved]) => {
      const [byX, byScale, byBias] = nativeOutputs('FusedBatchNormGradV3', attributes, [pixels(dy), images!, ...saved], 5)
      return [shaped(byX!, [width]), byScale!, byBias!]
    },
  )
  const [mean, variance] = statistics!.map((kept) => {
    const copy = kept.clone()
    kept.dispose()
    return copy as Tensor1D
  })
  return { values, mean: mean!, variance: variance! }
}
