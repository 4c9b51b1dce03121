import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, getPriority, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core'
import { chromiumFlags, findChromium } from '../../test/e2e/chromium.ts'
import { median, peakMemory, serve } from '../table/command.ts'
import { fillHome } from '../table/fill.ts'

/** What the page's scripts see; benchmarks are compiled without the DOM's types. */
declare const location: { hash: string },
  document: any,
  performance: any,
  requestAnimationFrame: any,
  PerformanceObserver: any,
  Event: any,
  PointerEvent: any

const compared = 100
const rounds = 5
const root = fileURLToPath(new URL('../..', import.meta.url))

interface Opening {
  first: number
  table: number
  curves: number
  longest: number
}
/** Milliseconds of processor time that the engine and the page's thread took for one opening; null where the system does not say. */
interface Cost {
  engine: number | null
  page: number
}

/**
 * Goes to a comparison within the page and says in milliseconds when something is there, the table, and all curves; and the
 * longest task meanwhile.
 */
const openComparison = (page: Page, hash: string): Promise<Opening> =>
  page.evaluate(async (address) => {
    const tasks: number[] = []
    const observer = new PerformanceObserver((list: { getEntries(): { duration: number }[] }) => {
      for (const entry of list.getEntries()) tasks.push(entry.duration)
    })
    observer.observe({ entryTypes: ['longtask'] })
    const frame = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => done()))
    const until = async (there: () => boolean): Promise<number> => {
      while (!there()) {
        if (performance.now() - begin > 60_000) throw new Error('The comparison did not come.')
        await frame()
      }
      await frame()
      return performance.now() - begin
    }
    await frame()
    const begin = performance.now()
    location.hash = address
    const first = await until(() => document.querySelector('h1')?.textContent === 'Compare')
    const table = await until(() => document.querySelector('tr[data-row]') !== null)
    // All of them come in one answer. (PCA has none, so how many there are differs.)
    const drawn = await until(() => {
      const charts = [...document.querySelectorAll('figure[data-drawn]')]
      return charts.length > 1 && charts.every((chart) => Number(chart.getAttribute('data-drawn')) > 20)
    })
    observer.disconnect()
    return { first, table, curves: drawn, longest: Math.max(0, ...tasks) }
  }, hash)

/** Milliseconds from moving the smoothing slider to the frame that shows curves smoothed so; one for each value. */
const smoothingTimes = (page: Page, values: readonly string[]): Promise<number[]> =>
  page.evaluate(async (all) => {
    const slider = [...document.querySelectorAll('input[type=range]')].find((one: any) => one.max === '0.99')
    const frame = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => done()))
    const picture = () => document.querySelector('figure[data-drawn] canvas').toDataURL().slice(-4000)
    const times: number[] = []
    for (const value of all) {
      const before = picture()
      await frame()
      const begin = performance.now()
      slider.value = value
      slider.dispatchEvent(new Event('input', { bubbles: true }))
      while (picture() === before) await frame()
      times.push(performance.now() - begin)
    }
    return times
  }, values)

/** Frames while the crosshair goes across the first chart, a step each frame: intervals in milliseconds. */
const crosshairFrames = (page: Page): Promise<number[]> =>
  page.evaluate(async () => {
    const plot = document.querySelector('figure[data-drawn] [role=application]')
    plot.scrollIntoView({ block: 'center' })
    const box = plot.getBoundingClientRect()
    const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done))
    const times = [await frame()]
    for (let step = 0; step < 120; step++) {
      plot.dispatchEvent(
        new PointerEvent('pointermove', {
          clientX: box.left + 60 + ((box.width - 120) * step) / 120,
          clientY: box.top + box.height / 2 + 40 * Math.sin(step / 9),
          bubbles: true,
        }),
      )
      times.push(await frame())
    }
    return times.slice(1).map((time, index) => time - times[index]!)
  })

/** Processor time until now. */
async function spent(session: CDPSession, engine: number): Promise<Cost> {
  const { metrics } = await session.send('Performance.getMetrics')
  let ticks: number | null = null
  try {
    const [, , , , , , , , , , , user, system] = readFileSync(`/proc/${engine}/stat`, 'utf8').split(') ')[1]!.split(' ').map(Number)
    // Ticks of a hundredth of a second.
    ticks = 10 * (user! + system!)
  } catch {
    // Only Linux tells.
  }
  return { engine: ticks, page: 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN) }
}

interface Round {
  cold: Opening
  cost: Cost
  warm: Opening
  groups: Opening
  smoothing: number
  worstSmoothing: number
  crosshair: number
  worstCrosshair: number
  engineMB: number | null
  pageMB: number
}

