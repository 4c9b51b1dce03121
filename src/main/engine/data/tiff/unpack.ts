import { inflateSync, zstdDecompressSync } from 'node:zlib'

/** Compressions by their numbers in TIFF; those of other numbers are for other decoders. */
export const compressions = new Set([1, 5, 8, 32946, 32773, 50000])

/**
 * Undoes the compression of a strip or a tile that holds `size` bytes.
 * @throws RangeError or an error of zlib where it holds fewer, or makes no sense
 */
export function unpack(packed: Buffer, compression: number, size: number): Uint8Array {
  const out =
    compression === 1
      ? packed
      : compression === 5
        ? lzw(packed, size)
        : compression === 32773
          ? packBits(packed, size)
          : compression === 50000
            ? zstdDecompressSync(packed, { maxOutputLength: size + 2 ** 20 })
            : inflateSync(packed, { maxOutputLength: size + 2 ** 20 })
  if (out.length < size) throw new RangeError('a strip that is too short')
  return out.subarray(0, size)
}

/** Runs of bytes (TIFF 6.0, section 9). */
function packBits(packed: Buffer, size: number): Uint8Array {
  const out = new Uint8Array(size)
  let to = 0
  for (let at = 0; to < size && at < packed.length;) {
    const code = packed.readInt8(at++)
    if (code >= 0) {
      if (at + code + 1 > packed.length) throw new RangeError('a run beyond the end')
      out.set(packed.subarray(at, at + Math.min(code + 1, size - to)), to)
      at += code + 1
      to += code + 1
    } else if (code !== -128) {
      out.fill(packed.readUInt8(at++), to, (to += 1 - code))
    }
  }
  return to < size ? out.subarray(0, to) : out
}

/** Codes of LZW as TIFF has them: from 9 to 12 bits, highest bit first, one more bit a code early (TIFF 6.0, section 13). */
const clear = 256,
  end = 257
const starts = new Int32Array(4096),
  lengths = new Int32Array(4096)

/** A string of the table is one that was written before, and the byte that follows it in what is written. */
function lzw(packed: Buffer, size: number): Uint8Array {
  const out = new Uint8Array(size)
  let to = 0,
    bits = 9,
    next = 258,
    last = -1,
    lastLength = 0
  for (let at = 0, buffer = 0, have = 0; to < size;) {
    for (; have < bits; have += 8) {
      if (at === packed.length) return out.subarray(0, to)
      buffer = ((buffer << 8) | packed[at++]!) & 0xffffff
    }
    const code = (buffer >> (have -= bits)) & ((1 << bits) - 1)
    if (code === end) break
    if (code === clear) {
      bits = 9
      next = 258
      last = -1
      continue
    }
    if (last >= 0 && next < 4096) {
      starts[next] = last
      lengths[next++] = lastLength + 1
    }
    if (code >= next || (last < 0 && code > end)) throw new RangeError('a code that is in no table')
    last = to
    lastLength = code < clear ? 1 : lengths[code]!
    if (code < clear) out[to++] = code
    else for (let from = starts[code]!, left = lastLength; left > 0 && to < size; left--) out[to++] = out[from++]!
    if (next >= (1 << bits) - 1 && bits < 12) bits++
  }
  return out.subarray(0, to)
}
