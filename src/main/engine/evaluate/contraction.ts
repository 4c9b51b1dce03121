import { random, shuffleInPlace } from '../data/random.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { draw, evaluationSeed } from './draws.ts'
import { contractionRadii as radii, derivativeSamples } from '../figures/protocol.ts'
import { finiteMean, samplesAtOnce, sumOfNorms } from './jacobian.ts'
import type { Measurement } from './measurement.ts'
import { forEachBatch, take } from './samples.ts'

/**
 * `contractionRatio`, on the first 1,000 test samples (Rifai et al. 2011, section 5.3):
 * - `radius`: for each r, the mean over samples x of |f(x + r u) - f(x)| / r, u a random unit vector (one for each sample, the
 *   same at every radius and for every run); x + r u is not clipped. 1: distances are kept; below 1: the encoder contracts.
 * - `midpointJacobianNorm`: mean of ||df/dx||_F half way between the two samples of a pair. Each sample is in one pair, drawn at
 *   random. What is flat at the samples may be steep between them: compare with `jacobianNorm`.
 */
export const contraction: Measurement<'contractionRatio'> = {
  weight: 2,
  async measure({ model, dataset }, report) {
    const rows = dataset.test.subarray(0, derivativeSamples)
    if (rows.length === 0) return { contractionRatio: null }
    const totals = radii.map(() => 0)
    await forEachBatch(dataset, rows, async ({ start, size, inputs }) => {
      const directions = directionsFrom(inputs.shape, start)
      const codes = model.encode(inputs)
      try {
        radii.forEach((radius, r) => {
          const moved = tf.tidy(() => inputs.add(directions.mul(radius)) as Tensor2D)
          const distant = model.encode(moved)
          moved.dispose()
          const distances = take(tf.tidy(() => tf.squaredDifference(distant, codes).sum(1).sqrt()))
          distant.dispose()
          for (const distance of distances) totals[r]! += distance / radius
        })
      } finally {
        tf.dispose([directions, codes])
      }
      await report((0.2 * (start + size)) / rows.length)
    })

    const pairs = shuffleInPlace(rows.slice(), random('pairs', evaluationSeed)).subarray(0, rows.length - (rows.length % 2))
    let norms = 0
    await forEachBatch(
      dataset,
      pairs,
      async ({ start, size, inputs }) => {
        const midpoints = tf.tidy(() => inputs.reshape([size / 2, 2, -1]).mean(1) as Tensor2D)
        norms += sumOfNorms(model, midpoints)
        midpoints.dispose()
        await report(0.2 + (0.8 * (start + size)) / pairs.length)
      },
      2 * samplesAtOnce,
    )
    return {
      contractionRatio: {
        radius: Object.fromEntries(radii.map((radius, r) => [String(radius), finiteMean(totals[r]!, rows.length)])),
        midpointJacobianNorm: finiteMean(norms, pairs.length / 2),
      },
    }
  },
}

/** Random unit vectors [n, D] for the test samples from index `start` on, uniform over the sphere. */
export const directionsFrom = (shape: [number, number], start: number): Tensor2D =>
  tf.tidy(() => {
    const drawn = draw('normal', 'directions', shape, start)
    return drawn.div(drawn.square().sum(1, true).sqrt()) as Tensor2D
  })
