import type { Run } from '../../../shared/domain.ts'
import type { EngineEvent } from '../../../shared/events.ts'
import type { FromWorker } from '../jobs/messages.ts'
import type { Log } from '../log.ts'
import { Recording } from '../queue/recording.ts'
import type { Store } from '../store/store.ts'
import type { Entry, Lease } from './said.ts'

interface ReplayParts {
  store: Store
  emit: (event: EngineEvent) => void
  log: Log
}

/**
 * Stores what a run's journal says through the recording of a local worker's messages. The caller holds the transaction; whatever
 * cannot be stored is thrown.
 */
export function replay({ store, emit, log }: ReplayParts, id: string, entries: readonly Entry[]): void {
  const parts = { store, emit, log }
  let messages: FromWorker[] = []
  const run = store.runs.get(id)
  // What somebody has ended here stays ended; a run that is at work again after it had ended says so with another lease.
  if (run.state === 'cancelled' || run.state === 'completed') return
  // Whoever speaks is known of again.
  if ((run.state === 'unknown' || run.state === 'submitted') && entries.length > 0) store.runs.update(id, { state: 'running' })
  for (const { said, at } of entries) {
    switch (said.type) {
      case 'lease':
        record(parts, run, messages, at)
        messages = []
        begin(store, run, said, at)
        break
      case 'stopped': {
        const { why, ...stopped } = said
        record(parts, run, [...messages, stopped], at, why)
        messages = []
        break
      }
      case 'died':
        record(parts, run, messages, at)
        messages = []
        store.runs.update(id, {
          state: 'interrupted',
          endedAt: timeOf(run, at),
          error: {
            code: 'RUN_FAILED',
            message:
              `The process that trained it at “${run.place}” ended unexpectedly each time (${said.how}); ` +
              'resume it to train it here.',
          },
        })
        break
      default:
        messages.push(said as FromWorker)
    }
  }
  const last = entries.at(-1)
  if (last === undefined) return
  if (messages.length > 0) record(parts, run, messages, last.at)
  else emit({ type: 'run', run: store.runs.get(id) })
}

/** A time by the clock of another machine, as far as it can be: no run ends before it was made, or after now. */
function timeOf({ createdAt }: Pick<Run, 'createdAt'>, at: number): string {
  const now = Date.now(),
    made = Date.parse(createdAt) || now
  return new Date(Math.min(now, Math.max(made, at))).toISOString()
}

function begin(store: Store, run: Run, { threads, version, processor }: Lease, at: number): void {
  store.runs.update(run.id, {
    state: 'running',
    startedAt: run.startedAt ?? timeOf(run, at),
    endedAt: null,
    threads,
    version,
    processor,
    error: null,
    goesOn: 0,
  })
}

/** What stands in for a disk and for a worker: neither is asked for anything here. */
function record(
  parts: ReplayParts,
  run: Run,
  messages: readonly FromWorker[],
  at: number,
  asked: 'pause' | 'cancel' | 'later' | null = null,
): void {
  if (messages.length === 0) return
  const { id } = run
  let refused: unknown = null
  const space = {
    full: false,
    lack: null,
    met: (thrown: unknown) => {
      refused = thrown
      return false
    },
    later: () => {},
    forget: () => {},
    giveUp: () => false,
  }
  const recording = new Recording(
    id,
    { ...parts, space, now: () => timeOf(run, at) },
    { send: () => {}, final: () => {}, stored: () => {}, removed: () => {} },
  )
  if (asked !== null) recording.ask(asked)
  recording.replay(messages)
  if (!recording.isStored) throw refused ?? new Error(`What ${id} said cannot be stored.`)
}
