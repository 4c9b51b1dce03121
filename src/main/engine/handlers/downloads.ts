import { lstat, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { requireFileName } from '../downloads/fileName.ts'
import type { Context, Handlers } from './context.ts'

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** Files for a browser to download. */
export const downloadHandlers = ({ downloads }: Context) =>
  ({
    'downloads.begin': ({ name, folder }) => downloads.begin(name, folder),
    'downloads.ready': ({ download }) => downloads.ready(download),
    'paths.target': async ({ folder, name }) => {
      const path = join(folder, requireFileName(name))
      const found = await lstat(path).catch(() => null)
      return { path, exists: found === null ? null : (await isFolder(path)) ? 'folder' : 'file' }
    },
    'downloads.end': ({ download }) => {
      downloads.end(download)
      return {}
    },
  }) satisfies Partial<Handlers>
