import { SvelteMap } from 'svelte/reactivity'
import type { Images } from '../../../shared/domain.ts'
import { toErrorInfo } from '../../../shared/errors.ts'
import type { Corruption } from '../../../shared/questions.ts'
import { call } from '../../state/connection.svelte.ts'

/** What a network makes of the preview images when all networks get them corrupted alike. */
export interface Answered {
  corrupted: Images | null
  reconstructions: Images | null
  difference: Images | null
  problem: string | null
}

/** Answers that are kept: moving back and forth asks once. */
const most = 400
/** Questions that wait: more than rows are ever shown at once. Older ones are of moments that the slider has left. */
const mostWaiting = 120

/**
 * Reconstructions of corrupted images, asked for where they are drawn: two at a time, what is wanted now before what was wanted
 * earlier.
 */
export class CorruptedPictures {
  readonly #answers = new SvelteMap<string, Answered>()
  readonly #waiting = new Map<string, () => Promise<void>>()
  readonly #asked = new Set<string>()

  /** The answer once it is here; asks for it if need be. */
  at(run: string, step: number | null, corruption: Corruption): Answered | null {
    const key = `${run} ${step} ${corruption.kind} ${corruption.level}`
    const found = this.#answers.get(key)
    if (found) return found
    if (this.#asked.has(key)) return null
    this.#waiting.delete(key)
    this.#waiting.set(key, () => this.#ask(key, run, step, corruption))
    if (this.#waiting.size > mostWaiting) this.#waiting.delete([...this.#waiting.keys()][0]!)
    queueMicrotask(() => this.#work())
    return null
  }

  #work(): void {
    while (this.#asked.size < 2 && this.#waiting.size > 0) {
      const [key, ask] = [...this.#waiting].at(-1)!
      this.#waiting.delete(key)
      this.#asked.add(key)
      void ask().finally(() => {
        this.#asked.delete(key)
        this.#work()
      })
    }
  }

  async #ask(key: string, run: string, step: number | null, corruption: Corruption): Promise<void> {
    try {
      const { result } = await call('explore', {
        run,
        ...(step === null ? {} : { checkpoint: step }),
        question: { kind: 'reconstructions', rows: { preview: true }, corruption },
      })
      if (result.kind !== 'reconstructions') return
      this.#answers.set(key, {
        corrupted: result.corrupted?.images ?? null,
        reconstructions: result.reconstructions.images,
        difference: result.difference.images,
        problem: null,
      })
    } catch (thrown) {
      this.#answers.set(key, { corrupted: null, reconstructions: null, difference: null, problem: toErrorInfo(thrown).message })
    }
    for (const old of [...this.#answers.keys()].slice(0, Math.max(0, this.#answers.size - most))) this.#answers.delete(old)
  }
}
