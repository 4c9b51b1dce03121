import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'

/** NumPy's array format (NEP 1, version 1.0), as files that are written while their length is not known. */
const headerBytes = 128

/** The name of a file of codes, in the folder that is theirs. */
export const codesName = 'codes.npy'

/** @param descr e.g. `<f4` */
export function npyHeader(descr: string, shape: readonly number[]): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`
  const header = Buffer.from(`\x93NUMPY\x01\0\0\0${text.padEnd(headerBytes - 11)}\n`, 'latin1')
  header.writeUInt16LE(header.length - 10, 8)
  return header
}

/** Codes float32 [count, size] on their way into a `.npy` file, row after row. */
export class CodesFile {
  readonly path: string
  readonly #file: number
  #size = 0
  #count = 0
  #at = headerBytes
  #sum = 0

  /** The file must not exist. */
  constructor(path: string) {
    this.path = path
    this.#file = openSync(path, 'wx')
  }

  get count(): number {
    return this.#count
  }
  /** Size of a code; 0 before the first. */
  get size(): number {
    return this.#size
  }
  /** CRC-32 of the values so far. */
  get checksum(): number {
    return this.#sum
  }

  append(codes: Float32Array, count: number): void {
    if (count === 0) return
    this.#size ||= codes.length / count
    if (codes.length !== count * this.#size) throw new RangeError(`${codes.length} values are not ${count} codes of ${this.#size}`)
    this.#count += count
    const bytes = new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength)
    this.#at = writeAll(this.#file, bytes, this.#at)
    this.#sum = crc32(bytes, this.#sum)
  }

  /** Makes it whole; returns the size of a code, 0 where there is none. */
  finish(): number {
    writeAll(this.#file, npyHeader('<f4', [this.#count, this.#size]), 0)
    fsyncSync(this.#file)
    this.close()
    return this.#size
  }

  #closed = false
  close(): void {
    if (!this.#closed) closeSync(this.#file)
    this.#closed = true
  }
}

/** Writes all bytes from a position of the file on; returns the position behind them. A single write may take fewer. */
export function writeAll(file: number, bytes: Uint8Array, position: number): number {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, position + done)
  return position + bytes.length
}

/** Codes of a file that `CodesFile` wrote: some rows, or all. */
export function readCodes(path: string, size: number, first: number, count: number): Float32Array {
  const file = openSync(path, 'r')
  try {
    const codes = new Float32Array(count * size),
      bytes = new Uint8Array(codes.buffer)
    for (let done = 0; done < bytes.length;) {
      const got = readSync(file, bytes, done, Math.min(bytes.length - done, 2 ** 30), headerBytes + first * size * 4 + done)
      if (got === 0) throw new Error(`${path} ends early`)
      done += got
    }
    return codes
  } finally {
    closeSync(file)
  }
}
