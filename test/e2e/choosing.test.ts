import assert from 'node:assert/strict'
import { join } from 'node:path'
import { fillHome } from '../../bench/table/fill.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { settles } from './settles.ts'

/** Choosing among more runs than can be compared or listed, some of them archived. */

browserTest(
  'archived runs are found by typing only, lists say what they leave out, and more runs than can be compared are told',
  async ({ folder, serve, open }) => {
    const home = join(folder, 'home')
    const all = fillHome(home, { runs: 1200 })
    const archived = all.filter((_, index) => index % 40 === 39)
    const page = await open(`${(await serve(home)).url}#/runs`)
    await page.locator('tr[data-run]').first().waitFor()
    // Rows are selected wherever the focus is in this view, but for a text that is being typed.
    await page.getByRole('searchbox').first().focus()
    await page.keyboard.press('Control+a')
    assert.equal(await page.getByRole('toolbar', { name: 'Selected runs' }).count(), 0)
    await page.getByRole('searchbox').first().blur()
    await page.keyboard.press('Control+a')
    await page.getByRole('toolbar', { name: 'Selected runs' }).getByText('1,170 runs selected').waitFor()
    await page.keyboard.press('c')
    await page.getByRole('alert').getByText('1,170 runs are selected, but at most 1,000 can be compared at a time.').waitFor()
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('button', { name: 'Compare the newest 1,000' }).click()
    await page.getByRole('alert').waitFor({ state: 'detached' })
    await page.getByRole('tab', { name: 'Settings' }).click()
    await page.getByText(/^The first 50 of \d+ columns/).waitFor()
    await page.getByRole('button', { name: '50 more' }).click()
    await page.getByText(/^The first 100 of \d+ columns/).waitFor()
    const compared = /runs=([^&]+)/.exec(page.url())![1]!.split(',')
    assert.deepEqual(
      [...compared].sort(),
      all
        .filter((id) => !archived.includes(id))
        .slice(-1000)
        .sort(),
    )

    // The list of the comparison: those that are compared first, no archived one but by typing.
    await page.getByRole('button', { name: 'Clear' }).click()
    const list = page.getByRole('list', { name: 'Runs to choose from' })
    await page.getByText('970 more; type to narrow down.').waitFor()
    await settles(() => list.getByText('archived', { exact: true }).count(), 0)
    const filter = page.getByLabel('Filter runs')
    await filter.fill('archived')
    await list.getByText('archived', { exact: true }).nth(29).waitFor()
    await settles(() => list.getByRole('listitem').count(), 30)
    await list.getByRole('checkbox').first().check()
    await filter.fill('')
    await page.getByText('971 more; type to narrow down.').waitFor()
    await page.getByRole('list', { name: 'Compared runs' }).getByRole('listitem').waitFor()
    assert.deepEqual(await barriers(page), [])

    await page.locator('body').press('Control+k')
    const palette = page.getByRole('listbox', { name: 'Results' })
    const find = page.getByRole('combobox', { name: 'Find' })
    await palette.getByRole('option').nth(59).waitFor()
    await find.fill('run digits')
    await palette
      .getByText(/on digits/)
      .nth(20)
      .waitFor()
    await settles(() => palette.getByText(/^Archived; /).count(), 0, 'after the others')
    await find.fill('run archived digits')
    await palette
      .getByText(/^Archived; /)
      .first()
      .waitFor()
    assert.equal(await palette.getByRole('option').count(), await palette.getByText(/^Archived; /).count())
    await page.keyboard.press('Escape')
  },
)
