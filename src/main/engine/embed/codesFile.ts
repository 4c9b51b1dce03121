import { closeSync, fsyncSync, openSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { readAll, writeAll } from '../files/durable.ts'
import { npyHeader, npyHeaderBytes } from '../files/npy.ts'

/** The name of a file of codes, in the folder that is theirs. */
export const codesName = 'codes.npy'

/** Codes float32 [count, size] on their way into a `.npy` file, row after row. */
export class CodesFile {
  readonly path: string
  readonly #file: number
  #size = 0
  #count = 0
  #at = npyHeaderBytes
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
    writeAll(this.#file, bytes, this.#at)
    this.#at += bytes.length
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

/** Codes of a file that `CodesFile` wrote: some rows, or all. */
export function readCodes(path: string, size: number, first: number, count: number): Float32Array {
  const file = openSync(path, 'r')
  try {
    const codes = new Float32Array(count * size)
    if (!readAll(file, new Uint8Array(codes.buffer), npyHeaderBytes + first * size * 4)) throw new Error(`${path} ends early`)
    return codes
  } finally {
    closeSync(file)
  }
}
