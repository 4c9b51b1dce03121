import assert from 'node:assert/strict'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodePng } from '../../src/main/engine/files/png.ts'
import { digits } from '../fixtures/digits.ts'
import { digitPng } from '../fixtures/digitFolder.ts'
import { drawn } from './canvas.ts'
import { addressed, exploredForAll, go, hash, reload, saved, settled, textsOf } from './exploring.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { settles } from './settles.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const location: { hash: string }, document: any

const explored = exploredForAll()

browserTest(
  'similar images: from the rail to neighbours, another image, a file, a second run, and back',
  async ({ folder, serve, open }) => {
    const { url } = await serve(explored.home.home)
    const page = await open(url)
    await page.getByRole('link', { name: 'Explore', exact: true }).click()
    await page.getByRole('heading', { name: 'Explore', level: 1 }).waitFor()
    // The newest run that is complete.
    await page.waitForFunction((id) => location.hash.startsWith(`#/explore/${id}`), explored.home.runs['bowl'])
    await page.getByRole('application', { name: /^Nearest in the code of bowl/ }).waitFor()

    await go(page, `#/explore/${explored.home.runs['plain']}`)
    const code = page.getByRole('listbox', { name: /^Nearest in the code of plain: 12 images/ })
    await code.waitFor()
    await page.getByRole('listbox', { name: /^Nearest in pixels: 12 images/ }).waitFor()
    await settles(() => code.getByRole('option').count(), 12)
    await page.getByText('Over 105 images.').waitFor()
    await page.getByText('By chance').waitFor()
    assert.deepEqual(await barriers(page), [])

    // What there is to choose from shows every class.
    const strip = await page
      .getByRole('listbox', { name: /^Test images/ })
      .getByRole('option')
      .all()
    const classes = await Promise.all(
      strip.slice(0, 10).map(async (option) => /class (\d)$/.exec((await option.getAttribute('aria-label'))!)?.[1]),
    )
    assert.deepEqual(classes.toSorted(), ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])

    // A panel goes with the view that it was opened in.
    const here = await hash(page)
    await page.getByRole('button', { name: 'Beside another run' }).click()
    await page.getByRole('dialog', { name: 'Choose a run' }).waitFor()
    await go(page, '#/exports')
    await page.getByRole('dialog', { name: 'Choose a run' }).waitFor({ state: 'detached' })
    await go(page, here)
    await code.waitFor()

    // A neighbour becomes what neighbours are looked for; the address says so, and a reload returns to it.
    const name = (await code.getByRole('option').nth(3).getAttribute('aria-label'))!
    const row = /^Image (\d+)/.exec(name)![1]!
    await code.getByRole('option').nth(3).focus()
    await page.keyboard.press('Enter')
    await addressed(page, `image=${row}`)
    await page.getByText(`Image ${row}, class`).first().waitFor()
    await page.getByText('Cosine', { exact: true }).click()
    await page.getByLabel('Among').selectOption('test')
    await addressed(page, 'among=test')
    await reload(page)
    await page.getByText(`Image ${row}, class`).first().waitFor()
    await settles(() => page.getByRole('radio', { name: 'Cosine' }).isChecked(), true)

    // Chosen in the panel, by its class and by its number; then from disk, which was not an image at first.
    await page.getByRole('button', { name: /^Image/ }).click()
    const panel = page.getByRole('dialog', { name: 'Choose an image' })
    await panel.getByRole('combobox', { name: 'Class' }).selectOption({ label: '3' })
    await panel
      .getByRole('option', { name: /class 3$/ })
      .first()
      .waitFor()
    await panel
      .getByRole('option', { name: /class [^3]$/ })
      .first()
      .waitFor({ state: 'detached' })
    assert.deepEqual(await barriers(page), [])
    await panel.getByRole('spinbutton', { name: 'Row' }).fill('7')
    await panel.getByRole('button', { name: 'Go', exact: true }).click()
    await addressed(page, 'image=7')
    const file = join(folder, 'seven.png'),
      wrong = join(folder, 'words.png')
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
    await settles(() => picker.getByRole('button', { name: /moonlit/ }).count(), 0, 'only runs on the same dataset')
    await settles(() => picker.getByRole('button', { name: /plain/ }).count(), 0, 'not the run itself')
    await picker.getByLabel('Filter runs').fill('tight')
    await picker.getByRole('button', { name: /tight/ }).click()
    await page.getByRole('listbox', { name: /^Nearest in the code of tight/ }).waitFor()
    await addressed(page, `with=${explored.home.runs['tight']}`)
    await page.getByRole('link', { name: 'Compare the two' }).waitFor()
    const { name: csvName, bytes: csv } = await saved(page, page.getByRole('button', { name: 'Save neighbours of plain as CSV' }))
    assert.match(csvName, /plain neighbours\.csv/)
    assert.match(csv.toString(), /^rank,codeRow,codeDistance/)
    // A byte order mark for spreadsheets is one choice for all tables.
    await page.getByRole('button', { name: 'How neighbours of plain is saved as CSV' }).click()
    await page.getByRole('dialog', { name: 'CSV' }).getByRole('checkbox').check()
    assert.deepEqual(await barriers(page), [])
    await page.keyboard.press('Escape')
    const { bytes: marked } = await saved(page, page.getByRole('button', { name: 'Save neighbours of plain as CSV' }))
    assert.equal(marked.toString(), `\ufeff${csv.toString()}`)
    // The way back goes to one run again.
    await page.goBack()
    await page.getByRole('button', { name: 'Beside another run' }).waitFor()

    // One run at two moments of its training.
    await page.getByRole('button', { name: 'At two moments' }).click()
    await page.getByLabel('Moment of the training of plain').nth(1).selectOption({ label: 'Before training' })
    await page.getByRole('heading', { name: 'Nearest in the code of plain, epoch 0' }).waitFor()
    await settled(page)
    assert.deepEqual(await barriers(page), [])
  },
)

