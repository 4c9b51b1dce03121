import { SvelteMap } from 'svelte/reactivity'
import type { Run } from '../../shared/domain.ts'
import { toErrorInfo, type ErrorInfo } from '../../shared/errors.ts'
import { fromRowColumns, newestFirst, rowOf } from '../../shared/runRows.ts'
import type { RunRow } from '../../shared/runTable.ts'
import { isUnderWay } from '../../shared/runStates.ts'
import { call, connection } from './connection.svelte.ts'

/** States in which nothing more will happen by itself. */
const ended: readonly Run['state'][] = ['completed', 'diverged', 'failed', 'cancelled']
export const hasEnded = (run: Pick<Run, 'state'>): boolean => ended.includes(run.state)
/** Waiting or working, here or elsewhere. */
export const isLive = (run: Pick<Run, 'state'>): boolean => isUnderWay(run.state)

/** Events of so many milliseconds are taken together: an experiment of thousands of runs tells of each. */
const pause = 50
/** Whole runs that are kept; a comparison needs a hundred. */
const mostWhole = 500

/**
 * All runs of the home: of each a row (`list`, `row`), and the whole run (`byId.get`) of those that somebody asked for. Ten
 * thousand whole runs, each with its config and evaluation, would take seconds to send and hundreds of megabytes to keep; rows
 * take a tenth of a second.
 */
class Runs {
  /** False until the first rows have come. */
  ready = $state(false)
  error = $state.raw<ErrorInfo | null>(null)
  /** Newest first; a row that has not changed is the same object as before. */
  list = $state.raw<readonly RunRow[]>([])
  readonly live = $derived(this.list.filter(isLive))
  #rows = new Map<string, RunRow>()
  /** Counts changes of which runs there are, and of anything. */
  #membership = $state(0)
  #version = $state(0)
  #waiting = new Map<string, RunRow | null>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #listeners = new Set<(ids: readonly string[]) => void>()

  readonly #whole = new SvelteMap<string, Run>()
  #asked = new Set<string>()

  /** Whole runs, by id. What is not here yet is fetched: `get` gives it as soon as it has come, where `has` says that there is one. */
  readonly byId = this.#lookup()

  constructor() {
    connection.onOpen(() => void this.reload())
    connection.onLost(() => this.#still())
    connection.onEvent((event) => {
      if (event.type === 'run') {
        if (this.#whole.has(event.run.id)) this.#whole.set(event.run.id, event.run)
        this.#note(event.run.id, rowOf(event.run))
      } else if (event.type === 'runRemoved') {
        this.#whole.delete(event.run)
        this.#note(event.run, null)
      } else if (event.type === 'dataset') {
        const { id, name } = event.dataset
        for (const row of this.#rows.values())
          if (row.datasetId === id && row.dataset !== name) this.#note(row.id, { ...row, dataset: name })
      }
    })
  }

  #lookup() {
    const has = (id: string): boolean => {
      void this.#membership
      return this.#rows.has(id)
    }
    const get = (id: string): Run | undefined => {
      const run = this.#whole.get(id)
      if (run === undefined && has(id)) this.#ask(id)
      return run
    }
    const size = (): number => {
      void this.#membership
      return this.#rows.size
    }
    return {
      get,
      has,
      get size(): number {
        return size()
      },
    }
  }

  /** A run's row, or that there is none. */
  row(id: string): RunRow | undefined {
    void this.#version
    return this.#rows.get(id)
  }

  /** A run that a call has just answered with: it is here at once. */
  put(run: Run): void {
    this.#whole.set(run.id, run)
    this.#note(run.id, rowOf(run))
    this.#take()
  }

  /** Calls the listener with the ids of runs that have come, changed or gone; returns the function that stops it. */
  onChange(listener: (ids: readonly string[]) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  async reload(): Promise<void> {
    try {
      const rows = fromRowColumns((await call('runs.rows', {})).rows)
      this.#waiting.clear()
      this.#rows = new Map(rows.map((row) => [row.id, row]))
      this.#order()
      this.#membership += 1
      this.#version += 1
      this.error = null
      this.ready = true
      for (const id of [...this.#whole.keys()]) {
        if (this.#rows.has(id)) this.#ask(id)
        else this.#whole.delete(id)
      }
    } catch (thrown) {
      this.error = toErrorInfo(thrown)
    }
  }

  /** Without an engine nothing is known of how fast anything is and how long it still takes. */
  #still(): void {
    const still = <T extends Pick<RunRow, 'progress'>>(run: T): T => ({
      ...run,
      progress: run.progress && { ...run.progress, perSecond: null, secondsLeft: null },
    })
    for (const row of this.list) {
      const { progress } = row
      if (progress === null || (progress.perSecond === null && progress.secondsLeft === null)) continue
      this.#note(row.id, still(row))
      const whole = this.#whole.get(row.id)
      if (whole) this.#whole.set(row.id, still(whole))
    }
  }

  #note(id: string, row: RunRow | null): void {
    this.#waiting.set(id, row)
    this.#timer ??= setTimeout(() => this.#take(), pause)
  }

  #take(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    let others = false
    const ids = [...this.#waiting.keys()]
    for (const [id, row] of this.#waiting) {
      if (row === null) others = this.#rows.delete(id) || others
      else {
        const before = this.#rows.get(id)
        others ||= before?.createdAt !== row.createdAt
        this.#rows.set(id, row)
      }
    }
    this.#waiting.clear()
    if (ids.length === 0) return
    if (others) {
      this.#order()
      this.#membership += 1
    } else {
      const changed = new Set(ids)
      this.list = this.list.map((row) => (changed.has(row.id) ? this.#rows.get(row.id)! : row))
    }
    this.#version += 1
    for (const listener of this.#listeners) listener(ids)
  }

  #order(): void {
    this.list = newestFirst(this.#rows.values())
  }

  /** Fetches whole runs, all that are asked for in one turn together. */
  #ask(id: string): void {
    if (this.#asked.has(id)) return
    this.#asked.add(id)
    if (this.#asked.size > 1) return
    setTimeout(async () => {
      const runs = [...this.#asked].slice(0, mostWhole)
      try {
        const found = (await call('runs.several', { runs })).runs
        for (const run of found) this.#whole.set(run.id, run)
        for (const old of [...this.#whole.keys()].slice(0, Math.max(0, this.#whole.size - mostWhole)))
          if (!runs.includes(old)) this.#whole.delete(old)
      } catch {
        // The next connection asks again: `reload` does for those that are here, and views for the others.
      }
      const later = [...this.#asked].filter((one) => !runs.includes(one))
      this.#asked.clear()
      for (const one of later) this.#ask(one)
    })
  }
}

export const runs = new Runs()
