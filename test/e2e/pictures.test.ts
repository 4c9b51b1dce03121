import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before } from 'node:test'
import type { Page } from 'playwright-core'
import type { ImageShape } from '../fixtures/scenes.ts'
import { shapedHome } from '../fixtures/shapedHome.ts'
import { findChromium } from './chromium.ts'
import { go } from './exploring.ts'
import { browserTest } from './launchChromium.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const document: any, window: any

const shapes: ImageShape[] = [
  { width: 8, height: 8, channels: 1 },
  { width: 128, height: 115, channels: 3 },
  { width: 64, height: 16, channels: 3 },
]
let made: Awaited<ReturnType<typeof shapedHome>> | undefined
before(
  async () => {
    if (findChromium()) made = await shapedHome(shapes)
  },
  { timeout: 200_000 },
)
after(() => made?.remove())

/** Pictures that stand together: how many there are, how many of them in the first row, and how large each is. */
interface Block {
  name: string
  count: number
  inRow: number
  width: number
  height: number
  /** Reaches beyond what there is room for. */
  beyond: boolean
}

/** Every block of pictures of the view. */
const blocksOf = (page: Page): Promise<Block[]> =>
  page.evaluate(() => {
    const blocks: Block[] = []
    const beyond = (node: any): boolean => {
      const main = document.querySelector('main').getBoundingClientRect(),
        box = node.getBoundingClientRect()
      return box.right > Math.min(main.right, window.innerWidth) + 1 || box.left < main.left - 1
    }
    for (const node of document.querySelectorAll('main [data-cell]')) {
      const [width, height] = node.dataset.cell.split('x').map(Number)
      const count = Number(node.dataset.count ?? 1)
      blocks.push({
        name: node.getAttribute('aria-label'),
        count,
        inRow: Number(node.dataset.columns ?? 1),
        width,
        height,
        beyond: beyond(node.querySelector('canvas') ?? node),
      })
    }
    for (const node of document.querySelectorAll('main [role=listbox], main .exciting')) {
      const each = [...node.querySelectorAll('canvas')]
      if (each.length === 0) continue
      const boxes = each.map((one: any) => one.getBoundingClientRect())
      blocks.push({
        name: node.getAttribute('aria-label'),
        count: each.length,
        inRow: boxes.filter(({ top }) => Math.abs(top - boxes[0].top) < 2).length,
        width: boxes[0].width,
        height: boxes[0].height,
        beyond: beyond(node),
      })
    }
    return blocks
  })

const settled = (page: Page): Promise<unknown> =>
  page.waitForFunction(
    () =>
      document.querySelector('main [data-cell], main [role=listbox] canvas, main .exciting canvas, main .answer canvas') &&
      !document.querySelector('main .skeleton, main .waiting, main .answer[aria-busy=true]'),
  )

/** Views by what there must be in them, each with at least so many CSS pixels of the longer side. */
const views: Record<string, (dataset: string, runs: readonly string[]) => { address: string; blocks: Record<string, number> }> = {
  dataset: (dataset) => ({ address: `#/datasets/${dataset}`, blocks: { '^Images from number 1': 56 } }),
  run: (_, [run]) => ({
    address: `#/runs/${run}`,
    blocks: { '^Original': 56, '^Reconstruction': 56, '^Corrupted': 56, '^First-layer filters': 48 },
  }),
  compare: (_, runs) => ({
    address: `#/compare?runs=${runs.join(',')}&part=images`,
    blocks: { '^Original': 56, '^denoising': 56, '^classical': 56, '^First-layer filters of': 40 },
  }),
  similar: (_, [run]) => ({
    address: `#/explore/${run}/similar`,
    blocks: { '^Nearest in the code': 54, '^Nearest in pixels': 54, '^Test images': 40 },
  }),
  chain: (_, [run]) => ({ address: `#/explore/${run}/chain`, blocks: { '^Chain of': 40 } }),
  draws: (_, [run]) => ({ address: `#/explore/${run}/generate`, blocks: { '^Draws of': 56 } }),
  sliders: (_, [, run]) => ({ address: `#/explore/${run}/generate?show=units`, blocks: { '^Images along unit 1$': 40 } }),
  between: (_, [run]) => ({
    address: `#/explore/${run}/generate?show=between`,
    blocks: { '^Through pixels': 56, '^Through the code': 56 },
  }),
  manifold: (_, [run]) => ({ address: `#/explore/${run}/manifold`, blocks: { '^Manifold of': 24 } }),
  tangents: (_, [, run]) => ({
    address: `#/explore/${run}/tangents`,
    blocks: { '^Leading directions': 56, '^Input': 56, '^Reconstruction': 56 },
  }),
  units: (_, [, run]) => ({ address: `#/explore/${run}/units`, blocks: { '^Top-activating images of unit 1$': 56 } }),
  copying: (_, [run]) => ({ address: `#/explore/${run}/copying`, blocks: { '^Input': 56, '^Reconstruction': 56 } }),
}

