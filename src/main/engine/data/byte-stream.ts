import { constants, createReadStream, statSync } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline, type Transform } from 'node:stream'
import { WorkbenchError } from '../../../shared/errors.ts'

/** FILE_DAMAGED of a file; `what` continues the sentence "NAME is damaged:". */
export const damagedFile = (path: string, what: string, cause?: unknown) =>
  new WorkbenchError('FILE_DAMAGED', `${basename(path)} is damaged: ${what}. Get the file again.`, { field: 'path', cause })

/** FILE_UNSUPPORTED of a file; `what` continues the sentence that begins with its name. */
export const unsupportedFile = (path: string, what: string) =>
  new WorkbenchError('FILE_UNSUPPORTED', `${basename(path)} ${what}`, { field: 'path' })

/** Whether bytes begin as gzip does. */
export const isGzip = (start: Buffer): boolean => start[0] === 0x1f && start[1] === 0x8b

/** Whether a path leads to a regular file; pipes and devices are never opened, which might wait for ever. */
export const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => null))?.isFile() ?? false
/** The same at once, for what may lie beside a file. */
export const isFileBeside = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false

/** Should a pipe have taken a file's place, nothing waits for its other end. */
const readOnly = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** Bytes of a file from `start` up to (not including) `end`, in pieces of at most 1 MB, through `transform` where there is one. */
export async function* readPieces(path: string, start: number, end: number, transform?: Transform): AsyncGenerator<Buffer> {
  if (end <= start) return
  const source = createReadStream(path, { flags: readOnly as unknown as string, start, end: end - 1, highWaterMark: 2 ** 20 })
  if (transform) pipeline(source, transform, () => {})
  try {
    yield* (transform ?? source) as AsyncIterable<Buffer>
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? ''
    if (/^(Z|ZSTD)_/.test(code)) throw damagedFile(path, 'its compressed data is corrupt or ends early', cause)
    throw cause
  } finally {
    source.destroy()
  }
}

/** What follows the first `length` bytes of a stream; nothing where it is shorter. */
export async function* skipBytes(pieces: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  let left = length
  for await (const piece of pieces) {
    const cut = Math.min(left, piece.length)
    left -= cut
    if (piece.length > cut) yield piece.subarray(cut)
  }
}

/** Cuts a stream into blocks of `blockBytes` (the last one may be shorter), `total` bytes in all; the block is used again. */
export async function* inBlocks(
  pieces: AsyncIterable<Buffer>,
  total: number,
  blockBytes: number,
  path: string,
): AsyncGenerator<Buffer> {
  const block = Buffer.allocUnsafeSlow(Math.min(blockBytes, total))
  let filled = 0,
    seen = 0
  for await (const piece of pieces) {
    seen += piece.length
    if (seen > total) throw damagedFile(path, 'it holds more than its header says')
    for (let at = 0; at < piece.length;) {
      const copied = piece.copy(block, filled, at)
      at += copied
      filled += copied
      if (filled < block.length) continue
      yield block
      filled = 0
    }
  }
  if (seen < total) throw damagedFile(path, `it is truncated: ${total - seen} of ${total} bytes are missing`)
  if (filled > 0) yield block.subarray(0, filled)
}

/** Up to `length` bytes at `start` of an open file, in a buffer of their own. */
export async function bytesAt(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length)
  let done = 0
  for (let got = 1; got > 0 && done < length; done += got)
    got = (await file.read(bytes, done, length - done, start + done)).bytesRead
  return bytes.subarray(0, done)
}

/** Up to `length` bytes at `start`; none of what is no regular file. */
export async function readAt(path: string, start: number, length: number): Promise<Buffer> {
  const file = await open(path, readOnly)
  try {
    return (await file.stat()).isFile() ? await bytesAt(file, start, length) : Buffer.alloc(0)
  } finally {
    await file.close()
  }
}
