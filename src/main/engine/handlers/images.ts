import type { Images, Points } from '../../../shared/domain.ts'
import { openDataset } from '../data/open.ts'
import type { PackedDataset } from '../data/packed.ts'

/** Opens a dataset's files for the time of `use`; rows are read from the file, never the whole set. */
export function withDataset<T>(folder: string, use: (dataset: PackedDataset) => T): T {
  const dataset = openDataset(folder, { resident: false })
  try {
    return use(dataset)
  } finally {
    dataset.close()
  }
}

/** Rows of two values as points of the plane. */
export function pointsOf(dataset: PackedDataset, rows: ArrayLike<number>): Points {
  const values = new Float32Array(rows.length * 2)
  dataset.gather(rows, values)
  return { count: rows.length, values }
}

/** Rows as pictures. Rows of reals become one strip of grays each, from the smallest to the largest value among them. */
export function imagesOf(dataset: PackedDataset, rows: ArrayLike<number>): Images {
  const { width, height, channels } = dataset
  const size = rows.length * dataset.rowSize
  if (dataset.kind === 'image') {
    const pixels = new Uint8Array(size)
    dataset.gather(rows, pixels)
    return { count: rows.length, width, height, channels, pixels }
  }
  const values = new Float32Array(size)
  dataset.gather(rows, values)
  const finite = values.filter(Number.isFinite)
  const low = finite.reduce((least, value) => Math.min(least, value), Infinity)
  const range = finite.reduce((most, value) => Math.max(most, value), -Infinity) - low || 1
  return { count: rows.length, width, height, channels, pixels: Uint8Array.from(values, (value) => ((value - low) / range) * 255) }
}
