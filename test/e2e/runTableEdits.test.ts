import assert from 'node:assert/strict'
import { barriers } from './launchChromium.ts'
import { settles } from './settles.ts'
import { column, counted, menu, rows, tableTest, ticked } from './tableOfRuns.ts'

/** What is done with runs in their table. */

tableTest('name, colour, tags and notes are changed where they stand, without a mouse', async (page) => {
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
})

tableTest('runs are ticked by mouse, space, shift and arrows; compared; archived and removed, and back again', async (page) => {
  const all = (await page.getByRole('status').filter({ hasText: 'of 500 runs' }).first().innerText()).split(' ')[0]!
  await rows(page).first().focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Shift+ArrowDown')
  await ticked(page, '3 runs selected')
  await rows(page)
    .nth(5)
    .getByRole('checkbox')
    .click({ modifiers: ['Shift'] })
  await rows(page).nth(4).getByRole('checkbox').click()
  await ticked(page, '5 runs selected')
  const chosen = await page
    .locator('tr[data-run][aria-selected=true]')
    .evaluateAll((lines: any[]) => lines.map((line) => line.dataset.run))
  assert.equal(chosen.length, 5)
  await page.keyboard.press('c')
  await page.waitForURL(/#\/compare\?runs=/)
  assert.deepEqual(/runs=([^&]+)/.exec(page.url())![1]!.split(',').sort(), [...chosen].sort())
  await page.goBack()
  await ticked(page, '5 runs selected')
  assert.deepEqual(await barriers(page), [])

  await page.getByRole('button', { name: 'Archive', exact: true }).click()
  await page.getByText('5 runs were archived.').waitFor()
  await counted(page, `${Number(all) - 5} of 500 runs`)
  await ticked(page, '5 runs selected, 5 of them not shown')
  assert.deepEqual(await barriers(page), [])
  await page.getByRole('button', { name: 'Undo' }).click()
  await counted(page, `${all} of 500 runs`)

  await rows(page).first().focus()
  await page.keyboard.press('Delete')
  await page.getByText('5 runs were removed.').waitFor()
  await counted(page, `${Number(all) - 5} of 495 runs`)
  await page.getByRole('toolbar', { name: 'Selected runs' }).waitFor({ state: 'detached' })
  await page.keyboard.press('Control+z')
  await counted(page, `${all} of 500 runs`)
  await ticked(page, '5 runs selected')

  // Several get a tag together; those that they have stay.
  const toolbar = page.getByRole('toolbar', { name: 'Selected runs' })
  await toolbar.getByRole('button', { name: 'Tags' }).click()
  await page.getByRole('dialog', { name: 'Tags of the selected runs' }).getByLabel('New tag').fill('together')
  await page.keyboard.press('Enter')
  await page.getByRole('list', { name: 'Tags' }).getByText('together').waitFor()
  await page.keyboard.press('Escape')
  assert.equal((await column(page, 'Tags')).filter((text) => text.includes('together')).length, 5)
  await page.getByRole('button', { name: 'Clear' }).click()

  await page.getByLabel('Archived').check()
  await counted(page, /^500 runs$/)
  await page.getByLabel('Archived').uncheck()
})

tableTest('what can be done with a run stands in its row; what cannot is said', async (page) => {
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
})
