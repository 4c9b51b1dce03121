import type { CallArguments, CallName, CallOutput } from '../../../shared/calls.ts'
import type { EngineEvent } from '../../../shared/events.ts'
import type { Downloads } from '../downloads/downloads.ts'
import type { ExperimentWatch } from '../experiments/watch.ts'
import type { Home } from '../home.ts'
import type { Log } from '../log.ts'
import type { Jobs } from '../queue/jobs.ts'
import type { Queue } from '../queue/queue.ts'
import type { Tasks } from '../queue/tasks.ts'
import type { Space } from '../space/space.ts'
import type { Store } from '../store/store.ts'
import type { Trash } from '../trash.ts'

/** What handlers work with. */
export interface Context {
  readonly home: Home
  readonly store: Store
  /** What waits where the disk is full. */
  readonly space: Space
  readonly queue: Queue
  readonly tasks: Tasks
  /** What worker processes do. */
  readonly jobs: Jobs
  readonly trash: Trash
  /** Files for a browser to download. */
  readonly downloads: Downloads
  readonly experiments: ExperimentWatch
  readonly emit: (event: EngineEvent) => void
  readonly log: Log
  /** Whether the host has a dialog for choosing folders. */
  readonly folderDialog: boolean
}

/** One handler a call; the input was validated, the output is what the contract says. */
export type Handlers = { [N in CallName]: (input: CallArguments<N>) => CallOutput<N> | Promise<CallOutput<N>> }
