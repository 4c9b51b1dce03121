import type { Run } from '../../../shared/domain.ts'
import { toErrorInfo } from '../../../shared/errors.ts'
import type { TrainJob } from '../training/messages.ts'
import { interruptedError } from './interrupted.ts'
import type { Jobs } from './jobs.ts'
import { Recording, type RecordingParts } from './recording.ts'
import type { Worker } from './workers.ts'

/** How often points are committed and windows told, in milliseconds. */
const interval = 250
/** How long a worker may take to exit after its last message. */
const exitGrace = 10_000

/** One run in a worker process, and the recording of what it says. */
export class Training {
  readonly #job: TrainJob
  readonly #parts: RecordingParts
  readonly #recording: Recording
  readonly #worker: Worker
  readonly #timer: NodeJS.Timeout
  /** How the process ended; null while it lives. */
  #gone: string | null = null
  readonly #settle: () => void
  /** The process is gone and everything it said is stored. */
  readonly over: Promise<void>

  /** @param threads as they were stored with the run before */
  constructor(job: TrainJob, threads: number, parts: RecordingParts & { jobs: Jobs }) {
    this.#job = job
    this.#parts = parts
    const { promise, resolve } = Promise.withResolvers<void>()
    this.over = promise
    this.#settle = resolve
    this.#recording = new Recording(job.runId, parts, {
      send: (message) => this.#worker.send(message),
      final: () => void setTimeout(() => this.#worker.kill(), exitGrace).unref(),
      stored: () => this.#settleIfGone(),
      removed: () => {
        clearInterval(this.#timer)
        this.#worker.kill()
        this.#settleIfGone()
      },
    })
    this.#timer = setInterval(() => this.#recording.tick(), interval)
    this.#worker = parts.jobs.start(job, threads, (message) => {
      try {
        this.#recording.receive(message)
      } catch (thrown) {
        parts.log(`A message of run ${job.runId} cannot be handled.`, thrown)
        this.#recording.finish('failed', { error: toErrorInfo(thrown) })
        this.#worker.kill()
      }
    })
    void this.#worker.ended.then((how) => this.#end(how))
  }

  #settleIfGone(): void {
    if (this.#gone === null) return
    clearInterval(this.#timer)
    this.#settle()
  }

  #end(how: string): void {
    const recording = this.#recording
    this.#gone = how
    if (recording.isAbandoned) return this.#settleIfGone()
    if (!recording.isFinal) {
      this.#parts.log(`The training process of run ${this.#job.runId} ended with ${how}.`)
      const error = interruptedError('The training process ended unexpectedly', this.#job.runFolder, recording.epoch)
      recording.finish('interrupted', { error })
    }
    recording.end()
  }

  #ask(what: 'pause' | 'cancel'): void {
    if (!this.#recording.ask(what)) return
    this.#worker.send({ type: what })
    this.#recording.asked()
  }

  pause(): void {
    this.#ask('pause')
  }

  cancel(): void {
    this.#ask('cancel')
  }

  kill(): void {
    this.#worker.kill()
  }

  /** It was asked to pause or to cancel, and has not yet. */
  get stopping(): boolean {
    return this.#recording.isStopping
  }

  /** Stores nothing any more: the database is about to be closed. */
  abandon(): void {
    this.#recording.abandon()
    clearInterval(this.#timer)
  }

  /** The stored run with what is known but not stored yet. */
  view(run: Run): Run {
    return this.#recording.view(run)
  }
}
