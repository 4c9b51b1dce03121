import { innerWidth } from 'svelte/reactivity/window'
import { goalFor, pictureSize, type Size } from '../../../shared/pictureSize.ts'
import { thumbnailFactor, thumbnailSize } from '../../../shared/thumbnails.ts'

/** How large pictures are wanted, in CSS pixels of the longer side: the one list that views choose from. */
const sizes = {
  /** Within a line of text. */
  mark: 24,
  /** Among dots of a map, cells of a plane. */
  dot: 28,
  /** Many to look through: a row to choose from, steps of a chain. */
  small: 40,
  /** Filters, thumbnails. */
  usual: 56,
  /** What a view is about, in rows: reconstructions, neighbours. */
  row: 64,
  /** Few that are looked at closely. */
  large: 112,
  /** One alone. */
  single: 168,
  /** Beside the pointer, with each pixel to be seen. */
  enlarged: 260,
} as const
export type PictureKind = keyof typeof sizes

/** At least so many stand in a row, in a room that has so many CSS pixels for each of them. */
const inRow = 8,
  leastWidth = 56
/** In a row that is not full, pictures grow to so many times what is wanted. */
const growth = 1.5

/** Device pixels a CSS pixel. */
export const deviceRatio = (): number => window.devicePixelRatio || 1
/** CSS pixels that are wanted; more on a large screen, which is looked at from further away. */
const wantedFor = (kind: PictureKind): number => sizes[kind] * ((innerWidth.current ?? 0) >= 2000 ? 1.5 : 1)

/**
 * Longest side, in pixels, with which pictures of a kind are asked for, so that none is asked for smaller than it is drawn: the
 * wide ones may be twice as long, and each half as large again as is wanted.
 */
export const sideFor = (kind: PictureKind): number => Math.round(3 * wantedFor(kind) * deviceRatio())

/** With what longest side, in pixels, many images of a dataset are asked for, and how large each is then drawn. */
export function thumbnailOf(image: Size, kind: PictureKind): { side: number; box: Size } {
  const { width, height } = boxOf(image, kind)
  const side = Math.round(Math.max(width, height) * deviceRatio())
  return { side, box: boxOf(thumbnailSize(image, thumbnailFactor(image, side)), kind) }
}

/** How images of one size stand in rows: everything in device pixels. */
export interface Grid {
  columns: number
  rows: number
  gap: number
  cellWidth: number
  cellHeight: number
  /** Device pixels a CSS pixel. */
  ratio: number
}
type Some = Size & { count: number }

export const gridWidth = (grid: Grid): number => grid.columns * (grid.cellWidth + grid.gap) - grid.gap
export const gridHeight = (grid: Grid): number => grid.rows * (grid.cellHeight + grid.gap) - grid.gap

/** CSS pixels from which on a pixel of a picture is as large as a mark. */
const largePixel = 10
/** Fewer are shown in a row only where they would be smaller than this share of what is wanted. */
const enough = 0.85

/**
 * Size of one of several in a row of so many device pixels, with a gap between them: all in one row where they can be about as
 * large as wanted, and larger (`growth`) while there is room; else at least eight.
 */
function sizeInRow(images: Some, wanted: number, growth: number, room: number, gap: number): Size {
  const count = Math.max(1, images.count)
  const share = (among: number): number => Math.max(1, Math.floor((room + gap) / among) - gap)
  const all = pictureSize(images, growth * wanted, { width: share(count) })
  if (Math.max(all.width, all.height) >= enough * goalFor(images, wanted)) return all
  const widest = Math.max(share(Math.min(count, inRow)), Math.round(leastWidth * deviceRatio()))
  return pictureSize(images, wanted, { width: Math.max(1, Math.min(room, widest)) })
}

/** The size of one picture of its kind, in CSS pixels. @param most of them, too */
export function boxOf(image: Size, kind: PictureKind, most: Partial<Size> = {}): Size {
  const ratio = deviceRatio()
  const { width, height } = pictureSize(image, wantedFor(kind) * ratio, {
    ...(most.width === undefined ? {} : { width: most.width * ratio }),
    ...(most.height === undefined ? {} : { height: most.height * ratio }),
  })
  return { width: width / ratio, height: height / ratio }
}

/** The size of one of several that stand in rows of `room` CSS pixels, each with `around` of them about it. */
export function boxInRow(images: Some, kind: PictureKind, room: number, around: number): Size {
  const ratio = deviceRatio()
  const { width, height } = sizeInRow(images, wantedFor(kind) * ratio, 1, Math.floor((room - around) * ratio), around * ratio)
  return { width: width / ratio, height: height / ratio }
}

/** The frame of a grid in `room` CSS pixels. */
function frameOf(room: number): { across: number; gap: number; ratio: number } {
  const ratio = deviceRatio()
  return { across: Math.max(1, Math.floor(room * ratio)), gap: Math.max(1, Math.round(ratio)), ratio }
}

/** One row of images in `room` CSS pixels: all of them where they can be as large as wanted, larger while there is room; else fewer. */
export function rowGrid(images: Some, room: number, kind: PictureKind): Grid {
  const { across, gap, ratio } = frameOf(room)
  const { width, height } = sizeInRow(images, wantedFor(kind) * ratio, growth, across, gap)
  const columns = Math.max(1, Math.min(images.count, Math.floor((across + gap) / (width + gap))))
  return { columns, rows: 1, gap, cellWidth: width, cellHeight: height, ratio }
}

/** Images in as many columns as fit into `room` CSS pixels. @param images of a list without an end the count is Infinity */
export function blockGrid(images: Some, room: number, kind: PictureKind): Grid {
  const { across, gap: hairline, ratio } = frameOf(room)
  const sized = (gap: number): Size => sizeInRow(images, wantedFor(kind) * ratio, 1, across, gap)
  // Among pixels as large as those of small filters a hairline is lost.
  const gap = sized(hairline).width >= largePixel * ratio * images.width ? 4 * hairline : hairline
  const { width, height } = sized(gap)
  const fitting = Math.max(1, Math.min(images.count, Math.floor((across + gap) / (width + gap))))
  // Even rows look calmer than a ragged last one: 64 images go 16 by 4 or 8 by 8 rather than 13 by 5.
  let columns = fitting
  while (columns > 1 && images.count % columns !== 0) columns--
  if (columns < Math.min(inRow, fitting) || 2 * columns <= fitting) columns = fitting
  return { columns, rows: Math.ceil(images.count / columns), gap, cellWidth: width, cellHeight: height, ratio }
}
