import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { readHeader, type Header } from './header.ts'

const fileLimit = 256 * 2 ** 20
const scratchSize = 2 ** 18

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
    let filled = fill(file, 0, Math.min(stat.size, scratch.length))
    const seen = readHeader(scratch.subarray(0, filled), filled === stat.size)
    if (seen !== 'more' && 'reason' in seen) return seen
    if (stat.size > fileLimit) return { reason: 'too large: the file has more than 256 MB' }
    if (seen !== 'more' && headerOnly) return { bytes: scratch.subarray(0, filled), header: seen.header }
    if (stat.size > scratch.length) {
      const larger = Buffer.allocUnsafeSlow(stat.size)
      scratch.copy(larger, 0, 0, filled)
      scratch = larger
      filled = fill(file, filled, stat.size)
    }
    const bytes = scratch.subarray(0, filled)
    const known = seen === 'more' ? readHeader(bytes, true) : seen
    if (known === 'more' || 'reason' in known) return known === 'more' ? { reason: 'truncated' } : known
    return { bytes, header: known.header }
  } catch (error) {
    return { reason: whyUnreadable(error) }
  } finally {
    closeSync(file)
  }
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
