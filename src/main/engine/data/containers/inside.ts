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

/** Numbers outside the heap, as many as there come. */
export class Column {
  private values: Float64Array<ArrayBuffer> = new Float64Array(1024)
  count = 0

  push(value: number): void {
    if (this.count === this.values.length) {
      const larger = new Float64Array(this.values.length * 2)
      larger.set(this.values)
      this.values = larger
    }
    this.values[this.count++] = value
  }

  at(index: number): number {
    return this.values[index]!
  }

  set(index: number, value: number): void {
    this.values[index] = value
  }
}