async function round(browser: Browser, home: string, ids: readonly string[]): Promise<Round> {
  const engine = await serve(home)
  try {
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
    page.setDefaultTimeout(120_000)
    await page.goto(`${engine.url}#/runs`)
    await page.locator('tr[data-run]').first().waitFor()
    await page
      .getByRole('combobox', { name: 'Group by' })
      .getByRole('option', { name: 'By learning rate' })
      .waitFor({ state: 'attached' })
    const address = `#/compare?runs=${ids.join(',')}`
    // The engine reads the points of these runs for the first time.
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable')
    const before = await spent(session, engine.process.pid!)
    const cold = await openComparison(page, `${address}&by=run`)
    const after = await spent(session, engine.process.pid!)
    await session.detach()
    await page.evaluate(() => {
      location.hash = '#/exports'
    })
    await page.getByRole('heading', { name: 'Exports', level: 1 }).waitFor()
    const warm = await openComparison(page, `${address}&by=run`)
    const smoothed = await smoothingTimes(page, ['0.3', '0.6', '0.9', '0.95'])
    const frames = await crosshairFrames(page)
    await page.evaluate(() => {
      location.hash = '#/exports'
    })
    await page.getByRole('heading', { name: 'Exports', level: 1 }).waitFor()
    const groups = await openComparison(page, address)
    return {
      cold,
      cost: {
        engine: before.engine === null || after.engine === null ? null : after.engine - before.engine,
        page: after.page - before.page,
      },
      warm,
      groups,
      smoothing: median(smoothed),
      worstSmoothing: Math.max(...smoothed),
      crosshair: median(frames),
      worstCrosshair: Math.max(...frames),
      engineMB: peakMemory(engine.process.pid!),
      pageMB: await page.evaluate(() => Math.round(performance.memory.usedJSHeapSize / 2 ** 20)),
    }
  } finally {
    for (const context of browser.contexts()) await context.close()
    const gone = once(engine.process, 'exit')
    engine.process.kill()
    await gone
  }
}

/**
 * `npm run bench -- curves`: fills a home folder with 10,000 runs, 1,000 of them with 10,000 points, and compares 100 of those
 * in Chromium. `--runs`, `--with-points` and `--rounds` make it smaller, `--out FILE` writes elsewhere.
 */
export async function curvesCommand(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '10000' },
      'with-points': { type: 'string', default: '1000' },
      rounds: { type: 'string', default: String(rounds) },
      out: { type: 'string' },
    },
  })
  const executablePath = findChromium()
  if (!executablePath) throw new Error('there is no Chromium: install it, or set WORKBENCH_TEST_CHROMIUM to its path')
  const { ensureBuilt } = (await import(join(root, 'scripts', 'build.mjs'))) as { ensureBuilt(): Promise<boolean> }
  await ensureBuilt()
  const home = mkdtempSync(join(tmpdir(), 'bench-curves-'))
  const browser = await chromium.launch({ executablePath, args: [...chromiumFlags, '--enable-precise-memory-info'] })
  try {
    const runs = Number(values.runs),
      withPoints = Number(values['with-points'])
    const all = fillHome(home, { runs, withPoints, points: 10_000 })
    const results: Round[] = []
    for (let number = 0; number < Number(values.rounds); number++) {
      // Others each time: what the system keeps of the file is not always what is looked at.
      const from = runs - withPoints + ((number * compared) % Math.max(1, withPoints - compared + 1))
      results.push(await round(browser, home, all.slice(from, from + compared)))
      console.error(JSON.stringify(results.at(-1)))
    }
    const of = (read: (one: Round) => number): string => {
      const found = results.map(read)
      return `${Math.round(median(found))} | ${Math.round(Math.min(...found))} to ${Math.round(Math.max(...found))}`
    }
    const opening = (title: string, read: (one: Round) => Opening): string[] => [
      `| ${title}: to the view, ms | ${of((one) => read(one).first)} |`,
      `| ... to the table and the sentences, ms | ${of((one) => read(one).table)} |`,
      `| ... to all curves in two charts, ms | ${of((one) => read(one).curves)} |`,
      `| ... longest task of the page, ms | ${of((one) => read(one).longest)} |`,
    ]
    const table = [
      '# Comparing curves',
      '',
      `${compared} runs of 10,000 points each (9,500 of the training loss, 500 of its ` +
        `validation; both are shown), in a home of ${runs.toLocaleString('en')} runs, ` +
        `${withPoints.toLocaleString('en')} of them with points. The engine and a`,
      `window of 1440 x 900 pixels started anew in each of ${results.length} rounds, each with other runs. Chromium ` +
        `${browser.version()} without a GPU (${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores,`,
      `load average ${loadavg()[0]!.toFixed(1)} of everything on the ` +
        `machine${getPriority() < 0 ? `, before which this came with a priority of ${getPriority()}` : ''}, ` +
        `${new Date().toISOString().slice(0, 10)}). \`npm run bench -- curves\` measures again.`,
      '',
      '| | median | range |',
      '|---|---|---|',
      ...opening('100 runs that the engine has not read yet', ({ cold }) => cold),
      `| ... processor time of the engine for that, ms | ${of(({ cost }) => cost.engine ?? NaN)} |`,
      `| ... of the page's thread, ms | ${of(({ cost }) => cost.page)} |`,
      ...opening('the same again', ({ warm }) => warm),
      ...opening('the same as 34 groups of seeds, with bands', ({ groups }) => groups),
      `| smoothing all of them anew, ms | ${of(({ smoothing }) => smoothing)} |`,
      `| ... the slowest of four, ms | ${of(({ worstSmoothing }) => worstSmoothing)} |`,
      `| interval of frames while the crosshair moves, ms | ${of(({ crosshair }) => crosshair)} |`,
      `| ... the longest of 120, ms | ${of(({ worstCrosshair }) => worstCrosshair)} |`,
      `| memory of the engine at most, MB | ${of(({ engineMB }) => engineMB ?? NaN)} |`,
      `| memory of the page's scripts, MB | ${of(({ pageMB }) => pageMB)} |`,
      '',
      'Times are from changing the address within the open window to the frame that shows it.',
      '',
    ].join('\n')
    console.log(table)
    writeFileSync(values.out ?? fileURLToPath(new URL('../curves.md', import.meta.url)), table)
  } finally {
    await browser.close()
    rmSync(home, { recursive: true, force: true })
  }
}
