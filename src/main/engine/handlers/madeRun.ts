import { renameSync, rmSync } from 'node:fs'
import type { Preview } from '../../../shared/domain.ts'
import { claim } from '../claims.ts'
import type { Keep } from '../queue/tasks.ts'
import { newId } from '../store/ids.ts'
import type { RunChange } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import type { Context } from './context.ts'

/** A run that is not to be trained: what it is, what it has reached, and its picture. */
interface MadeRun {
  run: Omit<Parameters<Store['runs']['insert']>[0], 'id' | 'colour'>
  reached: RunChange
  preview: Preview | null
}

/**
 * Adds a completed run to the store, whole or not at all. `make` gets the id it will have and an name for a folder, which it
 * makes and puts the weights into; what it throws is thrown on, and then neither run nor folder is left. @returns the id
 */
export async function addMadeRun(
  { home, store, queue, emit }: Context,
  keep: Keep,
  make: (folder: string) => Promise<MadeRun>,
): Promise<string> {
  const startedAt = new Date().toISOString()
  const id = newId(),
    folder = home.run(id),
    partial = `${folder}.partial`
  const claimed = claim(home, { kind: 'runs', id })
  try {
    const { run, reached, preview } = await make(partial)
    renameSync(partial, folder)
    await keep(() =>
      store.transaction(() => {
        const now = new Date().toISOString()
        store.runs.insert({ ...run, id, colour: store.runs.freeColour() }, now)
        store.runs.update(id, { ...reached, state: 'completed', startedAt, endedAt: now })
        if (preview !== null) store.previews.insert(id, preview)
      }),
    )
  } catch (thrown) {
    for (const left of [partial, folder]) rmSync(left, { recursive: true, force: true })
    throw thrown
  } finally {
    claimed.release()
  }
  emit({ type: 'run', run: queue.view(store.runs.get(id)) })
  return id
}
