import { shuffled } from '../../src/main/engine/data/split.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { tf } from '../../src/main/engine/trace/tensorflow.ts'
import { gatherBatch } from '../../src/main/engine/network/inputs.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import { PlainModel } from '../../test/fixtures/plainModel.ts'
import type { ModelSpec } from '../../src/main/engine/training/modelSpec.ts'
import { withStatistics } from '../../src/main/engine/training/statistics.ts'
import { variantOf } from '../../src/main/engine/variants/index.ts'
import type { Config } from '../../src/shared/config.ts'
import type { Shape } from '../../src/shared/shape.ts'
import type { PackedDataset } from '../../src/main/engine/data/packed.ts'
import { noiseInMemory } from '../images.ts'
import { mnistInMemory } from '../mnist.ts'
import { operationsOfStep, peakOfProducts } from './limit.ts'
import { TfjsLoop } from './tfjsLoop.ts'

/**
 * `compiled`: as the product trains; `plain`: its reference, the same update by tfjs operation by operation; `loop`: the
 * objective written with tfjs's own operations and optimizer; `fit`: the classical network by tfjs's `model.fit`.
 */
export const modes = ['compiled', 'plain', 'loop', 'fit'] as const
export type Mode = (typeof modes)[number]
export interface Measured {
  /** Of all steps together, as a training takes them. */
  msPerStep: number
  /** Of single steps; of `fit`, which does not tell, the mean. */
  median: number
  least: number
  mode: Mode
  steps: number
  threads: number
  /** What the arithmetic alone takes where matrix products are as quick as they get here; measured of convolutional networks. */
  limit: { gigaflop: number; peak: number; ms: number } | null
}

const warmUp = 20

/** So many images of noise stand for those of a size. */
const noiseImages = 2048

/**
 * Milliseconds of a training step, batches gathered and shuffled as in training.
 * @param size of images of noise; null: on MNIST
 */
export async function measureStep(
  variantId: string,
  config: Config,
  mode: Mode,
  steps: number,
  size: Shape | null = null,
): Promise<Measured> {
  const dataset = size === null ? mnistInMemory() : noiseInMemory(size, Math.max(noiseImages, config.training.batchSize))
  const threads = Number(process.env['TF_NUM_INTRAOP_THREADS'])
  const ran = { mode, steps, threads }
  if (mode === 'fit') {
    const mean = await fit(config, steps, dataset)
    return { ...ran, msPerStep: mean, median: mean, least: mean, limit: null }
  }
  const limit = config.network.convolutions.length === 0 ? null : limitOf(operationsOfStep(variantId, config, dataset))
  const data = { read: dataset, seen: dataset, fingerprint: '' }
  const standardised = await withStatistics(config, data, dataset.train, { wanted: async () => false })
  const spec: ModelSpec = {
    variant: variantOf(variantId),
    config: standardised,
    input: dataset,
    kind: 'image',
  }
  const { batchSize, learningRate } = config.training
  const model =
    mode === 'compiled' ? new CompiledModel(spec, [batchSize]) : mode === 'plain' ? new PlainModel(spec, 1) : new TfjsLoop(spec)
  if (model instanceof CompiledModel)
    model.load(Object.fromEntries(model.specs.map((weight) => [weight.name, initialValues(weight, 1)])))
  const perEpoch = Math.floor(dataset.train.length / batchSize)
  let order = dataset.train
  let step = 0
  const times: number[] = []
  const run = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const began = performance.now()
      if (step % perEpoch === 0) order = shuffled(dataset.train, 1, step / perEpoch)
      const at = step % perEpoch
      const rows = order.subarray(at * batchSize, (at + 1) * batchSize)
      model.step(gatherBatch(dataset, rows), rows, 1, ++step, learningRate)
      times.push(performance.now() - began)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await run(warmUp)
  times.length = 0
  const started = performance.now()
  await run(steps)
  const msPerStep = (performance.now() - started) / steps
  times.sort((a, b) => a - b)
  return { ...ran, msPerStep, median: rounded(times[Math.floor(steps / 2)]!), least: rounded(times[0]!), limit }
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000

/** @param operations of a step */
function limitOf(operations: number): NonNullable<Measured['limit']> {
  const peak = peakOfProducts()
  return { gigaflop: rounded(operations / 1e9), peak: rounded(peak / 1e9), ms: rounded((operations / peak) * 1000) }
}

/** The classical network in tfjs's layers API, trained by model.fit with its Adam: what one would write without this project. */
async function fit(config: Config, steps: number, dataset: PackedDataset): Promise<number> {
  const { layers, activation, codeActivation, outputActivation } = config.network
  const { batchSize, learningRate } = config.training
  type Name = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'elu' | 'softplus'
  const sizes = [...layers, ...layers.slice(0, -1).toReversed(), dataset.rowSize]
  const model = tf.sequential({
    layers: sizes.map((units, index) =>
      tf.layers.dense({
        units,
        activation: (index === layers.length - 1
          ? codeActivation
          : index === sizes.length - 1
            ? outputActivation
            : activation) as Name,
        ...(index === 0 ? { inputShape: [dataset.rowSize] } : {}),
      }),
    ),
  })
  model.compile({ optimizer: tf.train.adam(learningRate), loss: 'meanSquaredError' })
  const count = Math.min(steps * batchSize, Math.floor(dataset.count / batchSize) * batchSize)
  const pixels = new Uint8Array(count * dataset.rowSize)
  dataset.gather(dataset.train.subarray(0, count), pixels)
  const images = tf.tidy(() => tf.tensor2d(Float32Array.from(pixels), [count, dataset.rowSize]).div(255))
  await model.fit(images.slice(0, warmUp * batchSize), images.slice(0, warmUp * batchSize), { batchSize, epochs: 1, verbose: 0 })
  const started = performance.now()
  await model.fit(images, images, { batchSize, epochs: 1, shuffle: true, verbose: 0, yieldEvery: 'never' })
  return (performance.now() - started) / (count / batchSize)
}
