import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until, windowTest } from './launchElectron.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const document: any, URL: any, Blob: any

windowTest('what the page holds is kept where the person says, and nothing else is downloaded', async ({ folder, open }) => {
  const { app, page, quit } = await open()
  await page.getByRole('heading', { name: 'Begin with images' }).waitFor()
  // In the place of the dialog, which needs a person.
  await app.evaluate(({ session }, place) => {
    const seen: { address: string; refused: boolean }[] = []
    Object.assign(globalThis, { seen })
    session.defaultSession.on('will-download', (event, item) => {
      seen.push({ address: item.getURL(), refused: event.defaultPrevented === true })
      item.setSavePath(`${place}/${item.getFilename()}`)
    })
  }, folder)
  const seen = () => app.evaluate(() => (globalThis as unknown as { seen: { address: string; refused: boolean }[] }).seen)
  const follow = (address: string | null, name: string) =>
    page.evaluate(
      ([href, download]) => {
        const link = document.createElement('a')
        Object.assign(link, { href: href ?? URL.createObjectURL(new Blob(['a,b\r\n1,2\r\n'], { type: 'text/csv' })), download })
        link.click()
      },
      [address, name] as const,
    )

  await follow(null, 'table.csv')
  await until(
    'the table',
    () => existsSync(join(folder, 'table.csv')) && readFileSync(join(folder, 'table.csv'), 'utf8') === 'a,b\r\n1,2\r\n',
  )
  await follow('data:text/plain,other', 'other.txt')
  await follow(null, 'again.csv')
  await until('the second table', () => existsSync(join(folder, 'again.csv')))
  const downloads = await seen()
  // The other one is refused before anything is asked of it, or by our own rule.
  assert.deepEqual(
    downloads.map(({ address, refused }) => [address.split(/[,?/]/)[0], refused]),
    [['blob:workbench:', false], ...(downloads.length === 3 ? [['data:text', true] as const] : []), ['blob:workbench:', false]],
  )
  assert.equal(existsSync(join(folder, 'other.txt')), false)
  await quit()
})
