import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Dataset } from '../../src/shared/domain.ts'
import { sizeOf } from '../../src/shared/shape.ts'
import { modelledTiming } from '../../src/main/engine/experiments/model.ts'
import { plannedStages } from '../../src/main/engine/experiments/newRun.ts'
import { sizeWarnings } from '../../src/main/engine/experiments/limits.ts'
import { derivativesOf, rowWork, stepWork } from '../../src/main/engine/network/work.ts'
import { resolveConfig, variantOf, variants } from '../../src/main/engine/variants/index.ts'
import { layersOfVariant, type Facts } from '../../src/main/engine/variants/variant.ts'
import { memoryOf } from '../../src/main/engine/variants/memory.ts'
import { pyramidLines, totalOf } from '../../src/renderer/components/network/pyramid.ts'
import { plan, request, wholePlan } from '../../src/renderer/components/start/plan.ts'
import { homeWithDataset, over, sampleDataset, testEngine } from '../fixtures/homes.ts'

const photo = { height: 58, width: 64, channels: 3 }
const photos: Facts = { rowSize: sizeOf(photo), size: photo, kind: 'image', trainCount: 3000, classes: 4, pixels: 'colour' }
const digits: Facts = { rowSize: 784, size: { height: 28, width: 28, channels: 1 }, kind: 'image', trainCount: 1000, classes: 10 }
const resolved = (variant: string, settings: Record<string, unknown>, facts = photos) => resolveConfig(variant, settings, facts)
const pyramid = { 'network.convolutions': '32x4s2,48x3', 'network.layers': [20] }

test('the layers of a network are told with their sizes, parameters and operations, there and back', () => {
  const { layers, parameters } = resolved('classical', { ...pyramid, 'network.tied': false })
  assert.deepEqual(
    layers.map(({ name, kind, in: from, out, parameters: own, operations }) => [
      name,
      kind,
      sizeOf(from),
      sizeOf(out),
      own,
      operations,
    ]),
    [
      ['encoder/conv0', 'convolution', 11136, 29 * 32 * 32, 4 * 4 * 3 * 32 + 32, 2 * 4 * 4 * 3 * 29 * 32 * 32],
      ['encoder/conv1', 'convolution', 29 * 32 * 32, 29 * 32 * 48, 3 * 3 * 32 * 48 + 48, 2 * 3 * 3 * 32 * 29 * 32 * 48],
      ['encoder/0', 'dense', 29 * 32 * 48, 20, 29 * 32 * 48 * 20 + 20, 2 * 29 * 32 * 48 * 20],
      ['decoder/0', 'dense', 20, 29 * 32 * 48, 29 * 32 * 48 * 20 + 29 * 32 * 48, 2 * 29 * 32 * 48 * 20],
      ['decoder/conv0', 'convolution', 29 * 32 * 48, 29 * 32 * 32, 3 * 3 * 32 * 48 + 32, 2 * 3 * 3 * 32 * 29 * 32 * 48],
      ['decoder/conv1', 'convolution', 29 * 32 * 32, 11136, 4 * 4 * 3 * 32 + 3, 2 * 4 * 4 * 3 * 29 * 32 * 32],
    ],
  )
  assert.equal(
    layers.reduce((sum, layer) => sum + layer.parameters, 0),
    parameters,
  )
  // A tied decoder has its biases alone; the drawing has a line for the input and for each layer.
  const tied = resolved('classical', { ...pyramid, 'network.tied': true })
  assert.deepEqual(
    tied.layers.slice(3).map(({ parameters: own }) => own),
    [29 * 32 * 48, 32, 3],
  )
  const lines = pyramidLines(layers)
  assert.deepEqual(
    lines.map(({ size, operation, kind }) => [size, operation, kind]),
    [
      ['64 x 58 x 3', 'input', 'map'],
      ['32 x 29 x 32', '4 x 4 convolution, stride 2', 'map'],
      ['32 x 29 x 48', '3 x 3 convolution', 'map'],
      ['20', 'code, dense layer', 'code'],
      ['32 x 29 x 48', 'dense layer', 'map'],
      ['32 x 29 x 32', '3 x 3 transposed convolution', 'map'],
      ['64 x 58 x 3', '4 x 4 transposed convolution, stride 2', 'map'],
    ],
  )
  assert.equal(totalOf(layers), `${parameters!.toLocaleString('en')} parameters`)
})

