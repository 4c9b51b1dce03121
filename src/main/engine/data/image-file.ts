import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { crc32, inflateRawSync } from 'node:zlib'
import { isTiff, readHeader, readTiffHeader, type Header, type HeaderResult } from './header.ts'
import { onDisk } from './names.ts'

/** Where the bytes of an image lie that is no file of its own. */
export interface Span {
  /** The archive. */
  file: string
  offset: number
  /** Bytes from there on. */
  length: number
  /** Which page or frame of it, counted from 0; where it is not said, the first, as of a file with no others. */
  page?: number
  /** Of a zip archive, whose local header lies at `offset`: how the member is packed, and what it unpacks to. */
  zip?: { deflated: boolean; size: number; crc: number }
}
/** A path, a place inside an archive, or the bytes themselves (null: where they should be is nothing). */
export type ImageSource = string | Span | Uint8Array | null
export type ImageFile = { bytes: Buffer; header: Header } | { reason: string }

/** No image that is read is larger. */
export const fileLimit = 256 * 2 ** 20
const scratchSize = 2 ** 18
/** How much is read to find the header; then the whole file. */
const headerSteps = [2 ** 16, 2 ** 20]

/** A file's bytes in a buffer that is used again for the next file. */
let scratch = Buffer.allocUnsafeSlow(scratchSize)
/** Which file is whole in it, where pages of that are asked for: the next page need not read it again. */
let held: string | null = null

/**
 * Reads an image wherever its bytes lie: whole, unless its first bytes show that it is not worth it. Of what is no regular file nothing
 * is read. The bytes are valid until the next call.
 * @param headerOnly stop as soon as the header is known, where that saves anything.
 */
export function readImage(source: ImageSource, headerOnly = false): ImageFile {
  if (typeof source === 'string') return withFile(source, (file, { size }) => readFrom(file, 0, size, headerOnly))
  if (source === null) return { reason: 'there is no image in this row (null)' }
  if (source instanceof Uint8Array) return readBytes(Buffer.from(source.buffer, source.byteOffset, source.length))
  return withFile(source.file, (file, stat) => readSpan(file, stat, source, headerOnly))
}

/** Refuses what is empty, too large or no image, as of a file of its own. */
function readBytes(bytes: Buffer): ImageFile {
  if (bytes.length > fileLimit) return tooLarge
  const seen = readHeader(bytes, true)
  return seen === 'more' ? cutOff : 'reason' in seen ? seen : { bytes, header: seen.header }
}

const tooLarge = { reason: 'too large: the file has more than 256 MB' }
const cutOff = { reason: 'truncated: the file became shorter while it was read' }

function readSpan(file: number, stat: Stats, { file: path, offset, length, zip, page }: Span, headerOnly: boolean): ImageFile {
  const { size } = stat
  if (!zip) {
    if (offset + length > size) return cutOff
    if (page === undefined) return readFrom(file, offset, length, headerOnly)
    const identity = JSON.stringify([path, stat.dev, stat.ino, size, stat.mtimeMs, offset, length])
    return readFrom(file, offset, length, headerOnly, page, identity)
  }
  if (length > fileLimit || zip.size > fileLimit) return tooLarge
  const local = Buffer.alloc(30)
  if (readSync(file, local, 0, 30, offset) < 30 || local.readUInt32LE(0) !== 0x04034b50) {
    return { reason: 'damaged: it is not where the archive’s list of contents says' }
  }
  const from = offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28)
  if (from + length > size) return cutOff
  if (!zip.deflated && headerOnly) return readFrom(file, from, length, true)
  grow(length, 0)
  const packed = scratch.subarray(0, fill(file, from, 0, length))
  let bytes = packed
  try {
    // What grows beyond the size that was promised ends there.
    if (zip.deflated) bytes = inflateRawSync(packed, { maxOutputLength: Math.max(1, zip.size) })
  } catch {
    return { reason: 'damaged: what the archive holds of it cannot be unpacked' }
  }
  if (bytes.length !== zip.size || crc32(bytes) !== zip.crc) return { reason: 'damaged: its checksum in the archive is wrong' }
  return readBytes(bytes)
}

function withFile(path: string, read: (file: number, stat: Stats) => ImageFile): ImageFile {
  let file: number
  try {
    // O_NONBLOCK: should a pipe have taken the file's place, nothing waits for its other end.
    file = openSync(onDisk(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    return { reason: whyUnreadable(error) }
  }
  try {
    const stat = fstatSync(file)
    return stat.isFile() ? read(file, stat) : { reason: 'not a regular file' }
  } catch (error) {
    return { reason: whyUnreadable(error) }
  } finally {
    closeSync(file)
  }
}

/**
 * The image of `size` bytes that begins at `base` of an open file.
 * @param identity of a file whose pages are read one by one: what tells it from others, and from what it was before a change
 */
function readFrom(
  file: number,
  base: number,
  size: number,
  headerOnly: boolean,
  page = 0,
  identity: string | null = null,
): ImageFile {
  const known = identity !== null && identity === held
  if (held !== null && !known) releaseLargeFile()
  let filled = known ? size : 0
  const look = (): HeaderResult => {
    const start = scratch.subarray(0, filled)
    // Writers of TIFF put the directory at the file's end: it is read from there, without what lies between.
    return isTiff(start) ? readTiffHeader({ file, base, size, start }, page) : readHeader(start, filled === size)
  }
  let seen: HeaderResult = known ? look() : 'more'
  for (const step of [headerSteps[0]!, headerSteps[1]!, size]) {
    if (filled === size || seen !== 'more') break
    grow(Math.min(step, size), filled)
    filled = fill(file, base, filled, Math.min(step, size))
    seen = look()
    if (size > fileLimit) break
  }
  if (size === 0) seen = readHeader(scratch.subarray(0, 0), true)
  if (seen !== 'more' && 'reason' in seen) return seen
  if (size > fileLimit) return tooLarge
  if (seen === 'more') return cutOff
  if (!headerOnly && filled < size) {
    grow(size, filled)
    filled = fill(file, base, filled, size)
  }
  if (filled === size) held = identity
  return { bytes: scratch.subarray(0, filled), header: seen.header }
}

function grow(bytes: number, filled: number): void {
  if (bytes <= scratch.length) return
  const larger = Buffer.allocUnsafeSlow(bytes)
  scratch.copy(larger, 0, 0, filled)
  scratch = larger
}

function fill(file: number, base: number, from: number, to: number): number {
  held = null
  let at = from
  for (let got = 1; got > 0 && at < to; at += got) got = readSync(file, scratch, at, to - at, base + at)
  return at
}

/** The sentence part for an error of the operating system. */
export function whyUnreadable(error: unknown): string {
  const code = (error as { code?: string }).code ?? String(error)
  const known: Record<string, string> = {
    EACCES: 'not readable: permission denied',
    EPERM: 'not readable: permission denied',
    ENOENT: 'missing: it is gone, or its name is not valid text',
    ELOOP: 'a symbolic link that leads to itself',
    EIO: 'not readable: the disk reports an error',
    ENXIO: 'not a regular file',
    EMFILE: 'not readable: too many open files',
    ENAMETOOLONG: 'its path is too long',
  }
  return known[code] ?? `not readable (${code})`
}

/** Gives back the memory that a large file took. */
export function releaseLargeFile(): void {
  held = null
  if (scratch.length > 2 ** 22) scratch = Buffer.allocUnsafeSlow(scratchSize)
}
