import type { Config } from '../../../shared/config.ts'
import type { PackedDataset } from '../data/packed.ts'
import { batchSize } from '../evaluate/samples.ts'
import { inputTensor } from '../network/inputs.ts'
import type { Network } from '../network/network.ts'
import { largest } from '../network/operations.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import type { Variant } from '../variants/variant.ts'

/** Far more than float32 rounding changes a code, and far less than would matter. */
const perturbation = 1e-4
const draws = 8

/**
 * Test images to compare two computations of a network on. A gate lets through what is largest: where two units are equal but
 * for rounding, another order of the same sums lets the other one through, and both are right. Such images, found by changing
 * the code a little, say nothing and are left out; where hardly any others are left, they are taken as they come. A function of
 * network and dataset.
 */
export function clearRows(
  variant: Pick<Variant, 'gate'>,
  config: Config,
  network: () => Network,
  dataset: PackedDataset,
  count: number,
): Uint32Array {
  if (!variant.gate) return dataset.test
  const clear: number[] = []
  const limit = batchSize(dataset.rowSize)
  for (let start = 0; start < dataset.test.length && clear.length < count; start += limit) {
    const rows = dataset.test.subarray(start, start + limit)
    const changes = tf.tidy(() => {
      const code = network().encodeLayers(inputTensor(dataset, rows)).at(-1)!.output
      const open = (values: Tensor2D) => variant.gate!(values, config.regularizer as never, { largest }).notEqual(0)
      const undisturbed = open(code)
      return Array.from({ length: draws }, (_, draw) =>
        undisturbed.notEqual(open(code.mul(tf.randomNormal(code.shape, 0, perturbation, 'float32', draw + 1).add(1)))).any(1),
      )
        .reduce((any, one) => any.logicalOr(one))
        .dataSync()
        .slice()
    })
    rows.forEach((row, index) => {
      if (changes[index] === 0) clear.push(row)
    })
  }
  return clear.length < Math.min(count, dataset.test.length) / 4 ? dataset.test : Uint32Array.from(clear)
}
