import { readAll } from '../../files/durable.ts'

/**
 * Directories of TIFF 6.0 and of BigTIFF: what each page of a file is, without its values. Everything that a file says is checked
 * against its size before anything is made of it.
 */

/** Bytes at any place of a file. */
export interface ByteSource {
  size: number
  /** @throws RangeError beyond the end */
  read(offset: number, length: number): Buffer
}

const beyond = (offset: number, length: number, size: number): void => {
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) throw new RangeError('beyond the end of the file')
}
export const sourceOfBytes = (bytes: Buffer): ByteSource => ({
  size: bytes.length,
  read(offset, length) {
    beyond(offset, length, bytes.length)
    return bytes.subarray(offset, offset + length)
  },
})
/** `size` bytes of an open file, from `base` on. */
export interface FilePlace {
  file: number
  base: number
  size: number
  /** The first of these bytes, where they were read already; what lies within them is valid as long as they are. */
  start?: Buffer
}

/** Of an open file only what is asked for is read. */
export const sourceOfFile = ({ file, base, size, start }: FilePlace): ByteSource => ({
  size,
  read(offset, length) {
    beyond(offset, length, size)
    if (start && offset + length <= start.length) return start.subarray(offset, offset + length)
    const bytes = Buffer.allocUnsafe(length)
    if (!readAll(file, bytes, base + offset)) throw new RangeError('beyond the end of the file')
    return bytes
  },
})

/** Tags by their numbers. */
export const tag = {
  subfile: 254,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  planar: 284,
  predictor: 317,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileBytes: 325,
  extra: 338,
  format: 339,
} as const
type Tag = (typeof tag)[keyof typeof tag]

export interface Page {
  little: boolean
  /** Numbers of a tag; empty where the page has none. @throws RangeError */
  numbers(tag: Tag): number[]
  /** The first of them, or what TIFF takes where there is none. */
  number(tag: Tag, otherwise: number): number
}

/** Bytes of a value by its field type; of those that are whole numbers. */
const sizes: Record<number, number> = { 1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4, 13: 4, 16: 8, 17: 8, 18: 8 }
/** Offsets of strips of a page, at most: what 400 million rows of a pixel would need is no image. */
const mostNumbers = 2 ** 20
const mostEntries = 4096,
  mostPages = 1_000_000

/**
 * The pages of a file in their order, without those that are smaller copies or masks of others (but always the first).
 * @throws RangeError where the file ends before its directories do
 */
export function* pagesOf(source: ByteSource): Generator<Page> {
  const start = source.read(0, 8),
    little = start[0] === 0x49,
    big = (little ? start[2] : start[3]) === 43
  const seen = new Set<number>()
  let at = big ? numberAt(source.read(8, 8), 0, 8, little) : numberAt(start, 4, 4, little)
  while (at !== 0 && !seen.has(at) && seen.size < mostPages) {
    seen.add(at)
    const { page, next } = pageAt(source, at, little, big)
    if (seen.size === 1 || (page.number(tag.subfile, 0) & 5) === 0) yield page
    at = next
  }
}

function numberAt(bytes: Buffer, at: number, size: number, little: boolean): number {
  if (size < 8) return little ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size)
  return Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
}

function pageAt(source: ByteSource, at: number, little: boolean, big: boolean): { page: Page; next: number } {
  const counter = big ? 8 : 2,
    entry = big ? 20 : 12,
    field = big ? 8 : 4
  const entries = numberAt(source.read(at, counter), 0, counter, little)
  if (entries > mostEntries) throw new RangeError('a directory of too many entries')
  const bytes = source.read(at + counter, entries * entry),
    places = new Map<number, number>()
  for (let i = 0; i < entries; i++) places.set(numberAt(bytes, i * entry, 2, little), i * entry)
  const numbers = (name: Tag): number[] => {
    const place = places.get(name)
    if (place === undefined) return []
    const size = sizes[numberAt(bytes, place + 2, 2, little)] ?? 0,
      count = numberAt(bytes, place + 4, field, little)
    if (size === 0 || count > mostNumbers) throw new RangeError('a tag that makes no sense')
    const inside = size * count <= field,
      from = place + 4 + field
    const values = inside ? bytes : source.read(numberAt(bytes, from, field, little), size * count)
    return Array.from({ length: count }, (_, i) => numberAt(values, (inside ? from : 0) + i * size, size, little))
  }
  // Some writers leave out the offset of a next page.
  const after = at + counter + entries * entry
  const next = after + field <= source.size ? numberAt(source.read(after, field), 0, field, little) : 0
  return { page: { little, numbers, number: (name, otherwise) => numbers(name)[0] ?? otherwise }, next }
}
