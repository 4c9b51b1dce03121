import { setImmediate } from 'node:timers/promises'
import { inBlocks, unsupportedFile } from './byte-stream.ts'
import { itemBytes, numbersIn, valuesOf, type StoredArray } from './numbers.ts'
import { packRow, type Shape } from './pixels.ts'

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

/**
 * [N, H, W], [N, H, W, C] and [N, C, H, W] are images; [N, D] of bytes is a square gray image where D is a square, else one
 * line; [N, D] of other numbers are vectors.
 * @throws WorkbenchError FILE_UNSUPPORTED
 */
export function describeArray(array: StoredArray): Described {
  const [count = 0, a = 1, b = 1, c = 1] = array.shape
  const known = { kind: 'image' as const, count, planar: false }
  if (array.shape.length < 2 || array.shape.length > 4) throw unsupportedFile(array.file, `holds ${array.name} of ${array.shape.length} dimensions; images need [N, H, W], [N, H, W, C] or [N, D].`)
  if (valuesOf(array.shape.slice(1)) < 1) throw unsupportedFile(array.file, `holds images of no pixels in ${array.name}.`)
  if (array.shape.length === 2) {
    const side = Math.sqrt(a)
    if (itemBytes(array.type) > 1) return { ...known, kind: 'vector', width: a, height: 1, channels: 1 }
    return Number.isInteger(side) ? { ...known, width: side, height: side, channels: 1 } : { ...known, width: a, height: 1, channels: 1 }
  }
  if (array.shape.length === 3) return { ...known, width: b, height: a, channels: 1 }
  if (c <= 4) return { ...known, width: b, height: a, channels: c }
  if (a <= 4) return { ...known, width: c, height: b, channels: a, planar: true }
  throw unsupportedFile(array.file, `holds images of ${c} channels in ${array.name}; 1 to 4 are possible.`)
}

/**
 * What an array's image values are: `unit` for [0, 1] as floats or booleans, `bytes` for 0..255. Bytes need no look; others are read through once.
 * @throws WorkbenchError FILE_UNSUPPORTED for values that are no brightness, or vectors that are not finite
 */
export async function valueRange(array: StoredArray, kind: 'image' | 'vector', signal?: AbortSignal): Promise<'bytes' | 'unit' | 'raw'> {
  if (array.type === 'u1') return kind === 'vector' ? 'raw' : 'bytes'
  if (array.type === 'b1') return 'unit'
  const bytes = itemBytes(array.type)
  let least = Infinity, most = -Infinity, whole = true
  for await (const block of inBlocks(array.pieces(), valuesOf(array.shape) * bytes, 2 ** 17 * bytes, array.file)) {
    signal?.throwIfAborted()
    const numbers = numbersIn(block, array.type, array.bigEndian)
    for (let i = 0; i < numbers.length; i++) {
      const value = numbers[i]!
      if (!Number.isFinite(Math.fround(value))) throw unsupportedFile(array.file, `holds values that are not finite (NaN or infinite) in ${array.name}; replace them.`)
      if (value < least) least = value
      if (value > most) most = value
      if (whole && !Number.isInteger(value)) whole = false
    }
    await setImmediate()
  }
  if (kind === 'vector') return 'raw'
  const float = array.type[0] === 'f'
  if (float && least >= 0 && most <= 1) return 'unit'
  if (whole && least >= 0 && most <= 255) return 'bytes'
  throw unsupportedFile(array.file, `holds images with values from ${least} to ${most} in ${array.name}; scale them to [0, 1], or save them as uint8 from 0 to 255.`)
}

/** Returns what turns one row's numbers into packed bytes. */
export function rowMaker(described: Described, array: StoredArray, range: 'bytes' | 'unit' | 'raw', wanted: { width: number; height: number; channels: number; fit: Shape['fit'] }) {
  const { width, height, channels, planar } = described
  const size = width * height * channels, plane = width * height
  if (range === 'raw') {
    const floats = new Float32Array(size), bytes = new Uint8Array(floats.buffer)
    return (numbers: ArrayLike<number>, from: number, out: Uint8Array, to: number) => {
      for (let i = 0; i < size; i++) floats[i] = numbers[from + i]!
      out.set(bytes, to)
    }
  }
  const shape: Shape = { ...wanted, channels: wanted.channels as 1 | 3 }
  const picture = { data: new Uint8Array(size), width, height, channels }
  const scale = range === 'unit' ? 255 : 1, plain = array.type === 'u1' && !planar
  return (numbers: ArrayLike<number>, from: number, out: Uint8Array, to: number) => {
    const { data } = picture
    if (plain) {
      data.set((numbers as Uint8Array).subarray(from, from + size))
    } else if (planar) {
      for (let i = 0; i < plane; i++) for (let c = 0; c < channels; c++) data[i * channels + c] = Math.round(numbers[from + c * plane + i]! * scale)
    } else {
      for (let i = 0; i < size; i++) data[i] = Math.round(numbers[from + i]! * scale)
    }
    packRow(picture, shape, out, to)
  }
}
