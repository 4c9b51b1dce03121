import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Config } from '../../src/shared/config.ts'
import { readCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import { PlainModel } from '../fixtures/plainModel.ts'
import { learningRateAt } from '../../src/main/engine/training/schedule.ts'
import { variants } from '../../src/main/engine/variants/index.ts'
import { layerConfig, layerVariantOf, placeOf } from '../../src/main/engine/variants/layers.ts'
import type { Variant } from '../../src/main/engine/variants/variant.ts'
import {
  facts,
  isOfLayers,
  isShared,
  knobsOf,
  layerKinds,
  tinyConfig,
  trained,
  valueAt,
  type Knob,
} from '../fixtures/everySetting.ts'
import { importLabelledDigits, overwriteSize, smallDigits } from '../fixtures/tinyDataset.ts'
import { trainHere } from '../fixtures/trainHere.ts'

/**
 * No setting of any registered variant does nothing: on the same images with the same seed it changes the loss or the weights of the
 * first steps, or, for what acts across epochs, the outcome of a short training.
 */
const home = mkdtempSync(join(tmpdir(), 'knobs-'))
let datasetFolder = ''
before(async () => {
  datasetFolder = await importLabelledDigits(home)
  overwriteSize(datasetFolder, facts.size)
})
after(() => rmSync(home, { recursive: true, force: true }))

const steps = 4,
  seed = 3,
  numbersTried = 3
const pool = smallDigits(200)
const digest = (...parts: Float32Array[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
  return hash.digest('hex')
}
const remembered = new Map<string, string>()
async function once(kind: string, variant: Variant, config: Config, compute: () => string | Promise<string>): Promise<string> {
  const key = `${kind} ${variant.id} ${JSON.stringify(config)}`
  if (!remembered.has(key)) remembered.set(key, await compute())
  return remembered.get(key)!
}

/**
 * The losses and the last weights of a few steps, as the product trains, or by its reference, which is much quicker to make.
 * @param far how many times as large the initial weights are
 */
const ofSteps = (variant: Variant, config: Config, compiled: boolean, far = 1) =>
  once(`${compiled ? 'compiled' : 'plain'} ${far}`, variant, config, () => {
    const { batchSize, epochs } = config.training
    const statistics = { mean: [0.2, 0.4], deviation: [0.3, 0.1] }
    const standardised = config.data.standardise === 'none' ? config : { ...config, data: { ...config.data, statistics } }
    const spec = { variant, config: standardised, input: facts.size, kind: facts.kind }
    const model = compiled ? new CompiledModel(spec, [batchSize]) : new PlainModel(spec, seed)
    if (model instanceof CompiledModel)
      model.load(
        Object.fromEntries(model.specs.map((weight) => [weight.name, initialValues(weight, seed).map((value) => value * far)])),
      )
    const losses = Float32Array.from({ length: steps }, (_, index) => {
      const rows = Uint32Array.from({ length: batchSize }, (__, row) => (index * batchSize + row) % 200)
      const batch = new Uint8Array(batchSize * 16)
      rows.forEach((row, at) => batch.set(pool.subarray(row * 16, row * 16 + 16), at * 16))
      return model.step(batch, rows, seed, index + 1, learningRateAt(config.training, index + 1, steps / epochs)).terms[0]!
    })
    const found = digest(losses, ...Object.values(model.weights()))
    if (model instanceof CompiledModel) model.close()
    return found
  })

/** The same of the first layer by itself, as it is pretrained. */
const ofLayerSteps = (config: Config) => ofSteps(layerVariantOf(config), layerConfig(config, 0), false)

/** The weights that a short training ends with, and which of its checkpoints they are from. */
const ofTraining = (variant: Variant, config: Config) =>
  once('training', variant, config, async () => {
    const runFolder = mkdtempSync(join(home, 'run-'))
    const { evaluation } = await trainHere({
      kind: 'train',
      runId: 'r',
      runFolder,
      datasetFolder,
      variant: variant.id,
      config,
      seed,
      resume: false,
    })
    return `${evaluation.checkpoint} ${digest(...Object.values(readCheckpoint(runFolder, evaluation.checkpoint).state))}`
  })

async function assertActs({ variant, field, situation, values, settings }: Knob): Promise<void> {
  const all = field.kind === 'choice' || field.kind === 'boolean'
  assert.ok(values.length > 1, 'there is no second value that the check allows')
  if (all)
    assert.equal(
      values.length,
      field.kind === 'boolean' ? 2 : field.choices!.length,
      `only ${values.join(', ')} can be chosen at all`,
    )
  const tried = (all ? values : values.slice(0, 1 + numbersTried)).map((value) => tinyConfig(variant, settings(value)))
  // Settings that all variants share act by the same code in each: one variant stands for the compiled step.
  const compiled = field.key.startsWith('regularizer.') || variant === trained[0]
  // What acts on a layer by itself is seen in its steps, which are much quicker to make than trainings stage by stage.
  const inLayer = field.key.startsWith('pretraining.') && tried.every(({ pretraining }) => pretraining.kind !== 'none')
  // One variant is trained in stages all the same, which looks at later layers and the compiled step, too.
  if (inLayer && variant !== representatives[0] && (await acts(tried, all, ofLayerSteps))) return
  // What else acts before the whole network is trained, or on what else it is trained for, is seen in trainings only.
  const inStep = variant.objective && !/^(pretraining|fineTuning)\./.test(field.key)
  if (inStep && (await acts(tried, all, (config) => ofSteps(variant, config, compiled)))) return
  // What keeps values within a range is seen where they leave it.
  if (inStep && compiled && (await acts(tried, all, (config) => ofSteps(variant, config, compiled, 30)))) return
  assert.ok(
    await acts(tried, all, (config) => ofTraining(variant, config)),
    `these train alike: ${JSON.stringify(tried.map((config) => valueAt(config, field.key)))}, with ${JSON.stringify(situation)}`,
  )
}

/** Of choices every two must differ; of numbers one change must be seen. */
async function acts(configs: Config[], all: boolean, effect: (config: Config) => Promise<string>): Promise<boolean> {
  const found = new Set<string>()
  for (const [index, config] of configs.entries()) {
    found.add(await effect(config))
    if (all && found.size < index + 1) return false
    if (!all && found.size > 1) return true
  }
  return all
}

/** Of what all deep variants share, one of each kind of network shows the effect. */
const representatives = [trained[0]!, trained.at(-1)!]

for (const variant of variants) {
  const knobs = knobsOf(variant, (field) => !isShared(field) || representatives.includes(variant))
  const ofLayers = variant === representatives[0] ? layerKinds(variant).flatMap((kind) => knobsOf(variant, isOfLayers, kind)) : []
  for (const knob of [...knobs, ...ofLayers]) {
    const where = [knob.field.when?.key, ...(isOfLayers(knob.field) ? ['pretraining.variant'] : [])]
      .filter((key) => key && key in knob.situation)
      .map((key) => `${key}=${String(knob.situation[key!])}`)
    test(`${variant.id}: ${knob.field.key}${where.length > 0 ? ` (${where.join(', ')})` : ''} acts`, () => assertActs(knob))
  }
}

test('settings of the layers of a deep network are those of every layer, but what their activations determine', () => {
  const [variant] = representatives
  for (const kind of layerKinds(variant!)) {
    for (const { field, values, settings } of knobsOf(variant!, isOfLayers, kind)) {
      const name = field.key.slice('pretraining.regularizer.'.length)
      for (const value of values) {
        const config = tinyConfig(variant!, settings(value))
        config.network.layers.forEach((_, layer) => {
          const determined =
            layerVariantOf(config).asLayer?.(placeOf(config, layer), config.pretraining.regularizer as never).regularizer ?? {}
          assert.equal(
            layerConfig(config, layer).regularizer[name],
            name in determined ? determined[name as never] : value,
            `layer ${layer}, ${field.key}`,
          )
        })
      }
    }
  }
})
