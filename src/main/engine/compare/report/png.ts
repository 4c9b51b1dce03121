import { crc32, deflateSync } from 'node:zlib'
import type { Images } from '../../../../shared/domain.ts'

/** An 8-bit RGBA picture as a PNG file. @param pixels [height, width, 4] */
export function pngOf(width: number, height: number, pixels: Uint8Array): Buffer {
  const lines = Buffer.alloc(height * (1 + width * 4))
  for (let y = 0; y < height; y++) {
    // Each line begins with the kind of its filter: none.
    lines.set(pixels.subarray(y * width * 4, (y + 1) * width * 4), y * (1 + width * 4) + 1)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 6, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(name: string, content: Buffer): Buffer {
  const whole = Buffer.concat([Buffer.from(name, 'latin1'), content])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(whole))
  return Buffer.concat([length, whole, sum])
}

/** The first `count` images in one row, a transparent pixel between two. */
export function stripOf(
  { width, height, channels, pixels }: Images,
  count: number,
): { width: number; height: number; png: Buffer } {
  const across = count * (width + 1) - 1
  const out = new Uint8Array(across * height * 4)
  for (let image = 0; image < count; image++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const from = ((image * height + y) * width + x) * channels
        const to = (y * across + image * (width + 1) + x) * 4
        for (let c = 0; c < 3; c++) out[to + c] = pixels[from + (channels === 3 ? c : 0)]!
        out[to + 3] = 255
      }
    }
  }
  return { width: across, height, png: pngOf(across, height, out) }
}
