import type { EngineEvent } from '../../shared/events.ts'
import { connectToEngine } from '../../shared/connection.ts'
import type { ExperimentSummary, QueueState } from '../../shared/experiments.ts'
import type { EngineState } from '../../shared/host.ts'

/** The shell's own port on the engine's pipe; windows have those from 1 on. */
export const ownPort = 0

export interface Follower {
  engineState(state: EngineState): void
  /** Frames of our own port. */
  fromEngine(payload: Uint8Array): void
}

/**
 * Follows the engine as one more of its windows, to know what trains and when an experiment ends: the frames of real windows
 * are relayed unread. Knows nothing of Electron.
 * @param onQueue null: no engine runs
 */
export function followEngine({
  send,
  onQueue,
  onExperimentEnded,
}: {
  send(payload: Uint8Array): void
  onQueue(queue: QueueState | null): void
  onExperimentEnded(experiment: ExperimentSummary): void
}): Follower {
  let client: ReturnType<typeof connectToEngine> | null = null
  let deliver: (payload: Uint8Array) => void = () => {}

  const hear = (event: EngineEvent): void => {
    if (event.type === 'queue') onQueue(event.queue)
    else if (event.type === 'experiment' && event.ended) onExperimentEnded(event.experiment)
  }
  const leave = (): void => {
    client?.close()
    client = null
    deliver = () => {}
  }
  return {
    engineState({ state }) {
      leave()
      if (state !== 'connected') return onQueue(null)
      const mine = (client = connectToEngine(
        {
          post: send,
          listen: (listener) => {
            deliver = listener
          },
        },
        hear,
      ))
      // An engine that is gone before it answers is told of by its state.
      mine.call('queue.show', {}).then(
        ({ queue }) => {
          if (client === mine) onQueue(queue)
        },
        () => {},
      )
    },
    fromEngine: (payload) => deliver(payload),
  }
}
