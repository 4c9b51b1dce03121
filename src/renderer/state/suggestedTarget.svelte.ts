import { connection } from './connection.svelte.ts'

/** Where a file or folder will be written: what the engine suggests, until the user has written another path. */
export class SuggestedTarget {
  path = $state('')
  /** The path that was suggested last. */
  suggested = ''
  #latest = 0

  /** For use while a component starts. @param ask for the path, by what it reads; null: there is nothing to suggest now */
  constructor(ask: () => Promise<string> | null) {
    $effect(() => {
      void connection.generation
      const mine = ++this.#latest
      ask()?.then(
        (path) => {
          if (mine !== this.#latest) return
          if (this.path === '' || this.path === this.suggested) this.path = path
          this.suggested = path
        },
        () => {},
      )
    })
  }
}
