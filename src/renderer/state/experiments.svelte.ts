import type { ExperimentSummary, QueueState } from '../../shared/experiments.ts'
import { Collection, newest } from './collection.svelte.ts'
import { call, connection } from './connection.svelte.ts'

class Experiments extends Collection<ExperimentSummary> {
  /** Newest first. */
  readonly list = $derived(newest(this.byId.values(), (experiment) => experiment.createdAt))
  readonly live = $derived(this.list.filter(({ state }) => state === 'running'))

  constructor() {
    super(
      async () => (await call('experiments.list', {})).experiments,
      (event, experiments) => {
        if (event.type === 'experiment') experiments.put(event.experiment)
        else if (event.type === 'experimentRemoved') experiments.drop(event.experiment)
      },
    )
  }
}

export const experiments = new Experiments()

/** What trains and what waits, and how. */
class Queue {
  state = $state.raw<QueueState | null>(null)

  constructor() {
    connection.onOpen(() => {
      call('queue.show', {}).then(
        ({ queue }) => {
          this.state = queue
        },
        () => {},
      )
    })
    connection.onEvent((event) => {
      if (event.type === 'queue') this.state = event.queue
    })
  }
}

export const queue = new Queue()
