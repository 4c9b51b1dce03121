import assert from 'node:assert/strict'
import { barriers } from './launchChromium.ts'
import { settles } from './settles.ts'
import { addLambda, column, counted, hostile, menu, numbers, rows, sortBy, sortedUp, tableTest, ticked } from './tableOfRuns.ts'

/** The table of runs, looked at: nothing here changes a run. */

tableTest('the keyboard leads into the table, and ticking a run leaves all rows where they are', async (page) => {
  await page
    .getByRole('gridcell', { name: /^\d\d\.\d\d$/ })
    .first()
    .waitFor()
  assert.deepEqual(await barriers(page), [])

  // The arrows lead into the table from anywhere; ticking a run leaves all rows where they are, and the keyboard's row is
  // framed by its cells.
  await page.keyboard.press('ArrowDown')
  await page.locator('tr[aria-rowindex="2"]:focus').waitFor()
  const fourth = await rows(page).nth(3).boundingBox()
  await page.keyboard.press('Space')
  await ticked(page, '1 run selected')
  assert.deepEqual(await rows(page).nth(3).boundingBox(), fourth)
  assert.deepEqual(await barriers(page), [])
  await page.keyboard.press('Escape')
  // No row of the usual columns is wider than the window.
  assert.equal(await page.locator('.scroller').evaluate((scroller: any) => scroller.scrollWidth <= scroller.clientWidth), true)
})

