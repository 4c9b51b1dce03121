import type { EngineEvent } from '../../../shared/events.ts'
import type { Preview, Run, RunState } from '../../../shared/domain.ts'
import { toErrorInfo, WorkbenchError, type ErrorCode, type ErrorInfo } from '../../../shared/errors.ts'
import { isWaiting } from '../../../shared/runStates.ts'
import type { FromWorker, ToWorker } from '../jobs/messages.ts'
import type { Log } from '../log.ts'
import type { Space } from '../space/space.ts'
import type { RunChange } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import type { Point, TrainResult } from '../training/messages.ts'

/** What a run goes on from, or learns from, is not as it was written: it can go on once that is mended. */
export const damageCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['CHECKPOINT_DAMAGED', 'CHECKPOINT_MISSING', 'FILE_DAMAGED'])

export interface RecordingParts {
  store: Store
  space: Pick<Space, 'full' | 'lack' | 'met' | 'later' | 'forget' | 'giveUp'>
  emit: (event: EngineEvent) => void
  log: Log
  now: () => string
  /** Of a run that goes on: what it is again where it cannot begin, because something that it needs is damaged. */
  before?: RunState
}

/** `later`: its time at another place is over, and it goes on there by itself. */
type Wanted = 'pause' | 'cancel' | 'later'

/** Who carries the training out, as far as its recording needs to know. */
interface Trainer {
  send(message: ToWorker): void
  /** It has said its last; what it says from now on is not heard. */
  final(): void
  /** All that it said, its last too, is stored. */
  stored(): void
  /** The run is gone for good: there is nothing to store it with. */
  removed(): void
}

/**
 * What one training says, stored in batches and told to the windows. Where the messages come from is none of its business: it
 * answers those that want an answer through `trainer`.
 */
export class Recording {
  readonly #id: string
  readonly #parts: RecordingParts
  readonly #trainer: Trainer
  #points: Point[] = []
  #previews: Preview[] = []
  #change: RunChange = {}
  /** The step at which the trainer began, or stopped, until what was stored beyond it is deleted. */
  #beginning: number | null = null
  #begun = false
  #latest: Run['latest']
  #live: Pick<Run, 'progress' | 'error'> = { progress: null, error: null }
  /** Why the trainer stands still, where it does. */
  #waits: Run['error'] = null
  #dirty = false
  /** Something must be stored before anything else is said to the trainer. */
  #urgent = false
  #awaitsCommit = false
  #wanted: Wanted | null = null
  #final = false
  #abandoned = false

  constructor(id: string, parts: RecordingParts, trainer: Trainer) {
    this.#id = id
    this.#parts = parts
    this.#trainer = trainer
    this.#latest = parts.store.runs.get(id).latest
  }

  get isFinal(): boolean {
    return this.#final
  }

  get isAbandoned(): boolean {
    return this.#abandoned
  }

  /** It was asked to pause or to cancel, and has not yet. */
  get isStopping(): boolean {
    return this.#wanted !== null && !this.#final
  }

  /** The last epoch that is known of, stored or not. */
  get epoch(): number {
    return this.#change.epoch ?? this.#parts.store.runs.read(this.#id)?.epoch ?? 0
  }

  /** Everything that it was told is in the database. */
  get isStored(): boolean {
    return this.#points.length === 0 && this.#previews.length === 0 && Object.keys(this.#change).length === 0
  }

