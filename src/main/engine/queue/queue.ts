import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineEvent } from '../../../shared/events.ts'
import type { Run, RunState } from '../../../shared/domain.ts'
import type { QueueSettings, QueueState } from '../../../shared/experiments.ts'
import { WorkbenchError, toErrorInfo } from '../../../shared/errors.ts'
import { identityOf, requireOwn } from '../checkpoint/belongs.ts'
import { requireSound } from '../checkpoint/sound.ts'
import { thinningOf } from '../checkpoint/thin.ts'
import { beginFile } from '../checkpoint/weightsFile.ts'
import { folderBytes } from '../folderBytes.ts'
import type { Home } from '../home.ts'
import type { Log } from '../log.ts'
import type { Space } from '../space/space.ts'
import { requireOurs } from '../store/lenient.ts'
import type { Store } from '../store/store.ts'
import { version } from '../version.ts'
import { runJob } from './jobs.ts'
import { moved } from './order.ts'
import { createPlaces } from './places.ts'
import { queueSettings } from './settings.ts'
import { damageCodes, startTraining, type Training } from './training.ts'

/** How long workers may take to write their checkpoints when the engine closes. */
const closeGrace = 8000
/** A run of an experiment whose process dies is taken up again so often; then it waits for somebody to look at it. */
const mostAttempts = 3

interface Parts {
  store: Store
  home: Home
  space: Space
  script: string
  emit: (event: EngineEvent) => void
  log: Log
  /** Where the host does not leave it to what is stored and to the machine. */
  trainers?: number | undefined
  threads?: number | undefined
  /** Whether runs that an earlier engine left in the queue start by themselves, or only those that are queued from now on. */
  startQueued: boolean
}

/**
 * The runs that wait and the runs that train, each in a process of its own: as many at once as the settings say, in an order
 * that can be changed.
 */
