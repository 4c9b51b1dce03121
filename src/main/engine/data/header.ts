import type { Depth } from '../../../shared/inspection.ts'
import { createRequire } from 'node:module'
import { codestreamStart, isSpace, jp2Signature } from './signatures.ts'
import type { FilePlace } from './tiff/directory.ts'

const require = createRequire(import.meta.url)
/**
 * What only some files need, loaded with the first of them and at once, since headers are read without waiting: a decoder of
 * ordinary PNGs starts with half the work. Others take these modules from here too: Node refuses to load one at once while an
 * `import()` of it is under way.
 */
export const rare = {
  foreign: () => require('./foreign.ts') as typeof import('./foreign.ts'),
  jpeg2000: () => require('./jpeg2000.ts') as typeof import('./jpeg2000.ts'),
  pnm: () => require('./pnm.ts') as typeof import('./pnm.ts'),
  tiff: () => require('./tiff/header.ts') as typeof import('./tiff/header.ts'),
}

/**
 * Reads an image's type, size and peculiarities from its first bytes, by content and never by file name, without decoding
 * anything. Formats after their specifications: PNG (ISO/IEC 15948), JPEG (ITU-T T.81, Exif 2.32), GIF89a, BMP (Windows
 * GDI), WebP (RFC 9649), TIFF 6.0 and BigTIFF.
 */
export interface Header {
  type: 'png' | 'jpeg' | 'gif' | 'bmp' | 'webp' | 'tiff' | 'avif' | 'pnm' | 'jp2'
  /** As stored, before any rotation. */
  width: number
  height: number
  /** Exif orientation 1..8; from 5 on width and height change places. */
  orientation: number
  /** True when the header alone shows that every colour is a gray. */
  gray: boolean
  /** The fastest decoder that gives the right pixels for this file; `sharp` reads all but bitmaps. */
  decoder: 'own' | 'tensorflow' | 'sharp'
  /** Whether values are wider than bytes without a sign, so that a range has to be known before they become brightness. */
  wide: boolean
  /** Whether it can be made smaller while it is read, without all of it in memory: then 400 megapixels are possible. */
  streams?: boolean
  /** Of the values of each channel, where they are not unsigned integers of 8 bits. */
  depth?: Depth
  /** What to ask TensorFlow for: 1 gray, 3 colour, 4 with alpha. */
  channels: 1 | 3 | 4
  /** Frames of an animated PNG, as it says (PNG, third edition). */
  frames?: number
}
/** `more`: the header continues after the given bytes. */
export type HeaderResult = { header: Header } | { reason: string } | 'more'

const formats = ['PNG', 'JPEG', 'WebP', 'BMP', 'TIFF', 'GIF', 'AVIF', 'PNM']
/** What is read, for sentences. */
export const readFormats = `${formats.join(', ')} or JPEG 2000`
const notAnImage = { reason: `not an image (${formats.join(', ')} and JPEG 2000 are read)` }
const cutShort = { reason: 'truncated: the file ends within its header' }
/** Pixels of an image that is decoded whole, and of one that is made smaller while it is read. */
export const pixelLimit = 40e6,
  streamedLimit = 400e6

/** @param bytes the file's beginning. @param whole whether that is all of it. */
export function readHeader(bytes: Buffer, whole: boolean): HeaderResult {
  if (bytes.length === 0) return { reason: 'empty' }
  const starts = (...magic: number[]) => magic.every((byte, i) => bytes[i] === byte)
  let result: HeaderResult = notAnImage
  try {
    if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) result = png(bytes)
    else if (starts(0xff, 0xd8, 0xff)) result = jpeg(bytes)
    else if (starts(0x47, 0x49, 0x46, 0x38) && (bytes[4] === 0x37 || bytes[4] === 0x39)) result = gif(bytes)
    else if (starts(0x42, 0x4d) && bytes.length >= 18 && [12, 40, 52, 56, 64, 108, 124].includes(bytes.readUInt32LE(14)))
      result = bmp(bytes)
    else if (starts(0x52, 0x49, 0x46, 0x46) && bytes.toString('latin1', 8, 12) === 'WEBP') result = webp(bytes)
    else if (isTiff(bytes)) result = rare.tiff().tiffHeader(bytes)
    else if (looksLikeJpeg2000(bytes)) result = headerOfOwnDecoder('jp2', rare.jpeg2000().jpeg2000Header(bytes))
    else if (isAvif(bytes)) result = avif(bytes)
    else if (looksLikePnm(bytes)) result = headerOfOwnDecoder('pnm', rare.pnm().pnmHeader(bytes))
    else if (bytes.length < 12 && [0x89, 0xff, 0x47, 0x42, 0x52, 0x49, 0x4d].includes(bytes[0]!) && !whole) return 'more'
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    result = 'more'
  }
  if (result === notAnImage) {
    const { foreignKind, foreignReason } = rare.foreign(),
      foreign = foreignKind(bytes)
    if (foreign) return { reason: foreignReason(foreign) }
  }
  if (result === 'more') return whole ? cutShort : 'more'
  return withinLimits(result)
}

