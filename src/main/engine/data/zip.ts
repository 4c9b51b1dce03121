import { stat } from 'node:fs/promises'
import { crc32, createInflateRaw } from 'node:zlib'
import { damagedFile, readAt, readPieces, unsupportedFile } from './byte-stream.ts'
import { thousands } from '../../../shared/words.ts'
import { nameIn } from './containers/member-names.ts'

/**
 * Reads zip archives by their central directory (APPNOTE 6.3.10, zip64 included: `numpy.savez` always writes it), so that
 * members can be read in any order without unpacking the others; libraries that stream an archive cannot do that.
 */
export interface ZipMember {
  name: string
  size: number
  /** Bytes that it takes, from its local header at `offset` on; what they are is checked when they are read. */
  packed: number
  offset: number
  crc: number
  deflated: boolean
  /** Why it is no file that could be read; null where it is one. */
  reason: string | null
  pieces(): AsyncIterable<Buffer>
}

/** How many bytes deflate can make of one, at most (zlib's technical notes). */
export const deflateGrowth = 1032

const zip64 = 0xffffffff
/** Info-ZIP’s field for a name in UTF-8, with the checksum of the name that it stands for. */
const unicodePath = 0x7075
/** Of the list of contents, in bytes, and of the parts in it. */
const longestList = 2 ** 26
const mostMembers = 600_000

/** @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED */
export async function readZip(path: string): Promise<ZipMember[]> {
  const { size } = await stat(path)
  const tailStart = Math.max(0, size - 65_557 - 20),
    tail = await readAt(path, tailStart, size - tailStart)
  const end = endOf(tail)
  if (end < 0) throw damagedFile(path, 'the list of its contents is missing; it is truncated or no zip archive')
  let entries = tail.readUInt16LE(end + 10),
    length = tail.readUInt32LE(end + 12),
    start = tail.readUInt32LE(end + 16)
  const locator = end - 20
  if (locator >= 0 && tail.readUInt32LE(locator) === 0x07064b50) {
    const at = Number(tail.readBigUInt64LE(locator + 8))
    const record = at + 56 <= size ? await readAt(path, at, 56) : Buffer.alloc(0)
    if (record.length < 56 || record.readUInt32LE(0) !== 0x06064b50) throw damagedFile(path, 'the list of its contents is damaged')
    entries = Number(record.readBigUInt64LE(32))
    length = Number(record.readBigUInt64LE(40))
    start = Number(record.readBigUInt64LE(48))
  }
  if (start + length > size) throw damagedFile(path, 'the list of its contents is damaged')
  if (length > longestList || entries > mostMembers) {
    throw tooMany(path)
  }
  const directory = await readAt(path, start, length)
  try {
    return readDirectory(directory, entries, path, size)
  } catch (cause) {
    if (cause instanceof RangeError) throw damagedFile(path, 'the list of its contents is damaged', cause)
    throw cause
  }
}

/**
 * Where the record lies that ends an archive, in its last bytes; -1 where there is none. What follows it is a comment, which may
 * hold the same mark: the record is the last one whose comment ends the file, else (something was appended) the last one.
 */
function endOf(tail: Buffer): number {
  const mark = Buffer.from('PK\x05\x06', 'latin1')
  let last = -1
  for (let at = tail.lastIndexOf(mark); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf(mark, at - 1)) {
    if (at + 22 > tail.length) continue
    if (at + 22 + tail.readUInt16LE(at + 20) === tail.length) return at
    if (last < 0) last = at
  }
  return last
}

const tooMany = (path: string) =>
  unsupportedFile(
    path,
    `holds more than ${thousands(mostMembers)} files, or names of endless length; unpack it, and import the folder.`,
  )

