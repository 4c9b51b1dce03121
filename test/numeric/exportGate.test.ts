import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { clearRows } from '../../src/main/engine/export/clearRows.ts'
import { networkOf } from '../../src/main/engine/training/objective.ts'
import { tf } from '../../src/main/engine/trace/tensorflow.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'
import { weightsOf } from '../../src/main/engine/variants/variant.ts'
import { importRows, smallDigits } from '../fixtures/tinyDataset.ts'
import { exportHere } from '../fixtures/trainHere.ts'
import { writeUntrained } from '../fixtures/fakeCheckpoint.ts'

/** A gate that hangs by rounding: two computations of the same network let another unit through, and none of them is wrong. */

const home = mkdtempSync(join(tmpdir(), 'export-gate-'))
let datasetFolder = ''
before(async () => {
  datasetFolder = await importRows(home, 'digits', [400, 4, 4], smallDigits(400))
})
after(() => rmSync(home, { recursive: true, force: true }))

const variant = variants.find(({ gate }) => gate)!
const { config } = resolveConfig(
  variant.id,
  { 'network.layers': [6], 'regularizer.k': 1 },
  { rowSize: 16, trainCount: 300, kind: 'image' },
)
/** A pixel that is dark in some images: units 0 and 1 are alike there; elsewhere one of them is far larger. */
const images = smallDigits(400)
const mark = Array.from({ length: 16 }, (_, pixel) => pixel).find((pixel) => {
  const dark = Array.from({ length: 400 }, (_, row) => images[row * 16 + pixel]).filter((value) => value === 0).length
  return dark > 80 && dark < 240
})!
const kernel = Float32Array.from({ length: 16 * 6 }, (_, index) => {
  const pixel = Math.floor(index / 6),
    unit = index % 6
  return unit === 0 ? 1 : unit === 1 ? (pixel === mark ? 1.7 : 1) : -1
})
const state = {
  'encoder/0/kernel': kernel,
  'encoder/0/bias': new Float32Array(6),
  'decoder/0/kernel': new Float32Array(6 * 16),
  'decoder/0/bias': new Float32Array(16),
}

test('images whose code hangs by rounding are left out, and only those', () => {
  const dataset = openDataset(datasetFolder)
  const tensors = Object.fromEntries(
    weightsOf(variant, config!, vectorOf(16)).map(({ name, shape }) => [
      name,
      tf.tensor(state[name as keyof typeof state].slice(), shape),
    ]),
  )
  const rows = clearRows(variant, config!, () => networkOf(variant, config!, vectorOf(16), tensors), dataset, 1000)
  const pixels = new Uint8Array(dataset.test.length * 16)
  dataset.gather(dataset.test, pixels)
  const clear = dataset.test.filter((_, index) => pixels[index * 16 + mark]! > 3)
  const tied = dataset.test.filter((_, index) => pixels[index * 16 + mark] === 0)
  assert.ok(tied.length >= 3 && clear.length >= 10, `${tied.length} tied and ${clear.length} clear images`)
  assert.ok(tied.every((row) => !rows.includes(row)))
  assert.ok(clear.every((row) => rows.includes(row)))
  // Without a gate every image counts; where every code is tied, all are taken as they come.
  assert.deepEqual(
    clearRows({}, config!, () => assert.fail('nothing is to be computed'), dataset, 10),
    dataset.test,
  )
  const same = { ...tensors, 'encoder/0/kernel': tf.ones([16, 6]) }
  assert.deepEqual(
    clearRows(variant, config!, () => networkOf(variant, config!, vectorOf(16), same), dataset, 1000),
    dataset.test,
  )
})

test('a run with such codes is exported', async () => {
  const runFolder = mkdtempSync(join(home, 'run-'))
  writeUntrained(runFolder, { variant: variant.id, config: config!, state })
  for (const part of ['encoder', 'autoencoder'] as const) {
    const { maxAbsDiff } = await exportHere({
      kind: 'export',
      runId: 'r',
      runFolder,
      datasetFolder,
      part,
      input: 'pixels',
      precision: 'float32',
      out: join(home, `${part}.onnx`),
      force: false,
      metadata: {},
    })
    assert.ok(maxAbsDiff < 1e-5)
  }
})
