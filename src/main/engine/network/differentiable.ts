import { tf, type Tensor } from '../trace/tensorflow.ts'

type Gradient = (dy: Tensor, saved: Tensor[]) => Tensor[]

/** tf.customGrad with the types that its implementation has. */
export const differentiable = <Out extends Tensor>(
  inputs: Tensor[],
  value: (save: (tensors: Tensor[]) => void) => Tensor,
  gradient: Gradient,
): Out =>
  tf.customGrad((...args: unknown[]) => ({
    value: value(args.at(-1) as (tensors: Tensor[]) => void),
    gradFunc: (dy: Tensor, saved: Tensor[]) => gradient(dy, saved),
  }))(...inputs) as Out
