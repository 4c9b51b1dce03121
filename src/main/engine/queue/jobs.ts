import type { Progress } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Log } from '../log.ts'
import type { ExportJob, ExportResult, FromWorker, ObjectiveJob, ObjectiveResult } from '../training/messages.ts'
import { startWorker } from './workers.ts'

interface Options { script: string; threads: number; signal: AbortSignal; onProgress: (progress: Progress) => void; log: Log }

/**
 * Carries out an export or an objective in a worker process of its own.
 * Errors: what the worker reports, CANCELLED, RUN_FAILED when it dies.
 */
export async function runJob(job: ExportJob, options: Options): Promise<ExportResult>
export async function runJob(job: ObjectiveJob, options: Options): Promise<ObjectiveResult>
export async function runJob(job: ExportJob | ObjectiveJob, { script, threads, signal, onProgress, log }: Options): Promise<ExportResult | ObjectiveResult> {
  signal.throwIfAborted()
  let outcome: ExportResult | ObjectiveResult | WorkbenchError | null = null
  const worker = startWorker(script, job, threads, (message: FromWorker) => {
    if (message.type === 'progress') onProgress(message.progress)
    else if (message.type === 'failed') outcome = WorkbenchError.from(message.error)
    else if (message.type === 'stopped') outcome = new WorkbenchError('CANCELLED', 'It was cancelled; nothing was kept.')
    else if (message.type === 'done' && message.result.kind === job.kind) outcome = message.result as ExportResult | ObjectiveResult
  }, log)
  const cancel = () => {
    worker.send({ type: 'cancel' })
    setTimeout(() => worker.kill(), 3000).unref()
  }
  signal.addEventListener('abort', cancel, { once: true })
  const how = await worker.ended
  signal.removeEventListener('abort', cancel)
  const result = outcome as ExportResult | ObjectiveResult | WorkbenchError | null
  if (result instanceof WorkbenchError) throw result
  if (result !== null) return result
  signal.throwIfAborted()
  throw new WorkbenchError('RUN_FAILED', `The process that did this ended unexpectedly (${how}); try again, and see engine.log in the home folder if it happens again.`)
}
