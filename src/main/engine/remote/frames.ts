import { crc32 } from 'node:zlib'
import { decodeForeign, encode } from '../../../shared/codec.ts'
import { packedRowsLimits } from '../../../shared/limits.ts'

/**
 * A frame of a journal: four bytes that begin every frame, the length of what it holds, a checksum of length and content, and the
 * content by the shared codec. A file that was cut off anywhere is the frames before that, and whatever follows a torn one can be
 * found again.
 */
const magic = Buffer.from('\x89AWJ', 'latin1')
const headBytes = 12
/** A frame holds one message: pictures of one moment are the longest. */
const longest = 256 * 2 ** 20

const checkOf = (length: number, content: Uint8Array): number => {
  const head = Buffer.alloc(4)
  head.writeUInt32LE(length)
  return crc32(content, crc32(head))
}

/** @throws RangeError for what no frame can hold */
export function frameOf(value: unknown): Buffer {
  const content = encode(value)
  if (content.length > longest) throw new RangeError(`a message of ${content.length} bytes is too long for a journal`)
  const head = Buffer.alloc(headBytes)
  magic.copy(head)
  head.writeUInt32LE(content.length, 4)
  head.writeUInt32LE(checkOf(content.length, content), 8)
  return Buffer.concat([head, content])
}

export interface Frame {
  value: unknown
  /** Where it ends. */
  end: number
}

/** The whole frame that begins at a place; `torn`: there may be one once more has come; null: there is none. */
export function frameAt(bytes: Buffer, at: number): Frame | 'torn' | null {
  const left = bytes.length - at
  if (left < headBytes)
    return magic.subarray(0, Math.min(4, left)).equals(bytes.subarray(at, at + Math.min(4, left))) ? 'torn' : null
  if (!magic.equals(bytes.subarray(at, at + 4))) return null
  const length = bytes.readUInt32LE(at + 4)
  if (length > longest) return null
  const end = at + headBytes + length
  if (end > bytes.length) return 'torn'
  const content = bytes.subarray(at + headBytes, end)
  if (checkOf(length, content) !== bytes.readUInt32LE(at + 8)) return null
  try {
    return { value: decodeForeign(content, packedRowsLimits), end }
  } catch {
    return null
  }
}

/** The next whole frame from a place on, and where it begins; null where there is none. */
export function findFrame(bytes: Buffer, from: number): (Frame & { at: number }) | null {
  for (let at = bytes.indexOf(magic, from); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    const frame = frameAt(bytes, at)
    if (frame !== null && frame !== 'torn') return { ...frame, at }
  }
  return null
}
