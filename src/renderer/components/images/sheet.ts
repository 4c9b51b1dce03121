import type { Images } from '../../../shared/domain.ts'
import { reduced } from './reduced.ts'

/** Images as RGBA, side by side as they are drawn: `draw` puts one of them anywhere. */
export class Sheet {
  readonly images: Images
  readonly #canvas: HTMLCanvasElement
  readonly #columns: number
  /** The same, made smaller: what was drawn last in another size. */
  #smaller: Sheet | null = null

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

  /** Enlarged, pixels are seen as they are; reduced, each is the mean of those that it stands for. In the context's own units. */
  draw(context: CanvasRenderingContext2D, index: number, x: number, y: number, width: number, height: number): void {
    const { width: w, height: h } = this.images,
      { a, d } = context.getTransform()
    const [across, down] = [Math.max(1, Math.round(width * a)), Math.max(1, Math.round(height * d))]
    if (across < w || down < h)
      return this.#reducedTo(Math.min(w, across), Math.min(h, down)).draw(context, index, x, y, width, height)
    context.imageSmoothingEnabled = false
    context.drawImage(this.#canvas, (index % this.#columns) * w, Math.floor(index / this.#columns) * h, w, h, x, y, width, height)
  }

  #reducedTo(width: number, height: number): Sheet {
    if (this.#smaller?.images.width !== width || this.#smaller.images.height !== height)
      this.#smaller = new Sheet(reduced(this.images, width, height))
    return this.#smaller
  }
}

/** For a canvas of its own: one of several images, drawn over all of it in a size of CSS pixels. */
export function paintOne(
  canvas: HTMLCanvasElement,
  sheet: Sheet,
  index: number,
  box: { width: number; height: number },
  ratio: number,
): void {
  canvas.width = Math.round(box.width * ratio)
  canvas.height = Math.round(box.height * ratio)
  canvas.style.width = `${box.width}px`
  canvas.style.height = `${box.height}px`
  const context = canvas.getContext('2d')
  if (context && index < sheet.images.count) sheet.draw(context, index, 0, 0, canvas.width, canvas.height)
}
