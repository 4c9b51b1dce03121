import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import type { Measurement } from './measurement.ts'
import { squaredErrors } from './reconstruction.ts'
import { forEachBatch, take } from './samples.ts'

/**
 * The network beside one picture for all, which needs none: the mean of the training samples.
 * - `meanImageSquaredError`: sum over values of (m - x)^2, m the mean of the run's training samples; mean over the test samples. Also of
 *   networks that reconstruct nothing: it is of the data alone.
 * - `reconstructionVariance`: variance of the reconstructions over the test samples by that of the samples, both summed over values: 0
 *   where every input gets the same picture. Null without reconstructions, and of samples that are all alike.
 */
export const meanImage: Measurement<'meanImageSquaredError' | 'reconstructionVariance'> = {
  weight: 3,
  async measure({ model, dataset, train }, report) {
    const { test, rowSize } = dataset
    if (test.length === 0 || train.length === 0) return { meanImageSquaredError: null, reconstructionVariance: null }
    const total = new Float64Array(rowSize)
    await forEachBatch(dataset, train, async ({ start, size, inputs }) => {
      addTo(total, inputs)
      await report((0.5 * (start + size)) / train.length)
    })
    const mean = tf.tensor2d(
      Float32Array.from(total, (sum) => sum / train.length),
      [1, rowSize],
    )
    let error = 0
    const ofInputs = new Spread(rowSize),
      ofOutputs = new Spread(rowSize)
    try {
      await forEachBatch(dataset, test, async ({ start, size, inputs }) => {
        for (const one of take(squaredErrors(inputs, mean))) error += one
        ofInputs.add(inputs)
        if (!model.classify) {
          const outputs = model.reconstruct(inputs)
          ofOutputs.add(outputs)
          outputs.dispose()
        }
        await report(0.5 + (0.5 * (start + size)) / test.length)
      })
    } finally {
      tf.dispose([mean, ...[ofInputs, ofOutputs].flatMap(({ place }) => place ?? [])])
    }
    const ratio = ofOutputs.variance(test.length) / ofInputs.variance(test.length)
    return {
      meanImageSquaredError: error / test.length,
      reconstructionVariance: model.classify || !Number.isFinite(ratio) ? null : ratio,
    }
  },
}

function addTo(sums: Float64Array, values: Tensor2D): void {
  take(values.sum(0)).forEach((sum, at) => {
    sums[at]! += sum
  })
}

/** The variance of rows, summed over their values, from their distances to a place that is near them: the mean of the first batch. */
class Spread {
  readonly #sums: Float64Array
  #squares = 0
  place: Tensor2D | null = null

  constructor(size: number) {
    this.#sums = new Float64Array(size)
  }

  add(rows: Tensor2D): void {
    const place = (this.place ??= tf.tidy(() => rows.mean<Tensor2D>(0, true)))
    const away = tf.tidy(() => rows.sub<Tensor2D>(place))
    for (const square of take(tf.tidy(() => away.square().sum(1)))) this.#squares += square
    addTo(this.#sums, away)
    away.dispose()
  }

  variance(count: number): number {
    return Math.max(0, this.#squares / count - this.#sums.reduce((total, sum) => total + (sum / count) ** 2, 0))
  }
}
