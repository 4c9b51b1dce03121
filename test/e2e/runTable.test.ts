import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { fillHome } from '../../bench/table/fill.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { settles } from './settles.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const document: any

const hostile = '<img src=x onerror=alert(1)>'
const rows = (page: Page): Locator => page.locator('tr[data-run]')
const counted = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByRole('status').filter({ hasText: text }).first().waitFor()
/** The texts of one column, by the beginning of its header, of the rows in the page. */
async function column(page: Page, title: string): Promise<string[]> {
  return page.evaluate((wanted) => {
    const heads = [...document.querySelectorAll('th')].map((head: any) => head.textContent.trim())
    const at = heads.findIndex((head: string) => head.startsWith(wanted))
    return [...document.querySelectorAll('tr[data-run]')].map((row: any) => row.children[at].textContent.trim())
  }, title)
}
const numbers = async (page: Page, title: string): Promise<number[]> =>
  (await column(page, title)).filter((text) => text !== '–').map((text) => Number.parseFloat(text.replace('−', '-')))
const sortedUp = (values: readonly number[]): boolean => values.every((value, index) => index === 0 || values[index - 1]! <= value)
async function menu(page: Page, title: string): Promise<Locator> {
  await page.getByRole('columnheader', { name: new RegExp(`^${title}`) }).hover()
  await page.getByRole('button', { name: new RegExp(`^${title}: filter`) }).click()
  return page.getByRole('dialog', { name: title, exact: true })
}
const ticked = (page: Page, text: string): Promise<void> =>
  page.getByRole('toolbar', { name: 'Ticked runs' }).getByText(text).waitFor()

browserTest(
  'a few hundred runs: searched, filtered, sorted, grouped, changed in place, kept as a view and saved as a file',
  async ({ folder, serve, open }) => {
    const home = join(folder, 'home')
    fillHome(home, { runs: 500 })
    const page = await open(`${(await serve(home)).url}#/runs`)
    await rows(page).nth(10).waitFor()
    await counted(page, '488 of 500 runs')
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
    await ticked(page, '1 run ticked')
    assert.deepEqual(await rows(page).nth(3).boundingBox(), fourth)
    assert.deepEqual(await barriers(page), [])
    await page.keyboard.press('Escape')
    // No row of the usual columns is wider than the window.
    assert.equal(await page.locator('.scroller').evaluate((scroller: any) => scroller.scrollWidth <= scroller.clientWidth), true)

    // Search, from anywhere; what is hostile is text.
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

    // A range of a figure, a choice of tags; both are named, and taken away.
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

    // Sorted by a figure, what has none comes last, whichever way.
    await page
      .getByRole('columnheader', { name: /^Error/ })
      .getByRole('button', { name: /^Error/ })
      .first()
      .click()
    await page
      .getByRole('columnheader', { name: /^Error/ })
      .and(page.locator('[aria-sort=descending]'))
      .waitFor()
    const down = await numbers(page, 'Error')
    assert.ok(down.length > 10 && sortedUp([...down].reverse()), down.join(' '))
    await page
      .getByRole('columnheader', { name: /^Error/ })
      .getByRole('button', { name: /^Error/ })
      .first()
      .click()
    await page.locator('th[aria-sort=ascending]').waitFor()
    assert.ok(sortedUp(await numbers(page, 'Error')))
    await rows(page).first().focus()
    await page.keyboard.press('End')
    await page.locator(`tr[aria-rowindex="489"]`).waitFor()
    assert.equal((await column(page, 'Error')).at(-1), '–')
    await page.keyboard.press('Home')
    await page.locator('tr[aria-rowindex="2"]:focus').waitFor()

    // Any setting is a column; order and width are changed by keyboard, and remembered over a reload.
    await page.getByRole('button', { name: 'Columns' }).click()
    const chooser = page.getByRole('dialog', { name: 'Columns' })
    await chooser.getByLabel('Search columns').fill('lambda')
    await chooser.getByLabel('Contractive: lambda').check()
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

    // The same by mouse: a head is dragged before another one, its edge sets the width, and two presses on it bring the usual one back.
    await page
      .getByRole('columnheader', { name: /^Seed/ })
      .dragTo(page.getByRole('columnheader', { name: /^Contractive: lambda/ }), { targetPosition: { x: 4, y: 10 } })
    await settles(async () => (await heads()).slice(1, 4), ['Run', 'Seed', 'Contractive: lambda'])
    const edge = page.getByRole('columnheader', { name: /^Seed/ }).locator('.handle')
    const box = (await edge.boundingBox())!
    await page.mouse.move(box.x + 3, box.y + 8)
    await page.mouse.down()
    await page.mouse.move(box.x + 43, box.y + 8, { steps: 4 })
    await page.mouse.up()
    const widthOf = async () => Math.round((await page.getByRole('columnheader', { name: /^Seed/ }).boundingBox())!.width)
    const wider = await widthOf()
    await edge.dblclick()
    assert.equal(wider - (await widthOf()), 40)

    await groupsBySeed(page)
    await changesInPlace(page)
    await ticksAndUndo(page)
    await actions(page)
    await views(page)
    await csv(page)
  },
)

