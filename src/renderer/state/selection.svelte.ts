import { SvelteSet } from 'svelte/reactivity'
import { runs } from './runs.svelte.ts'

/** The runs that are ticked for a comparison; it outlives a change of view. */
class Selection {
  readonly #ids = new SvelteSet<string>()
  /** Ticked runs that still exist, in the order in which they were ticked. */
  readonly runs = $derived([...this.#ids].filter((id) => runs.byId.has(id)))

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  toggle(id: string): void {
    if (!this.#ids.delete(id)) this.#ids.add(id)
  }

  set(ids: readonly string[]): void {
    this.#ids.clear()
    for (const id of ids) this.#ids.add(id)
  }

  clear(): void {
    this.#ids.clear()
  }
}

export const selection = new Selection()
