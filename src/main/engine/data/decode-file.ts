import type { Decoder, Found } from './decode-deep.ts'
import { pixelLimit, whyRefused, type Header } from './header.ts'
import { readImage, releaseLargeFile, type ImageSource } from './image-file.ts'
import type { Picture } from './pixels.ts'
import { decodePng } from './png.ts'
import type { Decoded } from './values/pictures.ts'

/**
 * Above so many pixels sharp decodes. TensorFlow's decoders cost less a call and more a pixel (they return four bytes a
 * value): of a 640x480 JPEG 3.0 ms of processor time against 2.1.
 */
const tensorflowLimit = 2 ** 17
const ownLimit = 2 ** 20

/** Loaded when the first file needs them: TensorFlow takes a third of a second and 300 MB. */
let native: typeof import('./decode-native.ts') | undefined
let general: typeof import('./decode-sharp.ts') | undefined
let deep: typeof import('./decode-deep.ts') | undefined

/** An image, and how many pages or frames its file has of which the first was taken. */
type DecodedFile = (Decoded & { pages: number; shrunk: boolean }) | { reason: string }

/**
 * Decodes one image: bytes, or wider numbers as they are. Never waits for a pipe, never decodes what its header says is beyond 40
 * megapixels, but for kinds that are made smaller while they are read (`shrunk`). The data are valid until the next call.
 * @param pick channels to take, counted from 0
 */
export async function decodeFile(source: ImageSource, pick?: readonly number[]): Promise<DecodedFile> {
  const wanted = source !== null && typeof source === 'object' && 'page' in source ? source.page : undefined
  const file = readImage(source)
  if ('reason' in file) return file
  const { bytes, header } = file
  if (header.type === 'png' && bytes.lastIndexOf('IEND') < 0) return { reason: whyRefused(bytes, header.type) }
  // Loading is outside of `try`: a decoder that cannot be loaded says nothing about the image.
  const shrunk = header.width * header.height > pixelLimit
  const decode = shrunk ? await shrinking() : await decoderFor(bytes, header, wanted ?? 0),
    countPages = wanted === undefined && mayHavePages(header) ? (await import('./pages.ts')).countPages : () => 1
  try {
    let decoded: Found,
      pages = 1
    try {
      decoded = await decode(bytes, header)
      pages = countPages(bytes, header)
    } catch {
      decoded = null
    }
    if (decoded === null) return { reason: whyRefused(bytes, header.type) }
    if ('reason' in decoded) return decoded
    const withChannels = isUsual(decoded, pick) ? decoded : (await import('./values/channels.ts')).picked(decoded, pick)
    if ('reason' in withChannels) return withChannels
    return { ...('samples' in withChannels ? deep!.asBytes(withChannels) : withChannels), pages, shrunk }
  } finally {
    // The next page is mostly of the same file.
    if (wanted === undefined) releaseLargeFile()
  }
}

/** Gray or colour, of which nothing is to be chosen. */
const isUsual = (decoded: Decoded, pick: readonly number[] | undefined): boolean => {
  const { channels } = 'picture' in decoded ? decoded.picture : decoded.samples
  return pick === undefined && (channels === 1 || channels === 3)
}

const mayHavePages = ({ type, frames }: Header): boolean =>
  type === 'tiff' || type === 'gif' || type === 'webp' || frames !== undefined

const asFound = (picture: Picture | null): Found => picture && { picture }

async function decoderFor(bytes: Buffer, header: Header, page: number): Promise<Decoder> {
  const { type, wide, decoder } = header,
    pixels = header.width * header.height
  if (type === 'pnm' || type === 'jp2' || type === 'tiff' || (type === 'png' && wide)) {
    deep ??= await import('./decode-deep.ts')
    return (await deep.deepDecoder(bytes, header, page)) ?? withSharp(page)
  }
  if (type === 'bmp') {
    const { decodeBmp } = await import('./bmp.ts')
    return (bytes) => asFound(decodeBmp(bytes))
  }
  if (decoder === 'own' && pixels <= ownLimit) return (bytes) => asFound(decodePng(bytes))
  if (decoder === 'tensorflow' && pixels <= tensorflowLimit && page === 0) {
    native ??= await import('./decode-native.ts')
    return (bytes, header) => asFound(native!.decodeNative(bytes, header))
  }
  return withSharp(page)
}

async function shrinking(): Promise<Decoder> {
  general ??= await import('./decode-sharp.ts')
  return async (bytes, header) => asFound(await general!.decodeShrunk(bytes, header))
}

async function withSharp(page: number): Promise<Decoder> {
  general ??= await import('./decode-sharp.ts')
  return async (bytes) => asFound(await general!.decodeGeneral(bytes, page))
}
