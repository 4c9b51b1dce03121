/** Where the window is: `#/runs/ID?key=value`. The address is the whole state of navigation, so that a reload returns to it. */
class Route {
  #hash = $state(location.hash)
  /** The window's address as it was last read or written here. */
  #known = location.hash
  /** The address that is to be written in a moment. */
  #due: string | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #url = $derived(new URL(this.#hash.replace(/^#\/?/, '/') || '/', 'http://route'))
  readonly #parts = $derived(this.#url.pathname.split('/').filter(Boolean).map(decode))
  /**
   * First part: `datasets`, `experiments`, `runs`, `compare`, `explore`, `new`, `exports`, `places`, `storage`; empty for the front
   * door.
   */
  readonly view = $derived(this.#parts[0] ?? '')
  /** Second part: the id of what is shown. */
  readonly id = $derived(this.#parts[1] ?? null)
  /** Third part: which of its views. */
  readonly part = $derived(this.#parts[2] ?? null)
  readonly query = $derived(this.#url.searchParams)

  constructor() {
    window.addEventListener('hashchange', () => {
      clearTimeout(this.#timer)
      this.#due = null
      this.#hash = this.#known = location.hash
    })
  }

  /** Somebody went elsewhere, and the window's event of it is still to come: what replaces the address of before is too late. */
  get #left(): boolean {
    return location.hash !== this.#known
  }

  /** A list in the address: `runs=a,b`. */
  list(key: string): string[] {
    return (this.query.get(key) ?? '').split(',').filter(Boolean)
  }

  /**
   * @param options `soon`: what replaces the address does so a moment later, so that a slider may change it at every move;
   * browsers refuse hundreds of changes a second
   */
  go(address: string, options: { replace?: boolean; soon?: boolean } = {}): void {
    const hash = address.startsWith('#') ? address : `#${address}`
    if (options.replace && this.#left) return
    clearTimeout(this.#timer)
    if (options.replace && options.soon) {
      this.#due = hash
      this.#timer = setTimeout(() => this.#settle(), 200)
      this.#hash = hash
      return
    }
    if (options.replace) this.#due = null
    this.#settle()
    if (options.replace) history.replaceState(null, '', hash)
    else if (location.hash !== hash) history.pushState(null, '', hash)
    this.#known = location.hash
    this.#hash = hash
  }

  /** Writes the address that is due. */
  #settle(): void {
    if (this.#due !== null && !this.#left) {
      history.replaceState(null, '', this.#due)
      this.#known = location.hash
    }
    this.#due = null
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Addresses of all views, once. */
export const to = {
  start: () => '#/start',
  datasets: () => '#/datasets',
  dataset: (id: string) => `#/datasets/${encodeURIComponent(id)}`,
  runs: () => '#/runs',
  run: (id: string) => `#/runs/${encodeURIComponent(id)}`,
  compare: (ids: readonly string[]) => (ids.length ? `#/compare?runs=${ids.map(encodeURIComponent).join(',')}` : '#/compare'),
  /** Into one trained run, or two side by side; without one, into the run that was looked into last. */
  explore: ([first, second]: readonly string[] = [], view?: string) => {
    if (first === undefined) return '#/explore'
    const beside = second === undefined ? '' : `?with=${encodeURIComponent(second)}`
    return `#/explore/${encodeURIComponent(first)}${view ? `/${view}` : ''}${beside}`
  },
  /** `settings`: by dotted keys, on top of those of the run or the variant. */
  newRun: ({
    settings,
    ...given
  }: { from?: string; dataset?: string; variant?: string; preset?: string; settings?: Record<string, string> } = {}) => {
    const query = new URLSearchParams(
      Object.entries({ ...given, ...settings }).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ).toString()
    return query ? `#/new?${query}` : '#/new'
  },
  exports: () => '#/exports',
  places: () => '#/places',
  experiments: () => '#/experiments',
  experiment: (id: string) => `#/experiments/${encodeURIComponent(id)}`,
  newExperiment: (given: { template?: string; from?: string; dataset?: string } = {}) => {
    const query = new URLSearchParams(
      Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ).toString()
    return query ? `#/experiments/new?${query}` : '#/experiments/new'
  },
  storage: () => '#/storage',
}

export const route = new Route()
