import type { NumberType } from '../numbers.ts'
import type { Picture } from '../pixels.ts'
import type { Samples } from '../samples.ts'
import { turned } from '../turn.ts'
import { coloursOf, eachBrightness } from './brightness.ts'
import { converter, ownRange, type Converter } from './convert.ts'
import { toByte, type Decided, type Ranges, type ValueRange } from './range.ts'

/** What a decoder makes of a file: bytes, or wider numbers that a range is needed for. */
export type Decoded = { picture: Picture } | { samples: Samples }

/** Where a value does not exist as a number: its place in the image; null where all do. */
export function notFinite({ data, width, channels, type }: Samples): string | null {
  if (type[0] !== 'f') return null
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i]!)) continue
    const pixel = Math.floor(i / channels)
    return `${Number.isNaN(data[i]!) ? 'NaN' : 'an infinite value'} at column ${pixel % width}, row ${Math.floor(pixel / width)}`
  }
  return null
}

/** What converted the last image. The next is nearly always of the same type and range, and a table takes time to fill. */
let last: { type: NumberType; range: ValueRange; convert: Converter } | undefined

function converterOf(type: NumberType, { from, to }: ValueRange): Converter {
  if (last?.type !== type || last.range.from !== from || last.range.to !== to) {
    const range = { from, to }
    last = { type, range, convert: converter(type, range) }
  }
  return last.convert
}

/** The picture of wider numbers, scaled by a range; transparency by its own. */
function pictureOf(samples: Samples, range: Decided): Picture {
  const { data, width, height, channels, type, alpha, orientation } = samples
  const valueRange = range.reason === 'image' ? brightnessRange(samples) : range
  const out = new Uint8Array(width * height * channels)
  converterOf(type, valueRange)(data, 0, data.length, out, 0)
  if (alpha !== null) {
    for (let at = channels - 1; at < data.length; at += channels) out[at] = toByte(data[at]!, { from: 0, to: alpha.opaque })
    if (alpha.premultiplied) straighten(out, channels)
  }
  return turned({ data: out, width, height, channels }, orientation)
}

/** A picture of bytes by the range of bytes, which leaves nearly all as they are. */
function scaledPicture(picture: Picture, range: Decided): Picture {
  const { data, channels } = picture,
    valueRange = range.reason === 'image' ? brightnessRange(picture) : range
  if (valueRange.from === 0 && valueRange.to === 255) return picture
  const out = Uint8Array.from(data),
    table = Uint8Array.from({ length: 256 }, (_, value) => toByte(value, valueRange))
  const colours = coloursOf(channels)
  for (let at = 0; at < out.length; at += channels) for (let c = 0; c < colours; c++) out[at + c] = table[data[at + c]!]!
  return { ...picture, data: out }
}

/** From the smallest to the largest brightness of one image. */
function brightnessRange(image: { data: ArrayLike<number>; channels: number }): ValueRange {
  let from = Infinity,
    to = -Infinity
  eachBrightness(image, (start, end) => {
    const blockRange = ownRange(image.data, start, end - start)
    from = Math.min(from, blockRange.from)
    to = Math.max(to, blockRange.to)
  })
  return { from, to }
}

/** Colours that were multiplied by their opacity become those that are laid over white, in place. */
export function straighten(data: Uint8Array, channels: number): void {
  for (let at = 0; at < data.length; at += channels) {
    const opacity = data[at + channels - 1]!
    if (opacity === 0 || opacity === 255) continue
    for (let c = 0; c < channels - 1; c++) data[at + c] = Math.min(255, Math.round((data[at + c]! * 255) / opacity))
  }
}

/** The picture of an image by the range of its kind. Bytes without a range stay as they are; null for wide values without one. */
export function pictureBy(decoded: Decoded, { bytes, wide }: Ranges): Picture | null {
  if ('picture' in decoded) return bytes === null ? decoded.picture : scaledPicture(decoded.picture, bytes)
  return wide && pictureOf(decoded.samples, wide)
}
