import type { Augmentation } from '../../../shared/augmentation.ts'
import type { Shape } from '../../../shared/shape.ts'
import { native, type } from '../trace/native.ts'
import { tf, type Tensor, type Tensor2D } from '../trace/tensorflow.ts'
import type { Randomness } from './randomness.ts'

/** Where in the draws of an image each change has its own, so that none depends on which others are on. */
const places = { flip: 0, flipVertical: 1, shiftX: 2, shiftY: 3, cropScale: 4, cropX: 5, cropY: 6, brightness: 7 } as const
const count = 8

const int = (value: number): Tensor => tf.scalar(value, 'int32')
const attributes = {
  Tparams: type('float32'),
  Tindices: type('int32'),
  Taxis: type('int32'),
  batch_dims: { kind: 'int', value: 1 },
} as const

/** Values at places of their own along an axis, image by image. @param at int32 [B, n] */
const gathered = (x: Tensor, at: Tensor, axis: number): Tensor => native('GatherV2', attributes, [x, at, int(axis)])

/** Where along an axis each new pixel is taken from: [B, size], within [0, size - 1]; `whole`: at pixels, not between them. */
interface Places {
  at: Tensor
  whole: boolean
}

/** What was drawn for one axis, [B, 1] each; null for what is off. */
interface Drawn {
  flips: Tensor | null
  shift: Tensor | null
  scale: Tensor | null
  start: Tensor
}

/** @param most pixels that an image is moved by */
function placesAlong(size: number, { flips, shift, scale, start }: Drawn, most: number): Places | null {
  if (!flips && !shift && !scale) return null
  const index = native('Range', { Tidx: type('int32') }, [int(0), int(size), int(1)])
    .cast('float32')
    .reshape([1, size])
  // Of half of the images the last pixel comes first.
  let at: Tensor = flips
    ? index.add(
        flips
          .less(0.5)
          .cast('float32')
          .mul(index.mul(-2).add(size - 1)),
      )
    : index
  // A window of scale * size pixels that begins at start * (size - scale * size); pixels are sampled at their centres.
  if (scale) at = at.add(0.5).mul(scale).add(scale.mul(-1).add(1).mul(start).mul(size)).sub(0.5)
  if (shift)
    at = at.sub(
      shift
        .mul(2 * most + 1)
        .floor()
        .minimum(2 * most)
        .sub(most),
    )
  return { at: at.clipByValue(0, size - 1), whole: scale === null }
}

/** @param axis of `x`, whose first axis is the images' */
function resampled(x: Tensor, from: Places | null, axis: number): Tensor {
  if (!from) return x
  const { at, whole } = from
  if (whole) return gathered(x, at.cast('int32'), axis)
  const below = at.floor()
  const [batch, size] = at.shape as [number, number]
  const share = at.sub(below).reshape(x.shape.map((_, index) => (index === 0 ? batch : index === axis ? size : 1)))
  const lower = gathered(x, below.cast('int32'), axis)
  const upper = gathered(
    x,
    below
      .add(1)
      .minimum(x.shape[axis]! - 1)
      .cast('int32'),
    axis,
  )
  return lower.add(upper.sub(lower).mul(share))
}

/**
 * Images as a training step sees them, each changed by draws of its own that are a function of (seed, step): cropped and brought back to
 * size, mirrored, moved, made lighter or darker. A constant for the gradient. Flips and shifts move values and make no new ones.
 * @param x [B, height * width * channels], in [0, 1] @returns the same shape, in [0, 1]
 */
export function augmented(x: Tensor2D, { width, height, channels }: Shape, wanted: Augmentation, random: Randomness): Tensor2D {
  const { flip, flipVertical, shift, crop, brightness } = wanted
  const [batch, values] = x.shape
  const draws = random.uniform('augment', [batch, count])
  const drawn = (name: keyof typeof places): Tensor => draws.slice([0, places[name]], [batch, 1])
  const scale =
    crop < 1
      ? drawn('cropScale')
          .mul(1 - crop)
          .add(crop)
      : null
  const along = (name: 'X' | 'Y', size: number, flips: Tensor | null) =>
    placesAlong(size, { flips, shift: shift > 0 ? drawn(`shift${name}`) : null, scale, start: drawn(`crop${name}`) }, shift)
  const rows = resampled(
    x.reshape([batch, height, width * channels]),
    along('Y', height, flipVertical ? drawn('flipVertical') : null),
    1,
  )
  const columns = along('X', width, flip ? drawn('flip') : null)
  const moved = resampled(rows.reshape([batch, height, width, channels]), columns, 2).reshape([batch, values])
  if (brightness === 0) return moved as Tensor2D
  return moved
    .add(
      drawn('brightness')
        .mul(2 * brightness)
        .sub(brightness),
    )
    .clipByValue(0, 1) as Tensor2D
}
