import type { Activation, Config } from '../../../shared/config.ts'
import type { PackedDataset } from '../data/packed.ts'
import { gatherBatch } from '../network/inputs.ts'
import type { Layers } from '../network/weights.ts'
import { batchesOf } from './batches.ts'

/** Values that are read at once. */
const batchValues = 2 ** 22
/** How close to the end of its range an output begins. */
const margin = 1e-3

const within = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** What a unit has to be given for its output to be a value, or the nearest that it can give and still learn from. */
const inverse: Record<Activation, (value: number) => number> = {
  linear: (value) => value,
  sigmoid: (value) => {
    const share = within(value, margin, 1 - margin)
    return Math.log(share / (1 - share))
  },
  tanh: (value) => Math.atanh(within(value, margin - 1, 1 - margin)),
  relu: (value) => Math.max(value, margin),
  elu: (value) => (value > 0 ? value : Math.log1p(Math.max(value, margin - 1))),
  softplus: (value) => Math.log(Math.expm1(Math.max(value, margin))),
}

/** Whether outputs of images begin at their mean. Boltzmann machines begin as their own guide says. */
export const beginsAtMean = ({ training, pretraining }: Config): boolean =>
  training.outputBias === 'mean' && pretraining.kind !== 'rbm'

/**
 * The bias with which a network whose code says nothing yet gives the mean of its training rows (Burda, Grosse and Salakhutdinov 2016
 * begin so): of every value, or of every channel where the output goes through a convolution. In float64, row by row.
 * @param decoder of the network: its last layer is the output
 */
export function meanBias(
  decoder: Layers['decoder'],
  dataset: PackedDataset,
  rows: Uint32Array,
): [name: string, values: Float32Array] {
  const { map, adjoint, bias, activation } = decoder.at(-1)!
  const count = adjoint ? map.biases.in : map.biases.out,
    { rowSize } = dataset
  const sums = new Float64Array(count)
  for (const part of batchesOf(rows, Math.max(1, Math.floor(batchValues / rowSize)))) {
    const batch = gatherBatch(dataset, part)
    for (let at = 0; at < batch.length; at++) sums[at % count]! += batch[at]!
  }
  const number = (rows.length * rowSize) / count,
    scale = dataset.kind === 'image' ? 255 : 1
  return [bias, Float32Array.from(sums, (sum) => inverse[activation](sum / number / scale))]
}