tableTest('search finds from anywhere; filters by a range and by tags are named, and taken away', async (page) => {
  const countOf = async () => Number.parseInt(await page.getByRole('status').filter({ hasText: 'of 500 runs' }).innerText())
  // What is hostile is text.
  await page.keyboard.press('/')
  await page.keyboard.type('img onerror')
  await counted(page, '1 of 500 runs')
  await page.getByRole('link', { name: hostile, exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await counted(page, '488 of 500 runs')
  await page.keyboard.type('nothing is called so')
  await page.getByText('No run matches').waitFor()
  assert.deepEqual(await barriers(page), [])
  await page.getByRole('button', { name: 'Show all', exact: true }).click()
  await counted(page, '488 of 500 runs')
  // Settings and facts are searched by value, whether they stand in the table or not.
  const box = page.getByLabel('Search runs')
  await box.fill('lamda>0.05')
  await page.getByText('no column is called “lamda”').waitFor()
  await box.fill('variant:contractive')
  await counted(page, /^\d+ of 500 runs$/)
  const all = await countOf()
  await box.fill('variant:contractive lambda>0.05')
  await settles(async () => {
    const some = await countOf()
    return some > 0 && some < all
  }, true)
  await box.fill('')
  await counted(page, '488 of 500 runs')

  // A range of a figure, a choice of tags.
  const error = await menu(page, 'Error')
  await error.getByLabel('From').fill('1x')
  await error.getByText('A limit is a number').waitFor()
  await error.getByLabel('From').fill('2e1')
  await error.getByLabel('to', { exact: true }).fill('45')
  await page.getByText('Error from 20 to 45').waitFor()
  assert.deepEqual(await barriers(page), [])
  await page.keyboard.press('Escape')
  assert.ok((await numbers(page, 'Error')).every((value) => value >= 20 && value <= 45))
  assert.ok(
    (await column(page, 'Error')).every((text) => text !== '–'),
    'a run without the figure is in no range of it',
  )
  const tags = await menu(page, 'Tags')
  await tags.getByLabel('pilot').check()
  await page.keyboard.press('Escape')
  assert.ok((await column(page, 'Tags')).every((text) => text.includes('pilot')))
  await page.getByRole('button', { name: 'Remove the filter by Error' }).click()
  await page.getByRole('button', { name: 'Remove the filter by Tags' }).click()
  await counted(page, '488 of 500 runs')
})

tableTest('sorted by a figure, what has none comes last, whichever way', async (page) => {
  await sortBy(page, 'Error')
  await page
    .getByRole('columnheader', { name: /^Error/ })
    .and(page.locator('[aria-sort=descending]'))
    .waitFor()
  const down = await numbers(page, 'Error')
  assert.ok(down.length > 10 && sortedUp([...down].reverse()), down.join(' '))
  await sortBy(page, 'Error')
  await page.locator('th[aria-sort=ascending]').waitFor()
  assert.ok(sortedUp(await numbers(page, 'Error')))
  await rows(page).first().focus()
  await page.keyboard.press('End')
  await page.locator(`tr[aria-rowindex="489"]`).waitFor()
  assert.equal((await column(page, 'Error')).at(-1), '–')
  await page.keyboard.press('Home')
  await page.locator('tr[aria-rowindex="2"]:focus').waitFor()
})

tableTest(
  'any setting is a column; order and width are changed by keyboard and mouse, and remembered over a reload',
  async (page) => {
    await sortBy(page, 'Error')
    await sortBy(page, 'Error')
    await addLambda(page)
    assert.deepEqual(await barriers(page), [])
    await page.keyboard.press('Escape')
    const lambda = await menu(page, 'Contractive: lambda')
    const before = (await page.getByRole('columnheader', { name: /^Contractive: lambda/ }).boundingBox())!.width
    for (let times = 0; times < 3; times++) await lambda.getByRole('button', { name: 'Wider' }).press('Enter')
    for (let times = 0; times < 10; times++) await lambda.getByRole('button', { name: 'Move left' }).press('Enter')
    await page.keyboard.press('Escape')
    const heads = () =>
      page
        .getByRole('columnheader')
        .allInnerTexts()
        .then((texts) => texts.map((text) => text.replace(/\s*[↑↓]$/, '').trim()))
    await settles(async () => (await heads()).slice(1, 4), ['Run', 'Contractive: lambda', 'Dataset'])
    await page.getByRole('combobox', { name: 'Group by' }).selectOption({ label: 'By dataset' })
    await page.locator('tr[data-group]').nth(1).waitFor()
    await page.getByRole('combobox', { name: 'Group by' }).selectOption({ label: 'No groups' })
    await rows(page).first().waitFor()
    await page.locator('[data-kept=true]').waitFor()
    await page.reload()
    await rows(page).first().waitFor()
    await settles(async () => (await heads()).slice(1, 4), ['Run', 'Contractive: lambda', 'Dataset'])
    assert.equal(
      Math.round((await page.getByRole('columnheader', { name: /^Contractive: lambda/ }).boundingBox())!.width),
      Math.round(before) + 48,
    )
    await page.locator('th[aria-sort=ascending]').waitFor()

    // A head is dragged before another one, its edge sets the width, and two presses on it bring the usual one back.
    await page
      .getByRole('columnheader', { name: /^Seed/ })
      .dragTo(page.getByRole('columnheader', { name: /^Contractive: lambda/ }), { targetPosition: { x: 4, y: 10 } })
    await settles(async () => (await heads()).slice(1, 4), ['Run', 'Seed', 'Contractive: lambda'])
    const edge = page.getByRole('columnheader', { name: /^Seed/ }).locator('.column-handle')
    const box = (await edge.boundingBox())!
    await page.mouse.move(box.x + 3, box.y + 8)
    await page.mouse.down()
    await page.mouse.move(box.x + 43, box.y + 8, { steps: 4 })
    await page.mouse.up()
    const widthOf = async () => Math.round((await page.getByRole('columnheader', { name: /^Seed/ }).boundingBox())!.width)
    const wider = await widthOf()
    await edge.dblclick()
    assert.equal(wider - (await widthOf()), 40)
  },
)

tableTest('seeds together: means with intervals in the heads; opened and closed by keyboard; ticked as a whole', async (page) => {
  await page.getByLabel('Group by').selectOption('seeds')
  const heads = page.locator('tr[data-group]')
  await heads.nth(5).waitFor()
  assert.deepEqual(await barriers(page), [])
  const head = heads.filter({ hasText: '3 runs' }).filter({ hasText: /±/ }).first()
  const [mean] = (/(\d+\.?\d*) ± /.exec(await head.innerText()) ?? []).slice(1).map(Number)
  const group = (await head.getAttribute('data-group'))!
  await head.focus()
  await page.keyboard.press('ArrowRight')
  await rows(page).nth(2).waitFor()
  await settles(() => rows(page).count(), 3)
  assert.equal(new Set(await column(page, 'Seed')).size, 3)
  const errors = await numbers(page, 'Error')
  assert.ok(
    Math.abs(errors.reduce((sum, value) => sum + value, 0) / errors.length - mean!) < 0.6,
    `${errors.join(', ')} have the mean ${mean}`,
  )
  await page.keyboard.press('Space')
  await ticked(page, '3 runs selected')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowLeft')
  await page.locator(`tr[data-group="${group}"]:focus`).waitFor()
  await page.keyboard.press('ArrowLeft')
  await rows(page).first().waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  await page.getByRole('toolbar', { name: 'Selected runs' }).waitFor({ state: 'detached' })
  await page.getByLabel('Group by').selectOption('')
  await rows(page).first().waitFor()
})

tableTest('nothing covers a figure and no number is cut, in a narrow window and with larger text', async (page) => {
  // A run whose name is shown takes its room, and one that can be resumed has its buttons in sight.
  const acting = page.getByRole('button', { name: 'Resume' }).first()
  for (const [width, height] of [
    [1280, 800],
    [1000, 700],
    [853, 533],
  ] as const) {
    await page.setViewportSize({ width, height })
    await page.getByLabel('Search runs').fill('state:paused')
    await acting.waitFor()
    await settles(
      () =>
        acting.evaluate((button: any) => {
          const { left, right } = button.getBoundingClientRect()
          return left >= 0 && right <= button.ownerDocument.defaultView.innerWidth
        }),
      true,
      `at ${width} pixels the actions are in sight`,
    )
    await page.getByLabel('Search runs').fill('')
    await counted(page, '488 of 500 runs')
    const wrong = await page.locator('.scroller tr[data-run]').evaluateAll((lines: any[]) =>
      lines.flatMap((line) => {
        const cells = [...line.cells] as any[]
        const cut = cells.filter((cell) => cell.classList.contains('number') && cell.scrollWidth > cell.clientWidth)
        const buttons = cells.flatMap((cell) => (cell.classList.contains('acting') ? [...cell.querySelectorAll('button')] : []))
        const covered = buttons.filter((button) => {
          const box = button.getBoundingClientRect(),
            own = button.closest('td').getBoundingClientRect()
          return box.right > own.right + 1 || box.left < own.left - 1
        })
        return [...cut, ...covered].map((element) => element.textContent.trim())
      }),
    )
    assert.deepEqual(wrong, [], `at ${width} pixels`)
  }
})
