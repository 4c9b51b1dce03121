import { sizeOf } from '../../../shared/shape.ts'
import { tf, type Scalar, type Tensor, type Tensor2D } from '../trace/tensorflow.ts'
import type { Layer, LinearMap } from './layer.ts'
import * as operations from './operations.ts'

const { gram, isPositive, sumOfProducts, sumOfSquares } = operations

/** One encoder layer as it ran on a batch. */
export interface LayerPass extends Pick<Layer, 'activation'> {
  map: LinearMap
  /** What the layer read: normalised or perturbed where the settings say so. */
  kernel: Tensor
  /** Before the activation, [B, out]. */
  pre: Tensor2D
  /** After it. */
  output: Tensor2D
}

/**
 * The activation's derivative, elementwise, written in terms of its output where that is possible: tfjs has no second derivatives
 * of sigmoid, tanh and exp, and these expressions need only first ones. Null for the identity.
 */
export function derivative({ activation, pre, output }: Pick<LayerPass, 'activation' | 'pre' | 'output'>): Tensor2D | null {
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
 * Rows of derivatives by what a layer gives, [B R, out] for R rows of each of B inputs one after another, as derivatives by what
 * its map gives.
 */
export function throughActivation(layer: LayerPass, rows: Tensor2D): Tensor2D {
  const slopes = derivative(layer)
  if (!slopes) return rows
  const [batch, width] = slopes.shape
  const each = rows.reshape([batch, rows.shape[0] / batch, width])
  return each.mul(slopes.reshape([batch, 1, width])).reshape(rows.shape)
}

/** The same by what the first of some layers reads, [B R, in]: the one way back through layers of any kind, differentiable. */
export const pullBack = (layers: readonly LayerPass[], rows: Tensor2D): Tensor2D =>
  layers.toReversed().reduce((m, layer) => layer.map.back(throughActivation(layer, m), layer.kernel, operations), rows)

/** Every output of a layer's map by its inputs, [out, in]. */
export const outputsByInputs = ({ map, kernel }: Pick<LayerPass, 'map' | 'kernel'>): Tensor2D =>
  map.matrix(kernel)?.transpose() ?? map.back(tf.eye(sizeOf(map.out)), kernel, operations)

/** Squared L2 norm of each of these rows, [out]. */
export const squaredOutputNorms = ({ map, kernel }: Pick<LayerPass, 'map' | 'kernel'>): Tensor =>
  map.matrix(kernel)?.square().sum(0) ?? map.squaredNorms?.(kernel, operations) ?? outputsByInputs({ map, kernel }).square().sum(1)

/**
 * mean_B ||df/dx||_F^2 of a whole encoder, exact and differentiable. With M (one row for each image and code unit) the Jacobian
 * of the code by what the first layer's map gives, and that map a matrix W1, ||M W1'||^2 = sum(M * M G) for the Gram matrix
 * G = W1' W1: the input's dimension never enters the large product. Of an input much smaller than the first layer M W1' itself
 * is cheaper. One layer needs no matrix product at all (Rifai et al. 2011, section 3).
 */
export function meanSquaredJacobianNorm(layers: readonly LayerPass[]): Scalar {
  const first = layers[0]!,
    last = layers.at(-1)!
  const [batch, units] = last.output.shape
  const slope = derivative(last)
  if (layers.length === 1) {
    const norms = squaredOutputNorms(last)
    return (slope ? slope.square().mul(norms).sum() : norms.sum().mul(batch)).div(batch) as Scalar
  }
  // From the code's side: rows are code units of images.
  const outputs = outputsByInputs(last)
  const width = outputs.shape[1]
  const each = outputs.reshape([1, units, width])
  const rows = slope ? slope.reshape([batch, units, 1]).mul(each) : tf.tile(each, [batch, 1, 1])
  const m = throughActivation(first, pullBack(layers.slice(1, -1), rows.reshape([batch * units, width])))
  return squaredNorm(first, m).div(batch)
}

/**
 * An estimate of mean_B ||df/dx||_F^2: the mean over v of ||J' v||^2 for rows v of random signs, whose expectation it is, for
 * E v v' = I (Hutchinson 1990); so is that of its gradient.
 * @param draws uniform in [0, 1), [B, projections, Z]: a sign each
 */
export function projectedJacobianNorm(layers: readonly LayerPass[], draws: Tensor): Scalar {
  const [batch, projections, units] = draws.shape as [number, number, number]
  const signs = draws.greaterEqual(0.5).cast('float32').mul(2).sub(1)
  const rows = signs.reshape([batch * projections, units]) as Tensor2D
  return sumOfSquares(pullBack(layers, rows)).div(batch * projections)
}

/** ||M W'||^2 of rows M [n, out] that are pulled back through a map. */
function squaredNorm({ map, kernel }: LayerPass, m: Tensor2D): Scalar {
  const matrix = map.matrix(kernel)
  // With its gradient M W' takes three products with the input's dimension, M G two with the layer's.
  if (matrix && 3 * matrix.shape[0] >= 2 * matrix.shape[1]) return sumOfProducts(m, gram(matrix))
  return sumOfSquares(map.back(m, kernel, operations))
}
