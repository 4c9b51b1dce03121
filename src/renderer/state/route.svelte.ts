/** Where the window is: `#/runs/ID?key=value`. The address is the whole state of navigation, so that a reload returns to it. */
class Route {
  #hash = $state(location.hash)
  readonly #url = $derived(new URL(this.#hash.replace(/^#\/?/, '/') || '/', 'http://route'))
  readonly #parts = $derived(this.#url.pathname.split('/').filter(Boolean).map(decode))
  /** First part: `datasets`, `experiments`, `runs`, `compare`, `new`, `exports`, `storage`; empty for the front door. */
  readonly view = $derived(this.#parts[0] ?? '')
  /** Second part: the id of what is shown. */
  readonly id = $derived(this.#parts[1] ?? null)
  readonly query = $derived(this.#url.searchParams)

  constructor() {
    window.addEventListener('hashchange', () => { this.#hash = location.hash })
  }

  /** A list in the address: `runs=a,b`. */
  list(key: string): string[] {
    return (this.query.get(key) ?? '').split(',').filter(Boolean)
  }

  go(address: string, options: { replace?: boolean } = {}): void {
    const hash = address.startsWith('#') ? address : `#${address}`
    if (options.replace) history.replaceState(null, '', hash)
    else if (location.hash !== hash) history.pushState(null, '', hash)
    this.#hash = hash
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
  newRun: (given: { from?: string; dataset?: string; variant?: string; preset?: string } = {}) => {
    const query = new URLSearchParams(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined)).toString()
    return query ? `#/new?${query}` : '#/new'
  },
  exports: () => '#/exports',
  experiments: () => '#/experiments',
  experiment: (id: string) => `#/experiments/${encodeURIComponent(id)}`,
  newExperiment: (given: { template?: string; from?: string; dataset?: string } = {}) => {
    const query = new URLSearchParams(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined)).toString()
    return query ? `#/experiments/new?${query}` : '#/experiments/new'
  },
  storage: () => '#/storage',
}

export const route = new Route()
