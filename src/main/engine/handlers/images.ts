import { setImmediate } from 'node:timers/promises'
import type { Images, Points } from '../../../shared/domain.ts'
import { thumbnailFactor, thumbnailSize } from '../../../shared/thumbnails.ts'
import { openDataset } from '../data/open.ts'
import type { PackedDataset } from '../data/packed.ts'

/** An answer's pictures may take so many bytes (a frame, four times as many). */
const mostBytes = 64 * 2 ** 20
/** Between images of more values than this, others get their turn. */
const manyValues = 2 ** 18

/** Opens a dataset's files for the time of `use`; rows are read from the file, never the whole set. */
export function withDataset<T>(folder: string, use: (dataset: PackedDataset) => T): T {
  const dataset = openDataset(folder, { resident: false })
  try {
    return use(dataset)
  } finally {
    dataset.close()
  }
}

/** The same for a use that takes longer. */
export async function duringDataset<T>(folder: string, use: (dataset: PackedDataset) => Promise<T>): Promise<T> {
  const dataset = openDataset(folder, { resident: false })
  try {
    return await use(dataset)
  } finally {
    dataset.close()
  }
}

/** Rows of two values as points of the plane. */
export function pointsOf(dataset: PackedDataset, rows: ArrayLike<number>): Points {
  const values = new Float32Array(rows.length * 2)
  dataset.gather(rows, values)
  return { count: rows.length, values }
}

/** Rows as pictures. Rows of reals become one strip of grays each, from the smallest to the largest value among them. */
export function imagesOf(dataset: PackedDataset, rows: ArrayLike<number>): Images {
  const { width, height, channels } = dataset
  const size = rows.length * dataset.rowSize
  if (dataset.kind === 'image') {
    const pixels = new Uint8Array(size)
    dataset.gather(rows, pixels)
    return { count: rows.length, width, height, channels, pixels }
  }
  const values = new Float32Array(size)
  dataset.gather(rows, values)
  const finite = values.filter(Number.isFinite)
  const low = finite.reduce((least, value) => Math.min(least, value), Infinity)
  const range = finite.reduce((most, value) => Math.max(most, value), -Infinity) - low || 1
  return { count: rows.length, width, height, channels, pixels: Uint8Array.from(values, (value) => ((value - low) / range) * 255) }
}

/**
 * Rows as pictures with no side longer than `side` (undefined: any), and fewer pixels still where the answer would take more
 * than 64 MB: then each pixel is the mean of a square of as many pixels as it takes, the same for all, rounded.
 */
export async function thumbnailsOf(dataset: PackedDataset, rows: ArrayLike<number>, side?: number): Promise<Images> {
  const { kind, channels, rowSize } = dataset
  let factor = kind !== 'image' || side === undefined ? 1 : thumbnailFactor(dataset, side),
    size = thumbnailSize(dataset, factor)
  while (
    kind === 'image' &&
    factor < Math.max(dataset.width, dataset.height) &&
    rows.length * size.width * size.height * channels > mostBytes
  )
    size = thumbnailSize(dataset, ++factor)
  if (factor === 1) return imagesOf(dataset, rows)
  const whole = new Uint8Array(rowSize),
    bytes = size.width * size.height * channels,
    pixels = new Uint8Array(rows.length * bytes)
  for (let i = 0; i < rows.length; i++) {
    dataset.gather([rows[i]!], whole)
    averageSquares(whole, dataset, factor, pixels.subarray(i * bytes, (i + 1) * bytes))
    if (rowSize > manyValues) await setImmediate()
  }
  return { count: rows.length, ...size, channels, pixels }
}

/** Images with no side longer than `side` (undefined: any): each pixel is the mean of a square of as many pixels as it takes. */
export function reduced(images: Images, side?: number): Images {
  const factor = side === undefined || images.count === 0 ? 1 : thumbnailFactor(images, side)
  if (factor === 1) return images
  const size = thumbnailSize(images, factor),
    { count, width, height, channels } = images
  const from = width * height * channels,
    to = size.width * size.height * channels,
    pixels = new Uint8Array(count * to)
  for (let i = 0; i < count; i++) {
    averageSquares(images.pixels.subarray(i * from, (i + 1) * from), images, factor, pixels.subarray(i * to, (i + 1) * to))
  }
  return { count, ...size, channels, pixels }
}

/** Each pixel of `out` is the mean of `factor` x `factor` pixels, of fewer at the right and at the bottom. */
function averageSquares(
  pixels: Uint8Array,
  { width, height, channels }: { width: number; height: number; channels: number },
  factor: number,
  out: Uint8Array,
): void {
  const columns = Math.ceil(width / factor),
    sums = new Uint32Array(columns * channels)
  for (let top = 0, to = 0; top < height; top += factor) {
    const bottom = Math.min(height, top + factor)
    sums.fill(0)
    for (let y = top; y < bottom; y++) {
      for (let c = 0; c < channels; c++) {
        for (let column = 0, at = y * width * channels + c; column < columns; column++) {
          let sum = 0
          for (const end = (y * width + Math.min(width, (column + 1) * factor)) * channels; at < end; at += channels)
            sum += pixels[at]!
          sums[column * channels + c]! += sum
        }
      }
    }
    for (let column = 0; column < columns; column++) {
      const counted = (bottom - top) * (Math.min(width, (column + 1) * factor) - column * factor)
      for (let c = 0; c < channels; c++) out[to++] = Math.round(sums[column * channels + c]! / counted)
    }
  }
}
