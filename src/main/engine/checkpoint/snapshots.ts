import { keepsBest, type Config } from '../../../shared/config.ts'
import { snapshotEpochs } from './checkpoint.ts'

/** Copies of its weights that a run keeps unless the settings say otherwise: its result's, and snapshots. */
export const defaultCopies = 10

/** How many of a run's copies are not snapshots: `last`; `best` where it is kept; `pretrained` where layers are trained first. */
export const resultCopies = ({ training, pretraining }: Pick<Config, 'training' | 'pretraining'>): number =>
  1 + (keepsBest({ training }) ? 1 : 0) + (pretraining.kind === 'none' ? 0 : 1)

/** Snapshots within a budget of so many copies of the weights in all. */
export const snapshotsWithin = (copies: number, config: Pick<Config, 'training' | 'pretraining'>): number =>
  Math.max(0, copies - resultCopies(config))

/** The first of some moments and others up to `count`, so that with the last of them, the result, they lie evenly in their order. */
export function spread<T>(moments: readonly T[], count: number): T[] {
  const most = Math.min(count, moments.length - 1)
  return Array.from({ length: Math.max(0, most) }, (_, index) => moments[Math.round((index * (moments.length - 1)) / most)]!)
}

/**
 * Epochs after which weights are kept as a snapshot: some of those of which there are pictures. The last one is the result, and
 * no snapshot.
 */
export const keptEpochs = (epochs: number, count: number): Set<number> =>
  new Set(
    spread(
      [...snapshotEpochs(epochs)].sort((a, b) => a - b),
      count,
    ),
  )
