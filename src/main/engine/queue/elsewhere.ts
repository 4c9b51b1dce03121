import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Run } from '../../../shared/domain.ts'
import { isUnderWay } from '../../../shared/runStates.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'

/** Whether it is with another place, whatever is known of it. */
export const isElsewhere = ({ place, state }: Pick<Run, 'place' | 'state'>): boolean => place !== null && isUnderWay(state)

/** What is wanted of a run that is trained from a folder, as a file there says it; its task looks now and then. */
export type Wish = 'pause' | 'cancel'
export const wishFile = (folder: string, run: string): string => join(folder, 'wishes', run)

/** Runs that are trained elsewhere, as far as the queue has to do with them. */
export class Elsewhere {
  readonly #store: Store
  readonly #log: Log

  constructor({ store, log }: { store: Store; log: Log }) {
    this.#store = store
    this.#log = log
  }

  /** Leaves word in the folder that a run was sent to. Where that cannot be reached, the run is told when it is cancelled again. */
  wish(id: string, wish: Wish): void {
    const folder = this.#store.runs.sentTo(id)
    if (folder === null) return
    try {
      const file = wishFile(folder, id)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, `${wish}\n`)
    } catch (thrown) {
      this.#log(`The run ${id} in ${folder} cannot be told to ${wish} now.`, thrown)
    }
  }

  /** One that waits for its turn there is paused here and now: its task, should it come, reads the wish. */
  pause(id: string): void {
    this.wish(id, 'pause')
    const { state } = this.#store.runs.get(id)
    if (state !== 'running') this.#store.runs.update(id, { state: 'paused', goesOn: 0 })
  }

  /** Of one that has said nothing yet, or of which nothing is known, there is nothing to wait for; others say how they ended. */
  cancel(id: string): void {
    this.wish(id, 'cancel')
    const { state } = this.#store.runs.get(id)
    if (state !== 'running') this.#store.runs.update(id, { state: 'cancelled', endedAt: new Date().toISOString(), goesOn: 0 })
  }

  /** It is trained on this machine from now on. */
  comesBack({ id, place, state }: Run): void {
    if (place === null) return
    if (isUnderWay(state)) this.wish(id, 'cancel')
    this.#store.runs.update(id, { place: null, sentTo: null, journal: null })
  }
}
