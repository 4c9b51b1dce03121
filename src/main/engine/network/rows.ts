import type { Tensor2D } from '../trace/tensorflow.ts'

/**
 * The training split, in batches, as the network takes it (float32 [n, D]; images scaled to [0, 1]). The caller disposes of each
 * batch.
 */
export interface Rows {
  count: number
  /** Values of one row, D. */
  rowSize: number
  batches(size: number): Iterable<Tensor2D>
}