/** Seeds together: means with intervals in the heads; opened and closed by keyboard; ticked as a whole. */
async function groupsBySeed(page: Page): Promise<void> {
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
  await ticked(page, '3 runs ticked')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowLeft')
  await page.locator(`tr[data-group="${group}"]:focus`).waitFor()
  await page.keyboard.press('ArrowLeft')
  await rows(page).first().waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  await page.getByRole('toolbar', { name: 'Ticked runs' }).waitFor({ state: 'detached' })
  await page.getByLabel('Group by').selectOption('')
  await rows(page).first().waitFor()
}

/** Name, colour, tags and notes, where they stand and without a mouse. */
async function changesInPlace(page: Page): Promise<void> {
  const id = (await rows(page).nth(1).getAttribute('data-run'))!
  const row = page.locator(`tr[data-run="${id}"]`)
  await row.focus()
  await page.keyboard.press('F2')
  await page.getByRole('textbox', { name: 'Name' }).fill('given up')
  await page.keyboard.press('Escape')
  await page.locator(`tr[data-run="${id}"]:focus`).waitFor()
  await settles(() => page.getByText('given up').count(), 0)
  await page.keyboard.press('F2')
  const name = `\u202E<script>alert(2)</script> שם`
  await page.getByRole('textbox', { name: 'Name' }).fill(name)
  await page.keyboard.press('Enter')
  await row.getByRole('link', { name, exact: true }).waitFor()
  await page.locator(`tr[data-run="${id}"]:focus`).waitFor()

  // Tab goes to what can be changed in this row.
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  const colours = page.getByRole('dialog', { name: /^Colour of/ })
  await colours.waitFor()
  assert.deepEqual(await barriers(page), [])
  const dashed = colours.getByRole('button', { name: 'vermilion, dotted' })
  await dashed.focus()
  await page.keyboard.press('Enter')
  await colours.waitFor({ state: 'detached' })
  await row.locator('line[stroke-dasharray="2 3"]').waitFor({ state: 'attached' })

  await row.getByRole('button', { name: /^Change the tags/ }).focus()
  await page.keyboard.press('Enter')
  const tags = page.getByRole('dialog', { name: /^Tags of/ })
  await tags.getByLabel('New tag').fill('first, =second')
  await page.keyboard.press('Enter')
  await tags.getByRole('list', { name: 'Tags' }).getByText('=second').waitFor()
  assert.deepEqual(await barriers(page), [])
  await page.keyboard.press('Escape')
  await row.getByRole('gridcell').filter({ hasText: 'first' }).waitFor()

  await page.getByRole('button', { name: 'Columns' }).click()
  await page.getByRole('dialog', { name: 'Columns' }).getByLabel('Notes').check()
  await page.keyboard.press('Escape')
  await row.focus()
  await row.getByRole('button', { name: /^Change the notes/ }).focus()
  await page.keyboard.press('Enter')
  const notes = page.getByRole('dialog', { name: /^Notes of/ })
  await notes.getByRole('textbox', { name: 'Notes' }).fill(`${'long '.repeat(60)}\nthe end`)
  assert.deepEqual(await barriers(page), [])
  await page.keyboard.press('Control+Enter')
  await notes.waitFor({ state: 'detached' })
  await row.focus()
  await row.getByRole('button', { name: /^Change the notes/ }).focus()
  await page.keyboard.press('Enter')
  await notes.getByRole('textbox', { name: 'Notes' }).waitFor()
  assert.match(
    await notes.getByRole('textbox', { name: 'Notes' }).inputValue(),
    /the end$/,
    'the whole of it, although the row has only its beginning',
  )
  await page.keyboard.press('Escape')
}

