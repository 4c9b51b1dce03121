import type { Images, Preview } from '../../../shared/domain.ts'
import type { PackedDataset } from '../data/packed.ts'
import { previewRows } from '../data/split.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { inputTensor } from './batches.ts'
import type { CompiledModel } from './compiled.ts'
import type { ModelSpec } from './program.ts'
import { randomness } from './randomness.ts'

const filterCount = 64

/**
 * What the network makes of the dataset's preview images now. The corruption shown is the same for every run and every moment, so
 * that runs can be compared by eye. Null for vector data, which has no images.
 */
export function makePreview(model: CompiledModel, { variant, config }: ModelSpec, dataset: PackedDataset, step: number, epoch: number): Preview | null {
  if (dataset.kind !== 'image') return null
  const { width, height, channels } = dataset
  const images = (tensor: Tensor2D): Images => ({ count: tensor.shape[0], width, height, channels, pixels: pixelsOf(tensor) })
  const rows = previewRows(dataset)
  const originals = inputTensor(dataset, rows)
  const show = (input: Tensor2D): Images => {
    const output = model.reconstruct(input)
    const shown = images(output)
    output.dispose()
    return shown
  }
  try {
    const reconstructions = show(originals)
    if (!variant.corrupt) return { step, epoch, reconstructions, corrupted: null, denoised: null, filters: filtersOf(model, dataset) }
    const noisy = tf.tidy(() => variant.corrupt!(originals, randomness(tf.tensor1d([0, 0], 'int32'), tf.tensor1d(Int32Array.from(rows))), config.regularizer as never).clone())
    const preview = { step, epoch, reconstructions, corrupted: images(noisy), denoised: show(noisy), filters: filtersOf(model, dataset) }
    noisy.dispose()
    return preview
  } finally {
    originals.dispose()
  }
}

const pixelsOf = (tensor: Tensor2D): Uint8Array<ArrayBuffer> => Uint8Array.from(tensor.dataSync(), (value) => Math.max(0, Math.min(255, Math.round(value * 255))))

/** The first columns of the first kernel, each scaled by its own largest magnitude, 0 as mid-gray. */
function filtersOf(model: CompiledModel, { width, height, channels, rowSize }: PackedDataset): Images {
  const kernel = model.weights()['encoder/0/kernel']!
  const units = kernel.length / rowSize
  const count = Math.min(filterCount, units)
  const pixels = new Uint8Array(count * rowSize)
  for (let unit = 0; unit < count; unit++) {
    let largest = 1e-12
    for (let i = 0; i < rowSize; i++) largest = Math.max(largest, Math.abs(kernel[i * units + unit]!))
    for (let i = 0; i < rowSize; i++) pixels[unit * rowSize + i] = Math.round(127.5 + (127.5 * kernel[i * units + unit]!) / largest)
  }
  return { count, width, height, channels, pixels }
}