function withinLimits(result: HeaderResult): HeaderResult {
  if (result === 'more' || !('header' in result)) return result
  const { width, height, streams, wide, orientation } = result.header
  const limit = streams && !wide && orientation === 1 ? streamedLimit : pixelLimit
  if (width < 1 || height < 1) return { reason: `damaged: its header says ${width} x ${height} pixels` }
  if (width * height > limit) {
    return {
      reason: `too large: ${width} x ${height} is ${((width * height) / 1e6).toFixed(0)} megapixels, more than ${limit / 1e6}`,
    }
  }
  return result
}

/** The depth of unsigned integers, for a header. */
const ofBits = (bits: number): Pick<Header, 'depth'> => (bits === 8 ? {} : { depth: { bits, kind: 'unsigned' } })

const grayPalette = (bytes: Buffer, from: number, to: number, step: number) => {
  for (let i = from; i + 2 < to; i += step)
    if (bytes.readUInt8(i) !== bytes.readUInt8(i + 1) || bytes[i] !== bytes.readUInt8(i + 2)) return false
  return true
}

function png(bytes: Buffer): HeaderResult {
  if (bytes.toString('latin1', 12, 16) !== 'IHDR' && bytes.length >= 16) return { reason: 'damaged: a PNG without its header' }
  const width = bytes.readUInt32BE(16),
    height = bytes.readUInt32BE(20),
    depth = bytes.readUInt8(24),
    colour = bytes.readUInt8(25),
    interlaced = bytes.readUInt8(28) !== 0
  if (![0, 2, 3, 4, 6].includes(colour)) return { reason: 'damaged: a PNG of no known kind' }
  let gray = colour === 0 || colour === 4,
    transparent = false,
    rotated = false,
    orientation = 1,
    frames = 1
  for (let at = 33; ;) {
    const length = bytes.readUInt32BE(at),
      name = bytes.toString('latin1', at + 4, at + 8)
    if (name.length < 4) return 'more'
    if (name === 'IDAT' || name === 'IEND') break
    if (name === 'PLTE' && colour === 3) gray = grayPalette(bytes, at + 8, at + 8 + length, 3)
    if (name === 'tRNS') transparent = true
    if (name === 'acTL') frames = bytes.readUInt32BE(at + 8)
    if (name === 'eXIf') {
      rotated = true
      orientation = exifOrientation(bytes.subarray(at + 8, at + 8 + length))
    }
    at += 12 + length
  }
  const decoder = depth === 16 ? 'own' : rotated ? 'sharp' : interlaced ? 'tensorflow' : 'own'
  const channels = colour >= 4 || transparent ? 4 : colour === 0 ? 1 : 3
  const more = { ...ofBits(colour === 3 ? 8 : depth), ...(frames > 1 ? { frames } : {}) }
  return {
    header: { type: 'png', width, height, orientation, gray, wide: depth === 16, streams: !interlaced, decoder, channels, ...more },
  }
}

function jpeg(bytes: Buffer): HeaderResult {
  let orientation = 1
  for (let at = 2; ;) {
    while (bytes.readUInt8(at) === 0xff && bytes.readUInt8(at + 1) === 0xff) at++
    if (bytes[at] !== 0xff) return { reason: 'damaged: a JPEG whose header makes no sense' }
    const marker = bytes[at + 1]!
    if (marker === 0xf7) return { reason: rare.foreign().foreignReason(rare.foreign().jpegLs) }
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += 2
      continue
    }
    if (marker === 0xd9 || marker === 0xda) return { reason: 'damaged: a JPEG without its size' }
    const length = bytes.readUInt16BE(at + 2)
    if (marker === 0xe1 && bytes.toString('latin1', at + 4, at + 8) === 'Exif') {
      if (at + 2 + length > bytes.length) return 'more'
      orientation = exifOrientation(bytes.subarray(at + 10, at + 2 + length))
    }
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      const depth = bytes.readUInt8(at + 4),
        components = bytes.readUInt8(at + 9)
      const height = bytes.readUInt16BE(at + 5),
        width = bytes.readUInt16BE(at + 7)
      const usual = depth === 8 && orientation === 1 && (components === 1 || components === 3)
      return {
        header: {
          type: 'jpeg',
          width,
          height,
          orientation,
          gray: components === 1,
          wide: false,
          streams: marker < 0xc2,
          decoder: usual ? 'tensorflow' : 'sharp',
          channels: components === 1 ? 1 : 3,
          ...ofBits(depth),
        },
      }
    }
    at += 2 + length
  }
}

