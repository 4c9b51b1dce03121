import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { Page } from 'playwright-core'
import type { ImageShape } from '../fixtures/scenes.ts'
import { shapedHome } from '../fixtures/shapedHome.ts'
import { findChromium } from './chromium.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { heading } from './pages.ts'
import { settles } from './settles.ts'

const photo: ImageShape = { width: 40, height: 33, channels: 3 }
const named = '40x33x3'

let made: Awaited<ReturnType<typeof shapedHome>> | undefined
before(async () => {
  if (findChromium()) made = await shapedHome([photo])
})
after(() => made?.remove())

/** What the drawing of a network says: each line's values and parameters, and the total. */
const drawn = (page: Page) =>
  page
    .getByRole('table', { name: 'The network from its input to its output' })
    .getByRole('row')
    .evaluateAll((rows: any[]) =>
      rows.slice(1).map((row) => [...row.cells].map((cell: any) => cell.textContent.trim()).filter(Boolean)),
    )

browserTest(
  'the form shows what auto derives, the network as its pyramid, and what the run will take before it starts',
  async (t) => {
    const { dataset, runs } = made!.of[named]!
    const { url } = await t.serve(made!.home)
    const page = await t.open(`${url}#/new?dataset=${dataset}`)
    const convolutions = page.getByLabel('Convolutions', { exact: true }),
      layers = page.getByLabel('Layers', { exact: true })
    await convolutions.waitFor()
    // Beside the layers, of which it stands in front.
    const [before, after] = await Promise.all([convolutions, layers].map((field) => field.boundingBox()))
    assert.ok(before!.x < after!.x || before!.y < after!.y)
    await settles(() => convolutions.inputValue(), 'auto')
    await page.getByText('auto: 32x4s2, 64x4s2, 128x4s2', { exact: true }).waitFor()
    await layers.fill('24')
    await settles(
      async () => (await drawn(page)).map(([values]) => values),
      [
        '40 x 33 x 3',
        '20 x 17 x 32',
        '10 x 9 x 64',
        '5 x 5 x 128',
        '24',
        '5 x 5 x 128',
        '10 x 9 x 64',
        '20 x 17 x 32',
        '40 x 33 x 3',
        '245,723 parameters',
      ],
    )
    assert.deepEqual((await drawn(page))[1], ['20 x 17 x 32', '4 x 4 convolution, stride 2', '1,568'])
    const time = page.getByRole('definition').filter({ hasText: /^about [\d.]+ (s|min|h)/ })
    await time.waitFor()
    await page.getByText(/^The time is .* on this machine/).waitFor()

    // Each thing that cannot be is said beside the field.
    const error = (text: RegExp) => page.getByRole('alert').filter({ hasText: text }).waitFor()
    await convolutions.fill('8x41')
    await error(/reads images of 40 x 33 pixels, for which a kernel of 41 is too large/)
    await convolutions.fill('8x4s20,8x2,8x4')
    await error(/Convolution 2 reads maps of 2 x 2 pixels|Convolution 3 reads maps of 2 x 2 pixels/)
    await convolutions.fill('eight')
    await error(/FILTERSxKERNEL/)
    assert.deepEqual(await barriers(page), [])
    assert.equal(await page.getByRole('button', { name: 'Start', exact: true }).isDisabled(), true)

    // Dense networks are drawn, too; what has no use in them, of one layer, is not asked.
    await page
      .getByText(/more settings?$/)
      .first()
      .click()
    const upsampling = page.getByLabel('Upsampling', { exact: true })
    await upsampling.waitFor()
    await convolutions.fill('none')
    for (const useless of ['Upsampling', 'Normalisation', 'Hidden activation'])
      await page.getByLabel(useless, { exact: true }).waitFor({ state: 'detached' })
    await settles(
      async () => (await drawn(page)).map(([values]) => values),
      ['40 x 33 x 3', '24', '40 x 33 x 3', '194,064 parameters'],
    )

    // Some steps of this very run are measured where it is asked for.
    const measure = page.getByRole('button', { name: 'Measure', exact: true })
    await measure.click()
    await page.getByText('The time is as measured on this machine.').waitFor()
    assert.equal(await measure.count(), 0)

    // The run's page shows the network of the run.
    await page.goto('about:blank')
    await page.goto(`${url}#/runs/${runs[0]}`)
    await heading(page, `denoising ${named}`).waitFor()
    await settles(async () => (await drawn(page)).slice(3, 7).map(([values]) => values), ['5 x 5 x 128', '16', '2', '16'])
    assert.deepEqual(await barriers(page), [])
  },
)
