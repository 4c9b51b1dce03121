import { unzlibSync } from 'fflate'
import { crc32, inflateSync } from 'node:zlib'
import type { Picture } from './pixels.ts'
import type { Samples } from './samples.ts'

/**
 * Decodes the usual PNGs: up to 8 bits a sample, not interlaced (those of 16 bits: see `readPng16`). Large data sets are made of small
 * PNGs, and for these the general decoders cost more in calls than in pixels: measured on 28x28, 9 us here, 20 us in TensorFlow (and a
 * third of a second and 300 MB to load it), 600 us in sharp. Every chunk's checksum is checked.
 * @returns null when the bytes are damaged or truncated.
 */
export function decodePng(bytes: Buffer): Picture | null {
  try {
    return decode(bytes)
  } catch {
    // Reading beyond the end, or corrupt compressed data.
    return null
  }
}

/** Below this the plain-JavaScript inflate is faster than the native one, which sets up a stream for each call. */
const smallData = 2 ** 15
/** Names of chunks, as numbers: IDAT, PLTE, tRNS, IEND. */
const chunk = { data: 0x49444154, palette: 0x504c5445, transparency: 0x74524e53, end: 0x49454e44 }
let scratch = new Uint8Array(0)

/** Samples of a pixel by the kind of colour; 0 where there is no such kind. */
const samplesOf = (colour: number): number => [1, 0, 3, 1, 2, 0, 4][colour] ?? 0

interface Chunks {
  packed: Buffer
  palette: Buffer | null
  transparency: Buffer | null
}

/** Joins the chunks; null where one is damaged or the picture is missing. */
function chunksOf(bytes: Buffer): Chunks | null {
  let palette: Buffer | null = null,
    transparency: Buffer | null = null,
    packed: Buffer | null = null
  const more: Buffer[] = []
  for (let at = 8, name = 0; name !== chunk.end;) {
    const length = bytes.readUInt32BE(at),
      end = at + 8 + length
    if (bytes.readUInt32BE(end) !== crc32(bytes.subarray(at + 4, end))) return null
    name = bytes.readUInt32BE(at + 4)
    const content = bytes.subarray(at + 8, end)
    if (name === chunk.data) packed === null ? (packed = content) : more.push(content)
    else if (name === chunk.palette) palette = content
    else if (name === chunk.transparency) transparency = content
    at = end + 4
  }
  if (!packed) return null
  return { packed: more.length > 0 ? Buffer.concat([packed, ...more]) : packed, palette, transparency }
}

function decode(bytes: Buffer): Picture | null {
  const width = bytes.readUInt32BE(16),
    height = bytes.readUInt32BE(20),
    depth = bytes.readUInt8(24),
    colour = bytes.readUInt8(25)
  const samples = samplesOf(colour)
  if (samples === 0 || bytes[26] !== 0 || bytes[27] !== 0 || bytes[28] !== 0) return null
  if (![1, 2, 4, 8].includes(depth) || (depth < 8 && colour !== 0 && colour !== 3)) return null
  const chunks = chunksOf(bytes)
  if (!chunks || (colour === 3 && !chunks.palette)) return null
  const { packed, palette, transparency } = chunks

  const line = Math.ceil((width * samples * depth) / 8),
    size = (line + 1) * height
  let raw: Uint8Array
  if (size <= smallData && packed.length <= smallData) {
    if (scratch.length < size) scratch = new Uint8Array(smallData)
    // One byte more than expected: too much data is noticed.
    raw = unzlibSync(packed, { out: scratch.subarray(0, size + 1) })
  } else {
    raw = inflateSync(packed, { maxOutputLength: size + 1 })
  }
  if (raw.length !== size || !unfilter(raw, line, height, Math.max(1, (samples * depth) >> 3))) return null
  return picture(raw, { width, height, depth, colour, samples, line, palette, transparency })
}

/** Where the pixels of Adam7's seven passes begin, and how far apart they lie (PNG, section 8.2). */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

/**
 * Reads a PNG of 16 bits a sample, interlaced or not: its numbers as they are, without any gamma; the one transparent colour of a
 * picture without alpha becomes alpha.
 * @returns null when the bytes are damaged or truncated
 */
