import { open } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { bytesAt } from '../byte-stream.ts'

/** Reads bytes one after another, and passes over what is not wanted. */
export interface ByteReader {
  /** Where the next byte lies. */
  readonly position: number
  /** The next bytes, at most `length`; fewer at the end. Valid until the next call. */
  read(length: number): Promise<Buffer>
  /** Passes over so many bytes. @returns how many there were */
  skip(length: number): Promise<number>
  close(): Promise<void>
}

/** Enough for many small members at once, and not much lost where a member is large. */
const chunkBytes = 2 ** 17

/** Of a file: what is passed over is not read. */
export async function fileReader(path: string): Promise<ByteReader> {
  const file = await open(path, 'r'),
    { size } = await file.stat()
  let chunk: Buffer = Buffer.alloc(0),
    start = 0,
    position = 0
  return {
    get position() {
      return position
    },
    async read(length) {
      if (position < start || position + length > start + chunk.length) {
        const wanted = Math.min(Math.max(length, chunkBytes), Math.max(0, size - position))
        chunk = await bytesAt(file, position, wanted)
        start = position
      }
      const bytes = chunk.subarray(position - start, position - start + length)
      position += bytes.length
      return bytes
    },
    async skip(length) {
      const there = Math.max(0, Math.min(length, size - position))
      position += there
      return there
    },
    close: () => file.close(),
  }
}

/**
 * Of a stream that has to be unpacked to be passed over, of which a few bytes can make very much: it ends with `signal`, by its
 * reason. @param pieces what it unpacks to
 */
export function streamReader(pieces: AsyncIterable<Buffer>, signal?: AbortSignal): ByteReader {
  const iterator = pieces[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0),
    position = 0,
    ended = false,
    turns = 0
  const more = async (): Promise<boolean> => {
    if (ended) return false
    signal?.throwIfAborted()
    const { value, done } = (await iterator.next()) as IteratorResult<Buffer, undefined>
    if (done) ended = true
    else rest = rest.length === 0 ? value : Buffer.concat([rest, value])
    // Streams that have their data at hand would never let anything else happen.
    if (turns++ % 64 === 0) await setImmediate()
    return !ended
  }
  return {
    get position() {
      return position
    },
    async read(length) {
      const parts: Buffer[] = []
      let filled = 0
      while (filled < length && (rest.length > 0 || (await more()))) {
        const piece = rest.subarray(0, length - filled)
        parts.push(piece)
        filled += piece.length
        rest = rest.subarray(piece.length)
      }
      position += filled
      return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    },
    async skip(length) {
      let left = length
      while (left > 0 && (rest.length > 0 || (await more()))) {
        const skippedBytes = Math.min(left, rest.length)
        rest = rest.subarray(skippedBytes)
        left -= skippedBytes
      }
      position += length - left
      return length - left
    },
    async close() {
      await iterator.return?.()
    },
  }
}
