import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isDiskFull, type ErrorInfo } from '../../../shared/errors.ts'

/** Free bytes of the disk on which a folder lies; null where the system does not say. A quota may leave less. */
export function freeBytesOf(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return null
  }
}

/** Whether so many bytes can be written into a folder now: a trial, since quotas and reserved blocks are seen by no other way. */
export function hasRoom(folder: string, bytes: number): boolean {
  const file = join(folder, `.room-${process.pid}`)
  try {
    const descriptor = openSync(file, 'w', 0o600)
    try {
      const chunk = new Uint8Array(Math.min(bytes, 2 ** 18)).fill(0xa5)
      for (let written = 0; written < bytes;) written += writeSync(descriptor, chunk, 0, Math.min(chunk.length, bytes - written))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    return true
  } catch (thrown) {
    // Whatever else is wrong with the folder is not for want of space, and found out by whoever writes.
    return !isDiskFull(thrown)
  } finally {
    rmSync(file, { force: true })
  }
}

/**
 * Whether something was thrown because the disk (or the user's share of it) is full. SQLite tells of a quota, and of a full disk when it cannot
 * map memory, as of any failure of reading or writing; then a trial on the folder says which.
 */
export function meansFull(thrown: unknown, folder: string): boolean {
  if (isDiskFull(thrown)) return true
  const { code, cause } = (thrown ?? {}) as { code?: unknown; cause?: unknown }
  if (cause !== undefined && cause !== thrown && meansFull(cause, folder)) return true
  return typeof code === 'string' && /^SQLITE_(IOERR|CANTOPEN)/.test(code) && !hasRoom(folder, 2 ** 16)
}

/** The sentence for a full disk that everything waits for. */
export const lackOf = (folder: string): ErrorInfo => {
  const free = freeBytesOf(folder)
  const left = free === null ? '' : ` (${(free / 1e6).toFixed(1)} MB are free)`
  return {
    code: 'DISK_FULL',
    message: `The disk with ${folder} is full${left}; what waits goes on by itself once there is space. Free some there, or remove runs and empty the trash.`,
  }
}
