import type { Activation, Reconstruction } from '../../../shared/config.ts'
import { bool, native, type } from '../trace/native.ts'
import { tf, type Scalar, type Tensor, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'

/**
 * The differentiable pieces of a dense network, each one native operation with its native gradient. tfjs's own kernels compose
 * most of these from several operations; here a recorded layer is `MatMul`, `BiasAdd` and an activation, which TensorFlow fuses
 * and which an exporter reads as the layer that it is.
 */
const T = { T: type('float32') }
type Gradient = (dy: Tensor, saved: Tensor[]) => Tensor[]

/** tf.customGrad with the types that its implementation has. */
const differentiable = <Out extends Tensor>(inputs: Tensor[], value: (save: (tensors: Tensor[]) => void) => Tensor, gradient: Gradient): Out =>
  tf.customGrad((...args: unknown[]) => ({
    value: value(args.at(-1) as (tensors: Tensor[]) => void),
    gradFunc: (dy: Tensor, saved: Tensor[]) => gradient(dy, saved),
  }))(...inputs) as Out

/** a b, a' b, a b' or a' b' of matrices, without a gradient. */
export const product = (a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor2D =>
  native('MatMul', { ...T, transpose_a: bool(transposeA), transpose_b: bool(transposeB) }, [a, b]) as Tensor2D

/**
 * x W + b, or x W' + b with `transposed`.
 * @param x [N, in]
 * @param kernel [in, out], or [out, in] with `transposed`
 * @param bias [out]
 */
export function dense(x: Tensor2D, kernel: Tensor2D, bias: Tensor1D, transposed: boolean): Tensor2D {
  return differentiable([x, kernel, bias], (save) => {
    save([x, kernel])
    return native('BiasAdd', T, [product(x, kernel, false, transposed), bias])
  }, (dy, [x, kernel]) => [
    product(dy, kernel!, false, !transposed),
    transposed ? product(dy, x!, true, false) : product(x!, dy, true, false),
    native('BiasAddGrad', T, [dy]),
  ])
}

/** How to differentiate an activation: natively from the output (`y`) or from the input (`x`); TensorFlow orders the arguments differently. */
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
  return differentiable([x], (save) => {
    const y = native(op, T, [x])
    save([x, y])
    return y
  }, (dy, [x, y]) => [gradient(dy, x!, y!)])
}

/** Sum of all elements, as a scalar. */
const total = (x: Tensor): Scalar => native('Sum', { ...T, Tidx: type('int32'), keep_dims: bool(false) }, [x, tf.tensor1d([0, 1], 'int32')]) as Scalar

/**
 * The reconstruction term: mean over the batch of the sum over pixels. Cross-entropy is computed from logits as
 * softplus(z) - x z, which is -x log s(z) - (1-x) log(1 - s(z)); its gradient is s(z) - x.
 * @param logits [B, D], what the last layer gives before its activation
 * @param target [B, D]
 */
export function reconstructionTerm(kind: Reconstruction, logits: Tensor2D, outputActivation: Activation, target: Tensor2D): Scalar {
  const scale = 1 / logits.shape[0]
  if (kind === 'squaredError') {
    const output = activate(logits, outputActivation)
    return differentiable([output, target], (save) => {
      const difference = output.sub(target)
      save([difference])
      return total(native('Square', T, [difference])).mul(scale)
    }, (dy, [difference]) => [difference!.mul(dy.mul(2 * scale)), difference!.mul(dy.mul(-2 * scale))])
  }
  return differentiable([logits, target], (save) => {
    save([logits, target])
    return total(native('Softplus', T, [logits]).sub(target.mul(logits))).mul(scale)
  }, (dy, [logits, target]) => [native('Sigmoid', T, [logits!]).sub(target!).mul(dy.mul(scale)), logits!.mul(dy.mul(-scale))])
}

/** Sum of squares of one kernel. */
export const sumOfSquares = (kernel: Tensor): Scalar => differentiable([kernel], (save) => {
  save([kernel])
  return native('L2Loss', T, [kernel]).mul(2)
}, (dy, [kernel]) => [kernel!.mul(dy.mul(2))])

/** Each column of a kernel divided by its L2 norm (a column of zeros stays as it is, up to a norm of 1e-12). */
export const normalisedColumns = (kernel: Tensor2D): Tensor2D => kernel.div(kernel.square().sum(0, true).add(1e-24).sqrt())
