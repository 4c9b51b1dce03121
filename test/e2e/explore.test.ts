import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import type { Download, Locator, Page } from 'playwright-core'
import { digits } from '../fixtures/digits.ts'
import { digitPng } from '../fixtures/digitFolder.ts'
import { exploredHome, type ExploredHome } from '../fixtures/exploredHome.ts'
import { findChromium } from './chromium.ts'
import { changed, drawn, shown } from './canvas.ts'
import { barriers, browserTest } from './launchChromium.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const location: { hash: string }, document: any

let made: ExploredHome
before(async () => { if (findChromium()) made = await exploredHome() }, { timeout: 200_000 })
after(() => made?.remove())

/** Goes somewhere, once the front door has led to its place. */
async function go(page: Page, address: string): Promise<void> {
  await page.waitForFunction(() => location.hash.length > 2)
  await page.evaluate((hash) => { location.hash = hash }, address)
}
async function reload(page: Page): Promise<void> {
  await page.reload()
  await page.getByRole('navigation', { name: 'Views' }).waitFor()
}
const hash = (page: Page): Promise<string> => page.evaluate(() => location.hash)
/** Until the address says so: it follows what is set a moment later. */
const addressed = (page: Page, part: string): Promise<unknown> => page.waitForFunction((text) => location.hash.includes(text), part)
/** Nothing is on its way any more. */
const settled = (page: Page): Promise<unknown> => page.waitForFunction(() => document.querySelector('[role=tabpanel]') && !document.querySelector('main .skeleton, main .answer[aria-busy=true]'))

async function saved(page: Page, button: Locator): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]) as [Download, void]
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
}
/** The texts of a PNG by keyword. */
function textsOf(png: Buffer): Record<string, string> {
  const texts: Record<string, string> = {}
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at), kind = png.toString('latin1', at + 4, at + 8), content = png.subarray(at + 8, at + 8 + length), end = content.indexOf(0)
    if (kind === 'tEXt') texts[content.toString('latin1', 0, end)] = content.toString('latin1', end + 1)
    if (kind === 'iTXt') texts[content.toString('latin1', 0, end)] = content.toString('utf8', end + 5)
    at += 12 + length
  }
  return texts
}

