import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { writeColours } from '../fixtures/colourFolder.ts'
import { convolvedHome } from '../fixtures/exploredHome.ts'
import { drawn } from './canvas.ts'
import { addressed, exploredForAll, go, saved, settled, textsOf } from './exploring.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { heading } from './pages.ts'
import { settles } from './settles.ts'

const explored = exploredForAll(convolvedHome)

browserTest('feature maps of an image at every layer, filters, and the patches that excite them most', async ({ serve, open }) => {
  const { url } = await serve(explored.home.home)
  const page = await open(url)
  await go(page, `#/explore/${explored.home.runs['even']}/similar`)
  await page.getByRole('tab', { name: 'Feature maps' }).click()
  const first = page.getByRole('listbox', { name: 'Maps of conv0 of even: 12 images' })
  await first.waitFor()
  await page.getByRole('listbox', { name: 'Maps of conv1 of even: 32 images' }).waitFor()
  await page.getByText(/32 of 40 maps shown/).waitFor()
  await page.getByText(/in one gray scale for each layer.* in all 30 test images\.$/).waitFor()
  assert.deepEqual(await barriers(page), [])
  // Small maps are drawn at a readable size.
  const box = (await first.locator('canvas').first().boundingBox())!
  assert.ok(box.width >= 48, `${box.width} pixels`)
  const { bytes } = await saved(page, page.getByRole('button', { name: 'Save feature maps of even as PNG' }))
  assert.equal(JSON.parse(textsOf(bytes)['Description']!).question.kind, 'featureMaps')
  await page.getByText('64', { exact: true }).click()
  const second = page.getByRole('listbox', { name: 'Maps of conv1 of even: 40 images' })
  await second.waitFor()

  // A map leads to what excites its filter, a patch to the maps of its image.
  await second.getByRole('option').nth(38).click()
  await addressed(page, 'layer=1')
  await page.getByText('Filters 33 to 40 of 40').waitFor()
  await page.getByText(/^40 filters.*a place of a map reads 10 × 10 pixels\. .*in all 30 test images/).waitFor()
  await settles(() => page.locator('[data-filter]').count(), 8)
  await page.getByRole('button', { name: 'Earlier filters' }).click()
  await page.getByText('Filters 17 to 32 of 40').waitFor()
  await page.getByText('conv0', { exact: true }).click()
  await page.getByRole('img', { name: 'Weights of filter 12', exact: true }).waitFor()
  await settled(page)
  assert.deepEqual(await barriers(page), [])
  const patch = page
    .getByRole('listbox', { name: /^Patches that excite filter \d+: 9 images$/ })
    .first()
    .getByRole('option')
    .nth(2)
  assert.match((await patch.getAttribute('aria-label'))!, /activation .* at columns −?-?\d+ to \d+, rows -?\d+ to \d+$/)
  await patch.click()
  await addressed(page, 'image=')
  await first.waitFor()

  // The filters of the first convolution stand among the units, too.
  await page.getByRole('tab', { name: 'Units' }).click()
  await page.getByText(/12 filters, 0 as mid-gray/).waitFor()
  await page.getByText(/the mean gradient of the unit by the input over up to 64 test images/).waitFor()
  await page.getByRole('button', { name: 'What excites them' }).click()
  await page.getByRole('img', { name: 'Weights of filter 1', exact: true }).waitFor()

  // A network without convolutions has no such tab; whoever comes by an address is told why, and where to go.
  await go(page, `#/explore/${explored.home.runs['dense']}/units`)
  await page.getByRole('listitem').filter({ hasText: 'Unit 8' }).waitFor()
  assert.equal(await page.getByRole('tab', { name: 'Feature maps' }).count(), 0)
  await go(page, `#/explore/${explored.home.runs['dense']}/features`)
  await page.getByRole('alert').getByText('This network has no convolutions').waitFor()
  await page.getByRole('button', { name: 'Units', exact: true }).click()
  await page.getByRole('listitem').filter({ hasText: 'Unit 8' }).waitFor()
})

