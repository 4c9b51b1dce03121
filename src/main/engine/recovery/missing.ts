import { closeSync, existsSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import { counted } from '../../../shared/words.ts'
import { claimed, discardedEnding } from '../claims.ts'
import { files } from '../data/index-file.ts'
import type { Home } from '../home.ts'
import { newestBackup, recoveredKey, timeOfBackup } from '../store/backups.ts'
import type { Store } from '../store/store.ts'
import { recordName } from './records.ts'

const isWhole = (name: string): boolean => !name.endsWith('.partial') && !name.endsWith(discardedEnding)
const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).filter(isWhole) : [])

/**
 * Ids of what lies in a home's folders and is whole enough to be found again: datasets with their index, runs with checkpoints
 * or a record of what they were, kept codes. `unknown`: folders of runs of which nothing tells.
 */
export function foldersOf(home: Home): {
  datasets: string[]
  runs: string[]
  removed: string[]
  embeddings: string[]
  unknown: string[]
} {
  // What was never given its row is no loss.
  const begun = new Set(claimed(home).map(({ kind, id }) => `${kind} ${id}`))
  const hasCheckpoint = (folder: string): boolean => namesIn(join(folder, 'checkpoints')).length > 0
  const tells = (folder: string): boolean => hasCheckpoint(folder) || existsSync(join(folder, recordName))
  const runs = namesIn(join(home.folder, 'runs')).filter((id) => !begun.has(`runs ${id}`))
  return {
    datasets: namesIn(join(home.folder, 'datasets')).filter(
      (id) => !begun.has(`datasets ${id}`) && existsSync(join(home.dataset(id), files.index)),
    ),
    runs: runs.filter((id) => tells(home.run(id))),
    removed: namesIn(join(home.folder, 'trash')).filter((id) => tells(home.trash(id))),
    embeddings: namesIn(join(home.folder, 'embeddings')).filter((id) => !begun.has(`embeddings ${id}`)),
    unknown: runs.filter((id) => !tells(home.run(id))),
  }
}

/** Whether something whole enough lies in the folders that an open database does not name. */
export function hasUnknown(home: Home, store: Store): boolean {
  const { datasets, runs, removed } = foldersOf(home)
  return datasets.some((id) => store.datasets.find(id)?.id !== id) || [...runs, ...removed].some((id) => !store.runs.isStored(id))
}

/** `none`: no file; `blank`: a file without tables, as one of no bytes is; `bare`: tables without a single dataset or run. */
export type Lack = 'none' | 'blank' | 'bare'

/**
 * Whether a file is there and holds tables, as its first page says: opening it would make what is missing. Null: as it seems, it
 * does.
 */
export function lackOf(file: string): Lack | null {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return 'none'
  if (!found.isFile() || (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return null
  if (found.size === 0) return 'blank'
  const header = Buffer.alloc(100)
  const descriptor = openSync(file, 'r')
  try {
    readSync(descriptor, header, 0, 100, 0)
  } finally {
    closeSync(descriptor)
  }
  // The schema's cookie counts its changes.
  return header.toString('latin1', 0, 15) === 'SQLite format 3' && header.readUInt32BE(40) === 0 ? 'blank' : null
}

/**
 * Whether an open database names nothing that could lie in folders, not even what was removed; a recovery that found no more is known to
 * be done.
 */
const isBare = (store: Store): boolean =>
  store.preferences.get(recoveredKey) === null &&
  store.datasets.list().length + store.runs.list().length + store.runs.removed().length + store.experiments.removed().length === 0

const words: Record<Lack, string> = { none: 'is missing', blank: 'is empty', bare: 'names no dataset and no run' }

export interface Lost {
  lack: Lack
  datasets: number
  runs: number
}

/** Null where the folders hold no more than an import that was cut off could have left: then the database is new, and not lost. */
export function lostDatabase(home: Home, lack: Lack | null): Lost | null {
  if (lack === null) return null
  const { datasets, runs, removed } = foldersOf(home)
  const isLost = runs.length + removed.length > 0 || datasets.length > (lack === 'bare' ? 1 : 0)
  return isLost ? { lack, datasets: datasets.length, runs: runs.length + removed.length } : null
}

/** What to say of it. */
export function lostText(home: Home, { lack, datasets, runs }: Lost): string {
  const backup = newestBackup(home.database)
  const also = backup === null ? '' : ` and the backup of ${timeOfBackup(backup)} UTC`
  const found = `${counted(datasets, 'dataset')} and ${counted(runs, 'run')}`
  return (
    `The database ${home.database} ${words[lack]}, but ${found} lie in their folders; ` +
    `aebench doctor --recover makes a new database from them${also} ` +
    '(or put the file back where it was, or choose another folder with --home)'
  )
}

function refuse(home: Home, lack: Lack | null): void {
  const lost = lostDatabase(home, lack)
  if (lost !== null) throw new WorkbenchError('DATABASE_MISSING', `${lostText(home, lost)}.`)
}

/** An empty database never takes the place of a lost one in silence: to be asked before it is opened. Error: DATABASE_MISSING. */
export const requireDatabase = (home: Home): void => refuse(home, lackOf(home.database))
/** The same of one that is open: nor does one that was made in its place. Error: DATABASE_MISSING. */
export const requireRows = (home: Home, store: Store): void => refuse(home, isBare(store) ? 'bare' : null)
