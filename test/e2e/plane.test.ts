import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { drawn } from './canvas.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { go } from './pages.ts'
import { settles } from './settles.ts'

async function train(page: Page, variant: string, name: string, settings: Record<string, string> = {}): Promise<void> {
  await go(page, '#/new')
  await page.getByRole('radio', { name: variant, exact: true }).check({ force: true })
  for (const [label, value] of Object.entries(settings)) {
    const field = page.getByLabel(label, { exact: true })
    if ((await field.evaluate((element: any) => element.tagName)) === 'SELECT') await field.selectOption(value)
    else await field.fill(value)
  }
  await page.getByRole('textbox', { name: 'Name' }).fill(name)
  await page.getByRole('button', { name: 'Start', exact: true }).and(page.locator(':enabled')).click()
  await page.getByRole('heading', { name, level: 1 }).waitFor()
  await page.getByRole('application', { name: /^Test points and their reconstructions/ }).waitFor()
}

browserTest('moons are chosen in the form, drawn by class, trained on, and compared as points', async ({ folder, serve, open }) => {
  const { url } = await serve(join(folder, 'home'))
  const page = await open(url)
  await go(page, '#/datasets')
  await page.getByRole('button', { name: 'Random pixels' }).click()
  await page.getByLabel('Channels').waitFor()
  await page.getByRole('button', { name: 'Moons' }).click()
  await page.getByText('two interleaved half circles').waitFor()
  await page.getByLabel('Points', { exact: true }).fill('600')
  await settles(() => page.getByLabel('Width').count(), 0)
  assert.deepEqual(await barriers(page), [])
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await page.getByRole('link', { name: 'moons', exact: true }).last().click()

  const chart = page.getByRole('application', { name: 'Points of moons: 600 points' })
  await chart.waitFor()
  await chart.focus()
  await page.keyboard.press('ArrowRight')
  await chart.getByText('Point 1').waitFor()
  await drawn(page.getByRole('application', { name: /^Points of moons/ }).first(), 2000)
  await page.getByRole('radio', { name: 'Test', exact: true }).check({ force: true })
  await page.getByText('90 points', { exact: true }).waitFor()
  await page.getByRole('button', { name: /^lower/ }).click()
  await page.getByText('45 points', { exact: true }).waitFor()
  assert.deepEqual(await barriers(page), [])

  await train(page, 'Denoising', 'noisy', { Noise: 'gaussian', Epochs: '3' })
  await page.getByRole('application', { name: /^Corrupted test points/ }).waitFor()
  assert.deepEqual(await barriers(page), [])
  await train(page, 'PCA', 'line')
  await drawn(page.getByRole('application', { name: /^Test points/ }).first(), 1000)

  await go(page, '#/runs')
  for (const name of ['noisy', 'line']) {
    await page.getByRole('row', { name }).getByText('Completed').waitFor()
    await page.getByRole('checkbox', { name: `Select ${name}` }).check()
  }
  await page.keyboard.press('c')
  await page.getByRole('tab', { name: 'Images' }).click()
  for (const name of ['noisy', 'line'])
    await page.getByRole('application', { name: new RegExp(`what ${name} makes of them`) }).waitFor()
  await page.getByLabel('Inputs').selectOption('own')
  await page.getByRole('application', { name: /^Corrupted points and what noisy makes/ }).waitFor()
  await settles(() => page.getByRole('application', { name: /what line makes/ }).count(), 0)
  assert.deepEqual(await barriers(page), [])
})
