import type { Span } from '../image-file.ts'

/** Images that come one after another, as of an archive that is packed as a whole: none can be had without those before it. */
export interface ImageStream {
  /** For sentences: the file. */
  file: string
  /**
   * The bytes of some images, by their places in the stream, ascending; null where nothing is in the place of one. What
   * is given is valid until the next is asked for.
   * @throws WorkbenchError FILE_DAMAGED
   */
  read(wanted: Iterable<number>, signal?: AbortSignal): AsyncGenerator<Uint8Array | null>
}

/** Where an image lies that is no file of its own. */
export type Inside = Span | { stream: ImageStream; index: number }
export const isStreamed = (inside: Inside): inside is Exclude<Inside, Span> => 'stream' in inside

/** Numbers outside the heap, as many as there come; as long as all are the same they take nothing. */
export class Column {
  private values: Float64Array<ArrayBuffer> | null = null
  private same = 0
  count = 0

  push(value: number): void {
    if (this.count === 0) this.same = value
    if (value !== this.same || this.values !== null) this.room(this.count + 1)[this.count] = value
    this.count++
  }

  at(index: number): number {
    return this.values === null ? this.same : this.values[index]!
  }

  set(index: number, value: number): void {
    if (this.at(index) !== value) this.room(this.count)[index] = value
  }

  private room(count: number): Float64Array<ArrayBuffer> {
    if (this.values !== null && count <= this.values.length) return this.values
    const larger = new Float64Array(Math.max(1024, 2 ** Math.ceil(Math.log2(count))))
    if (this.values === null) larger.fill(this.same, 0, this.count)
    else larger.set(this.values)
    return (this.values = larger)
  }
}
