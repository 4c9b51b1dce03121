import { forEachBatch } from '../evaluate/samples.ts'
import { activationRange } from '../network/activation.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import type { Distribution } from './network.ts'
import { sampleRows } from './rows.ts'
import type { Subject } from './subject.ts'

/** Images that the deviation of a decoder's errors is measured on. */
const errorImages = 1000

/** What the decoder's output says of the values. The deviation of an autoencoder's errors is measured on its test images. */
export async function distributionOf(subject: Subject): Promise<Distribution> {
  const stated = subject.network.distribution(Number.NaN)
  if (!Number.isNaN(stated.deviation ?? 0)) return stated
  return subject.network.distribution(
    await subject.rememberLater('deviation', async () => {
      const rows = sampleRows(subject.dataset.test, null, errorImages, 1)
      let total = 0
      await forEachBatch(subject.dataset, rows, ({ inputs }) => {
        const error = tf.tidy(() => subject.network.reconstruct(inputs).sub(inputs).square().sum())
        total += error.dataSync()[0]!
        error.dispose()
      })
      return Math.sqrt(total / (rows.length * subject.dataset.rowSize))
    }),
  )
}

/** Codes kept within what the code's activation can give. */
export function withinRange(subject: Pick<Subject, 'network'>, codes: Tensor2D): Tensor2D {
  const [low, high] = activationRange[subject.network.codeActivation]
  return Number.isFinite(low) || Number.isFinite(high)
    ? (codes.clipByValue(Math.max(low, -3e38), Math.min(high, 3e38)) as Tensor2D)
    : codes
}

/** Why a code was kept within a range, as the end of a sentence; empty where it has none. */
export function rangeWords({ network }: Pick<Subject, 'network'>): string {
  const [low, high] = activationRange[network.codeActivation]
  if (!Number.isFinite(low) && !Number.isFinite(high)) return ''
  return `, kept within ${Number.isFinite(high) ? `[${low}, ${high}]` : `what ${network.codeActivation} gives, from ${low} on`}`
}

/** How values are drawn from what the decoder gives, as a part of a sentence. */
export function distributionWords({ kind, deviation }: Distribution): string {
  if (kind === 'bernoulli') return 'each pixel is drawn as 0 or 1 with the decoder’s output as its probability'
  return deviation === null
    ? 'each value is drawn from the normal distribution that the decoder gives'
    : `each value is drawn with the decoder’s output as its mean and a deviation of ${deviation.toPrecision(3)}`
}
