// `npm run screenshots`: pictures of every view, light and dark, 1000, 1280 and 1920 pixels wide, to look at after a change. Needs
// a Chromium.
// `npm run screenshots -- [--home DIR] [--out DIR] [--only WORD ...] [--width PIXELS ...] [--photos DIR]`. Without --home everything
// is made anew in a temporary folder, in a few minutes: datasets, experiments and runs of what they lack, an exported file, kept
// codes. A home that is given is filled with what is missing of these, and kept. --photos: only views of these photographs, in
// folders by class. With --readme only the README's pictures are taken, into docs/.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { chromiumFlags, findChromium } from '../test/e2e/chromium.ts'
import { ensureBuilt } from './build.mjs'
import { exampleFolder, fill, fillColours, fillPhotos, liveRun } from './screenshots/fill.mjs'
import { emptyScenes, filledScenes, photoScenes, readmeScenes } from './screenshots/scenes.mjs'
import { closeAll, serve } from './screenshots/serve.mjs'
import { root } from './setup/places.mjs'
import { fail, say, SetupError } from './setup/report.mjs'

const sizes = [
  { width: 1000, height: 700 },
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
]
const schemes = ['light', 'dark']

/** Takes the pictures; a scene that cannot be had is said and does not stop the others. */
async function take(browser, url, list, { out, sizes, lost }) {
  let missed = 0
  for (const colorScheme of schemes) {
    for (const viewport of sizes) {
      const page = await (await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' })).newPage()
      page.setDefaultTimeout(30_000)
      page.on('pageerror', (error) => say(`The page says: ${error.message}`))
      for (const [name, address, ready] of list) {
        const picture = join(out, `${name}-${colorScheme}-${viewport.width}.png`)
        try {
          await page.goto('about:blank')
          await page.goto(url + address)
          await page.locator('main').first().waitFor()
          await ready?.(page)
          await page.evaluate(() => document.fonts.ready)
          await page.screenshot({ path: picture })
        } catch (error) {
          missed += 1
          say(`${name} (${colorScheme}, ${viewport.width}): ${error.message.split('\n')[0]}`)
          await page.screenshot({ path: picture.replace('.png', '-missed.png') }).catch(() => {})
        }
      }
      if (lost) {
        await page.goto('about:blank')
        await page.goto(`${url}#/runs`)
        await page.getByRole('row').nth(1).waitFor()
        lost.pages.push([page, join(out, `lost-${colorScheme}-${viewport.width}.png`)])
      } else await page.context().close()
    }
  }
  return missed
}

/** The README's pictures, light, in the width of its column. */
async function takeReadme(browser, url, list) {
  for (const [name, address, ready, height] of list) {
    const page = await (await browser.newContext({ viewport: { width: 1320, height }, reducedMotion: 'reduce' })).newPage()
    await page.goto(url + address)
    await ready(page)
    await page.evaluate(() => document.fonts.ready)
    await page.screenshot({ path: join(root, 'docs', `${name}.png`) })
    await page.context().close()
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      home: { type: 'string' },
      out: { type: 'string', default: 'test-results/screenshots' },
      only: { type: 'string', multiple: true },
      width: { type: 'string', multiple: true },
      photos: { type: 'string' },
      readme: { type: 'boolean' },
    },
  })
  const executablePath = findChromium()
  if (!executablePath) throw new SetupError('There is no Chromium: install it, or set WORKBENCH_TEST_CHROMIUM to its path.')
  await ensureBuilt()
  const out = resolve(values.out)
  const temporary = await mkdtemp(join(tmpdir(), 'workbench-screenshots-'))
  const wanted = (list) => list.filter(([name]) => !values.only || values.only.some((word) => name.includes(word)))
  const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] })
  try {
    if (values.readme) {
      const server = await serve(values.home ? resolve(values.home) : join(temporary, 'home'))
      await takeReadme(browser, server.url, readmeScenes(await fillColours(server)))
      return say('The pictures are in docs')
    }
    await mkdir(out, { recursive: true })
    const how = { out, sizes: sizes.filter(({ width }) => !values.width || values.width.includes(String(width))) }
    let missed = 0
    if (values.photos) {
      const server = await serve(values.home ? resolve(values.home) : join(temporary, 'home'))
      const folder = resolve(values.photos)
      missed = await take(browser, server.url, wanted(photoScenes(await fillPhotos(server, folder), folder)), how)
      await server.close()
      say(`The pictures are in ${out}${missed ? `; ${missed} could not be taken` : ''}`)
      process.exitCode = missed ? 1 : 0
      return
    }

    const empty = await serve(join(temporary, 'empty'))
    missed += await take(browser, empty.url, wanted(emptyScenes(await exampleFolder(join(temporary, 'fruit')))), how)
    await empty.close()

    const filled = await serve(values.home ? resolve(values.home) : join(temporary, 'home'))
    const made = await fill(filled, temporary)
    const live = await liveRun(filled, made.datasets.mnist)
    const lost = { pages: [] }
    missed += await take(browser, filled.url, wanted(filledScenes({ ...made, live: live.id })), { ...how, lost })
    await live.end()
    await filled.close()
    for (const [page, picture] of lost.pages) {
      await page.getByRole('alert').waitFor()
      await page.screenshot({ path: picture })
    }
    say(`The pictures are in ${out}${missed ? `; ${missed} could not be taken` : ''}`)
    process.exitCode = missed ? 1 : 0
  } finally {
    await browser.close()
    await closeAll()
    await rm(temporary, { recursive: true, force: true, maxRetries: 5 })
  }
}

await main().catch(fail)
