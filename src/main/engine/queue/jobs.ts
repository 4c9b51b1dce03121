import type { Progress } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Log } from '../log.ts'
import type { FromWorker, Job, JobResult, TrainJob } from '../training/messages.ts'
import { startWorker } from './workers.ts'

type ResultOf<J extends Job> = Extract<JobResult, { kind: J['kind'] }>
interface Options {
  script: string
  threads: number
  signal: AbortSignal
  onProgress: (progress: Progress) => void
  log: Log
}

/**
 * Carries out a job other than a training in a worker process of its own. Errors: what the worker reports, CANCELLED,
 * RUN_FAILED when it dies.
 */
export async function runJob<J extends Exclude<Job, TrainJob>>(
  job: J,
  { script, threads, signal, onProgress, log }: Options,
): Promise<ResultOf<J>> {
  signal.throwIfAborted()
  let outcome: ResultOf<J> | WorkbenchError | null = null
  const worker = startWorker(
    script,
    job,
    threads,
    (message: FromWorker) => {
      if (message.type === 'progress') onProgress(message.progress)
      else if (message.type === 'failed') outcome = WorkbenchError.from(message.error)
      else if (message.type === 'stopped') outcome = new WorkbenchError('CANCELLED', 'It was cancelled; nothing was kept.')
      else if (message.type === 'done' && message.result.kind === job.kind) outcome = message.result as ResultOf<J>
    },
    log,
  )
  const cancel = () => {
    worker.send({ type: 'cancel' })
    setTimeout(() => worker.kill(), 3000).unref()
  }
  signal.addEventListener('abort', cancel, { once: true })
  const how = await worker.ended
  signal.removeEventListener('abort', cancel)
  const result = outcome as ResultOf<J> | WorkbenchError | null
  if (result instanceof WorkbenchError) throw result
  if (result !== null) return result
  signal.throwIfAborted()
  throw new WorkbenchError(
    'RUN_FAILED',
    `The process that did this ended unexpectedly (${how}); try again, and see engine.log in the home folder if it happens again.`,
  )
}
