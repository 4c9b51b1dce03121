import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isOfRunning, removeLeftovers, type Swept } from './leftovers.ts'

/** Where something is being written outside the home: folders in which a kill may leave a temporary file, noted in the home. */

const notes = (home: string): string => path.join(home, 'targets')
/** For a folder that is away, such as that of a disk which was taken out, a note is kept so long, in milliseconds. */
const keptFor = 90 * 24 * 3600 * 1000

/** Notes the folders while `work` writes there, and leaves none of its temporary files behind, whoever of us died meanwhile. */
export async function whileNoted<T>(home: string, folders: readonly string[], work: () => Promise<T>): Promise<T> {
  const note = path.join(notes(home), `${process.pid}-${randomUUID()}`)
  // A home that takes no note, say for want of room, is no reason not to write elsewhere.
  await mkdir(notes(home), { recursive: true })
    .then(() => writeFile(note, JSON.stringify(folders), { flush: true }))
    .catch(() => {})
  try {
    return await work()
  } finally {
    // What is left then is of somebody else who writes there, and has a note of their own.
    for (const folder of folders) await removeLeftovers(folder)
    await rm(note, { force: true }).catch(() => {})
  }
}

/** Removes what was left in noted folders by processes that are gone. Only the holder of the home's lock may do this. */
export async function sweepTargets(home: string): Promise<Swept> {
  const swept: Swept = { files: 0, bytes: 0, left: 0 }
  for (const name of await readdir(notes(home)).catch(() => [] as string[])) {
    const note = path.join(notes(home), name)
    if (await isOfRunning(note, Number.parseInt(name, 10))) continue
    let folders: unknown
    try {
      folders = JSON.parse(await readFile(note, 'utf8'))
    } catch {
      folders = []
    }
    let left = 0,
      away = 0
    for (const folder of Array.isArray(folders) ? folders.filter((each) => typeof each === 'string') : []) {
      if (
        !(await stat(folder).then(
          (found) => found.isDirectory(),
          () => false,
        ))
      )
        away += folder.startsWith(home + path.sep) ? 0 : 1
      const found = await removeLeftovers(folder)
      swept.files += found.files
      swept.bytes += found.bytes
      left += found.left
    }
    const age = await stat(note).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    swept.left += left
    if (left === 0 && (away === 0 || age > keptFor)) await rm(note, { force: true }).catch(() => {})
  }
  return swept
}
