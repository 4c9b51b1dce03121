import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import { connectToEngine } from '../../src/shared/connection.ts'
import { root } from '../setup/places.mjs'
import { SetupError } from '../setup/report.mjs'

const servers = new Set()

/** The browser mode on a home folder, and a connection of our own to its engine. */
export async function serve(home) {
  const child = spawn(process.execPath, [join(root, 'src', 'main', 'engine', 'serve.ts'), '--home', home, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'exit').then(() => [null])])
  const { url, error } = JSON.parse(line ?? '{}')
  if (!url) throw new SetupError(error?.message ?? 'The browser mode did not start: see the lines above.')
  const { host, search } = new URL(url)
  const socket = new WebSocket(`ws://${host}/engine${search}`, { origin: `http://${host}` })
  await once(socket, 'open')
  const listeners = new Set()
  const { call } = connectToEngine(
    {
      post: (frame) => socket.send(frame),
      listen: (listener) => {
        socket.on('message', listener)
      },
    },
    (event) => {
      for (const listener of listeners) listener(event)
    },
  )
  const server = {
    url,
    call,
    /** The first answer of `find` that is not undefined, asked after every event. */
    when: (find) =>
      new Promise((done, failed) => {
        const look = () =>
          Promise.resolve(find()).then((found) => {
            if (found === undefined) return
            listeners.delete(look)
            done(found)
          }, failed)
        listeners.add(look)
        look()
      }),
    async close() {
      if (!servers.delete(server)) return
      socket.close()
      const gone = once(child, 'exit')
      child.kill()
      await gone
    },
  }
  servers.add(server)
  return server
}

/** Ends those that still run. */
export async function closeAll() {
  for (const server of servers) await server.close()
}
