import type { EngineEvent } from '../../../shared/events.ts'
import type { Preview, Run, RunState } from '../../../shared/domain.ts'
import { toErrorInfo, WorkbenchError, type ErrorCode } from '../../../shared/errors.ts'
import type { Log } from '../log.ts'
import type { Space } from '../space/space.ts'
import type { RunChange } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import type { FromWorker, Point, TrainJob } from '../training/messages.ts'
import { interruptedError } from './interrupted.ts'
import { startWorker } from './workers.ts'

/** How often points are committed and windows told, in milliseconds. */
const interval = 250
/** How long a worker may take to exit after its last message. */
const exitGrace = 10_000

export interface Training {
  pause(): void
  cancel(): void
  kill(): void
  /** It was asked to pause or to cancel, and has not yet. */
  readonly stopping: boolean
  /** Stores nothing any more: the database is about to be closed. */
  abandon(): void
  /** The stored run with what is known but not stored yet. */
  view(run: Run): Run
  /** The process is gone and everything it said is stored. */
  readonly over: Promise<void>
}

interface Parts {
  store: Store
  space: Space
  script: string
  emit: (event: EngineEvent) => void
  log: Log
  now: () => string
  /** Of a run that goes on: what it is again where it cannot begin, because something that it needs is damaged. */
  before?: RunState
}

/** What a run goes on from, or learns from, is not as it was written: it can go on once that is mended. */
export const damageCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['CHECKPOINT_DAMAGED', 'CHECKPOINT_MISSING', 'FILE_DAMAGED'])