browserTest('tangents, units and copies are compared between runs', async ({ serve, open }) => {
  const { url } = await serve(explored.home.home)
  const page = await open(url)
  await go(page, `#/explore/${explored.home.runs['tight']}/tangents?with=${explored.home.runs['plain']}`)
  const spectrum = page.getByRole('application', { name: /^Singular values/ })
  await spectrum.waitFor()
  await page.getByText(/tight: Frobenius norm/).waitFor()
  await spectrum.focus()
  await page.keyboard.press('ArrowRight')
  assert.match(await spectrum.innerText(), /Number 1/)
  await page
    .getByRole('listbox', { name: /^Leading directions of tight: 8 images/ })
    .getByRole('option')
    .nth(2)
    .click()
  await addressed(page, 'direction=2')
  await page.getByText('Along direction 3').first().waitFor()
  await page.getByRole('application', { name: /^Stretch between two/ }).waitFor()
  await page.getByText('Mean over test split').click()
  await page.getByText('Mean over 100 test images').waitFor()
  await settled(page)
  assert.deepEqual(await barriers(page), [])
  const { bytes } = await saved(page, page.getByRole('button', { name: 'Save Singular values as PNG' }))
  assert.deepEqual(
    JSON.parse(textsOf(bytes)['Description']!).map((one: { name: string }) => one.name),
    ['tight', 'plain'],
  )

  await page.getByRole('tab', { name: 'Units' }).click()
  await page.getByRole('listitem').filter({ hasText: 'Unit 24' }).waitFor()
  await settles(() => page.locator('[data-unit]').count(), 24 + 12)
  await page.getByText('24 units:').waitFor()
  const bars = page.getByRole('application', { name: 'Activity of every unit of tight: 24 bars' })
  await drawn(bars, 1000)
  await bars.focus()
  await page.keyboard.press('End')
  await page.getByText(/^Unit 24, .*: active in \d/).waitFor()
  await page.getByRole('img', { name: 'Filter of unit 1', exact: true }).first().waitFor()
  assert.deepEqual(await barriers(page), [])
  const { bytes: activity } = await saved(page, page.getByRole('button', { name: 'Save Activity of every unit of tight as PNG' }))
  assert.deepEqual(
    [textsOf(activity)['Title'], JSON.parse(textsOf(activity)['Description']!).name],
    ['tight: activity of every unit', 'tight'],
  )
  await page
    .getByRole('button', { name: /look for similar ones/ })
    .first()
    .click()
  await page.getByRole('listbox', { name: /^Nearest in the code of tight/ }).waitFor()
  await go(page, `#/explore/${explored.home.runs['bayes']}/units`)
  await page.getByText('Outgoing weights').first().waitFor()

  await go(page, `#/explore/${explored.home.runs['plain']}/copying?with=${explored.home.runs['tight']}`)
  await page
    .getByText(/\d+% of the variance of “digits” is reconstructed, and \d+% of that of random pixels/)
    .first()
    .waitFor()
  await page
    .getByRole('application', { name: /^Input: 16 images/ })
    .first()
    .waitFor()
  await page
    .getByRole('application', { name: /^Reconstruction: 16 images/ })
    .nth(1)
    .waitFor()
  assert.deepEqual(await barriers(page), [])
})

