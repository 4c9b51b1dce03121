import type { Run, RunState } from '../../shared/domain.ts'
import { Collection, newest } from './collection.svelte.ts'
import { call } from './connection.svelte.ts'

/** States in which nothing more will happen by itself. */
const ended: readonly RunState[] = ['completed', 'diverged', 'failed', 'cancelled']
export const hasEnded = (run: Run): boolean => ended.includes(run.state)
/** Waiting or working. */
export const isLive = (run: Run): boolean => run.state === 'queued' || run.state === 'running'

class Runs extends Collection<Run> {
  /** Newest first. */
  readonly list = $derived(newest(this.byId.values(), (run) => run.createdAt))
  readonly live = $derived(this.list.filter(isLive))

  constructor() {
    super(async () => (await call('runs.list', {})).runs, (event, runs) => {
      if (event.type === 'run') runs.put(event.run)
      else if (event.type === 'runRemoved') runs.drop(event.run)
    })
  }
}

export const runs = new Runs()
