import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import { readCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { binarised } from '../../src/main/engine/data/binarise.ts'
import { validationSplit } from '../../src/main/engine/data/split.ts'
import { squaredErrorOf } from '../../src/main/engine/evaluate/reconstruction.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import type { FromWorker } from '../../src/main/engine/jobs/messages.ts'
import type { Point } from '../../src/main/engine/training/messages.ts'
import { Stopped } from '../../src/main/engine/training/port.ts'
import { resolveConfig, variantOf, variants } from '../../src/main/engine/variants/index.ts'
import { facts } from '../fixtures/everySetting.ts'
import { importDigits } from '../fixtures/tinyDataset.ts'
import { outcomeOf, processor, type Outcome } from '../fixtures/trainedAlike.ts'
import { trainHere } from '../fixtures/trainHere.ts'

/** The clean squared error is measured beside the training and never changes it. */
const home = mkdtempSync(join(tmpdir(), 'trained-alike-'))
let datasetFolder = ''
before(async () => {
  datasetFolder = await importDigits(home)
})
after(() => rmSync(home, { recursive: true, force: true }))
let count = 0
const newFolder = () => join(home, `run-${count++}`)

const clean = 'validation/squaredError'
const recorded = JSON.parse(readFileSync(new URL('../fixtures/trainedAlike.json', import.meta.url), 'utf8')) as {
  processor: string
  figures: string[]
  outcomes: Record<string, Outcome>
}

for (const [name, wanted] of Object.entries(recorded.outcomes)) {
  test(`training ends as it did before the clean error was measured: ${name}`, async () => {
    const found = await outcomeOf(name, { runFolder: newFolder(), datasetFolder }, recorded.figures)
    // On another processor sums are rounded differently, and nothing more may be different: other draws would change the second digit.
    for (const figure of ['size', 'loss'] as const)
      assert.ok(Math.abs(found[figure] / wanted[figure] - 1) < 1e-3, `${figure} ${found[figure]} instead of ${wanted[figure]}`)
    if (processor() === recorded.processor) assert.deepEqual(found, wanted)
  })
}

const jobOf = (variant: string, settings = {}) => {
  const { config, problems } = resolveConfig(
    variant,
    { 'network.layers': [6], 'training.epochs': 3, 'training.batchSize': 16, ...settings },
    facts,
  )
  assert.deepEqual(problems, [], variant)
  return {
    kind: 'train' as const,
    runId: 'run',
    runFolder: newFolder(),
    datasetFolder,
    variant,
    config: config!,
    seed: 7,
    resume: false,
  }
}
const own = (points: readonly Point[], key = clean) => points.filter((point) => point.key === key)

/** In float64, by the reconstructions of the evaluation. */
async function measuredAgain(job: ReturnType<typeof jobOf>): Promise<number> {
  const dataset = openDataset(datasetFolder)
  const seen = job.config.data.binarise === 'none' ? dataset : binarised(dataset)
  const model = new CompiledModel({
    variant: variantOf(job.variant),
    config: job.config,
    input: vectorOf(dataset.rowSize),
    kind: dataset.kind,
  })
  model.load(readCheckpoint(job.runFolder, 'last').state)
  try {
    return await squaredErrorOf(model, seen, validationSplit(dataset, job.seed).validation)
  } finally {
    model.close()
    dataset.close()
  }
}

test(
  'every variant has one curve of the same measure: what its network makes ' +
    'of clean validation images, as the evaluation measures the test images',
  async () => {
    for (const { id } of variants) {
      const pca = id === 'pca'
      const layers = pca ? { 'network.layers': [6] } : {}
      const settings = id === 'variational' ? { 'data.binarise': 'dynamic' } : id === 'kSparse' ? { 'regularizer.k': 2 } : {}
      const { config } = resolveConfig(
        id,
        pca ? layers : { 'network.layers': [6], 'training.epochs': 3, 'training.batchSize': 16, ...settings },
        facts,
      )
      const job = { ...jobOf('classical'), variant: id, config: config! }
      const points = own((await trainHere(job)).points)
      assert.deepEqual(
        points.map(({ epoch }) => epoch),
        pca ? [0] : [0, 1, 2, 3],
        id,
      )
      const again = await measuredAgain(job)
      assert.ok(Math.abs(points.at(-1)!.value / again - 1) < 1e-5, `${id}: ${points.at(-1)!.value} instead of ${again}`)
    }
  },
)

test('a variant’s terms are measured on clean inputs where it says so, and on something else where it says that', async () => {
  for (const variant of variants.filter(({ fit }) => !fit)) {
    const gate = variant.id === 'kSparse' ? { 'regularizer.k': 2 } : {}
    const given = { 'network.layers': [6], 'training.epochs': 3, 'training.batchSize': 16, reconstruction: 'squaredError', ...gate }
    const { config, problems } = resolveConfig(variant.id, given, facts)
    const says = (settings: unknown) => variant.measuredOn?.(settings as never) ?? null
    // Likelihoods and machines have a reconstruction of their own, which is drawn.
    if (problems.length > 0) assert.notEqual(says(resolveConfig(variant.id, {}, facts).config!.regularizer), null, variant.id)
    else {
      const { points } = await trainHere({ ...jobOf('classical'), variant: variant.id, config: config! })
      const values = (key: string) =>
        own(points, key)
          .filter(({ step }) => step > 0)
          .map(({ value }) => value)
      const [terms, judged] = [values('validation/reconstruction'), values(clean)]
      const same = terms.every((value, index) => Math.abs(value / judged[index]! - 1) < 1e-6)
      assert.equal(same, says(config!.regularizer) === null, variant.id)
    }
  }
})

test(
  'layers that are pretrained have the curve of their own inputs, the ' +
    'whole network its own from its first step; a classifier has none',
  async () => {
    const settings = {
      'network.layers': [8, 4],
      'pretraining.kind': 'greedy',
      'pretraining.variant': 'denoising',
      'pretraining.epochs': 2,
      'pretraining.batchSize': 16,
    }
    const { points } = await trainHere(jobOf('classical', settings))
    for (const [prefix, epochs] of [
      ['pretraining/0/', [0, 1, 2]],
      ['pretraining/1/', [2, 3, 4]],
      ['', [4, 5, 6, 7]],
    ] as const) {
      assert.deepEqual(
        own(points, `${prefix}${clean}`).map(({ epoch }) => epoch),
        epochs,
        prefix,
      )
    }
    // Where nothing is corrupted, drawn or penalised, the objective is that measure.
    const plain = await trainHere(jobOf('classical', { reconstruction: 'squaredError' }))
    assert.deepEqual(
      own(plain.points)
        .slice(1)
        .map(({ value }) => value),
      own(plain.points, 'validation/loss').map(({ value }) => value),
    )
    const noisy = await trainHere(jobOf('denoising', { reconstruction: 'squaredError', 'regularizer.rate': 0.5 }))
    assert.ok(
      own(noisy.points).at(-1)!.value < own(noisy.points, 'validation/loss').at(-1)!.value,
      'corrupted inputs are harder than clean ones',
    )
  },
)

test('a run that was stopped has the same curve as one that was not, bit for bit', async () => {
  const whole = own((await trainHere(jobOf('denoising'))).points)
  const job = jobOf('denoising')
  const stopped: FromWorker[] = []
  // Before its first step, then within epochs: whoever resumes reports after its first step.
  for (const kind of ['points', 'progress', 'progress', 'progress'] as const) {
    const resume = stopped.length > 0
    await assert.rejects(
      trainHere({ ...job, resume }, (message) => {
        stopped.push(message)
        return message.type === kind
      }),
      Stopped,
    )
  }
  const rest = await trainHere({ ...job, resume: true })
  const found = new Map(
    [...stopped.flatMap((message) => (message.type === 'points' ? message.points : [])), ...rest.points]
      .filter(({ key }) => key === clean)
      .map(({ step, value }) => [step, value]),
  )
  assert.deepEqual(
    [...found],
    whole.map(({ step, value }) => [step, value]),
  )
})