browserTest(
  'a lasso on the map of codes shows their classes and sends them on; what is left is not computed on',
  async ({ serve, open }) => {
    const { url } = await serve(explored.home.home)
    const page = await open(url)
    const sent: string[] = []
    page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(payload.toString('latin1'))))
    await reload(page)
    await go(page, `#/explore/${explored.home.runs['plain']}/map?with=${explored.home.runs['bayes']}`)
    const map = page.getByRole('application', { name: /^Map of plain/ })
    await map.waitFor()
    await settled(page)
    await drawn(map, 3000)
    await page.getByText('Nothing chosen').waitFor()
    assert.deepEqual(await barriers(page), [])
    const box = (await map.boundingBox())!
    const path = [
      [0.2, 0.2],
      [0.8, 0.2],
      [0.8, 0.8],
      [0.2, 0.8],
      [0.2, 0.25],
    ] as const
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
    await settles(
      () =>
        page
          .getByRole('listbox', { name: /^Images from the map/ })
          .getByRole('option')
          .count(),
      Math.min(60, chosen),
    )
    await page.goBack()
    await map.waitFor()

    // All of a class, by keyboard too.
    await page.getByRole('button', { name: '3', exact: true }).click()
    await page
      .getByText(/^\d+ of \d+$/)
      .first()
      .waitFor()
    await map.focus()
    await page.keyboard.press('Escape')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: '1 code chosen' }).waitFor()

    // All codes, and what is left out of those of which every pair counts.
    await page.getByLabel('Split').selectOption('all')
    await page.getByRole('combobox', { name: 'Codes', exact: true }).selectOption('all')
    await addressed(page, 'count=all')
    await page.getByText('All 700 codes of the whole dataset.').first().waitFor()
    await page.getByRole('application', { name: /^Map of plain: 700 codes/ }).waitFor()
    await page.getByRole('combobox', { name: 'Codes', exact: true }).selectOption('500')
    await page
      .getByText('500 of the 700 codes of the whole dataset, evenly over the classes. The others are left out.')
      .first()
      .waitFor()

    // Leaving while something is on its way ends it.
    sent.length = 0
    await page.getByLabel('Split').selectOption('train')
    await page.getByLabel('Map by').selectOption('tsne')
    await page.getByRole('tab', { name: 'Out of distribution' }).click()
    await page
      .getByText(/is reconstructed, and \d+% of that of random pixels/)
      .first()
      .waitFor()
    assert.ok(
      sent.some((frame) => frame.includes('explore.cancel')),
      'the map was cancelled',
    )
  },
)

browserTest(
  'without a run, or with two that cannot be given the same, the way to one is offered',
  async ({ folder, serve, open }) => {
    const empty = await serve(join(folder, 'empty'))
    const first = await open(empty.url)
    await go(first, '#/explore')
    await first.getByRole('heading', { name: 'Nothing to explore yet' }).waitFor()
    await first.getByRole('link', { name: 'See a first comparison' }).waitFor()
    assert.deepEqual(await barriers(first), [])
    await first.close()
    await empty.end()

    const { url } = await serve(explored.home.home)
    const page = await open(url)
    await go(page, '#/explore/nosuchrun')
    await page.getByText('This run is not here').waitFor()
    await page.getByRole('link', { name: /^Look into/ }).waitFor()
    // A run on another dataset cannot be given the same inputs.
    await go(page, `#/explore/${explored.home.runs['plain']}/similar?with=${explored.home.runs['bowl']}`)
    await page.getByText('was trained on a different dataset').waitFor()
    await page.getByRole('button', { name: 'Explore one run' }).click()
    await page.getByRole('listbox', { name: /^Nearest in the code of plain/ }).waitFor()
  },
)

