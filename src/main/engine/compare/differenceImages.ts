import type { Images } from '../../../shared/domain.ts'

/** What was reconstructed of images minus the images, as pictures: 0 is mid-gray, black and white are minus and plus the whole range. */
export function differenceImages(reconstructed: Images | null, originals: Images | null): Images | null {
  if (reconstructed === null || originals === null || reconstructed.pixels.length !== originals.pixels.length) return null
  return {
    ...reconstructed,
    pixels: Uint8Array.from(reconstructed.pixels, (value, at) => Math.round(127.5 + (value - originals.pixels[at]!) / 2)),
  }
}
