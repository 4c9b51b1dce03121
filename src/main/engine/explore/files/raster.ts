import type { Images } from '../../../../shared/domain.ts'
import { wholeFactor } from '../../../../shared/pictureSize.ts'
import type { Raster } from '../../files/png.ts'

/** Small images are enlarged to about so many pixels on their longer side, none is made smaller; a picture has at most so many. */
const tileSide = 56,
  mostSide = 4096
const gap = 2,
  paper = 255

/** Which image stands in a place of a grid; null: none. */
export type Place = (row: number, column: number) => { images: Images; index: number } | null

/** Images in rows and columns with a gap between them, enlarged without smoothing. */
export function grid(rows: number, columns: number, at: Place): Raster {
  const first = firstOf(rows, columns, at)
  if (first === null) return { width: 1, height: 1, channels: 1, pixels: Uint8Array.of(paper) }
  const { width, height, channels } = first
  const factor = Math.max(
    1,
    Math.min(wholeFactor(first, tileSide), Math.floor(mostSide / (columns * width)), Math.floor(mostSide / (rows * height))),
  )
  const w = width * factor,
    h = height * factor
  const raster: Raster = { width: columns * (w + gap) + gap, height: rows * (h + gap) + gap, channels, pixels: new Uint8Array(0) }
  raster.pixels = new Uint8Array(raster.width * raster.height * channels).fill(paper)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const found = at(row, column)
      if (!found || found.index >= found.images.count) continue
      const {
        images: { pixels },
        index,
      } = found
      for (let y = 0; y < h; y++) {
        const to = ((gap + row * (h + gap) + y) * raster.width + gap + column * (w + gap)) * channels,
          from = (index * height + Math.floor(y / factor)) * width * channels
        for (let x = 0; x < w; x++)
          for (let c = 0; c < channels; c++)
            raster.pixels[to + x * channels + c] = pixels[from + Math.floor(x / factor) * channels + c]!
      }
    }
  }
  return raster
}

function firstOf(rows: number, columns: number, at: Place): Images | null {
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const found = at(row, column)
      if (found && found.images.count > 0) return found.images
    }
  return null
}

/** Lists of images as rows, one below the other. */
export const inRows = (...lists: (Images | null)[]): Raster => {
  const rows = lists.filter((list) => list !== null)
  return grid(rows.length, Math.max(0, ...rows.map(({ count }) => count)), (row, column) =>
    column < rows[row]!.count ? { images: rows[row]!, index: column } : null,
  )
}

/** A list of images as a rectangle, by rows. */
export function inSquare(images: Images, columns = Math.ceil(Math.sqrt(images.count))): Raster {
  return grid(Math.ceil(images.count / Math.max(1, columns)), columns, (row, column) =>
    row * columns + column < images.count ? { images, index: row * columns + column } : null,
  )
}

/** Images in another size: each of their pixels is the one that lies nearest. */
export function stretched(images: Images, { width, height }: Pick<Images, 'width' | 'height'>): Images {
  const { count, channels } = images
  const pixels = new Uint8Array(count * width * height * channels)
  for (let index = 0, to = 0; index < count; index++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const row = index * images.height + Math.floor((y * images.height) / height)
        const from = (row * images.width + Math.floor((x * images.width) / width)) * channels
        for (let c = 0; c < channels; c++) pixels[to++] = images.pixels[from + c]!
      }
  return { count, width, height, channels, pixels }
}
