import { previewRows } from '../data/split.ts'
import type { PackedDataset } from '../data/packed.ts'
import { inputTensor } from '../network/inputs.ts'
import { Blocks } from './blocks.ts'

/** Pixels are kept as floats up to this size. */
const keptBytes = 256 * 2 ** 20

/** A dataset as runs saw it, with its pixels as networks take them; shared by all networks of a process that were trained on it. */
export class ExploredData {
  readonly dataset: PackedDataset
  /** Every row, in the dataset's order. */
  readonly pixels: Blocks
  #range: readonly [number, number] | null = null

  constructor(dataset: PackedDataset) {
    this.dataset = dataset
    this.pixels = new Blocks(
      dataset.count,
      dataset.rowSize,
      (start, count) =>
        inputTensor(
          dataset,
          Uint32Array.from({ length: count }, (_, i) => start + i),
        ),
      { keptBytes },
    )
  }

  /** The least and the largest value among the preview rows: how vectors are drawn. */
  get range(): readonly [number, number] {
    if (this.#range) return this.#range
    const rows = previewRows(this.dataset),
      values = new Float32Array(rows.length * this.dataset.rowSize)
    this.dataset.gather(rows, values)
    const [low, high] = values.reduce(
      ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
      [Infinity, -Infinity],
    )
    return (this.#range = low < high ? [low, high] : [low - 1, low + 1])
  }

  close(): void {
    this.pixels.dispose()
    this.dataset.close()
  }
}

/** Datasets that are in use, by what they are; each is closed when nobody uses it any more. */
export class DataPool {
  readonly #open = new Map<string, { data: ExploredData; users: number }>()

  take(key: string, open: () => PackedDataset): ExploredData {
    let entry = this.#open.get(key)
    if (!entry) this.#open.set(key, (entry = { data: new ExploredData(open()), users: 0 }))
    entry.users++
    return entry.data
  }

  giveBack(key: string): void {
    const entry = this.#open.get(key)
    if (!entry || --entry.users > 0) return
    this.#open.delete(key)
    entry.data.close()
  }

  /** Bytes of pixels that are kept. */
  get bytes(): number {
    return [...this.#open.values()].reduce((sum, { data }) => sum + data.pixels.bytes, 0)
  }

  /** Gives back the memory of all pixels. */
  forget(): void {
    this.#open.forEach(({ data }) => data.pixels.dispose())
  }
}
