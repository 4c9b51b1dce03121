import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import type { Measurement } from './measurement.ts'
import { squaredErrors } from './reconstruction.ts'
import { forEachBatch, take } from './samples.ts'

/**
 * Of a network that was trained on corrupted inputs, what it makes of the test samples corrupted in that way; beside the
 * figures of the clean ones it can be seen which of the two it is made for.
 * - `corruptedSquaredError`: sum over values of (x' - x)^2 against the clean sample, mean over samples. Null for networks without one.
 * - `brightness`: means over all values of the images, and of the reconstructions of the clean and of the corrupted ones. Null
 * for vectors.
 */
export const trainedCorruption: Measurement<'corruptedSquaredError' | 'brightness'> = {
  weight: 3,
  async measure({ model, dataset, corrupt = null }, report) {
    const { test } = dataset
    if (test.length === 0 || model.classify) return { corruptedSquaredError: null, brightness: null }
    let error = 0
    let corrupts = corrupt !== null
    const sums = { input: 0, clean: 0, corrupted: 0 }
    await forEachBatch(dataset, test, async ({ start, size, inputs }) => {
      const add = (name: keyof typeof sums, values: Tensor2D) => {
        sums[name] += size * take(tf.tidy(() => values.mean()))[0]!
      }
      add('input', inputs)
      const clean = model.reconstruct(inputs)
      add('clean', clean)
      clean.dispose()
      const corrupted = corrupts ? corrupt!(inputs, test.subarray(start, start + size), start) : inputs
      corrupts &&= corrupted !== inputs
      if (corrupts) {
        const outputs = model.reconstruct(corrupted)
        corrupted.dispose()
        for (const one of take(squaredErrors(inputs, outputs))) error += one
        add('corrupted', outputs)
        outputs.dispose()
      }
      await report((start + size) / test.length)
    })
    const finite = (total: number): number | null => (Number.isFinite(total) ? total / test.length : null)
    const input = finite(sums.input),
      clean = finite(sums.clean)
    return {
      corruptedSquaredError: corrupts ? finite(error) : null,
      brightness:
        dataset.kind !== 'image' || input === null || clean === null
          ? null
          : { input, clean, corrupted: corrupts ? finite(sums.corrupted) : null },
    }
  },
}
