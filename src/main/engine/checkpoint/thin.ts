import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../../../shared/config.ts'
import { isDiskFull } from '../../../shared/errors.ts'
import { checkpointFile } from './checkpoint.ts'
import { keepWeightsOnly, surplusBytes } from './result.ts'
import { readShapes } from './safetensors.ts'
import { snapshotsWithin, spread } from './snapshots.ts'
import { beginFile } from './weightsFile.ts'

/** What of a run's folder it can do without. */
export interface Thinning {
  /** Steps of the snapshots that go. */
  snapshots: number[]
  /** Whether the last checkpoint gives up what only training needs, and the file goes that the training began with. */
  ended: boolean
  /** What that frees. */
  bytes: number
}

const bytesOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

/** Steps of which a run has snapshots, in their order. */
export function snapshotSteps(runFolder: string): number[] {
  const folder = dirname(checkpointFile(runFolder, 'last'))
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names.flatMap((name) => /^snapshot-(\d+)\.safetensors$/.exec(name)?.slice(1).map(Number) ?? []).sort((a, b) => a - b)
}

/** The step of a run's last checkpoint; null where that is not there or does not say. */
function lastStep(runFolder: string): number | null {
  try {
    const { step } = JSON.parse(readShapes(checkpointFile(runFolder, 'last')).metadata['position'] ?? '') as { step?: unknown }
    return typeof step === 'number' ? step : null
  } catch {
    return null
  }
}

/**
 * What thinning a run out takes from it: snapshots beyond its budget, those that are left being spread over its training; and
 * of one that cannot go on what only that would need. A run whose last checkpoint cannot be read keeps everything. Reads no
 * weights.
 * @param copies of its weights that it keeps, its result among them
 */
export function thinningOf(runFolder: string, { config, goesOn }: { config: Config; goesOn: boolean }, copies: number): Thinning {
  const all = snapshotSteps(runFolder),
    step = lastStep(runFolder)
  if (step === null) return { snapshots: [], ended: false, bytes: 0 }
  // The last checkpoint is a moment like them, and is there already.
  const others = all.filter((each) => goesOn || each !== step)
  const kept = new Set(spread([...others, step], snapshotsWithin(copies, config)))
  const snapshots = all.filter((each) => !kept.has(each))
  const freed = snapshots.reduce((sum, each) => sum + bytesOf(checkpointFile(runFolder, `snapshot-${each}`)), 0)
  const surplus = goesOn ? 0 : surplusBytes(runFolder, 'last') + bytesOf(beginFile(runFolder))
  return { snapshots, ended: surplus > 0, bytes: freed + surplus }
}

/**
 * Does it, file by file, each at once: a kill in between leaves a run that is thinner than before and whole.
 * @throws WorkbenchError CHECKPOINT_DAMAGED; what a full disk refuses
 */
export function thinRun(runFolder: string, { snapshots, ended }: Omit<Thinning, 'bytes'>): void {
  const removeSnapshots = () => snapshots.forEach((step) => rmSync(checkpointFile(runFolder, `snapshot-${step}`), { force: true }))
  try {
    // What is left is read before anything else goes.
    if (ended) keepWeightsOnly(runFolder, 'last')
  } catch (thrown) {
    // It was read whole, and there is no room for the smaller file: what goes anyway makes some.
    if (!isDiskFull(thrown) || snapshots.length === 0) throw thrown
    removeSnapshots()
    keepWeightsOnly(runFolder, 'last')
  }
  removeSnapshots()
  if (ended) rmSync(beginFile(runFolder), { force: true })
}
