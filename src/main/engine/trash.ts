import { existsSync, rmSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { EngineEvent } from '../../shared/events.ts'
import { WorkbenchError } from '../../shared/errors.ts'
import { claimed, discard, moveFolder } from './claims.ts'
import { folderBytes } from './folderBytes.ts'
import type { Home } from './home.ts'
import type { Space } from './space/space.ts'
import type { Store } from './store/store.ts'

/** How long what was removed can be restored, in days. */
const keptDays = 30
const day = 24 * 3600 * 1000
/** Runs that are deleted together. */
const atOnce = 20

/** Until when what was removed at this time can be restored (ISO 8601). */
export function untilOf(removedAt: string): string {
  const at = Date.parse(removedAt)
  // What is no time that this version knows was removed just now: nothing is deleted too early.
  return new Date((Number.isNaN(at) ? Date.now() : at) + keptDays * day).toISOString()
}

/**
 * Removal that can be undone: rows are marked and nothing shows them, files lie in the home's `trash` until it is emptied, or
 * for 30 days. What a kill leaves in between, the next start brings into order (tidy.ts).
 */
export function createTrash({
  home,
  store,
  space,
  emit,
}: {
  home: Home
  store: Store
  space: Space
  emit: (event: EngineEvent) => void
}) {
  const move = (from: string, to: string): void => {
    if (existsSync(from)) moveFolder(from, to)
  }
  /** What is in the trash; without what an unpacking has stored already and nobody is to see yet. */
  const removed = () => {
    const claimedNames = new Set(claimed(home).map(({ kind, id }) => `${kind} ${id}`))
    return {
      runs: store.runs.removed().filter(({ id }) => !claimedNames.has(`runs ${id}`)),
      experiments: store.experiments.removed().filter(({ id }) => !claimedNames.has(`experiments ${id}`)),
    }
  }
  type Removed = { id: string; removedAt: string; dataset: string }
  const purge = async (chosen: (item: Removed) => boolean): Promise<{ runs: number; experiments: number; bytes: number }> => {
    const there = removed(),
      runs = there.runs.filter(chosen),
      experiments = there.experiments.filter(chosen)
    let bytes = 0,
      gone = 0
    for (let from = 0; from < runs.length; from += atOnce) {
      // What was restored since the list was made stays; also between two attempts.
      const still = () => runs.slice(from, from + atOnce).filter(({ id }) => store.runs.find(id)?.removedAt)
      const foldersOf = (some: readonly { id: string }[]) => some.flatMap(({ id }) => [home.trash(id), home.run(id)])
      let some: typeof runs = [],
        freed = 0
      try {
        await space.withReserve(() => {
          some = still()
          freed = foldersOf(some).reduce((sum, folder) => sum + folderBytes(folder), 0)
          discard(foldersOf(some), () => store.transaction(() => some.forEach(({ id }) => store.runs.remove(id))))
        })
      } catch (thrown) {
        if (!space.met(thrown)) throw thrown
        some = still()
        // Not one page can be written. Their files are what makes room, and nobody can want them back: they go first.
        for (const folder of foldersOf(some)) rmSync(folder, { recursive: true, force: true })
        for (const { id } of some) {
          store.runs.remove(id)
          // What one deletion wrote into the log makes room for the next.
          store.foldLog()
        }
      }
      bytes += freed
      gone += some.length
      // Others get their turn: a thousand runs take a while.
      await setImmediate()
    }
    for (const { id } of experiments) {
      await space.withReserve(() => {
        if (store.experiments.find(id)?.removedAt) store.experiments.remove(id)
      })
    }
    return { runs: gone, experiments: experiments.length, bytes }
  }

  return {
    removed,
    /** Several at once, as of one moment: they are restored together. @param withThem stored with their removal, or not at all */
    removeRuns(ids: readonly string[], at: string, withThem: () => void = () => {}): void {
      const mark = () =>
        store.transaction(() => {
          withThem()
          ids.forEach((id) => store.runs.update(id, { removedAt: at }))
        })
      space.withReserveNow(mark)
      for (const id of ids) {
        move(home.run(id), home.trash(id))
        emit({ type: 'runRemoved', run: id })
      }
    },
    /** Error: RUN_UNKNOWN where there is nothing to restore any more. Runs that were never removed stay as they are. */
    restoreRuns(ids: readonly string[], withThem: () => void = () => {}): void {
      const found = ids.map((id) => ({ id, removed: store.runs.find(id) }))
      const gone = found.find(({ removed }) => removed === null)
      if (gone)
        throw new WorkbenchError(
          'RUN_UNKNOWN',
          `The run “${gone.id}” is gone for good; it was removed more than ${keptDays} days ago, or the trash was emptied.`,
          { field: 'run' },
        )
      const back = found.filter(({ removed }) => removed!.removedAt !== null)
      // The files first: a run that can be seen has them.
      for (const { id } of back) move(home.trash(id), home.run(id))
      store.transaction(() => {
        withThem()
        back.forEach(({ id }) => store.runs.update(id, { removedAt: null }))
      })
    },
    /** What was removed too long ago; what a newer version wrote only whoever empties the trash deletes. */
    expire: () =>
      purge(
        ({ id, removedAt }) => Date.parse(untilOf(removedAt)) < Date.now() && (!store.runs.isStored(id) || store.runs.isOurs(id)),
      ),
    empty: () => purge(() => true),
    /** What can be of no use any more without its dataset. */
    purgeDataset: (id: string) => purge(({ dataset }) => dataset === id),
  }
}
export type Trash = ReturnType<typeof createTrash>
