import type { Locator, Page } from 'playwright-core'

/** What the page's scripts see; benchmarks are compiled without the DOM's types. */
declare const document: any, performance: any, requestAnimationFrame: any

/**
 * What was seen from frame to frame: of the frames the intervals in milliseconds, of the answers in how many frames a new one
 * was shown.
 */
export interface Seen {
  seconds: number
  frames: number
  medianFrame: number
  worstFrame: number
  shown: number
  longestWait: number
}

/**
 * Begins to watch at every frame; `watched` ends it. A new answer is one where what is counted has grown since the frame
 * before: an attribute of an element, or how often a canvas was drawn anew.
 */
export const watch = (page: Page, what: { selector: string; attribute: string } | { canvas: string }): Promise<void> =>
  page.evaluate((of) => {
    let drawn = 0
    if ('canvas' in of) {
      const context = document.querySelector(of.canvas).getContext('2d'),
        clear = context.clearRect.bind(context)
      context.clearRect = (...area: number[]) => {
        drawn += 1
        clear(...area)
      }
    }
    const count = (): number => ('canvas' in of ? drawn : Number(document.querySelector(of.selector)?.dataset[of.attribute] ?? 0))
    const seen = { times: [] as number[], news: [] as number[], over: false }
    let before = count()
    const look = (time: number): void => {
      seen.times.push(time)
      const now = count()
      if (now > before) seen.news.push(time)
      before = now
      if (!seen.over) requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
    ;(globalThis as any).watching = seen
  }, what)

export const watched = (page: Page): Promise<Seen> =>
  page.evaluate(() => {
    const seen = (globalThis as any).watching as { times: number[]; news: number[]; over: boolean }
    seen.over = true
    const gaps = (times: number[]) => times.slice(1).map((time, i) => time - times[i]!)
    const frames = gaps(seen.times).sort((a, b) => a - b)
    return {
      seconds: (seen.times.at(-1)! - seen.times[0]!) / 1000,
      frames: frames.length,
      medianFrame: frames[frames.length >> 1] ?? NaN,
      worstFrame: frames.at(-1) ?? NaN,
      shown: seen.news.length,
      longestWait: Math.max(...gaps([seen.times[0]!, ...seen.news])),
    }
  })

/**
 * What moves: the pressed pointer over an element, or a slider's thumb; once a frame, as a hand's moves reach a page, along a
 * path that fills it.
 */
async function everyFrame(element: Locator, seconds: number, kind: 'pointer' | 'slider'): Promise<void> {
  await element.evaluate(
    async (target: any, [long, what]) => {
      const { Event, PointerEvent } = globalThis as any
      const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done))
      const box = target.getBoundingClientRect(),
        began = await frame()
      for (let t = 0; t < long; t = ((await frame()) - began) / 1000) {
        if (what === 'pointer') {
          const clientX = box.x + box.width * (0.5 + 0.42 * Math.sin(1.7 * t)),
            clientY = box.y + box.height * (0.5 + 0.42 * Math.sin(2.3 * t + 1))
          target.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX, clientY }))
        } else {
          target.value = String(Number(target.max) * (0.5 + 0.4 * Math.sin(2 * t)))
          target.dispatchEvent(new Event('input', { bubbles: true }))
        }
      }
      if (what === 'slider') target.dispatchEvent(new Event('change', { bubbles: true }))
    },
    [seconds, kind] as const,
  )
}

/** Drags over an element for so long. */
export async function dragOver(page: Page, element: Locator, seconds: number): Promise<void> {
  const box = (await element.boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  await everyFrame(element, seconds, 'pointer')
  await page.mouse.up()
}

/** Moves over it without a press. */
export const hoverOver = (element: Locator, seconds: number): Promise<void> => everyFrame(element, seconds, 'pointer')

/** Moves a slider to and fro. */
export const slide = (slider: Locator, seconds: number): Promise<void> => everyFrame(slider, seconds, 'slider')

/**
 * Milliseconds from a click on a test image until the frame in which its neighbours are shown, one for each image of the strip
 * but the first.
 */
export const clicks = (page: Page): Promise<number[]> =>
  page.evaluate(async () => {
    const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done))
    const times: number[] = []
    const options = () => [...document.querySelectorAll('[aria-label^="Test images"] [role=option]')]
    for (let i = 1; i < options().length; i++) {
      const option = options()[i],
        row = /^Row \d+/.exec(option.getAttribute('aria-label'))![0]
      await frame()
      const begin = performance.now()
      option.click()
      // The answer's own words: of the image that was asked for before, until it is there.
      while (!document.querySelector('figcaption')?.textContent.startsWith(`${row},`)) await frame()
      await frame()
      times.push(performance.now() - begin)
    }
    return times
  })

/** Milliseconds from a press of a key at a slider until its field has been drawn. */
export const presses = (slider: Locator, canvas: string, count: number): Promise<number[]> =>
  slider.evaluate(
    async (input: any, [place, many]) => {
      const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done))
      const context = document.querySelector(place).getContext('2d'),
        clear = context.clearRect.bind(context)
      let drawn = 0
      context.clearRect = (...area: number[]) => {
        drawn += 1
        clear(...area)
      }
      const times: number[] = []
      for (let i = 0; i < many; i++) {
        await frame()
        drawn = 0
        const begin = performance.now()
        input.stepUp(5)
        for (const type of ['input', 'change']) input.dispatchEvent(new (globalThis as any).Event(type, { bubbles: true }))
        // The question is on its way from the next frame on.
        await frame()
        while (drawn === 0 || document.querySelector('main .answer[aria-busy=true]')) await frame()
        await frame()
        times.push(performance.now() - begin)
      }
      return times
    },
    [canvas, count] as const,
  )
