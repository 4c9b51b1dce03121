import type { Evaluation } from '../../../shared/domain.ts'
import { measuredOf, readResult } from '../checkpoint/checkpoint.ts'
import { evaluateTrained } from '../training/evaluation.ts'
import type { RunFolders } from '../training/messages.ts'
import type { Port } from '../training/port.ts'
import { openTrained } from './openTrained.ts'
import { telling } from './share.ts'

export interface EvaluateJob extends RunFolders {
  kind: 'evaluate'
}

/**
 * Measures a run from its checkpoint, as its training did at its end.
 * @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED, RUN_MISMATCH, RUN_DIVERGED, CANCELLED
 */
export async function evaluateRun(job: EvaluateJob, port: Port): Promise<{ evaluation: Evaluation }> {
  const { checkpoint, data, train, spec, load } = openTrained(readResult(job.runFolder), job.datasetFolder)
  const evaluation = await evaluateTrained(load(), spec, data.seen, train, telling(port))
  return { evaluation: { ...evaluation, ...measuredOf(checkpoint.name, checkpoint.position) } }
}
