import { pictureSize, type Size } from '../../../shared/pictureSize.ts'
import type { Area } from './places.ts'
import { stepsAlong, valueAlong } from './places.ts'

/**
 * Pictures of a manifold stand in even steps although their places in the code need not: a place on screen is a number of
 * cells, a place in the code is read off the axes. Along the first axis from left to right, along the second from bottom to
 * top; the middle of a cell is the place of its picture.
 */
export interface ManifoldArea extends Area {
  cell: Size
  rows: number
  columns: number
}

/** The cells of `columns` x `rows` pictures, as large as a square room of so many CSS pixels holds, in whole device pixels. */
export function cellsIn(room: number, columns: number, rows: number, picture: Size, ratio: number): ManifoldArea {
  const device = pictureSize(picture, Infinity, {
    width: Math.floor((room * ratio) / columns),
    height: Math.floor((room * ratio) / rows),
  })
  const cell = { width: device.width / ratio, height: device.height / ratio }
  return { left: 0, top: 0, width: columns * cell.width, height: rows * cell.height, cell, rows, columns }
}

/** The place in the code under a place on screen (CSS pixels from the area's corner). */
export function codeAt(area: ManifoldArea, axes: readonly ArrayLike<number>[], x: number, y: number): number[] {
  const across = Math.max(0, Math.min(area.columns, (x - area.left) / area.cell.width)) - 0.5,
    up = Math.max(0, Math.min(area.rows, area.rows - (y - area.top) / area.cell.height)) - 0.5
  return [valueAlong(axes[0] ?? [], across), ...(axes.length > 1 ? [valueAlong(axes[1] ?? [], up)] : [])]
}

/** Where a code stands on screen. */
export const pixelOf = (area: ManifoldArea, axes: readonly ArrayLike<number>[], x: number, y = 0): { x: number; y: number } => ({
  x: area.left + (stepsAlong(axes[0] ?? [], x) + 0.5) * area.cell.width,
  y: axes.length > 1 ? area.top + (area.rows - 0.5 - stepsAlong(axes[1] ?? [], y)) * area.cell.height : area.top,
})

/** The number of the picture under a place on screen: the first axis varies fastest; -1 outside. */
export function pictureAt({ left, top, cell, columns, rows }: ManifoldArea, x: number, y: number, slice: number): number {
  const column = Math.floor((x - left) / cell.width),
    row = rows - 1 - Math.floor((y - top) / cell.height)
  return column < 0 || column >= columns || row < 0 || row >= rows ? -1 : (slice * rows + row) * columns + column
}

/**
 * A point of space as seen by an eye that has gone round it by `turn` and up by `lift` (radians): to the right, up, and towards
 * the eye.
 */
export function seen(x: number, y: number, z: number, turn: number, lift: number): [right: number, up: number, near: number] {
  const [ct, st, cl, sl] = [Math.cos(turn), Math.sin(turn), Math.cos(lift), Math.sin(lift)]
  const right = ct * x - st * z,
    deep = st * x + ct * z
  return [right, cl * y - sl * deep, sl * y + cl * deep]
}
