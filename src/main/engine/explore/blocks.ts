import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import type { Report } from '../evaluate/report.ts'

export interface Block {
  start: number
  values: Tensor2D
}

/**
 * Rows of a matrix that may be too large to be kept: made block by block, in order; what fits into `keptBytes` is kept and not
 * made again. The tensors belong to this.
 */
export class Blocks {
  readonly count: number
  readonly width: number
  readonly #make: (start: number, count: number) => Tensor2D
  readonly #rows: number
  readonly #keptBytes: number
  readonly #kept = new Map<number, Tensor2D>()
  #bytes = 0

  /** @param make rows from `start` on, [count, width] */
  constructor(
    count: number,
    width: number,
    make: (start: number, count: number) => Tensor2D,
    { keptBytes = 384 * 2 ** 20, blockValues = 8 * 2 ** 20 } = {},
  ) {
    this.count = count
    this.width = width
    this.#make = make
    this.#rows = Math.max(1, Math.min(16_384, Math.floor(blockValues / width)))
    this.#keptBytes = keptBytes
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.#bytes
  }

  async forEach(visit: (block: Block) => Promise<void> | void, report: Report): Promise<void> {
    for (let start = 0; start < this.count; start += this.#rows) {
      const kept = this.#kept.get(start)
      const values = kept ?? tf.keep(this.#make(start, Math.min(this.#rows, this.count - start)))
      const bytes = 4 * values.size
      const keeps = kept !== undefined || this.#bytes + bytes <= this.#keptBytes
      try {
        if (!kept && keeps) {
          this.#kept.set(start, values)
          this.#bytes += bytes
        }
        await visit({ start, values })
      } finally {
        if (!keeps) values.dispose()
      }
      // What was there already costs nothing that would have to be told, or could be cancelled.
      if (!kept) await report(Math.min(1, (start + this.#rows) / this.count))
    }
  }

  dispose(): void {
    this.#kept.forEach((values) => values.dispose())
    this.#kept.clear()
    this.#bytes = 0
  }
}