browserTest('similar images: from the rail to neighbours, another image, a file, a second run, and back', async ({ folder, serve, open }) => {
  const { url } = await serve(made.home)
  const page = await open(url)
  await page.getByRole('link', { name: 'Explore', exact: true }).click()
  await page.getByRole('heading', { name: 'Explore', level: 1 }).waitFor()
  // The newest run that is complete.
  await page.waitForFunction((id) => location.hash.startsWith(`#/explore/${id}`), made.runs['bowl'])
  await page.getByRole('application', { name: /^Nearest in the code of bowl/ }).waitFor()

  await go(page, `#/explore/${made.runs['plain']}`)
  const code = page.getByRole('listbox', { name: /^Nearest in the code of plain: 12 images/ })
  await code.waitFor()
  await page.getByRole('listbox', { name: /^Nearest in pixels: 12 images/ }).waitFor()
  assert.equal(await code.getByRole('option').count(), 12)
  await page.getByText('Over 105 images.').waitFor()
  await page.getByText('By chance').waitFor()
  assert.deepEqual(await barriers(page), [])

  // A neighbour becomes what neighbours are looked for; the address says so, and a reload returns to it.
  const name = (await code.getByRole('option').nth(3).getAttribute('aria-label'))!
  const row = /^Row (\d+)/.exec(name)![1]!
  await code.getByRole('option').nth(3).focus()
  await page.keyboard.press('Enter')
  await addressed(page, `image=${row}`)
  await page.getByText(`Row ${row}, class`).first().waitFor()
  await page.getByText('Cosine', { exact: true }).click()
  await page.getByLabel('Among').selectOption('test')
  await addressed(page, 'among=test')
  await reload(page)
  await page.getByText(`Row ${row}, class`).first().waitFor()
  assert.equal(await page.getByRole('radio', { name: 'Cosine' }).isChecked(), true)

  // Chosen in the panel, by its class and by its number; then from disk, which was not an image at first.
  await page.getByRole('button', { name: /^Image/ }).click()
  const panel = page.getByRole('dialog', { name: 'Choose an image' })
  await panel.getByRole('combobox', { name: 'Class' }).selectOption({ label: '3' })
  await panel.getByRole('option', { name: /class 3$/ }).first().waitFor()
  await panel.getByRole('option', { name: /class [^3]$/ }).first().waitFor({ state: 'detached' })
  assert.deepEqual(await barriers(page), [])
  await panel.getByRole('spinbutton', { name: 'Row' }).fill('7')
  await panel.getByRole('button', { name: 'Go', exact: true }).click()
  await addressed(page, 'image=7')
  const file = join(folder, 'seven.png'), wrong = join(folder, 'words.png')
  writeFileSync(file, digitPng(digits(8).subarray(7 * 784)))
  writeFileSync(wrong, 'no image')
  for (const path of [wrong, file]) {
    await page.getByRole('button', { name: /^Image/ }).click()
    await panel.getByRole('combobox', { name: 'From disk' }).fill(path)
    await panel.getByRole('button', { name: 'Use', exact: true }).click()
    if (path === wrong) {
      await page.getByRole('alert').getByText('cannot be used as an image').waitFor()
      assert.deepEqual(await barriers(page), [])
      await page.getByRole('button', { name: 'Choose another image' }).click()
      await code.waitFor()
    }
  }
  await page.getByText('From disk', { exact: true }).waitFor()
  await settled(page)

  // Beside another run, given the same image; in its row the broken frames are those of another class.
  await page.getByRole('button', { name: 'Beside another run' }).click()
  const picker = page.getByRole('dialog', { name: 'Choose a run' })
  assert.equal(await picker.getByRole('button', { name: /moonlit/ }).count(), 0, 'only runs on the same dataset')
  await picker.getByLabel('Filter runs').fill('tight')
  await picker.getByRole('button', { name: /tight/ }).click()
  await page.getByRole('listbox', { name: /^Nearest in the code of tight/ }).waitFor()
  await addressed(page, `with=${made.runs['tight']}`)
  await page.getByRole('link', { name: 'Compare the two' }).waitFor()
  const { name: csvName, bytes: csv } = await saved(page, page.getByRole('button', { name: 'Save neighbours of plain as CSV' }))
  assert.match(csvName, /plain neighbours\.csv/)
  assert.match(csv.toString(), /^rank,codeRow,codeDistance/)
  // The way back goes to one run again.
  await page.goBack()
  await page.getByRole('button', { name: 'Beside another run' }).waitFor()

  // One run at two moments of its training.
  await page.getByRole('button', { name: 'Beside another run' }).click()
  await picker.getByRole('button', { name: /plain/ }).click()
  await page.getByLabel('Moment of the training of plain').nth(1).selectOption({ label: 'Before training' })
  await page.getByRole('heading', { name: 'Nearest in the code of plain, epoch 0' }).waitFor()
  await settled(page)
  assert.deepEqual(await barriers(page), [])
})

browserTest('a chain plays, is paused and moved, follows the noise, goes on, and is saved as pictures', async ({ serve, open }) => {
  const { url } = await serve(made.home)
  const page = await open(url)
  await go(page, `#/explore/${made.runs['noisy']}/chain?with=${made.runs['plain']}`)
  const film = page.getByRole('img', { name: /^Chain of noisy: 4 chains/ })
  await film.waitFor()
  await page.getByText('the input is corrupted as it was in training').waitFor()
  const slider = page.getByRole('slider', { name: 'States of the chain' })
  assert.equal(await slider.inputValue(), '0', 'nothing moves by itself where the system says so')
  assert.deepEqual(await barriers(page), [])
  await page.getByRole('button', { name: 'Play' }).click()
  await page.waitForFunction(() => Number(document.querySelector('[aria-label="States of the chain"] input, input[aria-label="States of the chain"]').value) >= 4)
  await page.getByRole('button', { name: 'Pause' }).click()
  const stood = await slider.inputValue()
  await page.getByRole('button', { name: 'Forward' }).click()
  assert.equal(Number(await slider.inputValue()), Number(stood) + 1)

  await page.getByRole('combobox', { name: 'Noise', exact: true }).selectOption('gaussian')
  await settled(page)
  const faint = await shown(film)
  await page.getByRole('slider', { name: /Standard deviation/ }).fill('0.9')
  await addressed(page, 'amount=0.9')
  await page.getByText('normal noise of deviation 0.9').first().waitFor()
  await changed(film, faint)
  await page.getByLabel('Show every').selectOption('5')
  const most = async () => Number(await slider.getAttribute('max'))
  const states = await most()
  await page.getByRole('button', { name: 'Go on for 24 states' }).click()
  await page.waitForFunction((less) => Number(document.querySelector('input[aria-label="States of the chain"]').max) > less, states)
  assert.equal(await most(), states + 24)
  await slider.fill(String(states + 10))
  await page.getByText(`Step ${(states + 10) * 5}`).waitFor()

  const { bytes: gif } = await saved(page, page.getByRole('button', { name: 'Save chain of noisy as GIF' }))
  assert.equal(gif.toString('latin1', 0, 6), 'GIF89a')
  const { bytes: png } = await saved(page, page.getByRole('button', { name: 'Save chain of noisy as PNG' }))
  const texts = textsOf(png)
  assert.equal(texts['Title'], 'noisy: chain')
  assert.equal(JSON.parse(texts['Description']!).question.steps, (states + 24) * 5)

  // Chains of points leave their ways on the plane of the data.
  await go(page, `#/explore/${made.runs['moonlit']}/chain?start=uniform&chains=12`)
  const plane = page.getByRole('application', { name: /^Chain of moonlit/ })
  await plane.waitFor()
  await settled(page)
  await slider.fill('20')
  await drawn(plane, 2000)
})

