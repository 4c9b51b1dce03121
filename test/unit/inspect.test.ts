import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tableOf } from '../../src/main/engine/data/class-table.ts'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { inspectImport } from '../../src/main/engine/data/inspect.ts'
import { openDataset, readIndex, rowPaths } from '../../src/main/engine/data/open.ts'
import { checkPatches } from '../../src/main/engine/data/patches/pack.ts'
import { previewImport } from '../../src/main/engine/data/preview.ts'
import { partsOf } from '../../src/shared/split.ts'
import { importsPlace } from '../fixtures/imports.ts'
import { everySource, pictures } from '../fixtures/sources.ts'
import { tiffFile } from '../fixtures/tiff.ts'

const { request, fresh } = importsPlace('inspect-test')

const noticedOnTheWay = new Set([
  'colourLost',
  'grayInColour',
  'grayAmongColour',
  'transparency',
  'firstPages',
  'mixedDepths',
  'narrowRange',
  'binaryValues',
])
/** A note that is given before an import, as it is given after it. */
const since = (note: { code: string; message: string }) => ({
  ...note,
  message: note.message.replace('will be scaled', 'were scaled').replace('will be taken', 'was taken'),
})
const bytesAsTheyAre = { bytes: { from: 0, to: 255, reason: 'bytes' }, wide: null }

test('what an inspection says of a source is what the import stores, whatever the source', async (t) => {
  const sources = await everySource(fresh('sources'))
  for (const [name, source] of Object.entries(sources)) {
    await t.test(name, async () => {
      const ask = request(source.path, source),
        said = await inspectImport(ask),
        stored = await importDataset(ask)
      assert.deepEqual(
        {
          images: said.images,
          count: said.count,
          classes: said.classes,
          width: said.width,
          height: said.height,
          channels: said.channels,
          parts: said.parts,
        },
        {
          images: stored.kind === 'image',
          count: stored.count,
          classes: stored.classes,
          width: stored.width,
          height: stored.height,
          channels: stored.channels,
          parts: partsOf(stored),
        },
      )
      // What only decoding shows comes with the import.
      const told = stored.notes.filter(({ code }) => !noticedOnTheWay.has(code) || said.notes.some((note) => note.code === code))
      assert.ok(!said.notes.some(({ message }) => / (was|were) (scaled|taken|stored)/.test(message)), 'nothing has happened yet')
      assert.deepEqual([said.problem, said.truncated, said.notes.map(since)], [null, false, told])
      assert.equal(said.skippedCount, stored.skippedCount)
      const reasons = new Set(stored.skipped.map(({ reason }) => reason))
      assert.deepEqual(new Set(said.skipped.map(({ reason }) => reason)), reasons)
      assert.ok(stored.skipped.every(({ path }) => said.skipped.some(({ names }) => names.includes(path))))
      const { ranges } = readIndex(ask.folder)
      assert.deepEqual(said.ranges ?? bytesAsTheyAre, ranges ?? bytesAsTheyAre)
      const dataset = openDataset(ask.folder)
      try {
        assert.deepEqual(said.byClass, tableOf(dataset))
      } finally {
        dataset.close()
      }
    })
  }
})

test('eight images are those that the import stores, of several classes and parts, chosen by a seed', async (t) => {
  const sources = await everySource(fresh('shown'))
  for (const [name, source] of Object.entries(sources)) {
    await t.test(name, async () => {
      const ask = request(source.path, source)
      const [shown, again] = [await previewImport(ask, { images: 8, draw: 5 }), await previewImport(ask, { images: 8, draw: 5 })]
      assert.deepEqual(again, shown)
      const stored = await importDataset(ask)
      if (stored.kind === 'vector') {
        assert.equal(shown.images.count, 0)
        return
      }
      const { images } = shown
      assert.deepEqual(
        [images.count, images.width, images.height, images.channels],
        [Math.min(8, stored.count), stored.width, stored.height, stored.channels],
      )
      const dataset = openDataset(ask.folder),
        rows = Array.from({ length: stored.count }, (_, row) => row)
      const all = new Uint8Array(stored.count * dataset.rowSize)
      dataset.gather(rows, all)
      const paths = rowPaths(ask.folder, rows),
        test = new Set(dataset.test),
        validation = new Set(dataset.validation)
      const row = (of: Uint8Array, at: number) => Buffer.from(of.subarray(at * dataset.rowSize, (at + 1) * dataset.rowSize))
      for (const [at, { label, part, path }] of shown.shown.entries()) {
        // No two images of the sources are alike, so that the pixels name the row; patches may be.
        const own = rows.filter((each) => row(all, each).equals(row(images.pixels, at)) && (path === null || paths[each] === path))
        assert.ok(own.length > 0, `image ${at} is none of those that are stored`)
        assert.ok(own.some((each) => (dataset.classes[dataset.labels?.[each] ?? -1] ?? null) === label))
        const partOf = (each: number) => (test.has(each) ? 'test' : validation.has(each) ? 'validation' : 'train')
        if (part !== null) assert.ok(own.some((each) => partOf(each) === part))
      }
      dataset.close()
      const labels = new Set(shown.shown.flatMap(({ label }) => label ?? []))
      assert.equal(labels.size, stored.classes.length)
    })
  }
})

