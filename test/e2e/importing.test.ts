import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { pictures } from '../fixtures/sources.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { go } from './pages.ts'
import { settles } from './settles.ts'

browserTest(
  'what an import makes of a folder is shown before it begins, and again with each choice',
  async ({ folder, serve, open }) => {
    const root = join(folder, 'parts')
    await pictures(root, { 'train/cat': 12, 'train/dog': 9, 'test/cat': 4, 'test/dog': 3 }, { width: 24, height: 18 })
    const page = await open((await serve(join(folder, 'home'))).url)
    await go(page, '#/datasets')
    const path = page.getByLabel('Folder or file', { exact: true }),
      start = page.getByRole('button', { name: 'Import', exact: true })
    const understood = page.getByRole('region', { name: 'What was found' })
    const shown = page.getByRole('region', { name: 'Images as they would be stored' })
    await path.fill(root)
    await understood.getByText('7 for testing (given by the source)').waitFor()
    await understood.getByText('2 classes, from the names of the folders').click()
    await settles(
      () =>
        understood
          .getByRole('row')
          .allInnerTexts()
          .then((rows) => rows.map((row) => row.split(/\s+/))),
      [
        ['Class', 'Train', 'Test'],
        ['cat', '12', '4'],
        ['dog', '9', '3'],
      ],
    )
    await settles(() => shown.locator('canvas').count(), 8)
    await settles(async () => new Set(await shown.getByRole('listitem').allInnerTexts()).size, 4, 'both classes of both parts')
    await page.getByText('All are 24 × 18, colour.').waitFor()
    assert.deepEqual(await barriers(page), [])

    // What is typed is checked as it is typed, and the sentence follows it.
    await page.getByLabel('Width', { exact: true }).fill('9999')
    await page.getByLabel('Height', { exact: true }).fill('0')
    await settles(() => page.getByText('A whole number from 1 to 4,096.').count(), 2)
    await settles(() => start.isEnabled(), false)
    await page.getByLabel('Width', { exact: true }).fill('12')
    await page.getByLabel('Height', { exact: true }).fill('')
    await page.getByText('They become 12 × 9').waitFor()
    await settles(() => start.isEnabled(), true)
    // Of another shape, the same images are shown as each fit makes them, and one is chosen there.
    const fitted = page.getByRole('group', { name: 'The same images, fitted' })
    assert.equal(await fitted.count(), 0)
    await page.getByLabel('Height', { exact: true }).fill('12')
    await settles(() => fitted.locator('canvas').count(), 9)
    // What each does to all of them stands beside it.
    const amounts = [
      'Cuts 25% of the width of all 28 images.',
      'Leaves 25% of the height of all 28 images black.',
      'Squeezes the width of all 28 images by 25%.',
    ]
    await settles(() => fitted.locator('.amount').allInnerTexts(), amounts)
    await settles(() => fitted.getAttribute('aria-busy'), 'false')
    // They are dimmed while they are made anew, for which it does not matter which of them is chosen.
    const dimmed = await fitted.evaluateHandle((set: any) => {
      const seen: string[] = []
      const { MutationObserver, getComputedStyle } = set.ownerDocument.defaultView
      new MutationObserver(() => seen.push(getComputedStyle(set.querySelector('.pictures')).opacity)).observe(set, {
        attributes: true,
        attributeFilter: ['aria-busy'],
      })
      return seen
    })
    await fitted.getByRole('radio', { name: 'Pad: The whole image is kept, with black borders.' }).check()
    await settles(() => page.getByLabel('Images with other proportions').inputValue(), 'pad')
    await settles(() => shown.getAttribute('aria-busy'), 'false')
    assert.deepEqual(await dimmed.jsonValue(), [])
    await page.getByLabel('Height', { exact: true }).fill('24')
    await settles(() => dimmed.jsonValue(), ['0.5', '1'])
    await settles(async () => (await fitted.locator('.amount').allInnerTexts())[0], 'Cuts 63% of the width of all 28 images.')
    await page.getByLabel('Height', { exact: true }).fill('12')
    await settles(() => dimmed.jsonValue(), ['0.5', '1', '0.5', '1'])
    assert.deepEqual(await barriers(page), [])
    await page.getByLabel('Height', { exact: true }).fill('')
    await settles(() => fitted.count(), 0)
    await page.getByText('Values and channels').click()
    await page.getByLabel('Range of values').fill('9..1')
    await settles(() => start.isEnabled(), false)
    await page.getByLabel('Range of values').fill('')
    await page.getByText('Parts and split').click()
    await page.getByLabel('Folder or file of test images').fill(join(folder, 'nowhere'))
    await page.getByText('There is nothing at').waitFor()
    await settles(() => start.isEnabled(), false)
    await page.getByLabel('Folder or file of test images').fill('')
    assert.deepEqual(await barriers(page), [])

    // The keyboard is enough, and what was shown is what is stored.
    await settles(() => start.isEnabled(), true)
    await start.press('Enter')
    await page.getByRole('link', { name: 'parts', exact: true }).last().click()
    await page.getByText('28 images', { exact: true }).waitFor()
    await settles(() => page.getByText('12 × 9 × 3, colour').count(), 1)
  },
)

