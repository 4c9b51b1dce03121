import { toErrorInfo, type ErrorInfo } from '../../../shared/errors.ts'
import type { RunRow } from '../../../shared/runTable.ts'
import { counted } from '../../format.ts'
import { call } from '../../state/connection.svelte.ts'
import { runs } from '../../state/runs.svelte.ts'
import { undo } from '../../state/undo.svelte.ts'

/** So many calls are under way at once: enough to keep the engine busy, few enough to leave it time for others. */
const atOnce = 8

const subject = (rows: readonly RunRow[]): string => (rows.length === 1 ? `“${rows[0]!.name}”` : counted(rows.length, 'run'))
const were = (rows: readonly RunRow[]): string => (rows.length === 1 ? 'was' : 'were')

/** What is done with several runs, one call each; what was done can be taken back for a while. */
export class Together {
  working = $state.raw<{ text: string; done: number; total: number } | null>(null)
  error = $state.raw<ErrorInfo | null>(null)

  /** Those for which it was done; after the first error nothing more is begun. */
  async #each(text: string, rows: readonly RunRow[], work: (row: RunRow) => Promise<void>): Promise<RunRow[]> {
    const done: RunRow[] = []
    const waiting = [...rows]
    this.error = null
    const worker = async (): Promise<void> => {
      for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
        try {
          await work(row)
          done.push(row)
          if (rows.length > atOnce) this.working = { text, done: done.length, total: rows.length }
        } catch (thrown) {
          this.error ??= toErrorInfo(thrown)
          waiting.length = 0
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(atOnce, rows.length) }, worker))
    this.working = null
    return done
  }

  /** Taken back as a whole; what cannot be is said. */
  async #back(text: string, rows: readonly RunRow[], work: (row: RunRow) => Promise<void>): Promise<void> {
    await this.#each(text, rows, work)
    if (this.error) {
      const error = this.error
      this.error = null
      throw new Error(error.message)
    }
  }

  async remove(rows: readonly RunRow[]): Promise<void> {
    const done = await this.#each(
      'Removing',
      rows.filter(({ state }) => state !== 'running'),
      async (row) => {
        await call('runs.remove', { run: row.id })
      },
    )
    if (done.length === 0) return
    undo.offer(`${subject(done)} ${were(done)} removed.`, () =>
      this.#back('Restoring', done, async (row) => {
        runs.put((await call('runs.restore', { run: row.id })).run)
      }),
    )
  }

  async archive(rows: readonly RunRow[], archived: boolean): Promise<void> {
    const changed = rows.filter((row) => row.archived !== archived)
    const set =
      (value: boolean) =>
      async (row: RunRow): Promise<void> => {
        await call('runs.edit', { run: row.id, archived: value })
      }
    const done = await this.#each(archived ? 'Archiving' : 'Taking out of the archive', changed, set(archived))
    if (done.length === 0) return
    undo.offer(`${subject(done)} ${were(done)} ${archived ? 'archived' : 'taken out of the archive'}.`, () =>
      this.#back(archived ? 'Taking out of the archive' : 'Archiving', done, set(!archived)),
    )
  }

  /**
   * Gives all of them the tags that are new among `tags`, and takes away those of `before` that are not among them any more;
   * their other tags stay.
   */
  async tag(rows: readonly RunRow[], before: readonly string[], tags: readonly string[]): Promise<void> {
    const added = tags.filter((tag) => !before.includes(tag)),
      gone = before.filter((tag) => !tags.includes(tag))
    await this.#each('Tagging', rows, async (row) => {
      await call('runs.edit', { run: row.id, tags: [...new Set([...row.tags.filter((tag) => !gone.includes(tag)), ...added])] })
    })
  }

  /** One run's own change; false where it was refused. */
  async edit(row: RunRow, change: { name?: string; tags?: string[]; notes?: string; colour?: number }): Promise<boolean> {
    this.error = null
    try {
      runs.put((await call('runs.edit', { run: row.id, ...change })).run)
      return true
    } catch (thrown) {
      this.error = toErrorInfo(thrown)
      return false
    }
  }
}
