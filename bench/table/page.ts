import type { Page } from 'playwright-core'

/** What the page's scripts see; benchmarks are compiled without the DOM's types. */
declare const document: any, performance: any, requestAnimationFrame: any, Event: any

export interface Frames {
  /** How many, and the intervals between them in milliseconds. */
  count: number
  median: number
  worst: number
  over100: number
  seconds: number
}

export interface Tasks {
  /**
   * Milliseconds of the longest task, by the clock and by the processor time that it took itself: on a busy machine the first is
   * mostly waiting for others.
   */
  longest: number
  longestOwn: number
  /** How many took more than 50 ms of processor time. */
  long: number
  /** Processor time of all. */
  own: number
}
interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  dur?: number
  tdur?: number
  args: { name?: string }
}

/** What the page's main thread does during some work. */
export async function tasksDuring<T>(page: Page, work: () => Promise<T>): Promise<{ result: T; tasks: Tasks }> {
  const session = await page.context().newCDPSession(page)
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => {
    events.push(...(value as unknown as TraceEvent[]))
  })
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel'] } })
  const result = await work()
  const complete = new Promise<void>((done) => {
    session.once('Tracing.tracingComplete', () => done())
  })
  await session.send('Tracing.end')
  await complete
  await session.detach()
  const main = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const found = events.filter(
    ({ name, ph, pid, tid }) => name === 'ThreadControllerImpl::RunTask' && ph === 'X' && main.has(`${pid} ${tid}`),
  )
  const own = found.map(({ tdur = 0 }) => tdur / 1000)
  return {
    result,
    tasks: {
      longest: Math.max(...found.map(({ dur = 0 }) => dur / 1000)),
      longestOwn: Math.max(...own),
      long: own.filter((each) => each > 50).length,
      own: own.reduce((sum, each) => sum + each, 0),
    },
  }
}

/** The longest interval between frames, in milliseconds, while nothing at all happens: what the machine does to everybody. */
export const idleFrames = (page: Page, count: number): Promise<number> =>
  page.evaluate(async (frames) => {
    const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done))
    let last = await frame()
    let worst = 0
    for (let at = 0; at < frames; at++) {
      const now = await frame()
      worst = Math.max(worst, now - last)
      last = now
    }
    return worst
  }, count)

/** Scrolls the table from its beginning to its end, `step` pixels a frame, and says how the frames came. */
export const scrollThrough = (page: Page, step: number): Promise<Frames> =>
  page.evaluate(async (pixels) => {
    const scroller = document.querySelector('.scroller')
    const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done))
    scroller.scrollTop = 0
    await frame()
    await frame()
    const times = [await frame()]
    while (scroller.scrollTop + scroller.clientHeight < scroller.scrollHeight - 1) {
      scroller.scrollTop += pixels
      times.push(await frame())
    }
    const gaps = times
      .slice(1)
      .map((time, index) => time - times[index]!)
      .sort((a, b) => a - b)
    return {
      count: gaps.length,
      median: gaps[gaps.length >> 1]!,
      worst: gaps.at(-1)!,
      over100: gaps.filter((gap) => gap > 100).length,
      seconds: (times.at(-1)! - times[0]!) / 1000,
    }
  }, step)

/** Milliseconds from setting a control's value until the frame that shows what follows from it; one for each value. */
export const answerTimes = (page: Page, selector: string, values: readonly string[]): Promise<number[]> =>
  page.evaluate(
    async ([place, all]) => {
      const control = document.querySelector(place)
      const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done))
      const times: number[] = []
      for (const value of all) {
        await frame()
        const begin = performance.now()
        control.value = value
        control.dispatchEvent(new Event('input', { bubbles: true }))
        control.dispatchEvent(new Event('change', { bubbles: true }))
        // The first frame after it is prepared with the new rows; when the second begins, it has been shown.
        await frame()
        await frame()
        times.push(performance.now() - begin)
      }
      return times
    },
    [selector, values] as const,
  )

/** The same for a press on something. */
export const pressTime = (page: Page, selector: string): Promise<number> =>
  page.evaluate(async (place) => {
    const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done))
    await frame()
    const begin = performance.now()
    document.querySelector(place).click()
    await frame()
    await frame()
    return performance.now() - begin
  }, selector)
