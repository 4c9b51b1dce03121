import assert from 'node:assert/strict'
import { join } from 'node:path'
import { barriers, browserTest } from './launchChromium.ts'
import { settles } from './settles.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const location: { hash: string }

browserTest(
  'from a paper: the data are imported, the form is filled and changed, a run is started, and stands beside what was published',
  async ({ folder, serve, open }) => {
    const page = await open((await serve(join(folder, 'home'))).url)
    await page.getByRole('heading', { name: 'Begin with images', level: 1 }).waitFor()
    await page.evaluate(() => {
      location.hash = '#/new'
    })
    await page.getByText('A run needs a dataset').waitFor()
    await page.getByText('From a paper').click()
    await page.getByRole('radio', { name: /Sparse autoencoder of image patches/ }).check({ force: true })
    await page.getByRole('button', { name: 'Import its data' }).click()
    const startAll = page.getByRole('button', { name: 'Start it' })
    await startAll.waitFor()
    assert.deepEqual(await barriers(page), [])

    await page.getByRole('button', { name: 'Fill the form with 64-25-64, sparse' }).click()
    await page.getByText('filled in from Ng 2011: 64-25-64, sparse').waitFor()
    await page.getByLabel('Epochs', { exact: true }).fill('5')
    assert.deepEqual(
      [
        await page.getByLabel('Layers').inputValue(),
        await page.getByLabel('Rho').inputValue(),
        await page.getByLabel('Beta').inputValue(),
      ],
      ['25', '0.01', '6'],
    )
    await page.getByRole('button', { name: 'Start', exact: true }).and(page.locator(':enabled')).click()
    await page.getByRole('heading', { name: 'Ng 2011: 64-25-64, sparse', level: 1 }).waitFor()
    const row = page.locator('tr[data-figure="meanActivation"]').filter({ hasText: 'CS294A' })
    await row.locator('.obtained', { hasText: /^0\.\d{4}$/ }).waitFor()
    const [obtained, published] = await row.locator('td.number').allInnerTexts()
    assert.equal(published, '0.01')
    await page.getByText(`Mean code activation: ${obtained}, `).waitFor()
    await page.getByText('training.epochs 5 instead of 400').waitFor()
    assert.deepEqual(await barriers(page), [])

    // Another variant is no run of the paper any more.
    await page.getByRole('link', { name: 'Sparse autoencoder of image patches' }).click()
    await page.getByRole('button', { name: 'Fill the form with 64-25-64, sparse' }).click()
    await page.getByRole('radio', { name: 'Classical', exact: true }).check({ force: true })
    await page.getByText('filled in from').waitFor({ state: 'detached' })
    await settles(() => page.getByRole('textbox', { name: 'Name' }).inputValue(), '')
  },
)
