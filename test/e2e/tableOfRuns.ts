import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Locator, Page } from 'playwright-core'
import { fillHome } from '../../bench/table/fill.ts'
import { browserTest, type BrowserDesk } from './launchChromium.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const document: any

/** A name that would run, if it could. */
export const hostile = '<img src=x onerror=alert(1)>'
export const rows = (page: Page): Locator => page.locator('tr[data-run]')
export const counted = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByRole('status').filter({ hasText: text }).first().waitFor()
/** The texts of one column, by the beginning of its header, of the rows in the page. */
export async function column(page: Page, title: string): Promise<string[]> {
  return page.evaluate((wanted) => {
    const heads = [...document.querySelectorAll('th')].map((head: any) => head.textContent.trim())
    const at = heads.findIndex((head: string) => head.startsWith(wanted))
    return [...document.querySelectorAll('tr[data-run]')].map((row: any) => row.children[at].textContent.trim())
  }, title)
}
/** The figures of one column, once those of all rows in the page have come. */
export async function numbers(page: Page, title: string): Promise<number[]> {
  for (let tries = 0; ; tries++) {
    const values = (await column(page, title))
      .filter((text) => text !== '–')
      .map((text) => Number.parseFloat(text.replace('−', '-')))
    if (tries === 100 || !values.some(Number.isNaN)) return values
    await wait(100)
  }
}
export const sortedUp = (values: readonly number[]): boolean =>
  values.every((value, index) => index === 0 || values[index - 1]! <= value)
export async function menu(page: Page, title: string): Promise<Locator> {
  await page.getByRole('columnheader', { name: new RegExp(`^${title}`) }).hover()
  await page.getByRole('button', { name: new RegExp(`^${title}: filter`) }).click()
  return page.getByRole('dialog', { name: title, exact: true })
}
export const ticked = (page: Page, text: string): Promise<void> =>
  page.getByRole('toolbar', { name: 'Selected runs' }).getByText(text).waitFor()

/** Tests something on the table of 500 runs, 12 of which are archived. */
export function tableTest(name: string, body: (page: Page, desk: BrowserDesk) => Promise<void>): void {
  browserTest(name, async (desk) => {
    const home = join(desk.folder, 'home')
    fillHome(home, { runs: 500 })
    const page = await desk.open(`${(await desk.serve(home)).url}#/runs`)
    await rows(page).nth(10).waitFor()
    await counted(page, '488 of 500 runs')
    await body(page, desk)
  })
}

/** Makes a column of a setting. */
export async function addLambda(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Columns' }).click()
  const chooser = page.getByRole('dialog', { name: 'Columns' })
  await chooser.getByLabel('Search columns').fill('lambda')
  await chooser.getByLabel('Contractive: lambda').check()
}

/** Presses a column's header: sorted by it, and the other way round at the next press. */
export const sortBy = (page: Page, title: string): Promise<void> => {
  const start = new RegExp(`^${title}`)
  return page.getByRole('columnheader', { name: start }).getByRole('button', { name: start }).first().click()
}
