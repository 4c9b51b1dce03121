import { WorkbenchError } from '../../../shared/errors.ts'
import type { Port } from '../training/port.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import type { Job } from './registry.ts'

/** A worker's end of its channel to the engine. */
export interface Connection extends Port {
  /** Sends the last message and ends the process when it, and all before it, are handed over. */
  end(message: FromWorker): void
}

/** Connects to the engine that started this process; when the engine is gone, so is the process. */
export function connectToParent(onJob: (job: Job) => void): Connection {
  const stop = new AbortController()
  let committed: ((done: boolean) => void) | null = null
  let roomy: (() => void) | null = null
  process.on('message', (message: ToWorker) => {
    if (message.type === 'job') onJob(message.job)
    else if (message.type === 'committed' || message.type === 'refused') committed?.(message.type === 'committed')
    else if (message.type === 'space') roomy?.()
    else stop.abort(new WorkbenchError('CANCELLED', 'It was stopped on request.'))
  })
  process.on('disconnect', () => process.exit(1))
  const send = (message: FromWorker) => void process.send?.(message)
  return {
    send,
    end: (message) => void process.send?.(message, () => process.exit(0)),
    commit: (points) =>
      new Promise((resolve) => {
        committed = resolve
        send({ type: 'points', points, flush: true })
      }),
    space: (bytes) =>
      new Promise((resolve) => {
        if (stop.signal.aborted) return resolve(false)
        const stopped = () => resolve(false)
        stop.signal.addEventListener('abort', stopped, { once: true })
        roomy = () => {
          stop.signal.removeEventListener('abort', stopped)
          resolve(true)
        }
        send({ type: 'waits', bytes })
      }),
    wanted: () => new Promise((resolve) => setImmediate(() => resolve(stop.signal.aborted))),
    signal: stop.signal,
  }
}