export function createQueue(parts: Parts) {
  const { store, home, space, emit } = parts
  const settings = queueSettings(store.preferences, parts)
  const active = new Map<string, Training>()
  /** Queued since this engine runs. */
  const fresh = new Set<string>()
  /** One at a time. */
  const slimming = createPlaces(1)
  let closed = false
  let told = true
  /** Nothing starts while several changes are made together. */
  let held = 0
  const now = () => new Date().toISOString()

  const view = (run: Run): Run => active.get(run.id)?.view(run) ?? run
  const state = (): QueueState => ({
    settings: settings.get(),
    running: [...active.keys()],
    waiting: store.runs.queued().filter((id) => !active.has(id)),
    waitsFor: space.lack,
  })
  /** Once for all that happens in one turn. */
  const tell = () => {
    if (!told) return
    told = false
    setImmediate(() => {
      told = true
      if (!closed) emit({ type: 'queue', queue: state() })
    })
  }
  const changed = (id: string): Run => {
    const run = view(store.runs.get(id))
    emit({ type: 'run', run })
    tell()
    return run
  }
  const hasCheckpoint = (id: string) => existsSync(join(home.run(id), 'checkpoints', 'last.safetensors'))

  /** All that a resumed run reads. */
  const resumedFrom = ['last', 'best', 'pretrained'] as const
  const requireOwnCheckpoints = (run: Run) =>
    requireOwn(home.run(run.id), resumedFrom, identityOf(run, store.datasets.get(run.datasetId)))

  /** What runs were before they were queued to go on: that they are again where what they need is found to be damaged. */
  const before = new Map<string, RunState>()
  const stateBefore = (id: string): RunState => before.get(id) ?? (hasCheckpoint(id) ? 'interrupted' : 'failed')

  const start = (id: string): void => {
    const run = store.runs.get(id)
    // What a newer version queued, and this one cannot understand, waits for that one.
    if (run.state !== 'queued') return
    const was = stateBefore(id)
    try {
      requireOwnCheckpoints(run)
    } catch (thrown) {
      store.runs.update(id, { state: was, endedAt: now(), error: toErrorInfo(thrown), goesOn: 0 })
      before.delete(id)
      changed(id)
      return
    }
    const threads = run.threads ?? settings.threads
    store.runs.update(id, {
      state: 'running',
      startedAt: run.startedAt ?? now(),
      endedAt: null,
      threads,
      error: null,
      goesOn: 0,
      version,
    })
    before.delete(id)
    const training = startTraining(
      {
        kind: 'train',
        runId: id,
        runFolder: home.run(id),
        datasetFolder: home.dataset(run.datasetId),
        variant: run.variant,
        config: run.config,
        seed: run.seed,
        resume: hasCheckpoint(id),
        copies: settings.get().copies,
        ...(existsSync(beginFile(home.run(id))) ? { begin: beginFile(home.run(id)) } : {}),
      },
      threads,
      { ...parts, now, ...(hasCheckpoint(id) ? { before: was } : {}) },
    )
    active.set(id, training)
    void training.over.then(() => {
      active.delete(id)
      if (closed) return
      space.attempt(`end ${id}`, () => ended(id))
      fill()
    })
    changed(id)
  }

  /** A run that diverged never goes on: what it would need for that goes. */
  const slim = (run: Run): void => {
    const { bytes, ...thinning } = thinningOf(home.run(run.id), { config: run.config, goesOn: false }, settings.get().copies)
    if (bytes === 0) return
    const job = { kind: 'thin' as const, runs: [{ id: run.id, folder: home.run(run.id), ...thinning }] }
    const { signal } = new AbortController()
    void slimming
      .use(signal, () => runJob(job, { script: parts.script, threads: 1, signal, onProgress: () => {}, log: parts.log }))
      .then(() => {
        if (closed || !store.runs.has(run.id)) return
        store.runs.update(run.id, { bytes: folderBytes(home.run(run.id)) })
        changed(run.id)
      })
      .catch((thrown: unknown) => parts.log(`Run ${run.id} cannot be thinned out.`, thrown))
  }

  const ended = (id: string): void => {
    if (closed || !store.runs.has(id)) return
    store.runs.update(id, { bytes: folderBytes(home.run(id)) })
    const run = changed(id)
    if (run.state === 'interrupted') takeUp(id)
    if (run.state === 'diverged') slim(run)
  }

  /** Starts what may start. On a full disk that is done once there is space. */
  const fill = (): void => {
    if (closed || held > 0) return
    space.attempt('queue', () => {
      if (closed || held > 0) return
      for (const id of store.runs.queued()) {
        if (active.size >= settings.get().trainers) return
        if (!active.has(id) && (parts.startQueued || fresh.has(id))) startOrFail(id)
      }
    })
  }

  /** One run that cannot be started, for whatever reason but a full disk, does not keep the others waiting. */
  const startOrFail = (id: string): void => {
    try {
      start(id)
    } catch (thrown) {
      if (space.met(thrown) || active.has(id)) throw thrown
      parts.log(`The run ${id} cannot be started.`, thrown)
      store.runs.update(id, { state: 'failed', endedAt: now(), error: toErrorInfo(thrown), goesOn: 0 })
      changed(id)
    }
  }

  /** Queues a run again whose process, or whose engine, ended under it: at the place that it had. */
  const requeue = (id: string, attempts: number): void => {
    before.set(id, store.runs.get(id).state)
    store.runs.update(id, { state: 'queued', endedAt: null, error: null, goesOn: 0, attempts })
    fresh.add(id)
    changed(id)
  }

  /** A run of a running experiment that was interrupted goes on by itself, unless it always ends so. */
  const takeUp = (id: string): void => {
    const run = store.runs.get(id)
    // What is damaged is still damaged at the next attempt.
    if (run.error !== null && damageCodes.has(run.error.code)) return
    if (run.experiment === null || store.experiments.read(run.experiment.id)?.wanted !== 'running') return
    const attempts = store.runs.attempts(id)
    if (attempts < mostAttempts && (run.step === 0 || hasCheckpoint(id))) requeue(id, attempts + 1)
  }

  /** What an earlier engine stopped of running experiments goes on, where the others do. */
  const goOn = (): void => {
    if (!parts.startQueued) return
    for (const { id, state: was, attempts } of store.runs.goingOn()) {
      const tries = was === 'interrupted' ? attempts + 1 : attempts
      if (tries <= mostAttempts) requeue(id, tries)
      else store.runs.update(id, { goesOn: 0 })
    }
  }

  const wrongState = (run: Run, verb: string, remedy: string) =>
    new WorkbenchError('RUN_STATE', `The run “${run.name}” is ${run.state} and cannot be ${verb}; ${remedy}.`)

  const enqueue = (run: Run): void => {
    before.set(run.id, run.state)
    store.runs.update(run.id, {
      state: 'queued',
      queuedAt: now(),
      place: store.runs.nextPlace(),
      endedAt: null,
      error: null,
      goesOn: 0,
      attempts: 0,
    })
    fresh.add(run.id)
    changed(run.id)
  }

  space.onChange(tell)
  return {
    view,
    state,
    settings,
    /** Begins its work: what is left of an earlier engine first. */
    open(): void {
      space.attempt('goes on', goOn)
      fill()
    },
    /** Runs that were just stored as queued. */
    add(...ids: string[]): void {
      ids.forEach((id) => fresh.add(id))
      tell()
      fill()
    },
    pause(run: Run): Run {
      requireOurs(run)
      if (run.state === 'queued') store.runs.update(run.id, { state: 'paused' })
      else if (run.state === 'running') active.get(run.id)?.pause()
      else if (run.state !== 'paused') throw wrongState(run, 'paused', 'only queued and running runs can')
      return changed(run.id)
    },
    /** On an error the run stays as it is: RUN_STATE, CHECKPOINT_MISSING; CHECKPOINT_DAMAGED also of another run's or NaN. */
    async resume(run: Run): Promise<Run> {
      requireOurs(run)
      if (run.state === 'running') {
        if (active.get(run.id)?.stopping) throw wrongState(run, 'resumed', 'it is about to stop: resume it once it has')
        return view(run)
      }
      if (run.state === 'queued') this.add(run.id)
      else {
        if (run.state !== 'paused' && run.state !== 'interrupted' && run.state !== 'failed')
          throw wrongState(run, 'resumed', 'start a new run with its settings instead')
        if (run.step > 0 && !hasCheckpoint(run.id)) {
          throw new WorkbenchError(
            'CHECKPOINT_MISSING',
            `The run “${run.name}” has no checkpoint in ${home.run(run.id)} any more; start a new run with its settings.`,
          )
        }
        requireOwnCheckpoints(run)
        await requireSound(home.run(run.id), resumedFrom)
        // Somebody else may have been quicker.
        const present = closed ? null : store.runs.get(run.id)
        if (present?.state === run.state) {
          enqueue(present)
          fill()
        }
      }
      return closed ? run : view(store.runs.get(run.id))
    },
    /** Starts what may start only after all of the work. */
    together<T>(work: () => T): T {
      held += 1
      try {
        return work()
      } finally {
        held -= 1
        fill()
      }
    },
    /** Trains a run further that failed, was interrupted or cancelled: from its checkpoint, or from the beginning where there is none. */
    again(run: Run): void {
      requireOurs(run)
      enqueue(run)
      fill()
    },
    cancel(run: Run): Run {
      requireOurs(run)
      if (run.state === 'running') active.get(run.id)?.cancel()
      else if (run.state === 'queued' || run.state === 'paused' || run.state === 'interrupted') {
        store.runs.update(run.id, { state: 'cancelled', endedAt: now(), goesOn: 0 })
      } else if (run.state !== 'cancelled') throw wrongState(run, 'cancelled', 'it has ended already')
      return changed(run.id)
    },
    /** Puts waiting runs before another one; null: at the end. Error: RUN_STATE where one does not wait. */
    move(ids: readonly string[], before: string | null): QueueState {
      const order = moved(store.runs.queued(), ids, before)
      const ours = new Set(order.filter((id) => store.runs.isOurs(id)))
      for (const id of ids) requireOurs(store.runs.get(id))
      store.transaction(() =>
        order.forEach((id, place) => {
          if (ours.has(id)) store.runs.update(id, { place: place + 1 })
        }),
      )
      tell()
      return state()
    },
    changeSettings(change: Partial<QueueSettings>): QueueSettings {
      settings.change(change)
      tell()
      fill()
      return settings.get()
    },
    /** Resolves when the process of a run that has ended is gone, too. */
    gone: async (id: string): Promise<void> => active.get(id)?.over,
    /** Ends every training where it stands and stores nothing of it: the home is somebody else's. */
    abandon(): void {
      closed = true
      for (const training of active.values()) {
        training.abandon()
        training.kill()
      }
    },
    /**
     * Asks every worker to write a checkpoint and stop, then ends those that do not. What belongs to a running experiment goes
     * on with the next engine.
     */
    async close(): Promise<void> {
      closed = true
      space.end()
      const trainings = [...active.values()]
      for (const [id, training] of active) {
        try {
          if (!training.stopping && store.runs.has(id))
            store.runs.update(id, { goesOn: store.runs.get(id).experiment === null ? 0 : 1 })
        } catch (thrown) {
          parts.log('It cannot be stored that a run is to go on.', thrown)
        }
        training.pause()
      }
      const timer = setTimeout(() => trainings.forEach((training) => training.kill()), closeGrace)
      await Promise.race([
        Promise.all(trainings.map((training) => training.over)),
        // What a full disk refuses to store for so long is lost; the checkpoint is older than that, so the run continues from there.
        new Promise((resolve) => setTimeout(resolve, closeGrace + 2000).unref()),
      ])
      clearTimeout(timer)
      trainings.forEach((training) => training.abandon())
    },
  }
}
export type Queue = ReturnType<typeof createQueue>
