import { native, type } from '../trace/native.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'

/** Never a run's seed: every run is measured with the same draws. Changing it is a new EVALUATION_VERSION. */
export const evaluationSeed = 1729

/** What is drawn; each has numbers of its own. */
const streams = ['masking', 'gaussian', 'directions', 'codes', 'importance'] as const
export type Stream = (typeof streams)[number]

/**
 * Uniform in [0, 1) or standard normal, by TensorFlow's counter-based generator: a function of the stream, the shape and the
 * place in the test split, the same on every machine.
 * @param start index of the batch's first sample in the test split
 */
export function draw(kind: 'uniform' | 'normal', stream: Stream, shape: readonly number[], start: number): Tensor2D {
  const op = kind === 'uniform' ? 'StatelessRandomUniform' : 'StatelessRandomNormal'
  const attributes = { dtype: type('float32'), T: type('int32'), Tseed: type('int32') }
  return tf.tidy(() => {
    const seed = tf.tensor1d([evaluationSeed + streams.indexOf(stream), start], 'int32')
    return native(op, attributes, [tf.tensor1d([...shape], 'int32'), seed]) as Tensor2D
  })
}
