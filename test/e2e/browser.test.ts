import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { openSession } from '../../src/main/engine/export/onnxruntime.ts'
import { writeShapesFolder } from '../fixtures/shapesFolder.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { go, heading } from './pages.ts'
import { settles } from './settles.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const document: any, getComputedStyle: any, requestAnimationFrame: any

/** The live rate of the run whose page is open. */
const rate = (page: Page): Locator => page.getByText(/^[\d.,]+ steps\/s$/)
const hostile = '<img src=x onerror=alert(1)>'

/** Types a path into the import form of the view that is open. */
async function typePath(page: Page, path: string): Promise<void> {
  await page.getByLabel('Folder or file', { exact: true }).fill(path)
  await page.getByRole('button', { name: 'Import', exact: true }).and(page.locator(':enabled')).waitFor()
}

/** Fills the form of a new run; nothing is started. */
async function describeRun(page: Page, variant: string, name: string, epochs: number): Promise<void> {
  await go(page, '#/runs')
  await heading(page, 'Runs').waitFor()
  await page.keyboard.press('n')
  await heading(page, 'New run').waitFor()
  await page.getByRole('radio', { name: variant, exact: true }).check({ force: true })
  await page.getByLabel('Layers').fill('64, 16')
  await page.getByLabel('Epochs', { exact: true }).fill(String(epochs))
  await page.getByLabel('Batch size').fill('32')
  await page.getByRole('textbox', { name: 'Name' }).fill(name)
}

const startButton = (page: Page): Locator => page.getByRole('button', { name: 'Start', exact: true })

/** Starts what the form holds; the run's page is open afterwards. */
async function start(page: Page, name: string): Promise<void> {
  await startButton(page).and(page.locator(':enabled')).click()
  await heading(page, name).waitFor()
}

/** How many pixels of a canvas have about the colour of a token of the stylesheet. */
const pixelsOf = (canvas: Locator, token: string): Promise<number> =>
  canvas.evaluate((element: any, name) => {
    const copy = document.createElement('canvas')
    copy.width = element.width
    copy.height = element.height + 1
    const context = copy.getContext('2d', { willReadFrequently: true })
    context.drawImage(element, 0, 0)
    context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim()
    context.fillRect(0, element.height, 1, 1)
    const [r, g, b] = context.getImageData(0, element.height, 1, 1).data
    const { data } = context.getImageData(0, 0, element.width, element.height)
    let count = 0
    for (let i = 0; i < data.length; i += 4)
      if (data[i + 3] > 128 && Math.hypot(data[i] - r, data[i + 1] - g, data[i + 2] - b) < 60) count += 1
    return count
  }, token)

/** Asks again after every frame of the page until the answer is yes; what it waits for is in the error when it never is. */
async function until(page: Page, what: string, ask: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000
  while (!(await ask())) {
    if (Date.now() > end) throw new Error(`It did not come: ${what}`)
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)))
  }
}

/** The figures of one row of the comparison's table, in the order of the runs. */
const figures = async (page: Page, key: string): Promise<number[]> =>
  (await page.locator(`td[data-figure="${key}"]`).allInnerTexts()).map((text) => Number.parseFloat(text.replace(/[^\d.]/g, '')))

