import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Settings } from '../../src/shared/config.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { digitLabels, digits } from '../fixtures/digits.ts'
import { importRows } from '../fixtures/tinyDataset.ts'
import { trainHere } from '../fixtures/trainHere.ts'

/** What pretraining is for: a deep network of sigmoid layers learns classes from few labels the better for it. */

const count = 8000,
  labelled = 100,
  seeds = [1, 2, 3]
const home = mkdtempSync(join(tmpdir(), 'few-labels-'))
let datasetFolder = ''
before(async () => {
  datasetFolder = await importRows(home, 'digits', [count, 28, 28], digits(count), digitLabels(count))
})
after(() => rmSync(home, { recursive: true, force: true }))

async function accuracies(pretraining: Settings): Promise<number[]> {
  const { config, problems } = resolveConfig(
    'classical',
    {
      'network.layers': [256, 128, 64],
      'network.activation': 'sigmoid',
      'network.codeActivation': 'sigmoid',
      'fineTuning.kind': 'classification',
      'fineTuning.labelled': labelled,
      ...pretraining,
    },
    { rowSize: 784, trainCount: 0.85 * count, kind: 'image', classes: 10 },
  )
  assert.deepEqual(problems, [])
  const found: number[] = []
  for (const seed of seeds) {
    const runFolder = mkdtempSync(join(home, 'run-'))
    const { evaluation } = await trainHere({
      kind: 'train',
      runId: 'r',
      runFolder,
      datasetFolder,
      variant: 'classical',
      config: config!,
      seed,
      resume: false,
    })
    found.push(evaluation.classificationAccuracy!)
  }
  return found
}

test(`with ${labelled} labelled digits a pretrained network beats the same without, for each of ${seeds.length} seeds`, async () => {
  const without = await accuracies({})
  for (const kind of [{ 'pretraining.kind': 'greedy', 'pretraining.variant': 'denoising' }, { 'pretraining.kind': 'rbm' }]) {
    const pretrained = await accuracies({ ...kind, 'pretraining.epochs': 8, 'pretraining.learningRate': 0.004 })
    const gains = pretrained.map((accuracy, index) => accuracy - without[index]!)
    assert.ok(
      gains.every((gain) => gain > 0) && gains.reduce((a, b) => a + b) / seeds.length > 0.02,
      `${JSON.stringify(kind)}: ${pretrained.join(', ')}; without ${without.join(', ')}`,
    )
  }
})
