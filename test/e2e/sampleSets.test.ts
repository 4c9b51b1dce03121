import assert from 'node:assert/strict'
import { join } from 'node:path'
import { barriers, browserTest } from './launchChromium.ts'
import { go } from './pages.ts'

browserTest(
  'sets that come with the workbench are imported by one click on the start page, and in the form',
  async ({ folder, serve, open }) => {
    const { url } = await serve(join(folder, 'home'))
    const page = await open(url)
    await go(page, '#/start')
    for (const name of ['Sample digits', 'Fashion-MNIST', 'Lines']) await page.getByRole('button', { name, exact: true }).waitFor()
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('button', { name: 'Coloured sprites', exact: true }).click()
    await page.getByText('10,000 images, 32 × 32 × 3, 3 classes').waitFor()
    await page.getByRole('heading', { name: 'First comparison' }).waitFor()

    await go(page, '#/datasets')
    await page.getByRole('link', { name: 'sprites', exact: true }).last().click()
    await page.getByText('Colour images of a square, an ellipse or a heart').waitFor()
    await page
      .locator('canvas')
      .first()
      .hover({ position: { x: 20, y: 20 } })
    await page.getByText(/sprites#\d+ shape=\w+ scale=/).waitFor()

    await go(page, '#/datasets')
    await page.getByRole('button', { name: 'Import images' }).click()
    await page.getByRole('button', { name: 'Lines', exact: true }).click()
    await page.getByText('Gray images of a line from the centre to the edge').waitFor()
    await page.getByRole('textbox', { name: 'Images', exact: true }).fill('200')
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByRole('link', { name: 'lines', exact: true }).last().click()
    await page.getByText('200 images', { exact: true }).waitFor()
    assert.deepEqual(await barriers(page), [])
  },
)
