import assert from 'node:assert/strict'
import { join } from 'node:path'
import { digitLabels, digits } from '../fixtures/digits.ts'
import { temporaryFolder, testEngine } from '../fixtures/homes.ts'
import { writeIdx } from '../fixtures/idx.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { settles } from './settles.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const location: { hash: string }

browserTest(
  'a run with collapsed code units is pruned on its page, which then says what the bound came to',
  async ({ folder, serve, open }, t) => {
    const home = join(folder, 'home')
    const engine = testEngine(t, home, { workerScript: undefined })
    const { task } = await engine.call('datasets.import', {
      name: 'digits',
      path: writeIdx(temporaryFolder(t), digits(900), 28, digitLabels(900)),
    })
    await engine.next((event) =>
      event.type === 'task' && event.task.id === task.id && event.task.state === 'done' ? true : undefined,
    )
    const {
      run: { id },
    } = await engine.call('runs.create', {
      dataset: 'digits',
      variant: 'variational',
      name: 'heavy',
      settings: {
        network: { layers: [48, 12], activation: 'tanh' },
        training: { epochs: 100, batchSize: 32, learningRate: 0.01, schedule: 'cosine' },
        regularizer: { klWeight: 6 },
      },
    })
    const collapsed = (await engine.until(id, 'completed')).evaluation!.collapse!.units.length
    await engine.engine.close()

    const { url } = await serve(home)
    const page = await open(url)
    await page.evaluate((hash) => {
      location.hash = hash
    }, `#/runs/${id}`)
    const panel = page.getByRole('region', { name: 'Code units', exact: true })
    await panel.getByText(`${collapsed} of 12 units have collapsed`).waitFor()
    await settles(() => panel.getByRole('cell', { name: 'collapsed', exact: true }).count(), collapsed)
    assert.deepEqual(await barriers(page), [])
    await panel.getByRole('button', { name: `Prune ${collapsed} units` }).click()
    await panel.getByText(`Without ${collapsed} code units the bound has lost nothing: it was −`).first().waitFor()
    await panel.getByRole('button', { name: 'Save its encoder as ONNX' }).click()
    const form = panel.getByRole('form', { name: 'Export' })
    // What is suggested comes a moment later, and would otherwise come while the path is being typed.
    await settles(async () => (await form.getByLabel('File').inputValue()) !== '', true)
    await form.getByLabel('File').fill(join(folder, 'smaller.onnx'))
    await form.getByRole('button', { name: 'Export', exact: true }).click()
    await form.getByText('smaller.onnx').first().waitFor()
    await form.getByText('SHA-256').first().waitFor()
    assert.deepEqual(await barriers(page), [])

    await panel.getByRole('link', { name: 'heavy pruned' }).click()
    await page.getByRole('heading', { name: 'heavy pruned', level: 1 }).waitFor()
    await page.getByText('This run was not trained').waitFor()
    await panel.getByText('the bound has lost nothing').first().waitFor()
    await settles(() => panel.getByRole('row').count(), 1 + 12 - collapsed)
  },
)