browserTest('new images are drawn, set by hand unit by unit, and lie between two', async ({ serve, open }) => {
  const { url } = await serve(made.home)
  const page = await open(url)
  await go(page, `#/explore/${made.runs['bayes']}/generate?with=${made.runs['plain']}`)
  await page.getByText('Codes are drawn from the prior').waitFor()
  await page.getByText('drawn from a normal distribution fitted to').waitFor()
  const draws = page.getByRole('application', { name: 'Draws of bayes: 64 images' })
  await draws.waitFor()
  const first = await shown(draws)
  await page.getByRole('button', { name: 'Draw again' }).click()
  await addressed(page, 'seed=2')
  await changed(draws, first)
  await page.getByLabel('Draw pixels too').check()
  await settled(page)
  await page.getByLabel('Codes from').selectOption('mixture')
  await page.getByText('a mixture of 10 normal distributions').first().waitFor()
  assert.deepEqual(await barriers(page), [])

  await go(page, `#/explore/${made.runs['bayes']}/generate?show=units`)
  const unit = page.getByRole('slider', { name: 'Unit 2' })
  await unit.waitFor()
  const picture = page.locator('[data-made]')
  await picture.getByRole('img').waitFor()
  const base = await shown(picture)
  await unit.focus()
  await page.keyboard.press('End')
  await addressed(page, 'set0=1:3')
  await changed(picture, base)
  await page.getByRole('img', { name: 'Images along unit 1' }).click({ position: { x: 4, y: 10 } })
  await addressed(page, 'set0=0:-3,1:3')
  await page.getByRole('button', { name: 'Reset' }).click()
  await page.getByText('Code of an image').click()
  await page.getByRole('button', { name: /^Image/ }).waitFor()
  await settled(page)
  assert.deepEqual(await barriers(page), [])
  const { bytes } = await saved(page, page.getByRole('button', { name: 'Save traversals of bayes as GIF' }))
  assert.equal(bytes.toString('latin1', 0, 3), 'GIF')

  await page.getByText('Between two', { exact: true }).click()
  await page.getByRole('application', { name: /^Through the code: 11 images/ }).waitFor()
  await page.getByRole('application', { name: /^Through pixels: 11 images/ }).waitFor()
  await page.getByText('Spherical', { exact: true }).click()
  await addressed(page, 'path=spherical')
  await settled(page)
  assert.deepEqual(await barriers(page), [])
  await go(page, `#/explore/${made.runs['bowl']}/generate?show=units`)
  await page.getByRole('application', { name: /^Ways of the units of bowl/ }).waitFor()
})