browserTest(
  'what is no image, or an image of another size, is told; so is what a code cannot show',
  async ({ folder, serve, open }) => {
    const { url } = await serve(explored.home.home)
    const page = await open(url)
    // Rows and numbers that do not exist.
    await go(page, `#/explore/${explored.home.runs['plain']}/tangents?image=9999999`)
    await page.getByRole('alert').getByText('There is no row 9999999').first().waitFor()
    await page.getByRole('button', { name: 'Choose another image' }).first().click()
    await page.getByText(/Frobenius norm/).waitFor()
    await go(page, `#/explore/${explored.home.runs['bayes']}/manifold?codes=-4`)
    await page.getByRole('application', { name: /^Manifold of bayes/ }).waitFor()

    // Of another size: made to fit, and said so.
    const wide = join(folder, 'wide.png'),
      words = join(folder, 'words.png')
    writeFileSync(wide, encodePng({ width: 40, height: 20, channels: 1, pixels: new Uint8Array(800).map((_, i) => (i * 7) % 256) }))
    writeFileSync(words, 'no image')
    await go(page, `#/explore/${explored.home.runs['plain']}/similar?image=file:${encodeURIComponent(wide)}`)
    await page.getByText('The file has 40 × 20 pixels and was made 28 × 28').waitFor()
    for (const view of ['chain', 'tangents', 'field', 'similar']) {
      await go(page, `#/explore/${explored.home.runs['plain']}/${view}?image=file:${encodeURIComponent(words)}`)
      await page.getByRole('alert').getByText('cannot be used as an image').first().waitFor()
      await page.getByRole('button', { name: 'Choose another image' }).first().waitFor()
    }
    await go(page, `#/explore/${explored.home.runs['plain']}/similar?image=file:${encodeURIComponent(join(folder, 'missing.png'))}`)
    await page
      .getByRole('alert')
      .getByText(/missing\.png cannot be used as an image/)
      .waitFor()

    // A network without a decoder makes nothing of a code; a Boltzmann machine draws by its chain.
    for (const view of ['manifold', 'generate', 'chain', 'field', 'copying']) {
      await go(page, `#/explore/${explored.home.runs['named']}/${view}`)
      await page.getByRole('alert').getByText('has no decoder').first().waitFor()
    }
    await page.getByRole('alert').getByRole('button', { name: 'Similar images' }).click()
    await page.getByRole('listbox', { name: /^Nearest in the code of named/ }).waitFor()
    await go(page, `#/explore/${explored.home.runs['machine']}/generate`)
    await page.getByRole('alert').getByText('let its chain run from noise instead').waitFor()
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('alert').getByRole('button', { name: 'Chain' }).click()
    await page.getByText('the binary hidden units are drawn given the visible ones').waitFor()
  },
)

browserTest('weights and images that somebody has taken away are missed with what can be done', async ({ serve, open }) => {
  const { url } = await serve(explored.home.home)
  const page = await open(url)
  const weights = join(explored.home.home, 'runs', explored.home.runs['tight']!, 'checkpoints'),
    away = `${weights}-away`
  renameSync(weights, away)
  try {
    await go(page, `#/explore/${explored.home.runs['tight']}/units`)
    await page.getByRole('alert').getByText('has no weights that could be looked into').waitFor()
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('button', { name: 'Choose another run' }).click()
    await page.getByRole('dialog', { name: 'Choose a run' }).getByRole('button', { name: /noisy/ }).click()
    await page.getByText('Unit 12', { exact: true }).waitFor()
  } finally {
    renameSync(away, weights)
  }
  const datasets = join(explored.home.home, 'datasets'),
    hidden = join(explored.home.folder, 'hidden')
  mkdirSync(hidden, { recursive: true })
  await reload(page)
  renameSync(datasets, join(hidden, 'datasets'))
  try {
    await go(page, `#/explore/${explored.home.runs['solid']}/map?count=500`)
    await page
      .getByRole('alert')
      .getByText(/are gone, and this needs them/)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Import images' }).first().waitFor()
    // What is asked of the code alone still works.
    await go(page, `#/explore/${explored.home.runs['bayes']}/generate?seed=9`)
    await drawn(page.getByRole('application', { name: 'Draws of bayes: 64 images' }), 2000)
  } finally {
    renameSync(join(hidden, 'datasets'), datasets)
  }
})

browserTest('the views fit into a small window, and are reached by name', async ({ serve, open }) => {
  const { url } = await serve(explored.home.home)
  const page = await open(url, { viewport: { width: 900, height: 600 } })
  for (const view of ['similar', 'chain', 'generate', 'manifold', 'field', 'tangents', 'units', 'copying', 'map']) {
    await go(page, `#/explore/${explored.home.runs['noisy']}/${view}?with=${explored.home.runs['plain']}`)
    await settled(page)
    const wide = await page.evaluate(() => {
      const body = document.querySelector('.view .body')
      return body.scrollWidth - body.clientWidth
    })
    assert.ok(wide <= 0, `${view} is ${wide} pixels too wide`)
  }
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Find' }).fill('explore manifold')
  await page.keyboard.press('Enter')
  await page.getByRole('application', { name: /^Manifold of noisy/ }).waitFor()
  await go(page, `#/runs/${explored.home.runs['plain']}`)
  await page.getByRole('main').getByRole('link', { name: 'Explore', exact: true }).click()
  await page.waitForFunction((id) => location.hash.startsWith(`#/explore/${id}`), explored.home.runs['plain'])
  await go(page, '#/runs')
  for (const name of ['plain', 'noisy']) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
  await page.getByRole('toolbar', { name: 'Selected runs' }).getByRole('link', { name: 'Explore' }).click()
  await page.waitForFunction(() => location.hash.includes('with='))
})
