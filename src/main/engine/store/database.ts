import { createRequire } from 'node:module'
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type BetterSqlite3 from 'better-sqlite3'
import { WorkbenchError } from '../../../shared/errors.ts'

/**
 * The only door to better-sqlite3. Loaded on first use, so that `doctor` can say in words that the native module is missing.
 */
export type Database = BetterSqlite3.Database
type Open = (file: string, options?: BetterSqlite3.Options) => Database

const require = createRequire(import.meta.url)
const open: Open = (file, options) => new (require('better-sqlite3') as typeof BetterSqlite3)(file, options)

/** SQL that takes a database from version `index` to `index + 1`. */
export type Migrations = readonly string[]

const codeOf = (thrown: unknown): string => (thrown as { code?: string } | null)?.code ?? ''
const damagedCodes = /^SQLITE_(CORRUPT|NOTADB)/

/** Throws HOME_UNWRITABLE or DATABASE_DAMAGED for what SQLite says about a file, anything else as it is. */
function explain(thrown: unknown, file: string): never {
  if (damagedCodes.test(codeOf(thrown))) throw damaged(file, thrown)
  if (/^SQLITE_(CANTOPEN|READONLY|PERM)/.test(codeOf(thrown))) {
    throw new WorkbenchError('HOME_UNWRITABLE', `The database ${file} cannot be opened for writing; make its folder writable or choose another with --home.`, { cause: thrown })
  }
  throw thrown
}

function damaged(file: string, cause: unknown): WorkbenchError {
  const backups = existsSync(dirname(file)) ? readdirSync(dirname(file)).filter((name) => name.startsWith(`${basename(file)}.backup-`)).sort() : []
  const backup = backups.at(-1)
  const remedy = backup === undefined
    ? 'move the file away to start with an empty one (datasets and checkpoints stay in their folders)'
    : `put the backup ${join(dirname(file), backup)} in its place`
  return new WorkbenchError('DATABASE_DAMAGED', `The database ${file} is damaged and was left untouched; ${remedy}.`, { cause })
}

/** Whether a thrown value is SQLite's word for a damaged file, met after opening. */
export const isDamage = (thrown: unknown): boolean => damagedCodes.test(codeOf(thrown))
/** Whether a thrown value is SQLite's or the system's word for a full disk. */
export const isFull = (thrown: unknown): boolean => codeOf(thrown) === 'SQLITE_FULL' || codeOf(thrown) === 'ENOSPC'

/**
 * Opens (or creates) a database: integrity checked, brought to the newest version, a backup written beside it first when it
 * holds something. Every commit is on the disk when it returns (WAL, synchronous FULL).
 * Errors: DATABASE_DAMAGED, DATABASE_NEWER, HOME_UNWRITABLE, DISK_FULL.
 */
export function openDatabase(file: string, migrations: Migrations): Database {
  let database: Database | undefined
  try {
    database = open(file, { timeout: 5000 })
    const check = database.pragma('quick_check(1)', { simple: true })
    if (check !== 'ok') throw damaged(file, new Error(String(check)))
    migrate(database, file, migrations)
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    return database
  } catch (thrown) {
    database?.close()
    return explain(thrown, file)
  }
}

function migrate(database: Database, file: string, migrations: Migrations): void {
  const version = Number(database.pragma('user_version', { simple: true }))
  if (version > migrations.length) {
    throw new WorkbenchError('DATABASE_NEWER', `The database ${file} was written by a newer version of the workbench (${version}, this one knows ${migrations.length}); update the workbench or choose another folder with --home.`)
  }
  if (version === migrations.length) return
  if (version > 0) {
    const backup = `${file}.backup-${new Date().toISOString().replace(/[:.]/g, '-')}-v${version}`
    database.prepare('VACUUM INTO ?').run(backup)
  }
  database.pragma('foreign_keys = OFF')
  database.transaction(() => {
    migrations.slice(version).forEach((sql) => database.exec(sql))
    database.pragma(`user_version = ${migrations.length}`)
  }).exclusive()
}

/**
 * Takes a lock that lasts until `release` or the end of this process, however it ends; null when another process holds it.
 * It is the operating system's lock on the file, so no stale lock is possible.
 */
export function tryLock(file: string): { release(): void } | null {
  let database: Database | undefined
  try {
    database = open(file, { timeout: 0 })
    database.pragma('journal_mode = DELETE')
    database.exec('BEGIN EXCLUSIVE')
    const held = database
    return { release: () => void held.close() }
  } catch (thrown) {
    database?.close()
    if (codeOf(thrown).startsWith('SQLITE_BUSY')) return null
    return explain(thrown, file)
  }
}

/** Null where the file is a sound database, else what is wrong with it; never changes the file. */
export function checkDatabase(file: string): string | null {
  let database: Database | undefined
  try {
    database = open(file, { readonly: true, fileMustExist: true, timeout: 1000 })
    const check = database.pragma('quick_check(1)', { simple: true })
    return check === 'ok' ? null : String(check)
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  } finally {
    database?.close()
  }
}

/** SQLite's version; throws where the native module does not load. */
export function sqliteVersion(): string {
  const database = open(':memory:')
  try {
    return String(database.prepare('SELECT sqlite_version()').pluck().get())
  } finally {
    database.close()
  }
}
