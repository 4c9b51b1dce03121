import type { Picture } from './pixels.ts'

/**
 * Decodes a Windows bitmap: 1, 4, 8, 16, 24 and 32 bits, palettes, bit fields, run lengths, either order of rows. Neither
 * TensorFlow's decoder (it takes palette indices for grays) nor sharp reads all of these.
 * @returns null when the bytes are damaged or truncated, or of a kind that was never common (JPEG or PNG inside a bitmap).
 */
export function decodeBmp(bytes: Buffer): Picture | null {
  try {
    return decode(bytes)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

function decode(bytes: Buffer): Picture | null {
  const start = bytes.readUInt32LE(10),
    size = bytes.readUInt32LE(14),
    old = size === 12
  const width = old ? bytes.readUInt16LE(18) : bytes.readInt32LE(18),
    signed = old ? bytes.readUInt16LE(20) : bytes.readInt32LE(22)
  const depth = bytes.readUInt16LE(old ? 24 : 28),
    compression = old ? 0 : bytes.readUInt32LE(30)
  const height = Math.abs(signed),
    row = (y: number) => (signed > 0 ? height - 1 - y : y)

  if (depth <= 8) {
    if (![1, 4, 8].includes(depth)) return null
    const step = old ? 3 : 4,
      colours = (old ? 0 : bytes.readUInt32LE(46)) || 2 ** depth
    const palette = bytes.subarray(14 + size, Math.min(14 + size + step * Math.min(colours, 256), start))
    const indices =
      compression === 0
        ? unpack(bytes, start, width, height, depth)
        : compression === 1 || compression === 2
          ? expand(bytes, start, width, height, compression)
          : null
    if (!indices) return null
    const data = new Uint8Array(width * height * 3)
    for (let y = 0; y < height; y++) {
      for (let x = 0, to = row(y) * width * 3; x < width; x++, to += 3) {
        const from = indices[y * width + x]! * step
        data[to] = palette[from + 2] ?? 0
        data[to + 1] = palette[from + 1] ?? 0
        data[to + 2] = palette[from] ?? 0
      }
    }
    return { data, width, height, channels: 3 }
  }
  if (![16, 24, 32].includes(depth) || ![0, 3, 6].includes(compression)) return null

  let masks = depth === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0]
  if (compression !== 0)
    masks = [54, 58, 62].map((at) => bytes.readUInt32LE(at)).concat(size >= 56 || compression === 6 ? bytes.readUInt32LE(66) : 0)
  const fields = masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask)
    return { mask, shift, most: mask >>> shift }
  })
  const channels = fields[3]!.mask ? 4 : 3,
    stride = Math.ceil((width * depth) / 32) * 4
  const data = new Uint8Array(width * height * channels)
  if (start + stride * (height - 1) + (width * depth) / 8 > bytes.length) return null
  for (let y = 0; y < height; y++) {
    for (let x = 0, to = row(y) * width * channels; x < width; x++, to += channels) {
      const at = start + y * stride + (x * depth) / 8
      const value = depth === 16 ? bytes.readUInt16LE(at) : depth === 24 ? bytes.readUIntLE(at, 3) : bytes.readUInt32LE(at)
      for (let c = 0; c < channels; c++) {
        const field = fields[c]!
        data[to + c] = field.most === 0 ? 0 : Math.round((((value & field.mask) >>> field.shift) * 255) / field.most)
      }
    }
  }
  return { data, width, height, channels }
}

function unpack(bytes: Buffer, start: number, width: number, height: number, depth: number): Uint8Array | null {
  const stride = Math.ceil((width * depth) / 32) * 4,
    mask = 2 ** depth - 1
  if (start + stride * (height - 1) + Math.ceil((width * depth) / 8) > bytes.length) return null
  const indices = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth
      indices[y * width + x] = (bytes[start + y * stride + (bit >> 3)]! >> (8 - depth - (bit & 7))) & mask
    }
  }
  return indices
}

/** Run lengths of 8-bit (1) or 4-bit (2) indices; what a run leaves out has index 0. */
function expand(bytes: Buffer, start: number, width: number, height: number, compression: 1 | 2): Uint8Array | null {
  const indices = new Uint8Array(width * height)
  let x = 0,
    y = 0
  const put = (index: number) => {
    if (x < width && y < height) indices[y * width + x] = index
    x++
  }
  for (let at = start; y < height;) {
    const count = bytes.readUInt8(at),
      value = bytes.readUInt8(at + 1)
    at += 2
    if (count > 0) {
      for (let i = 0; i < count; i++) put(compression === 1 ? value : i % 2 === 0 ? value >> 4 : value & 15)
    } else if (value === 0) {
      x = 0
      y++
    } else if (value === 1) {
      break
    } else if (value === 2) {
      x += bytes.readUInt8(at)
      y += bytes.readUInt8(at + 1)
      at += 2
    } else {
      for (let i = 0; i < value; i++)
        put(compression === 1 ? bytes.readUInt8(at + i) : (bytes.readUInt8(at + (i >> 1)) >> (i % 2 === 0 ? 4 : 0)) & 15)
      const length = compression === 1 ? value : Math.ceil(value / 2)
      at += length + (length % 2)
    }
  }
  return indices
}