browserTest(
  'a table of labels and a validation part are understood, stored, and told wherever they matter',
  async ({ folder, serve, open }) => {
    const root = join(folder, 'sky'),
      labels = join(folder, 'labels.csv'),
      apart = join(folder, 'apart')
    await pictures(root, { '.': 20 })
    await pictures(apart, { '.': 3 })
    for (const name of readdirSync(apart)) renameSync(join(apart, name), join(apart, `other-${name}`))
    writeFileSync(
      labels,
      `\ufefffile;label\n${Array.from({ length: 20 }, (_, i) => `${String(i).padStart(3, '0')};${i % 4 ? 'sun' : 'moon'}`).join('\n')}\n`,
    )
    const page = await open((await serve(join(folder, 'home'))).url)
    await go(page, '#/datasets')
    await page.getByLabel('Folder or file', { exact: true }).fill(root)
    const understood = page.getByRole('region', { name: 'What was found' })
    await understood.getByText('Without labels.').waitFor()
    await page.getByText('Labels and groups').click()
    await page.getByLabel('Labels', { exact: true }).selectOption('From a table')
    await page.getByLabel('Table of labels').fill(labels)
    await understood.getByText('2 classes').click()
    await page.getByText('Parts and split').click()
    await page.getByLabel('Shares').fill('50/50')
    await understood.getByText('10 for testing (drawn)').waitFor()
    await page.getByLabel('Shares').fill('')
    await page.getByLabel('Folder or file of validation images').fill(apart)
    await understood.getByText('3 for validation (given by the source)').waitFor()
    await settles(
      () =>
        understood
          .getByRole('row', { name: /^moon/ })
          .innerText()
          .then((text) => text.split(/\s+/)),
      ['moon', '4', '0', '1'],
    )
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByRole('link', { name: 'sky', exact: true }).last().click()
    await page.getByText('3, the same in every run').waitFor()
    await page.getByText('Of each part').click()
    await page.getByRole('row', { name: /Without a label/ }).waitFor()
    assert.deepEqual(await barriers(page), [])
  },
)

browserTest('the range of values of 12 bits is told, shown and changed before the import', async ({ folder, serve, open }) => {
  const root = join(folder, 'deep')
  mkdirSync(root)
  // A ramp from 0 to 4095 within each image: halves of it are different values at different ranges.
  for (let i = 0; i < 10; i++) {
    const values = Uint16Array.from({ length: 256 }, (_, at) => (at === 255 ? 4095 : at === 0 ? 0 : 4 * at + i))
    await sharp(values, { raw: { width: 16, height: 16, channels: 1 } })
      .toColourspace('grey16')
      .tiff({ compression: 'none' })
      .toFile(join(root, `${i}.tif`))
  }
  const page = await open((await serve(join(folder, 'home'))).url)
  await go(page, '#/datasets')
  await page.getByLabel('Folder or file', { exact: true }).fill(root)
  const understood = page.getByRole('region', { name: 'What was found' })
  const shown = page.getByRole('region', { name: 'Images as they would be stored' })
  await understood.getByText('0 to 4,095 is stored as 0 to 255').waitFor()
  await settles(() => shown.locator('canvas').count(), 8)
  const looks = () =>
    shown
      .locator('canvas')
      .first()
      .evaluate((canvas: any) => canvas.toDataURL())
  const before = await looks()
  await page.getByText('Values and channels').click()
  await page.getByLabel('Range of values').fill('0..1100')
  await understood.getByText('0 to 1,100 is stored as 0 to 255').waitFor()
  await settles(async () => (await looks()) !== before, true, 'the images are shown anew')
  assert.deepEqual(await barriers(page), [])
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await page.getByRole('link', { name: 'deep', exact: true }).last().click()
  await page.getByText('0 to 1,100 is stored as 0 to 255').waitFor()
})

