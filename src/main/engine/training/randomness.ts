import { native, type } from '../trace/native.ts'
import { tf, type Tensor, type Tensor1D } from '../trace/tensorflow.ts'
import type { Randomness } from '../network/randomness.ts'

/** FNV-1a, 32 bits: a stable number for the name of a draw. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value | 0
}

const draw = (op: 'StatelessRandomUniform' | 'StatelessRandomNormal', seed: Tensor, name: string, shape: number[]): Tensor => {
  const namedSeed = native('AddV2', { T: type('int32') }, [seed, tf.tensor1d([hash(name), 0], 'int32')])
  return native(op, { T: type('int32'), dtype: type('float32'), Tseed: type('int32') }, [tf.tensor1d(shape, 'int32'), namedSeed])
}

/**
 * Draws by TensorFlow's counter-based generators (Philox: Salmon et al. 2011), keyed by (run's seed + name, step): in a recorded
 * computation the seed is an input, so that every step draws anew and a resumed run draws what it would have drawn.
 * @param seed int32 [2]: run's seed, step
 * @param rows int32 [B]: which images the batch holds
 * @param moment int32 [1]: how far the training is, for what is drawn anew
 */
export function randomness(seed: Tensor1D, rows: Tensor1D, moment: Tensor1D | null = null): Randomness {
  const uniform: Randomness['uniform'] = (name, shape) => draw('StatelessRandomUniform', seed, name, shape)
  return {
    uniform,
    normal: (name, shape, deviation) => draw('StatelessRandomNormal', seed, name, shape).mul(deviation),
    keep: (name, shape, rate) => uniform(name, shape).greaterEqual(rate).cast('float32'),
    get perImage() {
      return imageRandomness(seed, rows)
    },
    ...(moment && {
      get anew() {
        // Steps of training draw by numbers from 1 on, validations from -1 down: with the moment in the key these are none of them.
        const key = mixed(native('AddV2', I, [seed.slice([0], [1]), times(moment, 0x9e3779b9)]))
        return randomness(tf.concat([key, seed.slice([1], [1])]) as Tensor1D, rows)
      },
    }),
  }
}

const I = { T: type('int32') }
const int = (value: number): Tensor => tf.scalar(value | 0, 'int32')
const xorShifted = (x: Tensor, bits: number): Tensor =>
  native('BitwiseXor', I, [x, native('BitwiseAnd', I, [native('RightShift', I, [x, int(bits)]), int((1 << (32 - bits)) - 1)])])
const times = (x: Tensor, factor: number): Tensor => native('Mul', I, [x, int(factor)])

/** MurmurHash3's finaliser on int32 tensors: the generators above take one key a call, and here every image has its own. */
const mixed = (x: Tensor): Tensor => xorShifted(times(xorShifted(times(xorShifted(x, 16), 0x85ebca6b), 13), 0xc2b2ae35), 16)

function imageRandomness(seed: Tensor1D, rows: Tensor1D): Randomness {
  const uniform: Randomness['uniform'] = (name, [batch, width]) => {
    const key = mixed(
      native('AddV2', I, [times(rows, 0x9e3779b9), native('AddV2', I, [seed.slice([0], [1]), int(hash(name))])]),
    ).reshape([batch!, 1])
    const columns = native('Range', { Tidx: type('int32') }, [int(0), int(width!), int(1)]).reshape([1, width!])
    const bits = mixed(native('AddV2', I, [key, times(columns, 0x27d4eb2f)]))
    // The upper 24 bits, which a float32 holds exactly.
    return native('BitwiseAnd', I, [native('RightShift', I, [bits, int(8)]), int(0xffffff)])
      .cast('float32')
      .mul(2 ** -24)
  }
  const source: Randomness = {
    uniform,
    /** Box and Muller 1958; the first uniform is kept from 0. */
    normal: (name, shape, deviation) =>
      uniform(`${name}/radius`, shape)
        .add(2 ** -25)
        .log()
        .mul(-2)
        .sqrt()
        .mul(
          uniform(`${name}/angle`, shape)
            .mul(2 * Math.PI)
            .cos(),
        )
        .mul(deviation),
    keep: (name, shape, rate) => uniform(name, shape).greaterEqual(rate).cast('float32'),
    get perImage() {
      return source
    },
  }
  return source
}
