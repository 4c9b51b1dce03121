import { numbersIn, type Numbers, type NumberType } from '../numbers.ts'
import type { Samples } from '../samples.ts'
import type { Description } from './describe.ts'
import { tag, type ByteSource, type Page } from './directory.ts'
import { compressions, unpack } from './unpack.ts'

const photometrics = { whiteIsZero: 0, blackIsZero: 1, rgb: 2 } as const
const names: Record<number, string> = {
  3: 'a palette',
  4: 'a mask',
  5: 'CMYK',
  6: 'YCbCr',
  8: 'CIELAB',
  9: 'ICCLAB',
  10: 'ITULAB',
  32803: 'a colour filter array',
  34892: 'raw',
}

/** Bytes of numbers that are made of one page at most. */
const mostBytes = 2 ** 31

/** Why the numbers of a page are not read here, as the end of a sentence; null where they are. */
export function whyNotRead(page: Page, { photometric, bits, type, channels }: Description): string | null {
  const compression = page.number(tag.compression, 1),
    letter = type[0]
  if (photometric !== 0 && photometric !== 1 && photometric !== 2)
    return `its values are ${names[photometric] ?? 'of no known meaning'}`
  if (page.number(tag.format, 1) > 4 || page.numbers(tag.format).some((format, _, all) => format !== all[0])) {
    return 'its values are complex, or of several kinds'
  }
  if (page.numbers(tag.bits).some((each) => each !== bits) || channels > 4096) return 'its channels have different depths'
  if (letter === 'u' ? bits > 16 && bits !== 32 : letter === 'i' ? ![8, 16, 32].includes(bits) : ![16, 32, 64].includes(bits)) {
    return `it has values of ${bits} bits`
  }
  if (!compressions.has(compression)) return `it is compressed in a way (${compression}) that is not read at this depth`
  if (page.number(tag.fillOrder, 1) !== 1 && bits < 8) return 'its bits are in reverse order'
  if (photometric === photometrics.whiteIsZero && letter !== 'u') {
    return 'its zero is white, though its values have signs or are floats; invert them'
  }
  return null
}

const makers = {
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  f2: Float32Array,
  f4: Float32Array,
  f8: Float64Array,
}

/**
 * Reads the numbers of a page: strips or tiles, interleaved or in planes. White as zero is turned; whole numbers of fewer than 8 bits
 * are spread over a byte, as 255 v / (2^bits - 1).
 * @throws RangeError, or an error of zlib, where the file is damaged or truncated
 */
export function readPage(source: ByteSource, page: Page, described: Description): Samples {
  const { width, height, channels, bits, type, photometric, extra, orientation } = described
  const Maker = makers[type as keyof typeof makers]
  if (width * height * channels * Maker.BYTES_PER_ELEMENT > mostBytes) throw new RangeError('more values than can be held')
  const data = new Maker(width * height * channels)
  const tiled = page.numbers(tag.tileWidth).length > 0,
    planes = page.number(tag.planar, 1) === 2 ? channels : 1
  const inBlock = channels / planes
  const blockWidth = tiled ? page.number(tag.tileWidth, 0) : width
  const blockHeight = tiled ? page.number(tag.tileHeight, 0) : Math.min(height, page.number(tag.rowsPerStrip, height) || height)
  if (blockWidth < 1 || blockHeight < 1 || blockWidth > 2 ** 20 || blockWidth * blockHeight * inBlock > mostBytes) {
    throw new RangeError('blocks that make no sense')
  }
  const offsets = page.numbers(tiled ? tag.tileOffsets : tag.stripOffsets),
    counts = page.numbers(tiled ? tag.tileBytes : tag.stripBytes)
  const across = Math.ceil(width / blockWidth),
    down = Math.ceil(height / blockHeight)
  const lineBytes = Math.ceil((blockWidth * inBlock * bits) / 8)
  const compression = page.number(tag.compression, 1),
    predictor = page.number(tag.predictor, 1)
  const line = { bits, type, little: page.little, values: blockWidth * inBlock, predictor, step: inBlock }
  for (let block = 0; block < across * down * planes; block++) {
    const plane = Math.floor(block / (across * down)),
      place = block % (across * down),
      x = (place % across) * blockWidth
    const y = Math.floor(place / across) * blockHeight
    const rows = tiled ? blockHeight : Math.min(blockHeight, height - y),
      size = lineBytes * rows,
      offset = offsets[block]
    if (offset === undefined) throw new RangeError('a block that is missing')
    // A writer of one uncompressed strip may leave out its length.
    const packed = source.read(offset, counts[block] ?? (compression === 1 ? size : source.size - offset))
    const bytes = packed.length === 0 ? new Uint8Array(size) : unpack(packed, compression, size)
    const columns = Math.min(blockWidth, width - x)
    for (let row = 0; row < Math.min(rows, height - y); row++) {
      const values = lineOf(bytes.subarray(row * lineBytes, (row + 1) * lineBytes), line)
      const to = ((y + row) * width + x) * channels + plane
      if (planes === 1) data.set(values.subarray(0, columns * channels), to)
      else for (let i = 0; i < columns; i++) data[to + i * channels] = values[i]!
    }
  }
  const most = 2 ** bits - 1,
    letter = type[0]
  if (photometric === photometrics.whiteIsZero && letter === 'u')
    for (let i = 0; i < data.length; i += channels) data[i] = most - data[i]!
  if (bits < 8 && letter === 'u') for (let i = 0; i < data.length; i++) data[i] = Math.round((data[i]! * 255) / most)
  const last = extra.at(-1),
    declared = channels === (photometric === photometrics.rgb ? 4 : 2) && (last === 1 || last === 2)
  const opaque = letter === 'f' ? 1 : letter === 'i' ? 2 ** (bits - 1) - 1 : bits < 8 ? 255 : most
  return { data, width, height, channels, type, orientation, alpha: declared ? { opaque, premultiplied: last === 1 } : null }
}

