import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { syncFolder } from '../files/durable.ts'
import { connect, type Database } from './sqlite.ts'

/** A backup whose writing was cut off has this ending, and no name of a backup. */
const unfinished = '.partial'

/**
 * The preference in which a recovery leaves when it was: of a home whose datasets are gone it may have found nothing, and is done all the
 * same.
 */
export const recoveredKey = 'recoveredAt'

/**
 * What a sound database holds; `empty`: not even tables, as a file of no bytes does; `bare`: not a single dataset or run, and no recovery
 * made it so.
 */
export interface Soundness {
  version: number
  empty: boolean
  bare: boolean
}

/** Reads all of a database file without changing it. Error: SQLite's; SQLITE_CORRUPT with what its check finds. */
export function examine(file: string, immutable = false): Soundness {
  const database = connect(file, { readonly: true, fileMustExist: true, timeout: 1000, immutable })
  try {
    const check = String(database.pragma('integrity_check(1)', { simple: true }))
    if (check !== 'ok') throw Object.assign(new Error(check), { code: 'SQLITE_CORRUPT' })
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()
    const hasRows = (name: string): boolean => database.prepare(`SELECT 1 FROM ${name} LIMIT 1`).get() !== undefined
    const isRecovered =
      tables.includes('preferences') && database.prepare('SELECT 1 FROM preferences WHERE key = ?').get(recoveredKey) !== undefined
    const bare = !isRecovered && !['datasets', 'runs'].some((name) => tables.includes(name) && hasRows(name))
    return { version: Number(database.pragma('user_version', { simple: true })), empty: tables.length === 0, bare }
  } finally {
    database.close()
  }
}

/** Makes the indexes of a database anew where nothing else of it is damaged, which loses nothing. @returns whether it is sound then */
export function remakeIndexes(file: string): boolean {
  try {
    const database = connect(file, { fileMustExist: true, timeout: 1000 })
    try {
      if (database.pragma('quick_check(1)', { simple: true }) !== 'ok') return false
      database.exec('REINDEX')
      return database.pragma('integrity_check(1)', { simple: true }) === 'ok'
    } finally {
      database.close()
    }
  } catch {
    return false
  }
}

/**
 * Writes a copy of an open database beside it, named after the time and its version: whole, read again and synced before it
 * gets that name. Error: SQLite's or the system's; then no backup is there that was not before.
 */
export function writeBackup(database: Database, file: string, version: number): string {
  removeUnfinished(file)
  const target = `${file}.backup-${new Date().toISOString().replace(/[:.]/g, '-')}-v${version}`
  const temporary = target + unfinished
  try {
    database.prepare('VACUUM INTO ?').run(temporary)
    const found = examine(temporary)
    if (found.version !== version || found.empty) throw new Error(`The backup ${temporary} does not hold what the database does`)
    const descriptor = openSync(temporary, 'r+')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, target)
    syncFolder(dirname(file))
    return target
  } catch (thrown) {
    rmSync(temporary, { force: true })
    throw thrown
  }
}

/** What an end of the process in the middle of a backup left. */
function removeUnfinished(file: string): void {
  for (const name of backupNames(file, true)) if (name.endsWith(unfinished)) rmSync(join(dirname(file), name), { force: true })
}

function backupNames(file: string, all = false): string[] {
  const folder = dirname(file)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${basename(file)}.backup-`) && (all || /-v\d+$/.test(name)))
    .sort()
}

/** The newest backup that is whole and sound, now; null where there is none. Those that are not are passed over. */
export function newestBackup(file: string): string | null {
  for (const name of backupNames(file).reverse()) {
    const backup = join(dirname(file), name)
    try {
      const { version, empty } = examine(backup)
      if (version > 0 && !empty) return backup
    } catch {
      // Cut off by an earlier version of the workbench, or damaged since.
    }
  }
  return null
}

/** When a backup was made, as its name says: `2026-11-30 05:12` (UTC). */
export const timeOfBackup = (file: string): string =>
  basename(file).replace(/^.*\.backup-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d).*$/, '$1 $2:$3')
