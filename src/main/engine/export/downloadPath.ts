import path from 'node:path'
import type { Home } from '../home.ts'

/** Whether a path is where a file or folder for a download is written: directly in the folder of one. */
export const isForDownload = (downloads: string, file: string): boolean => path.dirname(path.dirname(file)) === downloads

/** What is kept of where a file was written: its path; of one for a download, which does not stay there, what is within it. */
export function shownPath({ downloads }: Pick<Home, 'downloads'>, file: string): string {
  const [id, ...rest] = path.relative(downloads, file).split(path.sep)
  return id === undefined || id === '..' || path.isAbsolute(id) || rest.length === 0 ? file : rest.join('/')
}
