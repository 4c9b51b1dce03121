import { rare, type Header } from './header.ts'
import type { Samples } from './samples.ts'
import { describePage } from './tiff/describe.ts'
import { pagesOf, sourceOfBytes } from './tiff/directory.ts'
import { turned } from './turn.ts'
import { notFinite, straighten, type Decoded } from './values/pictures.ts'

export type Found = Decoded | { reason: string } | null
export type Decoder = (bytes: Buffer, header: Header) => Found | Promise<Found>

/**
 * The decoders of formats whose values may be wider than bytes, which is most of what they are used for. Each loads when its first
 * file is met.
 */
const asSamples = (samples: Samples | null): Found => samples && { samples }

/** @returns null where sharp reads it */
export async function deepDecoder(bytes: Buffer, { type }: Header, page: number): Promise<Decoder | null> {
  if (type === 'tiff') return tiffDecoder(bytes, page)
  if (type === 'pnm') {
    const { decodePnm } = rare.pnm()
    return (bytes, header) => asSamples(decodePnm(bytes, header))
  }
  if (type === 'jp2') {
    const decode = await rare.jpeg2000().jpeg2000Decoder()
    return (bytes, header) => asSamples(decode(bytes, header))
  }
  const { readPng16 } = await import('./png.ts')
  return (bytes, header) => finite(readPng16(bytes, header.orientation))
}

/** Gray and colour are read here, bit by bit; palettes, CMYK, CIELAB, YCbCr and rare compressions of 8 bits by sharp. */
async function tiffDecoder(bytes: Buffer, wanted: number): Promise<Decoder | null> {
  const { readPage, whyNotRead } = await import('./tiff/read.ts')
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
      return null
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
export function asBytes(decoded: Extract<Decoded, { samples: Samples }>): Decoded {
  const { samples } = decoded
  if (samples.type !== 'u1') return decoded
  const { width, height, channels, alpha, orientation } = samples,
    data = samples.data as Uint8Array
  if (alpha?.premultiplied) straighten(data, channels)
  return { picture: turned({ data, width, height, channels }, orientation) }
}
