import type { PackedDataset } from '../data/packed.ts'
import { inputTensor } from '../network/inputs.ts'
import type { Rows } from '../network/rows.ts'

/** A list of rows cut into batches of `size`, the last one possibly shorter. */
export function* batchesOf(rows: Uint32Array, size: number): Generator<Uint32Array> {
  for (let start = 0; start < rows.length; start += size) yield rows.subarray(start, start + size)
}

/** The training split as closed-form variants read it. */
export const rowsOf = (dataset: PackedDataset, rows: Uint32Array): Rows => ({
  count: rows.length,
  rowSize: dataset.rowSize,
  *batches(size) {
    for (const part of batchesOf(rows, size)) yield inputTensor(dataset, part)
  },
})
