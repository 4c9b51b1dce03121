import { tf, type Tensor2D } from '../../trace/tensorflow.ts'
import { imageOf } from '../images.ts'
import { picturesOf, read } from '../pictures.ts'
import type { Answer } from '../question.ts'

/** The images between two, along a way through the code; beside it the way through the pixels. Its ends are the two reconstructions. */
export const interpolate: Answer<'interpolate'> = async ({ from, to, path, steps }, { subject, drawing }) => {
  const { network } = subject
  const ends = tf.concat([(await imageOf(subject, from)).inputs, (await imageOf(subject, to)).inputs])
  const codes = between(read(network.encode(ends)), network.codeSize, path, steps)
  const shares = tf.tensor2d(Array.from({ length: steps }, (_, i) => [1 - i / (steps - 1), i / (steps - 1)]))
  const blended: Tensor2D = tf.matMul(shares, ends)
  return {
    kind: 'interpolate',
    path,
    codes,
    pictures: picturesOf(network.decode(tf.tensor2d(codes.slice(), [steps, network.codeSize])), drawing),
    blended: picturesOf(blended, drawing),
    ends: picturesOf(ends, drawing),
  }
}

/**
 * Codes from the first of two to the second, [steps, Z], evenly spaced: along the straight line, or along the great circle with
 * the length changing evenly (Shoemake 1985; White 2016), which is the line where the two point the same way or nowhere.
 */
function between(codes: Float32Array, size: number, path: 'linear' | 'spherical', steps: number): Float32Array<ArrayBuffer> {
  const a = codes.subarray(0, size),
    b = codes.subarray(size, 2 * size)
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
  const [lengthA, lengthB] = [norm(a), norm(b)]
  const cosine = a.reduce((sum, value, i) => sum + value * b[i]!, 0) / (lengthA * lengthB)
  const angle = Math.acos(Math.max(-1, Math.min(1, cosine))),
    sine = Math.sin(angle)
  const bends = path === 'spherical' && lengthA > 0 && lengthB > 0 && sine > 1e-6
  const result = new Float32Array(steps * size)
  for (let step = 0; step < steps; step++) {
    const t = step / (steps - 1),
      length = lengthA + t * (lengthB - lengthA)
    const shareA = bends ? (Math.sin((1 - t) * angle) / sine) * (length / lengthA) : 1 - t
    const shareB = bends ? (Math.sin(t * angle) / sine) * (length / lengthB) : t
    for (let i = 0; i < size; i++)
      result[step * size + i] = step === 0 ? a[i]! : step === steps - 1 ? b[i]! : shareA * a[i]! + shareB * b[i]!
  }
  return result
}
