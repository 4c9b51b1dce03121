import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { WorkbenchError, toErrorInfo } from '../../shared/errors.ts'
import { serveBrowser } from './browser/server.ts'
import { createEngine } from './engine.ts'
import { defaultHome } from './home.ts'
import { listenLocally } from './local.ts'

export const serveOptions = {
  home: { type: 'string' }, port: { type: 'string' }, open: { type: 'boolean' }, json: { type: 'boolean' },
} as const
export interface ServeValues { home?: string | undefined; port?: string | undefined; open?: boolean | undefined; json?: boolean | undefined }

/**
 * The browser mode: the engine, and a page for a browser on this machine. Prints its address and runs until it is interrupted;
 * then what trains is paused with a checkpoint.
 */
export async function serve(values: ServeValues): Promise<void> {
  const port = Number(values.port ?? 0)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new WorkbenchError('USAGE', `“${values.port}” is not a port; give a number from 1 to 65535, or leave it out.`, { field: 'port' })
  }
  const engine = createEngine({ home: values.home ?? defaultHome() })
  const server = await serveBrowser(engine, fileURLToPath(new URL('../../../out/renderer', import.meta.url)), port).catch(async (thrown: unknown) => {
    await engine.close()
    throw thrown
  })
  const listening = await listenLocally(engine)
  process.stdout.write(values.json ? `${JSON.stringify({ url: server.url, port: server.port, home: engine.home.folder })}\n` : `Autoencoder Workbench: ${server.url}\n`)
  if (values.open) openInBrowser(server.url)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve)
  })
  await server.close()
  await engine.close()
  listening.close()
}

/** Where no browser can be opened, the printed address is enough. */
function openInBrowser(url: string): void {
  const [command, args] = process.platform === 'darwin' ? ['open', [url]] as const
    : process.platform === 'win32' ? ['rundll32', ['url.dll,FileProtocolHandler', url]] as const
    : ['xdg-open', [url]] as const
  spawn(command, args, { stdio: 'ignore', detached: true }).on('error', () => {}).unref()
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