/** @param block a TIFF structure as in Exif. */
const exifOrientation = (block: Buffer): number => rare.tiff().orientationIn(block)

/** TensorFlow's decoder ignores transparency, and wants a first frame that fills the picture. */
function gif(bytes: Buffer): HeaderResult {
  const width = bytes.readUInt16LE(6),
    height = bytes.readUInt16LE(8),
    flags = bytes.readUInt8(10)
  let at = 13,
    gray = false
  if (flags & 0x80) {
    const end = at + 3 * 2 ** ((flags & 7) + 1)
    gray = grayPalette(bytes, at, end, 3)
    at = end
  }
  for (let transparent = false; ;) {
    const block = bytes.readUInt8(at)
    if (block === 0x21) {
      if (bytes.readUInt8(at + 1) === 0xf9) transparent = (bytes.readUInt8(at + 3) & 1) === 1
      at += 2
      for (let size = bytes.readUInt8(at); size > 0; size = bytes.readUInt8(at)) at += size + 1
      at++
    } else if (block === 0x2c) {
      const fills =
        bytes.readUInt32LE(at + 1) === 0 && bytes.readUInt16LE(at + 5) === width && bytes.readUInt16LE(at + 7) === height
      if (bytes.readUInt8(at + 9) & 0x80) gray = false
      return {
        header: {
          type: 'gif',
          width,
          height,
          orientation: 1,
          gray,
          wide: false,
          decoder: fills && !transparent ? 'tensorflow' : 'sharp',
          channels: 3,
        },
      }
    } else {
      return { reason: 'damaged: a GIF without a picture' }
    }
  }
}

function bmp(bytes: Buffer): HeaderResult {
  const size = bytes.readUInt32LE(14)
  const old = size === 12
  const width = old ? bytes.readUInt16LE(18) : bytes.readInt32LE(18),
    height = Math.abs(old ? bytes.readUInt16LE(20) : bytes.readInt32LE(22))
  const depth = bytes.readUInt16LE(old ? 24 : 28),
    colours = old ? 0 : bytes.readUInt32LE(46)
  const step = old ? 3 : 4,
    from = 14 + size
  const gray = depth <= 8 && grayPalette(bytes, from, from + step * (colours || 2 ** depth), step)
  return { header: { type: 'bmp', width, height, orientation: 1, gray, wide: false, decoder: 'own', channels: 3 } }
}

function webp(bytes: Buffer): HeaderResult {
  const kind = bytes.toString('latin1', 12, 16)
  let width = 0,
    height = 0,
    orientation = 1
  if (kind === 'VP8X') {
    width = bytes.readUIntLE(24, 3) + 1
    height = bytes.readUIntLE(27, 3) + 1
    if (bytes.readUInt8(20) & 8) orientation = webpOrientation(bytes)
  } else if (kind === 'VP8L') {
    const packed = bytes.readUInt32LE(21)
    width = (packed & 0x3fff) + 1
    height = ((packed >>> 14) & 0x3fff) + 1
  } else if (kind === 'VP8 ') {
    width = bytes.readUInt16LE(26) & 0x3fff
    height = bytes.readUInt16LE(28) & 0x3fff
  } else if (kind.length === 4) {
    return { reason: 'damaged: a WebP of no known kind' }
  } else {
    return 'more'
  }
  return { header: { type: 'webp', width, height, orientation, gray: false, wide: false, decoder: 'sharp', channels: 3 } }
}

/** Of a file that says it has Exif, which mostly lies behind the picture. @throws RangeError where there are too few bytes */
function webpOrientation(bytes: Buffer): number {
  for (let at = 12; ;) {
    const length = bytes.readUInt32LE(at + 4),
      end = at + 8 + length
    if (bytes.toString('latin1', at, at + 4) === 'EXIF') {
      bytes.readUInt8(end - 1)
      const from = bytes.toString('latin1', at + 8, at + 14) === 'Exif\0\0' ? at + 14 : at + 8
      return exifOrientation(bytes.subarray(from, end))
    }
    at = end + (length & 1)
    // The file ends where it says, without what it promised.
    if (at >= bytes.readUInt32LE(4) + 8) return 1
  }
}

