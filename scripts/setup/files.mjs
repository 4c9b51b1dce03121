// Files that appear whole or not at all, checksums, and child processes without surprises.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SetupError } from './report.mjs'

/** The sha256 of a file, in hexadecimal. */
async function sha256(file) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/** Refuses a file whose sha256 is another than the pinned one, and removes it. */
export async function requireSha256(file, expected, what) {
  const found = await sha256(file)
  if (found === expected) return
  await rm(file, { force: true })
  throw new SetupError(
    `${what} was changed on its way (sha256 ${found.slice(0, 12)}... instead of ${expected.slice(0, 12)}...) and was thrown away: ` +
      'run the command again, or check the package index that pip or PIP_INDEX_URL names.',
  )
}

/**
 * Makes a folder atomically: `fill` writes into a temporary folder beside it, which then takes its name. When another process
 * was faster, its folder stays. After a failure nothing is left.
 * @param {string} folder
 * @param {(temporary: string) => Promise<void>} fill
 */
export async function makeFolder(folder, fill) {
  if (existsSync(folder)) return folder
  const temporary = `${folder}.${process.pid}.part`
  await mkdir(dirname(folder), { recursive: true })
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary)
  try {
    await fill(temporary)
    try {
      await rename(temporary, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error
    }
    return folder
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/**
 * Tells the bytes in all files below a folder, twice a second: the progress of a program that writes there and says nothing itself.
 * @param {string} folder
 * @param {(bytes: number) => void} tell
 * @returns {() => void} ends it
 */
export function watchFolder(folder, tell) {
  const timer = setInterval(async () => {
    let bytes = 0
    for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])) {
      if (entry.isFile()) bytes += (await stat(join(entry.parentPath ?? entry.path, entry.name)).catch(() => ({ size: 0 }))).size
    }
    tell(bytes)
  }, 500)
  return () => clearInterval(timer)
}

/**
 * Runs a program to its end and returns its exit code and what it wrote. A program that does not exist gives code 127; one that
 * outlives the limit is ended and gives 124.
 * @param {string} program
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, limit?: number, shell?: boolean}} options `limit` in milliseconds
 */
export function run(program, args, { cwd, env = process.env, limit = 0, shell = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] })
    const parts = []
    let late = false
    const timer =
      limit > 0
        ? setTimeout(() => {
            late = true
            child.kill('SIGKILL')
          }, limit)
        : undefined
    child.stdout.on('data', (part) => parts.push(part))
    child.stderr.on('data', (part) => parts.push(part))
    child.on('error', (error) => {
      clearTimeout(timer)
      resolve({ code: error.code === 'ENOENT' ? 127 : 126, output: error.message })
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code: late ? 124 : (code ?? 1), output: Buffer.concat(parts).toString() })
    })
  })
}
