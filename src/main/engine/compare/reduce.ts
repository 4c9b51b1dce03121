import { lowerBound } from '../../../shared/lowerBound.ts'

/** Which part of an axis is looked at, and how finely. */
export interface Window {
  /** Values of the axis; everything where not given. */
  from?: number | undefined
  to?: number | undefined
  /** Columns of pixels. */
  columns: number
  /** On a logarithmic axis each column spans the same factor. */
  logarithmic: boolean
}

/**
 * Which points of a line are to be drawn: of each column of pixels the first, the last, and the lowest and highest of every
 * column of values, so that no extreme is lost and nothing is averaged; one gap of each column that has any. All where there
 * are not more than four a column. A point on either side of the window is in it, too, so that lines reach its edges.
 * @param x ascending
 * @param ys columns of values as long as `x`
 * @returns ascending indices
 */
export function reduced(
  x: Float64Array,
  ys: readonly Float64Array[],
  { from = -Infinity, to = Infinity, columns, logarithmic }: Window,
): Int32Array {
  const start = Math.max(0, lowerBound(x, from) - 1)
  const end = Math.min(x.length, lowerBound(x, to) + 2)
  const count = end - start
  if (count <= columns * 4) return Int32Array.from({ length: count }, (_, index) => start + index)
  const place = logarithmic ? (value: number) => Math.log(Math.max(value, 1e-300)) : (value: number) => value
  let origin = place(x[start]!)
  if (logarithmic && x[start]! <= 0) origin = place(x.find((value) => value > 0) ?? 1)
  const span = place(x[end - 1]!) - origin || 1
  const columnOf = (index: number): number =>
    Math.max(0, Math.min(columns - 1, Math.floor(((place(x[index]!) - origin) / span) * columns)))

  const kept = new Int32Array(count)
  let filled = 0
  for (let i = start; i < end;) {
    const column = columnOf(i)
    const first = i
    let last = i
    while (last + 1 < end && columnOf(last + 1) === column) last++
    i = last + 1
    if (last - first < 4) {
      for (let index = first; index <= last; index++) kept[filled++] = index
      continue
    }
    const wanted = new Set([first, last])
    for (const y of ys) for (const index of extremes(y, first, last)) wanted.add(index)
    for (const index of [...wanted].sort((a, b) => a - b)) kept[filled++] = index
  }
  return kept.slice(0, filled)
}

/** Indices of the lowest and the highest value and of a gap, as far as there are any. */
function extremes(y: Float64Array, first: number, last: number): number[] {
  let low = -1
  let high = -1
  let gap = -1
  for (let index = first; index <= last; index++) {
    const value = y[index]!
    if (!Number.isFinite(value)) gap = index
    else {
      if (low < 0 || value < y[low]!) low = index
      if (high < 0 || value > y[high]!) high = index
    }
  }
  return [low, high, gap].filter((index) => index >= 0)
}

/** The points at some indices of a column. */
export function gathered(column: Float64Array, indices: Int32Array): Float64Array<ArrayBuffer> {
  const result = new Float64Array(indices.length)
  for (let i = 0; i < indices.length; i++) result[i] = column[indices[i]!]!
  return result
}