function readDirectory(directory: Buffer, entries: number, path: string, fileSize: number): ZipMember[] {
  const members: ZipMember[] = []
  let together = 0,
    at = 0
  // Writers that know no zip64 count 65,536 members as none: the list itself says how many there are.
  while (at + 46 <= directory.length && directory.readUInt32LE(at) === 0x02014b50) {
    const flags = directory.readUInt16LE(at + 8),
      method = directory.readUInt16LE(at + 10),
      crc = directory.readUInt32LE(at + 16)
    let packed = directory.readUInt32LE(at + 20),
      size = directory.readUInt32LE(at + 24),
      offset = directory.readUInt32LE(at + 42)
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28),
      extraEnd = nameEnd + directory.readUInt16LE(at + 30)
    const external = directory.readUInt32LE(at + 38),
      unix = directory[at + 5] === 3
    let name = nameIn(directory.subarray(at + 46, nameEnd), 'cp437')
    for (let extra = nameEnd; extra + 4 <= extraEnd; extra += 4 + directory.readUInt16LE(extra + 2)) {
      if (directory.readUInt16LE(extra) === unicodePath && directory.readUInt16LE(extra + 2) > 5) {
        if (directory.readUInt32LE(extra + 5) === crc32(directory.subarray(at + 46, nameEnd))) {
          name = directory.toString('utf8', extra + 9, extra + 4 + directory.readUInt16LE(extra + 2))
        }
        continue
      }
      if (directory.readUInt16LE(extra) !== 1) continue
      let field = extra + 4
      const next = () => {
        field += 8
        return Number(directory.readBigUInt64LE(field - 8))
      }
      if (size === zip64) size = next()
      if (packed === zip64) packed = next()
      if (offset === zip64) offset = next()
    }
    at = extraEnd + directory.readUInt16LE(at + 32)
    if (offset + 30 + packed > fileSize) throw damagedFile(path, `${name} lies beyond its end`)
    // What deflate cannot do: a header that lies would have its reader wait, or make room, for what never comes.
    if (method === 8 ? size > packed * deflateGrowth + 64 : method === 0 && size !== packed) {
      throw damagedFile(path, `${name} is said to have ${size} bytes, and ${packed} are there for them`)
    }
    // A few bytes that many parts share would be unpacked as often.
    if ((together += 30 + packed) > fileSize) throw damagedFile(path, 'its parts overlap')
    if (members.length >= mostMembers) throw tooMany(path)
    members.push({
      name,
      size,
      packed,
      offset,
      crc,
      deflated: method === 8,
      reason: whyNoFile(unix ? external >>> 16 : 0, flags, method),
      async *pieces() {
        if (flags & 1) throw unsupportedFile(path, 'is encrypted; save it without a password.')
        if (method !== 0 && method !== 8)
          throw unsupportedFile(path, `holds ${name} packed in a way that NumPy does not use; save it with numpy.savez.`)
        const local = await readAt(path, offset, 30)
        if (local.length < 30 || local.readUInt32LE(0) !== 0x04034b50)
          throw damagedFile(path, `${name} is not where the list of contents says`)
        const from = offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28)
        let sum = 0,
          seen = 0
        for await (const piece of readPieces(path, from, from + packed, method === 8 ? createInflateRaw() : undefined)) {
          sum = crc32(piece, sum)
          seen += piece.length
          if (seen > size) break
          yield piece
        }
        if (seen !== size || sum !== crc) throw damagedFile(path, `the checksum of ${name} is wrong`)
      },
    })
  }
  if (members.length < entries || (members.length - entries) % 65_536 !== 0) {
    throw damagedFile(path, `its list of contents has ${members.length} entries, and is said to have ${entries}`)
  }
  return members
}

/** @param mode of the file under Unix; 0 where it is not known */
function whyNoFile(mode: number, flags: number, method: number): string | null {
  const kind = mode & 0o170000
  if (kind === 0o120000) return 'a link, which is not followed'
  if (kind !== 0 && kind !== 0o100000 && kind !== 0o040000) return 'neither a file nor a folder'
  if (flags & 1) return 'encrypted: save the archive without a password'
  return method === 0 || method === 8
    ? null
    : `packed in a way (${method}) that is not read: save the archive with the usual compression (deflate)`
}
