import type { PackedDataset } from '../data/packed.ts'
import { scaledBytes } from '../trace/native.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'

/** Copies rows into a fresh array: a tensor may keep its memory, so no buffer is used twice. */
export function gatherBatch(dataset: PackedDataset, rows: Uint32Array): Uint8Array | Float32Array {
  const size = rows.length * dataset.rowSize
  const batch = dataset.kind === 'image' ? new Uint8Array(size) : new Float32Array(size)
  dataset.gather(rows, batch)
  return batch
}

/** Rows as networks take them: float32 [n, D], images scaled to [0, 1], vectors as they are. The caller disposes of it. */
export function inputTensor(dataset: PackedDataset, rows: Uint32Array): Tensor2D {
  const batch = gatherBatch(dataset, rows)
  const shape: [number, number] = [rows.length, dataset.rowSize]
  return batch instanceof Uint8Array ? (scaledBytes(batch, shape, 255) as Tensor2D) : tf.tensor2d(batch, shape)
}
