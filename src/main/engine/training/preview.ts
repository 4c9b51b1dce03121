import type { Images, Points, Preview } from '../../../shared/domain.ts'
import { sizeOf } from '../../../shared/shape.ts'
import { isPlane, type PackedDataset } from '../data/packed.ts'
import { previewRows } from '../data/split.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { inputTensor } from '../network/inputs.ts'
import { filterOf, filtersIn } from '../network/layer.ts'
import type { CompiledModel } from './compiled.ts'
import { filterImages } from './filterImages.ts'
import type { ModelSpec } from './modelSpec.ts'
import { randomness } from './randomness.ts'

/** Filters that are shown, and pixels that they may hold together. */
const filterCount = 64,
  filterPixels = 2 ** 21

/**
 * What the network makes of the dataset's preview rows now. The corruption shown is the same for every run and every moment, so
 * that runs can be compared by eye. Null for vectors of other than two values, of which there is nothing to be seen.
 */
export function makePreview(
  model: CompiledModel,
  { variant, config }: ModelSpec,
  dataset: PackedDataset,
  step: number,
  epoch: number,
): Preview | null {
  const plane = isPlane(dataset)
  if (dataset.kind !== 'image' && !plane) return null
  const rows = previewRows(dataset)
  const originals = inputTensor(dataset, rows)
  const corrupted = variant.corrupt
    ? tf.tidy(() => {
        const draws = randomness(tf.tensor1d([0, 0], 'int32'), tf.tensor1d(Int32Array.from(rows)))
        return variant.corrupt!(originals, draws, config.regularizer as never, dataset.channels).clone()
      })
    : null
  try {
    if (model.classify)
      return plane ? null : { step, epoch, reconstructions: null, corrupted: null, denoised: null, filters: filtersOf(model) }
    const reconstruct = <T>(input: Tensor2D, shown: (tensor: Tensor2D) => T): T => {
      const output = model.reconstruct(input)
      try {
        return shown(output)
      } finally {
        output.dispose()
      }
    }
    const all = <T>(shown: (tensor: Tensor2D) => T) => ({
      reconstructions: reconstruct(originals, shown),
      corrupted: corrupted && shown(corrupted),
      denoised: corrupted && reconstruct(corrupted, shown),
    })
    if (plane) return { step, epoch, reconstructions: null, corrupted: null, denoised: null, filters: null, points: all(pointsOf) }
    return { step, epoch, ...all((tensor) => imagesOf(tensor, dataset)), filters: filtersOf(model) }
  } finally {
    originals.dispose()
    corrupted?.dispose()
  }
}

/** A copy: the preview outlives the tensor. */
const pointsOf = (tensor: Tensor2D): Points => ({ count: tensor.shape[0], values: tensor.dataSync<'float32'>().slice() })

/** Values in [0, 1] as pictures. */
export const imagesOf = (tensor: Tensor2D, { width, height, channels }: PackedDataset): Images => ({
  count: tensor.shape[0],
  width,
  height,
  channels,
  pixels: pixelsOf(tensor),
})

const pixelsOf = (tensor: Tensor2D): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(tensor.dataSync(), (value) => Math.max(0, Math.min(255, Math.round(value * 255))))

/** The first filters of the first layer. */
function filtersOf(model: CompiledModel): Images {
  const { map, kernel: name } = model.layers.encoder[0]!
  const kernel = model.weights()[name]!,
    filters = filtersIn(map.kernel)
  const count = Math.min(filterCount, filters, Math.max(4, Math.floor(filterPixels / sizeOf(map.filter))))
  return filterImages(
    Array.from({ length: count }, (_, filter) => filterOf(kernel, filters, filter)),
    map.filter,
  )
}
