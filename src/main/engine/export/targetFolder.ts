import { constants } from 'node:fs'
import { access, copyFile, link, lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import { handToUser } from '../privacy.ts'
import { announceMove, filesToMove, removeLeftovers, replacedName, temporaryName } from './leftovers.ts'
import { refuseOwn } from './ownFiles.ts'
import { explain } from './targetFile.ts'

/** A folder of files that appears when all of them are there, or not at all. */

const field = 'out'
const unwritable = (target: string, why: string) =>
  new WorkbenchError('EXPORT_UNWRITABLE', `${target} cannot be written: ${why}.`, { field })

/**
 * Checks that a folder may be made, or be filled, before any work is done.
 * @param home of the workbench, whose own files are never replaced
 * @returns its absolute path.
 * @throws WorkbenchError EXPORT_EXISTS where it holds something and `force` is not given; EXPORT_UNWRITABLE
 */
export async function checkFolder(out: string, force: boolean, home: string): Promise<string> {
  const target = path.resolve(out)
  try {
    if (out.includes('\0')) throw unwritable(target, 'its name is not allowed; choose another one')
    const found = await lstat(target).then(
      () => stat(target),
      (thrown: NodeJS.ErrnoException) => {
        if (thrown.code === 'ENOENT') return null
        throw thrown
      },
    )
    if (found === null) {
      const parent = path.dirname(target)
      if (!(await stat(parent)).isDirectory())
        throw unwritable(target, 'a part of its path is a file, not a folder; choose another one')
      await access(parent, constants.W_OK | constants.X_OK)
      await refuseOwn(home, target, true)
      return target
    }
    if (!found.isDirectory()) throw unwritable(target, 'it is a file; choose a folder')
    await access(target, constants.W_OK | constants.X_OK)
    await refuseOwn(home, target, true)
    if (!force && (await readdir(target)).length > 0) {
      throw new WorkbenchError(
        'EXPORT_EXISTS',
        `${target} is not empty; choose another folder, or replace what has the same names.`,
        { field },
      )
    }
    return target
  } catch (thrown) {
    throw explain(target, thrown)
  }
}

/**
 * Has files written into a folder of their own, and gives them their place when all are there: a new folder at once, or one
 * after the other in a folder that exists, each replacing at once what has its name. Whatever fails, the target is as it was
 * and nothing else remains; other files in it are never touched. After a kill among the renames the next start goes on with
 * them.
 * @param write gets the folder to write into
 * @throws WorkbenchError EXPORT_UNWRITABLE, DISK_FULL
 */
export async function writeFolder<T>(target: string, write: (folder: string) => Promise<T>): Promise<T> {
  const isThere = await lstat(target).then(
    () => true,
    () => false,
  )
  // Within a folder that is there: it may be a disk of its own, into which nothing can be renamed from outside.
  const around = isThere ? target : path.dirname(target)
  const temporary = path.join(around, temporaryName())
  await removeLeftovers(around)
  try {
    await mkdir(temporary)
    const result = await write(temporary)
    // Of a process that died while it wrote one of the files.
    await removeLeftovers(temporary)
    for (const name of ['', ...(await readdir(temporary))]) handToUser(path.join(temporary, name))
    if (isThere) await moveInto(temporary, target)
    else await rename(temporary, target)
    return result
  } catch (thrown) {
    throw explain(target, thrown)
  } finally {
    await rm(temporary, { recursive: true, force: true }).catch(() => {})
  }
}

/** Moves all files of a folder into the one around it, or none. */
async function moveInto(temporary: string, target: string): Promise<void> {
  const names = await filesToMove(temporary),
    replaced = path.join(temporary, replacedName)
  await mkdir(replaced)
  const old = new Set<string>()
  for (const name of names) {
    const found = await lstat(path.join(target, name)).catch(() => null)
    if (found === null) continue
    if (!found.isFile() && !found.isSymbolicLink())
      throw unwritable(path.join(target, name), 'it is not an ordinary file; choose another folder')
    await keepAside(path.join(target, name), path.join(replaced, name), found.isSymbolicLink())
    old.add(name)
  }
  await announceMove(temporary)
  const moved: string[] = []
  try {
    for (const name of names) {
      await rename(path.join(temporary, name), path.join(target, name))
      moved.push(name)
    }
  } catch (thrown) {
    for (const name of moved.reverse()) {
      if (old.has(name)) await rename(path.join(replaced, name), path.join(target, name))
      else await rm(path.join(target, name), { force: true })
    }
    throw thrown
  }
}

/** Gives a file a second name, so that it never lacks its own; a copy where the file system has no such names. */
async function keepAside(file: string, aside: string, isLink: boolean): Promise<void> {
  await link(file, aside).catch(() => (isLink ? undefined : copyFile(file, aside)))
}
