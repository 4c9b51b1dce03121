import { noiseLevels } from '../figures/protocol.ts'
import { corrupt, corruptions } from './corruption.ts'
import type { Measurement } from './measurement.ts'
import { squaredErrors } from './reconstruction.ts'
import { forEachBatch, take } from './samples.ts'

/**
 * Squared error (sum over values, mean over test samples) of the reconstruction of a corrupted input against the clean
 * sample, by kind and level of the corruption. Null where the network's answer to a corrupted input is not finite.
 */
export const robustness: Measurement<'robustness'> = {
  weight: 8,
  async measure({ model, dataset }, report) {
    const { test } = dataset
    if (test.length === 0 || model.classify) return { robustness: null }
    const totals = corruptions.map(() => noiseLevels.map(() => 0))
    await forEachBatch(dataset, test, async ({ start, size, inputs }) => {
      corruptions.forEach((kind, k) => {
        const corrupted = corrupt(kind, inputs, start)
        corrupted.forEach((batch, level) => {
          const outputs = model.reconstruct(batch)
          for (const error of take(squaredErrors(inputs, outputs))) totals[k]![level]! += error
          outputs.dispose()
          batch.dispose()
        })
      })
      await report((start + size) / test.length)
    })
    const [masking, gaussian] = totals.map((byLevel) =>
      Object.fromEntries(
        byLevel.map((total, level) => [String(noiseLevels[level]), Number.isFinite(total) ? total / test.length : null]),
      ),
    )
    return { robustness: { masking: masking!, gaussian: gaussian! } }
  },
}
