import type { Locator } from 'playwright-core'

/** How many pixels of a canvas differ from its most frequent one: nothing was drawn where there are none. */
const inked = (of: Locator): Promise<number> =>
  of
    .locator('canvas')
    .first()
    .evaluate((canvas: any) => {
      const { document } = globalThis as any
      const copy = document.createElement('canvas')
      Object.assign(copy, { width: canvas.width, height: canvas.height })
      const context = copy.getContext('2d', { willReadFrequently: true })
      context.drawImage(canvas, 0, 0)
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
      const counts = new Map<number, number>()
      for (let i = 0; i < data.length; i += 4) {
        const key = data[i + 3] === 0 ? -1 : (data[i] << 16) | (data[i + 1] << 8) | data[i + 2]
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      // Of an image in colour there are more than a call takes arguments.
      let most = 0
      for (const count of counts.values()) most = Math.max(most, count)
      return data.length / 4 - most
    })

/** What a canvas shows, as a text. */
export const shown = (of: Locator): Promise<string> =>
  of
    .locator('canvas')
    .first()
    .evaluate((canvas: any) => canvas.toDataURL())

const frame = (of: Locator): Promise<unknown> =>
  of.page().evaluate(() => new Promise((done) => (globalThis as any).requestAnimationFrame(() => done(true))))

/** Until more than so many pixels are drawn; a test that waits in vain ends by its own time limit. */
export async function drawn(of: Locator, pixels: number): Promise<void> {
  while ((await inked(of)) <= pixels) await frame(of)
}

/** Until a canvas shows something else. */
export async function changed(of: Locator, from: string): Promise<void> {
  while ((await shown(of)) === from) await frame(of)
}
