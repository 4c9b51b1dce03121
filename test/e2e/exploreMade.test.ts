import assert from 'node:assert/strict'
import { changed, drawn, shown } from './canvas.ts'
import { addressed, exploredForAll, filled, go, saved, settled, textsOf } from './exploring.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { settles } from './settles.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const document: any

const explored = exploredForAll()

browserTest('a chain plays, is paused and moved, follows the noise, goes on, and is saved as pictures', async ({ serve, open }) => {
  const { url } = await serve(explored.home.home)
  const page = await open(url)
  await go(page, `#/explore/${explored.home.runs['noisy']}/chain?with=${explored.home.runs['plain']}`)
  const film = page.getByRole('img', { name: /^Chain of noisy: 4 chains/ })
  await film.waitFor()
  await page.getByText('the input is corrupted as it was in training').waitFor()
  const slider = page.getByRole('slider', { name: 'States of the chain' })
  await settles(() => slider.inputValue(), '0', 'nothing moves by itself where the system says so')
  assert.deepEqual(await barriers(page), [])
  await page.getByRole('button', { name: 'Play' }).click()
  await page.waitForFunction(
    () =>
      Number(document.querySelector('[aria-label="States of the chain"] input, input[aria-label="States of the chain"]').value) >=
      4,
  )
  await page.getByRole('button', { name: 'Pause' }).click()
  const stood = await slider.inputValue()
  await page.getByRole('button', { name: 'Forward' }).click()
  assert.equal(Number(await slider.inputValue()), Number(stood) + 1)

  await page.getByRole('combobox', { name: 'Noise', exact: true }).selectOption('gaussian')
  await settled(page)
  const faint = await shown(film)
  await page.getByRole('slider', { name: /Standard deviation/ }).fill('0.9')
  await addressed(page, 'amount=0.9')
  await page.getByText('normal noise of deviation 0.9').first().waitFor()
  await changed(film, faint)
  await page.getByLabel('Show every').selectOption('5')
  const most = async () => Number(await slider.getAttribute('max'))
  const states = await most()
  await page.getByRole('button', { name: 'Continue for 24 states' }).click()
  await page.waitForFunction((less) => Number(document.querySelector('input[aria-label="States of the chain"]').max) > less, states)
  await settles(() => most(), states + 24)
  await slider.fill(String(states + 10))
  await page.getByText(`Step ${(states + 10) * 5}`).waitFor()

  const { bytes: gif } = await saved(page, page.getByRole('button', { name: 'Save chain of noisy as GIF' }))
  assert.equal(gif.toString('latin1', 0, 6), 'GIF89a')
  const { bytes: png } = await saved(page, page.getByRole('button', { name: 'Save chain of noisy as PNG' }))
  const texts = textsOf(png)
  assert.equal(texts['Title'], 'noisy: chain')
  assert.equal(JSON.parse(texts['Description']!).question.steps, (states + 24) * 5)

  // Chains of points leave their ways on the plane of the data.
  await go(page, `#/explore/${explored.home.runs['moonlit']}/chain?start=uniform&chains=12`)
  const plane = page.getByRole('application', { name: /^Chain of moonlit/ })
  await plane.waitFor()
  await settled(page)
  await slider.fill('20')
  await drawn(plane, 2000)
})

browserTest('new images are drawn, set by hand unit by unit, and lie between two', async ({ serve, open }) => {
  const { url } = await serve(explored.home.home)
  const page = await open(url)
  await go(page, `#/explore/${explored.home.runs['bayes']}/generate?with=${explored.home.runs['plain']}`)
  await page.getByText('Codes are drawn from the prior').waitFor()
  await page.getByText('drawn from a normal distribution fitted to').waitFor()
  const draws = page.getByRole('application', { name: 'Draws of bayes: 64 images' })
  await draws.waitFor()
  const first = await shown(draws)
  await page.getByRole('button', { name: 'Draw again' }).click()
  await addressed(page, 'seed=2')
  await changed(draws, first)
  await page.getByLabel('Draw pixels too').check()
  await settled(page)
  await page.getByLabel('Codes from').selectOption('mixture')
  await page.getByText('a mixture of 10 normal distributions').first().waitFor()
  assert.deepEqual(await barriers(page), [])

  await go(page, `#/explore/${explored.home.runs['bayes']}/generate?show=units`)
  const unit = page.getByRole('slider', { name: 'Unit 2' })
  await unit.waitFor()
  const picture = page.locator('[data-made]')
  await picture.getByRole('img').waitFor()
  const base = await shown(picture)
  await unit.focus()
  await page.keyboard.press('End')
  await addressed(page, 'set0=1:3')
  await changed(picture, base)
  await page.getByRole('img', { name: 'Images along unit 1' }).click({ position: { x: 4, y: 10 } })
  await addressed(page, 'set0=0:-3,1:3')
  await page.getByRole('button', { name: 'Reset' }).click()
  await page.getByText('Code of an image').click()
  await page.getByRole('button', { name: /^Image/ }).waitFor()
  await settled(page)
  assert.deepEqual(await barriers(page), [])
  const { bytes } = await saved(page, page.getByRole('button', { name: 'Save traversals of bayes as GIF' }))
  assert.equal(bytes.toString('latin1', 0, 3), 'GIF')

  await page.getByText('Between two', { exact: true }).click()
  await page.getByRole('application', { name: /^Through the code: 11 images/ }).waitFor()
  await page.getByRole('application', { name: /^Through pixels: 11 images/ }).waitFor()
  await page.getByText('Spherical', { exact: true }).click()
  await addressed(page, 'path=spherical')
  await settled(page)
  assert.deepEqual(await barriers(page), [])
  await go(page, `#/explore/${explored.home.runs['bowl']}/generate?show=units`)
  await page.getByRole('application', { name: /^Traversals of the units of bowl/ }).waitFor()
})

