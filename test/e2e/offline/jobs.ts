import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDigitFolder } from '../../fixtures/digitFolder.ts'
import { writeShapesFolder } from '../../fixtures/shapesFolder.ts'
import { browserTest } from '../launchChromium.ts'
import { go, heading } from '../pages.ts'
import { workplace } from './workplace.ts'

/**
 * Every job of the engine under the trap: a command by itself, then commands that the browser mode carries out while a page is
 * open in Chromium. (browserTest holds that the page asks nothing of any other place than loopback; Chromium's own doings are
 * no part of the product.)
 */
browserTest('every job, by commands and in the browser mode, keeps to this machine', async ({ open }, t) => {
  const place = workplace(t)
  const { target, command } = place
  const at = (name: string): string => join(target, name)
  writeDigitFolder(at('digits'), 200)
  // What TensorFlow does not decode, sharp does.
  await writeShapesFolder(at('pictures'), 80)

  // The engine within the command: what it starts ends with it.
  await command('datasets', 'add', '--name', 'digits', '--path', at('digits'))
  await command('datasets', 'add', '--name', 'pictures', '--path', at('pictures'), '--size', '16x16')
  const small = ['--set', 'network.layers=32,6', '--set', 'training.epochs=2', '--set', 'training.batchSize=32']
  await command('train', '--dataset', 'digits', '--variant', 'classical', '--name', 'plain', ...small)
  await command('export', 'plain', '--part', 'encoder', '--out', at('encoder.onnx'))
  await command('explore', 'map', 'plain', '--method', 'umap', '--out', at('map.png'))
  const { checks } = await command('doctor')
  assert.deepEqual(
    checks.filter(({ ok }: { ok: boolean }) => !ok),
    [],
  )

  // The browser mode, and commands that it carries out.
  const server = place.start('serve', place.commandLine('serve.ts', '--port', '0'))
  const { url } = JSON.parse(await server.said(/\n/)) as { url: string }
  const page = await open(url)
  await heading(page, 'Experiments')
    .or(heading(page, 'Runs'))
    .or(page.getByRole('heading', { level: 1 }))
    .first()
    .waitFor()
  writeFileSync(
    at('plan.json'),
    JSON.stringify({
      name: 'two',
      dataset: 'digits',
      seeds: [1],
      settings: { 'network.layers': [32, 6], 'training.epochs': 1, 'training.batchSize': 32 },
      variants: [{ variant: 'denoising' }, { variant: 'variational' }],
    }),
  )
  const { experiment } = await command('experiment', 'run', at('plan.json'))
  const [denoising, variational] = (await command('runs', 'list')).runs.slice(1).map(({ id }: { id: string }) => id) as [
    string,
    string,
  ]
  assert.ok(experiment && denoising && variational)
  await command(
    'train',
    '--dataset',
    'pictures',
    '--variant',
    'classical',
    '--name',
    'deep',
    ...small,
    '--set',
    'pretraining.kind=rbm',
    '--set',
    'pretraining.epochs=1',
    '--set',
    'pretraining.batchSize=32',
  )
  await command('experiment', 'pack', 'two', '--out', at('two.zip'), '--with-images')
  await command('compare', 'plain', denoising, '--out', at('comparison.html'))
  for (const part of ['autoencoder', 'decoder'])
    await command('export', variational, '--part', part, '--out', at(`${part}.onnx`), '--precision', 'int8')
  await command('embed', at('encoder.onnx'), '--dataset', 'digits', '--out', at('codes.npz'))
  for (const type of ['csv', 'parquet']) await command('embed', 'plain', '--path', at('digits'), '--out', at(`codes.${type}`))
  await command('explore', 'neighbours', 'plain', '--image', '3', '--out', at('neighbours.csv'))
  await command('explore', 'chain', 'plain', '--image', '3', '--out', at('chain.gif'))
  await command('evaluate', 'plain')

  for (const view of [
    'datasets',
    'runs',
    `runs/${denoising}`,
    `compare?runs=${denoising},${variational}`,
    `explore/${denoising}`,
    'exports',
    'storage',
    'new',
  ]) {
    await go(page, `#/${view}`)
    await page.getByRole('heading', { level: 1 }).first().waitFor()
    await page.waitForLoadState('networkidle')
  }
  await page.close()
  server.signal('SIGTERM')
  assert.equal((await server.ended).code, 0)

  mkdirSync(join(place.home, 'other'))
  await command('experiment', 'unpack', at('two.zip'), '--home', join(place.home, 'other'))
  for (const file of ['map.png', 'comparison.html', 'codes.parquet', 'chain.gif', 'decoder.onnx'])
    assert.ok(existsSync(at(file)), file)
  place.judge()
})
