import { nearEnd } from '../figures/protocol.ts'
import { activationRange, inactiveState } from '../network/activation.ts'
import { tf, type Tensor, type Tensor2D } from '../trace/tensorflow.ts'
import type { Measurement } from './measurement.ts'
import type { Model } from './model.ts'
import { forEachBatch, notFinite } from './samples.ts'

/**
 * What the encoder's units do on the test samples. The inactive state of a unit is 0, for tanh -1, but 0 of all that a gate can close.
 * - `saturation`: share of code activations (before a gate) within 0.05 of an end of their range. Null where the range is unbounded.
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
    if (test.length === 0)
      return { saturation: null, linearShare: null, meanActivation: null, hoyerSparsity: null, unitActivity: null }
    const units = model.codeSize
    const sums = new Float64Array(units)
    const active = new Float64Array(units)
    const hoyer = new Mean()
    const saturated = new Mean()
    const linear = new Mean()
    await forEachBatch(dataset, test, async ({ start, size, inputs }) => {
      const found = observe(model, inputs)
      if (!found.sums.every(Number.isFinite)) throw notFinite('codes')
      found.sums.forEach((sum, unit) => {
        sums[unit]! += sum
      })
      found.active.forEach((count, unit) => {
        active[unit]! += count
      })
      for (const value of found.hoyer) if (Number.isFinite(value)) hoyer.add(value, 1)
      saturated.add(...found.saturated)
      linear.add(...found.linear)
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

/** What is counted of one batch; of shares how many and of how many. */
function observe(model: Model, inputs: Tensor2D) {
  tf.engine().startScope('observe')
  try {
    const { layers, code } = model.encodeLayers(inputs)
    const { activation, output } = layers.at(-1)!
    const [low, high] = activationRange[activation]
    const distance = code.sub(inactiveState(activation, model.gated ?? false)).abs()
    const largest = Math.sqrt(code.shape[1])
    const ratio = distance.sum(1).div(distance.square().sum(1).sqrt())
    const nonlinear = layers.filter((layer) => layer.activation !== 'linear')
    return {
      /** By unit. */
      sums: read(code.sum(0)),
      active: read(distance.greater(nearEnd).cast('float32').sum(0)),
      /** By sample; NaN where no unit is active. */
      hoyer: read(
        ratio
          .neg()
          .add(largest)
          .div(largest - 1),
      ),
      saturated: Number.isFinite(high - low)
        ? share([tf.logicalOr(output.lessEqual(low + nearEnd), output.greaterEqual(high - nearEnd))])
        : share([]),
      linear: share(nonlinear.map(({ pre }) => pre.abs().lessEqual(1))),
    }
  } finally {
    tf.engine().endScope()
  }
}

const read = (tensor: Tensor): Float32Array => tensor.dataSync<'float32'>()

/** How often the conditions hold together, and how often they could. */
const share = (conditions: Tensor[]): [number, number] =>
  conditions.reduce(([count, all], condition) => [count + read(condition.cast('float32').sum())[0]!, all + condition.size], [0, 0])

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
