import type { Mark } from './curve.ts'

/** Pixels of a mark that is in sight: where its line is, and how far its name may reach. */
export interface PlacedMark {
  label: string
  at: number
  left: number
  room: number
  line: boolean
}

/**
 * Places marks between two pixels. The last one that lies before the left edge names what is seen there; it has no line, and
 * neither has the one at the edge itself. A name reaches to the next mark at most.
 */
export function placeMarks(marks: readonly Mark[], pixelOf: (x: number) => number, left: number, right: number): PlacedMark[] {
  const pixels = marks.map((mark) => pixelOf(mark.x))
  return marks.flatMap((mark, index) => {
    const at = pixels[index]!
    const end = Math.min(right, pixels[index + 1] ?? Infinity)
    if (at > right || end <= left) return []
    const line = at > left + 1
    const from = line ? at + 4 : left
    return [{ label: mark.label, at, left: from, room: end - from - 6, line }]
  })
}
