import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { before, test, type TestContext } from 'node:test'
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core'
import { temporaryFolder } from '../fixtures/homes.ts'
import { chromiumFlags, findChromium } from './chromium.ts'
import { buildFirst, keepPictures } from './windows.ts'

const root = resolve(import.meta.dirname, '../..')

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const window: any, document: any

/** The browser mode in a process of its own. */
interface Server {
  url: string
  port: number
  process: ChildProcess
  /** Ends it, politely unless told otherwise, and waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>
}

export interface BrowserDesk {
  /** An empty folder that is gone after the test. */
  folder: string
  /** Starts the browser mode on a home folder; it has ended when the test has. */
  serve(home: string, port?: number): Promise<Server>
  /** Opens an address of the workbench in a window of its own. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>
  /**
   * Errors of scripts, messages on the console (violations of the content security policy among them), dialogs. A test fails when
   * something is left here at its end: one that provokes a message takes it out.
   */
  complaints: string[]
}

before(async () => {
  if (findChromium()) await buildFirst()
})

/**
 * Chromium, and as many workbenches in browser mode as are asked for. Every window is watched: what it complains of, and whether it asks
 * anything of another place than loopback. Skipped, with the reason, where there is no Chromium.
 */
export function browserTest(name: string, body: (desk: BrowserDesk, t: TestContext) => Promise<void>): void {
  test(name, { timeout: 280_000 }, async (t) => {
    const executablePath = findChromium()
    if (!executablePath) return t.skip('there is no Chromium: install it, or set WORKBENCH_TEST_CHROMIUM to its path')
    const folder = temporaryFolder(t)
    const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] })
    t.after(() => browser.close())
    const complaints: string[] = []
    const places = new Map<string, number>()
    const pages: Page[] = []
    const visit = (address: string): void => {
      const { protocol, hostname } = new URL(address)
      // What a page makes itself (an image of its own pixels) is asked of nobody.
      if (protocol === 'data:' || protocol === 'blob:') return
      places.set(hostname, (places.get(hostname) ?? 0) + 1)
    }

    const open: BrowserDesk['open'] = async (url, options = {}) => {
      const page = await (
        await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...options })
      ).newPage()
      pages.push(page)
      page.setDefaultTimeout(60_000)
      page.on('pageerror', (error) => complaints.push(error.stack ?? error.message))
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
      })
      page.on('dialog', (dialog) => {
        complaints.push(`A dialog: ${dialog.message()}`)
        void dialog.dismiss()
      })
      page.on('request', (request) => visit(request.url()))
      page.on('websocket', (socket) => visit(socket.url()))
      await page.goto(url)
      return page
    }
    try {
      await body({ folder, serve: (home, port) => serve(t, home, port), open, complaints }, t)
    } catch (thrown) {
      await keepPictures(t, pages, name)
      for (const complaint of complaints) t.diagnostic(`The page complains: ${complaint}`)
      throw thrown
    }
    assert.deepEqual(complaints, [])
    assert.deepEqual([...places.keys()], ['127.0.0.1'], 'every request goes to loopback')
    assert.ok(places.get('127.0.0.1')! >= 4, 'page, script, style and socket at least')
  })
}

async function serve(t: TestContext, home: string, port = 0): Promise<Server> {
  const child = spawn(
    process.execPath,
    [join(root, 'src/main/engine/serve.ts'), '--home', home, '--port', String(port), '--json'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const gone = once(child, 'exit')
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    child.kill(signal)
    await gone
  }
  t.after(() => end())
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), gone.then(() => ['{}'])])) as [string]
  const { url, port: bound, error } = JSON.parse(line) as { url?: string; port: number; error?: { message: string } }
  if (!url) throw new Error(`The browser mode did not start: ${error?.message ?? 'it ended without a word'}`)
  return { url, port: bound, process: child, end }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * What axe finds wrong with the page for people who cannot see or cannot use a mouse, in the light and in the dark: rule and
 * element, one a line. A page that was caught in the middle of a change is looked at once more: what is gone within a moment hinders
 * nobody.
 */
export async function barriers(page: Page): Promise<string[]> {
  const found = await lookForBarriers(page)
  if (found.length === 0) return found
  await page.waitForTimeout(500)
  return lookForBarriers(page)
}

async function lookForBarriers(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  const found: string[] = []
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, colorScheme)
    found.push(
      ...(await page.evaluate(async (scheme) => {
        const { violations, passes } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] })
        if (passes.length < 10) return ['axe looked at nothing']
        return violations.flatMap((violation: { id: string; nodes: { html: string; failureSummary: string }[] }) =>
          violation.nodes.map((node) => `${scheme}: ${violation.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`),
        )
      }, colorScheme)),
    )
  }
  return found
}
