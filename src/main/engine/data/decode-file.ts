import { decodeBmp } from './bmp.ts'
import { pixelLimit, whyRefused, type Header } from './header.ts'
import { readImage, releaseLargeFile, type ImageSource } from './image-file.ts'
import { decodeJpeg2000 } from './jpeg2000.ts'
import { countPages } from './pages.ts'
import type { Picture } from './pixels.ts'
import { decodePng, readPng16 } from './png.ts'
import { decodePnm } from './pnm.ts'
import type { Samples } from './samples.ts'
import { pagesOf, sourceOfBytes } from './tiff/directory.ts'
import { describePage, readPage, whyNotRead } from './tiff/read.ts'
import { turned } from './turn.ts'
import { notFinite, picked, straighten, type Decoded } from './values/pictures.ts'

/**
 * Above so many pixels sharp decodes. TensorFlow's decoders cost less a call and more a pixel (they return four bytes a
 * value): of a 640x480 JPEG 3.0 ms of processor time against 2.1.
 */
const tensorflowLimit = 2 ** 17
const ownLimit = 2 ** 20

/** Loaded when the first file needs them: TensorFlow takes a third of a second and 300 MB. */
let native: typeof import('./decode-native.ts') | undefined
let general: typeof import('./decode-sharp.ts') | undefined

/** An image, and how many pages or frames its file has of which the first was taken. */
type DecodedFile = (Decoded & { pages: number; shrunk: boolean }) | { reason: string }

/**
 * Decodes one image: bytes, or wider numbers as they are. Never waits for a pipe, never decodes what its header says is beyond 40
 * megapixels, but for kinds that are made smaller while they are read (`shrunk`). The data are valid until the next call.
 * @param pick channels to take, counted from 0
 */
export async function decodeFile(source: ImageSource, pick?: readonly number[]): Promise<DecodedFile> {
  const wanted = source !== null && typeof source === 'object' && 'page' in source ? source.page : undefined,
    page = wanted ?? 0
  const file = readImage(source)
  if ('reason' in file) return file
  const { bytes, header } = file
  if (header.type === 'png' && bytes.lastIndexOf('IEND') < 0) return { reason: whyRefused(bytes, header.type) }
  // Loading is outside of `try`: a decoder that cannot be loaded says nothing about the image.
  const shrunk = header.width * header.height > pixelLimit
  const decode = shrunk
    ? await shrinking()
    : header.type === 'tiff'
      ? await tiffDecoder(bytes, page)
      : await decoderFor(header, page)
  try {
    const decoded = await decode(bytes, header)
    if (decoded === null) return { reason: whyRefused(bytes, header.type) }
    if ('reason' in decoded) return decoded
    const taken = picked(decoded, pick)
    return 'reason' in taken ? taken : { ...asBytes(taken), pages: wanted === undefined ? countPages(bytes, header) : 1, shrunk }
  } catch {
    return { reason: whyRefused(bytes, header.type) }
  } finally {
    // The next page is mostly of the same file.
    if (wanted === undefined) releaseLargeFile()
  }
}

type Decoder = (bytes: Buffer, header: Header) => Found | Promise<Found>
type Found = Decoded | { reason: string } | null

const asFound = (picture: Picture | null): Found => picture && { picture }
const asSamples = (samples: Samples | null): Found => samples && { samples }

async function decoderFor({ type, wide, decoder, width, height }: Header, page: number): Promise<Decoder> {
  if (type === 'bmp') return (bytes) => asFound(decodeBmp(bytes))
  if (type === 'pnm') return (bytes, header) => asSamples(decodePnm(bytes, header))
  if (type === 'jp2') return async (bytes, header) => asSamples(await decodeJpeg2000(bytes, header))
  if (type === 'png' && wide) return (bytes, header) => finite(readPng16(bytes, header.orientation))
  const pixels = width * height
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

/** Gray and colour are read here, bit by bit; palettes, CMYK, CIELAB, YCbCr and rare compressions of 8 bits by sharp. */
async function tiffDecoder(bytes: Buffer, wanted: number): Promise<Decoder> {
  try {
    const source = sourceOfBytes(bytes)
    let index = 0
    for (const page of pagesOf(source)) {
      if (index++ < wanted) continue
      const described = describePage(page),
        why = whyNotRead(page, described)
      if (why === null) return () => finite(readPage(source, page, described))
      if (described.wide) return () => ({ reason: `a TIFF that is not read: ${why}; save it as gray or as RGB` })
      if (described.photometric === 2 && described.channels > 3 && described.extra.at(-1) === 0) {
        return () => ({
          reason: `an image of ${described.channels} channels, and the file does not say what they are; save it without compression`,
        })
      }
      return withSharp(wanted)
    }
    return () => ({ reason: `damaged: it has no page ${wanted}` })
  } catch (error) {
    if (error instanceof RangeError) return () => null
    throw error
  }
}

function finite(samples: Samples | null): Found {
  const place = samples && notFinite(samples)
  return samples && (place === null ? { samples } : { reason: `it holds values that are not finite: ${place}` })
}

/** Numbers of a byte each are a picture. */
function asBytes(decoded: Decoded): Decoded {
  if ('picture' in decoded || decoded.samples.type !== 'u1') return decoded
  const { width, height, channels, alpha, orientation } = decoded.samples,
    data = decoded.samples.data as Uint8Array
  if (alpha?.premultiplied) straighten(data, channels)
  return { picture: turned({ data, width, height, channels }, orientation) }
}