for (const shape of shapes) {
  const name = `${shape.width}x${shape.height}x${shape.channels}`
  browserTest(
    `pictures of ${name} are large enough, keep their shape, and at least eight stand in a row`,
    async ({ serve, open }) => {
      const { url } = await serve(made!.home)
      const page = await open(url)
      const wrong: string[] = []
      const { dataset, runs } = made!.of[name]!
      for (const [view, of] of Object.entries(views)) {
        const { address, blocks: expected } = of(dataset, runs)
        const patterns = Object.entries(expected)
        await go(page, '#/storage')
        await page.getByRole('heading', { name: 'Storage', level: 1 }).waitFor()
        await go(page, address)
        for (const [pattern] of patterns)
          await page.waitForFunction(
            (text) =>
              [...document.querySelectorAll('main [data-cell], main [role=listbox], main .exciting')].some((node) =>
                new RegExp(text).test(node.getAttribute('aria-label')),
              ),
            pattern,
          )
        await settled(page)
        for (const { name: block, count, inRow, width, height, beyond } of await blocksOf(page)) {
          const say = (what: string) => wrong.push(`${view}: ${what}: ${block}, ${count}, ${inRow} in a row, ${width} x ${height}`)
          // A row to choose from is cut off at the end.
          if (beyond && !block.startsWith('Test images')) say('too wide')
          // Filters of a convolution are as wide as high.
          const square = block.includes('filters') && width === height
          if (!square && Math.abs(height - (width * shape.height) / shape.width) > 1) say('out of shape')
          if (inRow < Math.min(8, count)) say('few in a row')
          const least = patterns.find(([pattern]) => new RegExp(pattern).test(block))?.[1] ?? 24
          if (Math.max(width, height) < least) say('small')
        }
        if (await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1))
          wrong.push(`${view} scrolls sideways`)
      }
      assert.deepEqual(wrong, [])
    },
  )
}

browserTest('a report shows pictures of any shape at a readable size', async ({ serve, open, folder }) => {
  const { url } = await serve(made!.home)
  const page = await open(url)
  for (const shape of shapes) {
    const { runs } = made!.of[`${shape.width}x${shape.height}x${shape.channels}`]!
    await go(page, `#/compare?runs=${runs.join(',')}&part=images`)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save report' }).click()
    const path = `${folder}/${runs[0]}.html`
    await (await download).saveAs(path)
    const rows = [
      ...readFileSync(path, 'utf8').matchAll(/<img class="(\w*)" alt="(?!Filters)[^"]*"\s+width="(\d+)" height="(\d+)"/g),
    ]
    assert.ok(rows.length >= 4)
    for (const [, kind, width, height] of rows) {
      const high = Number(height),
        wide = (high * shape.width) / shape.height
      assert.ok(Math.max(high, wide) >= 56, `${wide} x ${high}`)
      assert.ok(Number(width) <= 896 && Number(width) >= 8 * wide, `${width} of ${wide}`)
      assert.equal(kind, high > shape.height ? 'enlarged' : '')
    }
  }
})
