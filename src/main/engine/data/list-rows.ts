import type { ImageList } from './layout.ts'
import { trainPart, type Rows } from './request.ts'
import { byCodePoint } from './walk.ts'

/**
 * What the rows of a dataset take over from the list of images that they were made of: labels (-1: none) with the names of the
 * classes that have a row, in order, the part of each and the number of its group (-1: none); null where no row has one, and
 * where all are for training.
 * @param images the image of every row, in the order of the rows
 */
export function rowsOfList(list: ImageList, images: ArrayLike<number>): Rows {
  const count = images.length,
    codes = new Map<string, number>(),
    labels = new Int32Array(count),
    parts = new Uint8Array(count)
  const groupCodes = new Map<string, number>(),
    inGroup = new Int32Array(count).fill(-1)
  for (let row = 0; row < count; row++) {
    const image = images[row]!,
      name = list.labelled ? list.labelOf(image) : null
    let code = -1
    if (name !== null && (code = codes.get(name) ?? -1) < 0) codes.set(name, (code = codes.size))
    labels[row] = code
    parts[row] = list.partOf(image)
    const group = list.groupOf(image)
    if (group === null) continue
    let number = groupCodes.get(group)
    if (number === undefined) groupCodes.set(group, (number = groupCodes.size))
    inGroup[row] = number
  }
  const groups = groupCodes.size > 0 ? inGroup : null
  const brought = parts.some((part) => part !== trainPart) ? parts : null
  if (codes.size === 0) return { count, classes: [], labels: null, parts: brought, groups }
  const classes = [...codes.keys()].sort(list.classOrder ?? byCodePoint),
    places = new Int32Array(codes.size)
  for (const [place, name] of classes.entries()) places[codes.get(name)!] = place
  return { count, classes, labels: labels.map((code) => (code < 0 ? -1 : places[code]!)), parts: brought, groups }
}

/** The indices at which `good` is not 0. */
export function goodOnes(good: Uint8Array): Uint32Array {
  let count = 0
  for (const one of good) count += one
  const indices = new Uint32Array(count)
  for (let index = 0, filled = 0; filled < count; index++) if (good[index]) indices[filled++] = index
  return indices
}
