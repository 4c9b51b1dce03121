import { decodeBmp } from './bmp.ts'
import { whyRefused, type Header } from './header.ts'
import { readImage, releaseLargeFile, type ImageSource } from './image-file.ts'
import { decodeJpeg2000 } from './jpeg2000.ts'
import type { Picture } from './pixels.ts'
import { decodePng } from './png.ts'
import { decodePnm } from './pnm.ts'

/**
 * Above so many pixels sharp decodes. TensorFlow's decoders cost less a call and more a pixel (they return four bytes a
 * value): of a 640x480 JPEG 3.0 ms of processor time against 2.1.
 */
const tensorflowLimit = 2 ** 17
const ownLimit = 2 ** 20

/** Loaded when the first file needs them: TensorFlow takes a third of a second and 300 MB. */
let native: typeof import('./decode-native.ts') | undefined
let general: typeof import('./decode-sharp.ts') | undefined

/**
 * Decodes one image. Never waits for a pipe, never decodes what its header says is beyond 40 megapixels.
 * The picture's data is valid until the next call.
 */
export async function decodeFile(source: ImageSource): Promise<{ picture: Picture } | { reason: string }> {
  const file = readImage(source)
  if ('reason' in file) return file
  const { bytes, header } = file
  if (header.type === 'png' && bytes.lastIndexOf('IEND') < 0) return { reason: whyRefused(bytes, header.type) }
  // Loading is outside of `try`: a decoder that cannot be loaded says nothing about the image.
  const decode = await decoderFor(header)
  try {
    const picture = await decode(bytes, header)
    return picture ? { picture } : { reason: whyRefused(bytes, header.type) }
  } catch {
    return { reason: whyRefused(bytes, header.type) }
  } finally {
    releaseLargeFile()
  }
}

async function decoderFor(header: Header): Promise<(bytes: Buffer, header: Header) => Picture | null | Promise<Picture | null>> {
  if (header.type === 'bmp') return decodeBmp
  if (header.type === 'pnm') return decodePnm
  if (header.type === 'jp2') return decodeJpeg2000
  const pixels = header.width * header.height
  if (header.decoder === 'own' && pixels <= ownLimit) return decodePng
  if (header.decoder === 'tensorflow' && pixels <= tensorflowLimit) return (native ??= await import('./decode-native.ts')).decodeNative
  return (general ??= await import('./decode-sharp.ts')).decodeGeneral
}
