import type { Images } from '../../../shared/domain.ts'

/** What was made of images minus the images, as pictures: 0 is mid-gray, black and white are minus and plus the whole range. */
export function differenceImages(made: Images | null, originals: Images | null): Images | null {
  if (made === null || originals === null || made.pixels.length !== originals.pixels.length) return null
  return { ...made, pixels: Uint8Array.from(made.pixels, (value, at) => Math.round(127.5 + (value - originals.pixels[at]!) / 2)) }
}