browserTest('the manifold is decoded under the pointer, and codes show their images; one, two, three units and a plane', async ({ serve, open }) => {
  const { url } = await serve(made.home)
  const page = await open(url)
  await go(page, `#/explore/${made.runs['bayes']}/manifold`)
  await page.getByText('evenly spaced quantiles of the prior').waitFor()
  const grid = page.getByRole('application', { name: /^Manifold of bayes/ }), codes = page.getByRole('application', { name: /^Codes of bayes/ })
  await drawn(grid, 5000)
  await drawn(codes, 500)
  assert.deepEqual(await barriers(page), [])

  // A drag over the pictures decodes where it comes by; how many places a second stands in the benchmark.
  const box = (await grid.boundingBox())!
  await page.mouse.move(box.x + 30, box.y + 30)
  await page.getByRole('img', { name: 'Picture of the grid' }).waitFor()
  await page.mouse.down()
  const count = () => page.locator('[data-decoded]').evaluate((pane: any) => Number(pane.dataset.decoded))
  const from = await count()
  for (let i = 0; await count() < from + 5; i++) await page.mouse.move(box.x + 30 + (i * 3) % (box.width - 60), box.y + 30 + (i * 7) % (box.height - 60))
  await page.mouse.up()
  await page.getByRole('img', { name: /^At \(/ }).waitFor()
  await grid.focus()
  await page.keyboard.press('ArrowRight')
  await codes.focus()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('img', { name: /^Row \d+, class \d/ }).waitFor()
  const { bytes, name } = await saved(page, page.getByRole('button', { name: 'Save manifold of bayes as PNG' }))
  assert.match(name, /bayes.*manifold.*\.png/)
  const about = JSON.parse(textsOf(bytes)['Description']!)
  assert.deepEqual([about.name, about.variant, about.question.kind, about.config.network.layers], ['bayes', 'variational', 'manifold', [48, 2]])

  await go(page, `#/explore/${made.runs['solid']}/manifold?with=${made.runs['plain']}`)
  const cloud = page.getByRole('application', { name: /^Codes of solid/ })
  await cloud.waitFor()
  await page.getByText('the plane of the two leading principal components of the 12 code units').waitFor()
  const still = await shown(cloud)
  await cloud.focus()
  for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight')
  await changed(cloud, still)
  await page.getByRole('slider', { name: /Unit 3/ }).fill('6')
  await page.getByRole('link', { name: 'Train one with two units' }).waitFor()
  await settled(page)
  assert.deepEqual(await barriers(page), [])
  await go(page, `#/explore/${made.runs['bowl']}/manifold`)
  await page.getByRole('application', { name: /^Decoded points of bowl/ }).waitFor()
})

browserTest('fields show where points are moved, and how that changes with the corruption; of images on the plane through three', async ({ serve, open }) => {
  const { url } = await serve(made.home)
  const page = await open(url)
  await go(page, `#/explore/${made.runs['moonlit']}/field?with=${made.runs['bowl']}`)
  const plane = page.getByRole('application', { name: /^Field of moonlit/ })
  await plane.waitFor()
  await settled(page)
  await drawn(plane, 5000)
  const clean = await shown(plane)
  await plane.focus()
  await page.keyboard.press('ArrowUp')
  // Both planes are read at once.
  await page.getByText(/it moves by \(/).nth(1).waitFor()
  assert.deepEqual(await barriers(page), [])
  await page.getByRole('combobox', { name: 'Corruption' }).selectOption('gaussian')
  await page.getByRole('slider', { name: /Standard deviation/ }).fill('0.8')
  await addressed(page, 'amount=0.8')
  await changed(plane, clean)
  await page.getByLabel('Arrows').uncheck()
  await addressed(page, 'hide=arrows')
  const { bytes } = await saved(page, page.getByRole('button', { name: 'Save field of moonlit as PNG' }))
  assert.equal(textsOf(bytes)['Title'], 'moonlit: denoising field')

  await go(page, `#/explore/${made.runs['noisy']}/field`)
  const through = page.getByRole('application', { name: /^Field of noisy/ })
  await through.waitFor()
  await page.getByText('The plane through the first, the second and the third image').waitFor()
  await drawn(through, 3000)
  for (const title of ['First', 'Second', 'Third']) await page.getByRole('button', { name: new RegExp(`^${title}`) }).waitFor()
  assert.deepEqual(await barriers(page), [])
})

browserTest('tangents, units and copies are compared between runs', async ({ serve, open }) => {
  const { url } = await serve(made.home)
  const page = await open(url)
  await go(page, `#/explore/${made.runs['tight']}/tangents?with=${made.runs['plain']}`)
  const spectrum = page.getByRole('application', { name: /^Singular values/ })
  await spectrum.waitFor()
  await page.getByText(/tight: Frobenius norm/).waitFor()
  await spectrum.focus()
  await page.keyboard.press('ArrowRight')
  assert.match(await spectrum.innerText(), /Number 1/)
  await page.getByRole('listbox', { name: /^Leading directions of tight: 8 images/ }).getByRole('option').nth(2).click()
  await addressed(page, 'direction=2')
  await page.getByText('Along direction 3').first().waitFor()
  await page.getByRole('application', { name: /^Stretch between two/ }).waitFor()
  await page.getByText('Mean over test split').click()
  await page.getByText('Mean over 100 test images').waitFor()
  await settled(page)
  assert.deepEqual(await barriers(page), [])
  const { bytes } = await saved(page, page.getByRole('button', { name: 'Save Singular values as PNG' }))
  assert.deepEqual(JSON.parse(textsOf(bytes)['Description']!).map((one: { name: string }) => one.name), ['tight', 'plain'])

  await page.getByRole('tab', { name: 'Units' }).click()
  await page.getByRole('listitem').filter({ hasText: 'Unit 24' }).waitFor()
  assert.equal(await page.locator('[data-unit]').count(), 24 + 12)
  await page.getByText('24 units:').waitFor()
  const bars = page.getByRole('application', { name: 'Activity of every unit of tight: 24 bars' })
  await drawn(bars, 1000)
  await bars.focus()
  await page.keyboard.press('End')
  await page.getByText(/^Unit 24, .*: active in \d/).waitFor()
  await page.getByRole('img', { name: 'Filter of unit 1', exact: true }).first().waitFor()
  assert.deepEqual(await barriers(page), [])
  await page.getByRole('button', { name: /look for similar ones/ }).first().click()
  await page.getByRole('listbox', { name: /^Nearest in the code of tight/ }).waitFor()
  await go(page, `#/explore/${made.runs['bayes']}/units`)
  await page.getByText('Outgoing weights').first().waitFor()

  await go(page, `#/explore/${made.runs['plain']}/copying?with=${made.runs['tight']}`)
  await page.getByText(/Of what varies in "digits" \d+% is rebuilt, of random pixels/).first().waitFor()
  await page.getByRole('application', { name: /^Given: 16 images/ }).first().waitFor()
  await page.getByRole('application', { name: /^Reconstruction: 16 images/ }).nth(1).waitFor()
  assert.deepEqual(await barriers(page), [])
})

browserTest('a lasso on the map of codes shows their classes and sends them on; what is left is not computed on', async ({ serve, open }) => {
  const { url } = await serve(made.home)
  const page = await open(url)
  const sent: string[] = []
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(payload.toString('latin1'))))
  await reload(page)
  await go(page, `#/explore/${made.runs['plain']}/map?with=${made.runs['bayes']}`)
  const map = page.getByRole('application', { name: /^Map of plain/ })
  await map.waitFor()
  await settled(page)
  await drawn(map, 3000)
  await page.getByText('Nothing chosen').waitFor()
  assert.deepEqual(await barriers(page), [])
  const box = (await map.boundingBox())!
  const path = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8], [0.2, 0.25]] as const
  await page.mouse.move(box.x + 0.2 * box.width, box.y + 0.2 * box.height)
  await page.mouse.down()
  for (const [x, y] of path) await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 6 })
  await page.mouse.up()
  const heading = page.getByRole('heading', { name: /codes chosen$/ })
  await heading.waitFor()
  const chosen = Number(/^\d+/.exec(await heading.innerText())![0])
  assert.ok(chosen > 10 && chosen < 105, `${chosen} codes`)
  assert.deepEqual(await barriers(page), [])
  await page.getByRole('button', { name: 'Find similar ones' }).click()
  await page.getByRole('listbox', { name: /^Images from the map/ }).waitFor()
  assert.match(await hash(page), /\/similar\?.*of=\d+,/)
  assert.equal(await page.getByRole('listbox', { name: /^Images from the map/ }).getByRole('option').count(), Math.min(60, chosen))
  await page.goBack()
  await map.waitFor()

  // All of a class, by keyboard too.
  await page.getByRole('button', { name: '3', exact: true }).click()
  await page.getByText(/^\d+ of \d+$/).first().waitFor()
  await map.focus()
  await page.keyboard.press('Escape')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: '1 code chosen' }).waitFor()

  // Leaving while something is on its way ends it.
  sent.length = 0
  await page.getByLabel('Split').selectOption('train')
  await page.getByLabel('Map by').selectOption('tsne')
  await page.getByRole('tab', { name: 'Copying' }).click()
  await page.getByText(/is rebuilt, of random pixels/).first().waitFor()
  assert.ok(sent.some((frame) => frame.includes('explore.cancel')), 'the map was cancelled')
})

