import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Download, Page } from 'playwright-core'
import { commandsHere } from '../fixtures/commandLine.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { isRead } from './rounded.ts'
import { settles } from './settles.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const document: any

const hostile = '<img src=x onerror=alert(1)>'
const hebrew = 'תרגיל ראשון'
const rows = (page: Page) => page.locator('tr[data-row]')
const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true })
const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true })

async function textOf(download: Promise<Download>): Promise<{ name: string; text: string }> {
  const done = await download
  return { name: done.suggestedFilename(), text: readFileSync(await done.path(), 'utf8') }
}

/** The table without what is said of its rows' figures beside them. */
const withoutNotes = (table: string[][]): string[][] => (table[0]!.at(-1) === 'Note' ? table.map((row) => row.slice(0, -1)) : table)

/** Cells of a CSV, quotes resolved. */
function cells(text: string): string[][] {
  return text
    .split('\r\n')
    .filter(Boolean)
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
      ),
    )
}

/** The table as it is on the screen: a text for each cell, without the signs beside the numbers. */
const onScreen = (page: Page): Promise<string[][]> =>
  rows(page).evaluateAll((all: any[]) =>
    all.map((row) =>
      [...row.querySelectorAll('th, td')].map((cell: any) => {
        const copy = cell.cloneNode(true)
        copy.querySelectorAll('.mark, .tag, .variant, svg').forEach((one: any) => one.remove())
        // A file has the hyphen, which programs read as a minus.
        return copy.textContent.trim().replace(/^–$/, '').replaceAll('−', '-')
      }),
    ),
  )