test('parameters of the layers are those of the network for every variant, dense and with convolutions, for classes too', () => {
  for (const { id } of variants) {
    for (const settings of [{ 'network.layers': [12] }, pyramid, { ...pyramid, 'fineTuning.kind': 'classification' }]) {
      const { layers, parameters, config } = resolved(id, settings)
      if (config === null) continue
      assert.equal(
        layers.reduce((sum, layer) => sum + layer.parameters, 0),
        parameters,
        `${id} ${JSON.stringify(settings)}`,
      )
      const lines = pyramidLines(layers)
      assert.equal(lines.filter(({ kind }) => kind === 'code').length, 1, id)
      assert.equal(lines.find(({ kind }) => kind === 'code')!.size, String(config.network.layers.at(-1)), id)
    }
  }
})

test('the drawing knows the code and the heads beside it, whichever layers are alike in size', () => {
  const operations = (variant: string, settings: Record<string, unknown>) =>
    pyramidLines(resolved(variant, settings).layers).map(({ name, operation }) => `${name}: ${operation}`)
  // A convolution that keeps the shape of what it reads, and dense layers of one size.
  const alike = { 'network.convolutions': '3x3,8x3,8x3,8x3s2', 'network.layers': [6, 6, 6] }
  const untied = { ...alike, 'network.tied': false }
  const coded = (lines: string[]) => lines.filter((line) => line.includes(': code, '))
  assert.deepEqual(coded(operations('classical', untied)), ['encoder/2: code, dense layer'])
  const variational = operations('variational', { ...alike, 'regularizer.decoder': 'gaussian' })
  assert.deepEqual(coded(variational), ['encoder/mean: code, dense layer'])
  assert.deepEqual(
    variational.filter((line) => line.includes('a head beside it')),
    ['encoder/logVariance: dense layer, a head beside it', 'decoder/logVariance: 3 x 3 transposed convolution, a head beside it'],
  )
})

test('a step of training is three ways through the network; contraction adds its rows, the decoder counts for each sample', () => {
  const work = (variant: string, settings: Record<string, unknown>, facts: Facts, extra = {}) => {
    const { config, parameters } = resolved(variant, settings, facts)
    const layers = layersOfVariant(variantOf(variant), config!, facts.size!)
    const step = stepWork(layers, { batchSize: 8, samples: 1, parameters: parameters!, slots: 2, extra })
    return { layers, step: step.operations, once: rowWork(layers).operations }
  }
  const dense = { 'network.layers': [50, 8] }
  const plain = work('classical', dense, digits)
  assert.equal(plain.once, 2 * 2 * (784 * 50 + 50 * 8))
  assert.equal(plain.step, 8 * 3 * plain.once)
  // Exactly: a row for each code unit meets the Gram matrix of the first layer, which is made once.
  const exact = work('contractive', dense, digits, { derivatives: 'exact' })
  assert.equal(exact.step - plain.step, 3 * (8 * 8 * 2 * 50 ** 2 + 784 * 2 * 50 ** 2))
  assert.equal(derivativesOf(work('contractive', { 'network.layers': [50] }, digits).layers.encoder, 'exact').operations, 0)
  // By projections: each goes back through the whole encoder.
  const projected = work('contractive', pyramid, photos, { derivatives: 4 })
  const encoder = projected.layers.encoder.reduce((sum, { map }) => sum + map.operations, 0)
  assert.equal(projected.step, 8 * 3 * (projected.once + 4 * encoder))
  assert.deepEqual(variantOf('contractive').work!({ jacobian: 'projections', projections: 7 } as never), { derivatives: 7 })
})

