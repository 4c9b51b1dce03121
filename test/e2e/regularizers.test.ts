import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { settles } from './settles.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const document: any, location: { hash: string }

const beside = (page: Page) => page.getByRole('complementary')
const results = (page: Page) => page.getByRole('table', { name: 'Runs and results by configuration' })

browserTest(
  'all regularizers are compared on a small folder of images: planned, watched to ' +
    'the end, told apart, looked at, and taken away as a file that needs nothing',
  async ({ folder, serve, open }) => {
    const pictures = join(folder, 'pictures')
    writeDigitFolder(pictures, 300)
    const page = await open((await serve(join(folder, 'home'))).url)
    await page.getByLabel('Folder or file', { exact: true }).fill(pictures)
    await page.getByRole('button', { name: 'Import', exact: true }).and(page.locator(':enabled')).click()
    await page.getByText(/has been imported: \d+ images/).waitFor()
    await page.evaluate(() => {
      location.hash = '#/experiments/new'
    })
    await page.getByRole('button', { name: /Compare all regularizers/ }).click()
    await page.getByLabel('Seeds').fill('1-2')
    await page.getByLabel('Epochs', { exact: true }).fill('2')
    // What is wrong with a variant is said though it is folded.
    await page.getByLabel('Layers').fill('4')
    await page
      .locator('li[data-variant=kSparse]')
      .getByText(/The code has 4 units; set “k”/)
      .waitFor()
    await page.getByLabel('Layers').fill('64')
    await beside(page).getByText('20 runs').waitFor()
    await page.getByRole('button', { name: 'Start', exact: true }).and(page.locator(':enabled')).click()

    await page.locator('[data-state=ended]').waitFor({ timeout: 240_000 })
    await results(page).locator('a[data-state=completed]').nth(19).waitFor()
    await results(page).locator('td.mean').filter({ hasText: '±' }).nth(9).waitFor()
    const told = await page
      .getByText(/, 2 seeds[;.]/)
      .first()
      .innerText()
    await settles(() => results(page).getByText('baseline', { exact: true }).count(), 1)
    await settles(
      () => results(page).locator('th .clip').allInnerTexts(),
      [
        'PCA',
        'Classical',
        'Weight decay',
        'Denoising',
        'Contractive',
        'Sparse by KL',
        'Sparse by bias',
        'Sparse by L1',
        'k-sparse',
        'Dropout',
      ],
    )

    // The same sentence beside curves with bands and rows of the same images.
    await page
      .getByRole('link', { name: 'Compare', exact: true })
      .or(page.getByRole('button', { name: 'Compare', exact: true }))
      .last()
      .click()
    await page.getByText(told, { exact: true }).first().waitFor()
    await page
      .getByRole('figure', { name: 'Clean squared error, validation of 10 settings' })
      .and(page.locator('[data-drawn="10"]'))
      .waitFor()
    await page.getByRole('tab', { name: 'Images', exact: true }).click()
    const drawn = page.getByRole('region', { name: 'Reconstructions', exact: true }).locator('.images canvas')
    await drawn.nth(10).waitFor()
    assert.equal(
      new Set(
        await drawn.evaluateAll((all: any[]) => all.map((canvas) => `${canvas.getBoundingClientRect().left} ${canvas.width}`)),
      ).size,
      1,
      'in one column',
    )
    assert.deepEqual(await barriers(page), [])

    // The report is carried elsewhere and opened without the workbench and without a network; it shows all of it, and prints.
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save report' }).click()
    const elsewhere = join(folder, 'elsewhere', 'report.html')
    mkdirSync(join(folder, 'elsewhere'))
    copyFileSync((await (await saved).path())!, elsewhere)
    const context = await page.context().browser()!.newContext({ offline: true })
    const report = await context.newPage()
    const asked: string[] = [],
      said: string[] = []
    report.on('request', (request) => {
      if (!request.url().startsWith('data:')) asked.push(request.url())
    })
    report.on('console', (message) => {
      said.push(message.text())
    })
    await report.goto(pathToFileURL(elsewhere).href)
    await report.getByText(told, { exact: true }).waitFor()
    const shown = await report.evaluate(() => ({
      pictures: [...document.images].map((image: any) => image.complete && image.naturalWidth > 0),
      seeds: [...document.querySelectorAll('svg g')].filter((group: any) => group.querySelectorAll(':scope > circle').length >= 2)
        .length,
      scripts: document.scripts.length,
      wider: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    }))
    assert.ok(
      shown.pictures.length >= 21 && shown.pictures.every(Boolean),
      `${shown.pictures.length} pictures: originals, reconstructions and filters of ten`,
    )
    assert.ok(shown.seeds >= 18, `${shown.seeds} rows of dots: two seeds of nine that have curves`)
    assert.deepEqual([shown.scripts, shown.wider, asked, said], [0, false, [pathToFileURL(elsewhere).href], []])
    const pdf = await report.pdf({ preferCSSPageSize: true })
    assert.ok(pdf.subarray(0, 5).toString() === '%PDF-' && pdf.length > 50_000)
    await context.close()
  },
)
