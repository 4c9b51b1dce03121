import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { barriers, browserTest } from './launchChromium.ts'
import { go, heading, importShapes } from './pages.ts'
import { settles } from './settles.ts'

const group = (page: Page, name: string): Locator => page.getByRole('group', { name, exact: true })
const start = (page: Page): Locator => page.getByRole('button', { name: 'Start', exact: true })
const plan = (page: Page): Locator => page.getByRole('complementary').getByRole('listitem')

browserTest(
  'a network is planned in stages, pretrained layer by layer, and shows what that came to',
  async ({ folder, serve, open }) => {
    const page = await open((await serve(join(folder, 'home'))).url)
    await importShapes(page, folder, 300)

    // The form has the fields of what is chosen, and says beside the right one what is wrong.
    await go(page, '#/new')
    await heading(page, 'New run').waitFor()
    await page.getByRole('textbox', { name: 'Name' }).fill('deep')
    await page.getByRole('radio', { name: 'Classical', exact: true }).check({ force: true })
    await page.getByLabel('Layers').fill('40, 12')
    await settles(() => page.getByLabel('Epochs per layer').count(), 0)
    const pretraining = group(page, 'Pretraining')
    await pretraining.getByLabel('Pretraining').selectOption('greedy')
    await pretraining.getByLabel('Layer variant').selectOption({ label: 'Denoising' })
    await pretraining.getByLabel('Noise').selectOption('gaussian')
    await pretraining.getByLabel('Sigma').waitFor()
    await settles(() => pretraining.getByLabel('Rate', { exact: true }).count(), 0, 'a rate belongs to other kinds of noise')
    await pretraining.getByLabel('Noise').selectOption('masking')
    await pretraining.getByLabel('Rate', { exact: true }).fill('2')
    await pretraining.locator('[aria-invalid=true]').waitFor()
    await settles(() => pretraining.getByLabel('Rate', { exact: true }).getAttribute('aria-invalid'), 'true')
    await settles(() => start(page).isDisabled(), true)
    await pretraining.getByLabel('Rate', { exact: true }).fill('0.25')
    await pretraining.getByLabel('Epochs per layer').fill('30')
    await pretraining.getByLabel('Batch size').fill('16')
    await group(page, 'Fine-tuning').getByLabel('Epochs', { exact: true }).fill('20')
    await group(page, 'Fine-tuning').getByLabel('Batch size').fill('16')
    await plan(page)
      .filter({ hasText: 'Layer 2: 40 to 12' })
      .filter({ hasText: '40 → 12 → 40' })
      .filter({ hasText: '30 epochs' })
      .waitFor()
    await page.getByText(/^80 epochs, [\d,]+ steps$/).waitFor()
    assert.deepEqual(
      await plan(page)
        .filter({ hasText: 'epochs' })
        .locator('.title')
        .allInnerTexts()
        .then((texts) => texts.map((text) => text.split(':')[0])),
      ['Layer 1', 'Layer 2', 'Fine-tuning'],
    )
    await page.getByRole('complementary').getByRole('heading', { name: 'Objective of each layer' }).waitFor()
    assert.deepEqual(await barriers(page), [])

    // Its page follows the stages, and in the end has each of them with its curves.
    await start(page).and(page.locator(':enabled')).click()
    await heading(page, 'deep').waitFor()
    const stages = page.getByRole('region', { name: 'Stages' }).getByRole('listitem')
    await stages.filter({ hasText: /Now, epoch \d+ of (30|20)/ }).waitFor()
    await page.getByRole('complementary').getByText('Completed').waitFor({ timeout: 120_000 })
    for (const [title, epochs] of [
      ['Layer 1', 30],
      ['Layer 2', 30],
      ['Fine-tuning', 20],
    ] as const) {
      await stages
        .filter({ hasText: title })
        .filter({ hasText: new RegExp(`Done, ${epochs} epochs, [\\d.]+ (s|min)`) })
        .waitFor()
    }
    const came = page.getByRole('region', { name: 'Results of pretraining' })
    await came.getByRole('row', { name: 'decoder/1' }).waitFor()
    const moved = await came.getByRole('row').filter({ hasText: 'coder/' }).allInnerTexts()
    assert.equal(moved.length, 4)
    for (const row of moved) assert.match(row, /(\d|\.)+%$/)
    await came.getByText(/^Fine-tuning moved the weights by [\d.]+% \(.+\) to [\d.]+% \(.+\) of their size\.$/).waitFor()
    await came
      .getByText(/^From initial weights the gradient of the first layer is .+; from pretrained weights it is .+\.$/)
      .waitFor()
    await settles(() => came.getByRole('row', { name: /^Layer \d/ }).count(), 2, 'one row for the stack up to each layer')
    await stages.getByRole('button', { name: /Layer 2/ }).click()
    await page.getByRole('heading', { name: 'Curves of layer 2' }).waitFor()
    await page.getByRole('application', { name: /^Loss of deep, training and validation, Layer 2: 40 to 12/ }).waitFor()
    await page.getByRole('button', { name: 'All curves' }).click()
    const chart = page.getByRole('application', { name: /^Loss of deep, training and validation\./ })
    await chart.focus()
    // The last points may still be on their way, and the crosshair stays where it was put.
    const atEnd = page.getByText(/^Epoch 80 \(Fine-tuning\): training [\d.]+, validation [\d.]+$/)
    while ((await atEnd.count()) === 0) await page.keyboard.press('End')
    assert.deepEqual(await barriers(page), [])

    // Its settings again, but for classes: only what is not a default is marked, and what it gives are no reconstructions.
    await page.getByRole('link', { name: 'Duplicate settings' }).click()
    await heading(page, 'New run').waitFor()
    await pretraining.getByText('default: 0.3').waitFor()
    await plan(page).filter({ hasText: 'Layer 2' }).waitFor()
    await settles(() => pretraining.getByLabel('Rate', { exact: true }).inputValue(), '0.25')
    assert.deepEqual(
      (await page.getByRole('button', { name: /^default: / }).allInnerTexts()).map((text) => text.replace('default: ', '')),
      ['512, 64', 'none', 'Classical', '100', '32', '0.3', '200', '32'],
    )
    const last = group(page, 'Fine-tuning')
    await last.getByLabel('Fine-tuning').selectOption('classification')
    await last.getByLabel('Labelled images').fill('20')
    await last.getByLabel('Epochs', { exact: true }).fill('5')
    await plan(page).filter({ hasText: 'Classification' }).waitFor()
    await page.getByRole('textbox', { name: 'Name' }).fill('sorting')
    await start(page).and(page.locator(':enabled')).click()
    await heading(page, 'sorting').waitFor()
    await page.locator('tr[data-figure=classificationAccuracy]').waitFor({ timeout: 120_000 })
    assert.match(await page.locator('tr[data-figure=classificationAccuracy] td').innerText(), /^[\d.]+%$/)
    await page.getByText('Trained for classification, this network has no decoder').waitFor()
    assert.deepEqual(await barriers(page), [])

    // What it has is offered for export.
    await page.getByRole('button', { name: 'Save as ONNX' }).click()
    const part = page.getByLabel('Part')
    await settles(() => part.locator('option').allInnerTexts(), ['Encoder', 'Classifier'])
    await part.selectOption('Classifier')
    // Until the page has come to rest, a press may land where the button was.
    await page.getByRole('complementary').getByText('Completed').waitFor()
    await settles(async () => (await page.getByLabel('File').inputValue()).includes('classifier'), true, 'a file is suggested')
    await page.getByLabel('File').fill(join(folder, 'classifier.onnx'))
    await page.getByRole('button', { name: 'Export', exact: true }).click()
    await page.getByRole('region', { name: 'Save as ONNX' }).getByRole('status').getByText('Output probabilities').waitFor()
  },
)
