import { SvelteMap } from 'svelte/reactivity'
import type { EngineEvent } from '../../shared/events.ts'
import { toErrorInfo, type ErrorInfo } from '../../shared/errors.ts'
import { connection } from './connection.svelte.ts'

/** All items of one kind by id, read at every connection and kept up to date by the engine's events. */
export class Collection<T extends { id: string }> {
  readonly byId = new SvelteMap<string, T>()
  /** False until the first list has come. */
  ready = $state(false)
  error = $state.raw<ErrorInfo | null>(null)

  readonly #load: () => Promise<T[]>

  /** `follow` puts or removes what an event says. */
  constructor(load: () => Promise<T[]>, follow: (event: EngineEvent, items: Collection<T>) => void) {
    this.#load = load
    connection.onOpen(() => void this.reload())
    connection.onEvent((event) => follow(event, this))
  }

  async reload(): Promise<void> {
    try {
      const items = await this.#load()
      const ids = new Set(items.map((item) => item.id))
      for (const id of [...this.byId.keys()]) if (!ids.has(id)) this.byId.delete(id)
      for (const item of items) this.byId.set(item.id, item)
      this.error = null
      this.ready = true
    } catch (thrown) {
      this.error = toErrorInfo(thrown)
    }
  }

  put(item: T): void {
    this.byId.set(item.id, item)
  }

  drop(id: string): void {
    this.byId.delete(id)
  }
}

/** Newest first; equal times by id, so that the order never flickers. */
export const newest = <T extends { id: string }>(items: Iterable<T>, time: (item: T) => string): T[] =>
  [...items].sort((a, b) => time(b).localeCompare(time(a)) || b.id.localeCompare(a.id))
