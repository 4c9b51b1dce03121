import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Config, Settings } from '../../src/shared/config.ts'
import { sizeOf } from '../../src/shared/shape.ts'
import { readCheckpoint, writeCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { openSession } from '../../src/main/engine/export/onnxruntime.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { inputTensor } from '../../src/main/engine/network/inputs.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import type { TrainJob } from '../../src/main/engine/training/messages.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'
import type { Variant } from '../../src/main/engine/variants/variant.ts'
import { flavoursOf } from '../fixtures/everySetting.ts'
import { oddImagesForAll, oddShape } from '../fixtures/tinyDataset.ts'
import { exportHere, trainHere } from '../fixtures/trainHere.ts'

/** What must hold for every registered variant, with convolutions before its dense layers. Nothing here names one. */
const images = oddImagesForAll('convolutional-conformance', 120)

const network: Settings = { 'network.convolutions': '4x3s2,5x2', 'training.epochs': 2, 'training.batchSize': 20 }
/** On the first of the small networks that the variant takes. */
function configOf(variant: Variant, flavour: Settings = {}): Config {
  const tried = [[24, 20], [20], [3]].map((layers) =>
    resolveConfig(variant.id, { ...network, 'network.layers': layers, ...flavour }, images.facts()),
  )
  const config = tried.find((one) => one.config !== null)?.config
  if (!config) throw new Error(`${variant.id}: ${tried[0]!.problems[0]!.message}`)
  return config
}

const refusing = (variant: Variant): boolean =>
  !resolveConfig(variant.id, {}).fields.some(({ key }) => key === 'network.convolutions')

test('variants without convolutions say so, and have none of their own accord', () => {
  const without = variants.filter(refusing)
  assert.ok(without.length > 0 && without.length < variants.length / 2)
  for (const { id, title } of without) {
    const { problems } = resolveConfig(id, { 'network.convolutions': '4x3s2' }, images.facts())
    assert.deepEqual(problems.length, 1)
    assert.equal(problems[0]!.message, `${title} determines network.convolutions (none); leave it out.`)
    const large = { ...images.facts(), rowSize: 12_288, size: { width: 64, height: 64, channels: 3 } }
    assert.deepEqual(resolveConfig(id, {}, large).config!.network.convolutions, [])
  }
})

/** The usual network; and one whose decoder enlarges maps and whose hidden layers are normalised, where the variant has such. */
function kindsOf(variant: Variant): [title: string, settings: Settings][] {
  const own = new Set(resolveConfig(variant.id, {}).fields.map(({ key }) => key))
  const wanted = { 'network.upsampling': 'resize', 'network.normalisation': 'batch', 'network.tied': false }
  const settings = Object.fromEntries(Object.entries(wanted).filter(([key]) => own.has(key)))
  const title = 'network.normalisation' in settings ? 'an enlarging, normalised' : 'an enlarging'
  return [
    ['a', {}],
    [title, settings],
  ]
}

for (const variant of variants.filter((each) => !refusing(each))) {
  for (const [kind, settings] of kindsOf(variant))
    test(`${variant.id}: ${kind} convolutional network trains, is shown and measured, and onnxruntime computes the same`, async () => {
      const job: TrainJob = {
        kind: 'train',
        runId: 'r',
        runFolder: images.runFolder(),
        datasetFolder: images.folder,
        variant: variant.id,
        config: configOf(variant, settings),
        seed: 3,
        resume: false,
      }
      const { messages, evaluation, points } = await trainHere(job)
      const shown = messages.filter((message) => message.type === 'preview')
      assert.ok(shown.length > 0)
      for (const { preview } of shown) {
        const { count, width, height, channels } = preview.filters!
        assert.deepEqual([count, width, height, channels], [4, 3, 3, 3])
      }
      assert.ok(points.length > 0 && points.every(({ value }) => Number.isFinite(value)))
      for (const figure of ['squaredError', 'jacobianNorm', 'linearProbeAccuracy'] as const)
        assert.ok(Number.isFinite(evaluation[figure]), `${figure} is ${evaluation[figure]}`)

      const model = new CompiledModel({ variant, config: job.config, input: oddShape, kind: 'image' })
      model.load(readCheckpoint(job.runFolder, 'last').state)
      const { dataset } = images
      const x = inputTensor(dataset, dataset.test)
      for (const part of ['encoder', 'autoencoder'] as const) {
        const out = join(job.runFolder, `${part}.onnx`)
        await exportHere({
          kind: 'export',
          runId: 'r',
          runFolder: job.runFolder,
          datasetFolder: images.folder,
          part,
          input: 'raw',
          precision: 'float32',
          out,
          force: false,
          metadata: {},
        })
        const session = await openSession(out)
        const shape = [dataset.test.length, sizeOf(oddShape)]
        const outputs = await session.run({ x: { type: 'float32', shape, data: x.dataSync() as Float32Array } })
        await session.close()
        const found = outputs[part === 'encoder' ? 'code' : 'reconstruction']!.data
        const expected = (part === 'encoder' ? model.encode(x) : model.reconstruct(x)).dataSync()
        assert.equal(found.length, expected.length)
        expected.forEach((value, at) =>
          assert.ok(Math.abs(found[at]! - value) <= 1e-5 + 1e-4 * Math.abs(value), `${part}[${at}]: ${found[at]}, not ${value}`),
        )
      }
      model.close()
    })

  for (const flavour of [...flavoursOf(variant), kindsOf(variant)[1]![1]]) {
    const title = `${variant.id}${Object.keys(flavour).length > 0 ? ` ${JSON.stringify(flavour)}` : ''}`
    test(`${title}: a snapshot of a convolutional network goes on with the same losses`, () => {
      const config = configOf(variant, flavour)
      const modelFor = (seed: number) => {
        const model = new CompiledModel({ variant, config, input: oddShape, kind: 'image' }, [20])
        model.load(Object.fromEntries(model.specs.map((weight) => [weight.name, initialValues(weight, seed)])))
        return model
      }
      const [one, two] = [modelFor(3), modelFor(99)]
      const mean = variant.trainingMean?.(config.regularizer as never)
      const { train } = images.dataset
      const run = (model: CompiledModel, from: number, to: number) =>
        Array.from({ length: to - from }, (_, index) => {
          const step = from + index
          const rows = Uint32Array.from({ length: 20 }, (__, at) => train[(step * 20 + at) % train.length]!)
          const batch = () => {
            const bytes = new Uint8Array(20 * sizeOf(oddShape))
            images.dataset.gather(rows, bytes)
            return bytes
          }
          if (mean && step % 5 === 0)
            model.setState(
              mean.state,
              model.codeSum(batch()).map((sum) => sum / 20),
            )
          return model.step(batch(), rows, 7, step, 0.01).terms
        })
      const before = one.state()
      run(one, 1, 7)
      for (const [name, values] of Object.entries(one.state())) assert.notDeepEqual(values, before[name], `${name} never changes`)
      const runFolder = images.runFolder()
      writeCheckpoint(runFolder, 'last', {
        variant: variant.id,
        config,
        seed: 7,
        inputShape: oddShape,
        classes: [],
        position: { stage: 0, step: 6, epoch: 1, seconds: 1, best: null },
        state: one.state(),
      })
      two.load(readCheckpoint(runFolder, 'last').state)
      assert.deepEqual(run(two, 7, 13), run(one, 7, 13))
      assert.deepEqual(two.state(), one.state())
      one.close()
      two.close()
    })
  }
}
