/**
 * What the desktop window offers to the page beyond the engine's calls. In the browser mode `window.workbench` is undefined:
 * the page then talks to the engine by WebSocket and takes typed paths. Types and names only.
 *
 * How the page gets its engine in the desktop window (a MessagePort cannot cross the context bridge):
 * 1. The page adds a `message` listener to `window` and then calls `workbench.connect()`, once.
 * 2. For every engine that comes up (the first one, and each one started after a loss) the preload posts
 *    `{ type: portMarker, engine }` to the page, with the port as `event.ports[0]`. Accept it only where `event.source === window`
 *    and `event.origin === location.origin`. A new port replaces the one before, which is dead: connect anew over it.
 * 3. Each message on the port, either way, is one whole frame: a Uint8Array for `shared/connection.ts`. Post a copy's view
 *    (`port.postMessage(frame)`), without a transfer list. Call `port.start()` or set `port.onmessage`.
 */
export const portMarker = 'workbench:port'

export interface FileFilter {
  /** Shown in the dialog, e.g. `Images`. */
  name: string
  /** Without the dot, e.g. `['npz']`. */
  extensions: string[]
}

/**
 * How the engine fares. `connected`: it runs, a port follows or has come. `lost`: it died and is being started again.
 * `failed`: it could not be started again, or not at all; `message` says why and what to do, and `restartEngine` tries anew.
 */
export interface EngineState {
  state: 'connected' | 'lost' | 'failed'
  /** One or two sentences for people; empty when connected. */
  message: string
  /** Of an engine that could not start the error's code, where it said one. */
  code?: string
  /**
   * Which engine this is about, counted from 1; 0 before the first. States and ports travel apart, and this tells a port of an
   * engine that is gone already.
   */
  engine: number
}

/** What the menu asks the page to do. */
export type HostCommand = 'importImages' | 'newRun'

export interface Host {
  readonly host: 'electron'
  /** Asks for the engine's port; see above. */
  connect(): void
  /** Calls the listener with the present state and with every change; returns the function that stops it. */
  onEngineState(listener: (state: EngineState) => void): () => void
  /** Starts a lost or failed engine at once. Does nothing while it runs. */
  restartEngine(): void
  /** Makes a new database of what is there, then starts the engine: where it failed because its own is lost or damaged. */
  recoverEngine(): void
  /** Commands of the menu; returns the function that stops it. */
  onCommand(listener: (command: HostCommand) => void): () => void
  /** The chosen folder's absolute path, or null when the person changed their mind; likewise the next two. */
  chooseFolder(): Promise<string | null>
  chooseFile(filters?: FileFilter[]): Promise<string | null>
  /** `suggested`: a file name or an absolute path. Asks before it replaces a file. */
  chooseSave(suggested: string, filters?: FileFilter[]): Promise<string | null>
  /** The absolute path of a dropped or picked file or folder; '' when it has none. */
  pathOf(file: File): string
  /** Opens the file manager at this path; does nothing when it does not exist. */
  showInFolder(path: string): void
}

/** The name under which the preload offers `Host` on `window`. */
export const hostKey = 'workbench'

/** The messages between preload and shell; the page never sees them. */
export const hostChannels = {
  connect: 'workbench:connect',
  port: 'workbench:port',
  watchState: 'workbench:watch-state',
  state: 'workbench:state',
  restart: 'workbench:restart',
  recover: 'workbench:recover',
  command: 'workbench:command',
  chooseFolder: 'workbench:choose-folder',
  chooseFile: 'workbench:choose-file',
  chooseSave: 'workbench:choose-save',
  showInFolder: 'workbench:show-in-folder',
} as const
