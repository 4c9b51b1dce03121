import { randomBytes as drawBytes } from 'node:crypto'
import { existsSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Home } from '../home.ts'

/** What is kept back of the disk, in bytes: what removing thousands of runs, or starting, writes before it frees anything. */
export const reserveBytes = 4 * 2 ** 20
const randomBytes = promisify(drawBytes)
/** On a disk with less than so many times that, keeping it back would itself be what fills the disk. */
const spare = 4

const fileOf = (home: Home): string => join(home.folder, 'reserve')

/**
 * Keeps a file of nothing in the home, which is given up when the disk is full: a database needs space to delete, too. Nothing happens
 * where it is there already; what a full disk refuses is thrown. Of random bytes, which no file system makes smaller.
 */
export async function keepReserve(home: Home): Promise<void> {
  if (existsSync(fileOf(home))) return
  const { bavail, bsize } = statfsSync(home.folder)
  if (bavail * bsize < spare * reserveBytes) return
  const partial = `${fileOf(home)}.partial`
  try {
    await writeFile(partial, await randomBytes(reserveBytes), { mode: 0o600 })
    await rename(partial, fileOf(home))
  } catch (thrown) {
    rmSync(partial, { force: true })
    throw thrown
  }
}

/** Whether there is a reserve to give up. */
export const hasReserve = (home: Home): boolean => existsSync(fileOf(home))

/**
 * Gives space back to a full disk: the reserve, and with it what can be made again or is of no use. Never throws. @returns
 * whether there was any
 */
export function giveUpReserve(home: Home): boolean {
  let found = false
  const remove = (path: string) => {
    try {
      if (!existsSync(path)) return
      rmSync(path, { recursive: true, force: true })
      found = true
    } catch {
      // Then there is as much space as before.
    }
  }
  remove(`${fileOf(home)}.partial`)
  remove(fileOf(home))
  if (found) return true
  remove(`${home.log}.1`)
  // Answers of earlier questions, which can be computed again.
  for (const run of foldersIn(join(home.folder, 'runs'))) remove(join(home.run(run), 'answers'))
  return found
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
