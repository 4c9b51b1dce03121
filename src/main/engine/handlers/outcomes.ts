import { WorkbenchError } from '../../../shared/errors.ts'

/** So many can be asked for. */
const most = 20

/** What the latest tasks of one kind came to, where that is more than an id. */
export class Outcomes<T> {
  readonly #found = new Map<string, T>()
  readonly #unknown: string

  /** @param unknown the sentence for a task of which nothing is known any more */
  constructor(unknown: string) {
    this.#unknown = unknown
  }

  keep(task: string, outcome: T): void {
    this.#found.set(task, outcome)
    for (const id of this.#found.keys()) if (this.#found.size > most) this.#found.delete(id)
  }

  /** @throws WorkbenchError CALL_INVALID */
  get(task: string): T {
    const found = this.#found.get(task)
    if (found === undefined) throw new WorkbenchError('CALL_INVALID', this.#unknown, { field: 'task' })
    return found
  }
}