test('what is refused, cancelled or looked at in part is said', async () => {
  const few = await pictures(fresh('few'), { '.': 2 })
  const found = await inspectImport({ path: few, fit: 'crop' })
  assert.deepEqual([found.count, found.parts, found.problem?.code, found.problem?.field], [2, null, 'DATASET_TOO_SMALL', 'path'])
  // Of patches it is said what their own split lacks, as their import says it.
  const patches = { path: 'deadLeaves', fit: 'crop', patches: { width: 8, height: 8 }, count: 2 } as const
  const { problem } = await inspectImport(patches)
  await assert.rejects(checkPatches(patches), { ...problem })
  assert.deepEqual([problem?.code, problem?.field], ['DATASET_TOO_SMALL', 'count'])
  const none = fresh('none')
  for (let i = 0; i < 30; i++) writeFileSync(join(none, `${i}.txt`), 'text')
  const empty = await inspectImport({ path: none, fit: 'crop' })
  assert.deepEqual(
    [empty.count, empty.width, empty.problem?.code, empty.skippedCount, empty.skipped.length],
    [0, null, 'DATASET_EMPTY', 30, 1],
  )
  assert.deepEqual([empty.skipped[0]!.count, empty.skipped[0]!.names.length], [30, 5])
  const controller = new AbortController()
  controller.abort(new Error('enough'))
  await assert.rejects(inspectImport({ path: few, fit: 'crop' }, { signal: controller.signal }), /enough/)
  const stages = new Set<string>()
  await inspectImport({ path: none, fit: 'crop' }, { onProgress: ({ stage }) => stages.add(stage) })
  assert.deepEqual([...stages], ['Finding files', 'Reading headers', 'Counting pages'])
})

test('a file with values that are no numbers is left out before the import, as by the import', async () => {
  const root = fresh('nan')
  for (let i = 0; i < 6; i++) {
    const values = Float32Array.from({ length: 12 }, (_, at) => (i === 4 && at === 6 ? NaN : at + i / 8))
    writeFileSync(join(root, `f${i}.tif`), tiffFile([{ width: 4, height: 3, values, bits: 32, format: 3 }]))
  }
  const ask = request(root),
    said = await inspectImport(ask),
    stored = await importDataset(ask)
  const [left] = said.skipped
  assert.deepEqual([said.count, said.skippedCount, left?.names], [5, 1, ['f4.tif']])
  assert.equal(left?.reason, 'it holds values that are not finite: NaN at column 2, row 1')
  assert.deepEqual(
    [stored.count, stored.skipped, said.notes.map(since)],
    [5, [{ path: 'f4.tif', reason: left.reason }], stored.notes],
  )
})

test('a table with the images is no image that was left out; one looked for elsewhere is named', async () => {
  const root = await pictures(fresh('beside'), { '.': 12 }),
    table = join(root, 'labels.csv')
  // Twelve patients of whom each has one image, but the last has all of one class.
  const rows = Array.from(
    { length: 12 },
    (_, i) => `${String(i).padStart(3, '0')}.png;${i < 8 ? 'well' : 'ill'};${i < 8 ? `p${i}` : 'q'}`,
  )
  writeFileSync(table, `\uFEFFimage;finding;patient\r\n${rows.slice(0, 11).join('\r\n')}\r\n`)
  const ask = request(root, { labels: table, labelColumn: 'finding', group: 'patient' })
  const said = await inspectImport(ask),
    stored = await importDataset(ask)
  assert.deepEqual([said.count, said.skipped, stored.skipped, said.notes], [12, [], [], stored.notes])
  const message = (code: string) => stored.notes.find((note) => note.code === code)?.message
  const { byClass, parts } = said,
    ill = byClass!.classes.find(({ name }) => name === 'ill')!
  assert.equal(message('classesLacking'), `No image for ${ill.test === 0 ? 'testing' : 'training'} is of the class “ill”.`)
  const where = byClass!.unlabelled.test === 1 ? `${parts!.test} images for testing` : `${parts!.train} images for training`
  assert.equal(message('withoutLabels'), `Of the labels: 1 of the ${where} has none.`)
  const elsewhere = request(root, { labels: join(root, '..', 'labels.csv') })
  await assert.rejects(
    inspectImport(elsewhere),
    (error: Error & { code?: string; field?: string }) =>
      error.code === 'PATH_MISSING' && error.field === 'labels' && error.message.includes(`give its path, ${table}.`),
  )
})
