const slash = 0x2f

/** A growing list of names outside the JavaScript heap: UTF-8 bytes and where each name ends. Laid out as `paths.bin` is. */
export class Names {
  private bytes = Buffer.allocUnsafeSlow(2 ** 16)
  private ends = new Uint32Array(2 ** 10)
  count = 0

  push(name: string): void {
    const from = this.end(this.count - 1), most = name.length * 3
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
    this.ends[this.count++] = from + this.bytes.write(name, from)
  }

  at(index: number): string {
    return this.bytes.toString('utf8', this.end(index - 1), this.end(index))
  }

  /** Whether a name lies in a folder, without making a string of it. */
  isNested(index: number): boolean {
    return this.bytes.subarray(this.end(index - 1), this.end(index)).includes(slash)
  }

  private end(index: number): number {
    return index < 0 ? 0 : this.ends[index]!
  }

  /** The bytes of `paths.bin` for those names that `keep` says yes to. */
  packed(keep: (index: number) => boolean): Buffer {
    let kept = 0, size = 0
    for (let i = 0; i < this.count; i++) {
      if (!keep(i)) continue
      kept++
      size += this.end(i) - this.end(i - 1)
    }
    const start = (kept + 1) * 4, out = Buffer.alloc(start + size)
    for (let i = 0, row = 0, at = 0; i < this.count; i++) {
      if (!keep(i)) continue
      at += this.bytes.copy(out, start + at, this.end(i - 1), this.end(i))
      out.writeUInt32LE(at, ++row * 4)
    }
    return out
  }
}

/** The names in the bytes of `paths.bin`. */
export function namesIn(bytes: Buffer, count: number): string[] {
  const start = (count + 1) * 4
  return Array.from({ length: count }, (_, row) => bytes.toString('utf8', start + bytes.readUInt32LE(row * 4), start + bytes.readUInt32LE(row * 4 + 4)))
}
