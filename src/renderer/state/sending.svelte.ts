import { SvelteMap } from 'svelte/reactivity'
import type { Task } from '../../shared/domain.ts'
import { toErrorInfo, type ErrorInfo } from '../../shared/errors.ts'
import { call } from './connection.svelte.ts'
import { tasks } from './tasks.svelte.ts'

const key = 'sending'

/** What is sent: the open runs of an experiment, or a run. */
export type Sent = { experiment: string } | { run: string }
export const idOf = (what: Sent): string => ('run' in what ? what.run : what.experiment)

/** What was chosen as *Where* of what is new; empty: this machine. */
export const where = $state({ run: '', experiment: '' })

/** What this window has sent to places: it survives a reload, as what became of it is still to be said. */
class Sending {
  /** By id of the experiment or run. */
  readonly #sent = new SvelteMap<string, { task: string; place: string }>()
  readonly #refused = new SvelteMap<string, { place: string; error: ErrorInfo }>()

  constructor() {
    try {
      for (const [id, one] of JSON.parse(sessionStorage.getItem(key) ?? '[]') as [string, { task: string; place: string }][])
        this.#sent.set(id, one)
    } catch {
      // What cannot be read was not kept by this version.
    }
  }

  /** Has the open runs of an experiment, or a run, trained at a place. @throws when nothing of it began */
  async send(place: string, what: Sent): Promise<void> {
    const { task } = await call('places.submit', { place, ...what })
    tasks.put(task)
    this.#refused.delete(idOf(what))
    this.#sent.set(idOf(what), { task: task.id, place })
    this.#keep()
  }

  /**
   * As `send`, for what was just made: it is there, and paused, whatever becomes of sending it. Where the engine refuses at once, that
   * is said at its page, too.
   */
  async begin(place: string, what: Sent): Promise<void> {
    try {
      await this.send(place, what)
    } catch (thrown) {
      this.#refused.set(idOf(what), { place, error: toErrorInfo(thrown) })
    }
  }

  /** Why nothing of it began, where that was refused at once. */
  refused(id: string): { place: string; error: ErrorInfo } | null {
    return this.#refused.get(id) ?? null
  }

  /** How it stands with what was sent of an experiment or run; null where nothing was, or it is there. */
  of(id: string): { task: Task; place: string } | null {
    const sent = this.#sent.get(id)
    const task = sent && tasks.byId.get(sent.task)
    return sent && task && task.state !== 'done' ? { task, place: sent.place } : null
  }

  /** It was read. */
  forget(id: string): void {
    this.#sent.delete(id)
    this.#refused.delete(id)
    this.#keep()
  }

  #keep(): void {
    try {
      sessionStorage.setItem(key, JSON.stringify([...this.#sent].slice(-50)))
    } catch {
      // What cannot be kept lasts as long as the page.
    }
  }
}

export const sending = new Sending()
