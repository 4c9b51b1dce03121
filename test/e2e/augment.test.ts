import assert from 'node:assert/strict'
import { join } from 'node:path'
import { commandsHere } from '../fixtures/commandLine.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { settles } from './settles.ts'

browserTest(
  'changes of training images are chosen in the form, shown on some and trained with',
  async ({ folder, serve, open }, t) => {
    const home = join(folder, 'home'),
      line = commandsHere(folder, home)
    t.after(() => line.end())
    writeDigitFolder(join(folder, 'digits'), 200)
    await line.json('datasets', 'add', '--name', 'digits', '--path', 'digits')
    const page = await open(`${(await serve(home)).url}#/new?variant=denoising`)
    await page.getByText(/^\d+ more settings$/).click()
    const group = page.getByRole('group', { name: 'Augmentation of training images' })
    const flip = group.getByLabel('Flip left to right'),
      shift = group.getByLabel('Shift', { exact: true })
    const brightness = group.getByLabel('Brightness', { exact: true })
    const shown = (augment: string) => page.locator(`[data-augment="${augment}"]`)
    assert.equal(await page.locator('[data-augment]').count(), 0, 'nothing is shown of what is off')
    await flip.check()
    await shift.fill('3')
    await shown('flip,shift=3').waitFor()
    for (const label of ['Original', 'As step 1 sees it', 'As step 2 sees it'])
      await group.getByText(label, { exact: true }).waitFor()
    await settles(() => shown('flip,shift=3').locator('canvas').count(), 3)
    assert.deepEqual(await barriers(page), [])

    await shift.fill('30')
    await group.getByRole('alert').filter({ hasText: 'more than half of their size' }).waitFor()
    await settles(() => page.getByRole('button', { name: 'Start', exact: true }).isDisabled(), true)
    await settles(() => page.locator('[data-augment]').count(), 0)
    await shift.fill('2')
    await brightness.fill('0.1')
    await shown('flip,shift=2,brightness=0.1').waitFor()
    await page.getByLabel('Standardise').selectOption('channel')
    await page.getByLabel('Epochs', { exact: true }).fill('2')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByText('completed').first().waitFor()
    // The run's page has what was chosen.
    await page.getByText('flip, shift=2, brightness=0.1').first().waitFor()
    const { json } = await line.json('runs', 'list')
    assert.deepEqual(json.runs[0].config.data, { binarise: 'none', augment: 'flip,shift=2,brightness=0.1', standardise: 'channel' })
  },
)
