/** What is kept of one run while the window is open, and is up to date while somebody follows it. */
export abstract class Followed {
  #followers = 0
  #stops: readonly (() => void)[] = []
  readonly run: string

  constructor(run: string) {
    this.run = run
  }

  /** Begins to follow what the engine says. @returns what ends it again */
  protected abstract begin(): readonly (() => void)[]

  protected get isFollowed(): boolean {
    return this.#followers > 0
  }

  /** Fetches now, and again whenever the engine has more, until the returned function is called. */
  follow(): () => void {
    if (this.#followers++ === 0) this.#stops = this.begin()
    let follows = true
    return () => {
      if (!follows) return
      follows = false
      if (--this.#followers === 0) for (const stop of this.#stops) stop()
    }
  }
}

/** One object for each run: `of` gives it, made when it is first asked for; `follow` keeps those of several runs up to date. */
export function perRun<T extends Followed>(make: (run: string) => T) {
  const known = new Map<string, T>()
  const of = (run: string): T => {
    let one = known.get(run)
    if (!one) {
      // In a root of its own: a derived value does not follow state that was made while it was being derived.
      $effect.root(() => {
        known.set(run, (one = make(run)))
      })
    }
    return one!
  }
  return {
    of,
    /** For use while a component starts: follows the runs that `ids` names. */
    follow(ids: () => readonly string[]): void {
      // Compared as text: a list that is made anew with the same runs must not start anew.
      const key = $derived(ids().join('\n'))
      $effect(() => {
        const stops = key
          .split('\n')
          .filter(Boolean)
          .map((id) => of(id).follow())
        return () => {
          for (const stop of stops) stop()
        }
      })
    },
  }
}
