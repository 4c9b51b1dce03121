import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { readHeader, type Header, type HeaderResult } from './header.ts'

const fileLimit = 256 * 2 ** 20
const scratchSize = 2 ** 18
/** How much is read to find the header; then the whole file. */
const headerSteps = [2 ** 16, 2 ** 20]

/** A file's bytes in a buffer that is used again for the next file. */
let scratch = Buffer.allocUnsafeSlow(scratchSize)

/**
 * Reads a regular file whole, unless its first bytes show that it is not worth it. The bytes are valid until the next call.
 * @param headerOnly stop as soon as the header is known.
 */
export function readImageFile(path: string, headerOnly = false): { bytes: Buffer; header: Header } | { reason: string } {
  let file: number
  try {
    // O_NONBLOCK: should a pipe have taken the file's place, nothing waits for its other end.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    return { reason: whyUnreadable(error) }
  }
  try {
    const stat = fstatSync(file)
    if (!stat.isFile()) return { reason: 'not a regular file' }
    let filled = 0, seen: HeaderResult = 'more'
    for (const step of [headerSteps[0]!, headerSteps[1]!, stat.size]) {
      if (filled === stat.size || seen !== 'more') break
      grow(Math.min(step, stat.size), filled)
      filled = fill(file, filled, Math.min(step, stat.size))
      seen = readHeader(scratch.subarray(0, filled), filled === stat.size)
      if (seen === 'more') seen = tiffHeader(file, scratch.subarray(0, filled), stat.size) ?? 'more'
      if (stat.size > fileLimit) break
    }
    if (stat.size === 0) seen = readHeader(scratch.subarray(0, 0), true)
    if (seen !== 'more' && 'reason' in seen) return seen
    if (stat.size > fileLimit) return { reason: 'too large: the file has more than 256 MB' }
    if (seen === 'more') return { reason: 'truncated: the file became shorter while it was read' }
    if (!headerOnly && filled < stat.size) {
      grow(stat.size, filled)
      filled = fill(file, filled, stat.size)
    }
    return { bytes: scratch.subarray(0, filled), header: seen.header }
  } catch (error) {
    return { reason: whyUnreadable(error) }
  } finally {
    closeSync(file)
  }
}

/** Writers of TIFF put the directory at the file's end: it is read from there, without what lies between. */
function tiffHeader(file: number, start: Buffer, size: number): HeaderResult | null {
  const little = start.length >= 8 && start.readUInt32LE(0) === 0x002a4949, big = start.length >= 8 && start.readUInt32BE(0) === 0x4d4d002a
  if (!little && !big) return null
  const at = little ? start.readUInt32LE(4) : start.readUInt32BE(4)
  if (at >= size) return null
  const copy = Buffer.alloc(8 + Math.min(2 ** 16, size - at))
  start.copy(copy, 0, 0, 8)
  if (little) copy.writeUInt32LE(8, 4)
  else copy.writeUInt32BE(8, 4)
  const got = readSync(file, copy, 8, copy.length - 8, at)
  return readHeader(copy.subarray(0, 8 + got), at + got === size)
}

function grow(bytes: number, filled: number): void {
  if (bytes <= scratch.length) return
  const larger = Buffer.allocUnsafeSlow(bytes)
  scratch.copy(larger, 0, 0, filled)
  scratch = larger
}

function fill(file: number, from: number, to: number): number {
  let at = from
  for (let got = 1; got > 0 && at < to; at += got) got = readSync(file, scratch, at, to - at, at)
  return at
}

/** The sentence part for an error of the operating system. */
export function whyUnreadable(error: unknown): string {
  const code = (error as { code?: string }).code ?? String(error)
  const known: Record<string, string> = {
    EACCES: 'not readable: permission denied', EPERM: 'not readable: permission denied', ENOENT: 'missing: it is gone, or its name is not valid text',
    ELOOP: 'a symbolic link that leads to itself', EIO: 'not readable: the disk reports an error', ENXIO: 'not a regular file',
    EMFILE: 'not readable: too many open files', ENAMETOOLONG: 'its path is too long',
  }
  return known[code] ?? `not readable (${code})`
}

/** Gives back the memory that a large file took. */
export function releaseLargeFile(): void {
  if (scratch.length > 2 ** 22) scratch = Buffer.allocUnsafeSlow(scratchSize)
}
