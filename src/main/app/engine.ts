import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { closedFrame, frame, frameParser } from '../../shared/frames.ts'
import type { EngineState } from '../../shared/host.ts'
import { quietLibraries } from '../../shared/quietLibraries.ts'

/**
 * Starts the engine on the project's own Node, carries frames to it by its standard input and back by its file
 * descriptor 3 (one pipe both ways is more than Node 16 can do), starts it again when it dies, and ends it gently. Knows
 * nothing of Electron.
 */
export interface EngineHostOptions {
  /** The Node 24 binary, the engine's entry file and what follows it on the command line. */
  node: string
  entry: string
  arguments: string[]
  cwd: string
  onState(state: EngineState): void
  onFrame(port: number, payload: Uint8Array): void
  /** Whatever the engine writes on its standard error. */
  onText(text: string): void
  /** Pauses before the tries after a death, in ms; after the last one the engine counts as failed. */
  delays?: number[]
  /** An engine that lived this long, in ms, gets all tries anew. */
  stableAfter?: number
  /** What the engine gets to pause its runs when asked to stop, in ms; then it is asked harder, and gets `patience`. */
  grace?: number
  patience?: number
}

export interface EngineHost {
  readonly state: EngineState
  /** The engine's process while it runs. */
  readonly pid: number | undefined
  start(): void
  /** Starts it with the order to make a new database first. Does nothing while it runs. */
  recover(): void
  /** Frames for an engine that is not there are dropped: their sender is told by `onState`. */
  send(port: number, payload: Uint8Array): void
  closePort(port: number): void
  /** Closes its standard input, which asks the engine to pause its runs with a checkpoint and end; ends it by force after `grace`. */
  stop(): Promise<void>
}

const kept = 16_384

interface Reason {
  message: string
  code?: string
}

/** What an engine said that gave a reason before it ended: `{"error":{"code","message"}}` on a line of its own. */
function reasonIn(text: string): Reason | null {
  for (const line of text.split('\n').reverse()) {
    if (!line.startsWith('{"error"')) continue
    try {
      const { message, code } = (JSON.parse(line) as { error?: { message?: unknown; code?: unknown } }).error ?? {}
      if (typeof message === 'string' && message !== '') return { message, ...(typeof code === 'string' ? { code } : {}) }
    } catch {
      /* a line that was cut off is no reason */
    }
  }
  return null
}

/**
 * The environment without what would change how Node behaves (Electron and its launchers set such variables), and with what
 * keeps libraries quiet.
 */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, ...quietLibraries }
  for (const name of Object.keys(environment)) {
    if (name === 'NODE_OPTIONS' || name === 'NODE_PATH' || name.startsWith('ELECTRON_')) delete environment[name]
  }
  return environment
}

export function hostEngine(options: EngineHostOptions): EngineHost {
  const { delays = [250, 1000, 3000], stableAfter = 60_000, grace = 30_000, patience = 5000 } = options
  let child: ChildProcess | null = null
  let pipe: Writable | null = null
  let deaths = 0
  let launches = 0
  let timer: NodeJS.Timeout | undefined
  let stopping: Promise<void> | null = null
  let state: EngineState = { state: 'lost', message: 'The engine is being started.', engine: 0 }

  const become = (next: Omit<EngineState, 'engine'>): void => {
    state = { ...next, engine: launches }
    options.onState(state)
  }

  const lose = (livedFor: number, reason: Reason | null): void => {
    if (stopping) return
    deaths = livedFor > stableAfter ? 1 : deaths + 1
    const delay = delays[deaths - 1]
    if (reason !== null) return become({ state: 'failed', ...reason })
    if (delay === undefined) {
      return become({
        state: 'failed',
        message: `The engine ended ${deaths} times in a row. Nothing that was saved is lost; start it again, or restart the workbench.`,
      })
    }
    become({
      state: 'lost',
      message:
        'The engine ended unexpectedly and is being started again. Runs that were training can be resumed from their last checkpoint.',
    })
    timer = setTimeout(launch, delay)
  }

  function launch(order: readonly string[] = []): void {
    const started = Date.now()
    launches += 1
    let text = ''
    // In a process group of its own: a Ctrl+C in the terminal is for the shell, which then asks the engine to end.
    const engine = spawn(options.node, [options.entry, ...options.arguments, ...order], {
      cwd: options.cwd,
      env: cleanEnvironment(),
      windowsHide: true,
      detached: process.platform !== 'win32',
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    })
    const input = engine.stdin!
    const output = engine.stdio[3] as Readable
    child = engine
    pipe = input

    let over = false
    const ended = (reason: Reason | null): void => {
      if (over) return
      over = true
      input.destroy()
      output.destroy()
      if (child === engine) {
        child = null
        pipe = null
      }
      lose(Date.now() - started, reason)
    }

    engine.stderr?.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(-kept)
      options.onText(part)
    })
    engine.on('error', (error) =>
      ended({ message: `The engine could not be started (${error.message}). Run npm run setup, then start it again.` }),
    )
    // Its last words may come after its end; a grandchild that holds standard error open must not delay us for long.
    engine.on('exit', () => {
      const late = setTimeout(() => ended(reasonIn(text)), 500)
      engine.once('close', () => {
        clearTimeout(late)
        ended(reasonIn(text))
      })
    })

    const parse = frameParser(options.onFrame)
    output.on('data', (chunk: Buffer) => {
      try {
        parse(chunk)
      } catch (error) {
        options.onText(`The engine wrote what cannot be read (${(error as Error).message}); it is ended.\n`)
        engine.kill('SIGKILL')
      }
    })
    // Its end is told by `exit`; a broken pipe is only the first sign of it.
    output.on('error', () => {})
    input.on('error', () => {})
    if (engine.pid !== undefined) become({ state: 'connected', message: '' })
  }

  const exited = (engine: ChildProcess, within: number): Promise<boolean> =>
    new Promise((resolve) => {
      if (engine.exitCode !== null || engine.signalCode !== null || engine.pid === undefined) return resolve(true)
      const late = setTimeout(() => resolve(false), within)
      engine.once('exit', () => {
        clearTimeout(late)
        resolve(true)
      })
    })

  const begin = (order?: readonly string[]): void => {
    if (child || stopping) return
    clearTimeout(timer)
    deaths = 0
    launch(order)
  }

  const end = async (): Promise<void> => {
    clearTimeout(timer)
    const engine = child
    if (!engine) return
    pipe?.end()
    if (await exited(engine, grace)) return
    engine.kill('SIGTERM')
    if (await exited(engine, patience)) return
    engine.kill('SIGKILL')
    await exited(engine, patience)
  }

  return {
    get state() {
      return state
    },
    // One that has ended may still have last words on their way.
    get pid() {
      return child?.exitCode === null && child.signalCode === null ? child.pid : undefined
    },
    start: () => begin(),
    recover: () => begin(['--recover']),
    // A window cannot be held back, and what it sends are small calls: the stream keeps them in order until the engine reads.
    send: (port, payload) => {
      if (pipe?.writable && payload.length > 0) pipe.write(frame(port, payload))
    },
    closePort: (port) => {
      if (pipe?.writable) pipe.write(closedFrame(port))
    },
    stop: () => (stopping ??= end()),
  }
}
