import { readdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { CallOutput } from '../../../shared/calls.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { importable } from './complete.ts'
import { resolvePath } from './source.ts'
import { byCodePoint } from './walk.ts'

/** Entries that are told of at once. */
const most = 2000

/**
 * What lies in a folder, to choose from: folders first, then files that can be imported or have the ending that is wanted, without
 * hidden ones. An empty path is the user's own folder; of a file it is the one around it.
 * @param ending as of `completePath`
 * @throws WorkbenchError PATH_MISSING, PATH_UNREADABLE
 */
export async function listFolder(path: string, ending?: string): Promise<CallOutput<'paths.list'>> {
  const wanted = ending === undefined ? await importable() : (name: string) => ending !== '' && name.toLowerCase().endsWith(ending)
  const given = path.trim() === '' ? homedir() : resolvePath(path)
  const found = await stat(given).catch(() => null)
  if (found === null)
    throw new WorkbenchError('PATH_MISSING', `There is nothing at ${given}; choose another folder.`, { field: 'folder' })
  const folder = found.isDirectory() ? given : dirname(given)
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new WorkbenchError('PATH_UNREADABLE', `${folder} cannot be read; choose another folder, or allow reading it.`, {
      field: 'folder',
      cause,
    })
  })
  const seen = names.filter((name) => !name.startsWith('.')).sort(byCodePoint)
  const entries = await Promise.all(
    seen.slice(0, most).map(async (name) => {
      const at = join(folder, name),
        entry = await stat(at).catch(() => null)
      return entry?.isDirectory()
        ? { name, path: at, folder: true }
        : entry?.isFile() && wanted(name)
          ? { name, path: at, folder: false }
          : null
    }),
  )
  const kept = entries.filter((entry) => entry !== null)
  const parent = dirname(folder)
  return {
    folder,
    parent: parent === folder ? null : parent,
    entries: [...kept.filter((entry) => entry.folder), ...kept.filter((entry) => !entry.folder)],
    more: Math.max(0, seen.length - most),
  }
}
