import type { Images } from '../../../../shared/domain.ts'
import { encodePng } from '../../files/png.ts'

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
  return { width: across, height, png: Buffer.from(encodePng({ width: across, height, channels: 4, pixels: out })) }
}
