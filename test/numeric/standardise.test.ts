import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import { withoutStatistics, type ChannelStatistics, type Config, type Settings } from '../../src/shared/config.ts'
import { readShapes } from '../../src/main/engine/checkpoint/safetensors.ts'
import { configOf as configOfRow } from '../../src/main/engine/store/lenient.ts'
import { checkpointFile, readCheckpoint, writeCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { standardisedNotes } from '../../src/main/engine/checkpoint/standardised.ts'
import { requireOwn } from '../../src/main/engine/checkpoint/belongs.ts'
import { matchWeights, readWeightsFile } from '../../src/main/engine/checkpoint/weightsFile.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { validationSplit } from '../../src/main/engine/data/split.ts'
import { openSession, type RuntimeTensor } from '../../src/main/engine/export/onnxruntime.ts'
import { decodeModel } from '../fixtures/onnxReader.ts'
import type { WeightSpec } from '../../src/main/engine/network/layer.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { tf } from '../../src/main/engine/trace/tensorflow.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import type { TrainJob } from '../../src/main/engine/training/messages.ts'
import { objectiveOf } from '../../src/main/engine/training/objective.ts'
import { PlainModel } from '../fixtures/plainModel.ts'
import type { ModelSpec } from '../../src/main/engine/training/modelSpec.ts'
import { randomness } from '../../src/main/engine/training/randomness.ts'
import { resolveConfig, variantOf, variants } from '../../src/main/engine/variants/index.ts'
import { weightsOf, type Facts } from '../../src/main/engine/variants/variant.ts'
import { ExploredNetwork } from '../../src/main/engine/explore/network.ts'
import { numbers } from '../fixtures/exports.ts'
import { importRows } from '../fixtures/tinyDataset.ts'
import { evaluateHere, exportHere, trainHere } from '../fixtures/trainHere.ts'

/**
 * Standardised inputs: what they are measured by, and that a network which reads them is one with other weights on images as
 * they are.
 */
const width = 4,
  height = 2,
  channels = 3,
  D = width * height * channels,
  count = 200
const size = { width, height, channels }
const facts: Facts = { rowSize: D, trainCount: 170, kind: 'image', classes: 0, size }
const next = numbers(5)
/** Reds of few levels, greens around 200, blues that are all the same. */
const levels = [() => Math.floor(next() * 60), () => 180 + Math.floor(next() * 50), () => 77]
const pixels = Uint8Array.from({ length: count * D }, (_, at) => levels[at % channels]!())
const home = mkdtempSync(join(tmpdir(), 'standardise-'))
let datasetFolder = ''
before(async () => {
  datasetFolder = await importRows(home, 'colours', [count, height, width, channels], pixels)
})
after(() => rmSync(home, { recursive: true, force: true }))

const short: Settings = { 'training.epochs': 2, 'training.batchSize': 16 }
const configOf = (variant: string, settings: Settings = {}): Config => {
  const layers = variantOf(variant).singleLayer ? [10] : [12, 6]
  const all = { ...short, 'network.layers': layers, 'data.standardise': 'channel', ...settings }
  const { config, problems } = resolveConfig(variant, all, facts)
  assert.deepEqual(problems, [])
  return config!
}
const withMeasured = (config: Config, statistics: ChannelStatistics): Config => ({
  ...config,
  data: { ...config.data, statistics },
})
const jobOf = (variant: string, config: Config, more: Partial<TrainJob> = {}): TrainJob => {
  const runFolder = mkdtempSync(join(home, 'run-'))
  return { kind: 'train', runId: 'r', runFolder, datasetFolder, variant, config, seed: 4, resume: false, ...more }
}
const shapesOf = (runFolder: string) => readShapes(checkpointFile(runFolder, 'last')).shapes
/** All that can be trained with standardised inputs. */
const able = variants.filter(({ objective, machine }) => objective && !machine)

/** Two passes in float64, over single values. */
function measured(rows: Uint32Array): ChannelStatistics {
  const dataset = openDataset(datasetFolder)
  const bytes = new Uint8Array(rows.length * D)
  dataset.gather(rows, bytes)
  dataset.close()
  const of = (channel: number) =>
    Array.from(bytes)
      .filter((_, at) => at % channels === channel)
      .map((byte) => byte / 255)
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const mean = [0, 1, 2].map((channel) => average(of(channel)))
  const deviation = mean.map((centre, channel) => Math.sqrt(average(of(channel).map((value) => (value - centre) ** 2))))
  return { mean, deviation }
}
const near = (found: readonly number[], wanted: readonly number[], tolerance: number) => {
  assert.equal(found.length, wanted.length)
  found.forEach((value, at) => {
    assert.ok(Math.abs(value - wanted[at]!) <= tolerance * (1 + Math.abs(wanted[at]!)), `${at}: ${value} instead of ${wanted[at]}`)
  })
}
const statistics: ChannelStatistics = { mean: [0.11, 0.8, 0.3], deviation: [0.05, 0.07, 0] }

type Weights = Record<string, Float32Array>

/** The weights of the same function of images that are not standardised: W / s and b - W' (m / s), in float64. */
function unstandardised(weights: Weights, firsts: readonly string[], { mean, deviation }: ChannelStatistics): Weights {
  const changed = { ...weights }
  for (const first of firsts) {
    const kernel = weights[`${first}/kernel`]!,
      bias = Float64Array.from(weights[`${first}/bias`]!)
    const units = kernel.length / D
    const divided = Float32Array.from(kernel, (value, at) => value / (deviation[Math.floor(at / units) % channels]! || 1))
    kernel.forEach((value, at) => {
      const channel = Math.floor(at / units) % channels
      bias[at % units]! -= (value * mean[channel]!) / (deviation[channel]! || 1)
    })
    changed[`${first}/kernel`] = divided
    changed[`${first}/bias`] = Float32Array.from(bias)
  }
  return changed
}

for (const { id } of able)
  for (const layers of [[12, 6], [10]]) {
    test(`${id}, ${layers.join('-')}: it is a network with other weights in code, reconstruction, Jacobian and objective`, () => {
      const variant = variantOf(id)
      if (layers.length > 1 && variant.singleLayer) return
      // Untied: of a tied kernel the decoder reads the one, and the encoder the other.
      const config = withMeasured(configOf(id, { 'network.layers': layers, 'network.tied': false }), statistics)
      const plain: Config = { ...config, data: { ...withoutStatistics(config).data, standardise: 'none' } }
      const specs = weightsOf(variant, config, vectorOf(D))
      const waves = (length: number) => Float32Array.from({ length }, (_, at) => 0.1 * Math.sin(at))
      const valuesOf = (spec: WeightSpec) => (spec.role === 'bias' ? waves(spec.shape[0]!) : initialValues(spec, 2))
      const weights = Object.fromEntries(specs.map((spec) => [spec.name, valuesOf(spec)]))
      const firsts = specs
        .filter(({ name, shape, role }) => name.startsWith('encoder/') && role === 'kernel' && shape[0] === D)
        .map(({ name }) => name.replace(/\/kernel$/, ''))
      const other = unstandardised(weights, firsts, statistics)
      const [one, two] = [
        new ExploredNetwork(variant, config, vectorOf(D), 0, weights),
        new ExploredNetwork(variant, plain, vectorOf(D), 0, other),
      ]
      tf.tidy(() => {
        const x = tf.tensor2d(
          Float32Array.from(pixels.subarray(0, 16 * D), (byte) => byte / 255),
          [16, D],
        )
        near([...one.encode(x).dataSync()], [...two.encode(x).dataSync()], 2e-5)
        near([...one.reconstruct(x).dataSync()], [...two.reconstruct(x).dataSync()], 2e-5)
        const [passes, others] = [one.encodeLayers(x).layers, two.encodeLayers(x).layers]
        near([...passes[0]!.kernel.dataSync()], [...others[0]!.kernel.dataSync()], 2e-5)
        const termsOf = (of: Config, values: Record<string, Float32Array>) => {
          const random = randomness(tf.tensor1d([1, 1], 'int32'), tf.range(0, 16, 1, 'int32'))
          const state = Object.fromEntries(
            (variant.state?.(of, vectorOf(D)) ?? []).map(({ name, shape, initial }) => [name, tf.fill(shape, initial)]),
          )
          const tensors = Object.fromEntries(specs.map(({ name, shape }) => [name, tf.tensor(values[name]!.slice(), shape)]))
          const { terms } = objectiveOf(variant, of, { weights: tensors, x, random, state, input: size })
          return Object.values(terms).map((term) => term.dataSync()[0]!)
        }
        // Noise on the weights and their decay are another one of other weights.
        if (config.training.weightDecay === 0) near(termsOf(config, weights), termsOf(plain, other), 1e-4)
      })
      one.close()
      two.close()
    })

    test(`${id}, ${layers.join('-')}: compiled steps, with augmentation too, have the losses of plain ones`, () => {
      if (layers.length > 1 && variantOf(id).singleLayer) return
      const config = withMeasured(
        configOf(id, { 'network.layers': layers, 'data.augment': 'flip,shift=1,brightness=0.1' }),
        statistics,
      )
      const spec: ModelSpec = { variant: variantOf(id), config, input: size, kind: 'image' }
      const compiled = new CompiledModel(spec, [16]),
        plain = new PlainModel(spec, 3)
      compiled.load(Object.fromEntries(compiled.specs.map((weight) => [weight.name, initialValues(weight, 3)])))
      for (let step = 1; step <= 3; step++) {
        const rows = Uint32Array.from({ length: 16 }, (_, row) => step * 16 + row)
        const batch = pixels.slice(step * 16 * D, (step + 1) * 16 * D)
        const { terms } = compiled.step(batch, rows, 3, step, 0.0005)
        near([...terms], [...plain.step(batch, rows, 3, step, 0.0005).terms], 1e-4)
      }
      compiled.close()
    })
  }

test('a run measures its training rows exactly, keeps that in its checkpoints, and goes on with it bit for bit', async () => {
  const config = configOf('denoising', { 'data.augment': 'flip,shift=1' })
  const whole = jobOf('denoising', config),
    parts = jobOf('denoising', config)
  await trainHere(whole)
  const { state, config: stored } = readCheckpoint(whole.runFolder, 'last')
  const dataset = openDataset(datasetFolder)
  const wanted = measured(validationSplit(dataset, 4).train)
  near(stored.data.statistics!.mean, wanted.mean, 1e-13)
  near(stored.data.statistics!.deviation, wanted.deviation, 1e-13)
  assert.equal(stored.data.statistics!.deviation[2], 0)
  assert.deepEqual(withoutStatistics(stored), config)
  const [note] = standardisedNotes(whole.runFolder, config),
    { mean, deviation } = stored.data.statistics!
  assert.match(note!, /pixels from 0 to 1.*: red mean 0\.\d+, deviation 0\.\d+; green mean .*; blue mean 0\.302, deviation 0\.$/)
  assert.ok(note!.includes(`green mean ${Number(mean[1]!.toPrecision(4))}, deviation ${Number(deviation[1]!.toPrecision(4))}`))
  assert.deepEqual(standardisedNotes(whole.runFolder, { ...config, data: { ...config.data, standardise: 'none' } }), [])
  const fingerprint = readCheckpoint(whole.runFolder, 'last').dataset!
  requireOwn(whole.runFolder, ['last'], { name: 'r', variant: 'denoising', seed: 4, config, dataset: fingerprint })

  await assert.rejects(trainHere(parts, (message) => message.type === 'points'))
  await trainHere({ ...parts, resume: true })
  const resumed = readCheckpoint(parts.runFolder, 'last')
  assert.deepEqual(resumed.state, state)
  assert.deepEqual(resumed.config, stored)
  dataset.close()
})

test('binarised pixels are measured as they are drawn', async () => {
  const of = async (binarise: string) => {
    const job = jobOf('classical', configOf('classical', { 'data.binarise': binarise, reconstruction: 'crossEntropy' }))
    await trainHere(job)
    return readCheckpoint(job.runFolder, 'last').config.data.statistics!
  }
  const dataset = openDataset(datasetFolder)
  const { mean } = measured(validationSplit(dataset, 4).train)
  dataset.close()
  const dynamic = await of('dynamic'),
    fixed = await of('fixed')
  near(dynamic.mean, mean, 1e-13)
  near(
    dynamic.deviation,
    mean.map((value) => Math.sqrt(value * (1 - value))),
    1e-13,
  )
  near(
    fixed.deviation,
    fixed.mean.map((value) => Math.sqrt(value * (1 - value))),
    1e-12,
  )
  fixed.mean.forEach((value, at) =>
    assert.ok(Math.abs(value - mean[at]!) < 5 * Math.sqrt((mean[at]! * (1 - mean[at]!)) / (153 * 8))),
  )
})

test('what is exported takes images as they are and gives them back so; onnxruntime gives what float64 arithmetic gives', async () => {
  const settings = {
    'network.layers': [6],
    'network.codeActivation': 'relu',
    reconstruction: 'squaredError',
    'training.epochs': 20,
    'training.learningRate': 0.01,
  }
  const job = jobOf('classical', configOf('classical', settings))
  const { evaluation } = await trainHere(job)
  const {
    state,
    config: {
      data: { statistics: own },
    },
  } = readCheckpoint(job.runFolder, 'last')
  const other = unstandardised(state, ['encoder/0'], own!)
  const dataset = openDataset(datasetFolder)
  const rows = dataset.test.subarray(0, 8)
  const bytes = new Uint8Array(rows.length * D)
  dataset.gather(rows, bytes)
  dataset.close()
  const affine = (x: number[], layer: string, units: number) => {
    const kernel = other[`${layer}/kernel`]!,
      bias = other[`${layer}/bias`]!
    return Array.from({ length: units }, (_, unit) =>
      x.reduce((sum, value, at) => sum + value * kernel[at * units + unit]!, bias[unit]!),
    )
  }
  const images = Array.from({ length: rows.length }, (_, row) =>
    Array.from(bytes.subarray(row * D, (row + 1) * D), (byte) => byte / 255),
  )
  const codes = images.map((image) => affine(image, 'encoder/0', 6).map((value) => Math.max(0, value)))
  const rebuilt = codes.map((code) => affine(code, 'decoder/0', D).map((value) => 1 / (1 + Math.exp(-value))))
  for (const part of ['encoder', 'autoencoder', 'decoder'] as const)
    for (const input of ['pixels', 'raw'] as const) {
      const out = join(home, `${part}-${input}.onnx`)
      const asked = { runId: 'r', runFolder: job.runFolder, datasetFolder, part, input, out }
      await exportHere({ kind: 'export', ...asked, force: false, precision: 'float32', metadata: {} })
      const session = await openSession(out)
      const reals = (values: number[][]): RuntimeTensor => ({
        type: 'float32',
        shape: [8, values[0]!.length],
        data: Float32Array.from(values.flat()),
      })
      const image: RuntimeTensor = { type: 'uint8', shape: [8, height, width, channels], data: bytes }
      const feeds: Record<string, RuntimeTensor> =
        part === 'decoder' ? { code: reals(codes) } : input === 'pixels' ? { image } : { x: reals(images) }
      const found = (await session.run(feeds))[part === 'encoder' ? 'code' : 'reconstruction']!
      near([...found.data], (part === 'encoder' ? codes : rebuilt).flat(), 2e-5)
      await session.close()
      assert.deepEqual(JSON.parse(decodeModel(readFileSync(out)).metadata['standardised']!), own)
    }
  // The figures are of images in [0, 1], whatever the network reads.
  const again = await evaluateHere({ kind: 'evaluate', runId: 'r', runFolder: job.runFolder, datasetFolder } as never)
  assert.equal(again.squaredError, evaluation.squaredError)
})

test('a run from a file of weights keeps what they were trained with; another kind of input is refused', async () => {
  const job = jobOf('classical', configOf('classical'))
  await trainHere(job)
  const begin = checkpointFile(job.runFolder, 'last')
  const file = readWeightsFile(begin)
  assert.deepEqual(file.config, job.config)
  const from = jobOf('denoising', configOf('denoising'), { seed: 9, begin })
  await trainHere(from)
  const statisticsOf = ({ runFolder }: TrainJob) => readCheckpoint(runFolder, 'last').config.data.statistics
  assert.deepEqual(statisticsOf(from), statisticsOf(job))
  const match = (config: Config) => matchWeights(file, variantOf('classical'), config, { input: vectorOf(D), classes: 0 })
  assert.deepEqual(match(job.config).anew, [])
  const other: Config = { ...job.config, data: { ...job.config.data, standardise: 'none' } }
  assert.throws(() => match(other), { code: 'RUN_MISMATCH', field: 'data.standardise' })
})

test('it is refused in a sentence where there are no channels, or where what is read is what is given', () => {
  const problem = (variant: string, settings: Settings, of: Facts = facts) =>
    resolveConfig(variant, { 'data.standardise': 'channel', ...settings }, of).problems.map(({ field }) => field)
  assert.deepEqual(problem('classical', {}, { ...facts, kind: 'vector' }), ['data.standardise'])
  assert.deepEqual(problem('rbm', {}), ['data.standardise'])
  const sigmoid = { 'network.activation': 'sigmoid', 'network.codeActivation': 'sigmoid' }
  assert.deepEqual(problem('classical', { 'pretraining.kind': 'rbm', ...sigmoid }), ['data.standardise'])
  assert.deepEqual(problem('classical', { 'data.standardise': 'pixel' }), ['data.standardise'])
  assert.equal(
    resolveConfig('classical', { 'data.statistics': { mean: [0], deviation: [1] } }, facts).problems[0]?.code,
    'SETTING_UNKNOWN',
  )
})

for (const { id, machine } of variants.filter(({ objective }) => objective)) {
  test(`${id}: changed images${machine ? '' : ' and standardised inputs'}: a run goes on bit for bit, its file agrees`, async () => {
    const changes: Settings = {
      'data.augment': 'flip,flipVertical,shift=1,brightness=0.1',
      ...(machine ? { 'data.standardise': 'none' } : {}),
    }
    const config = configOf(id, { ...changes, ...(machine ? { 'training.learningRate': 0.001 } : {}) })
    const whole = jobOf(id, config),
      parts = jobOf(id, config)
    await trainHere(whole)
    await assert.rejects(trainHere(parts, (message) => message.type === 'points'))
    await trainHere({ ...parts, resume: true })
    assert.deepEqual(readCheckpoint(parts.runFolder, 'last').state, readCheckpoint(whole.runFolder, 'last').state)
    const { runFolder } = whole,
      out = join(home, `${id}.onnx`)
    const asked = { runId: 'r', runFolder, datasetFolder, part: 'autoencoder' as const, input: 'pixels' as const, out }
    const { maxAbsDiff } = await exportHere({ kind: 'export', ...asked, force: false, precision: 'float32', metadata: {} })
    assert.ok(maxAbsDiff < 1e-4)
  })
}

test('a run of colour images from before there were these settings goes on with single values masked, bit for bit', async () => {
  const now = configOf('denoising', { 'data.standardise': 'none', 'regularizer.values': 'channel' })
  const { values: _, ...regularizer } = now.regularizer
  const { augment: __, standardise: ___, ...data } = now.data
  const before = { ...now, regularizer, data } as unknown as Config
  const whole = jobOf('denoising', now),
    parts = jobOf('denoising', now)
  await trainHere(whole)
  await assert.rejects(trainHere(parts, (message) => message.type === 'points'))
  // As the earlier version wrote its checkpoint, and its row: read by their schema.
  const checkpoint = readCheckpoint(parts.runFolder, 'last')
  writeCheckpoint(parts.runFolder, 'last', { ...checkpoint, config: before, shapes: shapesOf(parts.runFolder) })
  const { config: stored, whole: understood } = configOfRow(JSON.stringify(before))
  assert.ok(understood)
  assert.deepEqual(stored, now)
  await trainHere({ ...parts, config: stored, resume: true })
  assert.deepEqual(readCheckpoint(parts.runFolder, 'last').state, readCheckpoint(whole.runFolder, 'last').state)
})

test('layers that are pretrained read standardised images in the first one, and codes as they are above', async () => {
  const job = jobOf(
    'classical',
    configOf('classical', {
      'pretraining.kind': 'greedy',
      'pretraining.epochs': 1,
      'pretraining.batchSize': 16,
      'network.activation': 'sigmoid',
      'data.augment': 'flip',
    }),
  )
  const { evaluation } = await trainHere(job)
  assert.ok(Number.isFinite(evaluation.squaredError))
})