/** Carries out one run in a worker process; stores what it says in batches. `threads` were stored with the run before. */
export function startTraining(job: TrainJob, threads: number, parts: Parts): Training {
  const { store, space, emit, log, now } = parts
  const id = job.runId
  let points: Point[] = []
  let previews: Preview[] = []
  let change: RunChange = {}
  /** The step at which the worker began, or stopped, until what was stored beyond it is deleted. */
  let beginning: number | null = null
  let begun = false
  let latest: Run['latest'] = store.runs.get(id).latest
  let live: Pick<Run, 'progress' | 'error'> = { progress: null, error: null }
  /** Why the worker stands still, where it does. */
  let waits: Run['error'] = null
  let dirty = false
  /** Something must be stored before anything else is said to the worker. */
  let urgent = false
  let awaitsCommit = false
  let wanted: 'pause' | 'cancel' | null = null
  let final = false
  let gone: string | null = null
  let abandoned = false

  const finish = (state: RunState, more: RunChange = {}) => {
    final = true
    urgent = true
    change = { ...change, ...more, state, endedAt: state === 'queued' ? null : now() }
    waits = null
    space.forget(`checkpoint ${id}`)
    live = { progress: null, error: null }
    setTimeout(() => worker.kill(), exitGrace).unref()
  }

  const receive = (message: FromWorker): void => {
    if (final || abandoned) return
    dirty = true
    switch (message.type) {
      case 'begun': {
        const { type: _, ...where } = message
        begun = true
        beginning = where.step
        points = points.filter((point) => point.step <= where.step)
        previews = previews.filter((preview) => preview.step <= where.step)
        change = { ...change, ...where }
        urgent = true
        break
      }
      case 'progress': {
        const { type: _, progress, ...rest } = message
        change = { ...change, ...rest }
        live = {
          ...live,
          progress: wanted === null ? progress : { ...progress, stage: wanted === 'pause' ? 'Pausing' : 'Cancelling' },
        }
        break
      }
      case 'waits': {
        space.later(
          `checkpoint ${id}`,
          () => {
            waits = null
            dirty = true
            worker.send({ type: 'space' })
          },
          message.bytes,
        )
        waits = space.lack
        const { progress } = live
        if (progress !== null && wanted === null)
          live = { ...live, progress: { ...progress, perSecond: null, secondsLeft: null, stage: 'Waiting for space' } }
        break
      }
      case 'points':
        points.push(...message.points)
        for (const point of message.points) latest = { ...latest, [point.key]: Number.isFinite(point.value) ? point.value : null }
        if (message.flush) urgent = awaitsCommit = true
        break
      case 'preview':
        previews.push(message.preview)
        break
      case 'evaluation':
        change = { ...change, evaluation: message.evaluation }
        urgent = true
        break
      case 'done': {
        if (message.result.kind !== 'train') break
        const { kind: _, ...result } = message.result
        finish('completed', { ...result, error: null })
        break
      }
      case 'stopped': {
        const { type: _, ...where } = message
        // Where there was no space for a last checkpoint, it stopped at the one before: what came after that is of weights that
        // nobody has.
        beginning = message.step
        points = points.filter((point) => point.step <= message.step)
        previews = previews.filter((preview) => preview.step <= message.step)
        finish(wanted === 'cancel' ? 'cancelled' : 'paused', { ...where, error: null })
        break
      }
      case 'diverged':
        finish('diverged', { error: message.error })
        break
      case 'failed':
        // Of a full disk (of temporary files, say) a run does not fail: it waits in the queue at its place, and continues from
        // its checkpoint.
        if (space.met(WorkbenchError.from(message.error))) {
          if (wanted === null) finish('queued', { error: space.lack ?? message.error })
          else finish(wanted === 'cancel' ? 'cancelled' : 'paused', { error: null })
        } else
          finish(!begun && damageCodes.has(message.error.code) ? (parts.before ?? 'failed') : 'failed', { error: message.error })
    }
    if (urgent) flush()
  }

  /** Stores everything that waits, in one transaction. What a full disk refuses stays in memory and is tried again. */
  const commit = (): boolean => {
    // What somebody ends is stored if it can be.
    if (space.full && !(final && wanted !== null)) {
      space.later(`run ${id}`, flush)
      if (live.error === null) dirty = true
      live = { ...live, error: space.lack }
      return false
    }
    try {
      store.transaction(() => {
        if (beginning !== null) {
          store.points.truncate(id, beginning)
          store.previews.truncate(id, beginning)
        }
        store.points.insert(id, points)
        previews.forEach((preview) => store.previews.insert(id, preview))
        if (beginning !== null) latest = store.points.latest(id)
        store.runs.update(id, points.length > 0 || beginning !== null ? { ...change, latest } : change)
      })
    } catch (thrown) {
      const full = space.met(thrown)
      if (full && final && wanted !== null && space.giveUp()) return commit()
      if (full) space.later(`run ${id}`, flush)
      const error = full ? (space.lack ?? toErrorInfo(thrown)) : toErrorInfo(thrown)
      if (live.error?.code !== error.code && !full) log(`Run ${id} cannot be stored; trying again.`, thrown)
      if (live.error?.code !== error.code) dirty = true
      live = { ...live, error }
      return false
    }
    if (live.error !== null) live = { ...live, error: null }
    const step = points.reduce((last, point) => Math.max(last, point.step), -1)
    const seen = previews
    points = []
    previews = []
    change = {}
    beginning = null
    if (step >= 0) emit({ type: 'points', run: id, step })
    seen.forEach((preview) => emit({ type: 'moment', run: id, step: preview.step, epoch: preview.epoch }))
    return true
  }

  const flush = (): void => {
    if (abandoned) return
    if (!store.runs.isStored(id)) {
      // Gone for good meanwhile: there is nothing to store it with.
      abandon()
      worker.kill()
      if (gone !== null) settle()
      return
    }
    const waiting = points.length > 0 || previews.length > 0 || Object.keys(change).length > 0
    if (!waiting || commit()) {
      urgent = false
      if (awaitsCommit) {
        awaitsCommit = false
        worker.send({ type: 'committed' })
      }
      if (final && gone !== null) settle()
    } else if (awaitsCommit && wanted !== null && space.lack !== null) {
      awaitsCommit = false
      worker.send({ type: 'refused' })
    }
    // A run that was removed meanwhile is nobody's to be told of.
    const run = dirty ? store.runs.read(id) : null
    if (run !== null) emit({ type: 'run', run: view(run) })
    dirty = false
  }

  const view = (run: Run): Run => {
    const { queuedAt: _, ...known } = change
    // A final state is told only once it is stored.
    return {
      ...run,
      ...known,
      state: run.state,
      endedAt: run.endedAt,
      latest,
      progress: live.progress,
      error: live.error ?? waits ?? run.error,
    }
  }

  let settle: () => void = () => {}
  const over = new Promise<void>((resolve) => {
    settle = () => {
      clearInterval(timer)
      resolve()
    }
  })
  const timer = setInterval(() => {
    if (dirty || urgent || points.length > 0) flush()
  }, interval)
  const worker = startWorker(
    parts.script,
    job,
    threads,
    (message) => {
      try {
        receive(message)
      } catch (thrown) {
        log(`A message of run ${id} cannot be handled.`, thrown)
        finish('failed', { error: toErrorInfo(thrown) })
        worker.kill()
      }
    },
    log,
  )

  void worker.ended.then((how) => {
    gone = how
    if (abandoned) return settle()
    if (!final) {
      log(`The training process of run ${id} ended with ${how}.`)
      const epoch = change.epoch ?? store.runs.read(id)?.epoch ?? 0
      finish('interrupted', { error: interruptedError('The training process ended unexpectedly', job.runFolder, epoch) })
    }
    dirty = true
    flush()
  })
  const ask = (what: 'pause' | 'cancel') => {
    if (final) return
    wanted = wanted === 'cancel' ? 'cancel' : what
    worker.send({ type: what })
    if (awaitsCommit) flush()
  }
  const abandon = () => {
    abandoned = true
    space.forget(`run ${id}`)
    space.forget(`checkpoint ${id}`)
    clearInterval(timer)
  }
  return {
    pause: () => ask('pause'),
    cancel: () => ask('cancel'),
    kill: () => worker.kill(),
    get stopping() {
      return wanted !== null && !final
    },
    abandon,
    view,
    over,
  }
}
