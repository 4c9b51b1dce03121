import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import type { Download, Page } from 'playwright-core'
import { commandsHere } from '../fixtures/commandLine.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { settles } from './settles.ts'

declare const location: any

/** Files in a browser: downloaded by it, written to a place that is chosen in the page, or chosen there to be read. */

const go = (page: Page, hash: string) =>
  page.evaluate((to) => {
    location.hash = to
  }, hash)

async function bytesOf(download: Download): Promise<Buffer> {
  return readFileSync(await download.path())
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

browserTest('what the window writes is downloaded, or goes to a place that is chosen', async ({ folder, serve, open }, t) => {
  const home = join(folder, 'home')
  const cli = commandsHere(folder, home)
  t.after(() => cli.end())
  writeDigitFolder(join(folder, 'digits'), 300)
  writeFileSync(
    join(folder, 'plan.json'),
    JSON.stringify({
      name: 'pair',
      dataset: 'digits',
      seeds: [1],
      settings: { 'network.layers': [8], 'training.epochs': 1, 'training.batchSize': 32 },
      variants: [{ variant: 'classical' }, { variant: 'denoising' }],
    }),
  )
  assert.equal((await cli.json('datasets', 'add', '--name', 'digits', '--path', 'digits')).code, 0)
  assert.ok((await cli.json('experiment', 'run', 'plan.json')).json)
  await cli.end()
  const left = () => (existsSync(join(home, 'downloads')) ? readdirSync(join(home, 'downloads')) : [])

  const page = await open((await serve(home)).url)
  const downloaded = () => page.waitForEvent('download')
  await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor()
  await go(page, '#/exports')
  await page.getByRole('button', { name: 'Export a run' }).first().click()
  const panel = page.getByRole('region', { name: 'Export a run' })
  const target = panel.getByRole('combobox', { name: 'File' })
  const exporting = panel.getByRole('button', { name: 'Export', exact: true })
  await settles(() => target.inputValue().then((name) => /^[\w-]+-encoder\.onnx$/.test(name)), true)
  await panel.getByText('Your browser downloads it.').waitFor()
  assert.deepEqual(await barriers(page), [])

  // A name that no file can have is said beside it.
  await target.fill('a:b.onnx')
  await exporting.click()
  await panel.getByText('cannot be the name of a file: it holds :').waitFor()
  await target.fill('mein Kodierer ü.onnx')
  const [encoder] = await Promise.all([downloaded(), exporting.click()])
  assert.equal(encoder.suggestedFilename(), 'mein Kodierer ü.onnx')
  assert.ok(!encoder.url().includes('token'), 'what browsers keep beside a file tells no token')
  await panel.getByText('“mein Kodierer ü.onnx” (', { exact: false }).getByText('was downloaded').waitFor()
  const shown = panel.locator('dl')
  await shown.getByText('Downloaded as').waitFor()
  assert.ok((await shown.innerText()).includes(sha256(await bytesOf(encoder))))
  assert.equal(await panel.getByRole('button', { name: 'Copy path' }).count(), 0)
  await panel.getByRole('button', { name: 'Copy checksum' }).waitFor()
  await settles(async () => left().length, 0)
  assert.deepEqual(await barriers(page), [])

  // Elsewhere: a place is chosen, and a file that is there is asked about once.
  const place = join(folder, 'models')
  mkdirSync(join(place, 'inner'), { recursive: true })
  writeFileSync(join(place, 'old.onnx'), 'precious')
  writeFileSync(join(place, 'notes.txt'), 'no model')
  await target.fill(join(place, 'new', 'encoder.onnx'))
  await panel.getByRole('button', { name: 'Save elsewhere' }).click()
  const dialog = page.getByRole('dialog', { name: 'Save as a file' })
  await dialog.getByRole('status').getByText(place, { exact: true }).waitFor()
  await settles(() => dialog.getByRole('listitem').allInnerTexts(), ['Up to the folder above', 'inner/', 'old.onnx'])
  const name = dialog.getByLabel('Name')
  assert.equal(await name.inputValue(), 'encoder.onnx')
  for (const [typed, said] of [
    ['../up.onnx', 'it holds a slash'],
    ['inner', '“inner” is a folder there'],
  ] as const) {
    await name.fill(typed)
    await dialog.getByRole('button', { name: 'Save here' }).click()
    await dialog.getByText(said).waitFor()
  }
  await dialog.getByRole('button', { name: 'old.onnx' }).click()
  await settles(() => name.inputValue(), 'old.onnx')
  await dialog.getByRole('button', { name: 'Save here' }).click()
  await dialog.getByText('“old.onnx” is there already. Replace it?').waitFor()
  assert.deepEqual(await barriers(page), [])
  await dialog.getByRole('button', { name: 'Keep it' }).click()
  await dialog.getByRole('button', { name: 'Save here' }).and(page.locator(':enabled')).click()
  await dialog.getByRole('button', { name: 'Replace', exact: true }).click()
  await settles(() => target.inputValue(), join(place, 'old.onnx'))
  assert.equal(readFileSync(join(place, 'old.onnx'), 'utf8'), 'precious')
  await exporting.click()
  await panel.getByText(/^Written and checked: /).waitFor()
  await shown.getByText(join(place, 'old.onnx')).waitFor()
  assert.ok((await shown.innerText()).includes(sha256(readFileSync(join(place, 'old.onnx')))))
  await panel.getByRole('button', { name: 'Download instead' }).click()
  await settles(() => target.inputValue(), 'old.onnx')

  // Where a browser does not begin by itself, a link is there for it; whoever else takes it first, the page knows of that.
  await page.evaluate(() => {
    const link = (globalThis as any).HTMLAnchorElement.prototype
    link.clickAnew = link.click
    link.click = () => {}
  })
  await exporting.click()
  const link = panel.getByRole('link', { name: 'Download it' })
  const address = (await link.getAttribute('href'))!
  assert.deepEqual(await barriers(page), [])
  const [held] = await Promise.all([downloaded(), link.click()])
  assert.equal(held.suggestedFilename(), 'old.onnx')
  await panel.getByText('was downloaded').waitFor()
  assert.equal((await fetch(new URL(address, page.url()))).status, 404, 'once')
  await page.evaluate(() => {
    const link = (globalThis as any).HTMLAnchorElement.prototype
    link.click = link.clickAnew
  })

  // A page that is loaded anew fetches what the one before had not.
  await page.evaluate(() => {
    ;(globalThis as any).HTMLAnchorElement.prototype.click = () => {}
  })
  await target.fill('anew.onnx')
  await exporting.click()
  await link.waitFor()
  const [anew] = await Promise.all([downloaded(), page.reload()])
  assert.equal(anew.suggestedFilename(), 'anew.onnx')
  assert.ok((await bytesOf(anew)).length > 1000)
  await page.getByRole('button', { name: 'Export a run' }).first().click()
  await settles(() => target.inputValue().then((name) => /^[\w-]+-encoder\.onnx$/.test(name)), true)
  await target.fill('old.onnx')

  // It is downloaded wherever the user is by then.
  const [later] = await Promise.all([downloaded(), exporting.click().then(() => go(page, '#/datasets'))])
  assert.equal(later.suggestedFilename(), 'old.onnx')
  assert.ok((await bytesOf(later)).length > 1000)
  await go(page, '#/exports')
  // Five files, of four of which this machine has no path.
  await settles(() => page.getByRole('table', { name: 'Exports' }).locator('tbody tr').count(), 5)

  await page.getByRole('button', { name: 'Export a run' }).first().click()
  await panel.getByText('All runs of an experiment').click()
  await settles(() => panel.getByLabel('Folder').inputValue(), 'pair-encoders')
  await panel.getByText('Your browser downloads it as pair-encoders.zip').waitFor()
  const [archive] = await Promise.all([downloaded(), exporting.click()])
  assert.equal(archive.suggestedFilename(), 'pair-encoders.zip')
  const parts = unzipSync(await bytesOf(archive))
  assert.deepEqual(
    Object.keys(parts).sort(),
    ['Classical-seed-1.onnx', 'Denoising-seed-1.onnx', 'index.csv', 'index.json'].map((part) => `pair-encoders/${part}`),
  )
  const index = JSON.parse(Buffer.from(parts['pair-encoders/index.json']!).toString()) as {
    files: { file: string; sha256: string }[]
  }
  for (const each of index.files) assert.equal(each.sha256, sha256(Buffer.from(parts[`pair-encoders/${each.file}`]!)))
  await panel.getByText('2 files and their index are in one archive.').waitFor()
  await panel.getByText('was downloaded').waitFor()
  assert.deepEqual(await barriers(page), [])
  await panel.getByRole('button', { name: 'Close' }).click()

  await page.getByRole('button', { name: 'Embed images' }).click()
  const embed = page.getByRole('region', { name: 'Embed images' })
  await embed.getByText('Also write them to a file').click()
  const codesFile = embed.getByRole('combobox', { name: 'File', exact: true })
  await settles(() => codesFile.inputValue().then((text) => /^[^/\\]+\.npz$/.test(text)), true)
  await embed.getByLabel('Format').selectOption('csv')
  await settles(() => codesFile.inputValue().then((text) => /^[^/\\]+\.csv$/.test(text)), true)
  const [codes] = await Promise.all([downloaded(), embed.getByRole('button', { name: 'Embed', exact: true }).click()])
  assert.equal((await bytesOf(codes)).toString().trim().split('\r\n').length, 301)
  await embed.getByText('was downloaded').waitFor()

  await go(page, '#/experiments')
  await page.getByRole('link', { name: 'pair', exact: true }).first().click()
  await page.getByRole('button', { name: 'Pack into a file' }).click()
  const packing = page.getByRole('form', { name: 'Pack into a file' })
  await settles(() => packing.getByLabel('File').inputValue(), 'pair.experiment.zip')
  const [pack] = await Promise.all([downloaded(), packing.getByRole('button', { name: 'Pack', exact: true }).click()])
  assert.ok(Object.keys(unzipSync(await bytesOf(pack))).includes('experiment.json'))
  await packing.getByText('was downloaded').waitFor()
  await settles(async () => left().length, 0)
  assert.deepEqual(await barriers(page), [])
})

browserTest('images and tables of labels are chosen in the page by their kinds', async ({ folder, serve, open }, t) => {
  const home = join(folder, 'home')
  const cli = commandsHere(folder, home)
  t.after(() => cli.end())
  writeDigitFolder(join(folder, 'digits'), 200)
  assert.equal((await cli.json('datasets', 'add', '--name', 'digits', '--path', 'digits')).code, 0)
  const settings = ['--set', 'network.layers=8', '--set', 'training.epochs=1']
  assert.equal((await cli.json('train', '--dataset', 'digits', '--variant', 'classical', ...settings)).code, 0)
  await cli.end()
  const place = join(folder, 'own')
  mkdirSync(join(place, 'inner'), { recursive: true })
  const [digit] = readdirSync(join(folder, 'digits', '0'))
  writeFileSync(join(place, 'Own.PNG'), readFileSync(join(folder, 'digits', '0', digit!)))
  for (const name of ['labels.csv', 'labels.TSV', 'labels.txt', 'labels.table', '.hidden.csv'])
    writeFileSync(join(place, name), 'a')

  const page = await open((await serve(home)).url)
  await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor()
  await go(page, '#/datasets')
  await page.getByRole('button', { name: 'Import images' }).first().click()
  await page.getByLabel('Folder or file', { exact: true }).fill(join(folder, 'digits'))
  await page.getByText('Labels and groups').click()
  await page.getByLabel('Labels', { exact: true }).selectOption('From a table')
  const table = page.getByRole('combobox', { name: 'Table of labels' })
  await table.fill(place)
  const dialog = page.getByRole('dialog', { name: 'Choose a file' })
  const listed = () => dialog.getByRole('listitem').allInnerTexts()
  await page.getByRole('button', { name: 'Choose file', exact: true }).last().click()
  await settles(listed, ['Up to the folder above', 'inner/', 'labels.TSV', 'labels.csv', 'labels.txt'])
  await dialog.getByLabel('Kind of files').selectOption('All files')
  await settles(listed, ['Up to the folder above', 'inner/', 'Own.PNG', 'labels.TSV', 'labels.csv', 'labels.table', 'labels.txt'])
  assert.deepEqual(await barriers(page), [])
  await dialog.getByRole('button', { name: 'labels.table' }).click()
  await settles(() => table.inputValue(), join(place, 'labels.table'))

  await go(page, '#/runs')
  await page.locator('tr[data-run] a').first().click()
  await page
    .getByRole('button', { name: 'Explore' })
    .or(page.getByRole('link', { name: 'Explore' }))
    .last()
    .click()
  await page
    .getByRole('button', { name: /^Image/ })
    .first()
    .click()
  const panel = page.getByRole('dialog', { name: 'Choose an image' })
  await panel.getByRole('combobox', { name: 'From disk' }).fill(place)
  await panel.getByRole('button', { name: 'Choose', exact: true }).click()
  await settles(listed, ['Up to the folder above', 'inner/', 'Own.PNG'])
  assert.deepEqual(await barriers(page), [])
  await dialog.getByRole('button', { name: 'Own.PNG' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText('Own.PNG').first().waitFor()
})
