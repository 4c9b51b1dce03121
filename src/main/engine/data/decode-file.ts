import { decodeBmp } from './bmp.ts'
import { whyRefused } from './header.ts'
import { readImageFile, releaseLargeFile } from './image-file.ts'
import type { Picture } from './pixels.ts'

/** Above this many pixels sharp decodes: TensorFlow's decoders return four bytes a value. */
const nativeLimit = 2 ** 20

/** Loaded when the first file needs them: TensorFlow takes a third of a second and 300 MB. */
let native: typeof import('./decode-native.ts') | undefined
let general: typeof import('./decode-sharp.ts') | undefined

/**
 * Decodes one image file. Never waits for a pipe, never decodes what its header says is beyond 40 megapixels.
 * The picture's data is valid until the next call.
 */
export async function decodeFile(path: string): Promise<{ picture: Picture } | { reason: string }> {
  const file = readImageFile(path)
  if ('reason' in file) return file
  const { bytes, header } = file
  try {
    if (header.type === 'bmp') {
      const picture = decodeBmp(bytes)
      return picture ? { picture } : { reason: whyRefused(bytes, header.type) }
    }
    if (header.native && header.width * header.height <= nativeLimit) {
      native ??= await import('./decode-native.ts')
      return { picture: native.decodeNative(bytes, header) }
    }
    if (header.type === 'png' && !bytes.includes('IEND', -64)) return { reason: whyRefused(bytes, header.type) }
    general ??= await import('./decode-sharp.ts')
    return { picture: await general.decodeGeneral(bytes) }
  } catch {
    return { reason: whyRefused(bytes, header.type) }
  } finally {
    releaseLargeFile()
  }
}
