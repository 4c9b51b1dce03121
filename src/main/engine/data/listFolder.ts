import { readdir, stat } from 'node:fs/promises'
import type { Dirent } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { CallOutput } from '../../../shared/calls.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { offeredFiles } from './complete.ts'
import { resolvePath } from './source.ts'
import { byCodePoint } from './walk.ts'

/** Entries that are told of at once. */
const most = 2000
/** Entries that are looked at beside each other. */
const together = 500

/**
 * What lies in a folder, to choose from: folders first, then files that are offered, without hidden ones. Where that is more than can
 * be told at once, the files are left out first. An empty path is the user's own folder; of a file it is the one around it.
 * @param endings as of `offeredFiles`
 * @throws WorkbenchError PATH_MISSING, PATH_UNREADABLE
 */
export async function listFolder(path: string, endings?: readonly string[]): Promise<CallOutput<'paths.list'>> {
  const offered = await offeredFiles(endings)
  const given = path.trim() === '' ? homedir() : resolvePath(path)
  const found = await stat(given).catch(() => null)
  if (found === null)
    throw new WorkbenchError('PATH_MISSING', `There is nothing at ${given}; choose another folder.`, { field: 'folder' })
  const folder = found.isDirectory() ? given : dirname(given)
  const inside = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new WorkbenchError('PATH_UNREADABLE', `${folder} cannot be read; choose another folder, or allow reading it.`, {
      field: 'folder',
      cause,
    })
  })
  const seen = inside.filter(({ name }) => !name.startsWith('.'))
  const folders: string[] = [],
    files: string[] = []
  for (let begin = 0; begin < seen.length; begin += together) {
    const some = seen.slice(begin, begin + together)
    const kinds = await Promise.all(some.map((entry) => kindOf(folder, entry)))
    some.forEach(({ name }, index) => {
      if (kinds[index] === 'folder') folders.push(name)
      else if (kinds[index] === 'file' && offered(name)) files.push(name)
    })
  }
  const entry = (name: string, isFolder: boolean) => ({ name, path: join(folder, name), folder: isFolder })
  const parent = dirname(folder)
  return {
    folder,
    parent: parent === folder ? null : parent,
    entries: [
      ...folders.sort(byCodePoint).map((name) => entry(name, true)),
      ...files.sort(byCodePoint).map((name) => entry(name, false)),
    ].slice(0, most),
    more: Math.max(0, folders.length + files.length - most),
  }
}

/** What an entry is, or what it leads to; null for whatever else there is. Not every file system says it at once. */
async function kindOf(folder: string, entry: Dirent): Promise<'folder' | 'file' | null> {
  if (entry.isDirectory()) return 'folder'
  if (entry.isFile()) return 'file'
  const found = await stat(join(folder, entry.name)).catch(() => null)
  return found?.isDirectory() ? 'folder' : found?.isFile() ? 'file' : null
}
