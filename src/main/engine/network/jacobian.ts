import { tf, type Scalar, type Tensor2D, type Tensor3D } from '../trace/tensorflow.ts'
import type { Activation } from '../../../shared/config.ts'
import { gram, isPositive, product2d, sumOfProducts, sumOfSquares } from './operations.ts'

/** One encoder layer as it ran on a batch. */
export interface LayerPass {
  /** What the layer read, [in, out]: normalised or perturbed where the settings say so. */
  kernel: Tensor2D
  activation: Activation
  /** Before the activation, [B, out]. */
  pre: Tensor2D
  /** After it. */
  output: Tensor2D
}

/**
 * The activation's derivative, elementwise, written in terms of its output where that is possible: tfjs has no second derivatives
 * of sigmoid, tanh and exp, and these expressions need only first ones. Null for the identity.
 */
export function derivative({ activation, pre, output }: LayerPass): Tensor2D | null {
  switch (activation) {
    case 'linear':
      return null
    case 'sigmoid':
      return output.sub(output.square())
    case 'tanh':
      return output.square().neg().add(1)
    case 'relu':
      return isPositive(output)
    // exp(x) for x <= 0 is the output plus 1; above, the derivative is 1.
    case 'elu':
      return output.minimum(0).add(1)
    case 'softplus':
      return pre.sigmoid()
  }
}

/**
 * mean_B ||df/dx||_F^2 of a whole encoder, exact and differentiable. With W1 the first kernel and M (one row for each image and
 * code unit) the Jacobian of the code with respect to the first layer's pre-activations, ||M W1'||^2 = sum(M * M G) for the
 * Gram matrix G = W1' W1: the input's dimension never enters the large product. Of an input much smaller than the first layer M
 * W1' itself is cheaper. One layer needs no matrix product at all (Rifai et al. 2011, section 3).
 */
export function meanSquaredJacobianNorm(layers: readonly LayerPass[]): Scalar {
  const batch = layers[0]!.output.shape[0]
  const first = layers[0]!
  const slope = derivative(first)
  if (layers.length === 1) {
    const columns = first.kernel.square().sum(0)
    return (slope ? slope.square().mul(columns).sum() : columns.sum().mul(batch)).div(batch) as Scalar
  }
  // From the code side: rows of M are code units of images; each layer multiplies by its kernel transposed, then by its derivative.
  const last = layers.at(-1)!
  const units = last.output.shape[1]
  const lastSlope = derivative(last)
  const transposed = last.kernel.transpose<Tensor2D>()
  let m = (
    lastSlope
      ? lastSlope.reshape([batch, units, 1]).mul(transposed.reshape([1, units, transposed.shape[1]]))
      : tf.tile(transposed.reshape([1, units, transposed.shape[1]]), [batch, 1, 1])
  ) as Tensor3D
  for (let index = layers.length - 2; index >= 0; index--) {
    const layer = layers[index]!
    const width = layer.output.shape[1]
    const slopes = derivative(layer)
    if (slopes) m = m.mul(slopes.reshape([batch, 1, width])) as Tensor3D
    if (index > 0)
      m = product2d(m.reshape([batch * units, width]), layer.kernel, false, true).reshape([
        batch,
        units,
        layer.kernel.shape[0],
      ]) as Tensor3D
  }
  const rows = m.reshape([batch * units, first.output.shape[1]]) as Tensor2D
  const [inputs, width] = first.kernel.shape
  // With its gradient M W1' takes three products with the input's dimension, M G two with the layer's.
  const sum =
    3 * inputs < 2 * width ? sumOfSquares(product2d(rows, first.kernel, false, true)) : sumOfProducts(rows, gram(first.kernel))
  return sum.div(batch) as Scalar
}
