import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Dataset } from '../../src/shared/domain.ts'
import { readIndex } from '../../src/main/engine/data/open.ts'
import { factsOf } from '../../src/main/engine/experiments/newRun.ts'
import { expandPlan } from '../../src/main/engine/experiments/plan.ts'
import { planTemplates } from '../../src/main/engine/experiments/templates.ts'
import type { Home } from '../../src/main/engine/home.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'
import type { Config } from '../../src/shared/config.ts'
import { plan, request } from '../../src/renderer/components/start/plan.ts'
import { importRows } from '../fixtures/tinyDataset.ts'
import { trainHere } from '../fixtures/trainHere.ts'

/**
 * Runs with every setting but the length at its default, on as few and as small data as can be imported: each comes to its end
 * and is evaluated.
 */
const home = mkdtempSync(join(tmpdir(), 'tiny-data-'))
after(() => rmSync(home, { recursive: true, force: true }))

const draw = (at: number): number => Math.floor(256 * (Math.abs(Math.sin(at * 12.9898 + 4) * 43758.5453) % 1))
async function dataset(name: string, shape: number[], labels: number[] | null = null) {
  const size = shape.reduce((product, each) => product * each, 1)
  // Points are float32 and leave [0, 1].
  const data =
    shape.length === 2
      ? Float32Array.from({ length: size }, (_, at) => draw(at) / 64 - 2)
      : Uint8Array.from({ length: size }, (_, at) => draw(at))
  const folder = await importRows(home, name, shape, data, labels && Uint8Array.from(labels))
  const { version: _, parts: __, ...index } = readIndex(folder)
  const row: Dataset = { id: name, name, ...index }
  return { folder, row, facts: factsOf({ dataset: () => folder } as unknown as Home, row) }
}

let runs = 0
/** Fewer epochs than the defaults: more of the same take time and try nothing. */
const mostEpochs = 10
async function ends(folder: string, variant: string, given: Config, what: string): Promise<void> {
  const config = { ...given, training: { ...given.training, epochs: Math.min(mostEpochs, given.training.epochs) } }
  const { evaluation } = await trainHere({
    kind: 'train',
    runId: 'run',
    runFolder: join(home, `run-${runs++}`),
    datasetFolder: folder,
    variant,
    config,
    seed: 1,
    resume: false,
  }).catch((cause: unknown) => {
    throw new Error(`${what} did not end: ${String(cause)} ${(cause as Error).stack}`, { cause })
  })
  assert.ok(evaluation.classificationAccuracy !== null || Number.isFinite(evaluation.squaredError), what)
}

const kinds: [string, number[], number[] | null][] = [
  ['three-pixels', [3, 1, 1], null],
  ['lone-class', [5, 2, 2], [0, 0, 0, 0, 1]],
  ['photographs', [46, 12, 12, 3], Array.from({ length: 46 }, (_, at) => at % 3)],
  ['points', [9, 2], null],
]
for (const [name, shape, labels] of kinds) {
  test(`every variant and the first comparison on ${shape.join(' × ')}: ${name}`, async () => {
    const { folder, row, facts } = await dataset(name, shape, labels)
    assert.equal(facts.pixels, name === 'photographs' ? 'colour' : shape.length === 2 ? undefined : facts.pixels)
    for (const { id } of variants) {
      const { config, problems } = resolveConfig(id, {}, facts)
      assert.deepEqual(problems, [], id)
      await ends(folder, id, config!, `${id} on ${name}`)
    }
    for (const line of plan) {
      const { settings, variant } = request(line, row)
      const { config, problems } = resolveConfig(variant, settings ?? {}, facts)
      assert.deepEqual(problems, [])
      await ends(folder, variant, config!, `first ${variant} on ${name}`)
    }
  })
}

test('every cell of every template, on images of two classes of which one has a single image', async () => {
  const { folder, row, facts } = await dataset('templates', [12, 2, 2], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  for (const { id, note, plan: made } of planTemplates({ dataset: () => folder } as unknown as Home, row)) {
    assert.ok(note === '' || id === 'labelled', `${id}: ${note}`)
    for (const { cell, resolved } of expandPlan(made, facts).cells) {
      const { config } = resolved
      if (config === null) continue
      const short = { ...config, training: { ...config.training, epochs: 2 }, pretraining: { ...config.pretraining, epochs: 1 } }
      await ends(folder, cell.variant, short, `${id}: ${cell.title}`)
    }
  }
})
