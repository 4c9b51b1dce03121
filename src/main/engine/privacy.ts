import { chmodSync, lstatSync, readdirSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'
import { homeFolders, type Home } from './home.ts'
import type { Log } from './log.ts'
import { isTrial } from './files/disk.ts'
import { isOwnerFile } from './store/owner.ts'

/**
 * What a home holds is its owner's alone: images may be of patients. Folders 0700, files 0600, from their creation on: the engine and its
 * workers, which inherit it, run with the umask 077. What the user asks for elsewhere (an export) gets the mode that the user's
 * own gives.
 */
const variable = 'WORKBENCH_UMASK'

/** Whatever this process and its children make from here on is private. Windows has its own way: the user's folders are private there. */
export function keepPrivate(): void {
  const mask = process.umask(0o077)
  process.env[variable] ??= mask.toString(8)
}

/** Gives a file or folder that was made outside the home the mode that it would have without us; where file systems have modes. */
export function handToUser(path: string): void {
  const mask = Number.parseInt(process.env[variable] ?? '', 8)
  if (Number.isNaN(mask)) return
  try {
    chmodSync(path, (lstatSync(path).isDirectory() ? 0o777 : 0o666) & ~mask)
  } catch {
    // As it is.
  }
}

const ourFiles = /^(engine\.log(\.1)?|engine\.sock|lock\.sqlite(-\w+)?|browser\.json|open\.html|reserve(\.partial)?)$/
const ourFolders: readonly string[] = [...homeFolders, 'claims', 'targets', 'downloads']

/** Names that the workbench gives in a home. A folder that holds others is not ours alone. */
function isOurs(home: Home, name: string): boolean {
  const database = basename(home.database)
  return (
    name === database ||
    name.startsWith(`${database}-`) ||
    name.startsWith(`${database}.`) ||
    ourFiles.test(name) ||
    isTrial(name) ||
    ourFolders.includes(name) ||
    isOwnerFile(name)
  )
}

/**
 * Takes from others what earlier versions of the workbench let them read. Only what is the user's own and named as the
 * workbench names it: the home itself where nothing else lies in it, else its files and folders. Nothing is loosened, and links
 * are not followed.
 */
export function tightenHome(home: Home, log: Log): void {
  const user = process.getuid?.()
  if (user === undefined) return
  let changed = 0
  const tighten = (path: string): void => {
    const found = lstatSync(path)
    if (found.uid !== user || (found.mode & 0o077) === 0 || found.isSymbolicLink()) return
    chmodSync(path, found.mode & 0o700)
    changed += 1
  }
  const within = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) within(path)
      tighten(path)
    }
  }
  try {
    const names = readdirSync(home.folder),
      ours = names.filter((name) => isOurs(home, name))
    for (const name of ours) {
      const path = join(home.folder, name)
      const found = lstatSync(path)
      // The folder itself last: what was cut off begins again, and what is private needs no second look.
      if (found.isDirectory() && (found.mode & 0o077) !== 0) within(path)
      tighten(path)
    }
    if (ours.length === names.length) tighten(realpathSync(home.folder))
  } catch (thrown) {
    log('Not everything in the home could be made private.', thrown)
  }
  if (changed === 0) return
  const what = changed === 1 ? 'A file or folder' : `${changed} files and folders`
  log(`${what} in ${home.folder} could be read by other users of this machine; now only by you.`)
}