browserTest(
  'of files with several pages the note names the field, which takes each page as an image',
  async ({ folder, serve, open }) => {
    const root = join(folder, 'stacks')
    mkdirSync(root)
    for (let i = 0; i < 6; i++) {
      const frames = Buffer.from({ length: 3 * 12 * 8 } as ArrayLike<number>).map((_, at) => (37 * i + 5 * at) % 256)
      await sharp(frames, { raw: { width: 12, height: 24, channels: 1, pageHeight: 8 } })
        .gif({ loop: 0 })
        .toFile(join(root, `${i}.gif`))
    }
    const page = await open((await serve(join(folder, 'home'))).url)
    await go(page, '#/datasets')
    await page.getByLabel('Folder or file', { exact: true }).fill(root)
    const understood = page.getByRole('region', { name: 'What was found' })
    await understood.getByText('“Pages and frames: All, each as an image” takes each').waitFor()
    assert.doesNotMatch(await understood.innerText(), /--/)
    await page.getByLabel('Pages and frames').selectOption('All, each as an image')
    await understood.getByText('6 files have several pages or frames (18 in all); each is an image of its own.').waitFor()
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByRole('link', { name: 'stacks', exact: true }).last().click()
    await page.getByText('18 images', { exact: true }).waitFor()
  },
)

browserTest(
  'a folder is chosen in a dialog of the page, with the keyboard and with errors said',
  async ({ folder, serve, open }) => {
    const root = join(folder, 'my pictures', 'déjà vu')
    await pictures(root, { cat: 6, dog: 6 }, { width: 8, height: 8 })
    mkdirSync(join(folder, 'my pictures', '.hidden'))
    const page = await open((await serve(join(folder, 'home'))).url)
    await go(page, '#/datasets')
    const path = page.getByLabel('Folder or file', { exact: true })
    await path.fill(join(folder, 'my pictures'))
    await page.getByRole('button', { name: 'Choose folder' }).click()
    const dialog = page.getByRole('dialog', { name: 'Choose a folder' })
    await dialog.getByRole('status').getByText(join(folder, 'my pictures'), { exact: true }).waitFor()
    await settles(() => dialog.getByRole('listitem').allInnerTexts(), ['Up to the folder above', 'déjà vu/'])
    assert.deepEqual(await barriers(page), [])
    await dialog.getByRole('button', { name: 'déjà vu/' }).focus()
    await page.keyboard.press('Enter')
    await settles(() => dialog.getByRole('listitem').allInnerTexts(), ['Up to the folder above', 'cat/', 'dog/'])
    // It goes while somebody looks at it.
    renameSync(join(root, 'dog'), join(root, 'wolf'))
    await dialog.getByRole('button', { name: 'dog/' }).click()
    await dialog.getByText(`There is nothing at ${join(root, 'dog')}; choose another folder.`).waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await settles(() => path.inputValue(), join(folder, 'my pictures'))

    await page.getByRole('button', { name: 'Choose folder' }).click()
    await dialog.getByRole('button', { name: 'déjà vu/' }).click()
    await dialog.getByRole('button', { name: 'wolf/' }).waitFor()
    await dialog.getByRole('button', { name: 'Choose this folder' }).click()
    await settles(() => path.inputValue(), root)
    await page.getByRole('button', { name: 'Import', exact: true }).and(page.locator(':enabled')).click()
    await page.getByRole('link', { name: 'déjà vu', exact: true }).last().waitFor()
  },
)
