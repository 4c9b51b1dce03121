import type { Dataset } from '../../../shared/domain.ts'
import type { Pictures } from '../../../shared/questions.ts'
import { thumbnailFactor, thumbnailSize } from '../../../shared/thumbnails.ts'
import { sizeOf } from '../../../shared/shape.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'

/** What is known of a dataset's rows without its files. */
export type Shape = Pick<Dataset, 'kind' | 'width' | 'height' | 'channels'>
/** Rows of two values are drawn as points of a plane, not as pictures. */
export const isPoints = (shape: Shape): boolean => shape.kind === 'vector' && sizeOf(shape) === 2

/** An answer's pictures may take so many bytes. */
const mostBytes = 48 * 2 ** 20

export interface Drawing {
  shape: Shape
  /** Longest side; larger images become smaller, each pixel the mean of a square. */
  side: number | undefined
  /** Values of vectors that are drawn as black and as white. */
  range: readonly [low: number, high: number]
}

/** Pictures of rows that come in several parts: how many there will be decides how large they can be. */
export class PictureBook {
  readonly #shape: Shape
  readonly #squares: number
  readonly #size: { width: number; height: number }
  readonly #factor: number
  readonly #offset: number
  readonly #pixels: Uint8Array<ArrayBuffer>
  readonly #points: Float32Array<ArrayBuffer>
  #filled = 0

  /** @param ends values that are drawn as black and as white */
  constructor(count: number, { shape, side }: Pick<Drawing, 'shape' | 'side'>, [low, high]: readonly [number, number]) {
    const isImage = shape.kind === 'image'
    let squares = !isImage || side === undefined ? 1 : thumbnailFactor(shape, side),
      size = thumbnailSize(shape, squares)
    while (
      isImage &&
      squares < Math.max(shape.width, shape.height) &&
      count * size.width * size.height * shape.channels > mostBytes
    )
      size = thumbnailSize(shape, ++squares)
    this.#shape = shape
    this.#squares = squares
    this.#size = size
    this.#factor = 255 / (high - low)
    this.#offset = -low * this.#factor
    this.#pixels = new Uint8Array(isPoints(shape) ? 0 : count * size.width * size.height * shape.channels)
    this.#points = new Float32Array(isPoints(shape) ? 2 * count : 0)
  }

  /** Values [n, D]. */
  add(values: Tensor2D): void {
    const [count] = values.shape
    if (count === 0) return
    if (isPoints(this.#shape)) {
      this.#points.set(values.dataSync(), 2 * this.#filled)
    } else {
      const { width, height, channels } = this.#shape,
        squares = this.#squares
      const bytes = tf.tidy(() => {
        const averaged =
          squares === 1
            ? values
            : (tf.avgPool(
                values.reshape([count, height, width, channels]) as never,
                squares,
                squares,
                'same',
              ) as unknown as Tensor2D)
        return averaged.mul(this.#factor).add(this.#offset).clipByValue(0, 255).round()
      })
      this.#pixels.set(bytes.dataSync(), this.#filled * this.#size.width * this.#size.height * channels)
      bytes.dispose()
    }
    this.#filled += count
  }

  get pictures(): Pictures {
    const count = this.#filled
    if (isPoints(this.#shape)) return { images: null, points: { count, values: this.#points } }
    return { images: { count, ...this.#size, channels: this.#shape.channels, pixels: this.#pixels }, points: null }
  }
}

/** Values of images that are held as floats at a time. */
const valuesAtOnce = 8 * 2 ** 20

/** Rows that are made part by part, as pictures; each part is disposed of. @param make rows from `start` on, [count, D] */
export function picturesInParts(count: number, drawing: Drawing, make: (start: number, count: number) => Tensor2D): Pictures {
  const book = new PictureBook(count, drawing, drawing.range),
    atOnce = Math.max(1, Math.floor(valuesAtOnce / sizeOf(drawing.shape)))
  for (let start = 0; start < count; start += atOnce) {
    const part = make(start, Math.min(atOnce, count - start))
    book.add(part)
    part.dispose()
  }
  return book.pictures
}

/** Rows of values [n, D] as the network takes them, as pictures. */
export function picturesOf(values: Tensor2D, drawing: Drawing): Pictures {
  const book = new PictureBook(values.shape[0], drawing, drawing.range)
  book.add(values)
  return book.pictures
}

/**
 * Rows of signed values: 0 is mid-gray, and +-`scale` (each row's own largest magnitude, if there is none) the ends. Points are
 * points.
 */
export function signedPictures(values: Tensor2D, drawing: Drawing, scale?: number): Pictures {
  const relative = isPoints(drawing.shape)
    ? values.clone()
    : tf.tidy(() => values.div<Tensor2D>(scale ?? values.abs().max(1, true).maximum(1e-12)))
  const book = new PictureBook(values.shape[0], drawing, [-1, 1])
  book.add(relative)
  relative.dispose()
  return book.pictures
}

/** A copy: answers outlive tensors. */
export const read = (values: { dataSync(): ArrayLike<number> }): Float32Array<ArrayBuffer> => Float32Array.from(values.dataSync())
