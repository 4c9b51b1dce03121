import { createReadStream, realpathSync, statSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { extname, join, sep } from 'node:path'

const page = 'index.html'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.ttf': 'font/ttf',
}

/**
 * The file that an address's path names, or null: only regular files inside the root, of a type that the renderer consists of. `/` is the
 * page.
 */
export function fileFor(root: string, address: string): string | null {
  let name: string
  try {
    name = address === '/' ? `/${page}` : decodeURIComponent(address)
  } catch {
    return null
  }
  if (name.includes('\0') || name.includes('\\') || types[extname(name).toLowerCase()] === undefined) return null
  try {
    const real = realpathSync(root)
    const file = realpathSync(join(real, name))
    return file.startsWith(real + sep) && statSync(file).isFile() ? file : null
  } catch {
    return null
  }
}

/** Whether a file is the page, under whatever name: some file systems do not tell upper case from lower, and a link is the same file. */
export function isPage(root: string, file: string): boolean {
  if (extname(file).toLowerCase() === '.html') return true
  const [one, other] = [statSync(file), statSync(join(root, page), { throwIfNoEntry: false })]
  return one.ino === other?.ino && one.dev === other.dev
}

/**
 * Answers with a file whose place was checked: 200 with its type and size; files whose names hold their hash may be kept for ever.
 * `withBody`: false for HEAD.
 */
export function sendFile(response: ServerResponse, file: string, withBody: boolean): void {
  const hashed = file.includes(`${sep}assets${sep}`)
  response.writeHead(200, {
    'Content-Type': types[extname(file).toLowerCase()]!,
    'Content-Length': statSync(file).size,
    'Cache-Control': hashed ? 'public, max-age=31536000, immutable' : 'no-store',
  })
  if (!withBody) return void response.end()
  createReadStream(file)
    .on('error', () => response.destroy())
    .pipe(response)
}
