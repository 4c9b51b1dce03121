import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import path from 'node:path'
import { isForDownload } from './downloadPath.ts'
import { WorkbenchError } from '../../../shared/errors.ts'

/**
 * The workbench's own files, which nothing that a user asks for may replace: they are told by what they are, not by how their
 * path is spelled.
 */

/** What may lie in the home itself beside our files: exports, by the ends of their names. */
const foreign = /\.(onnx|npz|csv|parquet|tex|html|png|gif|svg|safetensors|zip)$/i
/** Names that SQLite, the log and the socket have, or would read as theirs. */
const ours = /^(workbench|lock)\.sqlite|^engine\.|^\./i

const same = (a: BigIntStats, b: BigIntStats): boolean => a.dev === b.dev && a.ino === b.ino
const looked = (file: string): Promise<BigIntStats | null> => stat(file, { bigint: true }).catch(() => null)

/** Where a folder that exists is: the home itself, somewhere within, or (null) elsewhere. */
async function placeOf(home: string, folder: string): Promise<'home' | 'within' | null> {
  const root = await looked(home)
  if (root === null) return null
  const inside = [root]
  for (const entry of await readdir(home, { withFileTypes: true })) {
    const found = entry.isDirectory() ? await looked(path.join(home, entry.name)) : null
    if (found !== null) inside.push(found)
  }
  for (let at = await realpath(folder); ; at = path.dirname(at)) {
    const found = await looked(at)
    const place = found === null ? -1 : inside.findIndex((one) => same(one, found))
    if (place === 0 && at === (await realpath(folder))) return 'home'
    if (place >= 0) return 'within'
    if (path.dirname(at) === at) return null
  }
}

/** Whether a file that has several names has one of them in the home. */
async function isLinkedFrom(home: string, file: BigIntStats): Promise<boolean> {
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const found = await lstat(path.join(entry.parentPath, entry.name), { bigint: true }).catch(() => null)
    if (found !== null && same(found, file)) return true
  }
  return false
}

const refused = (home: string, target: string) =>
  new WorkbenchError(
    'EXPORT_UNWRITABLE',
    `${target} is one of the workbench's own files, or where it keeps them (${home}); choose a place elsewhere.`,
    { field: 'out' },
  )

/**
 * Refuses to write a file over one of ours, or among ours. The folder that it is to be in exists.
 * @param isFolder whether a folder is to be made or filled
 * @throws WorkbenchError EXPORT_UNWRITABLE
 */
export async function refuseOwn(home: string, target: string, isFolder = false): Promise<void> {
  const found = await stat(target, { bigint: true }).catch(() => null)
  // The one place in the home that is for what a user asks for, each time with a folder of its own.
  if (found === null && isForDownload(path.join(home, 'downloads'), target)) return
  const place = await placeOf(home, path.dirname(target))
  const name = path.basename(target)
  if (
    place === 'within' ||
    (place === 'home' && (isFolder ? found !== null || ours.test(name) : ours.test(name) || !foreign.test(name)))
  )
    throw refused(home, target)
  if (found === null) return
  if (found.isDirectory()) {
    if ((await placeOf(home, target)) !== null) throw refused(home, target)
    return
  }
  // What a link stands for is ours as well; so is a file that has a name among ours and one elsewhere.
  const real = await realpath(target)
  if (path.dirname(real) !== (await realpath(path.dirname(target))) && (await placeOf(home, path.dirname(real))) !== null)
    throw refused(home, target)
  if (found.nlink > 1n && (await isLinkedFrom(home, found))) throw refused(home, target)
}
