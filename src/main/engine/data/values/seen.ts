import { eachBrightness, isColoured } from './brightness.ts'
import type { Decoded } from './pictures.ts'
import { addTally, emptyTally, farBelow, type Tally } from './tally.ts'

/** What decoders noticed of images on their way. */
export interface Seen {
  /** Values of bytes, and of wider numbers. Of bytes, once one is above `farBelow`, no more is looked at unless asked. */
  bytes: Tally
  wide: Tally
  /** How many images there were of each kind: `waiting` are wide ones that no range was known for, so that no row was made. */
  images: { bytes: number; wide: number; waiting: number; coloured: number; transparent: number; shrunk: number }
  /** Files of several pages or frames, and how many these have together. */
  several: { files: number; pages: number }
  /** How often values occur, where that was asked for. */
  counts: { bytes: Float64Array | null; wide: Float64Array | null }
}

export const nothingSeen = (): Seen => ({
  bytes: emptyTally(),
  wide: emptyTally(),
  images: { bytes: 0, wide: 0, waiting: 0, coloured: 0, transparent: 0, shrunk: 0 },
  several: { files: 0, pages: 0 },
  counts: { bytes: null, wide: null },
})

/** Changes `into`. */
export function addSeen(into: Seen, more: Seen): void {
  addTally(into.bytes, more.bytes)
  addTally(into.wide, more.wide)
  for (const key of ['bytes', 'wide', 'waiting', 'coloured', 'transparent', 'shrunk'] as const) into.images[key] += more.images[key]
  into.several.files += more.several.files
  into.several.pages += more.several.pages
  for (const kind of ['bytes', 'wide'] as const) {
    const sums = into.counts[kind],
      other = more.counts[kind]
    if (sums === null || other === null) into.counts[kind] = sums ?? other
    else for (let i = 0; i < sums.length; i++) sums[i]! += other[i]!
  }
}

/** Takes a look at a decoded image. @param whole all values of bytes are measured, too */
export function look(seen: Seen, decoded: Decoded & { pages: number; shrunk: boolean }, whole: boolean): void {
  const image = 'picture' in decoded ? decoded.picture : decoded.samples,
    kind = 'picture' in decoded ? 'bytes' : 'wide'
  const { images, several } = seen
  images[kind]++
  if (isColoured(image)) images.coloured++
  if (isTransparent(decoded)) images.transparent++
  if (decoded.shrunk) images.shrunk++
  if (decoded.pages > 1) {
    several.files++
    several.pages += decoded.pages
  }
  const tally = seen[kind]
  if (kind === 'wide' || whole || tally.most <= farBelow) {
    measure(tally, image, 'samples' in decoded ? decoded.samples.type : 'u1', kind === 'wide' || whole)
  }
}

function measure(
  tally: Tally,
  image: { data: ArrayLike<number>; channels: number },
  type: Tally['types'][number],
  whole: boolean,
): void {
  const { data } = image,
    float = type[0] === 'f'
  if (!tally.types.includes(type)) tally.types.push(type)
  let { least, most } = tally
  eachBrightness(image, (from, to) => {
    for (let i = from; i < to; i++) {
      const value = data[i]!
      if (value < least) least = value
      if (value > most) {
        most = value
        if (!whole && most > farBelow) return false
      }
    }
    if (float && tally.whole) for (let i = from; i < to && tally.whole; i++) tally.whole = Number.isInteger(data[i]!)
    return true
  })
  tally.least = least
  tally.most = most
}

function isTransparent(decoded: Decoded): boolean {
  const { data, channels } = 'picture' in decoded ? decoded.picture : decoded.samples,
    opaque = 'samples' in decoded ? decoded.samples.alpha?.opaque : channels === 2 || channels === 4 ? 255 : undefined
  if (opaque === undefined) return false
  for (let at = channels - 1; at < data.length; at += channels) if (data[at]! < opaque) return true
  return false
}
