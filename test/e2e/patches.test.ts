import assert from 'node:assert/strict'
import { join } from 'node:path'
import { barriers, browserTest } from './launchChromium.ts'
import { go } from './pages.ts'
import { settles } from './settles.ts'

browserTest(
  'patches are taken in the form and from a dataset’s page; what cannot be is said beside its field',
  async ({ folder, serve, open }) => {
    const { url } = await serve(join(folder, 'home'))
    const page = await open(url),
      start = page.getByRole('button', { name: 'Import', exact: true }),
      size = page.getByLabel('Patch width')
    await go(page, '#/datasets')
    await page.getByRole('button', { name: 'Moons' }).click()
    await page.getByLabel('Points', { exact: true }).waitFor()
    await settles(() => page.getByRole('radio', { name: 'Patches', exact: true }).count(), 0)
    await page.getByRole('button', { name: 'Dead leaves' }).click()
    await page.getByRole('radio', { name: 'Patches', exact: true }).check({ force: true })
    await settles(() => page.getByLabel('Width', { exact: true }).count(), 0)
    await size.fill('129')
    await page
      .getByText('Patches of 129 x 129 do not fit into images of 128 x 128 pixels; choose smaller patches or larger images.')
      .waitFor()
    await settles(() => size.getAttribute('aria-invalid'), 'true')
    await size.fill('8')
    const count = page.getByRole('textbox', { name: 'Patches', exact: true })
    await count.fill('2')
    await page.getByText('so take more patches').waitFor()
    await settles(() => count.getAttribute('aria-invalid'), 'true')
    await settles(() => start.isDisabled(), true)
    await count.fill('1000')
    await page.getByLabel('Contrast').selectOption('normalise')
    await page.getByText('rescaled to [0.1, 0.9]').waitFor()
    assert.deepEqual(await barriers(page), [])
    await start.click()
    await page.getByRole('link', { name: 'deadLeaves-patches', exact: true }).last().click()
    await page.getByText('1,000 images', { exact: true }).waitFor()
    await page.getByText('1000 patches of 8x8, seed 1, normalised, from deadLeaves').waitFor()

    await page.getByRole('button', { name: 'Take patches' }).click()
    await page.getByText('A dataset that is already here: 1,000 images. Images of 8 × 8, gray.').waitFor()
    await size.fill('9')
    await page.getByText('do not fit into images of 8 x 8 pixels').waitFor()
    await size.fill('5')
    await page.getByLabel('Patch height').fill('4')
    await page.getByLabel('Name').fill('smaller')
    await start.click()
    await page.getByRole('link', { name: 'smaller', exact: true }).last().click()
    await page.getByText('10,000 images', { exact: true }).waitFor()
    assert.deepEqual(await barriers(page), [])
  },
)