  /** Takes what was said before, all of it together: it is stored at once. */
  replay(messages: readonly FromWorker[]): void {
    for (const message of messages) {
      if (this.#final || this.#abandoned) break
      this.#dirty = true
      this.#take(message)
    }
    this.flush()
  }

  receive(message: FromWorker): void {
    if (this.#final || this.#abandoned) return
    this.#dirty = true
    this.#take(message)
    if (this.#urgent) this.flush()
  }

  #take(message: FromWorker): void {
    switch (message.type) {
      case 'begun': {
        const { type: _, ...where } = message
        this.#begun = true
        this.#goBackTo(where.step)
        this.#add(where)
        this.#urgent = true
        break
      }
      case 'progress': {
        const { type: _, progress, ...rest } = message
        this.#add(rest)
        const stage = { pause: 'Pausing', cancel: 'Cancelling', later: 'Stopping' }
        this.#live = { ...this.#live, progress: this.#wanted === null ? progress : { ...progress, stage: stage[this.#wanted] } }
        break
      }
      case 'waits':
        this.#waitForSpace(message.bytes)
        break
      case 'points':
        this.#points.push(...message.points)
        for (const { key, value } of message.points)
          this.#latest = { ...this.#latest, [key]: Number.isFinite(value) ? value : null }
        if (message.flush) this.#urgent = this.#awaitsCommit = true
        break
      case 'preview':
        this.#previews.push(message.preview)
        break
      case 'evaluation':
        this.#add({ evaluation: message.evaluation })
        this.#urgent = true
        break
      case 'done':
        this.finish('completed', { ...(message.result as TrainResult), error: null })
        break
      case 'stopped': {
        const { type: _, ...where } = message
        // Where there was no space for a last checkpoint, it stopped at the one before: what came after that is of weights that
        // nobody has.
        this.#goBackTo(message.step)
        this.finish(this.#stoppedState, { ...where, error: null })
        break
      }
      case 'diverged':
        this.finish('diverged', { error: message.error })
        break
      case 'failed':
        this.#fail(message.error)
    }
  }

  #add(change: RunChange): void {
    this.#change = { ...this.#change, ...change }
  }

  /** What was said beyond this step is of weights that nobody has. */
  #goBackTo(step: number): void {
    this.#beginning = Math.min(step, this.#beginning ?? step)
    this.#points = this.#points.filter((point) => point.step <= step)
    this.#previews = this.#previews.filter((preview) => preview.step <= step)
  }

  get #stoppedState(): RunState {
    return this.#wanted === 'cancel' ? 'cancelled' : this.#wanted === 'later' ? 'submitted' : 'paused'
  }

  #waitForSpace(bytes: number): void {
    const { space } = this.#parts
    space.later(
      `checkpoint ${this.#id}`,
      () => {
        this.#waits = null
        this.#dirty = true
        this.#trainer.send({ type: 'space' })
      },
      bytes,
    )
    this.#waits = space.lack
    const { progress } = this.#live
    if (progress !== null && this.#wanted === null)
      this.#live = { ...this.#live, progress: { ...progress, perSecond: null, secondsLeft: null, stage: 'Waiting for space' } }
  }

