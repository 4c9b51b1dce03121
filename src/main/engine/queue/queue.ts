import type { Run, RunState } from '../../../shared/domain.ts'
import type { QueueSettings, QueueState } from '../../../shared/experiments.ts'
import { WorkbenchError, toErrorInfo } from '../../../shared/errors.ts'
import { requireSound } from '../checkpoint/sound.ts'
import { thinningOf } from '../checkpoint/thin.ts'
import { folderBytes } from '../folderBytes.ts'
import { requireOurs } from '../store/lenient.ts'
import { Elsewhere, isElsewhere } from './elsewhere.ts'
import { moved } from './order.ts'
import { createSlots } from './slots.ts'
import { damageCodes } from './recording.ts'
import type { KeptSettings } from './settings.ts'
import { now, resumedFrom, Trainers, type TrainersParts } from './trainers.ts'

/** A run of an experiment whose process dies is taken up again so often; then it waits for somebody to look at it. */
const mostAttempts = 3

export interface QueueParts extends TrainersParts {
  /** Whether runs that an earlier engine left in the queue start by themselves, or only those that are queued from now on. */
  startQueued: boolean
}

const wrongState = (run: Run, verb: string, remedy: string): WorkbenchError =>
  new WorkbenchError('RUN_STATE', `The run “${run.name}” is ${run.state} and cannot be ${verb}; ${remedy}.`)

/** States from which somebody can let a run go on here. */
const resumable: ReadonlySet<RunState> = new Set<RunState>(['paused', 'interrupted', 'failed', 'unknown'])

/** The runs that wait, and those that train: as many at once as the settings say, in an order that can be changed. */
export class Queue {
  readonly settings: KeptSettings
  readonly #parts: QueueParts
  readonly #trainers: Trainers
  /** Queued since this engine runs. */
  readonly #fresh = new Set<string>()
  /** What runs were before they were queued to go on: that they are again where what they need is found to be damaged. */
  readonly #before = new Map<string, RunState>()
  /** Runs are thinned out one at a time. */
  readonly #slimming = createSlots(1)
  readonly #elsewhere: Elsewhere
  #closed = false
  #isReported = true
  /** Nothing starts while several changes are made together. */
  #held = 0

