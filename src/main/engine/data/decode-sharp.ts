import sharp from 'sharp'
import { pixelLimit } from './header.ts'
import type { Picture } from './pixels.ts'

sharp.cache(false)
sharp.concurrency(1)

/**
 * The general decoder, for everything that TensorFlow's do not read as it should be read: WebP, Exif rotation, CMYK, transparent
 * GIFs, TIFF with palettes and rare compressions, large pictures. One frame or page, counted from 0; embedded colour profiles are ignored, as TensorFlow does.
 * @throws when the bytes are damaged or truncated.
 */
export async function decodeGeneral(bytes: Uint8Array, page = 0): Promise<Picture> {
  const image = sharp(bytes, { failOn: 'error', limitInputPixels: pixelLimit, ignoreIcc: true, page, pages: 1 })
  const { data, info } = await image.autoOrient().toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}
