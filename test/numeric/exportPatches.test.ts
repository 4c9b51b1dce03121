import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { openDataset, rowPaths } from '../../src/main/engine/data/open.ts'
import { embed } from '../../src/main/engine/jobs/embed.ts'
import { readCodes } from '../../src/main/engine/embed/codesFile.ts'
import { decodeModel } from '../fixtures/onnxReader.ts'
import { openSession } from '../../src/main/engine/export/onnxruntime.ts'
import type { Export } from '../../src/shared/domain.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { weightsOf } from '../../src/main/engine/variants/variant.ts'
import { digits } from '../fixtures/digits.ts'
import { failure } from '../fixtures/exports.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { exportHere, portTo } from '../fixtures/trainHere.ts'
import { writeUntrained } from '../fixtures/fakeCheckpoint.ts'

/** Patches whose contrast the import normalised: the file does the same to patches as they are cut, so that a caller need not. */

const home = mkdtempSync(join(tmpdir(), 'export-patches-')),
  images = join(home, 'images'),
  datasetFolder = join(home, 'patches'),
  runFolder = join(home, 'run')
const side = 6,
  D = side * side,
  Z = 5
before(async () => {
  writeDigitFolder(images, 60)
  await importDataset({
    id: 'p',
    name: 'p',
    path: images,
    fit: 'crop',
    folder: datasetFolder,
    patches: { width: side, height: side },
    count: 500,
    contrast: 'normalise',
  })
  const { config } = resolveConfig('classical', { 'network.layers': [Z] }, { rowSize: D, trainCount: 400, kind: 'image' })
  const state = Object.fromEntries(
    weightsOf(variantOf('classical'), config!, vectorOf(D)).map((spec) => [
      spec.name,
      initialValues({ ...spec, scale: spec.scale || 0.3 }, 1),
    ]),
  )
  writeUntrained(runFolder, { variant: 'classical', config: config!, state, inputShape: vectorOf(D) })
})
after(() => rmSync(home, { recursive: true, force: true }))

const job = (input: Export['input'], precision: Export['precision'] = 'float32') =>
  ({
    kind: 'export',
    runId: 'r',
    runFolder,
    datasetFolder,
    part: 'encoder',
    input,
    precision,
    out: join(home, `${input}-${precision}.onnx`),
    force: true,
    metadata: {},
  }) as const

test('patches as they are cut from their images come to the codes of the stored, normalised ones', async () => {
  const dataset = openDataset(datasetFolder)
  assert.ok(dataset.contrastLimit! > 50)
  const pixels = await exportHere(job('pixels')),
    raw = await exportHere(job('raw'))
  const names = rowPaths(
    datasetFolder,
    Uint32Array.from({ length: dataset.count }, (_, row) => row),
  )
  const source = digits(60)
  // `3/00007.png@4,9`: from image 7, column 4, row 9.
  const cut = Uint8Array.from(
    names.flatMap((name) => {
      const [, image, x, y] = /(\d+)\.png@(\d+),(\d+)$/.exec(name)!.map(Number) as [number, number, number, number]
      return Array.from({ length: D }, (_, i) => source[image * 784 + (y + Math.floor(i / side)) * 28 + x + (i % side)]!)
    }),
  )
  const stored = new Uint8Array(dataset.count * D)
  dataset.gather(
    Uint32Array.from({ length: dataset.count }, (_, row) => row),
    stored,
  )
  const run = async (file: string, feeds: Parameters<Awaited<ReturnType<typeof openSession>>['run']>[0]) => {
    const session = await openSession(file)
    try {
      return (await session.run(feeds))['code']!.data
    } finally {
      await session.close()
    }
  }
  const found = await run(pixels.file, { image: { type: 'uint8', shape: [dataset.count, side, side, 1], data: cut } })
  const wanted = await run(raw.file, {
    x: { type: 'float32', shape: [dataset.count, D], data: Float32Array.from(stored, (byte) => byte / 255) },
  })
  // A value that the import rounded the other way is off by one level of 255.
  const differing = Array.from(found).filter((value, i) => Math.abs(value - wanted[i]!) > 1e-5)
  assert.ok(differing.length < 0.01 * found.length, `${differing.length} of ${found.length} differ`)
  assert.ok(Array.from(found).every((value, i) => Math.abs(value - wanted[i]!) < 0.02))
  assert.deepEqual(
    decodeModel(readFileSync(pixels.file))
      .graph.nodes.slice(0, 10)
      .map(({ name }) => name),
    [
      'pixels/float',
      'contrast/sum',
      'contrast/mean',
      'contrast/centre',
      'contrast/scale',
      'contrast/truncate',
      'contrast/squash',
      'contrast/shift',
      'contrast/round',
      'pixels/scale',
    ],
  )
  const { metadata } = decodeModel(readFileSync(pixels.file))
  assert.deepEqual([metadata['contrast'], Number(metadata['contrastLimit'])], ['normalise', dataset.contrastLimit])
  await exportHere(job('pixels', 'int8'))
})

test('codes of such a dataset are those of its rows; a file that would normalise them again is refused', async () => {
  const work = join(home, 'work')
  mkdirSync(work)
  const { kind: _, part: __, input: ___, precision: ____, out: _____, force: ______, ...of } = job('pixels')
  const common = { kind: 'embed', data: { datasetFolder, binarise: false }, work, out: null, measure: false, about: {} } as const
  const { count } = await embed({ ...common, encoder: { run: of } }, portTo([]))
  const codes = readCodes(join(work, 'codes.npy'), Z, 0, count)
  const dataset = openDataset(datasetFolder),
    stored = new Uint8Array(dataset.count * D)
  dataset.gather(
    Uint32Array.from({ length: dataset.count }, (_, row) => row),
    stored,
  )
  const session = await openSession(join(home, 'raw-float32.onnx'))
  const wanted = (
    await session.run({ x: { type: 'float32', shape: [dataset.count, D], data: Float32Array.from(stored, (byte) => byte / 255) } })
  )['code']!.data
  await session.close()
  codes.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]!) < 1e-5))
  rmSync(work, { recursive: true })
  mkdirSync(work)
  await assert.rejects(
    embed({ ...common, encoder: { file: { model: join(home, 'pixels-float32.onnx') } } }, portTo([])),
    failure('FILE_UNSUPPORTED', /normalised already; export it with raw input, or embed the run/),
  )
})
