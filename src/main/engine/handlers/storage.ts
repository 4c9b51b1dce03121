import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Run } from '../../../shared/domain.ts'
import type { Storage } from '../../../shared/experiments.ts'
import { isUnderWay } from '../../../shared/runStates.ts'
import { thinningOf } from '../checkpoint/thin.ts'
import { claimed, kept } from '../claims.ts'
import { folderBytes } from '../folderBytes.ts'
import { freeBytesOf } from '../files/disk.ts'
import { untilOf } from '../trash.ts'
import type { Context, Handlers } from './context.ts'
import { goesOn } from './thinning.ts'

/** Between so many folders others get their turn. */
const atOnce = 50

/** What everything occupies, and emptying the trash. */
export const storageHandlers = ({ home, store, space, trash, emit, queue }: Context) => {
  const counted = async <T extends { id: string }>(
    items: readonly T[],
    folderOf: (id: string) => string,
  ): Promise<(T & { bytes: number })[]> => {
    const found: (T & { bytes: number })[] = []
    for (const [index, item] of items.entries()) {
      if (index % atOnce === atOnce - 1) await setImmediate()
      found.push({ ...item, bytes: folderBytes(folderOf(item.id)) })
    }
    return found
  }
  /** With what thinning each out would free. */
  type Counted = Pick<Run, 'id' | 'name' | 'state' | 'config' | 'newer'> & { bytes: number }
  const spared = async (runs: readonly Counted[], copies: number): Promise<Storage['runs']> => {
    const found: Storage['runs'] = []
    for (const [index, { id, name, bytes, ...run }] of runs.entries()) {
      if (index % atOnce === atOnce - 1) await setImmediate()
      const isKept = run.newer === true || isUnderWay(run.state)
      const spareOf = () => thinningOf(home.run(id), { ...run, goesOn: goesOn(run, store.runs.isPlanned(id)) }, copies).bytes
      const spare = isKept || bytes === 0 ? 0 : spareOf()
      found.push({ run: id, name, bytes, spare })
    }
    return found
  }
  const unknownFolders = async (): Promise<Storage['unknown']> => {
    const known = {
      runs: new Set(store.runs.list().map(({ id }) => id)),
      datasets: new Set(store.datasets.list().map(({ id }) => id)),
      embeddings: new Set(store.embeddings.ids()),
      trash: new Set(store.runs.removed().map(({ id }) => id)),
    }
    const found: Storage['unknown'] = { folders: [], bytes: 0 }
    for (const kind of kept) {
      const folder = join(home.folder, kind)
      for (const name of existsSync(folder) ? readdirSync(folder) : []) {
        // What is on its way, in or out, is known.
        if (
          known[kind].has(name) ||
          /\.(partial|removing)$/.test(name) ||
          claimed(home).some((one) => one.kind === kind && one.id === name)
        )
          continue
        found.folders.push(join(kind, name))
        found.bytes += folderBytes(join(folder, name))
        if (found.folders.length % atOnce === 0) await setImmediate()
      }
    }
    return found
  }
  return {
    'storage.show': async () => {
      const { copies } = queue.settings.get()
      const runs = await counted(
        store.runs
          .list()
          .map(({ id, name, bytes, state, config, newer }) => ({ id, name, known: bytes, state, config, ...(newer && { newer }) })),
        home.run,
      )
      // On a full disk, where this matters most, what was counted is told and not kept.
      if (!space.full)
        space.attempt('sizes', () =>
          store.transaction(() => {
            for (const { id, known, bytes, newer } of runs) {
              if (newer || bytes === known || !store.runs.has(id)) continue
              store.runs.update(id, { bytes })
              emit({ type: 'run', run: queue.view(store.runs.get(id)) })
            }
          }),
        )
      const datasets = await counted(store.datasets.list(), home.dataset)
      const trashed = trash.removed(),
        gone = await counted(trashed.runs, home.trash)
      const database = ['', '-wal', '-shm'].reduce(
        (sum, end) => sum + (statSync(`${home.database}${end}`, { throwIfNoEntry: false })?.size ?? 0),
        0,
      )
      const removed = [
        ...trashed.experiments.map(({ id, name, removedAt }) => ({
          kind: 'experiment' as const,
          id,
          name,
          removedAt,
          until: untilOf(removedAt),
          bytes: 0,
        })),
        ...gone.map(({ id, name, removedAt, bytes }) => ({
          kind: 'run' as const,
          id,
          name,
          removedAt,
          until: untilOf(removedAt),
          bytes,
        })),
      ]
      const codes = (
        await counted(
          store.embeddings.ids().map((id) => ({ id })),
          home.embedding,
        )
      ).reduce((sum, { bytes }) => sum + bytes, 0)
      const unknown = await unknownFolders()
      const total = [...runs, ...datasets, ...removed].reduce((sum, { bytes }) => sum + bytes, database + codes + unknown.bytes)
      return {
        storage: {
          runs: await spared(runs, copies),
          datasets: datasets.map(({ id, name, bytes }) => ({ dataset: id, name, bytes })),
          database,
          codes,
          unknown,
          removed,
          total,
          free: freeBytesOf(home.folder),
        },
      }
    },
    'storage.empty': () => trash.empty(),
  } satisfies Partial<Handlers>
}
