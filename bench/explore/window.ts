import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { chromiumFlags, findChromium } from '../../test/e2e/chromium.ts'
import { drawn } from '../../test/e2e/canvas.ts'
import { idleFrames } from '../table/page.ts'
import { serve } from '../table/command.ts'
import { clicks, dragOver, hoverOver, presses, slide, watch, watched, type Seen } from './page.ts'

/** What the page's scripts see; benchmarks are compiled without the DOM's types. */
declare const document: any

const root = fileURLToPath(new URL('../..', import.meta.url))
const seconds = 5
const viewport = { width: 1440, height: 900 }

const sorted = (times: readonly number[]) => [...times].sort((a, b) => a - b)
const median = (times: readonly number[]) => sorted(times)[times.length >> 1]!
const high = (times: readonly number[]) => sorted(times)[Math.floor(times.length * 0.95)]!
const settled = (page: Page) => page.waitForFunction(() => !document.querySelector('main .skeleton, main .answer[aria-busy=true]'))

/**
 * What a person sees in the window, in Chromium: pictures under a pointer that is dragged over a manifold, neighbours after a
 * click, fields while a slider moves.
 * @param runs ids of trained runs in the home folder @returns Markdown
 */
export async function measureWindow(home: string, runs: { denoising: string; plane: string; circle: string }): Promise<string> {
  const executablePath = findChromium()
  if (!executablePath) throw new Error('there is no Chromium: install it, or set WORKBENCH_TEST_CHROMIUM to its path')
  const { ensureBuilt } = (await import(`${root}scripts/build.mjs`)) as { ensureBuilt(): Promise<boolean> }
  await ensureBuilt()
  const engine = await serve(home)
  const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] })
  try {
    const page = await (await browser.newContext({ viewport })).newPage()
    page.setDefaultTimeout(120_000)
    const look = async (run: string, view: string) => {
      await page.goto('about:blank')
      await page.goto(`${engine.url}#/explore/${run}/${view}`)
    }
    const watching: string[] = [],
      waiting: string[] = []
    const rate = (title: string, seen: Seen) => {
      watching.push(
        `| ${title} | ${(seen.shown / seen.seconds).toFixed(0)} | ${seen.longestWait.toFixed(0)} | ` +
          `${(seen.frames / seen.seconds).toFixed(0)} | ${seen.medianFrame.toFixed(0)} | ${seen.worstFrame.toFixed(0)} ` +
          '|',
      )
      console.error(watching.at(-1))
    }
    const wait = (title: string, first: number, times: readonly number[]) => {
      waiting.push(`| ${title} | ${first.toFixed(0)} | ${median(times).toFixed(0)} | ${high(times).toFixed(0)} |`)
      console.error(waiting.at(-1))
    }

    await look(runs.plane, 'manifold')
    const grid = page.getByRole('application', { name: /^Manifold of/ })
    await drawn(grid, 5000)
    const idle = await idleFrames(page, 300)
    for (const [title, name] of [
      ['dragging over the manifold of 2 units', /^Manifold of/],
      ['the same over the codes', /^Codes of/],
    ] as const) {
      await watch(page, { selector: '[data-decoded]', attribute: 'decoded' })
      await dragOver(page, page.getByRole('application', { name }), seconds)
      rate(title, await watched(page))
    }
    await look(runs.denoising, 'manifold')
    await drawn(grid, 5000)
    await watch(page, { selector: '[data-decoded]', attribute: 'decoded' })
    await dragOver(page, grid, seconds)
    rate('dragging over a plane through a code of 64 units', await watched(page))

    const begin = performance.now()
    await look(runs.denoising, 'similar')
    await page.getByRole('listbox', { name: /^Nearest in the code/ }).waitFor()
    const first = performance.now() - begin
    wait('neighbours of a clicked image among 70,000, in codes of 64 units and in pixels', first, await clicks(page))

    for (const [title, run, address] of [
      ['a circle', runs.circle, 'field?noise=gaussian&amount=0.2'],
      ['three digits', runs.denoising, 'field?noise=gaussian&amount=0.2'],
    ] as const) {
      const start = performance.now()
      await look(run, address)
      const plane = page.getByRole('application', { name: /^Field of/ })
      await drawn(plane, 3000)
      await settled(page)
      const opened = performance.now() - start
      const slider = page.getByRole('slider', { name: /Standard deviation/ })
      wait(
        `the field of ${title} with its paths, after the amount of noise was changed`,
        opened,
        await presses(slider, '[aria-label^="Field of"] canvas', 8),
      )
      await settled(page)
      await watch(page, { canvas: '[aria-label^="Field of"] canvas' })
      await slide(slider, seconds)
      rate(`moving the amount of noise, the field of ${title} (15 x 15 arrows)`, await watched(page))
    }

    const start = performance.now()
    await look(runs.plane, 'map?method=units&split=all&count=all')
    const map = page.getByRole('application', { name: /^Map of/ })
    await drawn(map, 20_000)
    const opened = performance.now() - start
    await settled(page)
    await watch(page, { selector: 'body', attribute: 'nothing' })
    await hoverOver(map, seconds)
    const hovering = await watched(page)

    return `Chromium ${browser.version()} without a GPU, a window of ${viewport.width} x ${viewport.height} pixels;
pointer and slider move once a frame, and what is counted are frames in which something new is seen.
While nothing
happens at all, the longest of 300 frames took ${idle.toFixed(0)} ms.

| ${seconds} seconds of | new pictures a second | longest wait for one, ms | frames a second | frame, ms | longest frame, ms |
|---|---|---|---|---|---|
${watching.join('\n')}
| the pointer over a map of 70,000 codes | | | ${(hovering.frames / hovering.seconds).toFixed(
      0,
    )} | ${hovering.medianFrame.toFixed(0)} | ${hovering.worstFrame.toFixed(0)} |

From the click, or the key, to the frame that shows the answer; the first column from opening the address in a new page.

| | first, ms | median, ms | 95%, ms |
|---|---|---|---|
${waiting.join('\n')}
| the map of 70,000 codes, with pictures where there is room | ${opened.toFixed(0)} | | |
`
  } finally {
    await browser.close()
    const gone = once(engine.process, 'exit')
    engine.process.kill()
    await gone
  }
}
