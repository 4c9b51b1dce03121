import { activationRange } from '../network/activation.ts'
import { tf, type Tensor } from '../trace/tensorflow.ts'
import type { Measurement } from './measurement.ts'
import type { EncoderPass } from './model.ts'
import { forEachBatch, notFinite, take } from './samples.ts'

/** An activation this near to an end of its range is saturated; a unit is active in an image when it is farther than this from its inactive state. */
export const nearEnd = 0.05

/**
 * What the encoder's units do on the test samples. The inactive state of a unit is 0, for tanh -1.
 * - `saturation`: share of code activations within 0.05 of an end of their range. Null where the range is unbounded.
 * - `linearShare`: share of pre-activations in [-1, 1] among all units of all encoder layers, the code's included, that have a
 *   nonlinearity to use. Null where no layer has one.
 * - `meanActivation`: mean over samples and code units.
 * - `hoyerSparsity`: mean over samples of (sqrt Z - |d|_1 / |d|_2) / (sqrt Z - 1), d the code's distance from the inactive state
 *   (Hoyer 2004, section 3.1): 0 where all units are equally active, 1 where a single one is. Samples in which no unit is
 *   active at all count nowhere. Null for codes of one unit.
 * - `unitActivity`: for every code unit the share of samples in which it is farther than 0.05 from its inactive state.
 * @throws RUN_DIVERGED where activations are not finite.
 */
export const codeActivity: Measurement<'saturation' | 'linearShare' | 'meanActivation' | 'hoyerSparsity' | 'unitActivity'> = {
  weight: 1,
  async measure({ model, dataset }, report) {
    const { test } = dataset
    if (test.length === 0) return { saturation: null, linearShare: null, meanActivation: null, hoyerSparsity: null, unitActivity: null }
    const units = model.codeSize
    const sums = new Float64Array(units)
    const active = new Float64Array(units)
    const hoyer = new Mean()
    const saturated = new Mean()
    const linear = new Mean()
    await forEachBatch(dataset, test, async ({ start, size, inputs }) => {
      const found = tf.tidy(() => observe(model.encodeLayers(inputs)))
      const own = take(found.sums)
      if (!own.every(Number.isFinite)) throw notFinite('codes')
      own.forEach((sum, unit) => { sums[unit]! += sum })
      take(found.active).forEach((count, unit) => { active[unit]! += count })
      for (const value of take(found.hoyer)) if (Number.isFinite(value)) hoyer.add(value, 1)
      if (found.saturated) saturated.add(take(found.saturated)[0]!, size * units)
      for (const shares of found.linear) {
        const [inside, all] = take(shares)
        linear.add(inside!, all!)
      }
      await report((start + size) / test.length)
    })
    return {
      saturation: saturated.value(),
      linearShare: linear.value(),
      meanActivation: sums.reduce((total, sum) => total + sum, 0) / (test.length * units),
      hoyerSparsity: units === 1 ? null : hoyer.value(),
      unitActivity: Array.from(active, (count) => count / test.length),
    }
  },
}

/** What is counted of one batch. */
function observe({ layers, code }: EncoderPass) {
  const { activation } = layers.at(-1)!
  const [low, high] = activationRange[activation]
  const distance = code.sub(activation === 'tanh' ? -1 : 0).abs()
  const largest = Math.sqrt(code.shape[1])
  const ratio = distance.sum(1).div(distance.square().sum(1).sqrt())
  return {
    /** By unit. */
    sums: code.sum(0),
    active: distance.greater(nearEnd).cast('float32').sum(0),
    /** By sample; NaN where no unit is active. */
    hoyer: ratio.neg().add(largest).div(largest - 1),
    saturated: Number.isFinite(high - low) ? count(tf.logicalOr(code.lessEqual(low + nearEnd), code.greaterEqual(high - nearEnd))) : undefined,
    /** By layer: how many are inside, and of how many. */
    linear: layers.filter((layer) => layer.activation !== 'linear').map(({ pre }) => tf.stack([count(pre.abs().lessEqual(1)), tf.scalar(pre.size)])),
  }
}

const count = (condition: Tensor): Tensor => condition.cast('float32').sum()

/** A mean of many parts; null of nothing. */
class Mean {
  #total = 0
  #count = 0

  add(total: number, count: number): void {
    this.#total += total
    this.#count += count
  }

  value(): number | null {
    return this.#count > 0 ? this.#total / this.#count : null
  }
}
