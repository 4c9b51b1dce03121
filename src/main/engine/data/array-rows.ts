import { thousands } from '../../../shared/words.ts'
import { unsupportedFile } from './byte-stream.ts'
import { itemBytes, valuesOf, type StoredArray } from './numbers.ts'
import { packRow, type Shape } from './pixels.ts'
import { rowConverter } from './values/convert.ts'
import { whyNotTaken } from './values/channels.ts'
import type { Ranges } from './values/range.ts'

/** How an array's rows are to be understood. */
export interface Described {
  kind: 'image' | 'vector'
  count: number
  width: number
  height: number
  channels: number
  /** Channels before rows and columns, as in PyTorch. */
  planar: boolean
}

/** Some 30 bytes are held for every row while it is imported. */
export const mostRows = 2 ** 24
/** Of one row, which is held whole: more than the pixels of any image file that is decoded. */
const mostRowValues = 2 ** 26

/**
 * [N, H, W], [N, H, W, C] and [N, C, H, W] are images; [N, D] of bytes is a square gray image where D is a square, else one
 * line; [N, D] of other numbers are vectors.
 * @throws WorkbenchError FILE_UNSUPPORTED
 */
export function describeArray(array: StoredArray): Described {
  const [count = 0, a = 1, b = 1, c = 1] = array.shape
  if (count > mostRows) {
    throw unsupportedFile(
      array.file,
      `holds ${thousands(count)} rows in ${array.name}; up to ${thousands(mostRows)} can be imported.`,
    )
  }
  const known = { kind: 'image' as const, count, planar: false }
  if (array.shape.length < 2 || array.shape.length > 4)
    throw unsupportedFile(
      array.file,
      `holds ${array.name} of ${array.shape.length} dimensions; images need [N, H, W], [N, H, W, C] or [N, D].`,
    )
  const values = valuesOf(array.shape.slice(1))
  if (values < 1) throw unsupportedFile(array.file, `holds images of no pixels in ${array.name}.`)
  if (values > mostRowValues) {
    throw unsupportedFile(
      array.file,
      `holds rows of ${thousands(values)} values in ${array.name} (${array.shape.join(' x ')}); up to ` +
        `${thousands(mostRowValues)} can be imported: make its images smaller, or cut them in parts, and save them again.`,
    )
  }
  if (array.layout === 'D') return { ...known, kind: 'vector', width: a, height: 1, channels: 1 }
  if (array.layout === 'HWC') return { ...known, height: a, width: b, channels: c }
  if (array.layout === 'CHW') return { ...known, height: b, width: c, channels: a, planar: true }
  if (array.shape.length === 2) {
    const side = Math.sqrt(a)
    if (itemBytes(array.type) > 1) return { ...known, kind: 'vector', width: a, height: 1, channels: 1 }
    return Number.isInteger(side)
      ? { ...known, width: side, height: side, channels: 1 }
      : { ...known, width: a, height: 1, channels: 1 }
  }
  if (array.shape.length === 3) return { ...known, width: b, height: a, channels: 1 }
  if (c <= 4) return { ...known, width: b, height: a, channels: c }
  if (a <= 4) return { ...known, width: c, height: b, channels: a, planar: true }
  // More channels than colours: the side that is shorter than both others.
  if (c < Math.min(a, b)) return { ...known, width: b, height: a, channels: c }
  if (a < Math.min(b, c)) return { ...known, width: c, height: b, channels: a, planar: true }
  const shape = array.shape.join(' x ')
  throw unsupportedFile(
    array.file,
    `holds ${array.name} of ${shape}, and which side the channels are cannot be told; save images as [N, H, W, C].`,
  )
}

/**
 * Which channels are taken: those picked, all of an array that has one or three. @throws WorkbenchError FILE_UNSUPPORTED,
 * CALL_INVALID
 */
export function takenChannels({ channels }: Described, array: StoredArray, pick: readonly number[] | undefined): number[] {
  const wanted = pick ?? Array.from({ length: channels }, (_, channel) => channel)
  const refused = whyNotTaken(channels, pick)
  if (refused !== null) throw unsupportedFile(array.file, `holds images of ${channels} channels in ${array.name}; ${refused}.`)
  return [...wanted]
}

/** Returns what makes float32 values of one row of vectors. */
export function vectorMaker(size: number) {
  const floats = new Float32Array(size),
    bytes = new Uint8Array(floats.buffer)
  return (numbers: ArrayLike<number>, from: number, out: Uint8Array, to: number) => {
    for (let i = 0; i < size; i++) floats[i] = numbers[from + i]!
    out.set(bytes, to)
  }
}

/** Returns what turns one row's numbers into packed bytes. @param kept channels, as `takenChannels` has them */
export function rowMaker(
  described: Described,
  array: StoredArray,
  ranges: Ranges,
  kept: readonly number[],
  wanted: { width: number; height: number; channels: number; fit: Shape['fit'] },
) {
  const { width, height, channels, planar } = described,
    pixels = width * height,
    size = pixels * channels
  const shape: Shape = { ...wanted, channels: wanted.channels as 1 | 3 },
    convert = rowConverter(array.type, ranges, size)
  const all = new Uint8Array(size),
    inOrder = kept.length === channels && kept.every((channel, i) => channel === i)
  const asTheyLie = inOrder && (!planar || channels === 1)
  const picture = { data: asTheyLie ? all : new Uint8Array(pixels * kept.length), width, height, channels: kept.length }
  return (numbers: ArrayLike<number>, from: number, out: Uint8Array, to: number) => {
    convert(numbers, from, size, all, 0)
    if (!asTheyLie) {
      for (const [place, channel] of kept.entries()) {
        const first = planar ? channel * pixels : channel,
          step = planar ? 1 : channels
        for (let i = 0; i < pixels; i++) picture.data[i * kept.length + place] = all[first + i * step]!
      }
    }
    packRow(picture, shape, out, to)
  }
}
