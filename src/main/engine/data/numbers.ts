import type { Depth } from '../../../shared/inspection.ts'
/** Kinds of numbers in IDX files and NumPy arrays, as NumPy names them without the byte order. */
export const numberTypes = ['b1', 'u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'u8', 'i8', 'f2', 'f4', 'f8'] as const
export type NumberType = (typeof numberTypes)[number]
/** Arrays of such numbers in this machine's order. */
export type Numbers = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array

/** Axes of one row: its height, width and channels; `D`: a vector. */
export type Layout = 'HW' | 'HWC' | 'CHW' | 'D'

/** An array in a file, not yet read. */
export interface StoredArray {
  /** The file, for messages. */
  file: string
  /** What the array is called to a reader, e.g. `digits.npz/x_train`. */
  name: string
  shape: number[]
  type: NumberType
  bigEndian: boolean
  /** What its axes are where that is known: counts, then rows (H), columns (W) and channels (C) in this order. Else the shape tells. */
  layout?: Layout
  /** The values' bytes, in C order. Ends early or late when the file is damaged. @param signal ends what takes long before a piece comes */
  pieces(signal?: AbortSignal): AsyncIterable<Buffer>
}

/** Bytes of one value. */
export const itemBytes = (type: NumberType): number => Number(type[1])
/** How many values an array of this shape holds. */
export const valuesOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1)

/** The values in a block of bytes; changes the block's byte order in place where that is needed. 64-bit integers become doubles. */
export function numbersIn(block: Buffer, type: NumberType, bigEndian: boolean): Numbers {
  const size = itemBytes(type)
  if (size === 1) return type === 'i1' ? new Int8Array(block.buffer, block.byteOffset, block.length) : block
  const aligned = block.byteOffset % size === 0 ? block : Buffer.from(new Uint8Array(block).buffer)
  if (bigEndian) {
    if (size === 2) aligned.swap16()
    else if (size === 4) aligned.swap32()
    else aligned.swap64()
  }
  const { buffer, byteOffset } = aligned,
    length = aligned.length / size
  switch (type) {
    case 'u2':
      return new Uint16Array(buffer, byteOffset, length)
    case 'i2':
      return new Int16Array(buffer, byteOffset, length)
    case 'u4':
      return new Uint32Array(buffer, byteOffset, length)
    case 'i4':
      return new Int32Array(buffer, byteOffset, length)
    case 'f2':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, length), fromHalf)
    case 'f4':
      return new Float32Array(buffer, byteOffset, length)
    case 'u8':
      return Float64Array.from(new BigUint64Array(buffer, byteOffset, length), Number)
    case 'i8':
      return Float64Array.from(new BigInt64Array(buffer, byteOffset, length), Number)
    default:
      return new Float64Array(buffer, byteOffset, length)
  }
}

/** Some rows of an array, given ascending, as an array of its own. Reading it ends with the last of them. */
export function rowsOfArray(array: StoredArray, rows: readonly number[]): StoredArray {
  const rowBytes = valuesOf(array.shape.slice(1)) * itemBytes(array.type)
  async function* pieces(signal?: AbortSignal): AsyncGenerator<Buffer> {
    let next = 0,
      at = 0
    for await (const piece of array.pieces(signal)) {
      signal?.throwIfAborted()
      for (; next < rows.length; next++) {
        const from = Math.max(0, rows[next]! * rowBytes - at),
          to = (rows[next]! + 1) * rowBytes - at
        if (from < piece.length) yield piece.subarray(from, Math.min(to, piece.length))
        if (to > piece.length) break
      }
      if (next >= rows.length) return
      at += piece.length
    }
  }
  return { ...array, shape: [rows.length, ...array.shape.slice(1)], pieces }
}

/** The value of a half-precision float (IEEE 754 binary16): a sign, 5 bits of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const exponent = (bits >> 10) & 31,
    fraction = bits & 1023,
    sign = bits & 0x8000 ? -1 : 1
  if (exponent === 31) return fraction > 0 ? NaN : sign * Infinity
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}

const kinds = { u: 'unsigned', i: 'signed', f: 'float', b: 'boolean' } as const
/** What numbers of a type are. */
export const kindOf = (type: NumberType): Depth['kind'] => kinds[type[0] as keyof typeof kinds]

/** The depths of numbers of some types, the deepest first. */
export const depthsOf = (types: readonly NumberType[]): Depth[] =>
  [...new Set(types)]
    .map((type) => ({ bits: type === 'b1' ? 1 : 8 * itemBytes(type), kind: kindOf(type) }))
    .toSorted((a, b) => b.bits - a.bits)
