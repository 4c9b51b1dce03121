import { bytes } from '../../../shared/amounts.ts'
import { existsSync, statSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { prepareHome, type Home } from '../home.ts'
import { lackOf, lostDatabase, lostText } from '../recovery/missing.ts'
import { checkDatabase, damageRemedy, tryLock } from '../store/database.ts'
import { chooseKeeping, keepingText } from '../store/keeping.ts'
import { holderOf } from '../store/lock.ts'
import { troubleWith } from '../store/trouble.ts'
import { attempt, type Check } from './check.ts'

const gigabyte = 1e9
const least = 1 * gigabyte

/** The folder in which everything is kept, and the database in it. */
export function checkHome(home: Home): Check[] {
  const lock = takeLock(home)
  try {
    return [
      attempt('Home folder', () => {
        prepareHome(home)
        return `${home.folder}${privacyOf(home)}`
      }),
      attempt('Disk space', () => freeSpace(home)),
      attempt('Lock', () => lock.text()),
      attempt('Journal', () => journal(home)),
      attempt('Database', () => databaseState(home, lock.held)),
    ]
  } finally {
    lock.release()
  }
}

/** Held while the database is looked at, so that no engine opens it meanwhile. */
function takeLock(home: Home): { held: boolean; text(): string; release(): void } {
  const free = { held: false, release: () => {} }
  if (!existsSync(home.folder)) return { ...free, text: () => 'free' }
  try {
    const lock = tryLock(home.lock)
    if (lock !== null) return { held: false, text: () => `free; ${lock.how}`, release: lock.release }
    const holder = holderOf(home.folder)
    const who = holder === null ? '' : ` (process ${holder.pid} on ${holder.host}, since ${holder.since})`
    return { held: true, text: () => `held by a running engine${who}`, release: () => {} }
  } catch (thrown) {
    return {
      ...free,
      text: () => {
        throw thrown
      },
    }
  }
}

function privacyOf({ folder }: Home): string {
  if (process.platform === 'win32') return ''
  const mode = statSync(folder).mode & 0o777
  if ((mode & 0o077) === 0) return '; only you can read it'
  return `; others can look into it (mode ${mode.toString(8)}), though not into what the workbench keeps there`
}

function freeSpace(home: Home): string {
  const { bavail, bsize } = statfsSync(existsSync(home.folder) ? home.folder : dirname(home.folder))
  const free = bavail * bsize
  const text = `${bytes(free)} free`
  if (free < least) throw new Error(`${text} in ${home.folder}; free some space`)
  return text
}

/** How the next engine would keep the database: by a trial on a throw-away one beside it, which disturbs nobody. */
function journal(home: Home): string {
  try {
    const { keeping, why } = chooseKeeping(home.folder)
    return `${keepingText(keeping)} (${why})`
  } catch (thrown) {
    throw troubleWith(thrown, home.database) ?? thrown
  }
}

function databaseState(home: Home, isHeld: boolean): string {
  const lost = isHeld ? null : lostDatabase(home, lackOf(home.database))
  if (lost !== null) throw new Error(lostText(home, lost))
  if (!existsSync(home.database)) return 'none yet'
  const found = checkDatabase(home.database, isUnlocked(home))
  switch (found.state) {
    case 'sound':
      return 'sound'
    case 'empty':
      return 'empty'
    case 'bare': {
      const gone = isHeld ? null : lostDatabase(home, 'bare')
      if (gone !== null) throw new Error(lostText(home, gone))
      return 'sound, and empty yet'
    }
    case 'damaged':
      throw new Error(`${home.database} is damaged (${found.why}); ${damageRemedy(home.database)}`)
    case 'held':
      if (isHeld) return 'in use by the running engine, which checked it when it started'
      throw new Error(
        `Another program has ${home.database} open and keeps it locked, so it cannot be checked; ` +
          'close that program (an SQLite browser, a backup)',
      )
    case 'unknown':
      if (isHeld) return 'in use by the running engine, which checked it when it started'
      throw new Error(`It cannot be checked now, which says nothing of what it holds: ${found.why}`)
  }
}

function isUnlocked(home: Home): boolean {
  try {
    return chooseKeeping(home.folder).keeping.unlocked
  } catch {
    return false
  }
}
