import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What the files of a folder hold together, in bytes; 0 where it is not there. Links count as themselves. */
export function folderBytes(folder: string): number {
  let names: string[]
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  } catch {
    return 0
  }
  return names.reduce((sum, name) => {
    const found = lstatSync(join(folder, name), { throwIfNoEntry: false })
    return sum + (found?.isFile() ? found.size : 0)
  }, 0)
}
