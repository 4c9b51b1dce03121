import sharp from 'sharp'
import { pixelLimit, streamedLimit, type Header } from './header.ts'
import type { Picture } from './pixels.ts'

sharp.cache(false)
sharp.concurrency(1)

/**
 * The general decoder, for everything that TensorFlow's do not read as it should be read: WebP, Exif rotation, CMYK,
 * transparent GIFs, TIFF with palettes and rare compressions, large pictures. One frame or page, counted from 0; embedded
 * colour profiles are ignored, as TensorFlow does.
 * @throws when the bytes are damaged or truncated.
 */
export async function decodeGeneral(bytes: Uint8Array, page = 0): Promise<Picture> {
  const image = sharp(bytes, { failOn: 'error', limitInputPixels: pixelLimit, ignoreIcc: true, page, pages: 1 })
  const { data, info } = await image
    .autoOrient()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

/** Pixels that are left of a very large picture: enough for the largest size of an import, 4096 x 4096. */
const shrunkPixels = 2 ** 24

/**
 * Decodes a picture of more than 40 megapixels, made smaller by a whole factor while it is read (a JPEG by its decoder, others
 * by a linear filter as wide as the factor), so that only some of its lines are in memory at a time.
 * @throws when the bytes are damaged or truncated.
 */
export async function decodeShrunk(bytes: Uint8Array, { width, height }: Header): Promise<Picture> {
  const factor = Math.ceil(Math.sqrt((width * height) / shrunkPixels))
  const [wide, high] = [width, height].map((side) => Math.max(1, Math.round(side / factor)))
  const image = sharp(bytes, { failOn: 'error', limitInputPixels: streamedLimit, ignoreIcc: true, pages: 1, sequentialRead: true })
  const small = image.resize({ width: wide!, height: high!, fit: 'fill', kernel: 'linear' }).toColourspace('srgb')
  const { data, info } = await small.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}
