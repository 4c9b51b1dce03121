import type { PackedDataset } from './packed.ts'
import { mix } from './random.ts'

/** Two keys of a row that do not follow from each other: pixels of two rows that share one of them still differ. */
const first = (row: number): number => mix((Math.imul(row, 0x9e3779b9) + 0x7f4a7c15) | 0)
const second = (row: number): number => mix((Math.imul(row, 0x85ebca77) + 0x165667b1) | 0)

/**
 * The fixed binarisation of images: every byte becomes 255 with probability byte/255, else 0, by a hash of (row, position in the row) and
 * of nothing else, so that every run, seed and machine sees the same binary images. 0 and 255 stay what they are. Everything but `gather`
 * is the given dataset's own.
 * @throws TypeError for vectors, whose values are no probabilities.
 */
export function binarised(dataset: PackedDataset): PackedDataset {
  if (dataset.kind !== 'image') throw new TypeError('only images can be binarised')
  const { rowSize } = dataset
  const gather = (indices: ArrayLike<number>, out: Uint8Array | Float32Array): void => {
    dataset.gather(indices, out)
    for (let i = 0, at = 0; i < indices.length; i++) {
      const row = indices[i]!,
        a = first(row),
        b = second(row)
      for (let pixel = 0; pixel < rowSize; pixel++, at++) {
        const byte = out[at]!
        if (byte === 0 || byte === 255) continue
        // Of the 2^32 hashes byte/255 are below byte * (2^32 - 1)/255.
        out[at] = mix(mix((Math.imul(pixel, 0x27d4eb2f) + a) | 0) ^ b) >>> 0 < byte * 0x01010101 ? 255 : 0
      }
    }
  }
  return { ...dataset, gather, close: () => dataset.close() }
}
