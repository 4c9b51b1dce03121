import { untrack } from 'svelte'
import { toErrorInfo, type ErrorInfo } from '../../../shared/errors.ts'
import { connection } from '../../state/connection.svelte.ts'

/**
 * The answer to the newest question. One call is under way at a time, and questions that come meanwhile replace each other: a
 * slider that moves fifty times asks as often as the engine can answer. The answer before stays until the next is here.
 */
export class Latest<Q, A> {
  value = $state.raw<A | null>(null)
  /** What the value answers. */
  question = $state.raw<Q | null>(null)
  error = $state.raw<ErrorInfo | null>(null)
  busy = $state(false)
  /** Milliseconds that the last answer took. */
  took = 0
  #next: { question: Q } | null = null
  #dropped = false
  readonly #fetch: (question: Q) => Promise<A>

  constructor(fetch: (question: Q) => Promise<A>) {
    this.#fetch = fetch
  }

  /** Asks; null: there is nothing to be asked now, and no answer. */
  ask(question: Q | null): void {
    if (question === null) {
      this.#next = null
      this.#dropped = true
      this.value = null
      this.question = null
      this.error = null
      return
    }
    this.#next = { question }
    if (!untrack(() => this.busy)) void this.#work()
  }

  async #work(): Promise<void> {
    this.busy = true
    while (this.#next) {
      const { question } = this.#next
      this.#next = null
      this.#dropped = false
      const began = performance.now()
      try {
        const value = await this.#fetch(question)
        if (!this.#dropped) {
          this.value = value
          this.question = question
          this.error = null
        }
      } catch (thrown) {
        if (!this.#dropped && this.#next === null) this.error = toErrorInfo(thrown)
      }
      this.took = performance.now() - began
    }
    this.busy = false
  }
}

/**
 * For use while a component starts: asks what `question` says, and again when that changes (compared as JSON) or the engine
 * comes back.
 */
export function latest<Q, A>(question: () => Q | null, fetch: (question: Q) => Promise<A>): Latest<Q, A> & { again(): void } {
  const result = new Latest(fetch)
  let round = $state(0)
  const text = $derived.by(() => {
    const asked = question()
    return asked === null ? null : JSON.stringify(asked)
  })
  $effect(() => {
    void [round, connection.generation]
    result.ask(text === null ? null : (JSON.parse(text) as Q))
  })
  return Object.assign(result, {
    again: () =>
      untrack(() => {
        round += 1
      }),
  })
}
