import { readAugmentation } from '../../../shared/augmentation.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Images } from '../../../shared/domain.ts'
import { openDataset } from '../data/open.ts'
import { augmented } from '../network/augment.ts'
import { inputTensor } from '../network/inputs.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { imagesOf } from '../training/preview.ts'
import { randomness } from '../training/randomness.ts'

export interface AugmentJob {
  kind: 'augment'
  datasetFolder: string
  augment: string
  seed: number
  /** So many of a training's first steps. */
  steps: number
}
export interface AugmentResult {
  originals: Images
  /** Of each step. */
  changed: Images[]
}

/** Images that are shown, and values that they may have together. */
const shown = 8,
  mostValues = 2 ** 24

/**
 * Some training images as they are, and as the first steps of a training with this seed would change them.
 * @throws WorkbenchError SETTING_INVALID, FILE_DAMAGED
 */
export function augmentImages({ datasetFolder, augment, seed, steps }: AugmentJob): AugmentResult {
  const wanted = readAugmentation(augment)
  if (typeof wanted === 'string') throw new WorkbenchError('SETTING_INVALID', wanted, { field: 'data.augment' })
  const dataset = openDataset(datasetFolder, { resident: false })
  try {
    const count = Math.min(shown, dataset.train.length, Math.max(1, Math.floor(mostValues / dataset.rowSize)))
    const rows = Uint32Array.from(
      { length: count },
      (_, index) => dataset.train[Math.floor((index * dataset.train.length) / count)]!,
    )
    return tf.tidy(() => {
      const originals = inputTensor(dataset, rows)
      const changed = Array.from({ length: steps }, (_, step): Images => {
        const random = randomness(tf.tensor1d([seed, step + 1], 'int32'), tf.tensor1d(Int32Array.from(rows), 'int32'))
        return imagesOf(augmented(originals, dataset, wanted, random) as Tensor2D, dataset)
      })
      return { originals: imagesOf(originals, dataset), changed }
    })
  } finally {
    dataset.close()
  }
}
