import type { Position } from '../checkpoint/checkpoint.ts'
import type { FromTrainer, Point } from './messages.ts'

/** Why training ends before it is done. Not an error: a checkpoint of this position was written first. */
export class Stopped extends Error {
  readonly at: Pick<Position, 'step' | 'epoch' | 'seconds'>

  constructor(at: Pick<Position, 'step' | 'epoch' | 'seconds'> = { step: 0, epoch: 0, seconds: 0 }) {
    super('stopped on request')
    this.at = at
  }
}

/** What a job says, and hears, while it is at work: its only way out beside the files that it was given. */
export interface Port {
  send(message: FromTrainer): void
  /** Hands points over and returns when the engine has committed them. False where it cannot, for want of space, and asked to stop. */
  commit(points: Point[]): Promise<boolean>
  /** Stands still for want of space for so many bytes. True once there may be some, false once the engine asked to pause or to cancel. */
  space(bytes: number): Promise<boolean>
  /** Gives the event loop a turn; true once the engine asked to pause or to cancel. */
  wanted(): Promise<boolean>
  /** Aborts when the engine asks to stop, for work that takes a signal. */
  readonly signal: AbortSignal
}
