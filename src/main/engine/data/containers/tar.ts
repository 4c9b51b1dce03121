import { stat } from 'node:fs/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { damagedFile, isGzip, readPieces, unsupportedFile } from '../byte-stream.ts'
import { fileReader, streamReader, type ByteReader } from './byte-reader.ts'
import { nameIn } from './member-names.ts'

/**
 * Reads tar archives (POSIX.1-2001 pax, ustar, GNU tar), plain, or packed whole by gzip or zstd. Links are never followed and nothing is
 * written, so that a name can lead nowhere.
 */
interface TarMember {
  name: string
  size: number
  /** Of its bytes in the archive, or in what it unpacks to. */
  offset: number
  /** Why it is no file that could be read; null where it is one. */
  reason: string | null
  /** Its first bytes, at most `length`; to be asked before the next member. */
  read(length: number): Promise<Buffer>
}

export type Packing = 'plain' | 'gzip' | 'zstd'

const block = 512
/** Of what GNU and pax say of a name. */
const longestRecord = 2 ** 20
/** Of what follows the mark of the end: empty blocks, or another archive. */
const longestRest = 2 ** 26
/** More than any disk holds: sizes beyond are nonsense. */
const largest = 2 ** 50

const sum = (header: Buffer): number => {
  let total = 8 * 0x20
  for (let i = 0; i < block; i++) if (i < 148 || i >= 156) total += header[i]!
  return total
}
const octal = (field: Buffer): number => {
  // Numbers that do not fit are in base 256, with the first bit set.
  if (field[0]! & 0x80) {
    let value = field[0]! & 0x7f
    for (const byte of field.subarray(1)) value = value * 256 + byte
    return value
  }
  let at = 0,
    value = 0
  while (field[at] === 0 || field[at] === 0x20) at++
  for (; field[at]! >= 0x30 && field[at]! <= 0x37; at++) value = value * 8 + field[at]! - 0x30
  return value
}
const until0 = (field: Buffer): Buffer => {
  const end = field.indexOf(0)
  return end < 0 ? field : field.subarray(0, end)
}

const isHeader = (header: Buffer): boolean => header.length === block && octal(header.subarray(148, 156)) === sum(header)

/**
 * How a tar archive is packed; null where the file is none. @param start its first 512 bytes, at least 4 of them
 * @throws WorkbenchError FILE_DAMAGED where only the name says that it is one, and it cannot be unpacked
 */
export async function tarPacking(path: string, start: Buffer): Promise<Packing | null> {
  const packing: Packing = isGzip(start) ? 'gzip' : start.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'plain'
  if (packing === 'plain') return isHeader(start) ? packing : null
  const { reader } = await openTar(path, packing)
  try {
    return isHeader(await reader.read(block)) ? packing : null
  } catch (error) {
    if (/\.(tar\.\w+|tgz)$/i.test(path)) throw error
    return null
  } finally {
    await reader.close()
  }
}

async function openTar(path: string, packing: Packing, signal?: AbortSignal): Promise<{ reader: ByteReader; size: number }> {
  const { size } = await stat(path)
  if (packing === 'plain') return { reader: await fileReader(path), size }
  return {
    reader: streamReader(readPieces(path, 0, size, packing === 'gzip' ? createGunzip() : createZstdDecompress()), signal),
    size: Infinity,
  }
}

/**
 * The members of an archive, in its order, folders left out.
 * @returns (at the end) whether the archive had an end: one that was cut off between two members has none
 * @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED; the signal's reason
 */
