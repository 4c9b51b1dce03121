import { sizeOf } from '../../../shared/shape.ts'
import { derivativeSamples } from '../figures/protocol.ts'
import { derivative, outputsByInputs, pullBack, squaredOutputNorms, throughActivation } from '../network/jacobian.ts'
import { product } from '../network/operations.ts'
import { tf, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import type { Measurement } from './measurement.ts'
import type { EncoderPass, Model } from './model.ts'
import { forEachBatch, take } from './samples.ts'

/** Samples, and values of a product (64 MB), at a time. */
export const samplesAtOnce = 50
const usualValues = 16 * 2 ** 20

/**
 * `jacobianNorm`: mean over the first 1,000 test samples of ||df/dx||_F, the Frobenius norm of the derivative of the code with
 * respect to the input. Exact at any depth. Null without test samples, and where a norm is not finite.
 */
export const jacobian: Measurement<'jacobianNorm'> = {
  weight: 3,
  async measure({ model, dataset }, report) {
    const rows = dataset.test.subarray(0, derivativeSamples)
    let total = 0
    await forEachBatch(
      dataset,
      rows,
      async ({ start, size, inputs }) => {
        total += sumOfNorms(model, inputs)
        await report((start + size) / rows.length)
      },
      samplesAtOnce,
    )
    return { jacobianNorm: finiteMean(total, rows.length) }
  },
}

/** Sum over samples [n, D] of ||df/dx||_F; n at most `samplesAtOnce`, for the sake of memory. */
export const sumOfNorms = (model: Model, inputs: Tensor2D, productValues = usualValues): number =>
  take(tf.tidy(() => squaredNorms(model.encodeLayers(inputs), productValues).sqrt())).reduce((sum, norm) => sum + norm, 0)

/** `total / count`, or null where that is no number: a figure without a meaning. */
export function finiteMean(total: number, count: number): number | null {
  const mean = total / count
  return Number.isFinite(mean) ? mean : null
}

/**
 * ||df/dx||_F^2 of every sample: [n]. The product is made from the code's side, where it has one row for each sample and code
 * unit; the code's own slopes only weigh the rows' norms. A gate's closed units have no slope.
 */
function squaredNorms({ layers, code }: EncoderPass, productValues: number): Tensor1D {
  const first = layers[0]!,
    last = layers.at(-1)!
  const [count, units] = code.shape
  const slopes = derivative(last)
  const open = code.equal(last.output).cast('float32')
  const weights = (slopes ? slopes.mul(open) : open).square()
  if (layers.length === 1) return weights.mul(squaredOutputNorms(last)).sum(1) as Tensor1D

  // The norm of M W' is that of M in the metric W' W, which is the smaller product where the layer has fewer units than inputs.
  const matrix = first.map.matrix(first.kernel)
  const metric = matrix && matrix.shape[1] < matrix.shape[0] ? product(matrix, matrix, true) : null
  const widest = Math.max(...layers.slice(metric ? 1 : 0).map(({ map }) => sizeOf(map.in)))
  const atOnce = Math.max(1, Math.floor(productValues / (count * widest)))
  const outputs = outputsByInputs(last)
  const norms: Tensor2D[] = []
  for (let unit = 0; unit < units; unit += atOnce) {
    const some = Math.min(atOnce, units - unit)
    norms.push(
      tf.tidy(() => {
        const rows = pullBack(layers.slice(1, -1), tf.tile(outputs.slice([unit, 0], [some, -1]), [count, 1]))
        const m = metric ? throughActivation(first, rows) : pullBack([first], rows)
        const squares = metric ? m.mul(product(m, metric)) : m.square()
        return squares.sum(1).reshape([count, some]) as Tensor2D
      }),
    )
  }
  return tf.concat(norms, 1).mul(weights).sum(1).maximum(0) as Tensor1D
}
