import { protocol } from 'electron'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import { contentPolicy } from '../../shared/contentPolicy.ts'
import { isOurs, scheme } from './security.ts'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.ttf': 'font/ttf',
}

interface Answer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/** The file below `folder` that an address names, with the headers of a page that may do nothing else. */
async function answer(folder: string, address: string): Promise<Answer> {
  const headers: Record<string, string> = {
    'Content-Security-Policy': contentPolicy,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    'Content-Type': 'text/plain; charset=utf-8',
  }
  const refused = (status: number): Answer => ({ status, headers, body: Buffer.from('There is no such file.') })
  if (!isOurs(address)) return refused(403)
  let file: string
  try {
    file = normalize(join(folder, decodeURIComponent(new URL(address).pathname)))
  } catch {
    return refused(400)
  }
  const type = types[extname(file)]
  if (!file.startsWith(folder + sep) || file.includes('\0') || type === undefined) return refused(404)
  try {
    return { status: 200, headers: { ...headers, 'Content-Type': type }, body: await readFile(file) }
  } catch {
    return refused(404)
  }
}

/** Before the app is ready: the scheme gets an origin of its own, as if it were https. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }])
}

/** Serves `folder`, and nothing beside it, as `workbench://app/`. */
export function servePage(folder: string): void {
  const root = normalize(folder)
  if ('handle' in protocol) {
    protocol.handle(scheme, async (request) => {
      const { status, headers, body } = await answer(root, request.url)
      return new Response(new Uint8Array(body), { status, headers })
    })
  } else {
    // Electron before 25.
    const old = protocol as typeof import('electron').protocol
    old.registerBufferProtocol(scheme, (request, respond) => {
      void answer(root, request.url).then(({ status, headers, body }) => respond({ statusCode: status, headers, data: body }))
    })
  }
}
