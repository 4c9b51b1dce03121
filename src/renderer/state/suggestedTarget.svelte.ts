import { connection } from './connection.svelte.ts'

/** Where a file or folder will be written: what the engine suggests, until the user has written another path. */
export class SuggestedTarget {
  path = $state('')
  /** The path that was suggested last and put in the field. */
  suggested = ''
  #latest = 0
  /** Suggested while somebody was in the field. */
  #waiting: string | null = null
  #held = false

  /** Whether the field has the focus: somebody reads or is about to type there, and nothing is put under their hands. */
  get held(): boolean {
    return this.#held
  }
  set held(held: boolean) {
    this.#held = held
    if (!held && this.#waiting !== null) this.#put(this.#waiting)
  }

  /** For use while a component starts. @param ask for the path, by what it reads; null: there is nothing to suggest now */
  constructor(ask: () => Promise<string> | null) {
    $effect(() => {
      void connection.generation
      const mine = ++this.#latest
      ask()?.then(
        (path) => {
          if (mine !== this.#latest) return
          if (this.#held) this.#waiting = path
          else this.#put(path)
        },
        () => {},
      )
    })
  }

  #put(path: string): void {
    if (this.path === '' || this.path === this.suggested) this.path = path
    this.suggested = path
    this.#waiting = null
  }
}
