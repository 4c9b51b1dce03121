import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Settings } from '../../src/shared/config.ts'
import { questionKinds, type QuestionInput } from '../../src/shared/questions.ts'
import { whyNot } from '../../src/main/engine/explore/suits.ts'
import { layerVariantsOf } from '../../src/main/engine/variants/layers.ts'
import { resolveConfig, variantOf, variants } from '../../src/main/engine/variants/index.ts'
import { ask, subjectOf, weightsFor } from '../fixtures/explored.ts'
import { smallDigitsForAll } from '../fixtures/tinyDataset.ts'
import { trainHere } from '../fixtures/trainHere.ts'

/** Layers of one unit, hidden ones and codes: the narrowest networks that there are. */

const digits = smallDigitsForAll('one-unit', 120)
const facts = { rowSize: 16, trainCount: 102, kind: 'image', classes: 10, size: { width: 4, height: 4, channels: 1 } } as const
const short: Settings = { 'training.epochs': 1, 'training.batchSize': 16 }

async function trained(variant: string, settings: Settings, what: string): Promise<void> {
  const { config, problems } = resolveConfig(variant, settings, facts)
  assert.ok(config, `${what}: ${problems.map(({ message }) => message).join()}`)
  const job = { kind: 'train', runId: 'r', datasetFolder: digits.folder, variant, config, seed: 1, resume: false } as const
  const { evaluation } = await trainHere({ ...job, runFolder: digits.runFolder() }).catch((thrown: unknown) => {
    throw new Error(`${what}: ${String(thrown)}`, { cause: thrown })
  })
  assert.ok(Number.isFinite(evaluation.squaredError), what)
}

test('layers of one unit are trained, by every variant, and pretrained by every one that can', async () => {
  for (const variant of variants) {
    const settings = (layers: number[], more: Settings = {}) => ({
      ...(variant.fit ? {} : short),
      ...more,
      'network.layers': layers,
    })
    const fits = variant.id === 'kSparse' ? { 'regularizer.k': 1 } : {}
    await trained(variant.id, settings([1], fits), `${variant.id} 1`)
    if (!variant.fit && !variant.singleLayer) await trained(variant.id, settings([6, 1, 3], fits), `${variant.id} 6,1,3`)
  }
  for (const [kind, layer] of [...layerVariantsOf(variantOf('classical')).map((id) => ['greedy', id]), ['rbm', 'rbm']] as const) {
    const own = kind === 'rbm' ? {} : { 'pretraining.variant': layer }
    const pretraining = { 'pretraining.kind': kind, ...own, 'pretraining.epochs': 1, 'pretraining.batchSize': 16 }
    await trained('classical', { ...short, ...pretraining, 'network.layers': [6, 1, 3] }, `${kind} by ${layer}`)
  }
})

test('every question is answered of codes of one unit, or refused in words', async () => {
  for (const id of ['classical', 'variational', 'rbm', 'pca', 'denoising']) {
    const { config, problems } = resolveConfig(id, { 'network.layers': [1] }, facts)
    assert.deepEqual(problems, [])
    const subject = subjectOf(id, config!, weightsFor(id, config!, 16), digits.dataset),
      image = { row: 3 }
    const asked: QuestionInput[] = [
      ...(['pca', 'tsne', 'umap', 'units'] as const).flatMap((method) =>
        ([2, 3] as const).map((dimensions) => ({ kind: 'map', method, dimensions, count: 20, split: 'all' }) as const),
      ),
      { kind: 'neighbours', image },
      { kind: 'chain', start: image, steps: 2 },
      { kind: 'interpolate', from: image, to: { row: 9 } },
      { kind: 'decode', coordinates: new Float32Array(1) },
      { kind: 'field', through: [image, { row: 4 }, { row: 7 }], size: 4, pathSteps: 2 },
      { kind: 'walk', image },
      { kind: 'manifold', size: 3, slices: 2 },
    ]
    const others = questionKinds
      .filter((kind) => !asked.some((one) => one.kind === kind))
      .map((kind) => ({ kind }) as QuestionInput)
    for (const question of [...asked, ...others]) {
      if (whyNot(question.kind, { config: config!, variant: id }, digits.dataset as never) !== null) continue
      const what = `${id} ${JSON.stringify(question)}`
      const result = await ask(subject, question).catch((thrown: { code?: string; message: string }) => {
        assert.equal(thrown.code, 'CALL_INVALID', `${what}: ${thrown.message}`)
        return null
      })
      if (result?.kind === 'map') {
        assert.equal(result.coordinates.length, result.dimensions * result.rows.length, what)
        assert.ok(result.coordinates.every(Number.isFinite), what)
      }
    }
    subject.close()
  }
})

test('what so few codes cannot have is lowered, and said', async () => {
  const { config } = resolveConfig('classical', { 'network.layers': [2] }, facts)
  const subject = subjectOf('classical', config!, weightsFor('classical', config!, 16), digits.dataset)
  const note = async (method: 'pca' | 'tsne' | 'umap', count: number, more: object = {}) =>
    (await ask(subject, { kind: 'map', method, count, split: 'all', ...more })).note
  assert.equal(await note('tsne', 12), 'A perplexity of 30 is more than 12 codes can have; it was lowered to 10.89.')
  assert.equal(await note('tsne', 12, { perplexity: 10 }), null)
  assert.equal(await note('umap', 12), 'A neighbourhood of 15 is more than 12 codes can have; it was lowered to 11.')
  assert.equal(await note('umap', 16), null)
  assert.equal(await note('pca', 12), null)
  subject.close()
})