export function readPng16(bytes: Buffer, orientation: number): Samples | null {
  try {
    const width = bytes.readUInt32BE(16),
      height = bytes.readUInt32BE(20),
      colour = bytes.readUInt8(25),
      interlaced = bytes.readUInt8(28)
    const samples = samplesOf(colour),
      chunks = chunksOf(bytes)
    if (samples === 0 || colour === 3 || bytes[26] !== 0 || bytes[27] !== 0 || interlaced > 1 || !chunks) return null
    const { packed, transparency } = chunks,
      clear = colour < 3 && transparency ? transparency : null
    const channels = samples + (clear ? 1 : 0),
      data = new Uint16Array(width * height * channels)
    const parts = (interlaced ? passes : [[0, 0, 1, 1] as const])
      .map(([x, y, across, down]) => ({
        x,
        y,
        across,
        down,
        columns: Math.ceil((width - x) / across),
        lines: Math.ceil((height - y) / down),
      }))
      .filter(({ columns, lines }) => columns > 0 && lines > 0)
    const sizes = parts.map(({ columns, lines }) => (columns * samples * 2 + 1) * lines),
      size = sizes.reduce((sum, each) => sum + each, 0)
    const raw = inflateSync(packed, { maxOutputLength: size + 1 })
    if (raw.length !== size) return null
    for (let part = 0, from = 0; part < parts.length; from += sizes[part++]!) {
      const { x, y, across, down, columns, lines } = parts[part]!,
        line = columns * samples * 2
      const passBytes = raw.subarray(from, from + sizes[part]!)
      if (!unfilter(passBytes, line, lines, samples * 2)) return null
      for (let row = 0; row < lines; row++) {
        for (let column = 0; column < columns; column++) {
          const at = row * (line + 1) + 1 + column * samples * 2,
            to = ((y + row * down) * width + x + column * across) * channels
          for (let c = 0; c < samples; c++) data[to + c] = passBytes.readUInt16BE(at + 2 * c)
          if (clear) data[to + samples] = passBytes.compare(clear, 0, 2 * samples, at, at + 2 * samples) === 0 ? 0 : 65535
        }
      }
    }
    const alpha = clear || colour >= 4 ? { opaque: 65535, premultiplied: false } : null
    return { data, width, height, channels, type: 'u2', alpha, orientation }
  } catch {
    return null
  }
}

/** Undoes the lines' filters in place. */
function unfilter(raw: Uint8Array, line: number, height: number, step: number): boolean {
  for (let y = 0; y < height; y++) {
    const at = y * (line + 1) + 1,
      filter = raw[at - 1]!,
      up = at - line - 1
    const first = y === 0
    if (filter === 0) continue
    if (filter === 1) {
      for (let x = step; x < line; x++) raw[at + x]! += raw[at + x - step]!
    } else if (filter === 2) {
      if (!first) for (let x = 0; x < line; x++) raw[at + x]! += raw[up + x]!
    } else if (filter === 3) {
      for (let x = 0; x < line; x++) raw[at + x]! += ((x < step ? 0 : raw[at + x - step]!) + (first ? 0 : raw[up + x]!)) >> 1
    } else if (filter === 4) {
      for (let x = 0; x < line; x++) {
        const a = x < step ? 0 : raw[at + x - step]!,
          b = first ? 0 : raw[up + x]!,
          c = x < step || first ? 0 : raw[up + x - step]!
        const p = a + b - c,
          pa = Math.abs(p - a),
          pb = Math.abs(p - b),
          pc = Math.abs(p - c)
        raw[at + x]! += pa <= pb && pa <= pc ? a : pb <= pc ? b : c
      }
    } else {
      return false
    }
  }
  return true
}

interface Layout {
  width: number
  height: number
  depth: number
  colour: number
  samples: number
  line: number
  palette: Buffer | null
  transparency: Buffer | null
}

/** From lines of samples to 8-bit values; palettes looked up, transparent colours as alpha. */
function picture(raw: Uint8Array, { width, height, depth, colour, samples, line, palette, transparency }: Layout): Picture | null {
  const channels = colour === 3 ? (transparency ? 4 : 3) : transparency && colour < 4 ? samples + 1 : samples
  const data = new Uint8Array(width * height * channels)
  if (depth === 8 && channels === samples && colour !== 3) {
    for (let y = 0; y < height; y++) data.set(raw.subarray(y * (line + 1) + 1, (y + 1) * (line + 1)), y * line)
    return { data, width, height, channels }
  }
  // The one transparent colour of a gray or colour picture, in the picture's own depth.
  const clear = colour < 3 && transparency ? Array.from({ length: samples }, (_, i) => transparency.readUInt16BE(i * 2)) : null
  const most = 2 ** depth - 1,
    scale = colour === 0 ? 255 / most : 1
  for (let y = 0, to = 0; y < height; y++) {
    const at = y * (line + 1) + 1
    for (let x = 0; x < width; x++, to += channels) {
      if (colour === 3) {
        const index = sample(raw, at, x, depth)
        if (index * 3 + 2 >= palette!.length) return null
        data[to] = palette![index * 3]!
        data[to + 1] = palette![index * 3 + 1]!
        data[to + 2] = palette![index * 3 + 2]!
        if (channels === 4) data[to + 3] = transparency![index] ?? 255
        continue
      }
      let isClear = clear !== null
      for (let c = 0; c < samples; c++) {
        const value = sample(raw, at, x * samples + c, depth)
        data[to + c] = value * scale
        if (isClear && value !== clear![c]) isClear = false
      }
      if (clear) data[to + samples] = isClear ? 0 : 255
    }
  }
  return { data, width, height, channels }
}

function sample(raw: Uint8Array, at: number, index: number, depth: number): number {
  if (depth === 8) return raw[at + index]!
  const bit = index * depth
  return (raw[at + (bit >> 3)]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1)
}
