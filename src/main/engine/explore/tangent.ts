import type { EncoderPass } from '../evaluate/model.ts'
import { derivative, outputsByInputs, pullBack } from '../network/jacobian.ts'
import { bool, nativeOutputs, type } from '../trace/native.ts'
import { tf, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import type { Subject } from './subject.ts'

/** df/dx of one input, [Z, D]. A gate's closed units have no slope. Call it in a tidy. @param pass of one row */
export function jacobianOf({ layers, code }: EncoderPass): Tensor2D {
  const last = layers.at(-1)!
  const slopes = derivative(last),
    open = code.equal(last.output).cast('float32')
  const rows = outputsByInputs(last).mul<Tensor2D>((slopes ? slopes.mul(open) : open).transpose())
  return pullBack(layers.slice(0, -1), rows)
}

export interface Spectrum {
  /** Descending, [min(Z, D)]. */
  values: Float32Array<ArrayBuffer>
  /** Right singular vectors [count, D], unit length, each signed so that its entry of largest magnitude is positive. */
  directions: Tensor2D
}

/** Singular values of df/dx at an input [1, D], and its leading directions of the input space. The caller disposes of the directions. */
export function spectrumAt({ network }: Pick<Subject, 'network'>, inputs: Tensor2D, count: number): Spectrum {
  const [values, directions] = tf.tidy(() => {
    const [singular, , right] = nativeOutputs(
      'Svd',
      { T: type('float32'), compute_uv: bool(true), full_matrices: bool(false) },
      [jacobianOf(network.encodeLayers(inputs))],
      3,
    ) as [Tensor1D, Tensor2D, Tensor2D]
    const leading = right.slice([0, 0], [-1, Math.min(count, right.shape[1])]).transpose<Tensor2D>()
    const largest = tf.oneHot(leading.abs().argMax<Tensor1D>(1), leading.shape[1])
    return [singular, leading.mul(leading.mul(largest).sum(1, true).sign())] as [Tensor1D, Tensor2D]
  })
  const numbers = Float32Array.from(values.dataSync())
  values.dispose()
  return { values: numbers, directions }
}
