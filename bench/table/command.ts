import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import { chromiumFlags, findChromium } from '../../test/e2e/chromium.ts'
import { fillHome } from './fill.ts'
import { answerTimes, idleFrames, pressTime, scrollThrough, tasksDuring, type Frames, type Tasks } from './page.ts'

const runs = 10_000
const rounds = 3
const root = fileURLToPath(new URL('../..', import.meta.url))
export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

/** The most that a process has had in memory, in megabytes; null where the system does not say. */
export function peakMemory(pid: number): number | null {
  try {
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)
  } catch {
    return null
  }
}

export async function serve(home: string): Promise<{ url: string; process: ChildProcess }> {
  const child = spawn(process.execPath, [join(root, 'src/main/engine/serve.ts'), '--home', home, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { url: (JSON.parse(line) as { url: string }).url, process: child }
}

interface Round {
  rows: number
  figures: number
  keystroke: number
  slowestKeystroke: number
  sortNumber: number
  sortName: number
  range: number
  groups: number
  idle: number
  frames: Frames
  scrolling: Tasks
  typing: Tasks
  engineMB: number | null
  pageMB: number
}

/** One look at the table by an engine and a browser that have only just been started. */
async function round(browser: Browser, home: string): Promise<Round> {
  const engine = await serve(home)
  try {
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
    page.setDefaultTimeout(120_000)
    const begin = performance.now()
    await page.goto(`${engine.url}#/runs`)
    await page.locator('tr[data-run]').nth(10).waitFor()
    const rows = performance.now() - begin
    await page
      .locator('tr[data-run] td.number')
      .filter({ hasText: /^\d\d\.\d\d$/ })
      .first()
      .waitFor()
    const figures = performance.now() - begin
    // Everything that is asked for at the beginning has been answered.
    await page
      .getByRole('combobox', { name: 'Group by' })
      .getByRole('option', { name: 'By learning rate' })
      .waitFor({ state: 'attached' })

    const { result: typed, tasks: typing } = await tasksDuring(page, () =>
      answerTimes(page, '[data-search]', [
        'c',
        'co',
        'con',
        'cont',
        'contr',
        'contra',
        'contractive',
        'contractive 64',
        '',
        'pilot',
        'd',
        '',
      ]),
    )
    const sortNumber = await pressTime(page, 'th:nth-of-type(7) .sort')
    const sortName = await pressTime(page, 'th:nth-of-type(2) .sort')
    await pressTime(page, 'th:nth-of-type(7) .menu')
    const range = median(await answerTimes(page, '[role=dialog] input', ['20', '30', '40', '']))
    await page.keyboard.press('Escape')
    const idle = await idleFrames(page, 600)
    const { result: frames, tasks: scrolling } = await tasksDuring(page, () => scrollThrough(page, 300))
    const groups = await timeGroups(page)
    return {
      rows,
      figures,
      keystroke: median(typed),
      slowestKeystroke: Math.max(...typed),
      sortNumber,
      sortName,
      range,
      groups,
      idle,
      frames,
      scrolling,
      typing,
      engineMB: peakMemory(engine.process.pid!),
      pageMB: await page.evaluate(() =>
        Math.round((performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize / 2 ** 20),
      ),
    }
  } finally {
    for (const context of browser.contexts()) await context.close()
    const gone = once(engine.process, 'exit')
    engine.process.kill()
    await gone
  }
}

async function timeGroups(page: Page): Promise<number> {
  const begin = performance.now()
  await page.getByLabel('Group by').selectOption('seeds')
  await page.locator('tr[data-group]').nth(10).waitFor()
  return performance.now() - begin
}

/**
 * `npm run bench -- table`: fills a home folder with 10,000 runs and looks at their table in Chromium, five times from the beginning.
 */
export async function tableCommand(): Promise<void> {
  const executablePath = findChromium()
  if (!executablePath) throw new Error('there is no Chromium: install it, or set WORKBENCH_TEST_CHROMIUM to its path')
  const { ensureBuilt } = (await import(join(root, 'scripts', 'build.mjs'))) as { ensureBuilt(): Promise<boolean> }
  await ensureBuilt()
  const work = mkdtempSync(join(tmpdir(), 'bench-table-'))
  const browser = await chromium.launch({ executablePath, args: [...chromiumFlags, '--enable-precise-memory-info'] })
  try {
    const home = join(work, 'home')
    const filled = join(work, 'filled')
    fillHome(filled, { runs })
    const results: Round[] = []
    for (let number = 0; number < rounds; number++) {
      // How the table was left is kept with the home: each round begins with a new one.
      rmSync(home, { recursive: true, force: true })
      cpSync(filled, home, { recursive: true })
      results.push(await round(browser, home))
      console.error(JSON.stringify(results.at(-1)))
    }
    const of = (read: (one: Round) => number): string => {
      const values = results.map(read)
      return `${Math.round(median(values))} | ${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}`
    }
    const load = loadavg()[0]!
    const table = [
      '# The table of runs',
      '',
      `${runs.toLocaleString('en')} runs, all variants, three seeds each, evaluated; the engine and a window of ` +
        `1440 x 900 pixels started anew in each of ${rounds} rounds. Chromium ${browser.version()} without a GPU`,
      `(${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ` +
        `load average ${load.toFixed(1)} of everything on the machine, ` +
        `${new Date().toISOString().slice(0, 10)}). \`npm run bench -- table\` measures ` +
        'again.',
      '',
      '| | median | range |',
      '|---|---|---|',
      `| from opening the address to rows, ms | ${of(({ rows }) => rows)} |`,
      `| ... to figures in them, ms | ${of(({ figures }) => figures)} |`,
      `| a key in the search box, to the frame that shows what is found, ms | ${of(({ keystroke }) => keystroke)} |`,
      `| ... the longest task by its own processor time, ms | ${of(({ typing }) => typing.longestOwn)} |`,
      `| ... the slowest of twelve, ms | ${of(({ slowestKeystroke }) => slowestKeystroke)} |`,
      `| a range of a figure, ms | ${of(({ range }) => range)} |`,
      `| sorting by a figure, ms | ${of(({ sortNumber }) => sortNumber)} |`,
      `| sorting by name, ms | ${of(({ sortName }) => sortName)} |`,
      `| grouping seeds, with means and intervals, ms | ${of(({ groups }) => groups)} |`,
      `| scrolling through all, 300 pixels a frame: interval of frames, ms | ${of(({ frames }) => frames.median)} |`,
      `| ... the longest of about ${Math.round(median(results.map(({ frames }) => frames.count)))}, ` +
        `ms | ${of(({ frames }) => frames.worst)} |`,
      `| ... and of 600 frames in which nothing happens, ms | ${of(({ idle }) => idle)} |`,
      `| ... the longest task by its own processor time, ms | ${of(({ scrolling }) => scrolling.longestOwn)} |`,
      `| ... processor time of the page for a frame, ms | ${of(({ scrolling, frames }) => scrolling.own / frames.count)} |`,
      `| ... frames of more than 100 ms while scrolling | ${of(({ frames }) => frames.over100)} |`,
      `| ... tasks of more than 50 ms of processor time while scrolling | ${of(({ scrolling }) => scrolling.long)} |`,
      `| memory of the engine at most, MB | ${of(({ engineMB }) => engineMB ?? NaN)} |`,
      `| memory of the page's scripts, MB | ${of(({ pageMB }) => pageMB)} |`,
      '',
      'By the clock everything waits for what else the machine does: the load average says how much ' +
        'that was, and the longest interval of frames in which nothing happens what it does to a page.',
      'The processor time of a task is its own. Times to a frame count until that frame has been shown, ' +
        'hence at least one and at most two intervals of frames (17 to 33 ms) more than the work.',
      '',
    ].join('\n')
    console.log(table)
    writeFileSync(fileURLToPath(new URL('../table.md', import.meta.url)), table)
  } finally {
    await browser.close()
    rmSync(work, { recursive: true, force: true })
  }
}