/** Ticked by mouse, space, shift and arrows; compared; archived and removed, and back again. */
async function ticksAndUndo(page: Page): Promise<void> {
  const all = (await page.getByRole('status').filter({ hasText: 'of 500 runs' }).first().innerText()).split(' ')[0]!
  await rows(page).first().focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Shift+ArrowDown')
  await ticked(page, '3 runs ticked')
  await rows(page)
    .nth(5)
    .getByRole('checkbox')
    .click({ modifiers: ['Shift'] })
  await rows(page).nth(4).getByRole('checkbox').click()
  await ticked(page, '5 runs ticked')
  const chosen = await page
    .locator('tr[data-run][aria-selected=true]')
    .evaluateAll((lines: any[]) => lines.map((line) => line.dataset.run))
  assert.equal(chosen.length, 5)
  await page.keyboard.press('c')
  await page.waitForURL(/#\/compare\?runs=/)
  assert.deepEqual(/runs=([^&]+)/.exec(page.url())![1]!.split(',').sort(), [...chosen].sort())
  await page.goBack()
  await ticked(page, '5 runs ticked')
  assert.deepEqual(await barriers(page), [])

  await page.getByRole('button', { name: 'Archive', exact: true }).click()
  await page.getByText('5 runs were archived.').waitFor()
  await counted(page, `${Number(all) - 5} of 500 runs`)
  await ticked(page, '5 runs ticked, 5 of them not shown')
  assert.deepEqual(await barriers(page), [])
  await page.getByRole('button', { name: 'Undo' }).click()
  await counted(page, `${all} of 500 runs`)

  await rows(page).first().focus()
  await page.keyboard.press('Delete')
  await page.getByText('5 runs were removed.').waitFor()
  await counted(page, `${Number(all) - 5} of 495 runs`)
  await page.getByRole('toolbar', { name: 'Ticked runs' }).waitFor({ state: 'detached' })
  await page.keyboard.press('Control+z')
  await counted(page, `${all} of 500 runs`)
  await ticked(page, '5 runs ticked')

  // Several get a tag together; those that they have stay.
  const toolbar = page.getByRole('toolbar', { name: 'Ticked runs' })
  await toolbar.getByRole('button', { name: 'Tags' }).click()
  await page.getByRole('dialog', { name: 'Tags of the ticked runs' }).getByLabel('New tag').fill('together')
  await page.keyboard.press('Enter')
  await page.getByRole('list', { name: 'Tags' }).getByText('together').waitFor()
  await page.keyboard.press('Escape')
  assert.equal((await column(page, 'Tags')).filter((text) => text.includes('together')).length, 5)
  await page.getByRole('button', { name: 'Clear' }).click()

  await page.getByLabel('Archived').check()
  await counted(page, /^500 runs$/)
  await page.getByLabel('Archived').uncheck()
}

/** What can be done with a run stands in its row; what cannot is said. */
async function actions(page: Page): Promise<void> {
  const state = await menu(page, 'State')
  await state.getByLabel('Paused').check()
  await page.keyboard.press('Escape')
  await rows(page).nth(1).waitFor()
  const [first, second] = (await rows(page).evaluateAll((lines: any[]) => lines.map((line) => line.dataset.run))) as [
    string,
    string,
  ]
  // These have never been trained: there is nothing to continue from.
  await page.locator(`tr[data-run="${first}"]`).getByRole('button', { name: 'Resume' }).click()
  await page.locator('[data-code=CHECKPOINT_MISSING]').waitFor()
  assert.deepEqual(await barriers(page), [])
  await page.getByRole('button', { name: 'Dismiss this message' }).click()
  await page.locator(`tr[data-run="${second}"]`).getByRole('button', { name: 'Cancel' }).click()
  await page.locator(`tr[data-run="${second}"]`).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Remove the filter by State' }).click()
}

/** A view with a name brings back columns, filters and order; it outlives the window, and its removal is taken back. */
async function views(page: Page): Promise<void> {
  const state = await menu(page, 'State')
  await state.getByLabel('Diverged').check()
  await page.keyboard.press('Escape')
  const count = await page.getByRole('status').filter({ hasText: 'of 500 runs' }).first().innerText()
  await page.getByRole('button', { name: 'Views' }).click()
  const dialog = page.getByRole('dialog', { name: 'Views' })
  await dialog.getByLabel('Name of the view').fill(hostile)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: hostile, exact: true }).click()
  await dialog.getByRole('button', { name: 'As it was in the beginning' }).click()
  await counted(page, '488 of 500 runs')
  await settles(() => page.getByRole('columnheader', { name: /^Contractive: lambda/ }).count(), 0)
  await page.locator('[data-kept=true]').waitFor()
  await page.reload()
  await rows(page).first().waitFor()
  await page.getByRole('button', { name: 'Views' }).click()
  assert.deepEqual(await barriers(page), [])
  await dialog.getByRole('button', { name: hostile, exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  await counted(page, count)
  await page.getByRole('columnheader', { name: /^Contractive: lambda/ }).waitFor()
  await page.getByRole('button', { name: hostile, exact: true }).click()
  await dialog.getByRole('button', { name: `Remove the view ${hostile}` }).click()
  await dialog.getByRole('button', { name: hostile, exact: true }).waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('button', { name: hostile, exact: true }).waitFor()
}

/** The file has the table's cells, all rows of it, in its order. */
async function csv(page: Page): Promise<void> {
  await page.getByRole('button', { name: hostile, exact: true }).click()
  await page.getByRole('dialog', { name: 'Views' }).getByRole('button', { name: 'As it was in the beginning' }).click()
  await counted(page, '488 of 500 runs')
  await page.getByRole('columnheader', { name: /^Run/ }).getByRole('button', { name: /^Run/ }).first().click()
  await page.locator('th[aria-sort=ascending]').waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as CSV' }).click()])
  assert.equal(download.suggestedFilename(), 'runs.csv')
  const text = readFileSync((await download.path())!, 'utf8')
  const [head, ...body] = text
    .trimEnd()
    .split('\r\n')
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
      ),
    ) as [string[], ...string[][]]
  assert.equal(body.length, 488)
  assert.match(head.join(), /^Run,Dataset,State,Progress,Time,Error \(per sample\),Probe \(%\),Val\. error,Seed,Tags,Started/)
  const names = body.map(([name]) => name!)
  assert.ok(
    names.includes(`'=HYPERLINK("http://example.invalid","x")`) && names.some((name) => name.startsWith("'@SUM")),
    'a formula is none',
  )
  assert.ok(body.flat().every((cell) => !/^\s*[=+@]/.test(cell) && (!cell.startsWith('-') || /^-[\d.e-]+$/.test(cell))))
  // Every cell of the rows in sight, whatever its column.
  let seen = 0
  const wrong: string[] = []
  for (const [at, title] of head.entries()) {
    const shown = await column(page, title.replace(/ \([^)]*\)$/, ''))
    assert.ok(shown.length > 10)
    shown.forEach((cell, row) => {
      const written = body[row]![at]!,
        number = /^-?[\d.]+(e-?\d+)?$/.test(written)
      // Numbers are the very ones; other cells may have a sign in front on the screen, and tags stand apart.
      const same = number
        ? cell.replace(/%$/, '').replaceAll('−', '-') === written
        : written === ''
          ? /^–?$/.test(cell)
          : written
              .replace(/^'/, '')
              .split(', ')
              .every((part) => cell.includes(part))
      if (!same) wrong.push(`${title}, row ${row}: ${JSON.stringify(written)} in the file, ${JSON.stringify(cell)} on the screen`)
      seen += Number(number)
    })
  }
  assert.deepEqual(wrong, [])
  assert.ok(seen > 50, `${seen} numbers were compared`)
}
