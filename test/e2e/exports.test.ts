import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { commandsHere } from '../fixtures/commandLine.ts'
import { linearEncoder, onnxFile, type Model } from '../fixtures/onnxFiles.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { settles } from './settles.ts'

declare const location: any, requestAnimationFrame: any

/**
 * Taking things away in the window: a smaller file with its program, an experiment, codes of a foreign encoder beside a run's,
 * weights that go on.
 */

browserTest('exports, embeds and opens weights in the window', async ({ folder, serve, open }, t) => {
  const home = join(folder, 'home')
  const cli = commandsHere(folder, home)
  t.after(() => cli.end())
  writeDigitFolder(join(folder, 'digits'), 400)
  const settings = { 'network.layers': [16], 'training.epochs': 2, 'training.batchSize': 32 }
  writeFileSync(
    join(folder, 'plan.json'),
    JSON.stringify({
      name: 'pair',
      dataset: 'digits',
      seeds: [1],
      settings,
      variants: [{ variant: 'classical' }, { variant: 'denoising' }],
    }),
  )
  assert.equal((await cli.json('datasets', 'add', '--name', 'digits', '--path', 'digits')).code, 0)
  assert.equal((await cli.json('datasets', 'add', '--name', 'moons', '--path', 'moons')).code, 0)
  const { json } = await cli.json('experiment', 'run', 'plan.json')
  assert.ok(json, 'the experiment ended')
  writeFileSync(join(folder, 'other.onnx'), onnxFile(linearEncoder({ name: 'pixels', shape: ['batch', 28, 28, 1] }, 784)))
  const { run } = (await cli.json('runs', 'show', 'Classical, seed 1')).json
  copyFileSync(join(home, 'runs', run.id, 'checkpoints', 'last.safetensors'), join(folder, 'taken.safetensors'))

  const { url } = await serve(home)
  const page = await open(url)
  let heard: (text: string) => unknown = () => {}
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => heard(payload.toString('latin1'))))
  await page.reload()
  // The front door leads on to the runs by itself.
  await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor()
  await page.evaluate(() => {
    location.hash = '#/exports'
  })
  await page.getByRole('heading', { name: 'Nothing exported yet' }).waitFor()

  await page.getByRole('button', { name: 'Export a run' }).first().click()
  const panel = page.getByRole('region', { name: 'Export a run' })
  // One of the list of all runs, by the keyboard alone: the chosen one stands first.
  const choice = panel.getByRole('button', { name: /^Run: / })
  const picker = page.getByRole('dialog', { name: 'Choose a run' })
  for (const [typed, name] of [
    ['denoising', 'Denoising, seed 1'],
    ['classical', 'Classical, seed 1'],
  ] as const) {
    await choice.focus()
    await page.keyboard.press('ArrowDown')
    assert.ok((await choice.getAttribute('aria-label'))?.endsWith(await picker.locator('li bdi').first().innerText()))
    assert.deepEqual(await barriers(page), [])
    await page.keyboard.type(typed)
    await picker.locator('li').nth(1).waitFor({ state: 'detached' })
    await page.keyboard.press('Enter')
    await picker.waitFor({ state: 'detached' })
    await panel.getByRole('button', { name: `Run: ${name}` }).waitFor()
    assert.ok(await choice.evaluate((button: any) => button === button.ownerDocument.activeElement), 'the focus is back')
  }
  // What is suggested while somebody is in the field waits until they have left it.
  const target = panel.getByRole('combobox', { name: 'File' })
  await settles(async () => (await target.inputValue()).endsWith('-encoder.onnx'), true)
  const first = await target.inputValue()
  await target.focus()
  const later = new Promise<void>((arrived) => {
    heard = (text) => text.includes('-encoder-int8.onnx') && arrived()
  })
  await panel.getByLabel('Precision').evaluate((select: any) => {
    select.value = 'int8'
    select.dispatchEvent(new select.ownerDocument.defaultView.Event('change', { bubbles: true }))
  })
  await later
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))))
  assert.equal(await target.inputValue(), first)
  await panel.getByLabel('Precision').focus()
  await settles(async () => (await target.inputValue()).endsWith('-int8.onnx'), true)
  // Not once it was typed over, either.
  await target.fill('mine')
  await panel.getByLabel('Precision').selectOption('float16')
  await panel.getByLabel('Precision').focus()
  assert.equal(await target.inputValue(), 'mine')
  await target.fill('')
  await panel.getByLabel('Precision').focus()
  await panel.getByLabel('Precision').selectOption('int8')
  const file = join(folder, 'small.onnx')
  const fill = async (box: Locator, suggested: RegExp, path: string) => {
    await page.waitForFunction(([element, pattern]) => new RegExp(pattern).test(element.value), [
      await box.elementHandle(),
      suggested.source,
    ] as const)
    await box.fill(path)
  }
  await fill(panel.getByRole('combobox', { name: 'File' }), /-int8\.onnx$/, file)
  await panel.getByRole('button', { name: 'Export', exact: true }).click()
  await panel.getByText('% of the spread').waitFor()
  assert.ok(existsSync(file))
  assert.match(await panel.locator('dl').innerText(), /In float32[\s\S]*Difference[\s\S]*Linear probe[\s\S]*in float32/)
  assert.match(await panel.getByLabel('Python program').innerText(), /onnxruntime\.InferenceSession\('.*small\.onnx'\)/)
  await panel.getByText('Node', { exact: true }).click()
  assert.match(await panel.getByLabel('Node program').innerText(), /InferenceSession\.create\('.*small\.onnx'\)/)
  await panel.getByText('PyTorch', { exact: true }).click()
  assert.match(await panel.getByLabel('PyTorch program').innerText(), /Network\(load_file\('.*last\.safetensors'\)\)/)
  // What is wrong with a name is said beside it, and no file appears.
  for (const [path, said] of [
    [join(folder, 'none', 'small.onnx'), 'its folder does not exist'],
    [folder, 'it is a folder'],
    ['some/small.onnx', 'is not an absolute path'],
  ] as const) {
    await panel.getByRole('combobox', { name: 'File' }).fill(path)
    await panel.getByRole('button', { name: 'Export', exact: true }).click()
    await panel.getByText(said).waitFor()
    await settles(() => panel.getByRole('combobox', { name: 'File' }).getAttribute('aria-invalid'), 'true')
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => /small|workbench-export/.test(name)),
    ['small.onnx'],
  )
  // Of another name, or of another file, that is not true any more.
  await panel.getByRole('combobox', { name: 'File' }).fill('')
  await panel.getByText('is not an absolute path').waitFor({ state: 'detached' })
  await panel.getByRole('combobox', { name: 'File' }).fill(file)
  // The same name again is asked about.
  await panel.getByRole('button', { name: 'Export', exact: true }).click()
  await panel.getByRole('button', { name: 'Replace it' }).click()
  await panel.getByText('% of the spread').waitFor()
  await panel.getByText(/^Written and checked: .* weights in int8 stand for/).waitFor()
  await panel.getByLabel('Precision').selectOption('float32')
  await panel.getByText('% of the spread').waitFor({ state: 'detached' })

  await panel.getByText('All runs of an experiment').click()
  const many = join(folder, 'many')
  await fill(panel.getByLabel('Folder'), /pair-encoders$/, many)
  await panel.getByRole('button', { name: 'Export', exact: true }).click()
  await panel.getByText('2 files and their index are in').waitFor()
  assert.deepEqual(readdirSync(many).sort(), ['Classical-seed-1.onnx', 'Denoising-seed-1.onnx', 'index.csv', 'index.json'])
  await panel.getByRole('button', { name: 'Close' }).click()

  await page.getByRole('button', { name: 'Embed images' }).click()
  const embed = page.getByRole('region', { name: 'Embed images' })
  // The newest dataset is none that the run's encoder takes.
  await embed.locator('option:checked', { hasText: /^digits / }).waitFor({ state: 'attached' })
  await settles(() => embed.locator('option', { hasText: /^moons .*does not fit\)$/ }).isDisabled(), true)
  await settles(() => embed.getByRole('button', { name: 'Embed', exact: true }).isEnabled(), true)
  await embed.getByText('An ONNX file').click()
  await embed.getByRole('combobox', { name: 'ONNX file' }).fill(join(folder, 'plan.onnx'))
  await embed.getByText('There is nothing at').waitFor()
  const plain = linearEncoder({ name: 'pixels', shape: ['batch', 28, 28, 1] }, 784)
  for (const [name, model, said] of [
    ['text', null, 'is not an ONNX file, or is damaged'],
    ['two', { ...plain, inputs: [...plain.inputs, { name: 'mask', shape: ['batch', 3] }] }, 'has 2 inputs'],
    [
      'outside',
      { ...plain, floats: [{ name: 'kernel', shape: [784, 2], data: [], external: true }] },
      'keeps its weights in another file',
    ],
    ['sizes', linearEncoder({ name: 'pixels', shape: ['batch', 1, 'H', 'W'] }, 784), 'whose size is not fixed'],
    ['newer', linearEncoder({ name: 'pixels', shape: ['batch', 28, 28, 1] }, 784, { opset: 99 }), 'is of opset 99'],
  ] as const) {
    writeFileSync(join(folder, `${name}.onnx`), model === null ? 'no model' : onnxFile(model as Model))
    await embed.getByRole('combobox', { name: 'ONNX file' }).fill(join(folder, `${name}.onnx`))
    await embed.getByText(said).waitFor()
    await settles(() => embed.getByRole('button', { name: 'Embed', exact: true }).isDisabled(), true)
  }
  await embed.getByRole('combobox', { name: 'ONNX file' }).fill(join(folder, 'other.onnx'))
  await embed.getByText('Takes images of').waitFor()
  await embed.getByLabel('Pixels').selectOption('signed')
  await embed.getByText('Also write them to a file').click()
  const codes = join(folder, 'codes.csv')
  await fill(embed.getByRole('combobox', { name: 'File', exact: true }), /\.npz$/, codes)
  await settles(() => embed.getByLabel('Format').inputValue(), 'csv')
  await embed.getByRole('button', { name: 'Embed', exact: true }).click()
  await embed.getByText('400 codes of 2 values').waitFor()
  assert.equal(readFileSync(codes, 'utf8').trim().split('\r\n').length, 401)
  await embed.getByRole('button', { name: 'Close' }).click()

  // What was made is selected: its figures beside those of the runs, both maps, and neighbours.
  const look = page.getByRole('region', { name: 'Codes of digits' })
  await look.getByRole('row').filter({ hasText: 'Classical, seed 1' }).waitFor()
  await look.locator('canvas').nth(1).waitFor()
  const map = look.getByRole('application').first()
  await map.focus()
  await map.press('ArrowRight')
  await map.press('Enter')
  await look.getByText('Nearest in the code of').waitFor()
  await look.getByText('Nearest in pixels').waitFor()
  assert.deepEqual(await barriers(page), [])

  await page.getByRole('button', { name: 'Open weights' }).click()
  const weights = page.getByRole('region', { name: 'Open weights' })
  await weights.getByRole('combobox', { name: 'File of weights' }).fill(join(folder, 'taken.safetensors'))
  await weights.getByText('784 – 16').waitFor()
  await weights.getByRole('button', { name: 'Evaluate' }).click()
  await weights.getByText('Evaluated as the run').waitFor()
  await weights.getByLabel('Epochs').fill('1')
  await weights.getByRole('button', { name: 'Train further' }).click()
  await page.waitForURL(/#\/runs\//)
  await page.getByText('Started from').waitFor()
})