browserTest('what cannot be shown says what it needs and offers what there is', async ({ folder, serve, open }) => {
  const empty = await serve(join(folder, 'empty'))
  const first = await open(empty.url)
  await go(first, '#/explore')
  await first.getByRole('heading', { name: 'Nothing to look into yet' }).waitFor()
  await first.getByRole('link', { name: 'See a first comparison' }).waitFor()
  assert.deepEqual(await barriers(first), [])
  await first.close()
  await empty.end()

  const { url } = await serve(made.home)
  const page = await open(url)
  await go(page, '#/explore/nosuchrun')
  await page.getByText('This run is not here').waitFor()
  await page.getByRole('link', { name: /^Look into/ }).waitFor()
  // A run on another dataset cannot be given the same inputs.
  await go(page, `#/explore/${made.runs['plain']}/similar?with=${made.runs['bowl']}`)
  await page.getByText('was trained on another dataset').waitFor()
  await page.getByRole('button', { name: 'Look into one run' }).click()
  await page.getByRole('listbox', { name: /^Nearest in the code of plain/ }).waitFor()
  // Rows and numbers that do not exist.
  await go(page, `#/explore/${made.runs['plain']}/tangents?image=9999999`)
  await page.getByRole('alert').getByText('There is no row 9999999').first().waitFor()
  await page.getByRole('button', { name: 'Choose another image' }).first().click()
  await page.getByText(/Frobenius norm/).waitFor()
  await go(page, `#/explore/${made.runs['bayes']}/manifold?codes=-4`)
  await page.getByRole('application', { name: /^Manifold of bayes/ }).waitFor()

  // Weights and images that somebody has taken away.
  const weights = join(made.home, 'runs', made.runs['tight']!, 'checkpoints'), away = `${weights}-away`
  renameSync(weights, away)
  try {
    await go(page, `#/explore/${made.runs['tight']}/units`)
    await page.getByRole('alert').getByText('has no weights that could be looked into').waitFor()
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('button', { name: 'Choose another run' }).click()
    await page.getByRole('dialog', { name: 'Choose a run' }).getByRole('button', { name: /noisy/ }).click()
    await page.getByText('Unit 12', { exact: true }).waitFor()
  } finally {
    renameSync(away, weights)
  }
  const datasets = join(made.home, 'datasets'), hidden = join(made.folder, 'hidden')
  mkdirSync(hidden, { recursive: true })
  await reload(page)
  renameSync(datasets, join(hidden, 'datasets'))
  try {
    await go(page, `#/explore/${made.runs['solid']}/map?count=500`)
    await page.getByRole('alert').getByText(/are gone, and this needs them/).first().waitFor()
    await page.getByRole('button', { name: 'Import images' }).first().waitFor()
  } finally {
    renameSync(join(hidden, 'datasets'), datasets)
  }
})

