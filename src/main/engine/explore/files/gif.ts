import type { Raster } from './raster.ts'

/** Levels of red, green and blue of a palette that every frame shares; gray pictures have all 256 grays. */
const levels = [6, 7, 6] as const

/**
 * An animated GIF (GIF89a) of frames of one size, repeated for ever, with a comment. Colours are taken to the nearest of a fixed palette.
 * @param delay between frames, in hundredths of a second
 */
export function encodeGif(frames: readonly Raster[], delay: number, comment: string): Uint8Array<ArrayBuffer> {
  const { width, height, channels } = frames[0]!
  const palette = Buffer.alloc(768)
  for (let i = 0; i < 256; i++) {
    if (channels === 1) palette.fill(i, 3 * i, 3 * i + 3)
    else
      [Math.floor(i / 42), Math.floor(i / 6) % 7, i % 6].forEach((level, c) => {
        palette[3 * i + c] = Math.min(255, Math.round((255 * level) / (levels[c]! - 1)))
      })
  }
  const word = (value: number) => [value & 255, value >> 8]
  const parts: Uint8Array[] = [
    Buffer.from('GIF89a', 'latin1'),
    Uint8Array.from([...word(width), ...word(height), 0xf7, 0, 0]),
    palette,
    Uint8Array.from([0x21, 0xff, 11]),
    Buffer.from('NETSCAPE2.0', 'latin1'),
    Uint8Array.from([3, 1, 0, 0, 0]),
    Uint8Array.from([0x21, 0xfe]),
    blocks(Buffer.from(comment)),
  ]
  for (const frame of frames) {
    parts.push(
      Uint8Array.from([0x21, 0xf9, 4, 4, ...word(delay), 0, 0, 0x2c, 0, 0, 0, 0, ...word(width), ...word(height), 0, 8]),
      blocks(compress(indices(frame))),
    )
  }
  parts.push(Uint8Array.of(0x3b))
  return Uint8Array.from(Buffer.concat(parts))
}

function indices({ channels, pixels }: Raster): Uint8Array {
  if (channels === 1) return pixels
  const level = (at: number, c: number) => Math.round((pixels[at + c]! * (levels[c]! - 1)) / 255)
  return Uint8Array.from({ length: pixels.length / 3 }, (_, i) => level(3 * i, 0) * 42 + level(3 * i, 1) * 6 + level(3 * i, 2))
}

/** Data in blocks of at most 255 bytes, each with its length, and an empty one. */
function blocks(data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  for (let at = 0; at < data.length; at += 255)
    parts.push(Uint8Array.of(Math.min(255, data.length - at)), data.subarray(at, at + 255))
  return Buffer.concat([...parts, Uint8Array.of(0)])
}

/** GIF's variant of LZW (Welch 1984): codes of 9 to 12 bits from the lowest bit on; the table begins anew when it is full. */
function compress(values: Uint8Array): Uint8Array {
  const clear = 256,
    end = 257
  const out = Buffer.alloc(Math.ceil(values.length * 1.6) + 16)
  let filled = 0,
    bits = 0,
    pending = 0,
    size = 9,
    next = end + 1
  /** Code of (code of a beginning) * 256 + (byte that follows). */
  const table = new Map<number, number>()
  const write = (code: number) => {
    pending |= code << bits
    for (bits += size; bits >= 8; bits -= 8) {
      out[filled++] = pending & 255
      pending >>>= 8
    }
  }
  write(clear)
  let beginning = values[0] ?? 0
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!,
      key = beginning * 256 + value,
      known = table.get(key)
    if (known !== undefined) {
      beginning = known
      continue
    }
    write(beginning)
    if (next === 4096) {
      write(clear)
      table.clear()
      size = 9
      next = end + 1
    } else {
      // A reader's table is one entry behind.
      if (next === 1 << size) size++
      table.set(key, next++)
    }
    beginning = value
  }
  write(beginning)
  if (next === 1 << size && size < 12) size++
  write(end)
  if (bits > 0) out[filled++] = pending & 255
  return out.subarray(0, filled)
}
