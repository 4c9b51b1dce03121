import type { Depth } from '../../../shared/inspection.ts'
import type { Samples } from './samples.ts'
import { isSpace } from './signatures.ts'

/**
 * The portable maps of Netpbm: P1 and P4 (1 is black), P2 and P5 (gray), P3 and P6 (colour), as text or as bytes, with
 * comments, and with any greatest value (`maxval`) from 1 to 65535; up to 255 it is white, and values beyond are numbers that a
 * range is needed for. After the formats' manual pages (pbm(5), pgm(5), ppm(5)); of a file with several images, the first.
 */
interface Parts {
  kind: number
  width: number
  height: number
  most: number
  start: number
}

const hash = 0x23,
  newline = 0x0a

/** Reads numbers in text, past white space and comments. */
class Text {
  private readonly bytes: Buffer
  at: number
  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes
    this.at = at
  }

  /** @param digits at most so many, as of the bits of P1, which need no space between them */
  number(digits = 9): number {
    this.skip()
    let value = 0,
      seen = 0
    for (let byte = this.bytes.readUInt8(this.at); byte >= 0x30 && byte <= 0x39 && seen < digits; seen++) {
      value = value * 10 + byte - 0x30
      byte = ++this.at < this.bytes.length ? this.bytes[this.at]! : 0
    }
    return seen === 0 ? NaN : value
  }

  private skip(): void {
    for (;;) {
      const byte = this.bytes.readUInt8(this.at)
      if (byte === hash) while (this.bytes.readUInt8(this.at) !== newline) this.at++
      else if (isSpace(byte)) this.at++
      else return
    }
  }
}

/** @throws RangeError where the bytes end within the header. @returns null where they make no sense */
function parts(bytes: Buffer): Parts | null {
  const kind = bytes.readUInt8(1) - 0x30,
    text = new Text(bytes, 2)
  const width = text.number(),
    height = text.number(),
    most = kind === 1 || kind === 4 ? 1 : text.number()
  // One space ends the header; whatever number would run on behind it.
  const end = bytes.readUInt8(text.at)
  return [width, height].some(Number.isNaN) || !(most >= 1 && most <= 65535) || !isSpace(end)
    ? null
    : { kind, width, height, most, start: text.at + 1 }
}

/** @throws RangeError where the header continues after the given bytes */
export function pnmHeader(
  bytes: Buffer,
): { width: number; height: number; channels: 1 | 3; wide: boolean; depth: Depth } | { reason: string } {
  const found = parts(bytes)
  if (found === null) return { reason: 'damaged: a PNM (PBM, PGM or PPM) whose header makes no sense' }
  const { kind, width, height, most } = found
  const bits = kind === 1 || kind === 4 ? 1 : Math.ceil(Math.log2(most + 1))
  return { width, height, channels: kind === 3 || kind === 6 ? 3 : 1, wide: most > 255, depth: { bits, kind: 'unsigned' } }
}

/** @returns null where the pixels end early or are beyond the greatest value */
export function decodePnm(
  bytes: Buffer,
  { width, height, channels }: { width: number; height: number; channels: number },
): Samples | null {
  try {
    const found = parts(bytes)
    const type = found && found.most > 255 ? 'u2' : 'u1'
    return (
      found && {
        data: valuesOf(bytes, found, width * height * channels),
        width,
        height,
        channels,
        type,
        alpha: null,
        orientation: 1,
      }
    )
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

function valuesOf(bytes: Buffer, { kind, width, height, most, start }: Parts, count: number): Uint8Array | Uint16Array {
  const wide = most > 255,
    data = wide ? new Uint16Array(count) : new Uint8Array(count)
  if (kind === 4) {
    const stride = Math.ceil(width / 8)
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++) data[i++] = bytes.readUInt8(start + y * stride + (x >> 3)) & (0x80 >> (x & 7)) ? 0 : 255
    }
    return data
  }
  const text = kind < 4 ? new Text(bytes, start) : null
  if (text === null && start + count * (wide ? 2 : 1) > bytes.length) throw new RangeError('the pixels end early')
  if (text === null && most === 255) {
    data.set(bytes.subarray(start, start + count))
    return data
  }
  for (let i = 0; i < count; i++) {
    const value = text ? text.number(kind === 1 ? 1 : 9) : wide ? bytes.readUInt16BE(start + 2 * i) : bytes[start + i]!
    if (!(value <= most)) throw new RangeError('a value beyond the greatest')
    data[i] = kind === 1 ? 255 - 255 * value : wide ? value : Math.round((255 * value) / most)
  }
  return data
}
