import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { isDiskFull, WorkbenchError } from '../../shared/errors.ts'
import { holderOf, tryLock, type Lock } from './store/lock.ts'
import { isOwnerFile, patience } from './store/owner.ts'
import { isTrial, tryWrite } from './files/disk.ts'
import { codeOf } from './store/sqlite.ts'
import { systemTrouble } from './store/trouble.ts'

/** Where everything of one workbench lies. */
export interface Home {
  readonly folder: string
  readonly database: string
  readonly lock: string
  readonly log: string
  dataset(id: string): string
  run(id: string): string
  /** Codes that an encoder gave of a dataset. */
  embedding(id: string): string
  /** Where a removed run's files wait for their restoration or their end. */
  trash(id: string): string
  /** Files that a browser is to download; none is kept. */
  readonly downloads: string
  /** What was sent to places by ssh, as it lies there. */
  readonly places: string
  /** The file that tells a recovery of an experiment. */
  experiment(id: string): string
}

/** The user's data folder on this system, with a folder of our own in it. */
export function defaultHome(
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
  user: string = homedir(),
): string {
  if (platform === 'win32') return join(env['APPDATA'] ?? join(user, 'AppData', 'Roaming'), 'Autoencoder Workbench')
  if (platform === 'darwin') return join(user, 'Library', 'Application Support', 'Autoencoder Workbench')
  return join(env['XDG_DATA_HOME'] || join(user, '.local', 'share'), 'autoencoder-workbench')
}

/** Error: USAGE for an empty name, which would mean the folder one happens to be in. */
export function homeAt(folder: string): Home {
  if (folder.trim() === '')
    throw new WorkbenchError('USAGE', 'The home folder has no name; give one after --home, or leave --home out.', { field: 'home' })
  const absolute = resolve(folder)
  return {
    folder: absolute,
    database: join(absolute, 'workbench.sqlite'),
    lock: join(absolute, 'lock.sqlite'),
    log: join(absolute, 'engine.log'),
    dataset: (id) => join(absolute, 'datasets', id),
    run: (id) => join(absolute, 'runs', id),
    embedding: (id) => join(absolute, 'embeddings', id),
    downloads: join(absolute, 'downloads'),
    trash: (id) => join(absolute, 'trash', id),
    places: join(absolute, 'places'),
    experiment: (id) => join(absolute, 'experiments', `${id}.json`),
  }
}

/** Where the network of a run, and what it was trained on, lie: for a job. */
export const runFolders = (home: Home, { id, datasetId }: { id: string; datasetId: string }) => ({
  runId: id,
  runFolder: home.run(id),
  datasetFolder: home.dataset(datasetId),
})

/** The folders in a home. */
export const homeFolders = ['datasets', 'runs', 'embeddings', 'experiments', 'trash'] as const

/**
 * Makes the folders, each for its owner alone, and tries a write. Errors: HOME_UNWRITABLE, HOME_READ_ONLY, HOME_NOT_FOLDER,
 * DISK_FULL, DISK_ERROR.
 */
export function prepareHome(home: Home): void {
  let at = home.folder
  try {
    // What is made here is nobody else's business.
    makeFolder(home.folder)
    requireFolder(home.folder)
    for (const name of homeFolders) {
      at = join(home.folder, name)
      if (name !== 'trash') makeFolder(at)
      if (existsSync(at)) requireFolder(at)
    }
    at = home.folder
    const failure = tryWrite(home.folder)
    // Whoever wants to make room on a full disk has to get in.
    if (failure !== null && !isDiskFull(failure)) throw failure
  } catch (cause) {
    const isOurs = at !== home.folder || statSync(home.folder, { throwIfNoEntry: false })?.isDirectory() === false
    const known = codeOf(cause) === 'ENOTDIR' && !isOurs ? null : systemTrouble(cause, at)
    throw (
      known ??
      new WorkbenchError(
        'HOME_UNWRITABLE',
        `The folder ${home.folder} cannot be written to (${(cause as Error).message}); ` +
          'make it writable or choose another with --home.',
        { cause },
      )
    )
  }
}

/** Takes the home for this process. Errors: HOME_LOCKED, saying who has it; those of `tryLock`. */
export function lockHome(home: Home): Lock {
  const lock = tryLock(home.lock)
  if (lock !== null) return lock
  const holder = holderOf(home.folder)
  const who =
    holder === null ? '' : holder.host === hostname() ? ` (process ${holder.pid})` : ` (process ${holder.pid} on ${holder.host})`
  const end =
    holder === null || holder.isSeen
      ? ''
      : ` Should ${holder.host === hostname() ? 'that' : holder.host} be gone, switched off or out of reach, the folder is free ` +
        `${Math.round(patience / 60_000)} minutes after its last sign of life.`
  throw new WorkbenchError(
    'HOME_LOCKED',
    `A workbench or a command of it is already running on ${home.folder}${who}; ` +
      `use or close that one, or choose another folder with --home.${end}`,
  )
}

/** What is said once another engine has taken the home. */
export const lostHome = (home: Home): WorkbenchError =>
  new WorkbenchError(
    'HOME_LOCKED',
    `Another workbench has taken ${home.folder}, as this one gave no sign of life for minutes ` +
      '(was the machine asleep?). This one has ended and stored nothing since; ' +
      'what it trained can be resumed from its last checkpoint there.',
  )

/** Errors: ENOTDIR, EACCES, EROFS. */
function requireFolder(folder: string): void {
  if (!statSync(folder).isDirectory()) throw Object.assign(new Error(`not a directory, ${folder}`), { code: 'ENOTDIR' })
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
}

/** Makes a folder and those above it. Node's own recursive form never ends where a new folder cannot be seen, such as in /proc. */
function makeFolder(folder: string): void {
  const make = () => {
    try {
      mkdirSync(folder, { mode: 0o700 })
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown
      // What is no folder shows when something is put into it.
    }
  }
  try {
    make()
  } catch (thrown) {
    const parent = dirname(folder)
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw thrown
    if (!existsSync(parent)) makeFolder(parent)
    make()
  }
}

/** Trials of a process that was killed: those of one that runs are done within a second. */
const trialOver = 60_000

/** Removes what starts that were cut off left in the home itself (tidy.ts does so with its folders). Only for the holder of its lock. */
export function removeTrials(home: Home): void {
  for (const name of readdirSync(home.folder)) {
    const file = join(home.folder, name),
      isLeft = isTrial(name) || (isOwnerFile(name) && name.endsWith('.tmp'))
    const age = isLeft ? Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) : 0
    if (age > trialOver) rmSync(file, { recursive: true, force: true })
  }
}
