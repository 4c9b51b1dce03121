import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { uptime, userInfo } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { replacePrivately } from '../files/durable.ts'
import { bootId } from '../processes.ts'

/** Where the browser mode answers: whoever has the token has the workbench. */
export interface Address {
  port: number
  token: string
}

const schema = z.strictObject({
  port: z.int().min(1).max(65_535),
  token: z.string().regex(/^[\w-]{43}$/),
  started: z.string().min(1).max(100),
})
const largest = 1000
/** Clocks are set now and then; in milliseconds. */
const tolerance = 5 * 60_000

export const newToken = (): string => randomBytes(32).toString('base64url')

const fileIn = (folder: string): string => join(folder, 'browser.json')

/** What tells one start of this computer from the next; by its age where the system has no name for it. */
const thisStart = (): string => bootId() || String(Date.now() - Math.round(uptime() * 1000))

function isThisStart(started: string): boolean {
  const now = thisStart()
  return started === now || Math.abs(Number(started) - Number(now)) < tolerance
}

/**
 * The address that the workbench of this home folder had before, so that open tabs and bookmarks go on; null where there is
 * none, where the computer was started since, or where somebody else could have read or written it.
 */
export function rememberedAddress(folder: string): Address | null {
  try {
    const descriptor = openSync(fileIn(folder), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
    try {
      const found = fstatSync(descriptor)
      if (!found.isFile() || found.size > largest) return null
      if (process.platform !== 'win32' && (found.uid !== userInfo().uid || (found.mode & 0o077) !== 0)) return null
      const { port, token, started } = schema.parse(JSON.parse(readFileSync(descriptor, 'utf8')))
      return isThisStart(started) ? { port, token } : null
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return null
  }
}

/** Remembers it, for nobody but its user to read. Where it cannot be written, the next start has another address. */
export function rememberAddress(folder: string, { port, token }: Address): void {
  try {
    replacePrivately(fileIn(folder), JSON.stringify({ port, token, started: thisStart() }))
  } catch {
    // Said by what follows: the next start prints a new one.
  }
}
