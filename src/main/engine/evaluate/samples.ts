import { WorkbenchError } from '../../../shared/errors.ts'
import type { PackedDataset } from '../data/packed.ts'
import { inputTensor } from '../network/inputs.ts'
import type { Tensor, Tensor2D } from '../trace/tensorflow.ts'

export interface Batch {
  /** Index of the batch's first sample among the rows that were asked for. */
  start: number
  size: number
  /** [size, rowSize] as networks take them: images scaled to [0, 1], vectors as they are. */
  inputs: Tensor2D
}

/**
 * Samples in a batch: at most 1,000 and about 16 MB of inputs. A function of the dataset alone, so that whatever is drawn
 * batch by batch is the same for every run.
 */
export const batchSize = (rowSize: number): number => Math.max(16, Math.min(1000, Math.floor(4e6 / rowSize)))

/** Calls `visit` with one batch of the given rows after the other, in their order; the batch's tensor is disposed of afterwards. */
export async function forEachBatch(
  dataset: PackedDataset,
  rows: Uint32Array,
  visit: (batch: Batch) => Promise<void> | void,
  limit = batchSize(dataset.rowSize),
): Promise<void> {
  for (let start = 0; start < rows.length; start += limit) {
    const chosen = rows.subarray(start, start + limit)
    const inputs = inputTensor(dataset, chosen)
    try {
      await visit({ start, size: chosen.length, inputs })
    } finally {
      inputs.dispose()
    }
  }
}

/** The values of a small tensor, which is disposed of. */
export function take(tensor: Tensor): Float32Array {
  const values = tensor.dataSync() as Float32Array
  tensor.dispose()
  return values
}

/** Thrown instead of computing figures from values that are none. */
export function notFinite(what: string): WorkbenchError {
  return new WorkbenchError(
    'RUN_DIVERGED',
    `The network's ${what} are not finite numbers on some samples, so it cannot be evaluated; ` +
      'train it again with a smaller training.learningRate.',
  )
}
