import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Settings } from '../../src/shared/config.ts'
import { readCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { pixelKindOf } from '../../src/main/engine/data/pixelKind.ts'
import { validationSplit } from '../../src/main/engine/data/split.ts'
import { resolveConfig, variantOf, variants } from '../../src/main/engine/variants/index.ts'
import type { Facts } from '../../src/main/engine/variants/variant.ts'
import { numbers } from '../fixtures/exports.ts'
import { importRows } from '../fixtures/tinyDataset.ts'
import { trainHere } from '../fixtures/trainHere.ts'

/** Output biases that begin at the mean: after a training that moves nothing, the bias gives the mean of the training rows. */
const width = 6,
  height = 4,
  channels = 3,
  D = width * height * channels,
  count = 120,
  seed = 4
const facts: Facts = { rowSize: D, trainCount: 102, kind: 'image', classes: 0, size: { width, height, channels } }
const next = numbers(9)
/** Every value has a mean of its own; one is black everywhere, one white. */
const pixels = Uint8Array.from({ length: count * D }, (_, at) => {
  const value = at % D
  return value === 5 ? 0 : value === 7 ? 255 : Math.min(255, Math.floor(next() * 4 * (value % 60)))
})
const home = mkdtempSync(join(tmpdir(), 'output-bias-'))
let datasetFolder = ''
before(async () => {
  datasetFolder = await importRows(home, 'means', [count, height, width, channels], pixels)
})
after(() => rmSync(home, { recursive: true, force: true }))

/** In plain loops over the rows that train. */
function meansOf(size: number): number[] {
  const dataset = openDataset(datasetFolder)
  const { train } = validationSplit(dataset, seed)
  const bytes = new Uint8Array(train.length * D)
  dataset.gather(train, bytes)
  dataset.close()
  return Array.from({ length: size }, (_, unit) => {
    const own = bytes.filter((_, at) => at % size === unit)
    return own.reduce((sum, byte) => sum + byte, 0) / own.length / 255
  })
}
const forwards: Record<string, (value: number) => number> = {
  linear: (value) => value,
  sigmoid: (value) => 1 / (1 + Math.exp(-value)),
  tanh: Math.tanh,
  relu: (value) => Math.max(0, value),
  elu: (value) => (value > 0 ? value : Math.expm1(value)),
  softplus: (value) => Math.log1p(Math.exp(value)),
}

async function biasOf(variant: string, settings: Settings): Promise<Float32Array> {
  const { config, problems } = resolveConfig(
    variant,
    {
      'training.outputBias': 'mean',
      ...(variantOf(variant).machine ? {} : { 'training.optimizer': 'sgd' }),
      'training.learningRate': 1e-30,
      'training.epochs': 1,
      'training.batchSize': 32,
      ...settings,
    },
    facts,
  )
  assert.deepEqual(problems, [], variant)
  const runFolder = mkdtempSync(join(home, 'run-'))
  await trainHere({ kind: 'train', runId: 'r', runFolder, datasetFolder, variant, config: config!, seed, resume: false })
  const { state } = readCheckpoint(runFolder, 'last')
  const name = ['decoder/mean/bias', 'decoder/logits/bias', 'decoder/conv1/bias', 'decoder/1/bias', 'decoder/0/bias'].find(
    (each) => each in state,
  )
  return state[name!]!
}

/** Where an output cannot begin, or could not learn from. */
const ends: Record<string, [number, number]> = {
  linear: [0, 1],
  sigmoid: [0.001, 0.999],
  tanh: [0, 0.999],
  relu: [0.001, 1],
  elu: [0, 1],
  softplus: [0.001, 1],
}
function holds(bias: Float32Array, activation: string, what: string): void {
  const [low, high] = ends[activation]!
  const wanted = meansOf(bias.length).map((mean) => Math.min(high, Math.max(low, mean)))
  bias.forEach((value, unit) => {
    const given = forwards[activation]!(value)
    assert.ok(Math.abs(given - wanted[unit]!) < 2e-6, `${what}, ${activation}, ${unit}: ${given} instead of ${wanted[unit]}`)
  })
}

for (const { id } of variants.filter(({ objective }) => objective)) {
  test(`outputs of ${id} begin at the mean of every value, and of every channel behind a convolution`, async () => {
    const layers = variantOf(id).singleLayer ? [8] : [10, 8]
    const bounded = variantOf(id).likelihood !== undefined
    const dense = await biasOf(id, { 'network.layers': layers })
    assert.equal(dense.length, D)
    holds(dense, bounded ? 'sigmoid' : resolveConfig(id, { 'network.layers': layers }, facts).config!.network.outputActivation, id)
    if (variantOf(id).machine) return
    const convolved = await biasOf(id, { 'network.convolutions': '4x3s2,5x2', 'network.layers': [8] })
    assert.equal(convolved.length, channels)
    holds(convolved, 'sigmoid', id)
  })
}

test('every output activation begins at the mean, or as near as it can and still learn', async () => {
  for (const activation of Object.keys(forwards)) {
    const settings = { 'network.outputActivation': activation, reconstruction: 'squaredError', 'network.layers': [10, 8] }
    holds(await biasOf('classical', settings), activation, 'classical')
  }
})

test('the first layer that is pretrained begins there, too; of machines it is said that the setting does nothing', async () => {
  for (const variant of ['classical', 'variational']) {
    const idle = { 'pretraining.epochs': 1, 'pretraining.learningRate': 1e-30, 'pretraining.batchSize': 32 }
    if (resolveConfig(variant, { 'pretraining.kind': 'greedy' }, facts).config === null) continue
    holds(await biasOf(variant, { 'network.layers': [10, 8], 'pretraining.kind': 'greedy', ...idle }), 'sigmoid', variant)
  }
  const settings: Settings = { 'pretraining.kind': 'rbm', 'training.outputBias': 'mean', 'network.layers': [10, 8] }
  const { warnings } = resolveConfig('classical', settings, facts)
  assert.ok(
    warnings.some((each) => each.startsWith('Output bias has no effect: the output begins with what the machines came to')),
    warnings.join(' '),
  )
})

test('images that are nearly black are rebuilt, not blackened, by what the defaults are for them', async () => {
  const side = 12,
    number = 200
  // A coloured square on black, somewhere.
  const discs = Uint8Array.from({ length: number * side * side * 3 }, () => 0)
  for (let image = 0; image < number; image++) {
    const [left, top, colour] = [Math.floor(next() * 9), Math.floor(next() * 9), Math.floor(next() * 3)]
    for (let place = 0; place < 9; place++) {
      const at = ((image * side + top + Math.floor(place / 3)) * side + left + (place % 3)) * 3
      discs[at + colour] = 230
      discs[at + ((colour + 1) % 3)] = 90
    }
  }
  const folder = await importRows(home, 'squares', [number, side, side, 3], discs)
  const size = { width: side, height: side, channels: 3 }
  const known: Facts = { rowSize: side * side * 3, trainCount: 170, kind: 'image', classes: 0, size, pixels: pixelKindOf(folder) }
  for (const convolutions of ['none', '16x4s2,32x4s2']) {
    const given = {
      'network.convolutions': convolutions,
      'network.layers': convolutions === 'none' ? [64, 16] : [16],
      'training.epochs': 12,
    }
    const { config, problems } = resolveConfig('classical', given, known)
    assert.deepEqual([problems, config?.reconstruction, config?.training.outputBias], [[], 'squaredError', 'mean'])
    const runFolder = mkdtempSync(join(home, 'run-'))
    const job = {
      kind: 'train',
      runId: 'r',
      runFolder,
      datasetFolder: folder,
      variant: 'classical',
      config: config!,
      seed,
      resume: false,
    } as const
    const { evaluation } = await trainHere(job)
    const { squaredError, meanImageSquaredError } = evaluation
    assert.ok(
      squaredError! < 0.97 * meanImageSquaredError!,
      `${convolutions}: ${squaredError}, the mean image ${meanImageSquaredError}`,
    )
  }
})
