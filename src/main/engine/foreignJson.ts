import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { parseJson } from '../../shared/json.ts'
import { atMost, type Limits } from '../../shared/limits.ts'

const piece = 2 ** 16

/**
 * Reads a JSON file that somebody else may have written, no further than the limits allow: a device has no size and no end.
 * @param pipes whether a pipe is waited for; else it is refused as a folder is (EISDIR)
 * @throws the operating system's errors (see `isUnread`), LimitError, SyntaxError
 */
export function readForeignJson(file: string, limits: Limits, pipes = false): unknown {
  const descriptor = openSync(file, constants.O_RDONLY | (pipes ? 0 : (constants.O_NONBLOCK ?? 0)))
  try {
    const found = fstatSync(descriptor)
    if (!found.isFile() && !pipes) throw Object.assign(new Error(`${file} is not a file`), { code: 'EISDIR' })
    atMost(found.size, limits.bytes, 'bytes')
    const pieces: Buffer[] = []
    for (let total = 0; ;) {
      const bytes = Buffer.allocUnsafe(Math.max(piece, Math.min(found.size - total, limits.bytes)))
      const read = readSync(descriptor, bytes)
      if (read === 0) return parseJson(Buffer.concat(pieces), limits)
      pieces.push(bytes.subarray(0, read))
      atMost((total += read), limits.bytes, 'bytes')
    }
  } finally {
    closeSync(descriptor)
  }
}

/** Whether reading failed, and not what was read. */
export const isUnread = (thrown: unknown): thrown is NodeJS.ErrnoException =>
  thrown instanceof Error && /^E[A-Z]+$/.test(String((thrown as NodeJS.ErrnoException).code ?? ''))
