import type { Task } from '../../shared/domain.ts'
import { toErrorInfo, type ErrorInfo } from '../../shared/errors.ts'
import { call } from './connection.svelte.ts'
import { tasks } from './tasks.svelte.ts'

/**
 * Long work of the engine that a panel starts, follows and can cancel. Of how it ended nothing is said any more once the form
 * says something else.
 */
export class Working {
  readonly #form: () => unknown
  /** What the form said when the work began. */
  #asked = $state.raw('')
  #id = $state<string | null>(null)
  #refused = $state.raw<ErrorInfo | null>(null)
  starting = $state(false)
  readonly task = $derived(this.#id === null ? null : (tasks.byId.get(this.#id) ?? null))
  readonly running = $derived(this.task?.state === 'running')
  readonly #stale = $derived.by(() => this.#asked !== JSON.stringify(this.#form()))
  readonly cancelled = $derived(!this.#stale && this.task?.state === 'cancelled')
  /** What it made, once it is done. */
  readonly result = $derived(!this.#stale && this.task?.state === 'done' ? this.task.result : null)
  readonly error = $derived(this.#stale ? null : (this.#refused ?? (this.task?.state === 'failed' ? this.task.error : null)))

  /** @param form what decides about the work, as the form says it now; JSON tells whether it has changed */
  constructor(form: () => unknown = () => null) {
    this.#form = form
  }

  async start(begin: () => Promise<{ task: Task }>): Promise<void> {
    if (this.starting || this.running) return
    this.starting = true
    this.forget()
    this.#asked = JSON.stringify(this.#form())
    try {
      const { task } = await begin()
      tasks.put(task)
      this.#id = task.id
    } catch (thrown) {
      this.#refused = toErrorInfo(thrown)
    } finally {
      this.starting = false
    }
  }

  async cancel(): Promise<void> {
    if (this.#id === null) return
    try {
      tasks.put((await call('tasks.cancel', { task: this.#id })).task)
    } catch (thrown) {
      this.#refused = toErrorInfo(thrown)
    }
  }

  /** The next one begins with nothing said. */
  forget(): void {
    this.#id = null
    this.#refused = null
  }
}
