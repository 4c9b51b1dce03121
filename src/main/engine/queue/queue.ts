import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineEvent } from '../../../shared/calls.ts'
import type { Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Home } from '../home.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'
import { startTraining, type Training } from './training.ts'

/** How long workers may take to write their checkpoints when the engine closes. */
const closeGrace = 8000

interface Parts {
  store: Store; home: Home; script: string; trainers: number; threads: number; emit: (event: EngineEvent) => void; log: Log
  /** Whether runs that an earlier engine left in the queue start by themselves, or only those that are queued from now on. */
  startQueued: boolean
}

/** The runs that wait and the runs that train: at most `trainers` at once, each in a process of its own, first come first served. */
export function createQueue(parts: Parts) {
  const { store, home, emit } = parts
  const active = new Map<string, Training>()
  /** Queued since this engine runs. */
  const fresh = new Set<string>()
  let closed = false
  const now = () => new Date().toISOString()

  const view = (run: Run): Run => active.get(run.id)?.view(run) ?? run
  const changed = (id: string): Run => {
    const run = view(store.runs.get(id))
    emit({ type: 'run', run })
    return run
  }
  const hasCheckpoint = (id: string) => existsSync(join(home.run(id), 'checkpoints', 'last.safetensors'))

  const start = (id: string): void => {
    const run = store.runs.get(id)
    const threads = run.threads ?? parts.threads
    store.runs.update(id, { state: 'running', startedAt: run.startedAt ?? now(), endedAt: null, threads, error: null })
    const training = startTraining({
      kind: 'train', runId: id, runFolder: home.run(id), datasetFolder: home.dataset(run.datasetId), variant: run.variant, config: run.config,
      seed: run.seed, resume: hasCheckpoint(id),
    }, threads, { ...parts, now })
    active.set(id, training)
    void training.over.then(() => {
      active.delete(id)
      if (closed) return
      if (store.runs.has(id)) changed(id)
      fill()
    })
    changed(id)
  }

  /** Starts what may start. A run that cannot be started (a full disk) stays queued until the next occasion. */
  const fill = (): void => {
    if (closed) return
    try {
      for (const id of store.runs.queued()) {
        if (active.size >= parts.trainers) return
        if (!active.has(id) && (parts.startQueued || fresh.has(id))) start(id)
      }
    } catch (thrown) {
      parts.log('A run cannot be started.', thrown)
    }
  }

  const wrongState = (run: Run, verb: string, remedy: string) =>
    new WorkbenchError('RUN_STATE', `The run "${run.name}" is ${run.state} and cannot be ${verb}; ${remedy}.`)

  return {
    view,
    fill,
    /** A run that was just stored as queued. */
    add(id: string): Run {
      fresh.add(id)
      fill()
      return view(store.runs.get(id))
    },
    pause(run: Run): Run {
      if (run.state === 'queued') store.runs.update(run.id, { state: 'paused' })
      else if (run.state === 'running') active.get(run.id)?.pause()
      else if (run.state !== 'paused') throw wrongState(run, 'paused', 'only queued and running runs can')
      return changed(run.id)
    },
    /** Error: RUN_STATE, CHECKPOINT_MISSING. */
    resume(run: Run): Run {
      if (run.state === 'queued') return this.add(run.id)
      if (run.state === 'running') {
        if (active.get(run.id)?.stopping) throw wrongState(run, 'resumed', 'it is about to stop: resume it once it has')
        return view(run)
      }
      if (run.state !== 'paused' && run.state !== 'interrupted' && run.state !== 'failed') {
        throw wrongState(run, 'resumed', 'start a new run with its settings instead')
      }
      if (run.step > 0 && !hasCheckpoint(run.id)) {
        throw new WorkbenchError('CHECKPOINT_MISSING', `The run "${run.name}" has no checkpoint in ${home.run(run.id)} any more; start a new run with its settings.`)
      }
      store.runs.update(run.id, { state: 'queued', queuedAt: now(), endedAt: null, error: null })
      changed(run.id)
      return this.add(run.id)
    },
    cancel(run: Run): Run {
      if (run.state === 'running') active.get(run.id)?.cancel()
      else if (run.state === 'queued' || run.state === 'paused' || run.state === 'interrupted') {
        store.runs.update(run.id, { state: 'cancelled', endedAt: now() })
      } else if (run.state !== 'cancelled') throw wrongState(run, 'cancelled', 'it has ended already')
      return changed(run.id)
    },
    /** Resolves when the process of a run that has ended is gone, too. */
    gone: async (id: string): Promise<void> => active.get(id)?.over,
    /** Asks every worker to write a checkpoint and stop, then ends those that do not. */
    async close(): Promise<void> {
      closed = true
      const trainings = [...active.values()]
      trainings.forEach((training) => training.pause())
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