browserTest('the views fit into a small window, and are reached by name', async ({ serve, open }) => {
  const { url } = await serve(made.home)
  const page = await open(url, { viewport: { width: 900, height: 600 } })
  for (const view of ['similar', 'chain', 'generate', 'manifold', 'field', 'tangents', 'units', 'copying', 'map']) {
    await go(page, `#/explore/${made.runs['noisy']}/${view}?with=${made.runs['plain']}`)
    await settled(page)
    const wide = await page.evaluate(() => { const body = document.querySelector('.view .body'); return body.scrollWidth - body.clientWidth })
    assert.ok(wide <= 0, `${view} is ${wide} pixels too wide`)
  }
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Find' }).fill('explore manifold')
  await page.keyboard.press('Enter')
  await page.getByRole('application', { name: /^Manifold of noisy/ }).waitFor()
  await go(page, `#/runs/${made.runs['plain']}`)
  await page.getByRole('main').getByRole('link', { name: 'Explore', exact: true }).click()
  await page.waitForFunction((id) => location.hash.startsWith(`#/explore/${id}`), made.runs['plain'])
  await go(page, '#/runs')
  for (const name of ['plain', 'noisy']) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
  await page.getByRole('toolbar', { name: 'Ticked runs' }).getByRole('link', { name: 'Explore' }).click()
  await page.waitForFunction(() => location.hash.includes('with='))
})
