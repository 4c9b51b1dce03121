import type { Header } from './header.ts'
import { pagesOf, sourceOfBytes, type ByteSource } from './tiff/directory.ts'

/**
 * How many images a file holds that a reader takes the first of: pages of TIFF, frames of GIF, WebP and PNG.
 * Of damaged files, those before the damage.
 */
export function countPages(bytes: Buffer, { type, frames = 1 }: Pick<Header, 'type' | 'frames'>): number {
  const counted =
    type === 'tiff' ? tiffPages(bytes) : type === 'gif' ? gifFrames(bytes) : type === 'webp' ? webpFrames(bytes) : frames
  return Math.max(1, counted)
}

/** What can be counted before the file ends. */
function counting(count: (found: () => void) => void): number {
  let pages = 0
  try {
    count(() => {
      pages++
    })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  return pages
}

/** Pages of a TIFF, at least 1. */
export const countTiffPages = (source: ByteSource): number =>
  Math.max(
    1,
    counting((found) => {
      for (const _ of pagesOf(source)) found()
    }),
  )
const tiffPages = (bytes: Buffer): number => countTiffPages(sourceOfBytes(bytes))

/** Pictures between extensions; each ends with a chain of blocks that say their own length (GIF89a). */
const gifFrames = (bytes: Buffer): number =>
  counting((found) => {
    const table = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)
    let at = 13 + table(bytes.readUInt8(10))
    const skipBlocks = () => {
      for (let size = bytes.readUInt8(at); size > 0; size = bytes.readUInt8(at)) at += size + 1
      at++
    }
    for (let block = bytes.readUInt8(at); block === 0x21 || block === 0x2c; block = bytes.readUInt8(at)) {
      at += block === 0x21 ? 2 : 11 + table(bytes.readUInt8(at + 9))
      skipBlocks()
      if (block === 0x2c) found()
    }
  })

/** Chunks `ANMF` of a file that says it is animated (RFC 9649). */
const webpFrames = (bytes: Buffer): number =>
  counting((found) => {
    if (bytes.toString('latin1', 12, 16) !== 'VP8X' || (bytes.readUInt8(20) & 2) === 0) return
    for (let at = 12; at + 8 <= bytes.length; at += 8 + bytes.readUInt32LE(at + 4) + (bytes.readUInt32LE(at + 4) & 1)) {
      if (bytes.toString('latin1', at, at + 4) === 'ANMF') found()
    }
  })
