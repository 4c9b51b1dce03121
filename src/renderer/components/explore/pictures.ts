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

/**
 * What an image of this size is drawn with: CSS pixels, whole device pixels a picture's pixel, about `wanted` wide. Strips of
 * numbers are given some height.
 */
export function boxOf(
  { width, height }: { width: number; height: number },
  wanted: number,
  ratio: number,
): { width: number; height: number; scale: number } {
  const scale = Math.max(1, Math.round((wanted * ratio) / Math.max(width, height)))
  const tall = height === 1 && width > 1 ? Math.max(scale, Math.round(12 * ratio)) : height * scale
  return { width: (width * scale) / ratio, height: tall / ratio, scale }
}

/** All images as RGBA, one below the other as they are drawn: `draw` puts one of them anywhere. */
export class Sheet {
  readonly images: Images
  readonly #canvas: HTMLCanvasElement
  readonly #columns: number

  constructor(images: Images) {
    this.images = images
    const { width, height, channels, pixels, count } = images
    // As square as it can be: canvases have a longest side.
    this.#columns = Math.max(1, Math.min(count, Math.floor(8192 / width), Math.ceil(Math.sqrt((count * height) / width))))
    const canvas = document.createElement('canvas')
    canvas.width = this.#columns * width
    canvas.height = Math.max(1, Math.ceil(count / this.#columns) * height)
    const context = canvas.getContext('2d')!
    const data = context.createImageData(canvas.width, canvas.height)
    for (let i = 0; i < count; i++) {
      const left = (i % this.#columns) * width,
        top = Math.floor(i / this.#columns) * height
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const from = ((i * height + y) * width + x) * channels,
            to = ((top + y) * canvas.width + left + x) * 4
          data.data[to] = pixels[from]!
          data.data[to + 1] = pixels[channels === 1 ? from : from + 1]!
          data.data[to + 2] = pixels[channels === 1 ? from : from + 2]!
          data.data[to + 3] = 255
        }
      }
    }
    context.putImageData(data, 0, 0)
    this.#canvas = canvas
  }

  draw(context: CanvasRenderingContext2D, index: number, x: number, y: number, width: number, height: number): void {
    const { width: w, height: h } = this.images
    context.imageSmoothingEnabled = false
    context.drawImage(this.#canvas, (index % this.#columns) * w, Math.floor(index / this.#columns) * h, w, h, x, y, width, height)
  }
}
