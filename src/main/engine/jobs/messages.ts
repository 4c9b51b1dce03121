import type { ErrorInfo } from '../../../shared/errors.ts'
import type { FromTrainer } from '../training/messages.ts'
import type { Job, JobResult } from './registry.ts'

/**
 * What the engine and its worker processes say to each other, over Node's own channel (`fork` with `serialization:
 * 'advanced'`; both ends are the same Node binary). One process carries out one job and exits 0 after `done`, `stopped`,
 * `diverged` or `failed`; any other end means that it died. A worker whose channel closes exits by itself.
 */
export type ToWorker =
  | { type: 'job'; job: Job }
  | { type: 'pause' }
  | { type: 'cancel' }
  | { type: 'committed' }
  /** Instead of `committed`, to one that is to stop: there is no space, so it stops at its last checkpoint. */
  | { type: 'refused' }
  /** There is space on the disk again: what `waits` may try. */
  | { type: 'space' }

export type FromWorker =
  | FromTrainer
  | { type: 'done'; result: JobResult }
  /** After `pause` or `cancel`; there is a checkpoint of this step, or none at all and the step is 0. */
  | { type: 'stopped'; step: number; epoch: number; seconds: number }
  | { type: 'diverged'; step: number; error: ErrorInfo }
  | { type: 'failed'; error: ErrorInfo }
