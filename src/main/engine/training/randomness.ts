import { native, type } from '../trace/native.ts'
import { tf, type Tensor, type Tensor1D } from '../trace/tensorflow.ts'
import type { Randomness } from '../variants/variant.ts'

/** FNV-1a, 32 bits: a stable number for the name of a draw. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value | 0
}

const draw = (op: 'StatelessRandomUniform' | 'StatelessRandomNormal', seed: Tensor, name: string, shape: number[]): Tensor => {
  const own = native('AddV2', { T: type('int32') }, [seed, tf.tensor1d([hash(name), 0], 'int32')])
  return native(op, { T: type('int32'), dtype: type('float32'), Tseed: type('int32') }, [tf.tensor1d(shape, 'int32'), own])
}

/**
 * Draws by TensorFlow's counter-based generators (Philox: Salmon et al. 2011), keyed by (run's seed + name, step): in a recorded
 * computation the seed is an input, so that every step draws anew and a resumed run draws what it would have drawn.
 * @param seed int32 [2]: run's seed, step
 */
export const randomness = (seed: Tensor1D): Randomness => ({
  uniform: (name, shape) => draw('StatelessRandomUniform', seed, name, shape),
  normal: (name, shape, deviation) => draw('StatelessRandomNormal', seed, name, shape).mul(deviation),
})
