import assert from 'node:assert/strict'
import { existsSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { barriers, browserTest } from './launchChromium.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const location: { hash: string }

const go = (page: Page, address: string): Promise<unknown> => page.evaluate((hash) => { location.hash = hash }, address)
const hostile = '<img src=x onerror=alert(1)>'

/** Fills the form of a new run and starts it; the run's page is open afterwards. */
async function startRun(page: Page, variant: string, name: string): Promise<void> {
  await go(page, '#/runs')
  await page.keyboard.press('n')
  await page.getByRole('radio', { name: variant, exact: true }).check({ force: true })
  await page.getByLabel('Layers').fill('32, 8')
  await page.getByLabel('Epochs', { exact: true }).fill('3')
  await page.getByLabel('Batch size').fill('32')
  await page.getByRole('textbox', { name: 'Name' }).fill(name)
  await page.getByRole('button', { name: 'Start', exact: true }).and(page.locator(':enabled')).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name, level: 1 }).waitFor()
}

browserTest('a folder with bad files becomes a dataset, two variants are trained on it, compared, and one is exported', async ({ folder, open, complaints }) => {
  const pictures = join(folder, 'pictures')
  writeDigitFolder(pictures, 400)
  writeFileSync(join(pictures, '3', 'empty.png'), '')
  writeFileSync(join(pictures, '3', 'letter.png'), 'Dear reader, this is no picture.')
  truncateSync(join(pictures, '5', '00000.png'), 90)
  if (process.platform !== 'win32') symlinkSync(pictures, join(pictures, 'loop'))

  const page = await open()
  await page.getByRole('heading', { name: 'Begin with images' }).waitFor()
  assert.deepEqual(await barriers(page), [])

  // A path is completed, inspected, and imported under a name that must stay text.
  const path = page.getByLabel('Folder or file', { exact: true })
  await path.fill(join(folder, 'pict'))
  await page.getByRole('option').first().waitFor()
  await path.press('ArrowDown')
  await path.press('Enter')
  assert.match(await path.inputValue(), /pictures[\\/]?$/)
  await page.getByText(/in 10 classes: 0, 1, 2, 3/).waitFor()
  await page.getByRole('textbox', { name: 'Name' }).fill(hostile)
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await page.getByText(/is in: 399 images; [34] files were skipped/).waitFor()
  await page.getByRole('link', { name: hostile, exact: true }).click()
  await page.getByRole('heading', { name: hostile, level: 1 }).waitFor()
  await page.getByText('399 images').waitFor()
  await page.getByText(/files skipped$/).click()
  const skipped = page.getByRole('complementary').getByRole('listitem')
  for (const [file, reason] of [['3/empty.png', /empty/i], ['3/letter.png', /not an image/i], ['5/00000.png', /truncated|ends too early/i]] as const) {
    await skipped.filter({ hasText: file }).filter({ hasText: reason }).waitFor()
  }
  assert.deepEqual(await barriers(page), [])

  // The same content again is noticed.
  await go(page, '#/datasets')
  await page.getByRole('button', { name: 'Import images' }).click()
  await page.getByLabel('Folder or file', { exact: true }).fill(pictures)
  await page.getByRole('button', { name: 'Import', exact: true }).and(page.locator(':enabled')).click()
  await page.locator('[data-code=DATASET_DUPLICATE]').waitFor()
  assert.deepEqual(await barriers(page), [])

  // What is out of range is said beside the field, and nothing starts.
  await page.keyboard.press('Escape')
  await go(page, '#/new')
  await page.getByLabel('Layers').fill('0')
  const layers = page.getByRole('textbox', { name: 'Layers' })
  await page.getByText(/Layers must be/).waitFor()
  assert.equal(await layers.getAttribute('aria-invalid'), 'true')
  assert.ok(await page.getByRole('button', { name: 'Start', exact: true }).isDisabled())
  assert.deepEqual(await barriers(page), [])

  await startRun(page, 'Classical', 'plain run')
  await startRun(page, 'Denoising', `noisy ${hostile}`)
  await go(page, '#/runs')
  for (const name of ['plain run', `noisy ${hostile}`]) await page.getByRole('row', { name }).getByText('Completed').waitFor({ timeout: 120_000 })
  assert.deepEqual(await barriers(page), [])

  for (const name of ['plain run', `noisy ${hostile}`]) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
  await page.keyboard.press('c')
  await page.locator('tr[data-figure=squaredError] td').nth(1).waitFor()
  const errors = await page.locator('tr[data-figure=squaredError] td').allInnerTexts()
  assert.equal(errors.length, 2)
  for (const text of errors) assert.ok(Number.parseFloat(text.replace(/[^\d.]/g, '')) > 1, text)
  await page.getByText('Reconstructions').first().waitFor()
  assert.deepEqual(await barriers(page), [])

  // A reload returns to the same comparison.
  const address = page.url()
  await page.reload()
  await page.locator('tr[data-figure=squaredError] td').nth(1).waitFor()
  assert.equal(page.url(), address)
  assert.deepEqual(await page.locator('tr[data-figure=squaredError] td').allInnerTexts(), errors)

  // The palette leads to a run by its name; its encoder becomes a file, and an existing file is replaced only when asked.
  await page.keyboard.press('Control+k')
  await page.keyboard.type('plain run')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Save as ONNX' }).click()
  const file = join(folder, 'encoder.onnx')
  writeFileSync(file, 'precious')
  await page.getByLabel('File').fill(file)
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  await page.locator('[data-code=EXPORT_EXISTS]').waitFor()
  assert.equal(readFileSync(file, 'utf8'), 'precious')
  await page.getByRole('button', { name: 'Replace it' }).click()
  await page.getByText('Largest difference').waitFor()
  const shown = await page.getByRole('complementary').innerText()
  assert.ok(shown.includes(createHash('sha256').update(readFileSync(file)).digest('hex')))
  assert.ok(shown.includes(file))

  // A dataset that runs use stays.
  await go(page, '#/datasets')
  await page.getByRole('link', { name: hostile, exact: true }).click()
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.locator('[data-code=DATASET_IN_USE]').waitFor()
  assert.ok(existsSync(file))
  assert.deepEqual(complaints, [])
})

browserTest('one button imports the sample digits, trains three autoencoders and ends in their comparison', async ({ open, complaints }) => {
  const page = await open({ colorScheme: 'dark' })
  await page.getByRole('button', { name: /Import the sample digits, train/ }).click()
  await page.getByText('The comparison opens by itself').waitFor()
  assert.deepEqual(await barriers(page), [])
  await page.reload()
  await page.waitForURL(/#\/compare\?runs=[^,]+,[^,]+,[^,]+$/, { timeout: 180_000 })
  await page.getByRole('heading', { name: 'Compare', level: 1 }).waitFor()
  await page.locator('tr[data-figure=squaredError] td').nth(2).waitFor()
  assert.deepEqual(await barriers(page), [])
  assert.deepEqual(complaints, [])
})
