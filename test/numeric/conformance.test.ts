import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Config, Settings } from '../../src/shared/config.ts'
import { decode, encode } from '../../src/shared/codec.ts'
import { readCheckpoint, writeCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { variantAndSettings } from '../../src/main/engine/cli/commands/train.ts'
import type { Session } from '../../src/main/engine/cli/session.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { validationSplit } from '../../src/main/engine/data/split.ts'
import { openSession } from '../../src/main/engine/export/onnxruntime.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { partsOfNetwork } from '../../src/main/engine/variants/variant.ts'
import { openStore } from '../../src/main/engine/store/store.ts'
import { binding } from '../../src/main/engine/trace/native.ts'
import { inputTensor } from '../../src/main/engine/network/inputs.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import { Diverged } from '../../src/main/engine/training/diverged.ts'
import type { TrainJob } from '../../src/main/engine/training/messages.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'
import type { Variant } from '../../src/main/engine/variants/variant.ts'
import { textOf, valueOf } from '../../src/shared/settings/text.ts'
import { heldBytes } from '../fixtures/allocated.ts'
import { facts, flavoursOf, isOfLayers, knobsOf, layerKinds, tiny, tinyConfig, trained, valueAt } from '../fixtures/everySetting.ts'
import { sampleDataset } from '../fixtures/homes.ts'
import { runWorker } from '../fixtures/runWorker.ts'
import { importDigits, importRows, overwriteRow, smallDigits } from '../fixtures/tinyDataset.ts'
import { exportHere, trainHere } from '../fixtures/trainHere.ts'
import { writeUntrained } from '../fixtures/fakeCheckpoint.ts'

/** What must hold for every registered variant. Nothing here names one, so that a new file is tested the moment it exists. */
const home = mkdtempSync(join(tmpdir(), 'conformance-'))
let datasetFolder = ''
before(async () => {
  datasetFolder = await importDigits(home)
})
after(() => rmSync(home, { recursive: true, force: true }))

const jobOf = (variant: Variant, config: Config, folder = datasetFolder): TrainJob => ({
  kind: 'train',
  runId: 'r',
  runFolder: mkdtempSync(join(home, 'run-')),
  datasetFolder: folder,
  variant: variant.id,
  config,
  seed: 3,
  resume: false,
})

const cases = trained.flatMap((variant) => flavoursOf(variant).map((flavour): [Variant, Settings] => [variant, flavour]))
const titleOf = (variant: Variant, flavour: Settings) =>
  `${variant.id}${Object.keys(flavour).length > 0 ? ` ${JSON.stringify(flavour)}` : ''}`

for (const variant of variants) {
  test(`${variant.id}: settings survive form, command line, codec, store and checkpoint`, async () => {
    const store = openStore(join(home, `${variant.id}.sqlite`))
    store.datasets.insert(sampleDataset, [])
    const runFolder = mkdtempSync(join(home, 'settings-'))
    const knobs = [...knobsOf(variant), ...layerKinds(variant).flatMap((kind) => knobsOf(variant, isOfLayers, kind))]
    const check = async (_: string, { settings = {} }: { settings?: Settings }) => ({
      fields: resolveConfig(variant.id, settings).fields,
    })
    let number = 0
    for (const { field, values, settings } of knobs) {
      for (const value of values) {
        const given = settings(value)
        const config = tinyConfig(variant, given)
        assert.deepEqual(valueAt(config, field.key), value, `${field.key} is not in the config`)
        const typed = Object.fromEntries(Object.entries(given).map(([key, own]) => [key, textOf(own)]))

        // A form begins with the fields of the variant, and is given those that some settings bring with them.
        const { fields } = resolveConfig(variant.id, given)
        const nested: Settings = {}
        for (const [key, text] of Object.entries(typed)) {
          const own = fields.find((one) => one.key === key)!
          const path = key.split('.')
          const name = path.pop()!
          const section = path.reduce((at, part) => (at[part] ??= {}) as Settings, nested)
          section[name] = own.kind === 'boolean' ? text === 'true' : valueOf(own, text)
        }
        assert.deepEqual(resolveConfig(variant.id, nested, facts).config, config, `the form changes ${field.key}=${String(value)}`)
        const commandLine = await variantAndSettings({ call: check } as unknown as Session, {
          values: { variant: variant.id, set: Object.entries(typed).map(([key, text]) => `${key}=${text}`) },
          positionals: [],
          path: String,
        })
        assert.deepEqual(
          resolveConfig(variant.id, commandLine.settings, facts).config,
          config,
          `the command line changes ${field.key}=${String(value)}`,
        )
        assert.deepEqual(decode(encode(config)), config)
        assert.deepEqual(
          resolveConfig(variant.id, config, facts).config,
          config,
          `the settings of a run with ${field.key}=${String(value)} give another one`,
        )

        number += 1
        const run = {
          id: `run-${number}`,
          name: `run-${number}`,
          datasetId: sampleDataset.id,
          variant: variant.id,
          seed: 1,
          config,
          epochs: 1,
          steps: 1,
          stages: [],
          parameters: 1,
          colour: 0,
        }
        store.runs.insert(run, '2026-01-01T00:00:00.000Z')
        assert.deepEqual(store.runs.get(run.id).config, config, `the store changes ${field.key}=${String(value)}`)

        const classes = config.fineTuning.kind === 'classification' ? ['a', 'b'] : []
        const state = Object.fromEntries(
          partsOfNetwork(variant, config, vectorOf(16), classes.length).map(({ name, shape }) => [
            name,
            new Float32Array(shape.reduce((product, size) => product * size, 1)),
          ]),
        )
        writeUntrained(runFolder, { variant: variant.id, config, state, classes })
        const read = readCheckpoint(runFolder, 'last')
        assert.deepEqual(read.config, config, `the checkpoint changes ${field.key}=${String(value)}`)
        assert.deepEqual(read.classes, classes)
      }
    }
    store.close()
  })

  test(`${variant.id}: a network of one layer trains, is shown and measured`, async () => {
    const { config, problems } = resolveConfig(variant.id, { ...tiny(variant), 'network.layers': [variant.fit ? 3 : 20] }, facts)
    assert.deepEqual(problems, [])
    const { messages } = await trainHere(jobOf(variant, config!))
    const shown = messages.filter((message) => message.type === 'preview')
    assert.ok(shown.length > 0 && shown.every(({ preview }) => preview.filters !== null && preview.filters.count > 0))
    assert.ok(messages.some((message) => message.type === 'evaluation' && Number.isFinite(message.evaluation.squaredError)))
  })

  test(`${variant.id}: NaN in the input ends the run as diverged, wherever it is, and only finite weights are kept`, async () => {
    const { config, problems } = resolveConfig(variant.id, tiny(variant), { ...facts, kind: 'vector' })
    assert.deepEqual(problems, [])
    const rows = Float32Array.from({ length: 200 * 16 }, (_, index) => Math.sin(index * index))
    for (const where of ['train', 'validation', 'test'] as const) {
      // A closed form looks at nothing for validation.
      if (variant.fit && where === 'validation') continue
      const folder = await importRows(join(home, 'vectors'), `nan-${variant.id}-${where}`, [200, 16], rows)
      const dataset = openDataset(folder)
      const job = jobOf(variant, config!, folder)
      const hit = where === 'test' ? dataset.test : validationSplit(dataset, job.seed)[where]
      overwriteRow(folder, hit.at(-1)!, new Float32Array(16).fill(NaN))
      await assert.rejects(trainHere(job), (thrown) => thrown instanceof Diverged, `with NaN in the ${where} split`)
      if (variant.fit && where === 'train') continue
      for (const values of Object.values(readCheckpoint(job.runFolder, 'last').state)) assert.ok(values.every(Number.isFinite))
    }
  })

  test(`${variant.id}: onnxruntime gives the codes and reconstructions of the trained network`, async () => {
    const { config } = resolveConfig(variant.id, tiny(variant), facts)
    const job = jobOf(variant, config!)
    await trainHere(job)
    const model = new CompiledModel({ variant, config: config!, input: vectorOf(16), kind: 'image' })
    model.load(readCheckpoint(job.runFolder, 'last').state)
    const dataset = openDataset(datasetFolder)
    const x = inputTensor(dataset, dataset.test)
    for (const part of ['encoder', 'autoencoder'] as const) {
      const out = join(job.runFolder, `${part}.onnx`)
      await exportHere({
        kind: 'export',
        runId: 'r',
        runFolder: job.runFolder,
        datasetFolder,
        part,
        input: 'raw',
        precision: 'float32',
        out,
        force: false,
        metadata: {},
      })
      const session = await openSession(out)
      const outputs = await session.run({
        x: { type: 'float32', shape: [dataset.test.length, 16], data: x.dataSync() as Float32Array },
      })
      await session.close()
      const expected = (part === 'encoder' ? model.encode(x) : model.reconstruct(x)).dataSync()
      const found = outputs[part === 'encoder' ? 'code' : 'reconstruction']!.data
      assert.equal(found.length, expected.length)
      expected.forEach((value, index) =>
        assert.ok(
          Math.abs(found[index]! - value) <= 1e-5 + 1e-4 * Math.abs(value),
          `${part}[${index}]: ${found[index]} instead of ${value}`,
        ),
      )
    }
    model.close()
  })
}

const pool = smallDigits(1000)
const modelFor = (variant: Variant, config: Config, seed: number, sizes: number[]): CompiledModel => {
  const model = new CompiledModel({ variant, config, input: vectorOf(16), kind: 'image' }, sizes)
  model.load(Object.fromEntries(model.specs.map((weight) => [weight.name, initialValues(weight, seed)])))
  return model
}
const batchAt = (step: number, size: number) => {
  const rows = Uint32Array.from({ length: size }, (_, index) => (step * size + index) % 1000)
  const batch = new Uint8Array(size * 16)
  rows.forEach((row, at) => batch.set(pool.subarray(row * 16, row * 16 + 16), at * 16))
  return [batch, rows] as const
}

for (const [variant, flavour] of cases) {
  test(`${titleOf(variant, flavour)}: a snapshot, restored from its file, goes on with the same 20 losses`, () => {
    const config = tinyConfig(variant, flavour)
    const [one, two] = [modelFor(variant, config, 3, [8]), modelFor(variant, config, 99, [8])]
    const states = one.state()
    // As training does where a state is a mean over the training split.
    const mean = variant.trainingMean?.(config.regularizer as never)
    const run = (model: CompiledModel, from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => {
        const step = from + index
        if (mean && step % 5 === 0)
          model.setState(
            mean.state,
            model.codeSum(batchAt(step, 8)[0]).map((sum) => sum / 8),
          )
        return model.step(...batchAt(step, 8), 7, step, 0.01).terms
      })
    run(one, 1, 8)
    for (const name of Object.keys(states)) assert.notDeepEqual(one.state()[name], states[name], `${name} never changes`)
    const runFolder = mkdtempSync(join(home, 'snapshot-'))
    writeCheckpoint(runFolder, 'last', {
      variant: variant.id,
      config,
      seed: 7,
      inputShape: vectorOf(16),
      classes: [],
      position: { stage: 0, step: 7, epoch: 1, seconds: 1, best: null },
      state: one.state(),
    })
    two.load(readCheckpoint(runFolder, 'last').state)
    assert.deepEqual(run(two, 8, 28), run(one, 8, 28))
    assert.deepEqual(two.state(), one.state())
    one.close()
    two.close()
  })
}

/** More than the C library's count may grow over 500 steps, in bytes; it varies by some 20 kB. */
const mostGrowth = 100_000

/**
 * Native tensors and bytes that 500 steps leave behind; the least of three times, as a process may grow for other reasons once,
 * but not over and over.
 * @param leave what every step leaves behind
 */
async function leftBehind(variant: Variant, flavour: Settings, leave = () => {}): Promise<{ tensors: number; bytes: number }> {
  // Rows are wide enough that a batch kept every step would be seen: 500 of them are 16 MB, and 64 MB as floats.
  const size = 32,
    input = { height: 32, width: 32, channels: 1 },
    width = 1024,
    steps = 500
  const { config } = resolveConfig(
    variant.id,
    { ...tiny(variant), ...flavour, 'training.batchSize': size },
    { kind: 'image', rowSize: width },
  )
  const model = new CompiledModel({ variant, config: config!, input, kind: 'image' }, [size])
  model.load(Object.fromEntries(model.specs.map((weight) => [weight.name, initialValues(weight, 3)])))
  const batch = (step: number) => new Uint8Array(size * width).fill(step % 200, (step % size) * width)
  const rows = Uint32Array.from({ length: size }, (_, row) => row)
  const run = async (from: number, to: number) => {
    for (let step = from; step < to; step++) {
      model.step(batch(step), rows, 7, step, 0.001, { withNorms: step % 10 === 0 })
      leave()
      if (step % 50 !== 0) continue
      model.validate(batch(step), rows, 7, -1)
      const means = model.codeSum(batch(step)).map((sum) => sum / size)
      for (const { name, shape } of variant.state?.(config!, input) ?? [])
        if (shape.length === 1) model.setState(name, means.slice(0, shape[0]))
    }
    return { tensors: binding.getNumOfTensors(), bytes: await heldBytes() }
  }
  let last = await run(1, 100)
  const least = { tensors: Infinity, bytes: Infinity }
  for (let window = 0; window < 3 && (least.bytes > mostGrowth || least.tensors > 0); window++) {
    const next = await run(100 + window * steps, 100 + (window + 1) * steps)
    least.tensors = Math.min(least.tensors, next.tensors - last.tensors)
    least.bytes = Math.min(least.bytes, next.bytes - last.bytes)
    last = next
  }
  model.close()
  return least
}

for (const [variant, flavour] of cases) {
  test(`${titleOf(variant, flavour)}: 500 steps leave no native tensor and no memory behind`, async () => {
    const { tensors, bytes } = await leftBehind(variant, flavour)
    assert.equal(tensors, 0)
    assert.ok(bytes < mostGrowth, `500 steps leave ${bytes} bytes behind`)
  })
}

test('a step that leaves 400 bytes behind is noticed', async () => {
  const kept: Uint8Array[] = []
  const { tensors, bytes } = await leftBehind(...cases[0]!, () => void kept.push(new Uint8Array(400)))
  assert.equal(tensors, 0)
  // What else comes and goes meanwhile may hide a part of it, but not that it grows.
  assert.ok(bytes >= mostGrowth, `${bytes} bytes`)
  assert.ok(kept.length > 1500)
})

test('NaN in the input: the worker says that the run diverged, and when', async () => {
  const folder = await importRows(
    join(home, 'vectors'),
    'worker',
    [200, 16],
    Float32Array.from({ length: 200 * 16 }, (_, index) => Math.sin(index * index)),
  )
  for (const row of openDataset(folder).train) overwriteRow(folder, row, new Float32Array(16).fill(NaN))
  const variant = trained[0]!
  const { config } = resolveConfig(variant.id, tiny(variant), { ...facts, kind: 'vector' })
  const { last } = await runWorker(jobOf(variant, config!, folder))
  assert.equal(last?.type, 'diverged')
  assert.equal(last.step, 1)
  assert.equal(last.error.code, 'RUN_DIVERGED')
})
