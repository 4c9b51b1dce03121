import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileSystemOf } from './fileSystem.ts'
import { codeOf, connect, type Database } from './sqlite.ts'
import { meansFull, trialName } from '../files/disk.ts'

/** How a database is kept on the disk that it lies on. */
export interface Keeping {
  journal: 'WAL' | 'TRUNCATE'
  /** One connection has the file for itself, so that nothing has to be shared between processes. */
  exclusive: boolean
  /** The file system has no locks: only the owner file keeps others away (lock.ts). */
  unlocked: boolean
}
export interface Chosen {
  keeping: Keeping
  /** What else to try where the real file behaves worse than the trial. */
  otherwise: Keeping[]
  why: string
}

const shared: Keeping = { journal: 'WAL', exclusive: false, unlocked: false }
const exclusive: Keeping = { journal: 'WAL', exclusive: true, unlocked: false }
const truncate: Keeping = { journal: 'TRUNCATE', exclusive: true, unlocked: false }
const withoutLocks = [
  { ...exclusive, unlocked: true },
  { ...truncate, unlocked: true },
]

/** In words, for `doctor`. */
export const keepingText = ({ journal, exclusive: alone, unlocked }: Keeping): string =>
  `journal ${journal}${alone ? ', for one process alone' : ''}${unlocked ? ', without locks of the system' : ''}`

/**
 * Puts an open connection, of which nothing was read yet, into its mode. What the pragma answers is no proof that the file
 * system can do it: the first access after it is. Error: SQLite's own, or one with the code JOURNAL_REFUSED.
 */
export function keep(database: Database, { journal, exclusive: alone }: Keeping): void {
  // Before the first access: only then does a write-ahead log do without shared memory.
  if (alone) database.pragma('locking_mode = EXCLUSIVE')
  const answer = String(database.pragma(`journal_mode = ${journal}`, { simple: true }))
  if (answer.toUpperCase() !== journal) throw Object.assign(new Error(`The journal stays “${answer}”`), { code: 'JOURNAL_REFUSED' })
  database.pragma(`synchronous = ${journal === 'WAL' ? 'FULL' : 'EXTRA'}`)
}

/**
 * Finds out how a database in this folder can be kept: by the type of its file system and by a trial on a throw-away database beside the
 * real one. On a disk that machines share, or that a program stands for, memory is never shared.
 * Error: what the last way failed with, where none works.
 */
export function chooseKeeping(folder: string): Chosen {
  const { kind, name } = fileSystemOf(folder)
  const ways = [...(kind === 'local' ? [shared] : []), exclusive, truncate, ...withoutLocks]
  let trials: string | undefined
  const failures: unknown[] = []
  try {
    trials = mkdtempSync(join(folder, `${trialName()}-`))
    for (const [index, way] of ways.entries()) {
      const failure = tryOut(join(trials, `trial-${index}.sqlite`), way)
      if (failure === null) return { keeping: way, otherwise: ways.slice(index + 1), why: reason(kind, name, failures) }
      if (meansFull(failure, folder)) return fullDisk(name)
      failures.push(failure)
    }
  } catch (thrown) {
    if (meansFull(thrown, folder)) return fullDisk(name)
    throw thrown
  } finally {
    if (trials !== undefined) rmSync(trials, { recursive: true, force: true })
  }
  throw failures.at(-1)
}

/** Shared memory needs room, too; the log of one process alone needs none until something is written. */
const fullDisk = (name: string): Chosen => ({
  keeping: exclusive,
  otherwise: [truncate, ...withoutLocks],
  why: `the disk is full, so what this ${name} can do is not known`,
})

function reason(kind: string, name: string, failures: unknown[]): string {
  const facts = [kind === 'local' ? name : kind === 'network' ? `${name}, which others may share` : name]
  const codes = failures.map(codeOf)
  if (codes.some((code) => code.startsWith('SQLITE_IOERR_SHM'))) facts.push('memory cannot be shared there')
  if (codes.some((code) => code.startsWith('SQLITE_BUSY'))) facts.push('files cannot be locked there')
  const isOfTheLog = (code: string): boolean => /^(SQLITE_CANTOPEN|JOURNAL_REFUSED|SQLITE_IOERR(?!_SHM))/.test(code)
  if (codes.some(isOfTheLog)) facts.push('a write-ahead log does not work there')
  return facts.join('; ')
}

/**
 * Writes, with a second connection where there may be one, empties the log into the file, reads again. Null: it works; else the
 * failure.
 */
function tryOut(file: string, way: Keeping): unknown {
  const open = (): Database => {
    const database = connect(file, { timeout: 0, unlocked: way.unlocked })
    keep(database, way)
    // Whether it lasts is not asked here.
    database.pragma('synchronous = OFF')
    return database
  }
  const count = (database: Database): number => Number(database.prepare('SELECT count(*) FROM trial').pluck().get())
  const opened: Database[] = []
  try {
    const first = open()
    opened.push(first)
    first.exec('CREATE TABLE trial (x); BEGIN IMMEDIATE; INSERT INTO trial VALUES (1); COMMIT')
    const second = way.exclusive ? first : open()
    if (second !== first) opened.push(second)
    second.exec('INSERT INTO trial VALUES (2)')
    if (count(first) !== 2)
      throw Object.assign(new Error('One connection does not see what another wrote'), { code: 'SQLITE_IOERR_SHM' })
    if (way.journal === 'WAL') first.pragma('wal_checkpoint(TRUNCATE)')
    while (opened.length > 0) opened.pop()!.close()
    const again = open()
    opened.push(again)
    if (count(again) !== 2) throw Object.assign(new Error('What was written is gone'), { code: 'SQLITE_IOERR_READ' })
    return null
  } catch (thrown) {
    return thrown
  } finally {
    for (const database of opened) {
      try {
        database.close()
      } catch {
        // The trial has failed already.
      }
    }
  }
}
