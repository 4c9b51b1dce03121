import { tf } from '../trace/tensorflow.ts'
import type { Measurement } from './measurement.ts'
import { forEachBatch, notFinite, take } from './samples.ts'

/**
 * `classificationAccuracy`: share of the labelled test samples whose most probable class by the network's own softmax layer is
 * theirs; null for networks without one. No training label is used here.
 * @throws RUN_DIVERGED where probabilities are not finite.
 */
export const classification: Measurement<'classificationAccuracy'> = {
  weight: 1,
  async measure({ model, dataset }, report) {
    const { labels } = dataset
    const rows = labels ? dataset.test.filter((row) => labels[row]! >= 0) : new Uint32Array()
    if (!model.classify || !labels || rows.length === 0) return { classificationAccuracy: null }
    let right = 0
    await forEachBatch(dataset, rows, async ({ start, size, inputs }) => {
      const probabilities = model.classify!(inputs)
      const classes = take(tf.tidy(() => probabilities.argMax(1).cast('float32')))
      const total = take(tf.tidy(() => probabilities.sum()))[0]!
      probabilities.dispose()
      if (!Number.isFinite(total)) throw notFinite('class probabilities')
      for (let i = 0; i < size; i++) if (classes[i] === labels[rows[start + i]!]) right++
      await report((start + size) / rows.length)
    })
    return { classificationAccuracy: right / rows.length }
  },
}
