import type { Size } from '../../../shared/pictureSize.ts'

/**
 * Which of many points get a picture: in their order, each that is at least a picture's size away from all that have one, so
 * that none covers another.
 * @param flat places in CSS pixels, [n, 2]
 * @param size of a picture
 */
export function pictured(flat: ArrayLike<number>, size: Size, width: number, height: number): number[] {
  const occupied = new Map<number, { x: number; y: number }>(),
    columns = Math.ceil(width / size.width) + 3
  const out: number[] = []
  for (let i = 0; 2 * i < flat.length; i++) {
    const x = flat[2 * i]!,
      y = flat[2 * i + 1]!
    if (!(x >= 0 && y >= 0 && x <= width && y <= height)) continue
    // A cell has at most one picture: only the cells around can hold one that is too near.
    const column = Math.floor(x / size.width) + 1,
      row = Math.floor(y / size.height) + 1
    let free = true
    for (let dy = -1; dy <= 1 && free; dy++) {
      for (let dx = -1; dx <= 1 && free; dx++) {
        const other = occupied.get((row + dy) * columns + column + dx)
        free = !other || Math.abs(other.x - x) >= size.width || Math.abs(other.y - y) >= size.height
      }
    }
    if (!free) continue
    occupied.set(row * columns + column, { x, y })
    out.push(i)
  }
  return out
}
