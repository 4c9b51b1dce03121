import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Page } from 'playwright-core'

const root = join(import.meta.dirname, '..', '..')

/** The tests are of what is in the sources, not of an older build. */
export async function buildFirst(): Promise<void> {
  const { ensureBuilt } = (await import(join(root, 'scripts', 'build.mjs'))) as { ensureBuilt(): Promise<boolean> }
  await ensureBuilt()
}

/** What the windows showed when a test failed: pictures to look at, and what each said of states and errors in words. */
export async function keepPictures(t: TestContext, pages: Page[], name: string): Promise<void> {
  const place = join(root, 'test-results')
  mkdirSync(place, { recursive: true })
  for (const [index, page] of pages.entries()) {
    const path = join(place, `${name.replace(/\W+/g, '-').slice(0, 60)}-${index + 1}.png`)
    await page.screenshot({ path, timeout: 5000 }).then(
      () => t.diagnostic(`What window ${index + 1} showed: ${path}`),
      () => {},
    )
    const said = await page
      .locator('[role=status], [role=alert], [role=progressbar], [aria-invalid=true]')
      .evaluateAll((elements) => elements.map((element) => (element as { innerText?: string }).innerText ?? '').filter(Boolean))
      .catch(() => [])
    for (const words of said) t.diagnostic(`Window ${index + 1} said: ${words.replaceAll('\n', ' | ').slice(0, 300)}`)
  }
}
