import { foreignReason, isRawCamera, rawCamera } from '../foreign.ts'
import { kindOf } from '../numbers.ts'
import { describePage } from './describe.ts'
import { pagesOf, sourceOfBytes, sourceOfFile, type ByteSource, type FilePlace } from './directory.ts'

/** A photometric interpretation whose values are places of colours of 8 bits. */
const palette = 3

/** What the first page is. @throws RangeError where its directory lies beyond the given bytes */
export const tiffHeader = (bytes: Buffer) => headerIn(sourceOfBytes(bytes), 0)

/** What a page, counted from 0, of an open file is. @throws RangeError where it is not within the file */
export const tiffHeaderOfFile = (place: FilePlace, page: number) => headerIn(sourceOfFile(place), page)

function headerIn(source: ByteSource, wanted: number) {
  if (isRawCamera(source.read(0, Math.min(source.size, 2 ** 16)))) return { reason: foreignReason(rawCamera) }
  let index = 0
  for (const page of pagesOf(source)) {
    if (index++ < wanted) continue
    const { width, height, orientation, photometric, channels, wide, bits, type } = describePage(page)
    const gray = photometric === 0 || photometric === 1
    const depth = type === 'u1' && (bits === 8 || photometric === palette) ? {} : { depth: { bits, kind: kindOf(type) } }
    return {
      header: {
        type: 'tiff' as const,
        width,
        height,
        orientation,
        gray: gray && channels <= 2,
        wide,
        streams: true,
        decoder: 'own' as const,
        channels: 3 as const,
        ...depth,
      },
    }
  }
  return { reason: 'damaged: a TIFF without a page' }
}

/** The orientation that a block of Exif says, which is a TIFF; 1 where it says none. */
export function orientationIn(block: Buffer): number {
  try {
    for (const page of pagesOf(sourceOfBytes(block))) return describePage(page).orientation
    return 1
  } catch {
    return 1
  }
}
