import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { WorkbenchError } from '../../shared/errors.ts'

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
}

/** The user's data folder on this system, with a folder of our own in it. */
export function defaultHome(platform: NodeJS.Platform = process.platform, env: NodeJS.ProcessEnv = process.env, user: string = homedir()): string {
  if (platform === 'win32') return join(env['APPDATA'] ?? join(user, 'AppData', 'Roaming'), 'Autoencoder Workbench')
  if (platform === 'darwin') return join(user, 'Library', 'Application Support', 'Autoencoder Workbench')
  return join(env['XDG_DATA_HOME'] || join(user, '.local', 'share'), 'autoencoder-workbench')
}

/** Error: USAGE for an empty name, which would mean the folder one happens to be in. */
export function homeAt(folder: string): Home {
  if (folder.trim() === '') throw new WorkbenchError('USAGE', 'The home folder has no name; give one after --home, or leave --home out.', { field: 'home' })
  const absolute = resolve(folder)
  return {
    folder: absolute,
    database: join(absolute, 'workbench.sqlite'),
    lock: join(absolute, 'lock.sqlite'),
    log: join(absolute, 'engine.log'),
    dataset: (id) => join(absolute, 'datasets', id),
    run: (id) => join(absolute, 'runs', id),
    embedding: (id) => join(absolute, 'embeddings', id),
    trash: (id) => join(absolute, 'trash', id),
  }
}

/** Makes the folders and tries a write. Error: HOME_UNWRITABLE. */
export function prepareHome(home: Home): void {
  try {
    makeFolder(join(home.folder, 'datasets'))
    makeFolder(join(home.folder, 'runs'))
    makeFolder(join(home.folder, 'embeddings'))
    const probe = join(home.folder, `.probe-${process.pid}`)
    writeFileSync(probe, '')
    rmSync(probe)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOSPC') throw cause
    throw new WorkbenchError('HOME_UNWRITABLE', `The folder ${home.folder} cannot be written to (${(cause as Error).message}); make it writable or choose another with --home.`, { cause })
  }
}

/** Makes a folder and those above it. Node's own recursive form never ends where a new folder cannot be seen, such as in /proc. */
function makeFolder(folder: string): void {
  const make = () => {
    try {
      mkdirSync(folder)
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
