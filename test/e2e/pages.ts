import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { writeShapesFolder } from '../fixtures/shapesFolder.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const location: { hash: string }

/** Goes to another view of the page, as a link does. */
export const go = (page: Page, address: string): Promise<unknown> =>
  page.evaluate((hash) => {
    location.hash = hash
  }, address)

/** The title of a view. */
export const heading = (page: Page, name: string): Locator => page.getByRole('heading', { name, level: 1, exact: true })

/** Makes a folder of `count` shapes in three classes and imports it as gray images, from the front door of an empty workbench. */
export async function importShapes(page: Page, folder: string, count: number): Promise<void> {
  await writeShapesFolder(join(folder, 'pictures'), count)
  await page.getByLabel('Folder or file', { exact: true }).fill(join(folder, 'pictures'))
  await page.getByLabel('Channels').selectOption('Gray')
  await page.getByRole('button', { name: 'Import', exact: true }).and(page.locator(':enabled')).click()
  await page.getByText(/has been imported: \d+ images/).waitFor()
}
