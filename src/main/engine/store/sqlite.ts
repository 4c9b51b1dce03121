import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type BetterSqlite3 from 'better-sqlite3'

/** The only door to better-sqlite3. Loaded on first use, so that `doctor` can say in words that the native module is missing. */
export type Database = BetterSqlite3.Database

const require = createRequire(import.meta.url)

export interface ConnectOptions extends BetterSqlite3.Options {
  /** Takes no locks of the system: for file systems that have none, where another lock keeps others away. */
  unlocked?: boolean
  /** Nothing changes the file, and nothing of it can be changed: a folder that is read-only. */
  immutable?: boolean
}

/** Opens a connection. Errors: SQLite's own, as better-sqlite3 throws them. */
export function connect(file: string, { unlocked, immutable, ...options }: ConnectOptions = {}): Database {
  // Read once, when the native module loads; without it no other way of locking can be chosen. Only names that begin with `file:` change
  // their meaning.
  process.env['SQLITE_USE_URI'] = '1'
  const query = unlocked ? '?vfs=unix-none' : immutable ? '?immutable=1' : ''
  return new (require('better-sqlite3') as typeof BetterSqlite3)(query === '' ? file : pathToFileURL(file).href + query, options)
}

/** The code of what SQLite or the system threw; empty for anything else. */
export const codeOf = (thrown: unknown): string => {
  const code = (thrown as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** SQLite's version; throws where the native module does not load. */
export function sqliteVersion(): string {
  const database = connect(':memory:')
  try {
    return String(database.prepare('SELECT sqlite_version()').pluck().get())
  } finally {
    database.close()
  }
}
