import { isDiskFull, WorkbenchError } from '../../../shared/errors.ts'
import { thinRun } from '../checkpoint/thin.ts'
import type { Port } from '../training/port.ts'

export interface ThinJob {
  kind: 'thin'
  runs: { id: string; folder: string; snapshots: number[]; ended: boolean }[]
}
export interface ThinResult {
  /** Ids of runs whose last checkpoint is damaged. */
  failed: string[]
}

/**
 * Thins runs out, one after the other. One that cannot be, as its checkpoint is damaged, is left as it is and named.
 * @throws WorkbenchError CANCELLED
 */
export async function thinRuns({ runs }: ThinJob, port: Port): Promise<ThinResult> {
  const failed: string[] = []
  for (const [done, { id, folder, ...thinning }] of runs.entries()) {
    const progress = { done, total: runs.length, unit: 'runs', perSecond: null, secondsLeft: null, stage: 'Thinning out' }
    port.send({ type: 'progress', progress })
    if (await port.wanted()) throw new WorkbenchError('CANCELLED', 'It was cancelled; what was thinned out before stays so.')
    try {
      thinRun(folder, thinning)
    } catch (thrown) {
      if (!(thrown instanceof WorkbenchError) || isDiskFull(thrown)) throw thrown
      failed.push(id)
    }
  }
  return { failed }
}
