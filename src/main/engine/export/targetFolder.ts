import { constants } from 'node:fs'
import { access, lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import { explain, removeLeftovers, temporaryName } from './targetFile.ts'

/** A folder of files that appears when all of them are there, or not at all. */

const field = 'out'
const unwritable = (target: string, why: string) => new WorkbenchError('EXPORT_UNWRITABLE', `${target} cannot be written: ${why}.`, { field })

/**
 * Checks that a folder may be made, or be filled, before any work is done.
 * @returns its absolute path.
 * @throws WorkbenchError EXPORT_EXISTS where it holds something and `force` is not given; EXPORT_UNWRITABLE
 */
export async function checkFolder(out: string, force: boolean): Promise<string> {
  const target = path.resolve(out)
  try {
    if (out.includes('\0')) throw unwritable(target, 'its name is not allowed; choose another one')
    const found = await lstat(target).then(() => stat(target), (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOENT') return null
      throw thrown
    })
    if (found === null) {
      const parent = path.dirname(target)
      if (!(await stat(parent)).isDirectory()) throw unwritable(target, 'a part of its path is a file, not a folder; choose another one')
      await access(parent, constants.W_OK | constants.X_OK)
      return target
    }
    if (!found.isDirectory()) throw unwritable(target, 'it is a file; choose a folder')
    await access(target, constants.W_OK | constants.X_OK)
    if (!force && (await readdir(target)).length > 0) {
      throw new WorkbenchError('EXPORT_EXISTS', `${target} is not empty; choose another folder, or replace what has the same names.`, { field })
    }
    return target
  } catch (thrown) {
    throw explain(target, thrown)
  }
}

/**
 * Has files written into a folder beside the target, and moves them when all are there. Whatever fails before, the target is as it was and
 * nothing else remains.
 * @param write gets the folder to write into
 * @throws WorkbenchError EXPORT_UNWRITABLE, DISK_FULL
 */
export async function writeFolder<T>(target: string, write: (folder: string) => Promise<T>): Promise<T> {
  const parent = path.dirname(target)
  const temporary = path.join(parent, temporaryName())
  await removeLeftovers(parent)
  try {
    await mkdir(temporary)
    const result = await write(temporary)
    const isThere = await lstat(target).then(() => true, () => false)
    if (!isThere) {
      await rename(temporary, target)
      return result
    }
    for (const name of await readdir(temporary)) await rename(path.join(temporary, name), path.join(target, name))
    return result
  } catch (thrown) {
    throw explain(target, thrown)
  } finally {
    await rm(temporary, { recursive: true, force: true }).catch(() => {})
  }
}
