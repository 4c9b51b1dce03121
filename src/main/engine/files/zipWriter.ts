import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { crc32, deflateRawSync } from 'node:zlib'

/** One file of an archive, as it was before packing. */
export interface Part {
  name: string
  bytes: number
  sha256: string
}

interface Entry {
  name: string
  method: number
  crc: number
  size: number
  packed: number
  offset: number
}

/** Stands in a field of 32 bits for what is written in 64. */
const elsewhere = 0xffffffff
const chunk = 2 ** 20
/** 1980-01-01: an archive is a function of its contents. */
const date = 0x21
const utf8 = 0x800

/** Fields of a header, in bytes: 2 or 4 each, little-endian; 8 as bigint. */
function record(...fields: [size: 2 | 4 | 8, value: number][]): Buffer {
  const bytes = Buffer.alloc(fields.reduce((sum, [size]) => sum + size, 0))
  let at = 0
  for (const [size, value] of fields) {
    if (size === 8) bytes.writeBigUInt64LE(BigInt(value), at)
    else bytes.writeUIntLE(value, at, size)
    at += size
  }
  return bytes
}

/** The extra field of 64-bit sizes (APPNOTE 6.3.10, 4.5.3); empty where none is needed. */
const wideField = (values: number[]): Buffer =>
  values.length === 0 ? Buffer.alloc(0) : record([2, 1], [2, 8 * values.length], ...values.map((value): [8, number] => [8, value]))

/**
 * Writes a zip archive piece by piece; files of any size go through without being held. What was added is on the disk after
 * `finish`. Libraries hold what they write (fflate, which has no 64-bit sizes either) or take a time that grows with the square of
 * the number of parts (yazl).
 */
export class ZipWriter {
  readonly #file: FileHandle
  readonly #wide: number
  readonly #entries: Entry[] = []
  #offset = 0

  private constructor(file: FileHandle, wide: number) {
    this.#file = file
    this.#wide = wide
  }

  /**
   * A new file; it must not exist. @param wide sizes and offsets from here on are written in 64 bits; less than the default only
   * to test that
   */
  static async create(path: string, wide = elsewhere): Promise<ZipWriter> {
    return new ZipWriter(await open(path, 'wx'), wide)
  }

  /** Adds bytes, compressed. */
  async add(name: string, bytes: Uint8Array): Promise<Part> {
    const packed = deflateRawSync(bytes)
    const header = this.#begin({
      name,
      method: 8,
      crc: crc32(bytes),
      size: bytes.length,
      packed: packed.length,
      offset: this.#offset,
    })
    await this.#write(Buffer.concat([header, packed]))
    return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  }

  /** Adds a file as it is: weights and pixels gain little by compression. @param onBytes told of every piece; may throw to stop */
  async addFile(name: string, path: string, onBytes: (bytes: number) => void): Promise<Part> {
    const source = await open(path, 'r')
    try {
      const { size } = await source.stat()
      const entry: Entry = { name, method: 0, crc: 0, size, packed: size, offset: this.#offset }
      await this.#write(this.#begin(entry))
      const hash = createHash('sha256')
      const buffer = Buffer.allocUnsafe(chunk)
      let done = 0
      for (;;) {
        const { bytesRead } = await source.read(buffer, 0, chunk, done)
        if (bytesRead === 0) break
        const piece = buffer.subarray(0, bytesRead)
        done += bytesRead
        hash.update(piece)
        entry.crc = crc32(piece, entry.crc)
        await this.#write(piece)
        onBytes(bytesRead)
      }
      if (done !== size) throw new Error(`${path} changed while it was packed`)
      // Only now known; its place is in the header that was written before.
      await this.#file.write(record([4, entry.crc]), 0, 4, entry.offset + 14)
      return { name, bytes: size, sha256: hash.digest('hex') }
    } finally {
      await source.close()
    }
  }

  async finish(): Promise<void> {
    const start = this.#offset
    for (const entry of this.#entries) {
      const { size, packed, offset, name } = entry
      const extra = wideField([size, packed, offset].filter((value) => value >= this.#wide))
      const place = record([2, 0], [2, 0], [2, 0], [4, 0], [4, this.#narrow(offset)])
      await this.#write(
        Buffer.concat([
          record([4, 0x02014b50], [2, 45]),
          this.#facts(entry, this.#narrow(packed), this.#narrow(size), extra),
          place,
          Buffer.from(name),
          extra,
        ]),
      )
    }
    const length = this.#offset - start,
      end = this.#offset,
      count = this.#entries.length
    if (count >= 0xffff || end >= this.#wide) {
      await this.#write(
        record([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count], [8, length], [8, start]),
      )
      await this.#write(record([4, 0x07064b50], [4, 0], [8, end], [4, 1]))
    }
    await this.#write(
      record(
        [4, 0x06054b50],
        [2, 0],
        [2, 0],
        [2, Math.min(count, 0xffff)],
        [2, Math.min(count, 0xffff)],
        [4, this.#narrow(length)],
        [4, this.#narrow(start)],
        [2, 0],
      ),
    )
    await this.#file.sync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  #begin(entry: Entry): Buffer {
    this.#entries.push(entry)
    const { size, packed, name } = entry
    // Both or neither, here (4.5.3).
    const large = size >= this.#wide || packed >= this.#wide
    const extra = large ? wideField([size, packed]) : Buffer.alloc(0)
    const facts = this.#facts(entry, large ? elsewhere : packed, large ? elsewhere : size, extra)
    return Buffer.concat([record([4, 0x04034b50]), facts, Buffer.from(name), extra])
  }

  /** What a part's own header and its line in the list of contents have in common. */
  #facts({ method, crc, name }: Entry, packed: number, size: number, extra: Buffer): Buffer {
    const lengths: [2, number][] = [
      [2, Buffer.byteLength(name)],
      [2, extra.length],
    ]
    return record([2, 45], [2, utf8], [2, method], [2, 0], [2, date], [4, crc], [4, packed], [4, size], ...lengths)
  }

  #narrow(value: number): number {
    return value >= this.#wide ? elsewhere : value
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#offset + done)
      done += bytesWritten
    }
    this.#offset += bytes.length
  }
}
