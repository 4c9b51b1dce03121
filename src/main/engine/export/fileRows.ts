import type { Export } from '../../../shared/domain.ts'
import type { PackedDataset } from '../data/packed.ts'
import { gatherBatch } from '../network/inputs.ts'
import type { Rows } from './verify.ts'

/** Rows of a dataset as an exported file takes them: bytes of images with `pixels`, else reals. */
export function fileRows(dataset: PackedDataset, indices: Uint32Array, input: Export['input']): Rows {
  const rows = gatherBatch(dataset, indices)
  return input === 'pixels' || rows instanceof Float32Array ? rows : Float32Array.from(rows, (value) => value / 255)
}
