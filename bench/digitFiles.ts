import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import { mnistFolder } from './mnist.ts'

/** A gray PNG without filters. */
function png(pixels: Uint8Array, width: number, height: number): Buffer {
  const chunk = (name: string, content: Buffer) => {
    const out = Buffer.alloc(12 + content.length)
    out.writeUInt32BE(content.length)
    out.write(name, 4)
    content.copy(out, 8)
    out.writeUInt32BE(crc32(out.subarray(4, 8 + content.length)), 8 + content.length)
    return out
  }
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]),
    lines = Buffer.alloc((width + 1) * height)
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  for (let y = 0; y < height; y++) lines.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** MNIST's digits as PNG files in ten folders. */
export function writeDigits(folder: string, count: number): void {
  const pixels = readFileSync(join(mnistFolder, 'train-images-idx3-ubyte')).subarray(16),
    labels = readFileSync(join(mnistFolder, 'train-labels-idx1-ubyte')).subarray(8)
  for (let label = 0; label < 10; label++) mkdirSync(join(folder, `${label}`), { recursive: true })
  for (let i = 0; i < count; i++)
    writeFileSync(join(folder, `${labels[i]}`, `${i}.png`), png(pixels.subarray(i * 784, (i + 1) * 784), 28, 28))
}
