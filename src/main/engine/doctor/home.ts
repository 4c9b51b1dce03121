import { existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { prepareHome, type Home } from '../home.ts'
import { checkDatabase, tryLock } from '../store/database.ts'
import { attempt, type Check } from './check.ts'

const gigabyte = 1e9
const least = 1 * gigabyte

/** The folder in which everything is kept, and the database in it. */
export const checkHome = (home: Home): Check[] => [
  attempt('Home folder', () => {
    prepareHome(home)
    return home.folder
  }),
  attempt('Disk space', () => freeSpace(home)),
  attempt('Lock', () => lockState(home)),
  attempt('Database', () => databaseState(home)),
]

function freeSpace(home: Home): string {
  const { bavail, bsize } = statfsSync(existsSync(home.folder) ? home.folder : dirname(home.folder))
  const free = bavail * bsize
  const text = `${(free / gigabyte).toFixed(1)} GB free`
  if (free < least) throw new Error(`${text} in ${home.folder}; free some space`)
  return text
}

function lockState(home: Home): string {
  const lock = tryLock(home.lock)
  if (lock === null) return 'held by a running engine'
  lock.release()
  return 'free'
}

function databaseState(home: Home): string {
  if (!existsSync(home.database)) return 'none yet'
  const wrong = checkDatabase(home.database)
  if (wrong !== null) throw new Error(`${home.database} is damaged (${wrong}); put the newest backup in its place, or move it away`)
  return 'sound'
}
