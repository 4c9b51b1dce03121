import { copyFileSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Recovery } from '../../../shared/recovery.ts'
import { counted } from '../../../shared/words.ts'
import { syncFolder } from '../files/durable.ts'
import { lockHome, prepareHome, type Home } from '../home.ts'
import { keepPrivate } from '../privacy.ts'
import { newestBackup, recoveredKey, remakeIndexes, writeBackup } from '../store/backups.ts'
import { checkDatabase } from '../store/database.ts'
import { chooseKeeping } from '../store/keeping.ts'
import { migrations } from '../store/migrations/index.ts'
import { openStore, type Store } from '../store/store.ts'
import { adoptDatasets } from './datasets.ts'
import { adoptEmbeddings } from './embeddings.ts'
import { adoptExperiments } from './experiments.ts'
import { hasUnknown, lackOf, lostDatabase } from './missing.ts'
import { adoptRuns } from './runs.ts'

export interface Choices {
  /** Name or id of the dataset of runs of which nothing tells which one they are of. */
  dataset?: string
}

/**
 * Makes a new database for a home whose own is damaged, missing or empty: from the newest sound backup, and from the folders of
 * datasets and runs. The new one takes its place when it is whole; the old file is kept aside. Images and weights are only
 * read. A sound database is completed by what lies in folders and it does not name. Errors: DATABASE_SOUND, DATABASE_LOCKED and
 * DISK_ERROR where nothing is lost; DATASET_UNKNOWN; those of `lockHome`, `prepareHome` and `openDatabase`.
 */
export function recover(home: Home, choices: Choices = {}): Recovery {
  keepPrivate()
  prepareHome(home)
  const lock = lockHome(home)
  try {
    const found = requireLoss(home)
    if (found === 'sound') return complete(home, choices)
    if (found === 'damaged' && !unlocked(home) && remakeIndexes(home.database)) return reindexed(home)
    const recovering = `${home.database}.recovering`
    removeAll(recovering)
    const backup = newestBackup(home.database)
    if (backup !== null) copyFileSync(backup, recovering)
    const store = openStore(recovering)
    let filled: Omit<Recovery, 'keptAside' | 'backup'>
    try {
      filled = fill(home, store, choices, backup)
      if (backup === null) filled.notes.push(onlyInDatabase)
      store.preferences.set(recoveredKey, new Date().toISOString())
    } finally {
      store.close()
    }
    const keptAside = setAside(home.database)
    renameSync(recovering, home.database)
    removeAll(recovering)
    syncFolder(home.folder)
    return { keptAside, backup, ...filled }
  } finally {
    lock.release()
  }
}

/** What a recovery says that had only indexes to make again. */
function reindexed(home: Home): Recovery {
  const store = openStore(home.database)
  try {
    const [datasets, runs, experiments] = [store.datasets.list().length, store.runs.list().length, store.experiments.list().length]
    const notes = ['Only indexes of the database were damaged; they were made again from its rows, and nothing is lost.']
    return { keptAside: null, backup: null, datasets, runs, experiments, codes: store.embeddings.list().length, notes }
  } finally {
    store.close()
  }
}

/**
 * Takes back into a sound database what it does not name: runs whose dataset is here again, say. It is backed up first, and
 * nothing that is there changes.
 */
function complete(home: Home, choices: Choices): Recovery {
  const store = openStore(home.database)
  try {
    if (!hasUnknown(home, store)) throw soundError(home)
    const known = rowsOf(store)
    const written = writeBackup(store.database, home.database, migrations.length)
    const found = fill(home, store, choices, null)
    // With nothing to show for it there was nothing to recover, and there is no use in a backup.
    if (rowsOf(store) === known) {
      rmSync(written)
      throw soundError(home, found.notes)
    }
    const note = `The database was sound and was completed; as it was before it lies in ${written}.`
    return { keptAside: null, backup: null, ...found, notes: [note, ...found.notes] }
  } finally {
    store.close()
  }
}

const rowsOf = (store: Store): number =>
  store.datasets.list().length +
  store.runs.list().length +
  store.runs.removed().length +
  store.experiments.list().length +
  store.embeddings.list().length
