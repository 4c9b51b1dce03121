import type { Config } from '../../../shared/config.ts'
import { evaluationSeed } from '../evaluate/draws.ts'
import type { Corrupt } from '../evaluate/measurement.ts'
import { tf } from '../trace/tensorflow.ts'
import type { Variant } from '../variants/variant.ts'
import { randomness } from './randomness.ts'

/**
 * How a variant with this config corrupts its inputs in training, drawn anew for the test split, the same for every seed; null
 * where inputs stay what they are.
 * @param channels values of a pixel
 */
export function ownCorruption(
  variant: Pick<Variant, 'corrupt' | 'measuredOn'>,
  config: Pick<Config, 'regularizer'>,
  channels: number,
): Corrupt | null {
  const { corrupt } = variant
  const { regularizer } = config
  if (!corrupt || variant.measuredOn?.(regularizer as never) === null) return null
  return (inputs, rows, start) =>
    tf.tidy(() => {
      const random = randomness(tf.tensor1d([evaluationSeed, start], 'int32'), tf.tensor1d(Int32Array.from(rows), 'int32'))
      return corrupt(inputs, random, regularizer as never, channels)
    })
}
