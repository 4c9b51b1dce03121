import { existsSync } from 'node:fs'
import type { ChannelStatistics, Config } from '../../../shared/config.ts'
import { checkpointFile, describeCheckpointFile } from '../checkpoint/checkpoint.ts'
import type { PackedDataset } from '../data/packed.ts'
import { validationSplit } from '../data/split.ts'
import { gatherBatch } from '../network/inputs.ts'
import { batchesOf } from './batches.ts'
import type { TrainingData } from './data.ts'
import type { TrainJob } from './messages.ts'
import { Stopped, type Port } from './port.ts'

/** Values that are read at once. */
const batchValues = 2 ** 22

/**
 * Mean and deviation (of the whole set, divided by its number) of each channel of some images, in [0, 1]: from counts of the 256 levels,
 * which are exact, in float64. @throws Stopped where that is asked for
 */
async function channelStatistics(
  dataset: PackedDataset,
  rows: Uint32Array,
  port: Pick<Port, 'wanted'>,
): Promise<ChannelStatistics> {
  const { channels, rowSize } = dataset
  const counts = Array.from({ length: channels }, () => new Float64Array(256))
  for (const part of batchesOf(rows, Math.max(1, Math.floor(batchValues / rowSize)))) {
    const bytes = gatherBatch(dataset, part)
    for (let channel = 0; channel < channels; channel++) {
      const histogram = counts[channel]!
      for (let at = channel; at < bytes.length; at += channels) histogram[bytes[at]!]! += 1
    }
    if (await port.wanted()) throw new Stopped()
  }
  const number = (rows.length * rowSize) / channels
  const meanOf = (histogram: Float64Array, value: (level: number) => number) =>
    histogram.reduce((sum, count, level) => sum + count * value(level), 0) / number
  const mean = counts.map((histogram) => meanOf(histogram, (level) => level) / 255)
  const deviation = counts.map((histogram, channel) => Math.sqrt(meanOf(histogram, (level) => (level / 255 - mean[channel]!) ** 2)))
  return { mean, deviation }
}

/** A config with what its inputs are standardised by, where they are: measured on the training rows of the data. */
export async function withStatistics(
  config: Config,
  { read }: Pick<TrainingData, 'read'>,
  train: Uint32Array,
  port: Pick<Port, 'wanted'>,
): Promise<Config> {
  const { standardise, binarise } = config.data
  if (standardise === 'none') return config
  const { mean, deviation } = await channelStatistics(read, train, port)
  // Drawn anew at every step, a pixel is 0 or 1 with its value as the probability.
  const statistics = { mean, deviation: binarise === 'dynamic' ? mean.map((value) => Math.sqrt(value * (1 - value))) : deviation }
  return { ...config, data: { ...config.data, statistics } }
}

/**
 * The job with what its network standardises by. A run that goes on keeps what it began with, and one that begins with another's weights
 * keeps what these weights were trained with: they belong together. @throws Stopped
 */
export async function standardisedJob(job: TrainJob, data: TrainingData, port: Pick<Port, 'wanted'>): Promise<TrainJob> {
  const { config, seed } = job
  if (config.data.standardise === 'none') return job
  const before = job.resume ? checkpointFile(job.runFolder, 'last') : job.begin
  const statistics = before !== undefined && existsSync(before) ? describeCheckpointFile(before).config.data.statistics : undefined
  if (statistics) return { ...job, config: { ...config, data: { ...config.data, statistics } } }
  return { ...job, config: await withStatistics(config, data, validationSplit(data.seen, seed).train, port) }
}
