import { runs } from './runs.svelte.ts'

/** The runs that are ticked for a comparison; it outlives a change of view. */
class Selection {
  #ids = $state.raw<ReadonlySet<string>>(new Set())
  /** Selected runs that still exist, in the order in which they were ticked. */
  readonly runs = $derived([...this.#ids].filter((id) => runs.byId.has(id)))

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  toggle(id: string): void {
    const ids = new Set(this.#ids)
    if (!ids.delete(id)) ids.add(id)
    this.#ids = ids
  }

  set(ids: readonly string[]): void {
    this.#ids = new Set(ids)
  }

  clear(): void {
    this.#ids = new Set()
  }
}

export const selection = new Selection()
