import type { Images } from '../../../shared/domain.ts'

/** Where a pixel is: the image's index, and column and row within it. */
export interface PixelAt {
  index: number
  x: number
  y: number
}

/** How images of one size stand in rows: everything in device pixels, so that every picture's pixel is a whole number of them. */
export interface Grid {
  columns: number
  rows: number
  /** Device pixels a picture's pixel. */
  scale: number
  gap: number
  cellWidth: number
  cellHeight: number
  /** Device pixels a CSS pixel. */
  ratio: number
}

/**
 * One row of `count` images that fills `width` CSS pixels as well as whole scales allow, no image wider than `largest`. Where
 * not even one device pixel a picture's pixel fits, fewer images are shown.
 */
export function rowGrid(
  images: { count: number; width: number; height: number },
  count: number,
  width: number,
  largest: number,
  smallest: number,
): Grid {
  const ratio = window.devicePixelRatio || 1
  const gap = Math.max(1, Math.round(ratio))
  const room = Math.max(1, Math.floor(width * ratio))
  const most = Math.max(1, Math.floor((largest * ratio) / images.width))
  const least = Math.max(1, Math.min(most, Math.ceil((smallest * ratio) / images.width)))
  const fitting = Math.floor(((room + gap) / Math.max(1, count) - gap) / images.width)
  const scale = Math.max(least, Math.min(most, fitting))
  const columns = Math.max(1, Math.min(count, Math.floor((room + gap) / (images.width * scale + gap))))
  return { columns, rows: 1, scale, gap, cellWidth: images.width * scale, cellHeight: images.height * scale, ratio }
}

/** Images in as many columns as fit, each about `size` CSS pixels wide. */
export function blockGrid(images: { count: number; width: number; height: number }, width: number, size: number): Grid {
  const ratio = window.devicePixelRatio || 1
  const gap = Math.max(1, Math.round(ratio))
  const scale = Math.max(1, Math.round((size * ratio) / images.width))
  const room = Math.max(1, Math.floor(width * ratio))
  const fitting = Math.max(1, Math.floor((room + gap) / (images.width * scale + gap)))
  // Even rows look calmer than a ragged last one: 64 images go 16 by 4 or 8 by 8 rather than 13 by 5.
  let even = Math.min(fitting, images.count)
  while (even * 2 > fitting && images.count % even !== 0) even--
  const columns = Math.max(1, Math.min(images.count, even * 2 > fitting ? even : fitting))
  return {
    columns,
    rows: Math.ceil(images.count / columns),
    scale,
    gap,
    cellWidth: images.width * scale,
    cellHeight: images.height * scale,
    ratio,
  }
}

export const gridWidth = (grid: Grid): number => grid.columns * (grid.cellWidth + grid.gap) - grid.gap
export const gridHeight = (grid: Grid): number => grid.rows * (grid.cellHeight + grid.gap) - grid.gap

/** Pictures as RGBA, side by side in one strip of their own size. */
function strip(images: Images, first: number, count: number): HTMLCanvasElement {
  const { width, height, channels, pixels } = images
  const canvas = document.createElement('canvas')
  canvas.width = width * count
  canvas.height = height
  const context = canvas.getContext('2d')!
  const data = context.createImageData(canvas.width, height)
  for (let i = 0; i < count; i++) {
    const start = (first + i) * width * height * channels
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const from = start + (y * width + x) * channels
        const to = (y * canvas.width + i * width + x) * 4
        data.data[to] = pixels[from]!
        data.data[to + 1] = pixels[channels === 1 ? from : from + 1]!
        data.data[to + 2] = pixels[channels === 1 ? from : from + 2]!
        data.data[to + 3] = 255
      }
    }
  }
  context.putImageData(data, 0, 0)
  return canvas
}

/** Draws images into a canvas as the grid says, never blurred. Changes the canvas's size only when it must. */
export function paint(canvas: HTMLCanvasElement, images: Images, grid: Grid): void {
  const width = gridWidth(grid)
  const height = gridHeight(grid)
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  canvas.style.width = `${width / grid.ratio}px`
  canvas.style.height = `${height / grid.ratio}px`
  const context = canvas.getContext('2d')
  if (!context) return
  context.clearRect(0, 0, width, height)
  context.imageSmoothingEnabled = false
  for (let row = 0; row < grid.rows; row++) {
    const first = row * grid.columns
    const count = Math.min(grid.columns, images.count - first)
    if (count <= 0) break
    const source = strip(images, first, count)
    for (let i = 0; i < count; i++) {
      context.drawImage(
        source,
        i * images.width,
        0,
        images.width,
        images.height,
        i * (grid.cellWidth + grid.gap),
        row * (grid.cellHeight + grid.gap),
        grid.cellWidth,
        grid.cellHeight,
      )
    }
  }
}

/** Draws one image alone, `scale` device pixels a picture's pixel. */
export function paintOne(canvas: HTMLCanvasElement, images: Images, index: number, scale: number): void {
  const ratio = window.devicePixelRatio || 1
  canvas.width = images.width * scale
  canvas.height = images.height * scale
  canvas.style.width = `${canvas.width / ratio}px`
  canvas.style.height = `${canvas.height / ratio}px`
  const context = canvas.getContext('2d')
  if (!context || index >= images.count) return
  context.imageSmoothingEnabled = false
  context.drawImage(strip(images, index, 1), 0, 0, canvas.width, canvas.height)
}

/** The image and pixel under a point of the canvas, in CSS pixels from its corner; null between images. */
export function pixelAt(grid: Grid, count: number, left: number, top: number): PixelAt | null {
  const x = left * grid.ratio
  const y = top * grid.ratio
  const column = Math.floor(x / (grid.cellWidth + grid.gap))
  const row = Math.floor(y / (grid.cellHeight + grid.gap))
  const inX = Math.floor((x - column * (grid.cellWidth + grid.gap)) / grid.scale)
  const inY = Math.floor((y - row * (grid.cellHeight + grid.gap)) / grid.scale)
  const index = row * grid.columns + column
  const width = grid.cellWidth / grid.scale
  const height = grid.cellHeight / grid.scale
  if (column < 0 || column >= grid.columns || row < 0 || index >= count || inX < 0 || inY < 0 || inX >= width || inY >= height)
    return null
  return { index, x: inX, y: inY }
}

/** The bytes of one pixel, one a channel; empty where there is none. */
export function bytesAt(images: Images, at: PixelAt): number[] {
  if (at.index >= images.count || at.x >= images.width || at.y >= images.height) return []
  const from = ((at.index * images.height + at.y) * images.width + at.x) * images.channels
  return [...images.pixels.subarray(from, from + images.channels)]
}

/** Pixel values are shown in [0, 1], the range in which networks see them. */
export const unitText = (bytes: readonly number[]): string => bytes.map((byte) => (byte / 255).toFixed(2)).join(' ') || '–'
