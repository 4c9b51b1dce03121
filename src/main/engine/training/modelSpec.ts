import { readAugmentation } from '../../../shared/augmentation.ts'
import type { Config } from '../../../shared/config.ts'
import type { Shape } from '../../../shared/shape.ts'
import { augmented } from '../network/augment.ts'
import type { Randomness } from '../network/randomness.ts'
import type { Tensor2D } from '../trace/tensorflow.ts'
import type { Variant } from '../variants/variant.ts'

/** What a network is, as far as it can be compiled. */
export interface ModelSpec {
  variant: Variant
  config: Config
  input: Shape
  /** Images arrive as uint8 and are divided by 255 in the graph; vectors arrive as float32. */
  kind: 'image' | 'vector'
  /** Number of the dataset's classes; only networks that classify need it. */
  classes?: number
}

/** The images of a batch as a step of training sees them: changed where the config says so. @param x [B, D] */
export function trainedOn({ config, input }: ModelSpec, x: Tensor2D, random: Randomness): Tensor2D {
  const { augment } = config.data
  if (augment === 'none') return x
  const wanted = readAugmentation(augment)
  if (typeof wanted === 'string') throw new Error(`images cannot be changed by “${augment}”: ${wanted}`)
  return augmented(x, input, wanted, random)
}
