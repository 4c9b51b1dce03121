import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { fillHome } from '../../bench/table/fill.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { settles } from './settles.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const location: any
const go = (page: Page, hash: string) =>
  page.evaluate((to) => {
    location.hash = to
  }, hash)

browserTest(
  'a run that is being written stays, over other views, a way back and a reload, until it is reset or another one is begun',
  async ({ folder, serve, open }) => {
    const home = join(folder, 'home')
    const all = fillHome(home, { runs: 20 })
    const page = await open(`${(await serve(home)).url}#/new`)
    const name = page.getByLabel('Name', { exact: true }),
      epochs = page.getByLabel('Epochs', { exact: true }),
      batch = page.getByLabel('Batch size', { exact: true })
    const usual = await epochs.inputValue()
    const read = async (): Promise<string[]> => {
      await name.waitFor()
      return [await name.inputValue(), await epochs.inputValue(), await batch.inputValue()]
    }

    // Every variant, the formula of the chosen one and its settings stand on the first screen, and what the run takes at its start.
    const listed = page.locator('label:has(input[name=variant])')
    await page.getByText(/^about .+ · .+ memory · .+ disk$/).waitFor()
    const [first, last, layers] = await Promise.all(
      [listed.first(), listed.last(), page.getByLabel('Layers', { exact: true })].map((element) => element.boundingBox()),
    )
    assert.ok((await listed.count()) >= 13)
    assert.ok(last!.y + last!.height < 700, `the last variant ends at ${last!.y + last!.height}`)
    assert.ok(layers!.x > first!.x + first!.width && layers!.y < last!.y, 'settings stand beside the list')
    const variant = await page.getByRole('complementary').locator('.formula:visible').innerText()
    await page.getByRole('radio', { name: 'Contractive', exact: true }).check({ force: true })
    await page.getByLabel('Lambda', { exact: true }).waitFor()
    assert.notEqual(await page.getByRole('complementary').locator('.formula:visible').innerText(), variant)
    assert.equal(await page.locator('.formula:visible').count(), 1)
    // Without pretraining there is nothing to be tuned.
    await settles(() => page.getByLabel('Fine-tuning', { exact: true }).filter({ visible: true }).count(), 0)
    await page.getByRole('radio', { name: 'Classical', exact: true }).check({ force: true })
    await page.setViewportSize({ width: 900, height: 700 })
    await page.locator('main .formula:visible').waitFor()
    await page.setViewportSize({ width: 1280, height: 800 })

    // A default that another setting changes waits until nobody is in its field.
    const convolutions = page.getByLabel('Convolutions', { exact: true })
    const [small, none] = [await batch.inputValue(), await convolutions.inputValue()]
    await batch.focus()
    const change = (of: Locator, text: string, event = 'input') =>
      of.evaluate(
        (field: any, [value, type]) => {
          field.value = value
          field.dispatchEvent(new field.ownerDocument.defaultView.Event(type, { bubbles: true }))
        },
        [text, event],
      )
    const write = (text: string) => change(convolutions, text)
    await write('8x3s2')
    await page.getByText('default: none').waitFor()
    await settles(() => page.getByLabel('Hidden activation', { exact: true }).inputValue(), 'elu')
    assert.equal(await batch.inputValue(), small)
    await batch.blur()
    await settles(() => batch.inputValue(), '16')
    await batch.focus()
    await write(none)
    await settles(() => page.getByLabel('Hidden activation', { exact: true }).inputValue(), 'relu')
    assert.equal(await batch.inputValue(), '16')
    await batch.blur()
    await settles(() => batch.inputValue(), small)
    // So does one of a list, and one that is ticked.
    const more = page.getByText(/^\d+ more settings?$/)
    await more.click()
    const activation = page.getByLabel('Hidden activation', { exact: true })
    await activation.focus()
    await write('8x3s2')
    await settles(() => batch.inputValue(), '16')
    assert.equal(await activation.inputValue(), 'relu')
    await activation.blur()
    await settles(() => activation.inputValue(), 'elu')
    await write(none)
    await settles(() => activation.inputValue(), 'relu')
    const tied = page.getByRole('checkbox', { name: 'Tied weights', description: 'The decoder goes back' }),
      kind = page.getByRole('combobox', { name: 'Pretraining', exact: true })
    const variantNamed = (name: string) => page.getByRole('radio', { name, exact: true })
    await variantNamed('Contractive').check({ force: true })
    await settles(() => tied.isChecked(), true)
    await tied.focus()
    await change(kind, 'greedy', 'change')
    await page.getByTitle(/^network\.tied: .*layers/).waitFor()
    assert.equal(await tied.isChecked(), true)
    await tied.blur()
    await settles(() => tied.isChecked(), false)
    await change(kind, 'none', 'change')
    await settles(() => tied.isChecked(), true)
    await variantNamed('Classical').check({ force: true })
    await more.click()

    // Few steps are said, and one click gives enough.
    await batch.fill('30000')
    await page.getByText('so few are rarely enough').waitFor()
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('button', { name: /^Train [\d,]+ epochs$/ }).click()
    await page.getByText('so few are rarely enough').waitFor({ state: 'detached' })
    assert.ok(Number(await epochs.inputValue()) > Number(usual))
    await epochs.fill('7')

    // What keeps it from being started is said at the top, and leads there.
    await name.fill('mine')
    await batch.fill('0')
    await page.getByRole('button', { name: '1 field needs a change' }).click()
    assert.ok(await batch.evaluate((field: any) => field === field.ownerDocument.activeElement))
    assert.doesNotMatch(await page.getByRole('alert').filter({ hasText: 'Batch size' }).innerText(), /training\.batchSize/)
    await settles(() => page.getByRole('button', { name: 'Start', exact: true }).isDisabled(), true)
    assert.deepEqual(await barriers(page), [])
    await batch.fill('50')

    await go(page, '#/runs')
    await page.locator('tr[data-run]').first().waitFor()
    await page.keyboard.press('n')
    await settles(() => read(), ['mine', '7', '50'])
    await page.reload()
    await settles(() => read(), ['mine', '7', '50'])
    await page.getByRole('button', { name: 'Reset' }).click()
    await settles(() => read(), ['', usual, '128'])
    await page.getByRole('button', { name: 'Undo' }).click()
    await settles(() => read(), ['mine', '7', '50'])

    // A run's settings begin anew every time they are asked for, but not on the way back to them.
    for (const _ of [1, 2]) {
      await go(page, `#/runs/${all.at(-1)}`)
      await page.getByRole('link', { name: 'Duplicate settings' }).click()
      assert.equal((await read())[0], '')
      await name.fill('again')
    }
    await go(page, '#/datasets')
    await page.getByRole('heading', { name: 'Datasets' }).waitFor()
    await page.goBack()
    assert.equal((await read())[0], 'again')
    await page.reload()
    assert.equal((await read())[0], 'again')
    await go(page, '#/new?training.epochs=3')
    await page.getByText('The form begins anew.').last().waitFor()
    assert.deepEqual((await read()).slice(0, 2), ['', '3'])
  },
)
