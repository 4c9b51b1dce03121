import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { barriers } from './launchChromium.ts'
import { isRounded } from './rounded.ts'
import { settles } from './settles.ts'
import { addLambda, column, counted, hostile, menu, rows, sortBy, tableTest } from './tableOfRuns.ts'

/** How the table of runs is kept: as a view with a name, and as a file. */

tableTest(
  'a view with a name brings back columns, filters and order; it outlives the window, and its removal is taken back',
  async (page) => {
    await addLambda(page)
    await page.keyboard.press('Escape')
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
    await dialog.getByRole('button', { name: 'Default view' }).click()
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
  },
)

tableTest('the file has the cells of the table, all rows of it, in its order', async (page) => {
  await sortBy(page, 'Run')
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
      // Numbers have all their digits in the file; other cells may have a sign in front on the screen, and tags stand apart.
      const same = number
        ? isRounded(cell.replace(/%$/, '').replaceAll('−', '-'), written)
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
})
