import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import { examine, newestBackup, timeOfBackup, writeBackup, type Soundness } from './backups.ts'
import { chooseKeeping, keep, keepingText, type Keeping } from './keeping.ts'
import { meansFull } from '../files/disk.ts'
import { codeOf, connect, type Database } from './sqlite.ts'
import { isDamage, troubleWith } from './trouble.ts'

export type { Database } from './sqlite.ts'
export { sqliteVersion } from './sqlite.ts'
export { tryLock } from './lock.ts'
export { isDamage } from './trouble.ts'

/** SQL that takes a database from version `index` to `index + 1`. */
export type Migrations = readonly string[]

/** What to do about a database that is damaged: of the ways out the best one that is there. */
export function damageRemedy(file: string): string {
  const backup = newestBackup(file)
  const recover = 'aebench doctor --recover makes a new one from the folders of datasets and runs'
  return backup === null
    ? `there is no sound backup of it: ${recover}, and keeps the damaged file aside`
    : `${recover} and the newest sound backup (${backup}, of ${timeOfBackup(backup)} UTC), and keeps the damaged file aside`
}

const damaged = (file: string, cause: unknown): WorkbenchError =>
  new WorkbenchError('DATABASE_DAMAGED', `The database ${file} is damaged and was left untouched; ${damageRemedy(file)}.`, {
    cause,
  })

/** Of what is no trouble of ours (a faulty migration) the original is thrown on. */
const explain = (thrown: unknown, file: string): unknown =>
  isDamage(thrown) ? damaged(file, thrown) : (troubleWith(thrown, file) ?? thrown)

/**
 * Opens (or creates) a database: integrity checked, brought to the newest version, a backup written beside it first when it
 * holds something. Every commit is on the disk when it returns: with a write-ahead log, or with what its file system can do
 * instead (keeping.ts). `onKeeping` is told which. Errors: DATABASE_DAMAGED, DATABASE_NEWER, DATABASE_LOCKED, HOME_UNWRITABLE,
 * HOME_READ_ONLY, DISK_FULL, DISK_ERROR.
 */
export function openDatabase(
  file: string,
  migrations: Migrations,
  onKeeping: (text: string, way: Keeping) => void = () => {},
): Database {
  try {
    const { keeping, otherwise, why } = chooseKeeping(dirname(file))
    let first: unknown
    for (const way of [keeping, ...otherwise]) {
      try {
        const database = openAs(file, migrations, way)
        onKeeping(`${keepingText(way)} (${why}${first === undefined ? '' : `; another way failed: ${codeOf(first)}`})`, way)
        return database
      } catch (thrown) {
        // The real file may behave worse than the trial did; its content and the disk's room are no question of the way.
        const isOfTheWay = /^(SQLITE_(CANTOPEN|IOERR|PROTOCOL)|JOURNAL_REFUSED)/.test(codeOf(thrown))
        if (!isOfTheWay || meansFull(thrown, dirname(file))) throw first ?? thrown
        first ??= thrown
      }
    }
    throw first
  } catch (thrown) {
    throw explain(thrown, file)
  }
}

function openAs(file: string, migrations: Migrations, way: Keeping): Database {
  const database = connect(file, { timeout: 5000, unlocked: way.unlocked })
  try {
    if (way.exclusive) database.pragma('locking_mode = EXCLUSIVE')
    const check = database.pragma('quick_check(1)', { simple: true })
    if (check !== 'ok') throw damaged(file, new Error(String(check)))
    requireKnown(database, file, migrations)
    keep(database, way)
    migrate(database, file, migrations)
    // Whether it can be written, now rather than at the first change.
    database.exec('BEGIN IMMEDIATE; ROLLBACK')
    database.pragma('foreign_keys = ON')
    return database
  } catch (thrown) {
    database.close()
    throw thrown
  }
}

const versionOf = (database: Database): number => Number(database.pragma('user_version', { simple: true }))

/** Error: DATABASE_NEWER; the file is as it was. */
function requireKnown(database: Database, file: string, migrations: Migrations): void {
  const version = versionOf(database)
  if (version <= migrations.length) return
  throw new WorkbenchError(
    'DATABASE_NEWER',
    `The database ${file} was written by a newer version of the workbench (${version}, ` +
      `this one knows ${migrations.length}); ` +
      'update the workbench or choose another folder with --home.',
  )
}

function migrate(database: Database, file: string, migrations: Migrations): void {
  const version = versionOf(database)
  if (version === migrations.length) return
  if (version > 0) writeBackup(database, file, version)
  database.pragma('foreign_keys = OFF')
  database
    .transaction(() => {
      migrations.slice(version).forEach((sql) => database.exec(sql))
      database.pragma(`user_version = ${migrations.length}`)
    })
    .exclusive()
}

/** What was found of a database file. `unknown`: it cannot be read now, which says nothing of its content. */
export type DatabaseState = { state: 'sound' | 'bare' | 'empty' | 'held' } | { state: 'damaged' | 'unknown'; why: string }

/**
 * Looks at all of a database file; never changes it.
 * @param unlocked its file system has no locks, and nobody uses it
 */
export function checkDatabase(file: string, unlocked = false): DatabaseState {
  try {
    const { empty, bare } = unlocked ? asItLies(file) : soundness(file)
    return { state: empty ? 'empty' : bare ? 'bare' : 'sound' }
  } catch (thrown) {
    if (isDamage(thrown)) return { state: 'damaged', why: (thrown as Error).message }
    const trouble = troubleWith(thrown, file)
    if (trouble?.code === 'DATABASE_LOCKED') return { state: 'held' }
    return { state: 'unknown', why: (trouble ?? (thrown as Error)).message }
  }
}

function soundness(file: string): Soundness {
  try {
    return examine(file)
  } catch (thrown) {
    // A write-ahead log wants to write even where it is only read.
    if (!/^SQLITE_(CANTOPEN|READONLY|IOERR_SHM)/.test(codeOf(thrown))) throw thrown
    return asItLies(file)
  }
}

/** Without what is yet in its write-ahead log: only of a database without one can be said that it is damaged. */
function asItLies(file: string): Soundness {
  const hasLog = (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
  try {
    return examine(file, true)
  } catch (thrown) {
    if (!isDamage(thrown) || !hasLog) throw thrown
    const why = `The database ${file} cannot be checked apart from its log here; the next start of the workbench reads both.`
    throw new WorkbenchError('DISK_ERROR', why, { cause: thrown })
  }
}
