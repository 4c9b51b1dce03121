import { existsSync } from 'node:fs'
import type { EngineEvent } from '../../../shared/events.ts'
import type { Run, RunState } from '../../../shared/domain.ts'
import { identityOf, requireOwn } from '../checkpoint/belongs.ts'
import { checkpointFile } from '../checkpoint/checkpoint.ts'
import { beginFile } from '../checkpoint/weightsFile.ts'
import { runFolders, type Home } from '../home.ts'
import type { Log } from '../log.ts'
import { processor } from '../machine.ts'
import type { Space } from '../space/space.ts'
import type { Store } from '../store/store.ts'
import { version } from '../version.ts'
import type { Jobs } from './jobs.ts'
import type { KeptSettings } from './settings.ts'
import { Training } from './training.ts'

/** How long workers may take to write their checkpoints when the engine closes. */
const closeGrace = 8000
/** All that a resumed run reads. */
export const resumedFrom = ['last', 'best', 'pretrained'] as const

export interface TrainersParts {
  store: Store
  home: Home
  space: Space
  jobs: Jobs
  settings: KeptSettings
  emit: (event: EngineEvent) => void
  log: Log
}

export const now = (): string => new Date().toISOString()

/** The runs that train at this moment, each in a process of its own. */
export class Trainers {
  readonly #parts: TrainersParts
  readonly #active = new Map<string, Training>()

  constructor(parts: TrainersParts) {
    this.#parts = parts
  }

  get ids(): string[] {
    return [...this.#active.keys()]
  }

  get size(): number {
    return this.#active.size
  }

  get(id: string): Training | undefined {
    return this.#active.get(id)
  }

  /** The run with what is known but not stored yet. */
  view(run: Run): Run {
    return this.#active.get(run.id)?.view(run) ?? run
  }

  hasCheckpoint(id: string): boolean {
    return existsSync(checkpointFile(this.#parts.home.run(id), 'last'))
  }

  /** Error: CHECKPOINT_DAMAGED where a checkpoint is another run's. */
  requireOwnCheckpoints(run: Run): void {
    const { home, store } = this.#parts
    requireOwn(home.run(run.id), resumedFrom, identityOf(run, store.datasets.get(run.datasetId)))
  }

  /**
   * Starts a waiting run, from its last checkpoint where there is one.
   * @param was what it is again where what it needs is found to be damaged
   * @returns what resolves when its process is gone and everything it said is stored
   */
  start(run: Run, was: RunState): Promise<void> {
    const { store, home, settings } = this.#parts
    const { id } = run
    const threads = run.threads ?? settings.threads
    const startedAt = run.startedAt ?? now()
    store.runs.update(id, {
      state: 'running',
      startedAt,
      endedAt: null,
      threads,
      processor: processor(),
      error: null,
      goesOn: 0,
      version,
    })
    const resume = this.hasCheckpoint(id),
      begin = beginFile(home.run(id))
    const training = new Training(
      {
        kind: 'train',
        ...runFolders(home, run),
        variant: run.variant,
        config: run.config,
        seed: run.seed,
        resume,
        copies: settings.get().copies,
        ...(existsSync(begin) ? { begin } : {}),
      },
      threads,
      { ...this.#parts, now, ...(resume ? { before: was } : {}) },
    )
    this.#active.set(id, training)
    return training.over.then(() => void this.#active.delete(id))
  }

  /** Ends every training where it stands and stores nothing of it. */
  abandon(): void {
    for (const training of this.#active.values()) {
      training.abandon()
      training.kill()
    }
  }

  /**
   * Asks every worker to write a checkpoint and stop, then ends those that do not. What belongs to a running experiment goes
   * on with the next engine.
   */
  async close(): Promise<void> {
    const { store, log } = this.#parts
    const trainings = [...this.#active.values()]
    for (const [id, training] of this.#active) {
      try {
        if (!training.stopping && store.runs.has(id))
          store.runs.update(id, { goesOn: store.runs.get(id).experiment === null ? 0 : 1 })
      } catch (thrown) {
        log('It cannot be stored that a run is to go on.', thrown)
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
  }
}
