import { untrack } from 'svelte'
import type { CallInput } from '../../shared/calls.ts'
import { toErrorInfo, type ErrorInfo } from '../../shared/errors.ts'
import type { ResultOf } from '../../shared/answers.ts'
import type { QuestionKind } from '../../shared/questions.ts'
import { call, connection } from './connection.svelte.ts'
import { traffic } from './exploreTraffic.svelte.ts'

export type Asked = Omit<CallInput<'explore'>, 'view'>
export type AskedOf<K extends QuestionKind> = Asked & { question: Extract<Asked['question'], { kind: K }> }

/** Tells this window's questions from another's. */
const page = Math.random().toString(36).slice(2, 10)
let count = 0

/** The same for two questions that are the same. */
const textOf = (asked: Asked): string =>
  JSON.stringify(asked, (_, value: unknown) => (ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value))

/**
 * The answer to a question about a trained network. A newer question ends the one before, in the engine too (`replace`); or
 * waits until it is answered, the newest only, so that what follows a pointer asks as often as it is answered (`live`); or is
 * asked when the run is asked nothing else (`background`). The answer before stays until the next is there, as long as it is of
 * the same network.
 */
export class Ask<K extends QuestionKind> {
  value = $state.raw<ResultOf<K> | null>(null)
  /** What the value answers. */
  asked = $state.raw<AskedOf<K> | null>(null)
  error = $state.raw<ErrorInfo | null>(null)
  busy = $state(false)
  /** Somebody did not want to wait for it. */
  cancelled = $state(false)
  /** How far the engine is with it, 0 to 1; null while nothing is known. */
  share = $state<number | null>(null)
  readonly #view = `${page}/${count++}`
  readonly #mode: 'replace' | 'live' | 'background'
  /** Of the newest question; an answer to an earlier one is not wanted. */
  #latest = 0
  #next: AskedOf<K> | null = null
  #network: string | null = null
  /** Questions on their way, unwanted ones among them. */
  #flying = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(mode: 'replace' | 'live' | 'background') {
    this.#mode = mode
  }

  /** Asks; null: there is nothing to be asked now, and no answer. */
  ask(asked: AskedOf<K> | null): void {
    this.cancelled = false
    const network = asked === null ? null : networkOf(asked)
    if (network !== this.#network) {
      this.#network = network
      this.#latest += 1
      this.value = null
      this.asked = null
    }
    if (asked === null) {
      this.error = null
      return this.stop()
    }
    if (this.#mode === 'live' && this.#flying > 0) {
      this.busy = true
      this.#next = asked
    } else void this.#send(asked)
  }

  /** What is on its way is not wanted any more. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#next = null
    this.#latest += 1
    this.busy = false
    this.share = null
    if (this.#flying > 0) void call('explore.cancel', { view: this.#view }).catch(() => {})
  }

  /** Ends what is on its way; what was answered before is of another question, and goes too. */
  cancel(): void {
    this.stop()
    this.value = null
    this.asked = null
    this.error = null
    this.cancelled = true
  }

  /** Asks when nothing else has been asked of the run for a moment. */
  whenQuiet(asked: AskedOf<K>): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#send(asked), 400)
  }

  progressed(view: string, share: number | null): void {
    if (view === this.#view) this.share = share
  }

  async #send(asked: AskedOf<K>): Promise<void> {
    const mine = ++this.#latest
    this.#flying += 1
    this.busy = true
    const done = this.#mode === 'background' ? () => {} : traffic.begin(asked.run)
    try {
      const { result } = await call('explore', { ...asked, view: this.#view })
      if (mine === this.#latest) {
        this.value = result as ResultOf<K>
        this.asked = asked
        this.error = null
      }
    } catch (thrown) {
      const error = toErrorInfo(thrown)
      if (mine === this.#latest && error.code !== 'CANCELLED') {
        this.error = error
        this.value = null
        this.asked = null
      }
    } finally {
      done()
      this.#flying -= 1
    }
    const next = this.#next
    this.#next = null
    if (next) return void this.#send(next)
    if (mine !== this.#latest) return
    this.busy = false
    this.share = null
  }
}

const networkOf = ({ run, checkpoint }: Asked): string => `${run} ${checkpoint ?? ''}`

/**
 * For use while a component starts: asks what `question` says, again when that changes or the engine comes back, and ends what
 * is on its way when the component goes.
 */
export function asking<K extends QuestionKind>(
  question: () => AskedOf<K> | null,
  mode: 'replace' | 'live' | 'background' = 'replace',
): Ask<K> & { again(): void } {
  const ask = new Ask<K>(mode)
  let round = $state(0)
  /** What could not be answered is asked again only when somebody says so. */
  let failed = ''
  const asked = $derived(question())
  const text = $derived(asked === null ? null : textOf(asked))
  const quiet = $derived(mode !== 'background' || asked === null || traffic.quiet(asked.run))
  $effect(() =>
    connection.onEvent((event) => {
      if (event.type === 'explore') ask.progressed(event.view, event.share)
    }),
  )
  $effect(() => {
    void [text, round, connection.generation, quiet]
    untrack(() => {
      if (mode !== 'background' || asked === null) return ask.ask(asked)
      const now = `${text} ${round}`
      if (ask.error) failed = `${text} ${round}`
      if (failed === now || (ask.asked && textOf(ask.asked) === text)) return
      if (ask.asked) ask.ask(null)
      if (quiet) ask.whenQuiet(asked)
      else ask.stop()
    })
  })
  $effect(() => () => ask.stop())
  return Object.assign(ask, {
    again: () => {
      round += 1
    },
  })
}