  constructor(parts: QueueParts) {
    this.#parts = parts
    this.settings = parts.settings
    this.#trainers = new Trainers(parts)
    this.#elsewhere = new Elsewhere(parts)
    parts.space.onChange(() => this.#tell())
  }

  /** The run with what is known but not stored yet. */
  view(run: Run): Run {
    return this.#trainers.view(run)
  }

  state(): QueueState {
    const { store, space } = this.#parts
    return {
      settings: this.settings.get(),
      running: this.#trainers.ids,
      waiting: store.runs.queued().filter((id) => this.#trainers.get(id) === undefined),
      waitsFor: space.lack,
    }
  }

  /** Begins its work: what is left of an earlier engine first. */
  open(): void {
    this.#parts.space.attempt('goes on', () => this.#goOn())
    this.#fill()
  }

  /** Runs that were just stored as queued. */
  add(...ids: string[]): void {
    ids.forEach((id) => this.#fresh.add(id))
    this.#tell()
    this.#fill()
  }

  pause(run: Run): Run {
    requireOurs(run)
    if (isElsewhere(run)) this.#elsewhere.pause(run.id)
    else if (run.state === 'queued') this.#parts.store.runs.update(run.id, { state: 'paused' })
    else if (run.state === 'running') this.#trainers.get(run.id)?.pause()
    else if (run.state !== 'paused') throw wrongState(run, 'paused', 'only queued and running runs can')
    return this.#changed(run.id)
  }

  /** On an error the run stays as it is: RUN_STATE, CHECKPOINT_MISSING; CHECKPOINT_DAMAGED also of another run's or NaN. */
  async resume(run: Run): Promise<Run> {
    const { home, store } = this.#parts
    requireOurs(run)
    if (run.place !== null && (run.state === 'submitted' || run.state === 'running'))
      throw wrongState(run, 'resumed', `it is at “${run.place}” and goes on there by itself; cancel it to have it here`)
    if (run.state === 'running') {
      if (this.#trainers.get(run.id)?.stopping) throw wrongState(run, 'resumed', 'it is about to stop: resume it once it has')
      return this.view(run)
    }
    if (run.state === 'queued') this.add(run.id)
    else {
      if (!resumable.has(run.state)) throw wrongState(run, 'resumed', 'start a new run with its settings instead')
      if (run.step > 0 && !this.#trainers.hasCheckpoint(run.id)) {
        throw new WorkbenchError(
          'CHECKPOINT_MISSING',
          `The run “${run.name}” has no checkpoint in ${home.run(run.id)} any more; start a new run with its settings.`,
        )
      }
      this.#trainers.requireOwnCheckpoints(run)
      await requireSound(home.run(run.id), resumedFrom)
      // Somebody else may have been quicker.
      const present = this.#closed ? null : store.runs.get(run.id)
      if (present?.state === run.state) this.again(present)
    }
    return this.#closed ? run : this.view(store.runs.get(run.id))
  }

  /** Trains a run further that failed, was interrupted or cancelled: from its checkpoint, or from the beginning where there is none. */
  again(run: Run): void {
    const { runs } = this.#parts.store
    requireOurs(run)
    this.#before.set(run.id, run.state)
    const turn = runs.nextTurn()
    // Whoever has it elsewhere is to leave it alone: what it says from now on is not heard.
    this.#elsewhere.comesBack(run)
    runs.update(run.id, { state: 'queued', queuedAt: now(), turn, endedAt: null, error: null, goesOn: 0, attempts: 0 })
    this.#fresh.add(run.id)
    this.#changed(run.id)
    this.#fill()
  }

  /** Starts what may start only after all of the work. */
  together<T>(work: () => T): T {
    this.#held += 1
    try {
      return work()
    } finally {
      this.#held -= 1
      this.#fill()
    }
  }

  cancel(run: Run): Run {
    requireOurs(run)
    if (isElsewhere(run)) this.#elsewhere.cancel(run.id)
    else if (run.state === 'running') this.#trainers.get(run.id)?.cancel()
    else if (run.state === 'queued' || run.state === 'paused' || run.state === 'interrupted') {
      this.#parts.store.runs.update(run.id, { state: 'cancelled', endedAt: now(), goesOn: 0 })
    } else if (run.state !== 'cancelled') throw wrongState(run, 'cancelled', 'it has ended already')
    return this.#changed(run.id)
  }

  /** Puts waiting runs before another one; null: at the end. Error: RUN_STATE where one does not wait. */
  move(ids: readonly string[], before: string | null): QueueState {
    const { store } = this.#parts
    const order = moved(store.runs.queued(), ids, before)
    const ours = new Set(order.filter((id) => store.runs.isOurs(id)))
    for (const id of ids) requireOurs(store.runs.get(id))
    store.transaction(() =>
      order.forEach((id, index) => {
        if (ours.has(id)) store.runs.update(id, { turn: index + 1 })
      }),
    )
    this.#tell()
    return this.state()
  }

  changeSettings(change: Partial<QueueSettings>): QueueSettings {
    this.settings.change(change)
    this.#tell()
    this.#fill()
    return this.settings.get()
  }

  /** Resolves when the process of a run that has ended is gone, too. */
  async gone(id: string): Promise<void> {
    await this.#trainers.get(id)?.over
  }

  /** Ends every training where it stands and stores nothing of it: the home is somebody else's. */
  abandon(): void {
    this.#closed = true
    this.#trainers.abandon()
  }

  /** Stops every training at a checkpoint; what belongs to a running experiment goes on with the next engine. */
  async close(): Promise<void> {
    this.#closed = true
    this.#parts.space.end()
    await this.#trainers.close()
  }

  /** Once for all that happens in one turn. */
  #tell(): void {
    if (!this.#isReported) return
    this.#isReported = false
    setImmediate(() => {
      this.#isReported = true
      if (!this.#closed) this.#parts.emit({ type: 'queue', queue: this.state() })
    })
  }

  #changed(id: string): Run {
    const { store, emit } = this.#parts
    const run = this.view(store.runs.get(id))
    emit({ type: 'run', run })
    this.#tell()
    return run
  }

  /** Starts what may start. On a full disk that is done once there is space. */
  #fill(): void {
    if (this.#closed || this.#held > 0) return
    const { store, space, startQueued } = this.#parts
    space.attempt('queue', () => {
      if (this.#closed || this.#held > 0) return
      for (const id of store.runs.queued()) {
        if (this.#trainers.size >= this.settings.get().trainers) return
        if (this.#trainers.get(id) === undefined && (startQueued || this.#fresh.has(id))) this.#startOrFail(id)
      }
    })
  }

  /** One run that cannot be started, for whatever reason but a full disk, does not keep the others waiting. */
  #startOrFail(id: string): void {
    const { space, log } = this.#parts
    try {
      this.#start(id)
    } catch (thrown) {
      if (space.met(thrown) || this.#trainers.get(id) !== undefined) throw thrown
      log(`The run ${id} cannot be started.`, thrown)
      this.#notStarted(id, 'failed', thrown)
    }
  }

  #start(id: string): void {
    const { store, space } = this.#parts
    const run = store.runs.get(id)
    // What a newer version queued, and this one cannot understand, waits for that one.
    if (run.state !== 'queued') return
    const was = this.#before.get(id) ?? (this.#trainers.hasCheckpoint(id) ? 'interrupted' : 'failed')
    try {
      this.#trainers.requireOwnCheckpoints(run)
    } catch (thrown) {
      this.#notStarted(id, was, thrown)
      this.#before.delete(id)
      return
    }
    const over = this.#trainers.start(run, was)
    this.#before.delete(id)
    void over.then(() => {
      if (this.#closed) return
      space.attempt(`end ${id}`, () => this.#ended(id))
      this.#fill()
    })
    this.#changed(id)
  }

  #notStarted(id: string, state: RunState, thrown: unknown): void {
    this.#parts.store.runs.update(id, { state, endedAt: now(), error: toErrorInfo(thrown), goesOn: 0 })
    this.#changed(id)
  }

  #ended(id: string): void {
    const { store, home } = this.#parts
    if (this.#closed || !store.runs.has(id)) return
    store.runs.update(id, { bytes: folderBytes(home.run(id)) })
    const run = this.#changed(id)
    if (run.state === 'interrupted') this.#takeUp(run)
    if (run.state === 'diverged') this.#slim(run)
  }

  /** A run that diverged never goes on: what it would need for that goes. */
  #slim(run: Run): void {
    const { store, home, jobs, log } = this.#parts
    const { id, config } = run
    const folder = home.run(id)
    const { bytes, ...thinning } = thinningOf(folder, { config, goesOn: false }, this.settings.get().copies)
    if (bytes === 0) return
    this.#slimming
      .use(() => jobs.run({ kind: 'thin', runs: [{ id, folder, ...thinning }] }, { threads: 1 }))
      .then(() => {
        if (this.#closed || !store.runs.has(id)) return
        store.runs.update(id, { bytes: folderBytes(folder) })
        this.#changed(id)
      })
      .catch((thrown: unknown) => log(`Run ${id} cannot be thinned out.`, thrown))
  }

  /** Queues a run again whose process, or whose engine, ended under it: at the place that it had. */
  #requeue(id: string, attempts: number): void {
    const { runs } = this.#parts.store
    this.#before.set(id, runs.get(id).state)
    runs.update(id, { state: 'queued', endedAt: null, error: null, goesOn: 0, attempts })
    this.#fresh.add(id)
    this.#changed(id)
  }

  /** A run of a running experiment that was interrupted goes on by itself, unless it always ends so. */
  #takeUp({ id, error, experiment, step }: Run): void {
    const { store } = this.#parts
    // What is damaged is still damaged at the next attempt.
    if (error !== null && damageCodes.has(error.code)) return
    if (experiment === null || store.experiments.read(experiment.id)?.wanted !== 'running') return
    const attempts = store.runs.attempts(id)
    if (attempts < mostAttempts && (step === 0 || this.#trainers.hasCheckpoint(id))) this.#requeue(id, attempts + 1)
  }

  /** What an earlier engine stopped of running experiments goes on, where the others do. */
  #goOn(): void {
    const { store, startQueued } = this.#parts
    if (!startQueued) return
    for (const { id, state: was, attempts } of store.runs.goingOn()) {
      const tries = was === 'interrupted' ? attempts + 1 : attempts
      if (tries <= mostAttempts) this.#requeue(id, tries)
      else store.runs.update(id, { goesOn: 0 })
    }
  }
}
