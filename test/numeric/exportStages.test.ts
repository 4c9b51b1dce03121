import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Settings } from '../../src/shared/config.ts'
import type { Export } from '../../src/shared/domain.ts'
import { readCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { openSession } from '../../src/main/engine/export/onnxruntime.ts'
import { decodeModel } from '../fixtures/onnxReader.ts'
import type { TrainJob } from '../../src/main/engine/training/messages.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { digitLabels } from '../fixtures/digits.ts'
import { layer64 } from '../fixtures/layers64.ts'
import { importRows, smallDigits } from '../fixtures/tinyDataset.ts'
import { exportHere, trainHere } from '../fixtures/trainHere.ts'

/** What is exported of runs that were pretrained, and of those that classify: run by ONNX Runtime, against float64 and plain loops. */

const count = 400,
  D = 16,
  C = 10
const home = mkdtempSync(join(tmpdir(), 'export-stages-'))
let datasetFolder = ''
const runs: Record<string, TrainJob> = {}

before(async () => {
  datasetFolder = await importRows(home, 'digits', [count, 4, 4], smallDigits(count), digitLabels(count))
  const train = async (name: string, settings: Settings) => {
    const { config, problems } = resolveConfig(
      'classical',
      {
        'network.layers': [12, 6],
        'pretraining.kind': 'rbm',
        'pretraining.epochs': 3,
        'pretraining.batchSize': 20,
        'training.epochs': 15,
        'training.batchSize': 20,
        'training.learningRate': 0.02,
        ...settings,
      },
      { rowSize: D, trainCount: 340, kind: 'image', classes: C },
    )
    assert.deepEqual(problems, [])
    runs[name] = {
      kind: 'train',
      runId: name,
      runFolder: mkdtempSync(join(home, 'run-')),
      datasetFolder,
      variant: 'classical',
      config: config!,
      seed: 1,
      resume: false,
    }
    await trainHere(runs[name])
  }
  await train('classifier', { 'fineTuning.kind': 'classification' })
  await train('autoencoder', {})
})
after(() => rmSync(home, { recursive: true, force: true }))

const exported = (name: string, part: Export['part'], more: Partial<{ input: Export['input']; out: string }> = {}) => {
  const { runFolder } = runs[name]!
  const out = join(home, `${name}-${part}-${Object.values(more).join('-')}.onnx`)
  return exportHere({
    kind: 'export',
    runId: name,
    runFolder,
    datasetFolder,
    part,
    input: 'raw',
    precision: 'float32',
    out,
    force: false,
    metadata: { classes: JSON.stringify(openDataset(datasetFolder).classes) },
    ...more,
  })
}

/** The test images, and what the run's last weights make of them. */
function expectation(name: string) {
  const dataset = openDataset(datasetFolder)
  const pixels = new Uint8Array(dataset.test.length * D)
  dataset.gather(dataset.test, pixels)
  const { state } = readCheckpoint(runs[name]!.runFolder, 'last')
  const layer = (weights: string, activation: string, h: number[]) =>
    layer64(
      {
        kernel: Array.from(state[`${weights}/kernel`]!),
        bias: Array.from(state[`${weights}/bias`]!),
        activation,
        transposed: false,
      },
      h,
    )
  const rows = Array.from({ length: dataset.test.length }, (_, n) =>
    Array.from(pixels.subarray(n * D, (n + 1) * D), (value) => value / 255),
  )
  const codes = rows.map((x) => layer('encoder/1', 'linear', layer('encoder/0', 'sigmoid', x)))
  const probabilities = () =>
    codes.map((code) => {
      const exponentials = layer('classifier', 'linear', code).map(Math.exp),
        sum = exponentials.reduce((a, b) => a + b)
      return exponentials.map((value) => value / sum)
    })
  const reconstructions = () => codes.map((code) => layer('decoder/1', 'sigmoid', layer('decoder/0', 'sigmoid', code)))
  return {
    count: dataset.test.length,
    pixels,
    rows,
    codes,
    probabilities,
    reconstructions,
    labels: Array.from(dataset.test, (row) => dataset.labels![row]!),
  }
}

async function outputOf(
  file: string,
  feed: Record<string, { type: 'float32' | 'uint8'; shape: number[]; data: Float32Array | Uint8Array }>,
  name: string,
): Promise<Float32Array> {
  const session = await openSession(file)
  try {
    return (await session.run(feed as never))[name]!.data as Float32Array
  } finally {
    await session.close()
  }
}
const near = (found: Float32Array, expected: number[][], tolerance: number) => {
  assert.equal(found.length, expected.flat().length)
  expected
    .flat()
    .forEach((value, index) =>
      assert.ok(
        Math.abs(found[index]! - value) <= tolerance * (1 + Math.abs(value)),
        `${index}: ${found[index]}, expected ${value}`,
      ),
    )
}

test("the classifier's file gives the class probabilities, from pixels and from rows, and names the classes", async () => {
  const { pixels, rows, probabilities, labels, count: n } = expectation('classifier')
  const raw = await exported('classifier', 'classifier')
  assert.deepEqual(
    [raw.inputs, raw.outputs],
    [[{ name: 'x', type: 'float32', shape: ['N', D] }], [{ name: 'probabilities', type: 'float32', shape: ['N', C] }]],
  )
  assert.ok(raw.maxAbsDiff < 1e-5)
  const found = await outputOf(
    raw.file,
    { x: { type: 'float32', shape: [n, D], data: Float32Array.from(rows.flat()) } },
    'probabilities',
  )
  near(found, probabilities(), 1e-5)
  const right = labels.filter((label, index) => {
    const own = found.subarray(index * C, (index + 1) * C)
    return own.indexOf(Math.max(...own)) === label
  }).length
  assert.ok(right > 0.4 * n, `${right} of ${n}`)

  const image = await exported('classifier', 'classifier', { input: 'pixels' })
  assert.deepEqual(image.inputs, [{ name: 'image', type: 'uint8', shape: ['N', 4, 4, 1] }])
  near(
    await outputOf(image.file, { image: { type: 'uint8', shape: [n, 4, 4, 1], data: pixels } }, 'probabilities'),
    probabilities(),
    1e-5,
  )
  const model = decodeModel(readFileSync(image.file))
  assert.deepEqual(
    JSON.parse(model.metadata['classes']!),
    Array.from({ length: C }, (_, index) => String(index)),
  )
  assert.deepEqual(
    model.graph.nodes.slice(-2).map(({ op }) => op),
    ['Gemm', 'Softmax'],
  )
})

test('encoders of pretrained runs, and the decoder and autoencoder of one that reconstructs', async () => {
  for (const name of Object.keys(runs)) {
    const { rows, codes, count: n } = expectation(name)
    const { file } = await exported(name, 'encoder')
    near(await outputOf(file, { x: { type: 'float32', shape: [n, D], data: Float32Array.from(rows.flat()) } }, 'code'), codes, 1e-5)
  }
  const { rows, codes, reconstructions, count: n } = expectation('autoencoder')
  near(
    await outputOf(
      (await exported('autoencoder', 'decoder')).file,
      { code: { type: 'float32', shape: [n, 6], data: Float32Array.from(codes.flat()) } },
      'reconstruction',
    ),
    reconstructions(),
    1e-5,
  )
  near(
    await outputOf(
      (await exported('autoencoder', 'autoencoder')).file,
      { x: { type: 'float32', shape: [n, D], data: Float32Array.from(rows.flat()) } },
      'reconstruction',
    ),
    reconstructions(),
    1e-5,
  )
})

test('parts that a run does not have are refused, and nothing is written', async () => {
  const files = readdirSync(home)
  for (const [name, part, others] of [
    ['classifier', 'decoder', /encoder or classifier/],
    ['classifier', 'autoencoder', /encoder or classifier/],
    ['autoencoder', 'classifier', /encoder, decoder or autoencoder/],
  ] as const) {
    const out = join(home, 'refused.onnx')
    await assert.rejects(exported(name, part, { out }), (thrown: { code: string; field: string; message: string }) => {
      assert.deepEqual([thrown.code, thrown.field], ['EXPORT_UNSUPPORTED', 'part'])
      assert.match(thrown.message, others)
      return true
    })
    assert.ok(!existsSync(out))
  }
  assert.deepEqual(readdirSync(home), files)
})
