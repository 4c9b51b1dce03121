import { SvelteMap } from 'svelte/reactivity'

/** How many questions each run is being asked that somebody waits for: what can wait does not stand in their way. */
class Traffic {
  readonly #busy = new SvelteMap<string, number>()

  quiet(run: string): boolean {
    return (this.#busy.get(run) ?? 0) === 0
  }

  /** Returns what to call once it is answered. */
  begin(run: string): () => void {
    this.#busy.set(run, (this.#busy.get(run) ?? 0) + 1)
    let over = false
    return () => {
      if (over) return
      over = true
      this.#busy.set(run, (this.#busy.get(run) ?? 1) - 1)
    }
  }
}

export const traffic = new Traffic()