const headerOfOwnDecoder = (
  type: 'pnm' | 'jp2',
  found: (Pick<Header, 'width' | 'height' | 'wide' | 'depth'> & { channels: 1 | 3 }) | { reason: string },
): HeaderResult =>
  'reason' in found ? found : { header: { type, ...found, orientation: 1, gray: found.channels === 1, decoder: 'own' } }

/** Whether a file begins as TIFF or BigTIFF does, in either order of bytes. */
export function isTiff(start: Uint8Array): boolean {
  const [a, b, c, d] = start
  return (
    (a === 0x49 && b === 0x49 && (c === 42 || c === 43) && d === 0) ||
    (a === 0x4d && b === 0x4d && c === 0 && (d === 42 || d === 43))
  )
}

/** P1 to P6, then white space or a comment. */
const looksLikePnm = (bytes: Buffer): boolean =>
  bytes[0] === 0x50 && bytes[1]! >= 0x31 && bytes[1]! <= 0x36 && bytes.length > 2 && (isSpace(bytes[2]!) || bytes[2] === 0x23)

const looksLikeJpeg2000 = (bytes: Buffer): boolean =>
  [jp2Signature, codestreamStart].some((start) => bytes.subarray(0, start.length).equals(start))

const isAvif = (bytes: Buffer): boolean =>
  bytes.toString('latin1', 4, 8) === 'ftyp' &&
  bytes
    .toString('latin1', 8, Math.min(bytes.readUInt32BE(0), 64))
    .match(/.{4}/gs)
    ?.some((brand) => brand === 'avif' || brand === 'avis') === true

/** AVIF (ISO/IEC 23000-22): the largest size among the properties of its items (others are tiles, or previews), and its quarter turns. */
function avif(bytes: Buffer): HeaderResult {
  const start = bytes.indexOf('meta', 8, 'latin1')
  const end = start < 0 ? Infinity : start - 4 + bytes.readUInt32BE(start - 4)
  if (end > bytes.length) return 'more'
  let width = 0,
    height = 0
  for (let at = bytes.indexOf('ispe', start, 'latin1'); at >= 0 && at < end; at = bytes.indexOf('ispe', at + 4, 'latin1')) {
    const size = [bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12)] as const
    if (size[0] * size[1] > width * height) [width, height] = size
  }
  const turn = bytes.indexOf('irot', start, 'latin1'),
    quarters = turn >= 0 && turn < end ? bytes.readUInt8(turn + 4) & 1 : 0
  // The third byte of a configuration of AV1 says whether there are 10 bits, or 12.
  const av1 = bytes.indexOf('av1C', start, 'latin1'),
    flags = av1 >= 0 && av1 < end ? bytes.readUInt8(av1 + 6) : 0
  const depth = ofBits(flags & 0x40 ? (flags & 0x20 ? 12 : 10) : 8)
  return {
    header: {
      type: 'avif',
      width,
      height,
      orientation: quarters ? 6 : 1,
      gray: false,
      wide: false,
      decoder: 'sharp',
      channels: 3,
      ...depth,
    },
  }
}

/** Why a decoder may have refused: does the file end as its format wants it to end? */
export function whyRefused(bytes: Buffer, type: Header['type']): string {
  const ends = {
    png: () => bytes.lastIndexOf('IEND') >= 0,
    jpeg: () => bytes.subarray(-64).lastIndexOf(Buffer.of(0xff, 0xd9)) >= 0,
    gif: () => bytes[bytes.length - 1] === 0x3b,
    webp: () => bytes.readUInt32LE(4) + 8 <= bytes.length,
    bmp: () => bytes.readUInt32LE(2) <= bytes.length,
    tiff: () => null,
    avif: () => null,
    pnm: () => null,
    jp2: () => null,
  }[type]()
  const name = {
    png: 'PNG',
    jpeg: 'JPEG',
    gif: 'GIF',
    webp: 'WebP',
    bmp: 'BMP',
    tiff: 'TIFF',
    avif: 'AVIF',
    pnm: 'PNM',
    jp2: 'JPEG 2000',
  }[type]
  return ends === null
    ? `damaged or truncated: the ${name} cannot be decoded`
    : ends
      ? `damaged: the ${name} cannot be decoded`
      : `truncated: the ${name} ends too early`
}

/** The header of an open file that begins as a TIFF does: its directories may lie anywhere in it. */
export function readTiffHeader(place: FilePlace, page = 0): HeaderResult {
  try {
    return withinLimits(rare.tiff().tiffHeaderOfFile(place, page))
  } catch (error) {
    if (error instanceof RangeError) return cutShort
    throw error
  }
}
