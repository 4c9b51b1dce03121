import type { Config } from '../../../shared/config.ts'
import type { Dataset } from '../../../shared/domain.ts'
import { splitCounts, validationRows } from '../../../shared/split.ts'
import { sizeOf } from '../../../shared/shape.ts'
import { snapshotEpochs } from '../checkpoint/checkpoint.ts'
import { keptEpochs, resultCopies, snapshotsWithin } from '../checkpoint/snapshots.ts'
import { filtersIn } from '../network/layer.ts'
import { layersOf } from '../network/weights.ts'
import { optimizerSlots } from '../variants/slots.ts'
import type { PlannedStage } from '../training/stages.ts'
import { variantOf } from '../variants/registry.ts'

/** Bytes of a float32. */
const size = 4

/** What a run's checkpoint holds beside weights as long as the run can go on, in bytes. */
export const slotBytesOf = (config: Config, parameters: number): number =>
  size * parameters * optimizerSlots[config.training.optimizer].length

/** What pretraining keeps on the disk meanwhile, in bytes: what the layers below make of every training image; maps are large. */
export function mapBytesOf({ network, pretraining }: Config, dataset: Dataset): number {
  if (pretraining.kind === 'none') return 0
  const [, ...above] = layersOf(network, dataset).encoder
  return size * splitCounts(dataset).trainCount * Math.max(0, ...above.map(({ map }) => sizeOf(map.in)))
}

/** What a checkpoint holds beside numbers: its settings and names. */
const headerBytes = 1500
/** What a point of a curve takes in the database, and how many of each curve there are in an epoch, at most. */
const pointBytes = 70,
  pointsPerEpoch = 50
/** Pictures and filters that a moment shows, and points where the data are points. */
const shown = { pictures: 32, filters: 64, points: 300 }

/**
 * What one run will occupy on the disk when it is completed, in bytes, about: weights, the pictures of its moments, the points
 * of its curves.
 * @param copies of its weights that it keeps
 */
export function bytesOf(
  variantId: string,
  config: Config,
  dataset: Dataset,
  stages: readonly PlannedStage[],
  parameters: number,
  copies: number,
): number {
  const variant = variantOf(variantId)
  const weights = size * parameters + headerBytes
  const last = stages.at(-1)
  if (!last) return weights + picturesOf(dataset, config, false)
  const moments = snapshotEpochs(last.epochs).size
  const checkpoints = weights * (resultCopies(config) + keptEpochs(last.epochs, snapshotsWithin(copies, config)).size)
  const { encoder, decoder } = layersOf(config.network, dataset)
  const curves = variant.terms.length + 2 + 2 * (encoder.length + decoder.length)
  const points = stages.reduce(
    (sum, { epochs, stepsPerEpoch }) =>
      sum + epochs * (curves * Math.min(stepsPerEpoch, pointsPerEpoch) + variant.terms.length + 2),
    0,
  )
  return checkpoints + moments * picturesOf(dataset, config, variant.corrupt !== undefined) + points * pointBytes
}

function picturesOf(dataset: Dataset, { network, fineTuning }: Config, corrupts: boolean): number {
  const { kind, testCount } = dataset,
    rowSize = sizeOf(dataset)
  const kinds = fineTuning.kind === 'classification' ? 0 : corrupts ? 3 : 1
  if (kind === 'vector') return rowSize === 2 ? kinds * Math.min(shown.points, testCount) * 2 * size : 0
  const { map } = layersOf(network, dataset).encoder[0]!
  const filters = sizeOf(map.filter) * Math.min(shown.filters, filtersIn(map.kernel))
  return rowSize * kinds * Math.min(shown.pictures, testCount) + filters
}

/** What was measured of a shape, in seconds. */
export interface Timing {
  /** Of each stage in order: a step, and the validation of one row. */
  stages: { step: number; row: number }[]
  /** Fitting in closed form. */
  fit: number
  /** From the start of the process to the first step. */
  start: number
  /** The most that the process took, in bytes: TensorFlow, data and network. Absent in what was stored before it was measured. */
  memory?: number | undefined
}

/** How long one run takes, in seconds; null where its evaluation's time is not known. */
export function secondsOf(
  timing: Timing,
  stages: readonly PlannedStage[],
  dataset: Dataset,
  evaluation: number | null,
): number | null {
  if (evaluation === null || timing.stages.length !== stages.length) return null
  const validation = validationRows(splitCounts(dataset))
  const training = stages.reduce(
    (sum, { steps, epochs }, index) => sum + steps * timing.stages[index]!.step + epochs * validation * timing.stages[index]!.row,
    0,
  )
  return timing.start + timing.fit + training + evaluation
}

/** How long runs take together with so many trainers at once: each trainer takes the next one when it is done. */
export function scheduled(seconds: readonly number[], trainers: number): number {
  const free = Array.from({ length: trainers }, () => 0)
  for (const each of seconds) {
    const first = free.indexOf(Math.min(...free))
    free[first] = free[first]! + each
  }
  return Math.max(...free)
}
