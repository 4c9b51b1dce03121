import type { Images } from '../../../shared/domain.ts'

/** One image of several, a view into the same bytes. */
export function oneImage(images: Images, index: number): Images {
  const size = images.width * images.height * images.channels
  return { ...images, count: 1, pixels: images.pixels.subarray(index * size, (index + 1) * size) }
}

/** Some of several images, in a given order. */
export function someImages(images: Images, indices: readonly number[]): Images {
  const size = images.width * images.height * images.channels
  const pixels = new Uint8Array(indices.length * size)
  indices.forEach((index, at) => pixels.set(images.pixels.subarray(index * size, (index + 1) * size), at * size))
  return { ...images, count: indices.length, pixels }
}

/** Images of one size one after the other. */
export function joinedImages(all: readonly Images[]): Images | null {
  const [first] = all
  if (!first) return null
  const pixels = new Uint8Array(all.reduce((sum, images) => sum + images.pixels.length, 0))
  let at = 0
  for (const images of all) {
    pixels.set(images.pixels, at)
    at += images.pixels.length
  }
  return { ...first, count: all.reduce((sum, images) => sum + images.count, 0), pixels }
}