test('more samples, more projections, larger batches and more filters take longer and more memory', () => {
  const dataset = { ...photo, kind: 'image', count: 3600, testCount: 600, validationCount: 0, classes: [] } as unknown as Dataset
  const cost = (variant: string, settings: Record<string, unknown>) => {
    const { config, parameters } = resolved(variant, { ...pyramid, ...settings })
    const stages = plannedStages(variant, config!, dataset)
    return {
      seconds: modelledTiming(variant, config!, dataset, stages, 2).stages[0]!.step,
      memory: memoryOf(variantOf(variant), config!, photo, parameters!),
    }
  }
  const grows = (variant: string, less: Record<string, unknown>, more: Record<string, unknown>) => {
    const [small, large] = [cost(variant, less), cost(variant, more)]
    assert.ok(large.seconds > small.seconds && large.memory > small.memory, JSON.stringify([variant, less, more, small, large]))
  }
  grows('iwae', { 'regularizer.samples': 1 }, { 'regularizer.samples': 10 })
  grows('contractive', { 'regularizer.projections': 1 }, { 'regularizer.projections': 8 })
  grows('contractive', { 'regularizer.projections': 4 }, { 'regularizer.jacobian': 'exact' })
  grows('classical', { 'training.batchSize': 16 }, { 'training.batchSize': 128 })
  grows('classical', {}, { 'network.convolutions': '64x4s2,96x3' })
  // The maps that are enlarged: those of the image's own sides, with as many channels as the first convolution has filters.
  const untied = { ...pyramid, 'network.tied': false, 'training.batchSize': 10 },
    resized = { ...untied, 'network.upsampling': 'resize' }
  grows('classical', untied, resized)
  const enlarged = 64 * 58 * 32 + 32 * 29 * 48
  assert.equal(cost('classical', resized).memory - cost('classical', untied).memory, 10 * 4 * 2 * enlarged)
  const halved = cost('classical', { 'training.batchSize': 64 }).seconds / cost('classical', { 'training.batchSize': 32 }).seconds
  assert.ok(halved > 1.5 && halved < 2, String(halved))
})

test('what is beyond a limit is said once, with a remedy and with the names of whom it is about', () => {
  const huge = { height: 256, width: 256, channels: 3 }
  const facts: Facts = { ...photos, rowSize: sizeOf(huge), size: huge }
  const wide = { 'network.convolutions': 'none', 'network.layers': [1024, 32] }
  const { config, parameters } = resolved('classical', wide, facts)
  assert.ok(parameters! > 4e8)
  const cell = { title: 'Wide', config, parameters, memory: 7e9, expected: { seconds: 5 * 3600, from: 'usual' as const } }
  const small = { ...cell, title: 'Small', parameters: 1e6, memory: 1e9, expected: { seconds: 60, from: 'usual' as const } }
  const said = sizeWarnings([cell], 8e9, huge)
  assert.equal(said.length, 3)
  assert.match(said[0]!, /^40\d,\d{3},\d{3} parameters .*network\.convolutions to auto/)
  assert.match(said[1]!, /7\.00 GB of memory, .*8\.00 GB; .*training\.batchSize/)
  assert.match(said[2]!, /about 5 h; .*training\.epochs/)
  assert.deepEqual(sizeWarnings([small], 8e9, huge), [])
  // Where the filters are what is large, smaller layers are not the only remedy.
  const filters = { ...cell, config: resolved('classical', { 'network.convolutions': '4096x8s2,512x8s2' }).config, memory: 7e9 }
  for (const sentence of sizeWarnings([filters], 8e9, photo).slice(0, 2))
    assert.match(sentence, /fewer filters .*network\.convolutions/)
  assert.ok(sizeWarnings([small, cell], 8e9, huge).every((sentence) => sentence.startsWith('Wide: ')))
})

test('the first comparison takes what the form says of each of its runs, before and after steps were measured', async (t) => {
  const colour = {
    ...sampleDataset,
    ...photo,
    id: 'photos00',
    name: 'photos',
    sha256: 'e'.repeat(64),
    count: 3000,
    classCounts: [1500, 1500],
    testCount: 450,
  }
  const engine = testEngine(t, homeWithDataset(t, [colour]))
  for (const dataset of [sampleDataset, colour]) {
    const together = async () => (await engine.call('experiments.check', { plan: wholePlan(dataset) })).check
    const apart = () => Promise.all(plan.map((line) => engine.call('runs.check', request(line, dataset))))
    const agree = async (from: string) => {
      const [whole, runs] = [await together(), await apart()]
      const seconds = runs.reduce((sum, { expected }) => sum + expected!.seconds, 0)
      assert.deepEqual([whole.problems, whole.expected], [[], { seconds, from }], dataset.name)
      return whole
    }
    const { fromData } = await agree(dataset === sampleDataset ? 'usual' : 'model')
    assert.equal(
      fromData.some((sentence) => sentence.startsWith('Convolutions: ')),
      dataset === colour,
    )
    await over(engine, await engine.call('experiments.estimate', { plan: wholePlan(dataset) }))
    await agree('measured')
  }
})
