import type { PackedDataset } from '../data/packed.ts'

type Rows = Pick<PackedDataset, 'count' | 'classes' | 'labels' | 'test' | 'validation' | 'train'>

/**
 * Codes [count, size] of the rows of a dataset, as a dataset of vectors with the same labels and split: what measures codes
 * takes them so.
 */
export function codesDataset(
  codes: Float32Array,
  size: number,
  { count, classes, labels, test, validation, train }: Rows,
): PackedDataset {
  if (codes.length !== count * size) throw new RangeError(`${codes.length} values are not ${count} codes of ${size}`)
  return {
    kind: 'vector',
    count,
    width: size,
    height: 1,
    channels: 1,
    rowSize: size,
    classes,
    labels,
    test,
    validation,
    train,
    gather(indices, out) {
      for (let i = 0; i < indices.length; i++) out.set(codes.subarray(indices[i]! * size, (indices[i]! + 1) * size), i * size)
    },
    close() {},
  }
}
