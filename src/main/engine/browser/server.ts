import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { contentPolicy } from '../../../shared/contentPolicy.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Engine } from '../engine.ts'
import { callLimits } from '../../../shared/limits.ts'
import { attachWindow, manyWaiting, mostWaiting } from '../windows.ts'
import { downloadsPath } from '../downloads/downloads.ts'
import { newToken } from './address.ts'
import { fileFor, isPage, sendFile } from './files.ts'
import { sendDownload } from './sendDownload.ts'

/** Connections at a time, so that nobody on this machine uses up the files that the engine may have open. */
const mostConnections = 256
/** To send the few lines of a request, in milliseconds. */
const patience = 10_000

/** Answers a challenge (hexadecimal) with its HMAC-SHA256 under the token. */
const proofPath = '/proof'

export interface BrowserServer {
  /** With the token: whoever has it has the workbench. */
  readonly url: string
  readonly port: number
  readonly token: string
  /** Resolves when somebody who had the token has asked for the page. */
  readonly opened: Promise<void>
  close(): Promise<void>
}

/**
 * The workbench for a browser on this machine: loopback only, a random token in the address, Host and Origin checked (a page
 * elsewhere that guesses the port, or a name that is made to point here, gets nothing).
 * @param root the built renderer
 * @param port 0: any free one
 * @param token of an earlier start, where open pages are to go on
 * @throws WorkbenchError USAGE where the port is not free
 */
export async function serveBrowser(engine: Engine, root: string, port = 0, token = newToken()): Promise<BrowserServer> {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  let hosts: string[] = []
  const sockets = new WebSocketServer({ noServer: true, maxPayload: callLimits.bytes, perMessageDeflate: false })

  const refusal = (request: IncomingMessage, needsOrigin: boolean): number | null => {
    const { host, origin } = request.headers
    if (host === undefined || !hosts.includes(host)) return 421
    if (origin === undefined ? needsOrigin : origin !== `http://${host}`) return 403
    return null
  }
  const headers = (): Record<string, string> => {
    const socketSources = hosts.map((host) => `ws://${host}`).join(' ')
    return {
      'Content-Security-Policy': contentPolicy.replace("connect-src 'self'", `connect-src 'self' ${socketSources}`),
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
    }
  }
  const refuse = (response: ServerResponse, status: number, text: string) => {
    response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
    response.end(`${text}\n`)
  }

  /** Shows an open page, before it tells anybody its token, that who answers knows the token already. */
  const prove = (response: ServerResponse, challenge: string): void => {
    if (!/^[0-9a-f]{32,128}$/.test(challenge)) return refuse(response, 400, 'This is no challenge.')
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
    response.end(createHmac('sha256', token).update(challenge).digest('hex'))
  }

  /**
   * A file for whoever has its key, once. Keys are told over the connection that needs the token; the token itself has no place in an
   * address that browsers keep beside what they downloaded.
   */
  const handOut = async (response: ServerResponse, method: string, key: string): Promise<void> => {
    if (method !== 'GET') return refuse(response, 405, 'Only GET is served here.')
    const taken = await engine.downloads.take(key)
    if (taken === null)
      return refuse(response, 404, 'There is no such download, or it has ended; make the file again in the workbench.')
    sendDownload(response, taken)
  }

  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers())) response.setHeader(name, value)
    const refused = refusal(request, false)
    if (refused !== null) return refuse(response, refused, 'This address is not served here.')
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'Only GET is served here.')
    const address = addressOf(request)
    if (address === null) return refuse(response, 400, 'This is no address.')
    const { pathname, searchParams } = address
    if (pathname === proofPath) return prove(response, searchParams.get('challenge') ?? '')
    if (pathname.startsWith(downloadsPath)) return void handOut(response, request.method, pathname.slice(downloadsPath.length))
    const knows = isToken(searchParams.get('token'), token)
    const file = fileFor(root, pathname)
    // Decided by the file that would be sent: the ways to write its address are many.
    if (pathname === '/' || (file !== null && isPage(root, file))) {
      if (!knows)
        return refuse(
          response,
          403,
          'The token is missing or wrong; open the whole address that the workbench printed when it started.',
        )
      open()
      if (file === null) return refuse(response, 404, 'The page is not built yet; run npm run build.')
    }
    if (file === null) return refuse(response, 404, 'There is no such file.')
    sendFile(response, file, request.method === 'GET')
  })

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {})
    const address = addressOf(request)
    const known = address?.pathname === '/engine' && isToken(address.searchParams.get('token'), token)
    const refused = refusal(request, true) ?? (known ? null : 403)
    if (refused !== null) return void socket.end(`HTTP/1.1 ${refused} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    sockets.handleUpgrade(request, socket, head, (webSocket) => attachSocket(engine, webSocket))
  })

  server.maxConnections = mostConnections
  server.headersTimeout = server.requestTimeout = patience
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE' || error.code === 'EACCES'
          ? new WorkbenchError('USAGE', `Port ${port} is not free; choose another with --port, or leave it out.`, {
              field: 'port',
              cause: error,
            })
          : error,
      ),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  const bound = (server.address() as AddressInfo).port
  hosts = [`127.0.0.1:${bound}`, `localhost:${bound}`]
  return {
    url: `http://127.0.0.1:${bound}/?token=${token}`,
    port: bound,
    token,
    opened,
    close: () =>
      new Promise((resolve) => {
        sockets.clients.forEach((client) => client.terminate())
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** What a request asks for; null where that is no address at all, such as `//`. */
const addressOf = ({ url = '/' }: IncomingMessage): URL | null => URL.parse(url, 'http://localhost')

function attachSocket(engine: Engine, socket: WebSocket): void {
  socket.binaryType = 'nodebuffer'
  const detach = attachWindow(engine, {
    post: (frame) => {
      if (socket.readyState !== socket.OPEN) return
      socket.send(frame, () => {
        if (socket.isPaused && socket.bufferedAmount <= manyWaiting) socket.resume()
      })
      if (socket.bufferedAmount > mostWaiting) socket.terminate()
      else if (socket.bufferedAmount > manyWaiting) socket.pause()
    },
    listen: (listener) =>
      void socket.on('message', (data, isBinary) => {
        if (isBinary) listener(data as Buffer)
        else socket.close(1003)
      }),
  })
  socket.on('error', () => {})
  socket.on('close', detach)
}

function isToken(given: string | null, token: string): boolean {
  const a = Buffer.from(given ?? '')
  const b = Buffer.from(token)
  return a.length === b.length && timingSafeEqual(a, b)
}
