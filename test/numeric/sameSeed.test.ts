import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Settings } from '../../src/shared/config.ts'
import { readCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { TrainingRun } from '../../src/main/engine/training/trainingRun.ts'
import type { TrainJob } from '../../src/main/engine/training/messages.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'
import { facts } from '../fixtures/everySetting.ts'
import { importDigits } from '../fixtures/tinyDataset.ts'
import { portTo, trainHere } from '../fixtures/trainHere.ts'

/** What makes runs of one seed comparable: they differ in their objective only, whatever the variant. */
const home = mkdtempSync(join(tmpdir(), 'same-seed-'))
let datasetFolder = ''
before(async () => {
  datasetFolder = await importDigits(home)
})
after(() => rmSync(home, { recursive: true, force: true }))

const network = {
  'network.layers': [6],
  'network.activation': 'sigmoid',
  'network.codeActivation': 'sigmoid',
  'network.tied': true,
  'training.epochs': 2,
  'training.batchSize': 16,
  'training.learningRate': 0.01,
}
let count = 0
function jobOf(variant: string, settings: Settings, seed: number): TrainJob {
  const { fields } = resolveConfig(variant, {}, facts)
  const known = Object.fromEntries(
    Object.entries({ ...network, ...settings }).filter(([key]) => fields.some((field) => field.key === key)),
  )
  const { config, problems } = resolveConfig(variant, known, facts)
  assert.deepEqual(problems, [], variant)
  return {
    kind: 'train',
    runId: 'run',
    runFolder: join(home, `run-${count++}`),
    datasetFolder,
    variant,
    config: config!,
    seed,
    resume: false,
  }
}

test('every variant begins with the same split and the same weights of the layers that it has in common with others', () => {
  const weights = new Map<string, Float32Array>()
  const splits = new Set<string>()
  let shared = 0
  for (const { id } of variants) {
    const settings: Settings = { kSparse: { 'regularizer.k': 2 }, sparseBias: { 'regularizer.rho': 0.05 } }[id] ?? {}
    const run = new TrainingRun(jobOf(id, settings, 5), portTo([]))
    splits.add(JSON.stringify([[...run.rows.train], [...run.rows.validation]]))
    for (const [name, values] of Object.entries(run.whole)) {
      const key = `${name} ${values.length}`,
        other = weights.get(key)
      // Of a draw that activations scale differently, the directions are the same.
      if (other) {
        const scale = Math.hypot(...values) / (Math.hypot(...other) || 1)
        values.forEach((value, index) => assert.ok(Math.abs(value - scale * other[index]!) < 1e-6, `${id} ${key}`))
        shared += 1
      } else weights.set(key, values)
    }
  }
  assert.equal(splits.size, 1)
  assert.ok(shared >= variants.length, `${shared} weights are shared`)
})

test('regularizers that are switched off end with the weights of the plain network: batches come in the same order', async () => {
  const weightsOf = async (variant: string, settings: Settings, seed = 3) => {
    const job = jobOf(variant, settings, seed)
    await trainHere(job)
    return readCheckpoint(job.runFolder, 'last').state
  }
  const plain = await weightsOf('classical', {})
  const names = Object.keys(plain).filter((name) => !/^(optimizer|state)\//.test(name))
  assert.deepEqual(names.sort(), ['decoder/0/bias', 'encoder/0/bias', 'encoder/0/kernel'])
  const off: [string, Settings][] = [
    ['denoising', { 'regularizer.rate': 0 }],
    ['contractive', { 'regularizer.lambda': 0 }],
    ['sparseKl', { 'regularizer.beta': 0 }],
    ['sparseBias', { 'regularizer.rho': 0.05, 'regularizer.beta': 0 }],
    ['sparseL1', { 'regularizer.lambda': 0 }],
    ['kSparse', { 'regularizer.k': 6 }],
    ['dropout', { 'regularizer.rate': 0 }],
  ]
  for (const [variant, settings] of off) {
    const found = await weightsOf(variant, settings)
    for (const name of names)
      found[name]!.forEach((value, index) =>
        assert.ok(Math.abs(value - plain[name]![index]!) < 1e-5, `${variant} ${name}: ${value} instead of ${plain[name]![index]}`),
      )
  }
  const other = await weightsOf('classical', {}, 4)
  assert.ok(
    names.every((name) => other[name]!.some((value, index) => Math.abs(value - plain[name]![index]!) > 1e-3)),
    'another seed is another run',
  )
})