browserTest(
  'the manifold is decoded under the pointer, and codes show their images; one, two, three units and a plane',
  async ({ serve, open }) => {
    const { url } = await serve(explored.home.home)
    const page = await open(url)
    await go(page, `#/explore/${explored.home.runs['bayes']}/manifold`)
    await page.getByText('evenly spaced quantiles of the prior').waitFor()
    const grid = page.getByRole('application', { name: /^Manifold of bayes/ }),
      codes = page.getByRole('application', { name: /^Codes of bayes/ })
    await drawn(grid, 5000)
    await drawn(codes, 500)
    assert.deepEqual(await barriers(page), [])

    // A drag over the pictures decodes where it comes by; how many places a second stands in the benchmark.
    const box = (await grid.boundingBox())!
    await page.mouse.move(box.x + 30, box.y + 30)
    await page.getByRole('img', { name: 'Picture of the grid' }).waitFor()
    await page.mouse.down()
    const count = () => page.locator('[data-decoded]').evaluate((pane: any) => Number(pane.dataset.decoded))
    const from = await count()
    for (let i = 0; (await count()) < from + 5; i++)
      await page.mouse.move(box.x + 30 + ((i * 3) % (box.width - 60)), box.y + 30 + ((i * 7) % (box.height - 60)))
    await page.mouse.up()
    await page.getByRole('img', { name: /^At \(/ }).waitFor()
    await grid.focus()
    await page.keyboard.press('ArrowRight')
    await codes.focus()
    await page.keyboard.press('ArrowRight')
    await page.getByRole('img', { name: /^\S.*, class \d/ }).waitFor()
    const { bytes, name } = await saved(page, page.getByRole('button', { name: 'Save manifold of bayes as PNG' }))
    assert.match(name, /bayes.*manifold.*\.png/)
    const about = JSON.parse(textsOf(bytes)['Description']!)
    assert.deepEqual(
      [about.name, about.variant, about.question.kind, about.config.network.layers],
      ['bayes', 'variational', 'manifold', [48, 2]],
    )

    await go(page, `#/explore/${explored.home.runs['solid']}/manifold?with=${explored.home.runs['plain']}`)
    const cloud = page.getByRole('application', { name: /^Codes of solid/ })
    await cloud.waitFor()
    await page.getByText('the plane of the two leading principal components of the 12 code units').waitFor()
    const still = await shown(cloud)
    await cloud.focus()
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight')
    await changed(cloud, still)
    await page.getByRole('slider', { name: /Unit 3/ }).fill('6')
    await settled(page)
    assert.deepEqual(await barriers(page), [])
    // The form of a new run has the settings of the one whose code is too large, and a last layer of two.
    await page.getByRole('link', { name: 'Train one with two units' }).click()
    await filled(page.getByRole('textbox', { name: 'Layers' }), '48, 2')
    await filled(page.getByRole('textbox', { name: 'Learning rate' }), '0.005')
    await go(page, `#/explore/${explored.home.runs['bowl']}/manifold`)
    await page.getByRole('application', { name: /^Decoded points of bowl/ }).waitFor()
  },
)

browserTest(
  'fields show where points are moved, and how that changes with the corruption; of images on the plane through three',
  async ({ serve, open }) => {
    const { url } = await serve(explored.home.home)
    const page = await open(url)
    await go(page, `#/explore/${explored.home.runs['moonlit']}/field?with=${explored.home.runs['bowl']}`)
    const plane = page.getByRole('application', { name: /^Field of moonlit/ })
    await plane.waitFor()
    await settled(page)
    await drawn(plane, 5000)
    const clean = await shown(plane)
    await plane.focus()
    await page.keyboard.press('ArrowUp')
    // Both planes are read at once.
    await page
      .getByText(/it moves by \(/)
      .nth(1)
      .waitFor()
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('combobox', { name: 'Corruption' }).selectOption('gaussian')
    await page.getByRole('slider', { name: /Standard deviation/ }).fill('0.8')
    await addressed(page, 'amount=0.8')
    await changed(plane, clean)
    await page.getByLabel('Arrows').uncheck()
    await addressed(page, 'hide=arrows')
    const { bytes } = await saved(page, page.getByRole('button', { name: 'Save field of moonlit as PNG' }))
    assert.equal(textsOf(bytes)['Title'], 'moonlit: denoising field')

    await go(page, `#/explore/${explored.home.runs['noisy']}/field`)
    const through = page.getByRole('application', { name: /^Field of noisy/ })
    await through.waitFor()
    await page.getByText('The plane through the first, the second and the third image').waitFor()
    await drawn(through, 3000)
    for (const title of ['First', 'Second', 'Third']) await page.getByRole('button', { name: new RegExp(`^${title}`) }).waitFor()
    assert.deepEqual(await barriers(page), [])
  },
)
