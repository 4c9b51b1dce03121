import { shapeOf } from '../../../shared/shape.ts'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import type { PackedDataset } from '../data/packed.ts'
import type { Measurement } from './measurement.ts'
import type { Model } from './model.ts'
import { forEachBatch, notFinite, take } from './samples.ts'
import { fitsWindow, structuralSimilarities } from './ssim.ts'

/** Reconstructions are clipped to [1e-6, 1 - 1e-6] where their logarithm is taken. */
const clip = 1e-6
/** The peak signal-to-noise ratio of a single image is at most this, dB: an image reconstructed exactly would be infinite. */
const largestPsnr = 100

/** Of no test samples, and of networks without reconstructions. */
const nothing = {
  squaredError: null,
  squaredErrorPerValue: null,
  crossEntropy: null,
  psnr: null,
  ssim: null,
  withoutSsim: null,
}

/**
 * How well the test samples are reconstructed; means over samples.
 * - `squaredError`: sum over values of (x' - x)^2.
 * - `squaredErrorPerValue`: that by the number of values of an image. Null for vectors, whose values have scales of their own.
 * - `crossEntropy`: sum over values of -[x log x' + (1 - x) log(1 - x')] in nats; null for vectors, and where a
 *   reconstruction leaves [0, 1].
 * - `psnr`: of each image 10 log10(1 / its mean squared error per value), the peak being 1, at most 100 dB; then the mean over
 *   images, as image restoration papers report it (not the ratio of the pooled error, which a few bad images would decide).
 *   Reconstructions are not clipped. Null for vectors, which have no peak.
 * - `ssim`: the structural similarity of each image, reconstructions not clipped; mean over images. Null for vectors and for images
 *   that are smaller than its window, of which `withoutSsim` says so.
 * @throws RUN_DIVERGED where reconstructions are not finite.
 */
export const reconstruction: Measurement<
  'squaredError' | 'squaredErrorPerValue' | 'crossEntropy' | 'psnr' | 'ssim' | 'withoutSsim'
> = {
  weight: 2,
  async measure({ model, dataset, outputRange }, report) {
    const { test, rowSize } = dataset
    const images = dataset.kind === 'image'
    if (test.length === 0 || model.classify) return nothing
    const shape = shapeOf(dataset)
    const structured = images && fitsWindow(shape)
    const confined = outputRange[0] >= 0 && outputRange[1] <= 1
    let squaredError = 0
    let psnr = 0
    let ssim = 0
    let crossEntropy: number | null = images ? 0 : null
    await forEachBatch(dataset, test, async ({ start, size, inputs }) => {
      const outputs = model.reconstruct(inputs)
      try {
        for (const error of take(squaredErrors(inputs, outputs))) {
          if (!Number.isFinite(error)) throw notFinite('reconstructions')
          squaredError += error
          psnr += Math.min(largestPsnr, -10 * Math.log10(error / rowSize))
        }
        if (crossEntropy !== null) {
          crossEntropy = confined || within(outputs) ? crossEntropy + sum(take(crossEntropies(inputs, outputs))) : null
        }
        if (structured) ssim += sum(take(structuralSimilarities(inputs, outputs, shape)))
      } finally {
        outputs.dispose()
      }
      await report((start + size) / test.length)
    })
    const mean = (total: number) => total / test.length
    return {
      squaredError: mean(squaredError),
      squaredErrorPerValue: images ? mean(squaredError) / rowSize : null,
      crossEntropy: crossEntropy === null ? null : mean(crossEntropy),
      psnr: images ? mean(psnr) : null,
      ssim: structured ? mean(ssim) : null,
      withoutSsim: images && !structured ? 'smallImages' : null,
    }
  },
}

/** The squared error of some rows, as `squaredError` is of the test samples; NaN where there are no rows. */
export async function squaredErrorOf(
  model: Pick<Model, 'reconstruct'>,
  dataset: PackedDataset,
  rows: Uint32Array,
): Promise<number> {
  let total = 0
  await forEachBatch(dataset, rows, ({ inputs }) => {
    const outputs = model.reconstruct(inputs)
    try {
      for (const error of take(squaredErrors(inputs, outputs))) total += error
    } finally {
      outputs.dispose()
    }
  })
  return total / rows.length
}

/** Sum over values of (x' - x)^2 of every sample: [N]. */
export function squaredErrors(inputs: Tensor2D, outputs: Tensor2D): Tensor1D {
  return tf.tidy(() => tf.squaredDifference(outputs, inputs).sum(1) as Tensor1D)
}

/** Sum over values of the cross-entropy of every sample, nats: [N]. */
function crossEntropies(inputs: Tensor2D, outputs: Tensor2D): Tensor1D {
  return tf.tidy(() => {
    const likely = tf.clipByValue(outputs, clip, 1 - clip)
    const hit: Tensor = inputs.mul(likely.log())
    const miss: Tensor = tf.scalar(1).sub(inputs).mul(tf.scalar(1).sub(likely).log())
    return hit.add(miss).sum(1).neg() as Tensor1D
  })
}

function within(outputs: Tensor2D): boolean {
  const [low, high] = tf.tidy(() => [outputs.min(), outputs.max()] as const)
  return take(low)[0]! >= 0 && take(high)[0]! <= 1
}

const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0)
