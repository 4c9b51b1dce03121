import { sizeOf, type Shape } from '../../../shared/shape.ts'
import type { Attribute } from '../trace/record.ts'
import { bool, native, type } from '../trace/native.ts'
import { tf, type Tensor, type Tensor2D } from '../trace/tensorflow.ts'
import { differentiable } from './differentiable.ts'

/**
 * Operations that need space: rows of values [N, H W C] are images [N, H, W, C] inside them. No batch size is written into what
 * they record, so that one recording serves any.
 */

const T = { T: type('float32') }

/** The same values with other axes, the first one as long as is left. */
export const shaped = (x: Tensor, shape: readonly number[]): Tensor =>
  native('Reshape', { ...T, Tshape: type('int32') }, [x, tf.tensor1d([-1, ...shape], 'int32')])

const sides = ({ height, width, channels }: Shape): [number, number, number] => [height, width, channels]
const sidesOf = ({ height, width }: Shape): Tensor => tf.tensor1d([height, width], 'int32')

/** The shape of the images and the steps of a convolution whose padding is SAME. */
export interface Geometry {
  in: Shape
  out: Shape
  /** [kh, kw, in, out] */
  kernel: readonly number[]
  stride: number
}

const attributes = ({ stride }: Geometry): Record<string, Attribute> => ({
  ...T,
  strides: { kind: 'ints', value: [1, stride, stride, 1] },
  padding: { kind: 'string', value: 'SAME' },
  data_format: { kind: 'string', value: 'NHWC' },
  dilations: { kind: 'ints', value: [1, 1, 1, 1] },
  explicit_paddings: { kind: 'ints', value: [] },
  use_cudnn_on_gpu: { kind: 'bool', value: true },
})

const forwards = (x: Tensor, kernel: Tensor, geometry: Geometry): Tensor => native('Conv2D', attributes(geometry), [x, kernel])
/** Of sides alone: TensorFlow takes the batch from what is gone back from. */
const backwards = (y: Tensor, kernel: Tensor, geometry: Geometry): Tensor =>
  native('Conv2DBackpropInput', attributes(geometry), [sidesOf(geometry.in), kernel, y])
const byKernel = (x: Tensor, y: Tensor, geometry: Geometry): Tensor =>
  native('Conv2DBackpropFilter', attributes(geometry), [x, tf.tensor1d([...geometry.kernel], 'int32'), y])

/** A convolution, differentiable in both. @param x [N, in] -> [N, out] */
export function convolved(x: Tensor2D, kernel: Tensor, geometry: Geometry): Tensor2D {
  const { in: input, out } = geometry
  return differentiable(
    [x, kernel],
    (save) => {
      const images = shaped(x, sides(input))
      save([images, kernel])
      return shaped(forwards(images, kernel, geometry), [sizeOf(out)])
    },
    (dy, [images, kernel]) => {
      const slopes = shaped(dy, sides(out))
      return [shaped(backwards(slopes, kernel!, geometry), [sizeOf(input)]), byKernel(images!, slopes, geometry)]
    },
  )
}

/** Its adjoint, differentiable in both. @param y [N, out] -> [N, in] */
export function convolvedBack(y: Tensor2D, kernel: Tensor, geometry: Geometry): Tensor2D {
  const { in: input, out } = geometry
  return differentiable(
    [y, kernel],
    (save) => {
      const images = shaped(y, sides(out))
      save([images, kernel])
      return shaped(backwards(images, kernel, geometry), [sizeOf(input)])
    },
    (dx, [images, kernel]) => {
      const slopes = shaped(dx, sides(input))
      return [shaped(forwards(slopes, kernel!, geometry), [sizeOf(out)]), byKernel(slopes, images!, geometry)]
    },
  )
}

const nearest = { ...T, align_corners: bool(false), half_pixel_centers: bool(false) }
/** Each value of a larger image is that at floor(place * small / large). @param y [N, small] -> [N, large] */
const enlarge = (y: Tensor, small: Shape, large: Shape): Tensor =>
  shaped(native('ResizeNearestNeighbor', nearest, [shaped(y, sides(small)), sidesOf(large)]), [sizeOf(large)])
const enlargeBack = (x: Tensor, small: Shape, large: Shape): Tensor =>
  shaped(native('ResizeNearestNeighborGrad', nearest, [shaped(x, sides(large)), sidesOf(small)]), [sizeOf(small)])

/** Images enlarged by nearest neighbours, differentiable. @param y [N, small] -> [N, large] */
export const enlarged = (y: Tensor2D, small: Shape, large: Shape): Tensor2D =>
  differentiable(
    [y],
    () => enlarge(y, small, large),
    (dx) => [enlargeBack(dx, small, large)],
  )

/** Its adjoint, differentiable: of every value the sum over those that are made of it. @param x [N, large] -> [N, small] */
export const enlargedBack = (x: Tensor2D, small: Shape, large: Shape): Tensor2D =>
  differentiable(
    [x],
    () => enlargeBack(x, small, large),
    (dy) => [enlarge(dy, small, large)],
  )
