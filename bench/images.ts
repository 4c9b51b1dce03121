import type { PackedDataset } from '../src/main/engine/data/packed.ts'
import { shapeOf, sizeOf, type Shape } from '../src/shared/shape.ts'

/** Images in memory as a dataset that is all for training, for benchmarks that need no home folder. */
export function imagesInMemory(pixels: Uint8Array, shape: Shape): PackedDataset {
  const rowSize = sizeOf(shape),
    count = pixels.length / rowSize
  return {
    kind: 'image',
    count,
    ...shapeOf(shape),
    rowSize,
    classes: [],
    labels: null,
    test: new Uint32Array(0),
    validation: new Uint32Array(0),
    train: Uint32Array.from({ length: count }, (_, index) => index),
    gather(indices, out) {
      for (let i = 0; i < indices.length; i++)
        out.set(pixels.subarray(indices[i]! * rowSize, (indices[i]! + 1) * rowSize), i * rowSize)
    },
    close() {},
  }
}

/** So many images of noise, the same each time. */
export function noiseInMemory(shape: Shape, count: number): PackedDataset {
  let state = 1
  const pixels = Uint8Array.from({ length: count * sizeOf(shape) }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return state >>> 24
  })
  return imagesInMemory(pixels, shape)
}
