import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { before, test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { homeAt } from '../../src/main/engine/home.ts'
import { connectLocally, type Remote } from '../../src/main/engine/local.ts'
import { buildFirst, keepPictures } from './windows.ts'

const root = resolve(import.meta.dirname, '../..')

/** The Electron to test with: the one that WORKBENCH_TEST_ELECTRON names, else the installed one; null when there is none. */
export function electronBinary(): string | null {
  if (process.env['WORKBENCH_TEST_ELECTRON']) return process.env['WORKBENCH_TEST_ELECTRON']
  const folder = join(root, 'node_modules', 'electron')
  try {
    const binary = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8').trim())
    return existsSync(binary) ? binary : null
  } catch {
    return null
  }
}

/** Nothing where there is a display; else an Xvfb of our own and its number; null when there is neither. */
export async function findDisplay(): Promise<{ display?: string; server?: ChildProcess } | null> {
  if (process.platform !== 'linux' || process.env['DISPLAY']) return {}
  const server = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const number = await new Promise<string | null>((done) => {
    let text = ''
    server.stdout.on('data', (part: Buffer) => {
      text += part.toString()
      if (text.includes('\n')) done(text.trim())
    })
    server.on('error', () => done(null))
    server.on('exit', () => done(null))
  })
  return number === null ? null : { display: `:${number}`, server }
}

export interface OpenWindow {
  app: ElectronApplication
  page: Page
  /** The engine's process: the shell's child that runs the engine's entry. Null while there is none. */
  engine(): { pid: number; command: string } | null
  /** Quits as a person does and waits until shell and engine are gone. */
  quit(): Promise<void>
}

export interface Desk {
  /** An empty folder that is gone after the test; the home folder lies in it. */
  folder: string
  home: string
  /** Starts the built workbench on the home folder. */
  open(): Promise<OpenWindow>
  /** Starts it once more beside a running one and waits for its end; the exit code. */
  openAgain(): Promise<number | null>
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Looks until `find` gives something, ten times a second. For what nobody tells of: the process table, another process's files. */
export async function until<T>(
  what: string,
  find: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  within = 30_000,
): Promise<T> {
  const end = Date.now() + within
  for (;;) {
    const found = await find()
    if (found !== null && found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`Waited in vain for ${what}.`)
    await pause(100)
  }
}

function engineOf(shell: number): { pid: number; command: string } | null {
  for (const line of execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n')) {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    if (Number(parent) === shell && command?.includes(join('engine', 'child.ts'))) return { pid: Number(pid), command }
  }
  return null
}

before(async () => {
  if (electronBinary() !== null) await buildFirst()
})

/**
 * A test of the real window. It is skipped, with the reason, where there is no Electron or no display. An exception in the page
 * fails it. Whatever it leaves running is ended, and what the processes said is shown when it fails.
 */
export function windowTest(name: string, body: (desk: Desk, t: TestContext) => Promise<void>): void {
  test(name, { timeout: 240_000 }, async (t) => {
    const binary = electronBinary()
    if (binary === null) return t.skip('there is no Electron: set WORKBENCH_TEST_ELECTRON, or run npm run setup -- --electron')
    if (process.platform === 'win32') return t.skip('the process table is read with ps')
    const display = await findDisplay()
    if (display === null) return t.skip('there is no display and no Xvfb')

    const folder = mkdtempSync(join(tmpdir(), 'workbench-window-'))
    const home = join(folder, 'home')
    const shells: ChildProcess[] = []
    const engines = new Set<number>()
    let text = ''
    const pageErrors: string[] = []
    const pages: Page[] = []

    const unboxed = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []
    const args = [...unboxed, root, '--home', home]
    const env = { ...(process.env as Record<string, string>), ...(display.display ? { DISPLAY: display.display } : {}) }
    const open = async (): Promise<OpenWindow> => {
      const app = await _electron.launch({ executablePath: binary, args, env, timeout: 60_000 })
      const shell = app.process()
      shells.push(shell)
      shell.stderr?.on('data', (part: Buffer) => {
        text += part.toString()
      })
      const gone = once(shell, 'exit')
      const engine = () => {
        const found = engineOf(shell.pid!)
        if (found) engines.add(found.pid)
        return found
      }
      const page = await app.firstWindow()
      pages.push(page)
      page.setDefaultTimeout(60_000)
      page.on('console', (message) => {
        text += `page: ${message.text()}\n`
      })
      page.on('pageerror', (error) => pageErrors.push(error.stack ?? error.message))
      return {
        app,
        page,
        engine,
        async quit() {
          const before = engine()
          await app.close()
          await gone
          if (before && isAlive(before.pid)) throw new Error('The engine outlived the shell.')
        },
      }
    }

    const openAgain = async (): Promise<number | null> => {
      const shell = spawn(binary, args, { env, stdio: 'ignore' })
      shells.push(shell)
      const [code] = (await once(shell, 'exit')) as [number | null]
      return code
    }

    try {
      await body({ folder, home, open, openAgain }, t)
      assert.deepEqual(pageErrors, [])
    } catch (error) {
      await keepPictures(t, pages, name)
      t.diagnostic([text.slice(-8000), ...pageErrors].join('\n'))
      throw error
    } finally {
      for (const shell of shells.filter(isRunning)) {
        const gone = once(shell, 'exit')
        shell.kill('SIGKILL')
        await gone
      }
      // An engine whose shell is gone ends by itself.
      await until('the engines to end', () => [...engines].every((pid) => !isAlive(pid))).catch(() =>
        engines.forEach((pid) => isAlive(pid) && process.kill(pid, 'SIGKILL')),
      )
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
      if (display.server) {
        const gone = once(display.server, 'exit')
        display.server.kill()
        await gone
      }
    }
  })
}

/** The engine that holds a home, by its local socket, as a command meets it. */
export const socketOf = async (home: string): Promise<Remote> =>
  (await until("the engine's socket", () =>
    connectLocally(
      homeAt(home),
      () => {},
      () => {},
    ),
  ))!
