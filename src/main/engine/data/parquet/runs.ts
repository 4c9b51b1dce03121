/** What Parquet packs as runs, read no further than it is counted: files may say that a run has two milliards of values. */

/** A number of seven bits a byte, modulo 2^32. @throws RangeError where it does not end */
function varint(bytes: Uint8Array, from: number): { value: number; at: number } {
  let value = 0
  for (let at = from, shift = 0; at < bytes.length && shift < 35; shift += 7) {
    const byte = bytes[at++]!
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return { value: value >>> 0, at }
  }
  throw new RangeError('a number that does not end')
}

/** Of a last run some values may be padding. */
const padding = 7

/**
 * So many values of `width` bits from runs of one value, and runs of eight or more, bit by bit.
 * @throws RangeError where runs end early, or hold more than that
 */
export function readRuns(bytes: Uint8Array, width: number, count: number): Uint32Array {
  if (width > 32) throw new RangeError(`values of ${width} bits`)
  const out = new Uint32Array(count)
  for (let at = 0, seen = 0; seen < count;) {
    const header = varint(bytes, at)
    at = header.at
    const length = header.value >>> 1,
      packed = header.value % 2 === 1
    if (!packed && length > count - seen + padding) throw new RangeError('a run of more values than its page has')
    const take = Math.min(packed ? length * 8 : length, count - seen),
      each = packed ? width : Math.ceil(width / 8) * 8
    if (take > 0 && at + Math.ceil(((packed ? take : 1) * each) / 8) > bytes.length) throw new RangeError('a run that ends early')
    if (packed) for (let i = 0; i < take; i++) out[seen + i] = bits(bytes, at, i * width, width)
    else out.fill(bits(bytes, at, 0, each), seen, seen + take)
    at += packed ? length * width : each / 8
    seen += take
  }
  return out
}

/** A number of `width` bits, the lowest first, `from` so many bits after a byte. */
function bits(bytes: Uint8Array, start: number, from: number, width: number): number {
  let value = 0
  for (let got = 0; got < width;) {
    const place = from + got,
      shift = place % 8,
      take = Math.min(8 - shift, width - got)
    value |= ((bytes[start + Math.floor(place / 8)]! >>> shift) & ((1 << take) - 1)) << got
    got += take
  }
  return value >>> 0
}

/** What DELTA encodings begin with: blocks of values in smaller ones. @throws RangeError where they have no size */
export function requireBlocks(bytes: Uint8Array): void {
  const block = varint(bytes, 0),
    parts = varint(bytes, block.at)
  if (block.value === 0 || parts.value === 0 || block.value > 2 ** 24 || block.value % parts.value !== 0)
    throw new RangeError(`blocks of ${block.value} values in ${parts.value} parts`)
}
