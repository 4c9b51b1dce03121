import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'

/**
 * Writes all of `bytes`; a call of the system may take less. What the system throws is thrown on.
 * @param position in the file; where it stands if there is none
 */
export function writeAll(descriptor: number, bytes: Uint8Array, position?: number): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(descriptor, bytes, done, bytes.length - done, position === undefined ? null : position + done)
}

/** Fills `out` from a place in a file. @returns whether the file has so much; what the system throws is thrown on */
export function readAll(descriptor: number, out: Uint8Array, position: number): boolean {
  for (let done = 0, got = 1; done < out.length; done += got) {
    // More than 2 GB at once is not possible.
    got = readSync(descriptor, out, done, Math.min(out.length - done, 2 ** 30), position + done)
    if (got === 0) return false
  }
  return true
}

/** Makes a rename within a folder itself durable; Windows has no such call for folders and needs none. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Puts a file that only its user may read in the place of another, from its first byte on. */
export function replacePrivately(file: string, text: string): void {
  const temporary = `${file}.partial`
  rmSync(temporary, { force: true })
  writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' })
  renameSync(temporary, file)
}
