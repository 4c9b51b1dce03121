import { deflateSync } from 'node:zlib'
import { joined, pngChunk, pngSignature, textChunks } from '../../../shared/png.ts'

/** A picture as bytes [height, width, channels]: 1 for grays, 3 for RGB, 4 for RGB and opacity. */
export interface Raster {
  width: number
  height: number
  channels: number
  pixels: Uint8Array
}

/** PNG's number for the kind of pixel, by the number of its samples. */
const colourTypes: Readonly<Record<number, number>> = { 1: 0, 3: 2, 4: 6 }

/** A PNG of 8 bits a sample, unfiltered, with texts about it. */
export function encodePng(
  { width, height, channels, pixels }: Raster,
  texts: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, colourTypes[channels]!, 0, 0, 0], 8)
  const line = width * channels,
    lines = Buffer.alloc((line + 1) * height)
  // Each line begins with the kind of its filter: none.
  for (let y = 0; y < height; y++) lines.set(pixels.subarray(y * line, (y + 1) * line), y * (line + 1) + 1)
  return joined([
    Uint8Array.from(pngSignature),
    pngChunk('IHDR', header),
    ...textChunks(texts),
    pngChunk('IDAT', deflateSync(lines)),
    pngChunk('IEND', new Uint8Array(0)),
  ])
}
