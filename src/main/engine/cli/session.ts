import { setTimeout as pause } from 'node:timers/promises'
import type { EngineEvent } from '../../../shared/events.ts'
import type { Client } from '../../../shared/connection.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { createEngine, type Engine } from '../engine.ts'
import { homeAt } from '../home.ts'
import { connectLocally, listenLocally } from '../local.ts'
import type { Terminal } from './terminal.ts'

/** How long to wait for an engine that holds the lock but does not listen yet, or not any more; in milliseconds. */
const patience = 10_000

/** A command's way to the engine, whether it is this process or one that runs already. */
export interface Session {
  call: Client
  /** Calls the listener with every event; returns the function that stops it. */
  onEvent(listener: (event: EngineEvent) => void): () => void
  /** Rejects when a running engine goes away. */
  readonly lost: Promise<never>
  /** An engine in this process goes on until no other command uses it, or until Ctrl-C: then their runs are paused. */
  close(terminal: Terminal): Promise<void>
}

/** Errors: those of `createEngine`; HOME_LOCKED only where the engine that runs does not answer. */
export async function openSession(folder: string): Promise<Session> {
  const home = homeAt(folder)
  const deadline = Date.now() + patience
  for (;;) {
    const engine = tryEngine(folder)
    if (!(engine instanceof WorkbenchError)) return ownSession(engine)
    const listeners = new Set<(event: EngineEvent) => void>()
    const { promise: lost, reject } = Promise.withResolvers<never>()
    lost.catch(() => {})
    const remote = await connectLocally(
      home,
      (event) => {
        if (event.type === 'homeLost') reject(WorkbenchError.from(event.error))
        listeners.forEach((listener) => listener(event))
      },
      reject,
    )
    if (remote !== null) {
      return { call: remote.call, onEvent: listenTo(listeners), lost, close: async () => remote.close() }
    }
    if (Date.now() > deadline) {
      throw new WorkbenchError('HOME_LOCKED', `Another engine holds ${home.folder} and does not answer. ${engine.message}`)
    }
    await pause(100)
  }
}

const listenTo = (listeners: Set<(event: EngineEvent) => void>) => (listener: (event: EngineEvent) => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** The engine, or why there is one already. */
function tryEngine(home: string): Engine | WorkbenchError {
  try {
    return createEngine({ home, startQueued: false })
  } catch (thrown) {
    if (thrown instanceof WorkbenchError && thrown.code === 'HOME_LOCKED') return thrown
    throw thrown
  }
}

async function ownSession(engine: Engine): Promise<Session> {
  const lost = engine.lost.then((error): never => {
    throw error
  })
  lost.catch(() => {})
  const listening = await listenLocally(engine)
  return {
    call: engine.handle as Client,
    onEvent: engine.subscribe,
    lost,
    async close(terminal) {
      const { recovered } = await (engine.handle as Client)('engine.recovered', {}).catch(() => ({ recovered: null }))
      if (recovered !== null) terminal.tell(recovered.sentence)
      if (listening.clients > 0)
        terminal.tell(
          `Waiting for ${listening.clients} other command${listening.clients === 1 ? ' that uses' : 's that use'} this engine.`,
        )
      const interrupted = Promise.withResolvers<void>()
      const release = terminal.onInterrupt(interrupted.resolve)
      await Promise.race([listening.idle(), interrupted.promise])
      release()
      // No new command can come in from here on; one that tries waits for the lock.
      listening.close()
      await engine.close()
    },
  }
}
