import { crc32, deflateSync } from 'node:zlib'
import type { Raster } from './raster.ts'

/** A PNG (ISO/IEC 15948) of 8 bits a sample with texts: tEXt where Latin-1 suffices, else iTXt. */
export function encodePng(
  { width, height, channels, pixels }: Raster,
  texts: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, channels === 3 ? 2 : 0, 0, 0, 0], 8)
  const line = width * channels,
    lines = Buffer.alloc((line + 1) * height)
  for (let y = 0; y < height; y++) lines.set(pixels.subarray(y * line, (y + 1) * line), y * (line + 1) + 1)
  const words = Object.entries(texts).map(([keyword, text]) =>
    /^[\x20-\xff\n]*$/.test(text)
      ? chunk('tEXt', Buffer.from(`${keyword}\0${text}`, 'latin1'))
      : chunk('iTXt', Buffer.concat([Buffer.from(`${keyword}\0\0\0\0\0`, 'latin1'), Buffer.from(text)])),
  )
  return Uint8Array.from(
    Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      chunk('IHDR', header),
      ...words,
      chunk('IDAT', deflateSync(lines)),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  )
}

function chunk(name: string, content: Buffer): Buffer {
  const out = Buffer.alloc(12 + content.length)
  out.writeUInt32BE(content.length)
  out.write(name, 4, 'latin1')
  content.copy(out, 8)
  out.writeUInt32BE(crc32(out.subarray(4, 8 + content.length)), 8 + content.length)
  return out
}