browserTest(
  'from a folder with bad files among the good ones to two variants compared and an encoder exported',
  async ({ folder, serve, open }) => {
    const pictures = join(folder, 'pictures')
    const { count, classes, bad, errorOfMean } = await writeShapesFolder(pictures, 300)
    const page = await open((await serve(join(folder, 'home'))).url)
    await heading(page, 'Begin with images').waitFor()
    assert.deepEqual(await barriers(page), [])

    // A path is completed, looked into, and imported under a name that must stay text.
    const path = page.getByLabel('Folder or file', { exact: true })
    await path.fill(join(folder, 'pict'))
    await page.getByRole('option').first().waitFor()
    await path.press('ArrowDown')
    await path.press('Enter')
    assert.match(await path.inputValue(), /pictures[\\/]?$/)
    await page.getByText(`in ${classes.length} classes: ${classes.join(', ')}`).waitFor()
    // A whole path is no suggestion for itself: the list would cover what was found there.
    const suggested = page.getByRole('listbox', { name: 'Matching paths', includeHidden: true }).first()
    await path.fill(pictures.slice(0, -1))
    await suggested.waitFor({ state: 'visible' })
    await path.fill(pictures)
    await suggested.waitFor({ state: 'hidden' })
    await page.getByRole('textbox', { name: 'Name' }).waitFor()
    // Every wrong field says so by itself, in the product's words, before anything is asked of the engine, and nothing can be imported.
    for (const [label, wrong] of [
      ['Width', '5000'],
      ['Height', '-3'],
    ] as const)
      await page.getByLabel(label, { exact: true }).fill(wrong)
    await settles(() => page.getByText('A whole number from 1 to 4,096.').count(), 2)
    await settles(
      () =>
        page
          .getByRole('button', { name: /train and compare/i })
          .and(page.locator(':enabled'))
          .count(),
      0,
      'one thing to do at a time',
    )
    await settles(() => page.getByRole('button', { name: 'Import', exact: true }).isEnabled(), false)
    for (const label of ['Width', 'Height']) await page.getByLabel(label, { exact: true }).fill('')
    await page.getByRole('textbox', { name: 'Name' }).fill(hostile)
    await page.getByLabel('Channels').selectOption('Gray')
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText(`has been imported: ${count} images; ${bad.length} files were skipped`).waitFor()
    await page.getByRole('link', { name: hostile, exact: true }).click()
    await heading(page, hostile).waitFor()
    await page.getByText(`${count} images`).first().waitFor()
    await page.getByText(/files skipped$/).click()
    const skipped = page.getByRole('complementary').getByRole('listitem')
    for (const [file, reason] of bad) await skipped.filter({ hasText: file }).filter({ hasText: reason }).waitFor()
    assert.deepEqual(await barriers(page), [])

    // The same content again is noticed; a folder without an image, and one that is not there, are said beside the field or
    // above the form.
    await go(page, '#/datasets')
    await page.getByRole('button', { name: 'Import images' }).click()
    await typePath(page, pictures)
    await page.getByLabel('Channels').selectOption('Gray')
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.locator('[data-code=DATASET_DUPLICATE]').waitFor()
    await page.getByRole('button', { name: 'Import images' }).click()
    await page.getByLabel('Folder or file', { exact: true }).fill(join(folder, 'nowhere'))
    await page.getByRole('alert').filter({ hasText: 'nowhere' }).waitFor()
    assert.deepEqual(await barriers(page), [])

    // What is out of range is said beside its field, and cannot be started.
    await describeRun(page, 'Classical', 'plain run', 400)
    for (const [label, wrong, right] of [
      ['Layers', '64, 0', '64, 16'],
      ['Batch size', '100000', '32'],
    ] as const) {
      const field = page.getByLabel(label)
      await field.fill(wrong)
      await page.locator('[aria-invalid=true]').waitFor()
      const said = await field.getAttribute('aria-describedby')
      assert.match(await page.locator(`[id="${said!.split(' ').at(-1)}"]`).innerText(), new RegExp(`^${label}|^The batch`, 'i'))
      await settles(() => field.getAttribute('aria-invalid'), 'true')
      await settles(() => startButton(page).isDisabled(), true)
      await field.fill(right)
      await page.locator('[aria-invalid=true]').waitFor({ state: 'detached' })
    }
    assert.deepEqual(await barriers(page), [])

    // Both train, the second waits for the first; progress is live.
    await start(page, 'plain run')
    await rate(page).waitFor()
    await page.getByText(/Epoch \d+ of 400/).waitFor()
    await describeRun(page, 'Denoising', `noisy ${hostile}`, 400)
    await start(page, `noisy ${hostile}`)
    await go(page, '#/runs')
    for (const name of ['plain run', `noisy ${hostile}`])
      await page.getByRole('row', { name }).getByText('Completed').waitFor({ timeout: 120_000 })
    assert.deepEqual(await barriers(page), [])

    // Ticked in the table and compared by a key: a sentence, curves in the runs' colours, figures, and aligned images.
    for (const name of ['plain run', `noisy ${hostile}`]) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
    await page.keyboard.press('c')
    await page.locator('td[data-figure=squaredError]').nth(1).waitFor()
    await page.getByText(/has the lowest squared error/).waitFor()
    const errors = await figures(page, 'squaredError')
    assert.equal(errors.length, 2)
    for (const error of errors)
      assert.ok(error > 0 && error < 0.6 * errorOfMean, `${error}: the mean image alone has ${errorOfMean}`)
    const [clean, noisy] = (await figures(page, 'robustness.masking.0.5')) as [number, number]
    assert.ok(noisy < clean, `with half of the pixels masked, the denoising one is better: ${noisy} against ${clean}`)
    const chart = page.getByRole('region', { name: 'Curves' }).locator('canvas').first()
    for (const token of ['--run-0', '--run-1'])
      await until(page, `a curve in ${token}`, async () => (await pixelsOf(chart, token)) > 300)
    await page.getByRole('tab', { name: 'Images' }).click()
    const rows = page.getByRole('region', { name: 'Reconstructions' }).locator('canvas')
    await rows.nth(2).waitFor()
    const images = await rows.evaluateAll((all: any[]) =>
      all.map((canvas) => {
        const copy = document.createElement('canvas')
        Object.assign(copy, { width: canvas.width, height: canvas.height })
        const context = copy.getContext('2d', { willReadFrequently: true })
        context.drawImage(canvas, 0, 0)
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
        return {
          left: canvas.getBoundingClientRect().left,
          width: canvas.width,
          height: canvas.height,
          values: new Set(data).size,
          drawn: canvas.toDataURL(),
        }
      }),
    )
    assert.equal(images.length, 3)
    assert.equal(new Set(images.map(({ left, width, height }) => `${left} ${width} ${height}`)).size, 1, 'in one column')
    assert.equal(new Set(images.map(({ drawn }) => drawn)).size, 3, 'each other')
    for (const { values } of images) assert.ok(values > 50, 'with many grays')
    assert.deepEqual(await barriers(page), [])

    // A reload returns to the same comparison.
    const address = page.url()
    await page.reload()
    await page.locator('td[data-figure=squaredError]').nth(1).waitFor()
    assert.equal(page.url(), address)
    assert.deepEqual(await figures(page, 'squaredError'), errors)

    // The palette leads to a run by its name. Its encoder becomes a file that onnxruntime opens; an existing file is replaced
    // only when asked.
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
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('button', { name: 'Replace it' }).click()
    const facts = page.getByRole('region', { name: 'Save as ONNX' }).getByRole('status')
    await facts.getByText('Largest difference').waitFor()
    const shown = await facts.innerText()
    assert.ok(shown.includes(createHash('sha256').update(readFileSync(file)).digest('hex')), shown)
    assert.ok(shown.includes(file), shown)
    const difference = Number(/Largest difference\s+([\d.e-]+)/.exec(shown)?.[1])
    assert.ok(difference >= 0 && difference < 1e-3, shown)
    const session = await openSession(file)
    const { code } = await session.run({
      image: { type: 'uint8', shape: [2, 24, 24, 1], data: new Uint8Array(2 * 24 * 24).fill(100) },
    })
    await session.close()
    assert.deepEqual(code?.shape, [2, 16])
    await go(page, '#/exports')
    await page.getByRole('cell', { name: file }).click()
    assert.deepEqual(await barriers(page), [])

    // Images that runs use stay.
    await go(page, '#/datasets')
    await page.getByRole('link', { name: hostile, exact: true }).click()
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.locator('[data-code=DATASET_IN_USE]').waitFor()
    assert.ok(existsSync(file))
  },
)