const soundError = (home: Home, notes: readonly string[] = []): WorkbenchError =>
  new WorkbenchError('DATABASE_SOUND', [`The database ${home.database} is sound; there is nothing to recover.`, ...notes].join(' '))

function fill(home: Home, store: Store, choices: Choices, backup: string | null): Omit<Recovery, 'keptAside' | 'backup'> {
  const notes: string[] = []
  const datasets = adoptDatasets(home, store, notes)
  const chosen = choices.dataset === undefined ? null : store.datasets.get(choices.dataset)
  // Experiments first: runs are members of them.
  const experiments = adoptExperiments(home, store)
  const runs = adoptRuns(home, store, chosen, notes)
  experiments.place(notes)
  const codes = adoptEmbeddings(home, store, notes)
  if (backup !== null) {
    notes.push(`Everything as of the backup ${basename(backup)} is there with its curves; what came later was taken from folders.`)
  }
  return { datasets, runs, experiments: experiments.count, codes, notes }
}

/** What no folder tells, where there was no backup to begin with. */
const onlyInDatabase =
  'Only the lost database knew the list of exports (the files stay where they are), codes of folders that were ' +
  'written to files, runs that had not begun to train outside an experiment, measured times, saved views and the settings of the ' +
  'queue: these are gone.'

/** `sound`: the database is, and can at most be completed. Error: DATABASE_SOUND and the like where nothing has to be recovered. */
function requireLoss(home: Home): 'lost' | 'damaged' | 'sound' {
  if (lostDatabase(home, lackOf(home.database)) !== null) return 'lost'
  if (existsSync(home.database)) {
    const found = checkDatabase(home.database, unlocked(home))
    if (found.state === 'damaged') return 'damaged'
    if (found.state === 'held') {
      throw new WorkbenchError(
        'DATABASE_LOCKED',
        `Another program has the database ${home.database} open; close it, then see whether anything is wrong at all.`,
      )
    }
    if (found.state === 'unknown') {
      throw new WorkbenchError(
        'DISK_ERROR',
        `The database ${home.database} cannot be read now (${found.why}), ` +
          'which does not mean that it is damaged; mend that first.',
      )
    }
    if (found.state === 'sound') return 'sound'
  }
  if (lostDatabase(home, 'bare') === null) {
    throw new WorkbenchError(
      'DATABASE_SOUND',
      `Nothing lies in ${home.folder} that a database could be made of; start the workbench as ever.`,
    )
  }
  return 'lost'
}

function unlocked(home: Home): boolean {
  return chooseKeeping(home.folder).keeping.unlocked
}

const parts = ['', '-wal', '-shm', '-journal']
/** With backups of it, which are of a copy of a backup. */
function removeAll(file: string): void {
  const isOf = (name: string) =>
    parts.some((part) => name === basename(file) + part) || name.startsWith(`${basename(file)}.backup-`)
  for (const name of readdirSync(dirname(file)).filter(isOf)) rmSync(join(dirname(file), name), { force: true })
}

/** Nothing is deleted: a damaged file may still give something back to somebody who knows how. */
function setAside(file: string): string | null {
  if (!parts.some((part) => existsSync(file + part))) return null
  const aside = `${join(dirname(file), basename(file))}.damaged-${new Date().toISOString().replace(/[:.]/g, '-')}`
  for (const part of parts) if (existsSync(file + part)) renameSync(file + part, aside + part)
  return aside
}

/** The same for people. */
export const recoveryText = (home: Home, { keptAside, backup, datasets, runs, experiments, codes, notes }: Recovery): string =>
  [
    `The database ${home.database} was ${keptAside === null && backup === null ? 'made, mended or completed' : 'made anew'}` +
      `${backup === null ? '' : `, beginning with the backup ${backup}`}: ` +
      `${counted(datasets, 'dataset')}, ${counted(runs, 'run')}, ${counted(experiments, 'experiment')}, ` +
      `${counted(codes, 'set')} of kept codes.`,
    ...(keptAside === null ? [] : [`The one that was there before lies in ${keptAside}.`]),
    ...notes.map((note) => `- ${note}`),
  ].join('\n')
