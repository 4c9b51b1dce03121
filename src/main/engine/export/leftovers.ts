import { randomUUID } from 'node:crypto'
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { folderBytes } from '../folderBytes.ts'
import { startOf, textOf } from '../processes.ts'

/**
 * Files on their way to a user's folder, under names that hold the process which writes them; and what is done with those whose
 * process is gone.
 */

export const temporaryName = (id: string = randomUUID()): string => `.workbench-export-${process.pid}-${id}.tmp`
const temporaryPattern = /^\.workbench-export-(\d+)-[0-9a-f-]{36}\.tmp(\.\d+\.partial)?$/
/** In a folder on its way, once all of its files are there: from then on they belong into the folder around it. */
const movingName = '.moving'
/** In the same place: what the files replaced, until all have their names. */
export const replacedName = '.replaced'

export const announceMove = (temporary: string): Promise<void> => writeFile(path.join(temporary, movingName), '', { flush: true })
/** The files in a folder on its way, what tells of the others last. */
export const filesToMove = async (temporary: string): Promise<string[]> =>
  (await readdir(temporary))
    .filter((name) => name !== movingName && name !== replacedName)
    .sort((a, b) => Number(a.startsWith('index.')) - Number(b.startsWith('index.')))

/** When a process began, in milliseconds since 1970; null where the system does not say. */
function beginningOf(pid: number): number | null {
  const ticks = startOf(pid),
    [, boot] = /^btime (\d+)$/m.exec(textOf('/proc/stat')) ?? []
  return ticks === null || ticks === '' || boot === undefined ? null : 1000 * (Number(boot) + Number(ticks) / 100)
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Whether the process that wrote a file is there still. Numbers of processes are given again: one that began after the file was
 * written is another.
 */
export async function isOfRunning(file: string, pid: number): Promise<boolean> {
  if (!isRunning(pid)) return false
  const found = await stat(file).catch(() => null)
  const isThisProcess = pid === process.pid,
    began = isThisProcess ? performance.timeOrigin : beginningOf(pid)
  // The system tells the beginning of others in whole seconds.
  return began === null || found === null || began <= found.mtimeMs + (isThisProcess ? 0 : 2000)
}

/** What was removed, and what is there still because its process is. */
export interface Swept {
  files: number
  bytes: number
  left: number
}

/**
 * Removes what exports left in a folder whose process is gone; a folder that was being filled when all of its files were there
 * is filled.
 */
export async function removeLeftovers(folder: string): Promise<Swept> {
  const swept: Swept = { files: 0, bytes: 0, left: 0 }
  for (const name of await readdir(folder).catch(() => [])) {
    const [, pid] = temporaryPattern.exec(name) ?? []
    if (pid === undefined) continue
    const left = path.join(folder, name)
    if (await isOfRunning(left, Number(pid))) {
      swept.left += 1
      continue
    }
    await completeMove(left, folder)
    const bytes = await stat(left).then(
      (found) => (found.isFile() ? found.size : folderBytes(left)),
      () => 0,
    )
    await rm(left, { recursive: true, force: true }).then(
      () => {
        swept.files += 1
        swept.bytes += bytes
      },
      () => {
        swept.left += 1
      },
    )
  }
  return swept
}

/** Goes on where a move was cut off: each file replaces at once what has its name. */
async function completeMove(temporary: string, target: string): Promise<void> {
  const names = await readdir(temporary).catch(() => [] as string[])
  if (!names.includes(movingName)) return
  for (const name of await filesToMove(temporary)) await rename(path.join(temporary, name), path.join(target, name)).catch(() => {})
}
