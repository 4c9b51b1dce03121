import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { writeShapesFolder } from '../fixtures/shapesFolder.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { isRead } from './rounded.ts'
import { settles } from './settles.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const location: { hash: string }, navigator: any

const go = (page: Page, address: string): Promise<unknown> =>
  page.evaluate((hash) => {
    location.hash = hash
  }, address)
const heading = (page: Page, name: string): Locator => page.getByRole('heading', { name, level: 1, exact: true })
const start = (page: Page): Locator => page.getByRole('button', { name: 'Start', exact: true })
const beside = (page: Page): Locator => page.getByRole('complementary')
const results = (page: Page): Locator => page.getByRole('table', { name: 'Runs and results by configuration' })

browserTest(
  'an experiment is planned from a template, watched to its end, read, packed, removed and brought back',
  async ({ folder, serve, open }) => {
    await writeShapesFolder(join(folder, 'pictures'), 240)
    const page = await open((await serve(join(folder, 'home'))).url)
    await page.getByLabel('Folder or file', { exact: true }).fill(join(folder, 'pictures'))
    await page.getByLabel('Channels').selectOption('Gray')
    await page.getByRole('button', { name: 'Import', exact: true }).and(page.locator(':enabled')).click()
    await page.getByText(/has been imported: \d+ images/).waitFor()

    await go(page, '#/experiments')
    await page.getByText('No experiments yet').waitFor()
    await page.getByRole('list', { name: 'Templates' }).getByRole('listitem').nth(7).waitFor()
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('button', { name: /Rate of corruption/ }).click()
    await heading(page, 'New experiment').waitFor()

    // The plan says what it comes to while it is written, and what is wrong stands where it is wrong.
    await beside(page).getByText('18 runs').waitFor()
    await page.getByLabel('Seeds').fill('1-2, 2')
    await page.getByText('The seed 2 is listed twice').waitFor()
    await settles(() => start(page).isDisabled(), true)
    await page.getByLabel('Seeds').fill('1-2')
    await beside(page).getByText('12 runs').waitFor()
    const denoising = page.getByRole('group', { name: 'Settings of Denoising' })
    await page.getByRole('button', { name: 'Denoising', exact: false, expanded: false }).click()
    const rate = denoising.getByLabel('Rate', { exact: true })
    await rate.fill('0.1 to 0.3')
    await denoising.getByText('How many values are there from 0.1 to 0.3?').waitFor()
    await rate.fill('0.1 to 0.3, 3')
    await denoising.getByText('3 values: 0.1, 0.2, 0.3').waitFor()
    await rate.fill('1.5')
    await denoising.locator('[aria-invalid=true]').waitFor()
    await settles(() => start(page).isDisabled(), true)
    assert.deepEqual(await barriers(page), [])
    await rate.fill('0.3')
    await page.getByLabel('Layers').fill('24')
    await page.getByLabel('Epochs', { exact: true }).fill('4')
    await page.getByLabel('Batch size').fill('16')
    await beside(page).getByText('4 runs').waitFor()
    await denoising.getByLabel('Override a shared setting').selectOption('training.learningRate')
    await denoising.getByLabel('Learning rate').fill('0.002')
    await beside(page).getByText('≠ learning rate').waitFor()
    await beside(page)
      .getByText(/^about [\d.]+ (s|min)/)
      .waitFor()

    // As text it is the same plan again; what was on the form can be brought back.
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Copy as JSON' }).click()
    const plan = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))
    assert.deepEqual(plan.seeds, [1, 2])
    assert.deepEqual(plan.variants[1], {
      variant: 'denoising',
      settings: { 'regularizer.noise': 'masking', 'training.learningRate': 0.002, 'regularizer.rate': 0.3 },
    })
    await page.getByRole('button', { name: 'Open a plan' }).click()
    await page.getByLabel('Plan', { exact: true }).fill('{ "name": ')
    await page.getByRole('button', { name: 'Fill the form' }).click()
    await page.getByText('This is not JSON').waitFor()
    await page
      .getByLabel('Plan', { exact: true })
      .fill(JSON.stringify({ ...plan, name: '<img src=x onerror=alert(1)>', seeds: [7, 8, 9] }))
    await page.getByRole('button', { name: 'Fill the form' }).click()
    await page.getByText('The plan fills the form.').waitFor()
    assert.deepEqual(
      [await page.getByLabel('Name', { exact: true }).inputValue(), await page.getByLabel('Seeds').inputValue()],
      ['<img src=x onerror=alert(1)>', '7-9'],
    )
    await page.keyboard.press('Tab')
    await page.getByRole('button', { name: 'Undo' }).click()
    await beside(page).getByText('4 runs').waitFor()
    await settles(() => page.getByLabel('Seeds').inputValue(), '1, 2')
    await page.getByLabel('Name', { exact: true }).fill('Corruption')

    // Watched to its end: every mark becomes a full one, and the figures come.
    await start(page).and(page.locator(':enabled')).click()
    await heading(page, 'Corruption').waitFor()
    await page.getByRole('progressbar', { name: 'Progress of Corruption' }).waitFor()
    await page.locator('[data-state=ended]').waitFor({ timeout: 180_000 })
    const marks = results(page).locator('a[data-state]')
    await results(page).locator('a[data-state=completed]').nth(3).waitFor()
    assert.deepEqual(await marks.evaluateAll((all: any[]) => all.map((mark) => mark.dataset.state)), Array(4).fill('completed'))
    await page.getByText(/^4 of 4 runs$/).waitFor()
    await page
      .getByText(/, 2 seeds\.$/)
      .first()
      .waitFor()
    await results(page).getByText('baseline', { exact: true }).waitFor()

    // The figures are the means of what the marks say of each seed, with Student's interval: of two seeds 12.706 times their
    // deviation over the root of 2.
    await page.getByLabel('Figure').selectOption('squaredError')
    await results(page).getByText('Squared error').waitFor()
    const labels = await marks.evaluateAll((all: any[]) => all.map((mark) => mark.getAttribute('aria-label') as string))
    const values = labels.map((label) => Number(/squared error ([\d.]+)/.exec(label)?.[1]))
    const shown = (await results(page).locator('td.mean').allInnerTexts()).map(
      (text) => /([\d.]+) ± ([\d.]+)/.exec(text)!.slice(1).map(Number) as [number, number],
    )
    assert.equal(shown.length, 2)
    shown.forEach(([mean, half], cell) => {
      const [a, b] = [values[2 * cell]!, values[2 * cell + 1]!]
      assert.ok(a > 0 && b > 0, labels.join('; '))
      // On screen are rounded values, so that much is left open.
      const digits = (value: number): number => /\.(\d+)/.exec(String(value))?.[1]!.length ?? 0
      assert.ok(Math.abs(mean - (a + b) / 2) <= 0.005 + 10 ** -digits(mean), `${mean} is the mean of ${a} and ${b}`)
      assert.ok(
        Math.abs(half - (12.7062 * Math.abs(a - b)) / 2) <= 12.7062 * 0.005 + 10 ** -digits(half),
        `${half} is half the interval of ${a} and ${b}`,
      )
    })
    await results(page).locator('tr[data-cell="1"]').getByText('≠', { exact: false }).first().waitFor()
    assert.deepEqual(await barriers(page), [])

    // Arrow keys go from mark to mark, Enter to the run.
    await marks.first().focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    assert.equal(
      await page.evaluate(() => (globalThis as any).document.activeElement.getAttribute('aria-label').split(':')[0]),
      'Denoising, seed 2',
    )
    await page.keyboard.press('Enter')
    await heading(page, 'Denoising, seed 2').waitFor()
    await page.goBack()
    await heading(page, 'Corruption').waitFor()

    // Packed, removed, brought back, removed and unpacked.
    const file = join(folder, 'corruption.experiment.zip')
    await page.getByRole('button', { name: 'Pack into a file' }).click()
    const packing = page.getByRole('form', { name: 'Pack into a file' })
    await packing.getByLabel('File').fill(file)
    await packing.getByRole('button', { name: 'Pack', exact: true }).click()
    await packing.getByText('whole and with checksums').waitFor()
    assert.ok(existsSync(file) && statSync(file).size > 10_000)
    await page.getByRole('button', { name: 'Remove', exact: true }).click()
    await heading(page, 'Experiments').waitFor()
    await page.getByText('“Corruption” was removed with 4 runs.').waitFor()
    await page.getByText('No experiments yet').waitFor()
    await page.keyboard.press('Control+z')
    await page.getByRole('link', { name: 'Corruption' }).waitFor()
    await page.getByRole('button', { name: 'Remove Corruption' }).click()
    await page.getByText('No experiments yet').waitFor()
    await page.getByRole('button', { name: 'Unpack' }).click()
    const unpack = page.getByRole('form', { name: 'Unpack an experiment' })
    await unpack.getByLabel('File').fill(file)
    await unpack.getByRole('button', { name: 'Unpack', exact: true }).click()
    await unpack.getByText('is here, with its 4 runs').waitFor()
    assert.deepEqual(await barriers(page), [])
    await unpack.getByRole('link', { name: 'Corruption' }).click()
    await page.getByText(/^4 of 4 runs$/).waitFor()
    await results(page).getByText('baseline', { exact: true }).waitFor()

    // Storage tells what everything occupies; the bin holds what was removed, and can be emptied.
    await page.getByRole('navigation').getByRole('link', { name: 'Storage' }).click()
    const thin = page.getByRole('region', { name: 'Thin out runs' })
    await thin.getByText('there is nothing to thin out').waitFor()
    await thin.getByLabel('Copies of the weights').fill('1')
    await page.keyboard.press('Tab')
    await thin.getByText(/of 4 runs can go: \d+ snapshots\./).waitFor()
    await thin.getByRole('button', { name: 'Thin out …' }).click()
    assert.deepEqual(await barriers(page), [])
    await thin.getByRole('button', { name: 'Thin out', exact: true }).click()
    await thin.getByText('there is nothing to thin out').waitFor()
    await thin.getByLabel('Copies of the weights').fill('99')
    await page.keyboard.press('Tab')
    await thin.getByText('From 1 to 22 copies are kept; 1 still are.').waitFor()
    const bin = page.getByRole('region', { name: 'Bin' })
    await bin.getByRole('row', { name: /Corruption/ }).waitFor()
    await page
      .getByRole('region', { name: 'Datasets' })
      .getByRole('row', { name: /4 runs/ })
      .waitFor()
    assert.deepEqual(await barriers(page), [])
    await bin.getByRole('button', { name: 'Empty the bin' }).click()
    await bin.getByRole('button', { name: 'Delete for good' }).click()
    await bin.getByText('Nothing was removed recently').waitFor()

    // The same plan again needs no training.
    await go(page, '#/experiments')
    await page.getByRole('link', { name: 'Corruption' }).click()
    await page.getByRole('link', { name: 'Plan again' }).click()
    await beside(page).getByText('4 runs already trained', { exact: true }).waitFor()
    await beside(page).getByText('none', { exact: true }).waitFor()
  },
)