interface Line {
  bits: number
  type: NumberType
  little: boolean
  values: number
  predictor: number
  step: number
}

/** The numbers of one line of a block: brought into this machine's order, unpacked, and summed up where differences were written. */
function lineOf(bytes: Uint8Array, { bits, type, little, values, predictor, step }: Line): Numbers {
  if (type[0] === 'f' && predictor === 3)
    return numbersIn(Buffer.from(differencesOfBytes(bytes, step, bits / 8).buffer), type, false)
  if (bits < 8 || bits % 8 !== 0) return bitsOf(bytes, bits, values)
  const copy = Uint8Array.from(bytes),
    buffer = Buffer.from(copy.buffer)
  if (!little && bits === 16) buffer.swap16()
  if (!little && bits === 32) buffer.swap32()
  if (!little && bits === 64) buffer.swap64()
  if (predictor === 2) {
    const whole =
      bits === 8
        ? copy
        : bits === 16
          ? new Uint16Array(copy.buffer)
          : bits === 32
            ? new Uint32Array(copy.buffer)
            : new BigUint64Array(copy.buffer)
    if (whole instanceof BigUint64Array) for (let i = step; i < values; i++) whole[i] = whole[i]! + whole[i - step]!
    else for (let i = step; i < values; i++) whole[i] = whole[i]! + whole[i - step]!
  }
  return numbersIn(buffer, type, false)
}

/** Whole numbers of any number of bits up to 16, highest bit first. */
function bitsOf(bytes: Uint8Array, bits: number, values: number): Numbers {
  const out = bits <= 8 ? new Uint8Array(values) : new Uint16Array(values)
  for (let i = 0, at = 0; i < values; i++) {
    let value = 0
    for (let left = bits; left > 0;) {
      const inside = at & 7,
        bitsRead = Math.min(left, 8 - inside)
      value = value * 2 ** bitsRead + ((bytes[at >> 3]! >> (8 - inside - bitsRead)) & (2 ** bitsRead - 1))
      at += bitsRead
      left -= bitsRead
    }
    out[i] = value
  }
  return out
}

/** Undoes the floating-point predictor (Adobe TIFF technote 3): differences of bytes, all highest bytes of a line first. */
function differencesOfBytes(bytes: Uint8Array, step: number, size: number): Uint8Array<ArrayBuffer> {
  const sums = Uint8Array.from(bytes),
    values = sums.length / size,
    out = new Uint8Array(sums.length)
  for (let i = step; i < sums.length; i++) sums[i]! += sums[i - step]!
  for (let value = 0; value < values; value++) {
    for (let byte = 0; byte < size; byte++) out[value * size + size - 1 - byte] = sums[byte * values + value]!
  }
  return out
}
