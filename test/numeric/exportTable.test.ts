import { mkdtempSync, rmSync } from 'node:fs'
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Settings } from '../../src/shared/config.ts'
import { partsOf } from '../../src/main/engine/network/parts.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'
import { digitLabels } from '../fixtures/digits.ts'
import { alsoInPython, classCount as C, drawnRun, exportAndCompare, type Case } from '../fixtures/exportedRuns.ts'
import { importRows, smallDigits } from '../fixtures/tinyDataset.ts'

/**
 * Every variant x {tied, untied} x {1, 3 layers} x {raw, pixels} x every part that it has, run by onnxruntime and, where there
 * is a Python that has it, by that one, against float64 and plain loops. Weights are drawn, not trained: so every bias, head
 * and unit counts, and codes spread over hundreds. What is exported of trained runs is compared elsewhere.
 */

const D = 16
const home = mkdtempSync(join(tmpdir(), 'export-table-'))
const drawn = { home, datasetFolder: '', shape: vectorOf(D) }
const cases: Case[] = []
before(async () => {
  drawn.datasetFolder = await importRows(home, 'digits', [300, 4, 4], smallDigits(300), digitLabels(300))
})
after(() => rmSync(home, { recursive: true, force: true }))

for (const variant of variants) {
  test(`${variant.id}: every shape, part and input`, async () => {
    const made: string[] = []
    for (const layers of [[9], [12, 10, 6]]) {
      for (const tied of [false, true]) {
        const settings: Settings = {
          'network.layers': layers,
          'network.tied': tied,
          ...(variant.gate ? { 'regularizer.k': 4 } : {}),
        }
        const { config, problems } = resolveConfig(variant.id, settings, { rowSize: D, trainCount: 200, kind: 'image', classes: C })
        if (!config) {
          // What a variant does not allow: it determines whether its network is tied, or is of one layer.
          assert.match(problems[0]!.field!, /^network\.(tied|layers)$/)
          continue
        }
        const title = `${variant.id}-${layers.length}-${tied ? 'tied' : 'untied'}`
        made.push(title)
        const run = drawnRun(drawn, variant, config, 1)
        for (const part of partsOf(config))
          for (const input of part === 'decoder' ? (['raw'] as const) : (['raw', 'pixels'] as const))
            await exportAndCompare(drawn, cases, title, variant, config, run, part, input)
        for (const precision of ['float16', 'int8'] as const) {
          const { reduction, bytes } = await exportAndCompare(
            drawn,
            cases,
            title,
            variant,
            config,
            run,
            'encoder',
            'pixels',
            precision,
          )
          assert.ok(
            reduction!.relativeDifference < (precision === 'float16' ? 0.05 : 0.5),
            `${title}: ${precision} differs by ${reduction!.relativeDifference}`,
          )
          assert.ok(bytes > 0 && reduction!.float32Bytes > 0)
        }
      }
    }
    assert.ok(made.length >= 1, 'nothing was exported')
  })
}

test('networks that classify, with normalised weights, and with codes that spread over hundreds', async () => {
  const classical = variants.find(({ id }) => id === 'classical')!
  const config = (settings: Settings) => {
    const resolved = resolveConfig(classical.id, settings, { rowSize: D, trainCount: 200, kind: 'image', classes: C })
    assert.deepEqual(resolved.problems, [])
    return resolved.config!
  }
  for (const layers of [[9], [12, 10, 6]]) {
    const classifier = config({ 'network.layers': layers, 'fineTuning.kind': 'classification' })
    const classifying = drawnRun(drawn, classical, classifier, 1)
    for (const part of partsOf(classifier))
      for (const input of ['raw', 'pixels'] as const)
        await exportAndCompare(drawn, cases, `classifier-${layers.length}`, classical, classifier, classifying, part, input)
    const normalised = config({ 'network.layers': layers, 'network.weightNorm': true, 'network.tied': true })
    for (const part of partsOf(normalised))
      await exportAndCompare(
        drawn,
        cases,
        `normalised-${layers.length}`,
        classical,
        normalised,
        drawnRun(drawn, classical, normalised, 1),
        part,
        'raw',
      )
    // A code of hundreds has values near 0 that float32 rounds by far more than 1e-4 of themselves.
    const spread = config({
      'network.layers': layers,
      'network.activation': 'linear',
      'network.outputActivation': 'linear',
      reconstruction: 'squaredError',
    })
    const { runFolder, state } = drawnRun(drawn, classical, spread, layers.length === 1 ? 300 : 10)
    for (const part of partsOf(spread))
      await exportAndCompare(drawn, cases, `spread-${layers.length}`, classical, spread, { runFolder, state }, part, 'raw')
  }
})

alsoInPython('its onnxruntime gives the same', cases, () => join(home, 'cases.json'))
