import type { SplitCounts } from '../../../shared/split.ts'
import { openDataset } from './open.ts'
import { validationSplit } from './split.ts'

/** Of folders and seeds that were asked for last. */
const known = new Map<string, SplitCounts>()
const mostKnown = 10_000
/** Folders of datasets without groups and copies, which are opened once: what lies in a dataset's folder does not change. */
const plain = new Set<string>()

/**
 * The rows that a run of this seed is trained and validated with, of a dataset with groups or copies: these are drawn together, so that it
 * depends on the seed; null for any other dataset, and for one that is damaged, which is said where it is used.
 */
export function groupedCounts(folder: string, seed: number): SplitCounts | null {
  if (plain.has(folder)) return null
  const key = `${folder}\0${seed}`,
    before = known.get(key)
  if (before) return before
  try {
    const dataset = openDataset(folder, { resident: false })
    dataset.close()
    if (dataset.groups === undefined && dataset.copies === undefined) {
      plain.add(folder)
      return null
    }
    const { train, validation } = validationSplit(dataset, seed),
      counts = { trainCount: train.length, validationCount: validation.length }
    if (known.size >= mostKnown) known.clear()
    known.set(key, counts)
    return counts
  } catch {
    return null
  }
}
