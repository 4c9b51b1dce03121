import type { Corruption } from '../../../shared/questions.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { randomness } from '../training/randomness.ts'
import { uniformOfPixels } from '../variants/pixelDraws.ts'
import type { Randomness } from '../network/randomness.ts'

/** Draws that are a function of (seed, number, name); `perImage` of (seed, row, name). */
export const drawsOf = (seed: number, number = 0, rows: ArrayLike<number> = []): Randomness =>
  randomness(tf.tensor1d([seed, number], 'int32'), tf.tensor1d(Int32Array.from(rows), 'int32'))

/**
 * Corrupted inputs, as the design defines the three noises, of colour images whole pixels; without one the inputs themselves.
 * Call it in a tidy.
 * @param channels values of a pixel; 1 of vectors
 */
export function corrupted(inputs: Tensor2D, { kind, level }: Corruption, draws: Randomness, channels: number): Tensor2D {
  if (kind === 'none' || level === 0) return inputs
  if (kind === 'gaussian') return inputs.add(draws.normal('exploration', inputs.shape, level))
  const uniform = uniformOfPixels(draws, 'exploration', inputs.shape, channels)
  const kept = uniform.greaterEqual(level).cast('float32')
  // One draw decides both: below level/2 is pepper, from there to level is salt.
  return kind === 'masking'
    ? inputs.mul(kept)
    : inputs.mul(kept).add(
        uniform
          .greaterEqual(level / 2)
          .cast('float32')
          .sub(kept),
      )
}

/** What a corruption does, in words; null where it does nothing. */
export function corruptionWords({ kind, level }: Corruption): string | null {
  const share = `${Number((100 * level).toPrecision(3))}%`
  if (level === 0 || kind === 'none') return null
  if (kind === 'masking') return `${share} of the pixels are set to 0`
  if (kind === 'saltAndPepper') return `${share} of the pixels are set to 0 or 1`
  return `normal noise of deviation ${level} is added`
}