browserTest(
  'two experiments share a queue: order, trainers at once, pause, cancel and retry',
  async ({ folder, serve, open, complaints }) => {
    const page = await open((await serve(join(folder, 'home'))).url)
    await page.getByLabel('Folder or file', { exact: true }).fill('moons')
    await page.getByRole('button', { name: 'Import', exact: true }).and(page.locator(':enabled')).click()
    await page.getByText(/has been imported: [\d,]+ rows/).waitFor()
    const plan = (name: string, epochs: number) =>
      JSON.stringify({
        name,
        dataset: 'moons',
        seeds: [1, 2],
        settings: { network: { layers: [8, 2] }, training: { epochs, batchSize: 8 } },
        variants: [{ variant: 'classical' }, { variant: 'denoising' }],
      })
    const begin = async (name: string, epochs: number): Promise<void> => {
      await page.keyboard.press('e')
      await heading(page, 'New experiment').waitFor()
      await page.getByRole('button', { name: 'Open a plan' }).click()
      await page.getByLabel('Plan', { exact: true }).fill(plan(name, epochs))
      await page.getByRole('button', { name: 'Fill the form' }).click()
      await beside(page).getByText('4 runs').waitFor()
      await start(page).and(page.locator(':enabled')).click()
      await heading(page, name).waitFor()
      await page.locator('h1').click()
    }
    await page.locator('h1').click()
    await begin('long', 2000)
    await page.getByText('1 in training, 3 waiting').waitFor()
    await begin('short', 1)
    await beside(page).getByText('4 runs wait, behind 3 others.').waitFor()

    // The order of the queue is changed with the keyboard, and the focus stays with what was moved.
    await go(page, '#/experiments')
    const waiting = beside(page).getByRole('list', { name: 'Waiting' }).getByRole('listitem')
    await waiting.nth(1).getByText('short').waitFor()
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('button', { name: 'Move short up' }).focus()
    await page.keyboard.press('Enter')
    await waiting.nth(0).getByText('short').waitFor()
    await page.getByRole('button', { name: 'Move short down' }).focus()
    await page.keyboard.press('Enter')
    await waiting.nth(1).getByText('short').waitFor()
    await page.getByRole('button', { name: 'Train short first' }).click()
    await waiting.nth(0).getByText('short').waitFor()

    // With two trainers the short one goes on beside the long one, and its end is told wherever one is.
    await beside(page).getByLabel('Parallel trainers').fill('0')
    await page.keyboard.press('Tab')
    await beside(page)
      .getByText(/^From 1 to 64 runs train in parallel; still \d+\.$/)
      .waitFor()
    await beside(page).getByLabel('Parallel trainers').fill('2')
    await page.keyboard.press('Tab')
    await go(page, '#/storage')
    await page.getByText('“short” has ended: 4 of 4 runs completed.').waitFor({ timeout: 120_000 })
    await page.getByRole('button', { name: 'Show results' }).click()
    await heading(page, 'short').waitFor()
    await page.locator('[data-state=ended]').waitFor()

    // Pausing keeps everything; cancelling is for good until it is tried again.
    await go(page, '#/experiments')
    await page.getByRole('link', { name: 'long', exact: true }).first().click()
    await heading(page, 'long').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.locator('[data-state=paused]').first().waitFor()
    await page.getByText('4 paused').waitFor()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText(/2 in training, 2 waiting/).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.locator('span[data-state=cancelled]').waitFor()
    await page.getByText('4 cancelled').waitFor()
    await page.getByRole('button', { name: 'Retry 4 runs' }).click()
    await page.getByText(/2 in training, 2 waiting/).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('4 cancelled').waitFor()

    // A plan that is not possible, and an experiment that is not there, are said.
    await go(page, '#/experiments/nothing')
    await page.getByText('This experiment is not here').waitFor()
    assert.deepEqual(await barriers(page), [])
    assert.deepEqual(complaints, [])
  },
)

