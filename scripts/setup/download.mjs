// One file from the network to the disk: https with redirects, time-outs and progress.
import { spawn } from 'node:child_process'
import { createWriteStream, existsSync } from 'node:fs'
import { get as getHttp } from 'node:http'
import { get as getHttps } from 'node:https'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { node24Path } from './places.mjs'
import { fail, progress, SetupError } from './report.mjs'

const connectLimit = 10_000
const redirects = 5

/**
 * Opens an address and follows its redirects.
 * @param {string} address
 * @param {{limit?: number, headers?: Record<string, string>}} options `limit` in milliseconds of silence
 * @returns {Promise<import('node:http').IncomingMessage>} a response with status 200
 */
function request(address, { limit = connectLimit, headers = {} } = {}, left = redirects) {
  return new Promise((resolve, reject) => {
    const get = address.startsWith('http:') ? getHttp : getHttps
    const sent = get(address, { headers }, (response) => {
      const { statusCode = 0 } = response
      if (statusCode >= 300 && statusCode < 400 && response.headers.location && left > 0) {
        response.resume()
        resolve(request(new URL(response.headers.location, address).href, { limit, headers }, left - 1))
      } else if (statusCode !== 200) {
        response.resume()
        reject(Object.assign(new Error(`${new URL(address).host} answered with status ${statusCode}`), { status: statusCode }))
      } else {
        resolve(response)
      }
    })
    // The time-out of the socket counts silence, but not a name that is slow to resolve: hence a clock of its own until the
    // answer is there.
    const clock = setTimeout(() => sent.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })), limit)
    sent.setTimeout(Math.max(limit, 30_000), () =>
      sent.destroy(Object.assign(new Error('the connection went silent'), { code: 'ETIMEDOUT' })),
    )
    sent.on('response', () => clearTimeout(clock))
    sent.on('error', (error) => {
      clearTimeout(clock)
      reject(error)
    })
  })
}

/**
 * True when a host answers at all, whatever it says, within a few seconds; taken for granted behind a proxy, which older Nodes
 * ignore.
 */
export async function answers(address, limit = 4000) {
  if (behindProxy()) return true
  try {
    ;(await request(address, { limit }, 0)).destroy()
    return true
  } catch (error) {
    return error.status !== undefined
  }
}

/** The text at an address. */
export async function text(address, options) {
  const parts = []
  for await (const part of await request(address, options)) parts.push(part)
  return Buffer.concat(parts).toString()
}

const behindProxy = () => process.env.HTTPS_PROXY || process.env.https_proxy || process.env.HTTP_PROXY || process.env.http_proxy

/**
 * Downloads an address to a file, with progress. The caller checks the checksum and removes the file after a failure.
 * Behind a proxy the project's Node 24 does it, once it is there, since older Nodes ignore HTTPS_PROXY.
 */
export async function download(address, file, what) {
  const node = node24Path()
  if (behindProxy() && !process.env.NODE_USE_ENV_PROXY && node && existsSync(node)) {
    const code = await new Promise((resolve) => {
      const env = { ...process.env, NODE_USE_ENV_PROXY: '1' }
      spawn(node, [fileURLToPath(import.meta.url), address, file, what], { env, stdio: ['ignore', 'inherit', 'inherit'] }).on(
        'close',
        resolve,
      )
    })
    if (code !== 0)
      throw new SetupError(`${what} could not be downloaded through the proxy: check HTTPS_PROXY, then run the command again.`)
    return
  }
  const response = await request(address)
  const total = Number(response.headers['content-length'] ?? 0)
  const shown = progress(what, total)
  let bytes = 0
  response.on('data', (part) => shown.at((bytes += part.length)))
  await pipeline(response, createWriteStream(file))
  shown.done()
  if (total > 0 && bytes !== total) throw new SetupError(`${what} arrived incomplete: run the command again.`)
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await download(process.argv[2], process.argv[3], process.argv[4]).catch(fail)
