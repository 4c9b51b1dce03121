import type { Channel } from '../../shared/connection.ts'
import type { EngineState } from '../../shared/host.ts'

/** What a link to the engine tells its owner. `up` may come again after a `down`. */
export interface Link {
  up(channel: Channel): void
  /** `message`: why, where that is known. `final`: nothing will come back by itself. */
  down(message: string, final: boolean): void
}

/**
 * Puts into order what the shell tells of its engines. States and ports come by ways of their own, so the port of an engine may
 * arrive after the news of its end: such a port is dead and is dropped.
 */
export function linkByTurns(link: Link) {
  /** The last engine that is known to have ended. */
  let ended = 0
  let newest = 0
  return {
    port(engine: number, channel: Channel): void {
      newest = Math.max(newest, engine)
      if (engine > ended) link.up(channel)
    },
    state({ state, message, engine }: EngineState): void {
      if (state === 'connected' || engine < newest) return
      ended = newest = engine
      link.down(message, state === 'failed')
    },
  }
}
