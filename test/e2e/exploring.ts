import { readFileSync } from 'node:fs'
import { after, before } from 'node:test'
import type { Download, Locator, Page } from 'playwright-core'
import { exploredHome, type ExploredHome } from '../fixtures/exploredHome.ts'
import { findChromium } from './chromium.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const location: { hash: string }, document: any

/** A home with trained runs for all tests of a file, each of which leaves it as it found it; there from the first test on. */
export function exploredForAll(make: () => Promise<ExploredHome> = exploredHome): { readonly home: ExploredHome } {
  let made: ExploredHome | undefined
  before(
    async () => {
      if (findChromium()) made = await make()
    },
    { timeout: 200_000 },
  )
  after(() => made?.remove())
  return {
    get home() {
      return made!
    },
  }
}

/** Goes somewhere, once the front door has led to its place. */
export async function go(page: Page, address: string): Promise<void> {
  await page.waitForFunction(() => location.hash.length > 2)
  await page.evaluate((hash) => {
    location.hash = hash
  }, address)
}

export async function reload(page: Page): Promise<void> {
  await page.reload()
  await page.getByRole('navigation', { name: 'Views' }).waitFor()
}

export const hash = (page: Page): Promise<string> => page.evaluate(() => location.hash)

/** Until the address says so: it follows what is set a moment later. */
export const addressed = (page: Page, part: string): Promise<unknown> =>
  page.waitForFunction((text) => location.hash.includes(text), part)

/** Nothing is on its way any more. */
export const settled = (page: Page): Promise<unknown> =>
  page.waitForFunction(
    () => document.querySelector('[role=tabpanel]') && !document.querySelector('main .skeleton, main .answer[aria-busy=true]'),
  )

/** Until a field has this text. */
export async function filled(field: Locator, text: string): Promise<void> {
  while ((await field.inputValue()) !== text)
    await field.page().evaluate(() => new Promise((done) => (globalThis as any).requestAnimationFrame(() => done(true))))
}

export async function saved(page: Page, button: Locator): Promise<{ name: string; bytes: Buffer }> {
  const [download] = (await Promise.all([page.waitForEvent('download'), button.click()])) as [Download, void]
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
}

/** The texts of a PNG by keyword. */
export function textsOf(png: Buffer): Record<string, string> {
  const texts: Record<string, string> = {}
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at),
      kind = png.toString('latin1', at + 4, at + 8),
      content = png.subarray(at + 8, at + 8 + length),
      end = content.indexOf(0)
    if (kind === 'tEXt') texts[content.toString('latin1', 0, end)] = content.toString('latin1', end + 1)
    if (kind === 'iTXt') texts[content.toString('latin1', 0, end)] = content.toString('utf8', end + 5)
    at += 12 + length
  }
  return texts
}
