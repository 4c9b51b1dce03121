import { constants, existsSync } from 'node:fs'
import { access, link, lstat, open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { isDiskFull, whatIsFull, WorkbenchError } from '../../../shared/errors.ts'
import { handToUser } from '../privacy.ts'
import { removeLeftovers, temporaryName } from './leftovers.ts'
import { refuseOwn } from './ownFiles.ts'

/** A file that appears under its name whole, checked, or not at all. */

const exists = (target: string) =>
  new WorkbenchError('EXPORT_EXISTS', `${target} exists already; choose another name, or replace it.`, { field: 'out' })
const unwritable = (target: string, why: string, cause?: unknown) =>
  new WorkbenchError('EXPORT_UNWRITABLE', `${target} cannot be written: ${why}.`, { field: 'out', cause })

const reasons: Record<string, string> = {
  ENOENT: 'its folder does not exist; create the folder or choose another one',
  ENOTDIR: 'a part of its path is a file, not a folder; choose another one',
  EACCES: 'its folder does not allow it; choose another one or change its permissions',
  EPERM: 'its folder does not allow it; choose another one or change its permissions',
  EROFS: 'its disk is read-only; choose another one',
  EISDIR: 'it is a folder; add a file name, such as encoder.onnx',
  ENAMETOOLONG: 'its name is too long; choose a shorter one',
  EINVAL: 'its name is not allowed there; choose another one',
  EFBIG: 'its disk does not hold files of this size; choose another one',
  EIO: 'its disk reported an error; check the disk or choose another one',
}

/** A failure of the system as the sentence that a user can act on. */
export function explain(target: string, thrown: unknown): unknown {
  if (thrown instanceof WorkbenchError) return thrown
  const code = (thrown as NodeJS.ErrnoException | null)?.code ?? ''
  if (isDiskFull(thrown)) {
    const text = `${whatIsFull(thrown)}, so ${target} was not written; free some space and try again.`
    return new WorkbenchError('DISK_FULL', text, { field: 'out', cause: thrown })
  }
  if (code === 'EEXIST') return exists(target)
  // Kernels say the same of folders in which nothing can be made, such as /proc.
  const reason =
    code === 'ENOENT' && existsSync(path.dirname(target)) ? 'its folder does not take new files; choose another one' : reasons[code]
  return reason === undefined ? thrown : unwritable(target, reason, thrown)
}

/**
 * Checks that a file may be written before any work is done.
 * @param home of the workbench, whose own files are never replaced; null in a process that is told what has been checked already
 * @returns its absolute path.
 * @throws WorkbenchError EXPORT_EXISTS, EXPORT_UNWRITABLE.
 */
export async function checkTarget(out: string, force: boolean, home: string | null): Promise<string> {
  const target = path.resolve(out)
  try {
    if (out.includes('\0')) throw unwritable(target, 'its name is not allowed; choose another one')
    if (/[/\\]$/.test(out)) throw unwritable(target, reasons['EISDIR']!)
    const found = await lstat(target).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOENT') return null
      throw thrown
    })
    if (found !== null) {
      const kind = found.isSymbolicLink() ? await stat(target).catch(() => null) : found
      if (kind?.isDirectory()) throw unwritable(target, reasons['EISDIR']!)
      if (kind !== null && !kind.isFile()) throw unwritable(target, 'it is not an ordinary file; choose another name')
      if (home !== null) await refuseOwn(home, target)
      if (!force) throw exists(target)
    }
    const folder = path.dirname(target)
    if (!(await stat(folder)).isDirectory()) throw unwritable(target, reasons['ENOTDIR']!)
    await access(folder, constants.W_OK | constants.X_OK)
    if (home !== null) await refuseOwn(home, target)
  } catch (thrown) {
    throw explain(target, thrown)
  }
  return target
}

/** Gives a finished file its name; refuses to replace one that appeared meanwhile, unless `force`. */
async function publish(temporary: string, target: string, force: boolean): Promise<void> {
  if (force) return rename(temporary, target)
  try {
    // Unlike a rename, a link fails where something has taken the name.
    await link(temporary, target)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') throw thrown
    // File systems without links: look, then rename.
    if (
      await lstat(target).then(
        () => true,
        () => false,
      )
    )
      throw exists(target)
    return rename(temporary, target)
  }
  await rm(temporary, { force: true })
}

/**
 * Writes a file beside its target, has it checked, syncs it and gives it its name. Whatever fails, the target is as it was
 * before and nothing else remains.
 * @param check runs on the complete file under its temporary name; what it throws is thrown on.
 * @throws WorkbenchError EXPORT_EXISTS, EXPORT_UNWRITABLE, DISK_FULL.
 */
export const writeChecked = <T>(
  target: string,
  bytes: Uint8Array,
  force: boolean,
  check: (file: string) => Promise<T>,
): Promise<T> =>
  writeWhole(target, force, async (temporary) => {
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    return check(temporary)
  })

/**
 * The same for what writes the file itself, piece by piece.
 * @param write makes the file under its temporary name, which is free, and syncs it; what it throws is thrown on.
 * @throws WorkbenchError EXPORT_EXISTS, EXPORT_UNWRITABLE, DISK_FULL.
 */
export async function writeWhole<T>(target: string, force: boolean, write: (file: string) => Promise<T>): Promise<T> {
  const folder = path.dirname(target)
  const temporary = path.join(folder, temporaryName())
  await removeLeftovers(folder)
  try {
    const result = await write(temporary)
    handToUser(temporary)
    await publish(temporary, target, force)
    await syncFolder(folder)
    return result
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => {})
    throw explain(target, thrown)
  }
}

/** Makes the new name itself durable where the system can sync folders; elsewhere (Windows, some network disks) it does nothing. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null)
  await handle?.sync().catch(() => {})
  await handle?.close()
}
