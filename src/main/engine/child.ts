import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { parseArgs } from 'node:util'
import { toErrorInfo } from '../../shared/errors.ts'
import { endSoon } from './ending.ts'
import { createEngine, type Engine } from './engine.ts'
import { defaultHome, homeAt } from './home.ts'
import { listenLocally } from './local.ts'
import { recover } from './recovery/recover.ts'
import { attachStream } from './windows.ts'

/**
 * The engine as a child of the desktop shell. Its windows' frames come by standard input and go by file descriptor 3 (nothing
 * that a library prints can get between them). When the shell goes away, or closes standard input, what trains is paused with a
 * checkpoint and the engine ends. An engine that cannot start says why on standard error. With `--recover` it first makes a new database.
 */
const { values } = parseArgs({ options: { home: { type: 'string' }, recover: { type: 'boolean' } } })

function start(): Engine {
  try {
    const home = values.home ?? defaultHome()
    const recovery = values.recover === true ? recover(homeAt(home)) : undefined
    return createEngine({ home, folderDialog: true, ...(recovery === undefined ? {} : { recovery }) })
  } catch (thrown) {
    process.stderr.write(`${JSON.stringify({ error: toErrorInfo(thrown) })}\n`)
    process.exit(1)
  }
}

const engine = start()
const shell = Duplex.from({ readable: process.stdin, writable: new Socket({ fd: 3, readable: false, writable: true }) })
attachStream(engine, shell)
const listening = await listenLocally(engine)

let ending = false
const end = async (): Promise<void> => {
  if (ending) return
  ending = true
  endSoon('SIGTERM')
  await engine.close().catch((thrown: unknown) => engine.log('The engine cannot be closed in order.', thrown))
  listening.close()
  process.exit(0)
}
void engine.lost.then((error) => {
  // The shell shows a reason, and starts no other engine.
  writeSync(2, `${JSON.stringify({ error: toErrorInfo(error) })}\n`)
  process.exit(1)
})
process.stdin.on('end', () => void end())
shell.on('close', () => void end())
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end())
process.on('uncaughtException', (thrown) => {
  engine.log('The engine ends after an unexpected error.', thrown)
  process.stderr.write(`${thrown.stack}\n`)
  process.exit(1)
})
