import type { PackedDataset } from '../data/packed.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import type { Rows } from '../variants/variant.ts'
import type { Batch } from './compiled.ts'

/** Copies rows into a fresh array: a tensor may keep its memory, so no buffer is used twice. */
export function gatherBatch(dataset: PackedDataset, rows: Uint32Array): Batch {
  const size = rows.length * dataset.rowSize
  const batch = dataset.kind === 'image' ? new Uint8Array(size) : new Float32Array(size)
  dataset.gather(rows, batch)
  return batch
}

/** Rows as the network takes them: float32 [n, D], images scaled to [0, 1]. The caller disposes of it. */
export function inputTensor(dataset: PackedDataset, rows: Uint32Array): Tensor2D {
  const batch = gatherBatch(dataset, rows)
  if (batch instanceof Float32Array) return tf.tensor2d(batch, [rows.length, dataset.rowSize])
  return tf.tidy(() => tf.tensor2d(Float32Array.from(batch), [rows.length, dataset.rowSize]).div(255) as Tensor2D)
}

/** A list of rows cut into batches of `size`, the last one possibly shorter. */
export function* batchesOf(rows: Uint32Array, size: number): Generator<Uint32Array> {
  for (let start = 0; start < rows.length; start += size) yield rows.subarray(start, start + size)
}

/** The training split as closed-form variants read it. */
export const rowsOf = (dataset: PackedDataset, rows: Uint32Array): Rows => ({
  count: rows.length,
  inputSize: dataset.rowSize,
  *batches(size) {
    for (const part of batchesOf(rows, size)) yield inputTensor(dataset, part)
  },
})
