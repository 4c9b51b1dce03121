import type { Activation, Reconstruction } from '../../../shared/config.ts'
import { bool, native, nativeOutputs, type } from '../trace/native.ts'
import { tf, type Scalar, type Tensor, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import { differentiable } from './differentiable.ts'
import { convolved, convolvedBack, enlarged, enlargedBack, shaped } from './space.ts'

export { batchNormalised } from './batchNormalised.ts'
export { convolved, convolvedBack, enlarged, enlargedBack }

/**
 * The differentiable pieces of a network, each one native operation with its native gradient. tfjs's own kernels compose
 * most of these from several operations; here a recorded layer is `MatMul`, `BiasAdd` and an activation, which TensorFlow fuses
 * and which an exporter reads as the layer that it is.
 */
const T = { T: type('float32') }

/** a b, a' b, a b' or a' b' of matrices, without a gradient. */
export const product = (a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor2D =>
  native('MatMul', { ...T, transpose_a: bool(transposeA), transpose_b: bool(transposeB) }, [a, b]) as Tensor2D

/** The same values in rows of another length; no number of rows is written into a recording. */
const rowsOf = (x: Tensor2D, width: number): Tensor2D => {
  const before = x.shape[1]
  return differentiable(
    [x],
    () => shaped(x, [width]),
    (dy) => [shaped(dy, [before])],
  )
}

/** x + b, where b is added to every row, or, shorter than it, to every one of the parts that make it up. @param x [N, D] */
export function addBias(x: Tensor2D, bias: Tensor1D): Tensor2D {
  const width = x.shape[1]
  const parts = bias.size === width ? x : rowsOf(x, bias.size)
  const sum = differentiable<Tensor2D>(
    [parts, bias],
    () => native('BiasAdd', T, [parts, bias]),
    (dy) => [dy, native('BiasAddGrad', T, [dy])],
  )
  return bias.size === width ? sum : rowsOf(sum, width)
}

/**
 * How to differentiate an activation: natively from the output (`y`) or from the input (`x`); TensorFlow orders the arguments
 * differently.
 */
const activationOps = {
  sigmoid: { op: 'Sigmoid', gradient: (dy: Tensor, _x: Tensor, y: Tensor) => native('SigmoidGrad', T, [y, dy]) },
  tanh: { op: 'Tanh', gradient: (dy: Tensor, _x: Tensor, y: Tensor) => native('TanhGrad', T, [y, dy]) },
  relu: { op: 'Relu', gradient: (dy: Tensor, _x: Tensor, y: Tensor) => native('ReluGrad', T, [dy, y]) },
  elu: { op: 'Elu', gradient: (dy: Tensor, _x: Tensor, y: Tensor) => native('EluGrad', T, [dy, y]) },
  softplus: { op: 'Softplus', gradient: (dy: Tensor, x: Tensor) => native('SoftplusGrad', T, [dy, x]) },
} as const

/** The activation of a layer, elementwise. */
export function activate(x: Tensor2D, activation: Activation): Tensor2D {
  if (activation === 'linear') return x
  const { op, gradient } = activationOps[activation]
  return differentiable(
    [x],
    (save) => {
      const y = native(op, T, [x])
      save([x, y])
      return y
    },
    (dy, [x, y]) => [gradient(dy, x!, y!)],
  )
}

/** One row of ones, [1, width]. */
export const ones = (width: number): Tensor2D =>
  native('Fill', { ...T, index_type: type('int32') }, [tf.tensor1d([1, width], 'int32'), tf.scalar(1)]) as Tensor2D

/** Sum of all elements, as a scalar. */
const total = (x: Tensor): Scalar =>
  native('Sum', { ...T, Tidx: type('int32'), keep_dims: bool(false) }, [x, tf.tensor1d([0, 1], 'int32')]) as Scalar

/**
 * The reconstruction term: mean over the batch of the sum over pixels. Cross-entropy is computed from logits as
 * softplus(z) - x z, which is -x log s(z) - (1-x) log(1 - s(z)); its gradient is s(z) - x.
 * @param logits [B, D], what the last layer gives before its activation
 * @param target [B, D]
 * @param weights of each pixel's error, [B, D]; 1 without them
 */
export function reconstructionTerm(
  kind: Reconstruction,
  logits: Tensor2D,
  outputActivation: Activation,
  target: Tensor2D,
  weights: Tensor2D | null = null,
): Scalar {
  const scale = 1 / logits.shape[0]
  if (weights) {
    const errors =
      kind === 'squaredError'
        ? activate(logits, outputActivation).sub(target).square()
        : activate(logits, 'softplus').sub(target.mul(logits))
    return errors.mul(weights).sum().mul(scale) as Scalar
  }
  if (kind === 'squaredError') {
    const output = activate(logits, outputActivation)
    return differentiable(
      [output, target],
      (save) => {
        const difference = output.sub(target)
        save([difference])
        return total(native('Square', T, [difference])).mul(scale)
      },
      (dy, [difference]) => [difference!.mul(dy.mul(2 * scale)), difference!.mul(dy.mul(-2 * scale))],
    )
  }
  return differentiable(
    [logits, target],
    (save) => {
      save([logits, target])
      return total(native('Softplus', T, [logits]).sub(target.mul(logits))).mul(scale)
    },
    (dy, [logits, target]) => [native('Sigmoid', T, [logits!]).sub(target!).mul(dy.mul(scale)), logits!.mul(dy.mul(-scale))],
  )
}

/** Softmax of logits [N, C]; without a gradient. */
export const probabilitiesOf = (logits: Tensor2D): Tensor2D => native('Softmax', T, [logits]) as Tensor2D

/** Mean over the batch of -log softmax(logits)_label. @param labels int32 [N] */
export function crossEntropyOfClasses(logits: Tensor2D, labels: Tensor1D): Scalar {
  const [rows, classes] = logits.shape
  return differentiable(
    [logits],
    (save) => {
      const target = native('OneHot', { ...T, TI: type('int32'), axis: { kind: 'int', value: -1 } }, [
        labels,
        tf.scalar(classes, 'int32'),
        tf.scalar(1),
        tf.scalar(0),
      ])
      const [losses, slopes] = nativeOutputs('SoftmaxCrossEntropyWithLogits', T, [logits, target], 2)
      save([slopes!])
      return losses!.sum().mul(1 / rows)
    },
    (dy, [slopes]) => [slopes!.mul(dy.mul(1 / rows))],
  )
}

/** a b, or with transposes, differentiable in both. */
export const product2d = (a: Tensor2D, b: Tensor2D, transposeA = false, transposeB = false): Tensor2D =>
  differentiable(
    [a, b],
    (save) => {
      save([a, b])
      return product(a, b, transposeA, transposeB)
    },
    (dy, [a, b]) => [
      transposeA ? product(b!, dy, transposeB, true) : product(dy, b!, false, !transposeB),
      transposeB ? product(dy, a!, true, transposeA) : product(a!, dy, !transposeA, false),
    ],
  )

/** W' W of a kernel. */
export const gram = (kernel: Tensor2D): Tensor2D =>
  differentiable(
    [kernel],
    (save) => {
      save([kernel])
      return product(kernel, kernel, true)
    },
    (dy, [kernel]) => [product(kernel!, dy.add(dy.transpose()) as Tensor2D)],
  )

/** sum(M * (M G)) for a symmetric G: the squared norm of M W' where G = W' W. Its gradient reuses M G. */
export const sumOfProducts = (m: Tensor2D, symmetric: Tensor2D): Scalar =>
  differentiable(
    [m, symmetric],
    (save) => {
      const image = product(m, symmetric)
      save([m, image])
      return total(m.mul(image))
    },
    (dy, [m, image]) => [image!.mul(dy.mul(2)), product(m!, m!, true).mul(dy)],
  )

/** A scalar with the given value, whose gradient with respect to `carrier` is `gradient`. */
export const withGradient = (carrier: Tensor1D, value: Scalar, gradient: Tensor): Scalar =>
  differentiable(
    [carrier],
    (save) => {
      save([gradient])
      return value.clone()
    },
    (dy, [gradient]) => [gradient!.mul(dy)],
  )

/** 1 where a value is positive, else 0: the derivative of relu. A constant for the gradient. */
export const isPositive = (values: Tensor2D): Tensor2D => native('Greater', T, [values, tf.scalar(0)]).cast('float32')

/** 1 where a value is among the k largest of its row, of equal ones the first; else 0: exactly k. A constant for the gradient. */
export function largest(values: Tensor2D, k: number): Tensor2D {
  const [top] = nativeOutputs('TopKV2', { ...T, sorted: bool(false) }, [values, tf.scalar(k, 'int32')], 2)
  const least = native('Min', { ...T, Tidx: type('int32'), keep_dims: bool(true) }, [top!, tf.tensor1d([1], 'int32')])
  const larger = native('Greater', T, [values, least]).cast('float32')
  const equal = native('GreaterEqual', T, [values, least]).cast('float32').sub(larger)
  const order = native('Cumsum', { ...T, Tidx: type('int32'), exclusive: bool(false), reverse: bool(false) }, [
    equal,
    tf.scalar(1, 'int32'),
  ])
  const places = larger.sum(1, true).neg().add(k)
  return larger.add(equal.mul(native('LessEqual', T, [order, places]).cast('float32')))
}

/** Sum of squares of one kernel. */
export const sumOfSquares = (kernel: Tensor): Scalar =>
  differentiable(
    [kernel],
    (save) => {
      save([kernel])
      return native('L2Loss', T, [kernel]).mul(2)
    },
    (dy, [kernel]) => [kernel!.mul(dy.mul(2))],
  )

/** Each filter of a kernel, along its last axis, divided by its L2 norm (one of zeros stays as it is, up to a norm of 1e-12). */
export function normalisedFilters(kernel: Tensor): Tensor {
  const weights = Array.from({ length: kernel.rank - 1 }, (_, axis) => axis)
  return kernel.div(kernel.square().sum(weights, true).add(1e-24).sqrt())
}
