import { WorkbenchError, toErrorInfo } from '../../../shared/errors.ts'
import type { Job, JobResult } from '../training/messages.ts'
import { Diverged } from '../training/diverged.ts'
import { connectToParent, Stopped, type Port } from '../training/port.ts'

/** Entry of a worker process: one job, then the end. The kinds are loaded on demand, so that each process holds only what it needs. */
async function carryOut(job: Job, port: Port): Promise<JobResult> {
  switch (job.kind) {
    case 'train':
      return (await import('./train.ts')).train(job, Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? 1), port)
    case 'export':
      return (await import('./export.ts')).exportRun(job, port)
    case 'evaluate':
      return (await import('./evaluate.ts')).evaluateRun(job, port)
    case 'prune':
      return (await import('./prune.ts')).pruneRun(job, port)
    case 'measure':
      return (await import('./measure.ts')).measureRun(job, port)
    case 'adopt':
      return (await import('./adopt.ts')).adopt(job, port)
    case 'embed':
      return (await import('./embed.ts')).embed(job, port)
    case 'inspect':
      return (await import('./embed.ts')).inspect(job)
    case 'lookInto':
      return (await import('./lookInto.ts')).lookInto(job, port)
    case 'augment':
      return (await import('./augment.ts')).augmentImages(job)
    case 'thin':
      return (await import('./thin.ts')).thinRuns(job, port)
    case 'objective':
      return (await import('./objective.ts')).computeObjective(job)
  }
}

const port = connectToParent(async ({ job }) => {
  try {
    port.end({ type: 'done', result: await carryOut(job, port) })
  } catch (thrown) {
    if (thrown instanceof Stopped)
      return port.end({ type: 'stopped', step: thrown.at.step, epoch: thrown.at.epoch, seconds: thrown.at.seconds })
    // The engine keeps the details in its log; the window shows the sentence.
    if (!(thrown instanceof WorkbenchError)) console.error(thrown instanceof Error ? thrown.stack : thrown)
    port.end(
      thrown instanceof Diverged
        ? { type: 'diverged', step: thrown.step, error: thrown.toInfo() }
        : { type: 'failed', error: toErrorInfo(thrown) },
    )
  }
})
