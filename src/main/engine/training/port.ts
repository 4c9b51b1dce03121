import { WorkbenchError } from '../../../shared/errors.ts'
import type { Position } from '../checkpoint/checkpoint.ts'
import type { FromWorker, Point, ToWorker } from './messages.ts'

/** Why training ends before it is done. Not an error: a checkpoint of this position was written first. */
export class Stopped extends Error {
  readonly at: Pick<Position, 'step' | 'epoch' | 'seconds'>

  constructor(at: Pick<Position, 'step' | 'epoch' | 'seconds'> = { step: 0, epoch: 0, seconds: 0 }) {
    super('stopped on request')
    this.at = at
  }
}

/** The worker's end of its channel to the engine. */
export interface Port {
  send(message: FromWorker): void
  /** Sends the last message and ends the process when it, and all before it, are handed over. */
  end(message: FromWorker): void
  /** Hands points over and returns when the engine has committed them. False where it cannot, for want of space, and asked to stop. */
  commit(points: Point[]): Promise<boolean>
  /** Stands still for want of space for so many bytes. True once there may be some, false once the engine asked to pause or to cancel. */
  space(bytes: number): Promise<boolean>
  /** Gives the event loop a turn; true once the engine asked to pause or to cancel. */
  wanted(): Promise<boolean>
  /** Aborts when the engine asks to stop, for work that takes a signal. */
  readonly signal: AbortSignal
}

/** Connects to the engine that started this process; when the engine is gone, so is the process. */
export function connectToParent(onJob: (message: Extract<ToWorker, { type: 'job' }>) => void): Port {
  const stop = new AbortController()
  let committed: ((done: boolean) => void) | null = null
  let roomy: (() => void) | null = null
  process.on('message', (message: ToWorker) => {
    if (message.type === 'job') onJob(message)
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