browserTest(
  'a reload during training, an engine that is killed, one that comes back, and a second home',
  async ({ folder, serve, open, complaints }) => {
    const pictures = join(folder, 'pictures')
    await writeShapesFolder(pictures, 60)
    const home = join(folder, 'home')
    const first = await serve(home)
    const page = await open(first.url)
    await typePath(page, pictures)
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText(/has been imported: 60 images/).waitFor()
    await describeRun(page, 'Classical', 'long run', 100_000)
    await page.getByLabel('Layers').fill('512, 64')
    await page.getByLabel('Batch size').fill('8')
    await start(page, 'long run')

    const position = async (): Promise<number> =>
      Number(
        (
          await page
            .getByText(/[\d,]+ of [\d,]+ steps/)
            .first()
            .innerText()
        )
          .split(' ')[0]!
          .replaceAll(',', ''),
      )
    await rate(page).waitFor()
    const before = await position()
    await page.reload()
    await heading(page, 'long run').waitFor()
    await rate(page).waitFor()
    assert.ok((await position()) >= before, 'the training went on while the page was away')
    await page.getByRole('figure').first().locator('canvas').waitFor()
    assert.deepEqual(await barriers(page), [])
    await page.locator('canvas').nth(3).waitFor()

    // Keys: everything can be found, and asked for.
    await page.keyboard.press('?')
    await page.getByRole('dialog').getByText('Compare the selected runs').waitFor()
    assert.deepEqual(await barriers(page), [])
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Find' }).fill('long')
    assert.deepEqual(await barriers(page), [])
    await page.keyboard.press('Escape')
    await page.getByRole('combobox', { name: 'Find' }).waitFor({ state: 'detached' })

    // The engine dies: the window says so, stays where it is, and tells what to do when nothing answers.
    const address = page.url()
    await first.end('SIGKILL')
    await page
      .getByRole('alert')
      .filter({ hasText: 'everything trained so far is kept' })
      .or(page.getByRole('alert').filter({ hasText: 'does not answer' }))
      .waitFor()
    await heading(page, 'long run').waitFor()
    assert.equal(page.url(), address)
    await page.getByRole('alert').filter({ hasText: 'this page continues as soon as it is back' }).waitFor()
    assert.deepEqual(await barriers(page), [])

    // Another program that takes its port meanwhile is told nothing but a challenge, and the page says what it found.
    const asked: string[] = []
    const other = createServer((request, response) => {
      asked.push(request.url!)
      response.end('ok')
    })
    await new Promise<void>((resolve) => other.listen(first.port, '127.0.0.1', resolve))
    await page.getByRole('alert').filter({ hasText: 'was restarted and now has a different address' }).waitFor()
    other.closeAllConnections()
    await new Promise((resolve) => other.close(resolve))
    assert.ok(asked.length > 0 && asked.every((url) => /^\/proof\?challenge=[0-9a-f]{64}$/.test(url)), asked.join('\n'))

    // Started again it has the address that it had: the old page goes on by itself, and shows the run as interrupted.
    const second = await serve(home)
    assert.equal(second.url, first.url)
    await page.getByText(/The workbench ended while this run was training/).waitFor()
    await page.getByRole('alert').filter({ hasText: 'different address' }).waitFor({ state: 'detached' })
    assert.equal(page.url(), address)
    assert.ok(
      complaints.length > 0 &&
        complaints.every((one) => /WebSocket connection to 'ws:\/\/127\.0\.0\.1|Failed to load resource/.test(one)),
      complaints.join('\n'),
    )
    complaints.length = 0
    await page.getByRole('button', { name: 'Resume' }).click()
    await rate(page).waitFor()
    // What was a bookmark goes on, too.
    await page.goto(second.url)
    await page.getByRole('row', { name: 'long run' }).getByText('Running').waitFor()
    await page.getByRole('link', { name: 'long run' }).click()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('Cancelled. What was trained until then is kept.').waitFor()
    assert.deepEqual(await barriers(page), [])

    // A second home beside the first knows nothing of it, and another engine on the first home is refused.
    const elsewhere = await open((await serve(join(folder, 'other home'))).url)
    await heading(elsewhere, 'Begin with images').waitFor()
    await go(elsewhere, '#/runs')
    await elsewhere.getByText('No runs yet').waitFor()
    await assert.rejects(serve(home), /is already open|in use|another/i)
  },
)

browserTest(
  'one button imports the sample digits, trains three autoencoders and ends in their comparison',
  async ({ folder, serve, open }) => {
    const page = await open((await serve(join(folder, 'home'))).url, { colorScheme: 'dark' })
    await page.getByRole('button', { name: /Import the sample digits, train/ }).click()
    await page.getByText('The comparison opens by itself').waitFor()
    for (const name of ['Classical', 'Denoising'])
      await page.getByRole('listitem').filter({ hasText: name }).getByRole('button', { name: 'Cancel' }).waitFor()
    await page.reload()
    await page.waitForURL(/#\/compare\?runs=[^,]+,[^,]+,[^,]+$/, { timeout: 180_000 })
    await heading(page, 'Compare').waitFor()
    await page.locator('td[data-figure=squaredError]').nth(2).waitFor()
    assert.deepEqual(await barriers(page), [])
  },
)
