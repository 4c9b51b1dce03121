import { sizeOf, type Shape } from '../../../shared/shape.ts'
import { structuralWindow } from '../figures/protocol.ts'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'

/** Standard deviation of the Gaussian window, pixels. */
const deviation = 1.5
/** What keeps flat regions from a division by nothing: (K1 R)^2 and (K2 R)^2 for values with a range R of 1. */
const c1 = 0.01 ** 2
const c2 = 0.03 ** 2
/** Values of an image at a time, so that memory does not grow with the batch: some twenty tensors of this size live at once. */
const blockValues = 2 ** 20

/** Whether the window lies within an image at all. */
export const fitsWindow = ({ width, height }: Shape): boolean => Math.min(width, height) >= structuralWindow

/**
 * The structural similarity of every image and its reconstruction, [N]: Wang, Bovik, Sheikh and Simoncelli 2004, with their
 * Gaussian window of 11x11 and standard deviation 1.5, K1 = 0.01, K2 = 0.03, a range of values of 1, and variances by the
 * window's weights. The mean over the places where the whole window lies within the image, and over channels. Both [N, D],
 * images row by row, of a shape that `fitsWindow`.
 */
export function structuralSimilarities(inputs: Tensor2D, outputs: Tensor2D, shape: Shape): Tensor1D {
  return tf.tidy(() => {
    const rows = band(shape.height).transpose() as Tensor2D
    const columns = band(shape.width)
    const count = inputs.shape[0]
    const block = Math.max(1, Math.floor(blockValues / sizeOf(shape)))
    const found: Tensor1D[] = []
    for (let start = 0; start < count; start += block) {
      const size = Math.min(block, count - start)
      const part = (images: Tensor2D) => images.slice([start, 0], [size, -1])
      found.push(tf.tidy(() => ofBlock(part(inputs), part(outputs), shape, rows, columns)))
    }
    return tf.concat1d(found)
  })
}

function ofBlock(inputs: Tensor2D, outputs: Tensor2D, shape: Shape, rows: Tensor2D, columns: Tensor2D): Tensor1D {
  const { width, height, channels } = shape
  // [height, images, channels, width]: so both ways the window takes one product of matrices for all images.
  const planes = (images: Tensor2D): Tensor => images.reshape([-1, height, width, channels]).transpose([1, 0, 3, 2])
  const x = planes(inputs)
  // What is subtracted of both changes no variance, but keeps float32 from losing those of bright regions.
  const level = x.mean([0, 3], true)
  const a: Tensor = x.sub(level)
  const b: Tensor = planes(outputs).sub(level)
  const windowed = (values: Tensor): Tensor => {
    const down = tf.matMul(rows, values.reshape([height, -1]) as Tensor2D)
    return tf.matMul(down.reshape([-1, width]) as Tensor2D, columns).reshape([rows.shape[0], -1, channels, columns.shape[1]])
  }
  const meanA = windowed(a)
  const meanB = windowed(b)
  const squares: Tensor = meanA.square().add(meanB.square())
  const product: Tensor = meanA.mul(meanB)
  const variances: Tensor = windowed(a.square().add(b.square())).sub(squares)
  const covariance: Tensor = windowed(a.mul(b)).sub(product)
  const meanX = meanA.add(level)
  const meanY = meanB.add(level)
  const luminance: Tensor = meanX.mul(meanY).mul(2).add(c1).div(meanX.square().add(meanY.square()).add(c1))
  const structure: Tensor = covariance.mul(2).add(c2).div(variances.add(c2))
  return luminance.mul(structure).mean([0, 2, 3]) as Tensor1D
}

/** The window along a line of so many values, as a matrix [values, places where it lies within the line]. */
function band(values: number): Tensor2D {
  const half = (structuralWindow - 1) / 2
  const weights = Array.from({ length: structuralWindow }, (_, at) => Math.exp(-((at - half) ** 2) / (2 * deviation ** 2)))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const places = values - structuralWindow + 1
  const matrix = new Float32Array(values * places)
  for (let place = 0; place < places; place++)
    weights.forEach((weight, at) => (matrix[(place + at) * places + place] = weight / total))
  return tf.tensor2d(matrix, [values, places])
}
