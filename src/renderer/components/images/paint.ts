import type { Images } from '../../../shared/domain.ts'
import { Sheet } from './sheet.ts'
import { gridHeight, gridWidth, type Grid } from './size.ts'

/** Where a pixel is: the image's index, and column and row within it. */
export interface PixelAt {
  index: number
  x: number
  y: number
}

/** Draws images into a canvas as the grid says. Changes the canvas's size only when it must. */
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
  const count = Math.min(images.count, grid.columns * grid.rows),
    size = images.width * images.height * images.channels
  const sheet = new Sheet({ ...images, count, pixels: images.pixels.subarray(0, count * size) })
  for (let index = 0; index < count; index++)
    sheet.draw(
      context,
      index,
      (index % grid.columns) * (grid.cellWidth + grid.gap),
      Math.floor(index / grid.columns) * (grid.cellHeight + grid.gap),
      grid.cellWidth,
      grid.cellHeight,
    )
}

/** The image and pixel under a point of the canvas, in CSS pixels from its corner; null between images. */
export function pixelAt(
  grid: Grid,
  { count, width, height }: Pick<Images, 'count' | 'width' | 'height'>,
  left: number,
  top: number,
): PixelAt | null {
  const x = left * grid.ratio
  const y = top * grid.ratio
  const column = Math.floor(x / (grid.cellWidth + grid.gap))
  const row = Math.floor(y / (grid.cellHeight + grid.gap))
  const inX = Math.floor(((x - column * (grid.cellWidth + grid.gap)) * width) / grid.cellWidth)
  const inY = Math.floor(((y - row * (grid.cellHeight + grid.gap)) * height) / grid.cellHeight)
  const index = row * grid.columns + column
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
