import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { WorkbenchError, toErrorInfo } from '../../shared/errors.ts'
import { rememberAddress, rememberedAddress } from './browser/address.ts'
import { openInBrowser, removeOpening } from './browser/opening.ts'
import { serveBrowser, type BrowserServer } from './browser/server.ts'
import { endSoon, type EndSignal } from './ending.ts'
import { createEngine, type Engine } from './engine.ts'
import { defaultHome } from './home.ts'
import { listenLocally } from './local.ts'

export const serveOptions = {
  home: { type: 'string' },
  port: { type: 'string' },
  open: { type: 'boolean' },
  json: { type: 'boolean' },
} as const
export interface ServeValues {
  home?: string | undefined
  port?: string | undefined
  open?: boolean | undefined
  json?: boolean | undefined
}

/**
 * The browser mode: the engine, and a page for a browser on this machine. Prints its address and runs until it is interrupted;
 * then what trains is paused with a checkpoint. Started again it answers where it did, until the computer is: open pages go on.
 */
export async function serve(values: ServeValues): Promise<void> {
  const port = Number(values.port ?? 0)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new WorkbenchError('USAGE', `“${values.port}” is not a port; give a number from 1 to 65535, or leave it out.`, {
      field: 'port',
    })
  }
  const engine = createEngine({ home: values.home ?? defaultHome() })
  removeOpening(engine.home.folder)
  const server = await answer(engine, port).catch(async (thrown: unknown) => {
    await engine.close()
    throw thrown
  })
  const listening = await listenLocally(engine)
  // Before anybody can know that it runs.
  const asked = new Promise<EndSignal>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
  })
  const said = JSON.stringify({ url: server.url, port: server.port, home: engine.home.folder })
  process.stdout.write(values.json ? `${said}\n` : `Autoencoder Workbench: ${server.url}\n`)
  const opened = values.open ? openInBrowser(engine.home.folder, server.url, server.opened) : () => {}
  endSoon(
    await Promise.race([
      asked,
      engine.lost.then((error) => {
        throw error
      }),
    ]),
  )
  opened()
  await server.close()
  await engine.close()
  listening.close()
}

/**
 * Answers at the port, or (0) where it did before, or else at any free one. A token belongs to its port: who sits at the old one may have
 * been told it.
 */
async function answer(engine: Engine, port: number): Promise<BrowserServer> {
  const { folder } = engine.home
  const root = fileURLToPath(new URL('../../../out/renderer', import.meta.url))
  const before = rememberedAddress(folder)
  const at = port === 0 ? (before?.port ?? 0) : port
  const server = await serveBrowser(engine, root, at, before?.port === at ? before.token : undefined).catch((thrown: unknown) => {
    if (port !== 0 || before === null || !(thrown instanceof WorkbenchError)) throw thrown
    process.stderr.write(
      `Another program has port ${before.port}, where this workbench answered before. It has a new address now; ` +
        'pages that are open at the old one cannot go on.\n',
    )
    return serveBrowser(engine, root)
  })
  rememberAddress(folder, server)
  return server
}

if (import.meta.main) {
  try {
    await serve(parseArgs({ options: serveOptions }).values)
    process.exit(0)
  } catch (thrown) {
    const error = toErrorInfo(thrown)
    process.stderr.write(`${error.message}\n`)
    if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error })}\n`)
    process.exit(1)
  }
}