  #fail(error: ErrorInfo): void {
    const { space, before } = this.#parts
    // Of a full disk (of temporary files, say) a run does not fail: it waits in the queue at its place, and continues from
    // its checkpoint.
    if (space.met(WorkbenchError.from(error))) {
      if (this.#wanted === null) this.finish('queued', { error: space.lack ?? error })
      else this.finish(this.#stoppedState, { error: null })
    } else this.finish(!this.#begun && damageCodes.has(error.code) ? (before ?? 'failed') : 'failed', { error })
  }

  /** The training is over: what it came to is stored as soon as it can be. */
  finish(state: RunState, more: RunChange = {}): void {
    const { space, now } = this.#parts
    this.#final = true
    this.#urgent = true
    this.#add({ ...more, state, endedAt: isWaiting(state) ? null : now() })
    this.#waits = null
    space.forget(`checkpoint ${this.#id}`)
    this.#live = { progress: null, error: null }
    this.#trainer.final()
  }

  /** Somebody asks for it to stop. False where it has ended already. */
  ask(what: Wanted): boolean {
    if (this.#final) return false
    this.#wanted = this.#wanted === 'cancel' ? 'cancel' : what
    return true
  }

  /** What was asked for is known to the trainer: one that waits for space need not. */
  asked(): void {
    if (this.#awaitsCommit) this.flush()
  }

  /** Stores and tells what there is to store and to tell, where there is. */
  tick(): void {
    if (this.#dirty || this.#urgent || this.#points.length > 0) this.flush()
  }

  /** The trainer is gone: stores what is left of what it said, and tells how the run stands. */
  end(): void {
    this.#dirty = true
    this.flush()
  }

  flush(): void {
    if (this.#abandoned) return
    const { store, space, emit } = this.#parts
    if (!store.runs.isStored(this.#id)) {
      this.abandon()
      this.#trainer.removed()
      return
    }
    const waiting = this.#points.length > 0 || this.#previews.length > 0 || Object.keys(this.#change).length > 0
    if (!waiting || this.#commit()) {
      this.#urgent = false
      if (this.#awaitsCommit) {
        this.#awaitsCommit = false
        this.#trainer.send({ type: 'committed' })
      }
      if (this.#final) this.#trainer.stored()
    } else if (this.#awaitsCommit && this.#wanted !== null && space.lack !== null) {
      this.#awaitsCommit = false
      this.#trainer.send({ type: 'refused' })
    }
    // A run that was removed meanwhile is nobody's to be told of.
    const run = this.#dirty ? store.runs.read(this.#id) : null
    if (run !== null) emit({ type: 'run', run: this.view(run) })
    this.#dirty = false
  }

  /** Stores everything that waits, in one transaction. What a full disk refuses stays in memory and is tried again. */
  #commit(): boolean {
    const { space, emit } = this.#parts
    // What somebody ends is stored if it can be.
    if (space.full && !(this.#final && this.#wanted !== null)) {
      space.later(`run ${this.#id}`, () => this.flush())
      if (this.#live.error === null) this.#dirty = true
      this.#live = { ...this.#live, error: space.lack }
      return false
    }
    try {
      this.#write()
    } catch (thrown) {
      return this.#retry(thrown)
    }
    if (this.#live.error !== null) this.#live = { ...this.#live, error: null }
    const step = this.#points.reduce((last, point) => Math.max(last, point.step), -1)
    const seen = this.#previews
    this.#points = []
    this.#previews = []
    this.#change = {}
    this.#beginning = null
    if (step >= 0) emit({ type: 'points', run: this.#id, step })
    seen.forEach((preview) => emit({ type: 'moment', run: this.#id, step: preview.step, epoch: preview.epoch }))
    return true
  }

  #write(): void {
    const { store } = this.#parts
    const id = this.#id,
      beginning = this.#beginning
    store.transaction(() => {
      if (beginning !== null) {
        store.points.truncate(id, beginning)
        store.previews.truncate(id, beginning)
      }
      store.points.insert(id, this.#points)
      this.#previews.forEach((preview) => store.previews.insert(id, preview))
      if (beginning !== null) this.#latest = store.points.latest(id)
      const measured = this.#points.length > 0 || beginning !== null
      store.runs.update(id, measured ? { ...this.#change, latest: this.#latest } : this.#change)
    })
  }

  /** It could not be stored. True where it could be in the end, by giving up what is kept in reserve. */
  #retry(thrown: unknown): boolean {
    const { space, log } = this.#parts
    const full = space.met(thrown)
    if (full && this.#final && this.#wanted !== null && space.giveUp()) return this.#commit()
    if (full) space.later(`run ${this.#id}`, () => this.flush())
    const error = full ? (space.lack ?? toErrorInfo(thrown)) : toErrorInfo(thrown)
    if (this.#live.error?.code !== error.code) {
      if (!full) log(`Run ${this.#id} cannot be stored; trying again.`, thrown)
      this.#dirty = true
    }
    this.#live = { ...this.#live, error }
    return false
  }

  /** The stored run with what is known but not stored yet. */
  view(run: Run): Run {
    const { queuedAt: _, ...known } = this.#change
    // A final state is told only once it is stored.
    return {
      ...run,
      ...known,
      state: run.state,
      endedAt: run.endedAt,
      latest: this.#latest,
      progress: this.#live.progress,
      error: this.#live.error ?? this.#waits ?? run.error,
    }
  }

  /** Stores nothing any more. */
  abandon(): void {
    this.#abandoned = true
    this.#parts.space.forget(`run ${this.#id}`)
    this.#parts.space.forget(`checkpoint ${this.#id}`)
  }
}
