import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { noiseLevels } from '../figures/protocol.ts'
import { draw } from './draws.ts'

export const corruptions = ['masking', 'gaussian'] as const
export type Corruption = (typeof corruptions)[number]

/**
 * A test batch corrupted at every level: `masking` sets each value to 0 with probability `level`, `gaussian` adds
 * N(0, level^2) and does not clip. The levels of one batch share one draw, so what is masked at 0.1 is masked at 0.5 too;
 * the draw is a function of the kind and the batch's place in the test split. The caller disposes of the results.
 */
export function corrupt(kind: Corruption, inputs: Tensor2D, start: number): Tensor2D[] {
  return tf.tidy(() => {
    const drawn = draw(kind === 'masking' ? 'uniform' : 'normal', kind, inputs.shape, start)
    return noiseLevels.map((level): Tensor2D =>
      kind === 'masking' ? inputs.mul(drawn.greaterEqual(level).cast('float32')) : inputs.add(drawn.mul(level)),
    )
  })
}
