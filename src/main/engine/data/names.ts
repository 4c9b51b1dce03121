import { join } from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'

const slash = 0x2f

/*
 * File names are bytes, and those of old archives often not UTF-8. Here they are strings in which each byte that is none is a lone
 * surrogate, U+DC80 to U+DCFF, as in Python's `surrogateescape`: such a string leads back to the file, and `readable` shows it.
 */

/** @returns the text of UTF-8 bytes, others as lone surrogates */
export function fromBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (!text.includes('\uFFFD')) return text
  let out = ''
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at]!,
      length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
    const piece = bytes.toString('utf8', at, at + length)
    const sound = Buffer.byteLength(piece) === length && Buffer.from(piece).equals(bytes.subarray(at, at + length))
    out += sound ? piece : String.fromCharCode(0xdc00 + lead)
    at += sound ? length : 1
  }
  return out
}

/** The bytes of a name. */
function toBytes(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name)
  return Buffer.concat(
    Array.from(name, (letter) => (letter.isWellFormed() ? Buffer.from(letter) : Buffer.of(letter.charCodeAt(0) & 0xff))),
  )
}

/** A name for people: bytes that are not UTF-8 as Latin-1, which they most often are. */
export const readable = (name: string): string =>
  name.isWellFormed()
    ? name
    : Array.from(name, (letter) => (letter.isWellFormed() ? letter : String.fromCharCode(letter.charCodeAt(0) & 0xff))).join('')

/** A path as the file system wants it. */
export const onDisk = (path: string): string | Buffer => (path.isWellFormed() ? path : toBytes(path))
export const placeOf = (root: string, name: string): string | Buffer => onDisk(join(root, name))

/** Of the names of a source together. */
const mostNameBytes = 2 ** 29

/** A growing list of names outside the JavaScript heap: bytes and where each name ends. Laid out as `paths.bin` is. */
export class Names {
  private bytes = Buffer.allocUnsafeSlow(2 ** 16)
  private ends = new Uint32Array(2 ** 10)
  /** Some name is not UTF-8. */
  private foreign = false
  /** The folder that was asked for last: where its bytes lie, and its name. */
  private folder = { from: 0, to: 0, name: '' }
  private readonly limit: number
  count = 0

  /** @param limit bytes that the names may take together */
  constructor(limit = mostNameBytes) {
    this.limit = limit
  }

  /** @throws WorkbenchError FILE_UNSUPPORTED where the names become too many, or too long */
  push(name: string): void {
    const from = this.end(this.count - 1),
      most = name.length * 3
    if (from + most > this.limit && from + Buffer.byteLength(name) > this.limit) {
      const message =
        `The names of the images are too long for so many of them: they take more than ${Math.floor(this.limit / 2 ** 20)} MB ` +
        'together. Divide the source, or import a part of it.'
      throw new WorkbenchError('FILE_UNSUPPORTED', message, { field: 'path' })
    }
    if (from + most > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, from + most))
      this.bytes.copy(larger, 0, 0, from)
      this.bytes = larger
    }
    if (this.count === this.ends.length) {
      const larger = new Uint32Array(this.ends.length * 2)
      larger.set(this.ends)
      this.ends = larger
    }
    if (name.isWellFormed()) {
      this.ends[this.count++] = from + this.bytes.write(name, from)
    } else {
      this.foreign = true
      this.ends[this.count++] = from + toBytes(name).copy(this.bytes, from)
    }
  }

  at(index: number): string {
    const from = this.end(index - 1),
      to = this.end(index)
    return this.foreign ? fromBytes(this.bytes.subarray(from, to)) : this.bytes.toString('utf8', from, to)
  }

  /** Whether a name lies in a folder below one whose name has so many bytes, without making a string of it. */
  isNested(index: number, below = 0): boolean {
    const { bytes } = this,
      to = this.end(index)
    for (let at = this.end(index - 1) + below; at < to; at++) if (bytes[at] === slash) return true
    return false
  }

  /**
   * The folder in which a name lies, so many levels down; null where it lies less deep. Neighbours in one folder share
   * a single string, since there may be very many of them.
   */
  folderOf(index: number, level: number): string | null {
    const { bytes, folder } = this,
      end = this.end(index)
    let from = this.end(index - 1),
      to = from
    for (let left = level; ; left--, from = ++to) {
      while (to < end && bytes[to] !== slash) to++
      if (to === end) return null
      if (left === 0) break
    }
    let same = 0
    while (same < to - from && bytes[from + same] === bytes[folder.from + same]) same++
    if (same < to - from || to - from !== folder.to - folder.from) {
      const folderBytes = bytes.subarray(from, to)
      this.folder = { from, to, name: this.foreign ? fromBytes(folderBytes) : folderBytes.toString('utf8') }
    }
    return this.folder.name
  }

  /** Whether a name is not UTF-8. */
  isForeign(index: number): boolean {
    return this.foreign && !this.at(index).isWellFormed()
  }

  private end(index: number): number {
    return index < 0 ? 0 : this.ends[index]!
  }

  /** Those names that `keep` says yes to, in the same order. */
  filter(keep: (index: number) => boolean): Names {
    const kept = new Names()
    for (let i = 0; i < this.count; i++) if (keep(i)) kept.push(this.at(i))
    return kept
  }

  /** The bytes of `paths.bin` for those names that `keep` says yes to. */
  packed(keep: (index: number) => boolean): Buffer {
    if (this.foreign) return this.readable().packed(keep)
    let kept = 0,
      size = 0
    for (let i = 0; i < this.count; i++) {
      if (!keep(i)) continue
      kept++
      size += this.end(i) - this.end(i - 1)
    }
    const start = (kept + 1) * 4,
      out = Buffer.alloc(start + size)
    for (let i = 0, row = 0, at = 0; i < this.count; i++) {
      if (!keep(i)) continue
      at += this.bytes.copy(out, start + at, this.end(i - 1), this.end(i))
      out.writeUInt32LE(at, ++row * 4)
    }
    return out
  }

  private readable(): Names {
    const names = new Names()
    for (let i = 0; i < this.count; i++) names.push(readable(this.at(i)))
    return names
  }
}

/** The names in the bytes of `paths.bin`. */
export function namesIn(bytes: Buffer, count: number): string[] {
  const start = (count + 1) * 4
  return Array.from({ length: count }, (_, row) =>
    bytes.toString('utf8', start + bytes.readUInt32LE(row * 4), start + bytes.readUInt32LE(row * 4 + 4)),
  )
}
