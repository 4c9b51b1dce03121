import type { CallInput, CallName, CallOutput } from '../../shared/calls.ts'
import type { EngineEvent } from '../../shared/events.ts'
import { connectToEngine, type Client } from '../../shared/connection.ts'
import { WorkbenchError } from '../../shared/errors.ts'
import { inWindow } from '../optionTitles.ts'
import { linkByPort, linkBySocket } from './channels.ts'
import { host } from './host.ts'

/** Why an engine does not start where a recovery helps. */
const isRecoverable = (code: string | undefined): boolean => code === 'DATABASE_MISSING' || code === 'DATABASE_DAMAGED'

type EngineStatus = CallOutput<'engine.status'>

const lost = (): WorkbenchError =>
  new WorkbenchError(
    'ENGINE_LOST',
    host
      ? 'The engine has stopped and is being restarted. Try again when it is back.'
      : 'The workbench does not answer; start it again in its terminal.',
  )

/** The window's one connection to the engine, whichever host it is in. It comes back by itself, and everything is read anew. */
class Connection {
  status = $state<'connecting' | 'open' | 'lost' | 'failed'>('connecting')
  /** Why it is lost, where that is known. */
  message = $state('')
  /** Counts connections: what is loaded in an effect that reads it is loaded again after a loss. */
  generation = $state(0)
  engine = $state.raw<EngineStatus | null>(null)
  /** Whether the engine does not start because its database is lost or damaged, and the shell can have a new one made. */
  recoverable = $state(false)
  /** What the engine said of its end, where it could. */
  #farewell = ''
  #client: ReturnType<typeof connectToEngine> | null = null
  #link: { retry(): void } | null = null
  #listeners = new Set<(event: EngineEvent) => void>()
  #openers = new Set<() => void>()
  #losers = new Set<() => void>()

  open(): void {
    const link = {
      up: (channel: Parameters<typeof connectToEngine>[0]) => {
        this.#drop()
        this.#client = connectToEngine(channel, (event) => {
          if (event.type === 'homeLost') this.#farewell = event.error.message
          for (const listener of this.#listeners) listener(event)
        })
        this.status = 'open'
        this.message = ''
        this.#farewell = ''
        this.generation += 1
        this.call('engine.status', {}).then(
          (status) => {
            this.engine = status
          },
          () => {},
        )
        for (const opener of this.#openers) opener()
      },
      down: (message: string, final: boolean) => {
        this.#drop()
        this.message = this.#farewell || message
        // Before the first connection a closed socket only means that the engine is still starting, until it says more.
        if (final) this.status = 'failed'
        else if (this.generation > 0 || message) this.status = 'lost'
        for (const loser of this.#losers) loser()
      },
    }
    host?.onEngineState(({ state, code }) => {
      this.recoverable = state === 'failed' && isRecoverable(code)
    })
    this.#link = host ? linkByPort(host, link) : linkBySocket(link)
  }

  /** One call to the engine. Rejects with a WorkbenchError: the engine's own in words of a window, or ENGINE_LOST. */
  call: Client = (async <N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> => {
    if (!this.#client) throw lost()
    try {
      return await this.#client.call(name, input)
    } catch (thrown) {
      if (!(thrown instanceof WorkbenchError)) throw thrown
      const { code, field, message } = thrown
      throw new WorkbenchError(code, inWindow(message), { cause: thrown, ...(field === undefined ? {} : { field }) })
    }
  }) as Client

  /** Listens to the engine's events for as long as the window lives, or until the returned function is called. */
  onEvent(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Called at every connection, the present one included. */
  onOpen(opener: () => void): () => void {
    this.#openers.add(opener)
    if (this.status === 'open') opener()
    return () => {
      this.#openers.delete(opener)
    }
  }

  /** Called at every loss, also of what could not be had again. */
  onLost(loser: () => void): () => void {
    this.#losers.add(loser)
    return () => {
      this.#losers.delete(loser)
    }
  }

  retry(): void {
    this.#link?.retry()
  }

  #drop(): void {
    this.#client?.close()
    this.#client = null
  }
}

export const connection = new Connection()
export const call = connection.call
