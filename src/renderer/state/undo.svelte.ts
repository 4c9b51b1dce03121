import { toErrorInfo } from '../../shared/errors.ts'

/** Something that was done and can be taken back for a while; or that has happened, with what to do about it. */
interface Offer {
  id: number
  /** What was done: `“Contractive” was removed.` */
  text: string
  /** What the button says: `Undo`, unless it is about something else. */
  label: string
  undo(): Promise<unknown> | void
  /** Why it could not be taken back. */
  problem: string | null
  busy: boolean
}

/**
 * Milliseconds for which it is offered; longer while it has the pointer or the focus. What was removed can be restored from
 * Storage later.
 */
const offered = 12_000

const undoing = 'Undo'

/**
 * What can be taken back now, the latest last. `offer` from anywhere; `components/UndoToasts.svelte` shows it, Ctrl Z takes back
 * the latest.
 */
class Undo {
  offers = $state.raw<readonly Offer[]>([])
  readonly undoable: readonly Offer[] = $derived(this.offers.filter(({ label }) => label === undoing))
  #lastId = 0
  #timers = new Map<number, ReturnType<typeof setTimeout>>()

  offer(text: string, undo: Offer['undo']): void {
    this.tell(text, undoing, undo)
  }

  /** Says what has happened, with a button that does something about it; Ctrl Z passes it over. */
  tell(text: string, label: string, act: Offer['undo']): void {
    const id = (this.#lastId += 1)
    this.offers = [...this.offers.slice(-2), { id, text, label, undo: act, problem: null, busy: false }]
    this.release(id)
  }

  /** Takes it back. */
  async take(id: number): Promise<void> {
    const offer = this.offers.find((each) => each.id === id)
    if (!offer || offer.busy) return
    this.hold(id)
    this.#change(id, { busy: true, problem: null })
    try {
      await offer.undo()
      this.drop(id)
    } catch (thrown) {
      this.#change(id, { busy: false, problem: toErrorInfo(thrown).message })
    }
  }

  async takeLatest(): Promise<void> {
    const latest = this.undoable.at(-1)
    if (latest) await this.take(latest.id)
  }

  drop(id: number): void {
    this.hold(id)
    this.offers = this.offers.filter((each) => each.id !== id)
  }

  /** It stays until it is released. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
  }

  release(id: number): void {
    this.hold(id)
    this.#timers.set(
      id,
      setTimeout(() => this.drop(id), offered),
    )
  }

  #change(id: number, change: Partial<Offer>): void {
    this.offers = this.offers.map((each) => (each.id === id ? { ...each, ...change } : each))
  }
}

export const undo = new Undo()
