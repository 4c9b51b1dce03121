import { untrack } from 'svelte'
import { toErrorInfo, type ErrorInfo } from '../../shared/errors.ts'
import { connection } from './connection.svelte.ts'

/** What a view reads from the engine by itself: its value, or that it is on its way, or why it did not come. */
export class Loaded<T> {
  /** The latest value; kept while the next one is on its way. */
  value = $state.raw<T | null>(null)
  error = $state.raw<ErrorInfo | null>(null)
  loading = $state(true)
  #again = $state(0)
  #latest = 0

  /** `fetch` is called in an effect: what it reads before its first await is followed. Null: nothing to load now. */
  follow(fetch: () => Promise<T> | null): void {
    void connection.generation
    void this.#again
    const ask = fetch()
    const mine = ++this.#latest
    untrack(() => {
      this.loading = ask !== null
      if (ask === null) {
        this.value = null
        this.error = null
      }
    })
    ask?.then(
      (value) => {
        if (mine !== this.#latest) return
        this.value = value
        this.error = null
        this.loading = false
      },
      (thrown: unknown) => {
        if (mine !== this.#latest) return
        this.error = toErrorInfo(thrown)
        this.loading = false
      },
    )
  }

  reload(): void {
    this.#again += 1
  }
}

/** For use while a component starts: loads, and loads again when what `fetch` reads changes or the engine comes back. */
export function loaded<T>(fetch: () => Promise<T> | null): Loaded<T> {
  const result = new Loaded<T>()
  $effect(() => result.follow(fetch))
  return result
}
