import type { EngineEvent } from '../../../shared/events.ts'
import type { Experiment, ExperimentSummary } from '../../../shared/experiments.ts'
import type { Queue } from '../queue/queue.ts'
import type { Space } from '../space/space.ts'
import type { Store } from '../store/store.ts'
import { detailsOf, summaryOf } from './summary.ts'

/** An experiment whose runs only get further is told this often at most, in milliseconds. */
const interval = 1000

/**
 * Follows the runs of experiments and tells windows how these are doing: at once when a run's state changes, now and then while
 * runs train. When the last run of an experiment has ended, that is stored and told, once.
 */
export function watchExperiments({
  store,
  space,
  queue,
  emit,
}: {
  store: Store
  space: Pick<Space, 'attempt'>
  queue: Pick<Queue, 'settings'>
  emit: (event: EngineEvent) => void
}) {
  /** When each was told last; and when it will be. */
  const lastReport = new Map<string, number>()
  const waiting = new Map<string, NodeJS.Timeout>()
  /** Told as soon as all is done that happens now. */
  const soon = new Set<string>()
  /** The state in which each run was seen last. */
  const seen = new Map<string, string>()
  let closed = false

  const paceOf = (id: string) => ({ trainers: queue.settings.get().trainers, evaluation: store.experiments.evaluationSeconds(id) })
  const summary = (id: string): ExperimentSummary => summaryOf(store.experiments.get(id), store.experiments.members(id), paceOf(id))

  /** Tells it, and stores its end or that it goes on. */
  const tell = (id: string): ExperimentSummary => {
    clearTimeout(waiting.get(id))
    waiting.delete(id)
    soon.delete(id)
    let now = summary(id)
    // Of one with runs whose state only a newer version knows nobody can say that it has ended.
    const isKnown = () => now.endedAt !== null || store.experiments.members(id).every(({ newer }) => !newer)
    const over = (now.state === 'ended' || now.state === 'cancelled') && isKnown()
    const justEnded = over && now.endedAt === null
    if (over !== (now.endedAt !== null)) {
      store.experiments.end(id, over ? new Date().toISOString() : null)
      now = summary(id)
    }
    lastReport.set(id, Date.now())
    // Who cancels it knows that it ends.
    emit({ type: 'experiment', experiment: now, ended: justEnded && now.state === 'ended' })
    return now
  }
  // Telling stores that it has ended: on a full disk once there is space.
  const tellIfThere = (id: string) =>
    void space.attempt(`experiment ${id}`, () => {
      if (!closed && store.experiments.has(id)) tell(id)
    })

  const tellSoon = (id: string): void => {
    if (soon.has(id)) return
    soon.add(id)
    setImmediate(() => {
      if (soon.has(id)) tellIfThere(id)
    })
  }
  const tellLater = (id: string): void => {
    if (waiting.has(id) || soon.has(id)) return
    const due = Math.max(0, (lastReport.get(id) ?? 0) + interval - Date.now())
    waiting.set(id, setTimeout(() => tellIfThere(id), due).unref())
  }

  return {
    summary,
    details: (id: string): Experiment => detailsOf(store.experiments.get(id), store.experiments.members(id), paceOf(id)),
    tell,
    /** Listens to what the engine tells its windows. */
    hear(event: EngineEvent): void {
      if (closed) return
      if (event.type === 'runRemoved') {
        seen.delete(event.run)
        store.experiments.of(event.run).forEach(tellSoon)
      } else if (event.type === 'run') {
        const { id, state, experiment } = event.run
        const changed = seen.get(id) !== state
        seen.set(id, state)
        if (changed) store.experiments.of(id).forEach(tellSoon)
        else if (experiment !== null) tellLater(experiment.id)
      }
    },
    close(): void {
      closed = true
      waiting.forEach((timer) => clearTimeout(timer))
    },
  }
}
export type ExperimentWatch = ReturnType<typeof watchExperiments>