browserTest(
  'six runs of two variants are compared over seeds: sentence, bands, baseline, pictures, codes, relations, and all of it taken away',
  async ({ folder, serve, open }, t) => {
    const home = join(folder, 'home')
    const line = commandsHere(folder, home)
    t.after(() => line.end())
    writeDigitFolder(join(folder, 'digits'), 400)
    await line.json('datasets', 'add', '--name', 'digits', '--path', 'digits')
    writeFileSync(
      join(folder, 'plan.json'),
      JSON.stringify({
        name: 'two variants',
        dataset: 'digits',
        seeds: [1, 2, 3],
        settings: { network: { layers: [24, 8] }, training: { epochs: 3, batchSize: 32 } },
        variants: [
          { variant: 'classical', title: hostile },
          { variant: 'denoising', title: hebrew, settings: { regularizer: { rate: 0.5 } } },
        ],
      }),
    )
    const { json: made } = await line.json('experiment', 'run', 'plan.json')
    const ids: string[] = made.runs.map((one: { id: string }) => one.id)
    assert.equal(ids.length, 6)
    const { json: expected } = await line.json('compare', ...ids)

    const page = await open(`${(await serve(home)).url}#/compare?runs=${ids.join(',')}`)
    // Sentence, groups with intervals, and curves with bands.
    await page.getByText(expected.sentence, { exact: true }).waitFor()
    assert.match(expected.sentence, /95% interval|cannot tell/)
    await settles(() => rows(page).count(), 2)
    for (const name of [hostile, hebrew]) await rows(page).getByText(name, { exact: true }).waitFor()
    await rows(page).first().getByText('baseline').waitFor()
    const chart = page.getByRole('figure', { name: 'Clean squared error, validation of 2 settings' })
    await chart.and(page.locator('[data-drawn="2"]')).waitFor()
    assert.deepEqual(await barriers(page), [])

    await folds(page, expected)

    // What the table shows is what its file holds, down to the order of the rows.
    for (const show of ['Figures', 'Differences', 'Single runs'] as const) {
      await page.getByRole('radio', { name: show, exact: true }).check({ force: true })
      await page.locator('th.number.spoken button').click()
      const download = page.waitForEvent('download')
      await page
        .getByRole('button', { name: /^Save the table of .* as CSV$/ })
        .first()
        .click()
      const [head, ...body] = withoutNotes(cells((await textOf(download)).text))
      const shown = await onScreen(page)
      assert.equal(body.length, show === 'Single runs' ? 6 : 2)
      // A mean and its half width stand in two columns of the file, a difference and its interval in three, so that they stay numbers.
      const joined = body.map((row) =>
        row.reduce<string[]>((texts, text, at) => {
          if (head![at]!.endsWith('± 95%')) texts.push(`${texts.pop()!}${text === '' ? '' : ` ± ${text}`}`)
          else if (head![at]!.endsWith(', of')) texts.push(`${texts.pop()!}${text === '' ? '' : ` of ${text}`}`)
          else if (/, 95% from( \(.*\))?$/.test(head![at]!)) texts.push(`${texts.pop()!}${text === '' ? '' : ` (${text}`}`)
          else if (/, 95% to( \(.*\))?$/.test(head![at]!)) texts.push(`${texts.pop()!}${text === '' ? '' : ` to ${text})`}`)
          else texts.push(text)
          return texts
        }, []),
      )
      // Numbers have all their digits in the file.
      assert.deepEqual(
        joined.map((row, at) => row.map((text, cell) => (isRead(shown[at]?.[cell] ?? '', text) ? shown[at]![cell] : text))),
        shown,
      )
      assert.ok(shown.flat().length > 30)
      await page.getByRole('radio', { name: 'Groups of seeds' }).check({ force: true })
    }
    const tex = page.waitForEvent('download')
    await page
      .getByRole('button', { name: /^Save the table of .* as LaTeX$/ })
      .first()
      .click()
    assert.match((await textOf(tex)).text, /\\toprule[\s\S]*\\textless\{\}img/)

    // Another baseline turns the difference round; the address keeps it.
    await page.getByRole('radio', { name: 'Differences', exact: true }).check({ force: true })
    const difference = page.locator('td[data-figure=squaredError]')
    const before = await difference.nth(1).innerText()
    await page.getByLabel('Compared with').selectOption(hebrew)
    await rows(page).nth(1).getByText('baseline').first().waitFor()
    const after = await difference.nth(0).innerText()
    const value = (text: string) => Number(/(−?[\d.]+) \(/.exec(text)![1]!.replace('−', '-'))
    assert.ok(Math.abs(value(before) + value(after)) < 1e-9, `${before} against ${after}`)
    assert.match(page.url(), /baseline=group%3A/)
    await page.getByRole('radio', { name: 'Figures', exact: true }).check({ force: true })

    // What each one's loss is measured on is said, and the corrupted is not drawn over the clean.
    await page
      .getByText('Series', { exact: false })
      .filter({ hasText: / of \d/ })
      .first()
      .click()
    await page.getByRole('checkbox', { name: 'Validation loss', exact: true }).check()
    await page.keyboard.press('Escape')
    await page
      .getByRole('figure', { name: 'Validation loss on clean inputs of 1 setting' })
      .and(page.locator('[data-drawn="1"]'))
      .waitFor()
    await page
      .getByRole('figure', { name: 'Validation loss on inputs with 50% of their values masked of 1 setting' })
      .and(page.locator('[data-drawn="1"]'))
      .waitFor()
    await page.getByText(/^Their losses are not measured alike/).waitFor()

    // Those of training are smoothed without being asked for, those of validation are not.
    await page
      .getByText('Series', { exact: false })
      .filter({ hasText: / of \d/ })
      .first()
      .click()
    await page.getByRole('checkbox', { name: 'Training loss', exact: true }).check()
    await page.keyboard.press('Escape')
    await page
      .getByRole('figure', { name: /^Training loss .*, smoothed \(0\.60\)$/ })
      .first()
      .waitFor()
    await page.getByRole('figure', { name: 'Clean squared error, validation of 2 settings', exact: true }).waitFor()
    await page
      .getByText('Series', { exact: false })
      .filter({ hasText: / of \d/ })
      .first()
      .click()
    await page.getByRole('checkbox', { name: 'Training loss', exact: true }).uncheck()
    await page.keyboard.press('Escape')
    await page
      .getByRole('figure', { name: /^Training loss / })
      .first()
      .waitFor({ state: 'detached' })

    // Smoothing is of the lines: the table's numbers, and those of its file, stay what was measured.
    const measured = await page.locator('td.reading').allInnerTexts()
    await page.getByLabel('Smoothing').fill('0.97')
    await page.getByRole('figure', { name: 'Clean squared error, validation of 2 settings, smoothed (0.97)' }).waitFor()
    await page.getByText(/^Lines are smoothed exponentially/).waitFor()
    await page.locator('.charts[aria-busy=false]').waitFor()
    await settles(() => page.locator('td.reading').allInnerTexts(), measured)
    await page.getByLabel('Smoothing').fill('0')
    await page.getByText(/^Lines are smoothed exponentially/).waitFor({ state: 'detached' })

    // One crosshair for all charts and the table; a row brings its curve forward.
    const plot = chart.getByRole('application')
    await plot.focus()
    await page.keyboard.press('Home')
    await page.getByRole('columnheader', { name: 'Clean squared error, validation, epoch 0' }).waitFor()
    const first = await page.locator('td.reading').first().innerText()
    await settles(() => page.locator('figure[data-drawn] .line').count(), 3)
    await page.keyboard.press('End')
    await page.getByRole('columnheader', { name: 'Clean squared error, validation, epoch 3' }).waitFor()
    assert.ok(Number(await page.locator('td.reading').first().innerText()) < Number(first), 'the error has fallen')
    await page.keyboard.press('+')
    await page.getByRole('button', { name: 'Whole axis' }).first().waitFor()
    await page.keyboard.press('0')
    await page.getByRole('button', { name: 'Whole axis' }).first().waitFor({ state: 'detached' })
    await rows(page).nth(1).getByRole('button').focus()
    await page.locator('tr.high').filter({ hasText: hebrew }).waitFor()

    // A chart is saved as what is seen: two lines, two bands, names that are text.
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save Clean squared error, validation of 2 settings as SVG' }).click()
    const { name, text: svg } = await textOf(saved)
    assert.equal(name, 'Clean squared error, validation of 2 settings.svg')
    assert.equal(
      await page.evaluate(
        (source) =>
          new (globalThis as any).DOMParser().parseFromString(source, 'image/svg+xml').querySelectorAll('parsererror, img, script')
            .length,
        svg,
      ),
      0,
    )
    assert.ok(svg.includes('&lt;img src=x onerror') && svg.includes(hebrew))
    assert.equal(svg.match(/<path d="[^"]*Z" fill=/g)!.length, 2, 'bands')
    const picture = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save Clean squared error, validation of 2 settings as PNG' }).click()
    const png = readFileSync(await (await picture).path())
    assert.ok(png.length > 5000 && png.subarray(1, 4).toString('latin1') === 'PNG')

    // The terms of one setting, stacked; smoothing and the axes stay in the address over a reload.
    await page.getByLabel('Whose terms').selectOption(hebrew)
    await page
      .getByRole('figure', { name: `Terms of the objective of ${hebrew}, training` })
      .and(page.locator('[data-drawn="1"]'))
      .waitFor()
    await page.getByRole('radio', { name: 'Time', exact: true }).check({ force: true })
    await page.getByLabel('Smoothing').fill('0.8')
    await page.getByLabel('Log y').check()
    await page.getByRole('radio', { name: 'Single runs' }).check({ force: true })
    await page.reload()
    await page
      .getByRole('figure', { name: 'Clean squared error, validation of 6 runs, smoothed (0.80)' })
      .and(page.locator('[data-drawn="6"]'))
      .waitFor()
    await settles(() => rows(page).count(), 6)
    await settles(() => page.getByLabel('Smoothing').inputValue(), '0.8')
    assert.ok(
      (await page.getByLabel('Log y').isChecked()) && (await page.getByRole('radio', { name: 'Time', exact: true }).isChecked()),
    )
    assert.deepEqual(await barriers(page), [])

    await pictures(page)
    await codes(page)
    await relations(page)
    await tab(page, 'Settings').click()
    await page.locator('tr[data-setting="regularizer.rate"]').getByText('0.5').first().waitFor()
    await page.locator('tr[data-setting=seed]').waitFor()
    await settles(() => page.locator('tr[data-setting="network.layers"]').count(), 0, 'what is alike is not there')
    assert.deepEqual(await barriers(page), [])

    // A run's own page says what its loss is measured on, and has the clean error beside it, as a curve and in its evaluation.
    const there = page.url()
    await page.goto(
      `${there.slice(0, there.indexOf('#'))}#/runs/${made.runs.find((one: { variant: string }) => one.variant === 'denoising').id}`,
    )
    await page.getByText('on inputs with 50% of their values masked').waitFor()
    await page
      .getByRole('figure', { name: /^Clean squared error of / })
      .and(page.locator('[data-drawn="1"]'))
      .waitFor()
    await page.getByRole('checkbox', { name: /^Smooth training/ }).check()
    await page.reload()
    await settles(() => page.getByRole('checkbox', { name: /^Smooth training/ }).isChecked(), true)
    for (const figure of ['squaredError', 'corruptedSquaredError', 'brightness.shift'])
      await page.locator(`tr[data-figure="${figure}"]`).waitFor()
    await page.goto(there)
    await rows(page).nth(1).waitFor()

    // The whole as one file.
    const report = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save report' }).click()
    const html = await textOf(report)
    assert.match(html.name, /\.html$/)
    assert.ok(html.text.includes('&lt;img src=x') && !html.text.includes(hostile))
    assert.ok(!/(?:src|href)="https?:/.test(html.text), 'it asks nothing of any network')
  },
)

/** Sentence and table fold, and what is clicked comes into view below its tabs, which stay in sight. */
async function folds(page: Page, { sentences, notes }: { sentences: string[]; notes: string[] }): Promise<void> {
  const top = () => page.getByRole('tablist').evaluate((one: any) => one.getBoundingClientRect().top)
  const body = await page.locator('#view .body').evaluate((one: any) => one.getBoundingClientRect().top)
  const height = page.viewportSize()!.height
  assert.ok((await top()) < 0.66 * height, 'the tabs are on the first screen')
  const remarks = page.getByRole('button', { name: / to keep in mind$/ })
  assert.equal(await page.getByText(notes[0]!, { exact: true }).count(), 0)
  await remarks.click()
  for (const text of [...sentences.slice(1), ...notes]) await page.getByText(text, { exact: true }).first().waitFor()
  await remarks.click()

  const evaluation = page.getByRole('button', { name: 'Evaluation', exact: true })
  const before = await top()
  await evaluation.click()
  await settles(() => rows(page).count(), 0)
  assert.ok((await top()) < before - 50)
  await page.reload()
  await settles(() => rows(page).count(), 0, 'it stays folded')
  await evaluation.click()
  await settles(() => rows(page).count(), 2)

  for (const name of ['Images', 'Codes', 'Relations', 'Settings', 'Curves']) {
    await tab(page, name).click()
    await page.getByRole('tabpanel', { name, exact: true }).waitFor()
    await settles(async () => Math.abs((await top()) - body) < 2, true, name)
  }
  await page.locator('#view .body').evaluate((one: any) => one.scrollBy(0, 200))
  assert.ok(Math.abs((await top()) - body) < 2, 'the tabs stick')
  await page.locator('#view .body').evaluate((one: any) => one.scrollTo(0, 0))
}

/** Aligned rows, at any moment, of inputs that are corrupted alike, with differences. */
async function pictures(page: Page): Promise<void> {
  await page.getByRole('radio', { name: 'Groups of seeds' }).check({ force: true })
  await tab(page, 'Images').click()
  const drawn = region(page, 'Reconstructions').locator('.images canvas')
  await drawn.nth(2).waitFor()
  await settles(() => drawn.count(), 3)
  assert.equal(
    new Set(await drawn.evaluateAll((all: any[]) => all.map((canvas) => `${canvas.getBoundingClientRect().left} ${canvas.width}`)))
      .size,
    1,
    'in one column',
  )
  await page.getByLabel('Differences from the originals').check()
  await drawn.nth(4).waitFor()
  await page.getByLabel('Inputs').selectOption('masking-0.5')
  await region(page, 'Reconstructions')
    .getByRole('application', { name: /^Corrupted/ })
    .waitFor()
  await drawn.nth(5).waitFor()
  const last = await drawn.nth(2).evaluate((canvas: any) => canvas.toDataURL())
  await page.getByLabel('Moment of the training of all runs').fill('0')
  await page.getByText('Before training').first().waitFor()
  await page.waitForFunction((old) => document.querySelectorAll('.images canvas')[2]?.toDataURL() !== old, last)
  await region(page, 'First-layer filters').getByRole('application').nth(1).waitFor()
  assert.deepEqual(await barriers(page), [])
  await page.getByRole('button', { name: 'Latest', exact: true }).click()
}

/** Maps with the same images chosen in each, and histograms. */
async function codes(page: Page): Promise<void> {
  await tab(page, 'Codes').click()
  const maps = region(page, 'Codes of the same test images').getByRole('application')
  await maps.nth(1).waitFor()
  assert.match((await maps.first().getAttribute('aria-label')) ?? '', /: 60 points/)
  await page.getByRole('button', { name: '7', exact: true }).and(page.locator(':enabled')).click()
  await page.getByText('6 images chosen').waitFor()
  await maps.first().focus()
  await page.keyboard.press('ArrowRight')
  await page
    .getByText(/^Class \d, row \d+$/)
    .first()
    .waitFor()
  await region(page, 'Activations of the code units').getByRole('application').nth(1).waitFor()
  assert.deepEqual(await barriers(page), [])
}

/** Brushing by keyboard chooses runs in every part; what is chosen can be compared by itself. */
async function relations(page: Page): Promise<void> {
  await page.getByRole('radio', { name: 'Single runs' }).check({ force: true })
  await tab(page, 'Relations').click()
  const range = page.getByRole('group', { name: 'Range of Variant' }).getByLabel('To')
  await range.waitFor({ state: 'attached' })
  await page.getByRole('application', { name: /: 6 dots/ }).waitFor()
  assert.deepEqual(await barriers(page), [])
  await range.fill('0.4')
  await page.getByText('3 of 6 runs chosen').waitFor()
  await settles(() => page.locator('tr.faint').count(), 3)
  await tab(page, 'Curves').click()
  await page.getByText('3 of 6 runs chosen').waitFor()
  await page.getByRole('button', { name: 'Select all' }).click()
  await settles(() => page.locator('tr.faint').count(), 0)
  await tab(page, 'Relations').click()
  await page.getByRole('button', { name: 'Select the Pareto front' }).click()
  await page.getByText(/of 6 runs chosen/).waitFor()
}
