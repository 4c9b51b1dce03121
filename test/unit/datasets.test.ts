import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describeRun } from '../../src/main/engine/cli/commands/runs.ts'
import type { Session } from '../../src/main/engine/cli/session.ts'
import type { Split } from '../../src/shared/domain.ts'
import type { TestEngine } from '../fixtures/homes.ts'
import { temporaryFolder, testEngine } from '../fixtures/homes.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { pictures } from '../fixtures/sources.ts'

const over = ({ next }: TestEngine, id: string) =>
  next((event) => (event.type === 'task' && event.task.id === id && event.task.state !== 'running' ? event.task : undefined))

test('a dataset from import to removal: pictures by split and label, names, duplicates, a run that holds it', async (t) => {
  const folder = temporaryFolder(t)
  const digits = join(folder, 'digits')
  writeDigitFolder(digits, 200)
  const engine = testEngine(t, join(folder, 'home'))
  const { call } = engine
  const { task } = await call('datasets.import', { path: digits })
  assert.equal(task.state, 'running')
  const done = await over(engine, task.id)
  assert.equal(done.state, 'done', done.error?.message)
  const [dataset] = (await call('datasets.list', {})).datasets
  assert.deepEqual([dataset!.id, dataset!.name, dataset!.count], [done.result, 'digits', 200])
  assert.ok(engine.events.some((event) => event.type === 'dataset' && event.dataset.id === dataset!.id))

  const all = await call('datasets.images', { dataset: 'digits', count: 500 })
  assert.deepEqual([all.total, all.images.count, all.images.pixels.length, all.labels.length], [200, 200, 200 * 784, 200])
  const threes = await call('datasets.images', { dataset: 'digits', count: 4, offset: 2, label: 3, split: 'train' })
  assert.deepEqual(threes.labels, [3, 3, 3, 3])
  const wanted = all.paths.filter((path) => path.startsWith('3'))
  assert.ok(threes.paths.every((path) => wanted.includes(path)))
  const first = all.paths.indexOf(threes.paths[0]!)
  assert.deepEqual(threes.images.pixels.subarray(0, 784), all.images.pixels.subarray(first * 784, (first + 1) * 784))
  const chosen = [117, 3, 60]
  const given = await call('datasets.images', { dataset: 'digits', count: 500, only: chosen })
  assert.deepEqual([given.total, given.rows, given.paths], [3, chosen, chosen.map((row) => all.paths[row])])
  assert.deepEqual(given.images.pixels.subarray(784, 1568), all.images.pixels.subarray(3 * 784, 4 * 784))
  assert.deepEqual(
    (await call('datasets.images', { dataset: 'digits', count: 500, only: threes.rows, label: 3, split: 'train' })).rows,
    threes.rows,
  )
  await assert.rejects(call('datasets.images', { dataset: 'digits', count: 1, only: [200] }), {
    code: 'CALL_INVALID',
    message: /no row 200/,
  })
  // Stored class by class, and yet the first ten to look at are of ten classes.
  const looks = await call('datasets.images', { dataset: 'digits', count: 500, preview: true })
  assert.deepEqual(looks.labels.slice(0, 10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.ok(looks.total <= 32 && looks.total === Math.min(32, dataset!.testCount))
  const testing = await call('datasets.images', { dataset: 'digits', count: 1, split: 'test' })
  assert.equal(testing.total, dataset!.testCount)
  assert.equal((await call('datasets.images', { dataset: 'digits', count: 5, offset: 200 })).images.count, 0)

  assert.equal((await call('datasets.rename', { dataset: 'digits', name: 'numbers' })).dataset.name, 'numbers')
  const again = await over(engine, (await call('datasets.import', { path: digits, name: 'again' })).task.id)
  assert.deepEqual([again.state, again.error?.code], ['failed', 'DATASET_DUPLICATE'])
  assert.match(again.error!.message, /“numbers”/)
  const missing = await over(engine, (await call('datasets.import', { path: join(folder, 'missing') })).task.id)
  assert.equal(missing.error?.code, 'PATH_MISSING')
  await assert.rejects(call('datasets.import', { path: digits, name: 'numbers' }), { code: 'DATASET_NAME_TAKEN' })
  assert.deepEqual(readdirSync(join(folder, 'home', 'datasets')), [dataset!.id])

  const { run } = await call('runs.create', { dataset: 'numbers', variant: 'classical', settings: { training: { batchSize: 16 } } })
  await engine.until(run.id, 'completed')
  const { originals, labels, moments } = await call('runs.moments', { run: run.id })
  assert.deepEqual([originals!.count, labels.length, moments.length], [originals!.count, originals!.count, 3])
  await assert.rejects(call('datasets.remove', { dataset: 'numbers' }), { code: 'DATASET_IN_USE' })
  await call('runs.remove', { run: run.id })
  await call('datasets.remove', { dataset: 'numbers' })
  assert.deepEqual(readdirSync(join(folder, 'home', 'datasets')), [])
})

test('pictures of large images are made smaller: where that is asked for, and where the answer could not be sent', async (t) => {
  const folder = temporaryFolder(t),
    engine = testEngine(t, join(folder, 'home')),
    { call } = engine
  const add = async (name: string, width: number, height: number, count: number) => {
    const task = await over(
      engine,
      (await call('datasets.import', { path: 'random', name, width, height, channels: 3, count })).task.id,
    )
    assert.equal(task.state, 'done', task.error?.message)
  }
  await add('small', 50, 31, 8)
  const whole = (await call('datasets.images', { dataset: 'small', count: 8 })).images,
    images = (await call('datasets.images', { dataset: 'small', count: 8, side: 17 })).images
  // Squares of 3 x 3; 50 = 16 x 3 + 2, 31 = 10 x 3 + 1.
  assert.deepEqual([images.count, images.width, images.height, images.channels], [8, 17, 11, 3])
  const at = (image: number, x: number, y: number, c: number) => whole.pixels[((image * 31 + y) * 50 + x) * 3 + c]!
  for (let image = 0; image < 8; image++)
    for (let y = 0; y < 11; y++)
      for (let x = 0; x < 17; x++)
        for (let c = 0; c < 3; c++) {
          const square = [0, 1, 2]
            .flatMap((v) => [0, 1, 2].map((u) => [3 * x + u, 3 * y + v] as const))
            .filter(([u, v]) => u < 50 && v < 31)
            .map(([u, v]) => at(image, u, v, c))
          assert.equal(
            images.pixels[((image * 11 + y) * 17 + x) * 3 + c],
            Math.round(square.reduce((sum, value) => sum + value) / square.length),
          )
        }
  assert.deepEqual((await call('datasets.images', { dataset: 'small', count: 8, side: 50 })).images, whole)

  await add('large', 1500, 1200, 14)
  const all = (await call('datasets.images', { dataset: 'large', count: 14 })).images
  assert.deepEqual([all.count, all.width, all.height, all.pixels.length], [14, 750, 600, 14 * 750 * 600 * 3])
  assert.equal((await call('datasets.images', { dataset: 'large', count: 12 })).images.width, 1500)
})

test('a cancelled import leaves nothing behind', async (t) => {
  const folder = temporaryFolder(t)
  writeDigitFolder(join(folder, 'digits'), 300)
  const engine = testEngine(t, join(folder, 'home'))
  const { task } = await engine.call('datasets.import', { path: join(folder, 'digits') })
  await engine.call('tasks.cancel', { task: task.id })
  assert.equal((await over(engine, task.id)).state, 'cancelled')
  assert.deepEqual((await engine.call('datasets.list', {})).datasets, [])
  assert.deepEqual(readdirSync(join(folder, 'home', 'datasets')), [])
  assert.equal((await engine.call('tasks.show', { task: task.id })).task.error, null)
})

test('an export and an objective are jobs of a worker; the export is listed', async (t) => {
  const folder = temporaryFolder(t)
  writeDigitFolder(join(folder, 'digits'), 200)
  const engine = testEngine(t, join(folder, 'home'))
  const { call } = engine
  await over(engine, (await call('datasets.import', { path: join(folder, 'digits') })).task.id)
  const { run } = await call('runs.create', { dataset: 'digits', variant: 'classical', settings: { training: { batchSize: 16 } } })
  await engine.until(run.id, 'completed')
  const out = join(folder, 'encoder.onnx')
  const task = await over(engine, (await call('exports.create', { run: run.name, part: 'encoder', out })).task.id)
  const { exports } = await call('exports.list', {})
  assert.deepEqual([exports.length, exports[0]!.id, exports[0]!.file, exports[0]!.runName], [1, task.result, out, run.name])
  await assert.rejects(call('exports.create', { run: run.id, part: 'encoder', out }), { code: 'EXPORT_EXISTS', field: 'out' })
  await assert.rejects(call('exports.create', { run: run.id, part: 'encoder', out: 'relative.onnx' }), { code: 'CALL_INVALID' })
  const { file } = await call('exports.suggest', { run: run.id, part: 'decoder' })
  assert.match(file, /classical-1-decoder\.onnx$/)
  assert.deepEqual(await call('objective', { variant: 'classical', in: '/in', out: '/out' }), {
    loss: 3,
    terms: { reconstruction: 3 },
  })
})

test('a validation part that the dataset brings is shown by itself, and its runs say that it validates them', async (t) => {
  const folder = temporaryFolder(t),
    root = join(folder, 'parts')
  await pictures(root, { 'train/a': 9, 'train/b': 8, 'val/a': 2, 'val/b': 3, 'test/a': 4 })
  const engine = testEngine(t, join(folder, 'home')),
    { call } = engine
  await over(engine, (await call('datasets.import', { path: root, name: 'own' })).task.id)
  const part = (split: Split) => call('datasets.images', { dataset: 'own', count: 500, split })
  const every = await call('datasets.images', { dataset: 'own', count: 500 })
  for (const [split, name, count] of [
    ['train', 'train', 17],
    ['validation', 'val', 5],
    ['test', 'test', 4],
  ] as const) {
    const { total, paths } = await part(split)
    assert.deepEqual([total, paths], [count, every.paths.filter((path) => path.split('/').at(-3) === name)], split)
  }
  assert.equal((await call('datasets.images', { dataset: 'own', count: 9, split: 'validation', label: 1 })).total, 3)
  const { run } = await call('runs.create', { dataset: 'own', variant: 'pca', settings: { network: { layers: [2] } } })
  await engine.until(run.id, 'completed')
  assert.match(await describeRun({ call } as unknown as Session, run), /^Validated on +the 5 images that the dataset brings$/m)
})