/** What each view shows of a run, by its name; a canvas is waited for until something is drawn on it. */
const views: Record<string, (page: Page, name: string) => Promise<unknown>> = {
  similar: (page, name) => page.getByRole('listbox', { name: `Nearest in the code of ${name}: 12 images` }).waitFor(),
  chain: (page, name) => drawn(page.getByRole('img', { name: new RegExp(`^Chain of ${name}: 4 chains`) }), 1000),
  generate: (page) => page.getByRole('application', { name: /: 64 images/ }).waitFor(),
  'generate?show=units': async (page) => {
    await page
      .getByRole('slider', { name: /^Unit 1/ })
      .first()
      .waitFor()
    await page.locator('canvas[aria-label="Images along unit 1"], [aria-label="Images along unit 1"] canvas').waitFor()
  },
  'generate?show=between': (page) => page.getByRole('application', { name: /^Through the code: 11 images/ }).waitFor(),
  manifold: (page, name) => drawn(page.getByRole('application', { name: new RegExp(`^Manifold of ${name}`) }), 1000),
  field: (page, name) => drawn(page.getByRole('application', { name: new RegExp(`^Field of ${name}`) }), 1000),
  tangents: async (page, name) => {
    await page.getByText(/Frobenius norm/).waitFor()
    await page.getByRole('listbox', { name: new RegExp(`^Leading directions of ${name}`) }).waitFor()
    await page.getByRole('application', { name: /^Stretch between two/ }).waitFor()
  },
  units: (page) => page.getByRole('img', { name: 'Filter of unit 1', exact: true }).waitFor(),
  copying: (page) => page.getByText(/is reconstructed, and \d+% of that of random pixels/).waitFor(),
  map: (page, name) => drawn(page.getByRole('application', { name: new RegExp(`^Map of ${name}`) }), 300),
  features: (page, name) => page.getByRole('listbox', { name: new RegExp(`^Maps of conv1 of ${name}: \\d+ images`) }).waitFor(),
}

async function seeEachView(page: Page, name: string, run: string): Promise<void> {
  for (const [view, there] of Object.entries(views)) {
    await go(page, `#/explore/${run}/${view}`)
    await there(page, name)
    await settled(page)
    assert.equal(await page.locator('main').getByRole('alert').count(), 0, `${name}: ${view}`)
  }
}

browserTest('every view works on convolutional networks of odd images, whatever their regularizer', async ({ serve, open }) => {
  const { url } = await serve(explored.home.home)
  const page = await open(url)
  for (const name of ['noisy', 'tight', 'bayes']) await seeEachView(page, name, explored.home.runs[name]!)
  await go(page, `#/runs/${explored.home.runs['tight']}`)
  await page.getByRole('application', { name: /^First-layer filters: 8 images/ }).waitFor()
})

browserTest(
  'from a folder of colour images to a first comparison by convolutions, each view, an exported encoder and its codes',
  async ({ folder, serve, open }) => {
    const images = writeColours(join(folder, 'images'), { width: 24, height: 24, count: 63 })
    const page = await open((await serve(join(folder, 'home'))).url)
    await page.getByLabel('Folder or file', { exact: true }).fill(images)
    await page.getByRole('button', { name: 'Import', exact: true }).and(page.locator(':enabled')).click()
    await page.getByText('has been imported: 63 images').waitFor()
    await page.getByText(/Convolutions: here 32x4s2, 64x4s2, because images have 1,728 values\./).waitFor()
    await page.getByText(/^Takes about [\d.]+ (s|min).* \(a rough estimate, .*\), and ends in the comparison\.$/).waitFor()
    await page.getByRole('button', { name: 'Train and compare' }).click()
    await heading(page, 'Compare').waitFor({ timeout: 200_000 })
    await page.locator('td[data-figure=squaredError]').nth(2).waitFor()
    await page.getByText(/has the lowest squared error/).waitFor()
    const runs = /runs=([^&]+)/.exec(page.url())![1]!.split(',')
    assert.equal(runs.length, 3)
    assert.deepEqual(await barriers(page), [])
    await seeEachView(page, 'First denoising', runs[2]!)

    await go(page, `#/runs/${runs[2]}`)
    await page.getByRole('table', { name: 'The network from its input to its output' }).getByText('6 x 6 x 64').first().waitFor()
    await page.getByRole('button', { name: 'Save as ONNX' }).click()
    const file = join(folder, 'encoder.onnx'),
      codes = join(folder, 'codes.csv')
    await page.getByLabel('File').fill(file)
    await page.getByRole('button', { name: 'Export', exact: true }).click()
    await page.getByRole('region', { name: 'Save as ONNX' }).getByRole('status').getByText('Largest difference').waitFor()
    await go(page, '#/exports')
    await page.getByRole('button', { name: 'Embed images' }).click()
    const embed = page.getByRole('region', { name: 'Embed images' })
    await embed.getByText('An ONNX file').click()
    await embed.getByRole('combobox', { name: 'ONNX file' }).fill(file)
    await embed.getByText('Takes images of').waitFor()
    await embed.getByText('Also write them to a file').click()
    await embed.getByRole('combobox', { name: 'File', exact: true }).fill(codes)
    await embed.getByRole('button', { name: 'Embed', exact: true }).and(page.locator(':enabled')).click()
    await embed.getByText(/^63 codes of \d+ values/).waitFor()
    assert.equal(readFileSync(codes, 'utf8').trim().split(/\r?\n/).length, 1 + 63)
    assert.deepEqual(await barriers(page), [])
  },
)
