import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { EngineEvent } from '../../shared/events.ts'
import { connectToEngine, type Client } from '../../shared/connection.ts'
import { WorkbenchError } from '../../shared/errors.ts'
import { frame, frameParser } from '../../shared/frames.ts'
import type { Engine } from './engine.ts'
import type { Home } from './home.ts'
import { attachStream } from './windows.ts'

/** Socket addresses have about a hundred bytes. */
const longestAddress = 100

/**
 * Where the engine of a home folder listens for command lines of the same user: a socket in the folder, readable by its owner
 * only; a named pipe on Windows; a socket in a private temporary folder where the path is too long for an address.
 */
function addressOf(home: Home): string {
  const hash = createHash('sha256').update(home.folder).digest('hex').slice(0, 24)
  if (process.platform === 'win32') return `\\\\.\\pipe\\autoencoder-workbench-${hash}`
  const inHome = join(home.folder, 'engine.sock')
  if (Buffer.byteLength(inHome) <= longestAddress) return inHome
  const folder = join(tmpdir(), `autoencoder-workbench-${userInfo().uid}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = lstatSync(folder)
  if (uid !== userInfo().uid || (mode & 0o077) !== 0) {
    throw new WorkbenchError(
      'HOME_UNWRITABLE',
      `The folder ${folder} is not private to you; remove it, or choose a home folder with a shorter path.`,
    )
  }
  return join(folder, `${hash}.sock`)
}

export interface Listening {
  /** Command lines that are connected now. */
  readonly clients: number
  /** Resolves as soon as no command line is connected. */
  idle(): Promise<void>
  close(): void
}

/** Serves command lines on the home folder's socket. Without a socket the engine works as well, alone. */
export async function listenLocally(engine: Engine): Promise<Listening> {
  const sockets = new Set<Socket>()
  let waiting: (() => void)[] = []
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => {
      sockets.delete(socket)
      if (sockets.size > 0) return
      waiting.forEach((resolve) => resolve())
      waiting = []
    })
    attachStream(engine, socket)
  })
  try {
    const address = addressOf(engine.home)
    // The lock on the home folder is ours, so a socket that lies there is of an engine that is gone.
    if (process.platform !== 'win32') rmSync(address, { force: true })
    const mask = process.umask(0o177)
    try {
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(address, resolve))
    } finally {
      process.umask(mask)
    }
  } catch (thrown) {
    engine.log('No command line can reach this engine.', thrown)
  }
  server.on('error', (error) => engine.log('The local socket failed.', error))
  return {
    get clients() {
      return sockets.size
    },
    idle: () => (sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    close: () => {
      server.close()
      sockets.forEach((socket) => socket.destroy())
    },
  }
}

export interface Remote {
  call: Client
  close(): void
}

/** Connects to the engine that runs on this home folder; null where none answers. `onLost`: it went away, and why. */
export async function connectLocally(
  home: Home,
  onEvent: (event: EngineEvent) => void,
  onLost: (why: WorkbenchError) => void,
): Promise<Remote | null> {
  const remote = await connected(home, onEvent, onLost)
  // An engine that is just closing has a socket still, and answers nothing on it.
  return (
    remote?.call('engine.status', {}).then(
      () => remote,
      (thrown: unknown) => {
        if (thrown instanceof WorkbenchError && thrown.code === 'ENGINE_LOST') return null
        throw thrown
      },
    ) ?? null
  )
}

function connected(
  home: Home,
  onEvent: (event: EngineEvent) => void,
  onLost: (why: WorkbenchError) => void,
): Promise<Remote | null> {
  return new Promise((resolve) => {
    const socket = connect(addressOf(home))
    let open = false
    let deliver: (payload: Uint8Array) => void = () => {}
    const parse = frameParser((_, payload) => deliver(payload))
    socket.on('error', () => {
      if (!open) resolve(null)
    })
    socket.on('data', (chunk: Buffer) => parse(chunk))
    socket.on('connect', () => {
      open = true
      const client = connectToEngine(
        {
          post: (payload) => void socket.write(frame(0, payload)),
          listen: (listener) => {
            deliver = listener
          },
        },
        onEvent,
      )
      let closed = false
      socket.on('close', () => {
        if (closed) return
        const why = 'The workbench that carried out this command was closed; give the command again.'
        const lost = new WorkbenchError('ENGINE_LOST', why)
        client.close(lost)
        onLost(lost)
      })
      resolve({
        call: client.call,
        close: () => {
          closed = true
          socket.end()
          client.close()
        },
      })
    })
  })
}
