import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core'
import { temporaryFolder } from '../fixtures/homes.ts'

const root = resolve(import.meta.dirname, '../..')
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe']
const flags = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const window: any, document: any

export interface BrowserDesk {
  /** An empty folder that is gone after the test; the home folder lies in it. */
  folder: string
  /** Opens the workbench's address in a window of its own. What the page complains of is collected. */
  open(options?: BrowserContextOptions): Promise<Page>
  /** Errors of scripts, messages on the console, violations of the content security policy, dialogs; empty when all is well. */
  complaints: string[]
}

/** Chromium, the page of the browser mode and the engine behind it. Skipped, with the reason, where there is no Chromium. */
export function browserTest(name: string, body: (desk: BrowserDesk, t: TestContext) => Promise<void>): void {
  test(name, { timeout: 240_000 }, async (t) => {
    const executablePath = [process.env['WORKBENCH_TEST_CHROMIUM'], ...places].find((place) => place && existsSync(place))
    if (!executablePath) return t.skip('there is no Chromium: install it, or set WORKBENCH_TEST_CHROMIUM to its path')
    const folder = temporaryFolder(t)
    const server = spawn(process.execPath, [join(root, 'src/main/engine/serve.ts'), '--home', join(folder, 'home'), '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.after(async () => {
      const gone = once(server, 'exit')
      server.kill()
      await gone
    })
    const [line] = await once(createInterface(server.stdout), 'line') as [string]
    const { url } = JSON.parse(line) as { url: string }

    const rootUser = process.platform === 'linux' && process.getuid?.() === 0
    const browser = await chromium.launch({ executablePath, args: [...flags, ...(rootUser ? ['--no-sandbox'] : [])] })
    t.after(() => browser.close())
    const complaints: string[] = []
    const open = async (options: BrowserContextOptions = {}): Promise<Page> => {
      const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...options })).newPage()
      page.setDefaultTimeout(60_000)
      page.on('pageerror', (error) => complaints.push(error.stack ?? error.message))
      page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()) })
      page.on('dialog', (dialog) => { complaints.push(`A dialog: ${dialog.message()}`); void dialog.dismiss() })
      await page.goto(url)
      return page
    }
    await body({ folder, open, complaints }, t)
  })
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds wrong with the page for people who cannot see or cannot use a mouse: rule and element, one a line. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    const { violations, passes } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] })
    if (passes.length < 10) return ['axe looked at nothing']
    return violations.flatMap((violation: { id: string; nodes: { html: string; failureSummary: string }[] }) =>
      violation.nodes.map((node) => `${violation.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`))
  })
}
