import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import type { Random } from '../../src/main/engine/data/random.ts'
import { bmp24 } from '../fixtures/imports.ts'

/** Small pictures in every format that an import reads, and what makes files of them that lie. Everything is drawn from one source. */

export const size = { width: 12, height: 10 }

/** The pixels of a picture that no other number gives, row by row, three bytes each. */
export function pixelsOf(number: number): Buffer {
  const pixels = Buffer.alloc(size.width * size.height * 3)
  for (let at = 0; at < pixels.length; at++) pixels[at] = (Math.imul(at + 1, 2_654_435_761 + 40_503 * number) >>> 24) & 0xff
  return pixels
}

export const formats = ['png', 'jpg', 'gif', 'bmp', 'webp', 'tif'] as const
export type Format = (typeof formats)[number]
/** Formats that give back every pixel. */
export const exact = ['png', 'bmp', 'webp', 'tif'] as const

export async function picture(format: Format, number: number): Promise<Buffer> {
  const pixels = pixelsOf(number)
  const image = sharp(pixels, { raw: { ...size, channels: 3 } })
  switch (format) {
    case 'png':
      return image.png().toBuffer()
    case 'jpg':
      return image.jpeg().toBuffer()
    case 'gif':
      return image.gif().toBuffer()
    case 'webp':
      return image.webp({ lossless: true }).toBuffer()
    case 'tif':
      return image.tiff({ compression: number % 2 === 0 ? 'none' : 'lzw' }).toBuffer()
    case 'bmp':
      return bmp24(
        size.width,
        size.height,
        (x, y) => [...pixels.subarray((y * size.width + x) * 3, (y * size.width + x) * 3 + 3)] as [number, number, number],
      )
  }
}

const large = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 20_000, 65_535, 0x7fffffff, 0xffffffff] as const

/** A file made wrong in one way, or several after another. */
export function mutated(draw: Random, whole: Buffer): Buffer {
  let bytes: Buffer = Buffer.from(whole)
  for (let times = 1 + draw.below(3); times > 0 && bytes.length > 0; times--) bytes = ways[draw.below(ways.length)]!(draw, bytes)
  return bytes
}

const at = (draw: Random, bytes: Buffer): number => draw.below(Math.max(1, bytes.length))

const ways: readonly ((draw: Random, bytes: Buffer) => Buffer)[] = [
  function truncate(draw, bytes) {
    return bytes.subarray(0, at(draw, bytes))
  },
  function flipBits(draw, bytes) {
    for (let flips = 1 + draw.below(20); flips > 0; flips--) bytes[at(draw, bytes)]! ^= 1 << draw.below(8)
    return bytes
  },
  // Where headers have sizes, counts and offsets.
  function lie(draw, bytes) {
    const value = large[draw.below(large.length)]!,
      place = draw.below(Math.min(64, bytes.length))
    const [width, little] = [[1, 2, 4][draw.below(3)]!, draw.below(2) === 0]
    if (place + width > bytes.length) return bytes
    const cut = value % 256 ** width
    if (little) bytes.writeUIntLE(cut, place, width)
    else bytes.writeUIntBE(cut, place, width)
    return bytes
  },
  // A PNG whose header has a right checksum and a wrong size; of other formats other bytes at the beginning.
  function giant(draw, bytes) {
    if (bytes.length < 33 || bytes.toString('latin1', 1, 4) !== 'PNG') return flipHeader(draw, bytes)
    bytes.writeUInt32BE(large[draw.below(large.length)]!, 16 + 4 * draw.below(2))
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29)
    return bytes
  },
  function swap(draw, bytes) {
    const length = 1 + draw.below(Math.max(1, (bytes.length / 3) | 0))
    const [from, to] = [at(draw, bytes), at(draw, bytes)]
    const kept = Buffer.from(bytes.subarray(from, from + length))
    bytes.copyWithin(from, to, Math.min(bytes.length, to + length))
    kept.copy(bytes, to)
    return bytes
  },
  function repeat(draw, bytes) {
    const from = at(draw, bytes),
      piece = bytes.subarray(from, from + 1 + draw.below(200))
    return Buffer.concat([bytes.subarray(0, from), ...Array<Buffer>(1 + draw.below(50)).fill(piece), bytes.subarray(from)])
  },
  function blank(draw, bytes) {
    const from = at(draw, bytes)
    bytes.fill([0, 0xff, 0x55][draw.below(3)]!, from, Math.min(bytes.length, from + 1 + draw.below(100)))
    return bytes
  },
  function append(draw, bytes) {
    return Buffer.concat([bytes, Buffer.from(Array.from({ length: 1 + draw.below(500) }, () => draw.below(256)))])
  },
  function remove(draw, bytes) {
    const from = at(draw, bytes)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + draw.below(20))])
  },
]

function flipHeader(draw: Random, bytes: Buffer): Buffer {
  for (let flips = 1 + draw.below(4); flips > 0; flips--) bytes[draw.below(Math.min(40, bytes.length))]! = draw.below(256)
  return bytes
}