/** Cells of a CSV, quotes resolved. */
const cellsOf = (text: string): string[][] =>
  text
    .split('\r\n')
    .filter(Boolean)
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
      ),
    )

browserTest(
  'a plan is opened by its path; a baseline of several cells goes along to the comparison; the results are taken away as they stand',
  async ({ folder, serve, open }) => {
    const page = await open((await serve(join(folder, 'home'))).url)
    await page.getByLabel('Folder or file', { exact: true }).fill('moons')
    await page.getByRole('button', { name: 'Import', exact: true }).and(page.locator(':enabled')).click()
    await page.getByText(/has been imported: [\d,]+ rows/).waitFor()
    const file = join(folder, 'formulas.json')
    writeFileSync(
      file,
      JSON.stringify({
        name: '@formulas',
        dataset: 'moons',
        seeds: [1, 2],
        settings: { 'network.layers': [8, 2], 'training.epochs': 1, 'training.batchSize': 64 },
        baseline: 0,
        variants: [
          { variant: 'denoising', title: '=1+1', sweep: { 'regularizer.rate': [0.1, 0.3] } },
          { variant: 'classical', title: '-2+3' },
          { variant: 'dropout', title: '+cmd|calc' },
        ],
      }),
    )
    await go(page, '#/experiments/new')
    await page.getByRole('button', { name: 'Open a plan' }).click()
    const opened = page.getByRole('form', { name: 'Open the file of a plan' })
    await opened.getByLabel('File', { exact: true }).fill(join(folder, 'nowhere.json'))
    await opened.getByRole('button', { name: 'Open', exact: true }).click()
    await page.getByText(/There is nothing at .*nowhere\.json; check the path/).waitFor()
    // What begins so is offered.
    await opened.getByLabel('File', { exact: true }).fill('')
    await opened.getByLabel('File', { exact: true }).pressSequentially(join(folder, 'form'))
    await opened.getByRole('option', { name: file }).click()
    await settles(() => opened.getByLabel('File', { exact: true }).inputValue(), file)
    assert.deepEqual(await barriers(page), [])
    await opened.getByRole('button', { name: 'Open', exact: true }).click()
    await beside(page).getByText('8 runs').waitFor()
    await beside(page)
      .getByText(/The baseline has several values of “Rate”: the others are compared with the first/)
      .waitFor()

    // Saved and opened again, it is the same plan.
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save as JSON' }).click()
    const plan = JSON.parse(readFileSync((await (await saved).path())!, 'utf8'))
    assert.deepEqual(
      [plan.name, plan.dataset, plan.seeds, plan.baseline, plan.variants[0]],
      ['@formulas', 'moons', [1, 2], 0, { variant: 'denoising', title: '=1+1', sweep: { 'regularizer.rate': [0.1, 0.3] } }],
    )
    await start(page).and(page.locator(':enabled')).click()
    await heading(page, '@formulas').waitFor()
    await page.locator('[data-state=ended]').waitFor({ timeout: 120_000 })
    await results(page).locator('a[data-state=completed]').nth(7).waitFor()
    await results(page).locator('td.mean').filter({ hasText: '±' }).nth(3).waitFor()

    // Every number of the file stands on the screen, and every number on the screen in the file, in this order and in that of the figure.
    for (const order of ['plan', 'figure'] as const) {
      await page.getByLabel('Figure').selectOption('squaredError')
      await page.getByLabel('Order').selectOption(order)
      await results(page).getByText('Squared error').waitFor()
      const shown = await results(page)
        .locator('tbody tr')
        .evaluateAll((all: any[]) =>
          all.map((row) => {
            const text = (selector: string): string => {
              const copy = row.querySelector(selector).cloneNode(true)
              copy.querySelectorAll('.diamond, .sign, .visually-hidden').forEach((sign: any) => sign.remove())
              // A file has the hyphen, which programs read as a minus.
              return copy.textContent.trim().replace(/^–$/, '').replaceAll('−', '-')
            }
            const [, mean = '', half = ''] = /^(\S+) ± (\S+)$/.exec(text('td.mean')) ?? []
            const [, difference = text('td.difference'), low = '', high = ''] =
              /^(\S+) \((\S+) to (\S+)\)$/.exec(text('td.difference')) ?? []
            const seeds = [...row.querySelectorAll('a[data-state]')].map(
              (mark: any) => /squared error (-?[\d.e-]+)/.exec(mark.getAttribute('aria-label'))![1]!,
            )
            return [
              text('th .clip'),
              text('td.value'),
              ...seeds,
              mean,
              half,
              ...(difference === 'baseline'
                ? ['', '', '', '', 'baseline']
                : [difference, low, high, text('td.p'), text('td.verdict')]),
            ]
          }),
        )
      const download = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Save the table of results as CSV' }).click()
      const [head, ...rows] = cellsOf(readFileSync((await (await download).path())!, 'utf8'))
      // So short a training rebuilds nothing, which is said beside its figures.
      assert.ok(rows.every((row) => /no better than one picture|the same for every input/.test(row.at(-1)!)))
      const body = rows.map((row) => row.slice(0, -1))
      assert.deepEqual(head, [
        'Configuration',
        'Rate',
        'Squared error, seed 1 (per sample)',
        'Squared error, seed 2 (per sample)',
        'Squared error (per sample)',
        'Squared error (per sample) ± 95%',
        'Difference to the baseline (per sample)',
        'Difference, 95% from (per sample)',
        'Difference, 95% to (per sample)',
        'p corrected (Holm)',
        'Verdict',
        'Note',
      ])
      const wanted = shown.map(([title, ...cells]) => [`'${title}`, ...cells])
      assert.deepEqual(
        body.map((row, at) => row.map((cell, column) => (isRead(wanted[at]?.[column] ?? '', cell) ? wanted[at]![column] : cell))),
        wanted,
        'numbers have all their digits, and no name is a formula',
      )
      assert.deepEqual(body.map(([title]) => title).sort(), ["'+cmd|calc", "'-2+3", "'=1+1", "'=1+1"])
      assert.ok(
        body.every((cells) => cells.slice(2, 6).every((cell) => Number(cell) > 0)),
        'numbers are numbers',
      )
    }
    assert.deepEqual(await barriers(page), [])

    // The comparison is with the same cell, though two are the baseline's, and names the cells as the plan does.
    const sentence = await page
      .locator('.results p, .results li')
      .filter({ hasText: /2 seeds/ })
      .first()
      .innerText()
    await page
      .getByRole('link', { name: 'Compare', exact: true })
      .or(page.getByRole('button', { name: 'Compare', exact: true }))
      .last()
      .click()
    await page.getByText(sentence, { exact: true }).first().waitFor()
    await settles(() => page.getByLabel('Compared with').locator('option:checked').innerText(), '=1+1, rate 0.1')
    await page.getByRole('radio', { name: 'Differences', exact: true }).check({ force: true })
    await page.locator('tr[data-row]').filter({ hasText: '=1+1, rate 0.1' }).getByText('baseline').first().waitFor()
    await page.getByLabel('Compared with').selectOption('-2+3')
    await page.locator('tr[data-row]').filter({ hasText: '-2+3' }).getByText('baseline').first().waitFor()
    await page.getByLabel('Compared with').selectOption('')
    await page.locator('tr[data-row]').filter({ hasText: '=1+1, rate 0.1' }).getByText('baseline').first().waitFor()
    assert.deepEqual(await barriers(page), [])
  },
)
