import { toErrorInfo, type ErrorInfo } from '../../shared/errors.ts'
import type { CellValue, RunColumn } from '../../shared/runTable.ts'
import { call, connection } from './connection.svelte.ts'
import { runs } from './runs.svelte.ts'

/** Pause between two questions about runs that change, in milliseconds. */
const pause = 400

/**
 * Figures, settings and latest values of curves as columns: which there are, and of those that somebody shows the value of
 * every run. Of a run that has changed only its own values are asked for again.
 */
class RunColumns {
  /** In the engine's order. */
  list = $state.raw<readonly RunColumn[]>([])
  readonly byKey = $derived(new Map(this.list.map((column) => [column.key, column])))
  error = $state.raw<ErrorInfo | null>(null)
  /** Counts changes of values. */
  version = $state(0)
  #values = new Map<string, Map<string, CellValue>>()
  #wanted = new Set<string>()
  #changed = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #listed = false
  /** Runs have come or changed since the list was read: they may have columns of their own. */
  #stale = true

  constructor() {
    connection.onOpen(() => {
      this.#values.clear()
      this.#changed.clear()
      this.#stale = true
      if (this.#listed) void this.refresh()
      if (this.#wanted.size > 0) void this.#fetch([...this.#wanted])
    })
    runs.onChange((ids) => {
      for (const id of ids) this.#changed.add(id)
      this.#stale = true
      if (this.#wanted.size > 0 && this.#timer === undefined) this.#timer = setTimeout(() => void this.#update(), pause)
    })
  }

  /** Asks which columns there are, unless nothing has changed since the last time. */
  async refresh(): Promise<void> {
    if (!this.#stale) return
    this.#stale = false
    this.#listed = true
    try {
      this.list = (await call('runs.columns', {})).columns
      this.error = null
    } catch (thrown) {
      this.#stale = true
      this.error = toErrorInfo(thrown)
    }
  }

  /** From now on these columns are here (`value`) and stay up to date. */
  want(keys: readonly string[]): void {
    const fresh = keys.filter((key) => !this.#wanted.has(key))
    if (fresh.length === 0) return
    for (const key of fresh) this.#wanted.add(key)
    if (connection.status === 'open') void this.#fetch(fresh)
  }

  /** Null where the run has none; undefined while the column is on its way. */
  value(key: string, run: string): CellValue | undefined {
    void this.version
    const column = this.#values.get(key)
    return column === undefined ? undefined : (column.get(run) ?? null)
  }

  /** A reader of one column for many runs; undefined while it is on its way. */
  reader(key: string): ((run: string) => CellValue) | undefined {
    void this.version
    const column = this.#values.get(key)
    return column && ((run) => column.get(run) ?? null)
  }

  async #fetch(columns: string[], only?: string[]): Promise<void> {
    try {
      const { runs: ids, values } = await call('runs.values', { columns, ...(only ? { runs: only } : {}) })
      for (const key of columns) {
        let known = this.#values.get(key)
        if (known === undefined || !only) this.#values.set(key, (known = new Map()))
        const column = values[key] ?? []
        ids.forEach((id, index) => known.set(id, column[index] ?? null))
      }
      this.version += 1
    } catch (thrown) {
      // After a loss the next connection asks again.
      const error = toErrorInfo(thrown)
      if (error.code !== 'ENGINE_LOST') this.error = error
    }
  }

  async #update(): Promise<void> {
    const ids = [...this.#changed]
    this.#changed.clear()
    const columns = [...this.#values.keys()]
    const fresh = ids.some((id) => runs.byId.has(id))
    if (columns.length > 0 && fresh) await this.#fetch(columns, ids.length > 2000 ? undefined : ids)
    this.#timer = undefined
    if (this.#changed.size > 0) this.#timer = setTimeout(() => void this.#update(), pause)
  }
}

export const runColumns = new RunColumns()
