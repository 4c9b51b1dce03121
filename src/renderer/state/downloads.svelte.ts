import { SvelteMap } from 'svelte/reactivity'
import type { Task } from '../../shared/domain.ts'
import { toErrorInfo, type ErrorInfo } from '../../shared/errors.ts'
import { call, connection } from './connection.svelte.ts'

interface Download {
  id: string
  /** The task that writes it. */
  task: string
  name: string
  /** `ready`: the browser was told to fetch it. `gone`: the engine that made it is. */
  state: 'making' | 'ready' | 'sending' | 'sent' | 'broken' | 'expired' | 'gone' | 'failed'
  /** In bytes, once it is written. */
  bytes: number
  address: string
  error: ErrorInfo | null
}

/** Under which a page that is loaded anew finds what it waited for. */
const stored = 'workbench-downloads'

/** Has the browser fetch what a dialog of the desktop would have saved. */
function fetchFile({ address, name }: Pick<Download, 'address' | 'name'>): void {
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
}

/** What this page is having written for the browser to download, whichever view is shown when it is done. */
class Downloads {
  readonly byId = new SvelteMap<string, Download>()

  constructor() {
    connection.onEvent((event) => {
      if (event.type === 'download') this.#put(event.download, { state: event.state })
      if (event.type === 'task') {
        for (const { id, task, state } of this.byId.values())
          if (task === event.task.id && state === 'making') void this.#look(id, event.task)
      }
    })
    // What ended while the page or the connection was away.
    connection.onOpen(() => {
      this.#restore()
      for (const { id, state } of [...this.byId.values()]) {
        if (state === 'making') void this.#look(id)
        else if (state === 'ready' || state === 'sending') void this.#ready(id, false)
      }
    })
  }

  follow(id: string, name: string, { id: task }: Task): void {
    this.byId.set(id, { id, task, name, state: 'making', bytes: 0, address: '', error: null })
    this.#store()
    void this.#look(id)
  }

  #put(id: string, change: Partial<Download>): void {
    const known = this.byId.get(id)
    if (known === undefined) return
    this.byId.set(id, { ...known, ...change })
    this.#store()
  }

  /** @param task as it is now; undefined: it is asked for */
  async #look(id: string, task?: Task): Promise<void> {
    const known = this.byId.get(id)
    if (known?.state !== 'making') return
    try {
      task ??= (await call('tasks.show', { task: known.task })).task
    } catch (thrown) {
      if (toErrorInfo(thrown).code !== 'ENGINE_LOST') this.#put(id, { state: 'gone' })
      return
    }
    if (task.state === 'running' || this.byId.get(id)?.state !== 'making') return
    if (task.state === 'done') return this.#ready(id, true)
    // Why, its form says.
    this.byId.delete(id)
    this.#store()
    await call('downloads.end', { download: id }).catch(() => {})
  }

  async #ready(id: string, fetches: boolean): Promise<void> {
    this.#put(id, { state: 'ready' })
    try {
      this.#put(id, await call('downloads.ready', { download: id }))
    } catch (thrown) {
      const error = toErrorInfo(thrown)
      if (error.code !== 'ENGINE_LOST') this.#put(id, fetches ? { state: 'failed', error } : { state: 'gone' })
      return
    }
    if (fetches) fetchFile(this.byId.get(id)!)
  }

  #store(): void {
    const waiting = [...this.byId.values()]
      .filter(({ state }) => state === 'making' || state === 'ready')
      .map(({ id, task, name }) => [id, task, name])
    sessionStorage.setItem(stored, JSON.stringify(waiting))
  }

  #restore(): void {
    let found: unknown
    try {
      found = JSON.parse(sessionStorage.getItem(stored) ?? '[]')
    } catch {
      found = []
    }
    for (const [id, task, name] of Array.isArray(found) ? (found as [string, string, string][]) : [])
      if (!this.byId.has(id)) this.byId.set(id, { id, task, name, state: 'making', bytes: 0, address: '', error: null })
  }
}

export const downloads = new Downloads()