export async function* readTar(path: string, packing: Packing, signal?: AbortSignal): AsyncGenerator<TarMember, boolean> {
  const { reader, size: whole } = await openTar(path, packing, signal)
  let long: { name?: string; size?: number; sparse?: boolean } = {},
    everywhere: typeof long = {}
  try {
    for (let blocks = 0; ; blocks++) {
      if (blocks % 256 === 0) signal?.throwIfAborted()
      const header = await reader.read(block)
      if (header.length === 0) return false
      if (header.length < block) throw damagedFile(path, 'it is truncated within the header of a member')
      if (header.every((byte) => byte === 0)) {
        // What packs an archive has its checksum at the very end.
        if (packing !== 'plain' && (await reader.skip(longestRest + 1)) > longestRest) {
          throw unsupportedFile(path, 'goes on for more than 64 MB after the mark that ends the archive; pack its files again.')
        }
        return true
      }
      if (!isHeader(header)) {
        throw damagedFile(path, `the header at byte ${reader.position - block} is not a header of a tar archive`)
      }
      const type = String.fromCharCode(header[156]!),
        size = long.size ?? everywhere.size ?? octal(header.subarray(124, 136))
      if (!(size <= largest)) throw damagedFile(path, 'a member is larger than can be, or its size is not a number')
      const offset = reader.position
      if (offset + size > whole) {
        throw damagedFile(path, `it is truncated, or says that a member has ${size} bytes where ${whole - offset} are left`)
      }
      const padded = Math.ceil(size / block) * block
      if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
        if (size > longestRecord) throw damagedFile(path, `a member’s name takes ${size} bytes`)
        const record = Buffer.from(await reader.read(size))
        await reader.skip(padded - size)
        if (type === 'L') long.name = nameIn(until0(record))
        else if (type === 'x') Object.assign(long, pax(record))
        else if (type === 'g') everywhere = pax(record)
        continue
      }
      const name = long.name ?? everywhere.name ?? shortName(header),
        sparse = type === 'S' || long.sparse === true
      long = {}
      if (type !== '5' && !(type === '0' && name.endsWith('/')) && !(type === '\0' && name.endsWith('/'))) {
        const reason = sparse ? 'a file with holes (sparse), as GNU tar stores it, which is not read' : whyNoFile(type)
        let readSoFar = 0
        yield {
          name,
          size,
          offset,
          reason,
          read: async (length) => {
            const bytes = await reader.read(Math.min(length, size - readSoFar))
            readSoFar += bytes.length
            return bytes
          },
        }
      }
      const left = offset + padded - reader.position
      // The last member need not be filled up.
      if ((await reader.skip(left)) < left && reader.position < offset + size)
        throw damagedFile(path, `it is truncated within ${name}`)
    }
  } finally {
    await reader.close()
  }
}

function whyNoFile(type: string): string | null {
  if (type === '0' || type === '\0' || type === '7') return null
  return type === '1' || type === '2' ? 'a link, which is not followed' : 'neither a file nor a folder'
}

function shortName(header: Buffer): string {
  const name = until0(header.subarray(0, 100)),
    ustar = header.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = ustar ? until0(header.subarray(345, 500)) : Buffer.alloc(0)
  return nameIn(prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]))
}

/** Records of the form `LENGTH KEY=VALUE\n`; what makes no sense ends the list. */
function pax(bytes: Buffer): { name?: string; size?: number; sparse?: boolean } {
  const found: { name?: string; size?: number; sparse?: boolean } = {}
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at),
      length = Number(bytes.toString('latin1', at, space < 0 ? at : space))
    if (space < 0 || !Number.isInteger(length) || length < space - at + 3 || at + length > bytes.length) break
    const record = bytes.subarray(space + 1, at + length - 1),
      equals = record.indexOf(0x3d)
    const key = record.toString('latin1', 0, Math.max(0, equals)),
      value = record.subarray(equals + 1)
    if (key === 'path' && found.name === undefined) found.name = nameIn(value)
    else if (key === 'size') found.size = /^\d+$/.test(value.toString('latin1')) ? Number(value.toString('latin1')) : NaN
    else if (key === 'GNU.sparse.name') found.name = nameIn(value)
    if (key.startsWith('GNU.sparse.')) found.sparse = true
    at += length
  }
  return found
}
