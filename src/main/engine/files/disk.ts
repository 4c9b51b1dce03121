import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { bytes } from '../../../shared/amounts.ts'
import { isDiskFull, whatIsFull, type ErrorInfo } from '../../../shared/errors.ts'

/** Free bytes of the disk on which a folder lies; null where the system does not say. A quota may leave less. */
export function freeBytesOf(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return null
  }
}

const trialPrefix = '.workbench-trial-'
/**
 * Names of what is written to try out a folder; the earlier ones are those of earlier versions. What a kill left of them is of
 * no use.
 */
export const isTrial = (name: string): boolean => name.startsWith(trialPrefix) || /^\.(probe|room)-\d+/.test(name)
/** The process that made a trial in a folder that is not ours; null where it is none. */
export const makerOfTrial = (name: string): number | null =>
  name.startsWith(trialPrefix) && /^\d+$/.test(name.slice(trialPrefix.length)) ? Number(name.slice(trialPrefix.length)) : null
/** The name of this process's own trial. */
export const trialName = (): string => trialPrefix + process.pid

/** Writes so many bytes into a folder and removes them. Null: that works; else what the system said. */
export function tryWrite(folder: string, bytes = 4096): unknown {
  const file = join(folder, trialName())
  try {
    const descriptor = openSync(file, 'w', 0o600)
    try {
      const chunk = new Uint8Array(Math.min(bytes, 2 ** 18)).fill(0xa5)
      for (let written = 0; written < bytes;) written += writeSync(descriptor, chunk, 0, Math.min(chunk.length, bytes - written))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
      rmSync(file, { force: true })
    }
    return null
  } catch (thrown) {
    return thrown
  }
}

/**
 * Whether so many bytes can be written into a folder now: a trial, since quotas and reserved blocks are seen by no other way. Whatever
 * else is wrong with the folder is not for want of space, and found out by whoever writes.
 */
export const hasRoom = (folder: string, bytes: number): boolean => !isDiskFull(tryWrite(folder, bytes))

/**
 * Whether something was thrown because the disk (or the user's share of it) is full. SQLite tells of a quota, and of a full disk when it
 * cannot map memory, as of any failure of reading or writing; then a trial on the folder says which.
 * @param folder in which SQLite worked
 */
export function meansFull(thrown: unknown, folder: string): boolean {
  if (isDiskFull(thrown)) return true
  const { code, cause } = (thrown ?? {}) as { code?: unknown; cause?: unknown }
  if (cause !== undefined && cause !== thrown && meansFull(cause, folder)) return true
  return typeof code === 'string' && /^SQLITE_(IOERR|CANTOPEN)/.test(code) && !hasRoom(folder, 2 ** 16)
}

/** What is full in a folder, as the beginning of a sentence; SQLite does not say that it is a quota, so that a write is tried. */
const fullness = (folder: string, thrown: unknown): string => {
  const found = whatIsFull(thrown, folder)
  return found === whatIsFull(null, folder) ? whatIsFull(tryWrite(folder, 2 ** 16), folder) : found
}

/** The sentence for a full disk that everything waits for. */
export const lackOf = (folder: string, thrown: unknown): ErrorInfo => {
  const free = freeBytesOf(folder),
    what = fullness(folder, thrown)
  const left = free === null ? '' : ` (${bytes(free)} are free)`
  return {
    code: 'DISK_FULL',
    message:
      `${what}${left}; what waits goes on by itself once there is space. Free some there, ` +
      'or remove runs and empty the trash (aebench runs remove, trash empty).',
  }
}

/** Why a workbench cannot start on a full disk. */
export const fullAtStart = (folder: string, thrown: unknown): string =>
  `${fullness(folder, thrown)}, so the workbench cannot start; free some space there. Nothing is damaged by it.`
