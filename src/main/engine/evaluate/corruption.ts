import { native, type } from '../trace/native.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'

/** Never a run's seed: every run is tested with the same corruption. Changing it is a new EVALUATION_VERSION. */
const evaluationSeed = 1729

export const corruptions = ['masking', 'gaussian'] as const
export type Corruption = (typeof corruptions)[number]
export const levels = [0.1, 0.25, 0.5] as const

/**
 * A test batch corrupted at every level: `masking` sets each value to 0 with probability `level`, `gaussian` adds
 * N(0, level^2) and does not clip. The levels of one batch share one draw, so what is masked at 0.1 is masked at 0.5 too;
 * the draw is a function of the kind and the batch's place in the test split. The caller disposes of the results.
 */
export function corrupt(kind: Corruption, inputs: Tensor2D, start: number): Tensor2D[] {
  return tf.tidy(() => {
    const drawn = draw(kind, inputs.shape, start)
    return levels.map((level): Tensor2D => kind === 'masking'
      ? inputs.mul(drawn.greaterEqual(level).cast('float32'))
      : inputs.add(drawn.mul(level)))
  })
}

/** Uniform in [0, 1) for masking, standard normal for gaussian, by TensorFlow's counter-based generator: the same on every machine. */
function draw(kind: Corruption, shape: readonly number[], start: number): Tensor2D {
  const op = kind === 'masking' ? 'StatelessRandomUniform' : 'StatelessRandomNormal'
  const seed = tf.tensor1d([evaluationSeed + corruptions.indexOf(kind), start], 'int32')
  const attributes = { dtype: type('float32'), T: type('int32'), Tseed: type('int32') }
  return native(op, attributes, [tf.tensor1d([...shape], 'int32'), seed]) as Tensor2D
}
