import type { Progress } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { FromWorker } from '../jobs/messages.ts'
import type { Job, ResultOf } from '../jobs/registry.ts'
import type { Log } from '../log.ts'
import type { TrainJob } from '../training/messages.ts'
import { createSlots, questionsAtOnce } from './slots.ts'
import { startWorker, type Worker } from './workers.ts'

/** Any job but a training, which the queue starts and records. */
type ShortJob = Exclude<Job, TrainJob>

interface Options {
  signal?: AbortSignal
  onProgress?: (progress: Progress) => void
  /** Of the run that it is about; null: as many as usual. */
  threads?: number | null | undefined
}

/** How long a process that is cancelled may take to end. */
const cancelGrace = 3000

/** Has jobs carried out, each in a worker process of its own. */
export class Jobs {
  /** Threads of a worker where nothing else is said. */
  readonly threads: number
  readonly #script: string
  readonly #log: Log
  readonly #questions = createSlots(questionsAtOnce)

  /** @param script of the worker processes */
  constructor({ script, threads, log }: { script: string; threads: number; log: Log }) {
    this.#script = script
    this.threads = threads
    this.#log = log
  }

  /** Starts any job; what its worker says is the caller's to understand. */
  start(job: Job, threads: number, onMessage: (message: FromWorker) => void): Worker {
    return startWorker(this.#script, job, threads, onMessage, this.#log)
  }

  /** Carries out a job. Errors: what the worker reports, CANCELLED, RUN_FAILED when it dies. */
  async run<J extends ShortJob>(
    job: J,
    { signal = new AbortController().signal, onProgress, threads }: Options = {},
  ): Promise<ResultOf<J['kind']>> {
    signal.throwIfAborted()
    const cancelled = new WorkbenchError('CANCELLED', 'It was cancelled; nothing was kept.')
    let outcome = null as { result: ResultOf<J['kind']> } | { error: WorkbenchError } | null
    const worker = this.start(job, threads ?? this.threads, (message) => {
      if (message.type === 'progress') onProgress?.(message.progress)
      else if (message.type === 'failed') outcome = { error: WorkbenchError.from(message.error) }
      else if (message.type === 'stopped') outcome = { error: cancelled }
      else if (message.type === 'done') outcome = { result: message.result as ResultOf<J['kind']> }
    })
    const cancel = () => {
      worker.send({ type: 'cancel' })
      setTimeout(() => worker.kill(), cancelGrace).unref()
    }
    signal.addEventListener('abort', cancel, { once: true })
    const how = await worker.ended
    signal.removeEventListener('abort', cancel)
    if (outcome !== null) {
      if ('error' in outcome) throw outcome.error
      return outcome.result
    }
    signal.throwIfAborted()
    throw new WorkbenchError(
      'RUN_FAILED',
      `The process that did this ended unexpectedly (${how}); try again, and see engine.log in the home folder if it happens again.`,
    )
  }

  /** The same for a short question that somebody waits for without a task: a few at once, in the order in which they came. */
  ask<J extends ShortJob>(job: J): Promise<ResultOf<J['kind']>> {
    return this.#questions.use(() => this.run(job))
  }
}
