import type { Dataset, Images } from '../../../shared/domain.ts'
import type { Pictures } from '../../../shared/explore.ts'
import { thumbnailFactor, thumbnailSize } from '../../../shared/thumbnails.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'

/** What is known of a dataset's rows without its files. */
export type Shape = Pick<Dataset, 'kind' | 'width' | 'height' | 'channels'>
export const rowSizeOf = ({ width, height, channels }: Shape): number => width * height * channels
export const isPoints = (shape: Shape): boolean => shape.kind === 'vector' && rowSizeOf(shape) === 2

/** An answer's pictures may take so many bytes. */
const mostBytes = 48 * 2 ** 20

export interface Drawing {
  shape: Shape
  /** Longest side; larger images become smaller, each pixel the mean of a square. */
  side: number | undefined
  /** Values of vectors that are drawn as black and as white. */
  range: readonly [low: number, high: number]
}

/** Rows of values [n, D] as the network takes them, as pictures. */
export function picturesOf(values: Tensor2D, { shape, side, range: [low, high] }: Drawing): Pictures {
  if (isPoints(shape)) return { images: null, points: { count: values.shape[0], values: read(values) } }
  return { images: shape.kind === 'image' ? scaledDown(values, shape, side, 255, 0) : scaledDown(values, shape, undefined, 255 / (high - low), -255 * low / (high - low)), points: null }
}

/** Rows of signed values: 0 is mid-gray, and +-`scale` (each row's own largest magnitude, if there is none) the ends. Points are points. */
export function signedPictures(values: Tensor2D, { shape, side }: Drawing, scale?: number): Pictures {
  if (isPoints(shape)) return { images: null, points: { count: values.shape[0], values: read(values) } }
  const relative = tf.tidy(() => values.div<Tensor2D>(scale ?? values.abs().max(1, true).maximum(1e-12)))
  const images = scaledDown(relative, shape, shape.kind === 'image' ? side : undefined, 127.5, 127.5)
  relative.dispose()
  return { images, points: null }
}

/** value * factor + offset as bytes, squares of pixels averaged where the pictures have to be smaller. */
function scaledDown(values: Tensor2D, shape: Shape, side: number | undefined, factor: number, offset: number): Images {
  const [count] = values.shape, { width, height, channels } = shape
  let squares = side === undefined ? 1 : thumbnailFactor(shape, side), size = thumbnailSize(shape, squares)
  while (shape.kind === 'image' && squares < Math.max(width, height) && count * size.width * size.height * channels > mostBytes) size = thumbnailSize(shape, ++squares)
  const bytes = tf.tidy(() => {
    const averaged = squares === 1 || count === 0 ? values : tf.avgPool(values.reshape([count, height, width, channels]) as never, squares, squares, 'same') as unknown as Tensor2D
    return averaged.mul(factor).add(offset).clipByValue(0, 255).round()
  })
  const pixels = Uint8Array.from(bytes.dataSync())
  bytes.dispose()
  return { count, ...size, channels, pixels }
}

/** A copy: answers outlive tensors. */
export const read = (values: { dataSync(): ArrayLike<number> }): Float32Array<ArrayBuffer> => Float32Array.from(values.dataSync())
export const readInts = (values: { dataSync(): ArrayLike<number> }): Int32Array<ArrayBuffer> => Int32Array.from(values.dataSync())
