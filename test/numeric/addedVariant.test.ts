import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'node:test'
import type { Settings } from '../../src/shared/config.ts'
import type { ResultOf } from '../../src/shared/answers.ts'
import type { QuestionInput } from '../../src/shared/questions.ts'
import { vectorOf } from '../../src/shared/shape.ts'
import { writeSafetensors, type NamedTensor } from '../../src/main/engine/checkpoint/safetensors.ts'
import { weightSpecs } from '../../src/main/engine/network/weights.ts'
import { register, variants } from '../../src/main/engine/variants/registry.ts'
import { resolveConfig, variantInfos, variantOf } from '../../src/main/engine/variants/index.ts'
import { digitLabels, digits } from '../fixtures/digits.ts'
import { made, temporaryFolder, testEngine } from '../fixtures/homes.ts'
import { writeIdx } from '../fixtures/idx.ts'
import { toy } from '../fixtures/toyVariant.ts'

/** A regularizer is one file and the line that registers it: one that only this test has is walked through all that there is. */
const { id } = toy

// Worker processes read the registry anew.
process.env['NODE_OPTIONS'] = `--import ${pathToFileURL(join(import.meta.dirname, '../fixtures/toyVariant.ts')).href}`

test('it is known, has the form of its schema, and no other one may look like it', () => {
  assert.equal(variantOf(id), toy)
  const info = variantInfos().find((one) => one.id === id)!
  assert.deepEqual(info.terms, ['reconstruction', 'mmd', 'weightDecay'])
  const byKey = new Map(info.settings.map((field) => [field.key, field]))
  assert.deepEqual(
    [...byKey.keys()].filter((key) => key.startsWith('regularizer.')),
    ['regularizer.lambda', 'regularizer.centre', 'regularizer.decay'],
  )
  assert.equal(byKey.get('regularizer.lambda')!.from, 'variant')
  assert.ok(!byKey.has('network.codeActivation'), 'what it determines is no setting')
  assert.throws(() => register({ ...toy, id: 'another' }), /glyph/)
  assert.throws(() => register({ ...toy, glyph: '?' }), /id/)
})

test('what a variant offers to pretrain its layers with fits, whoever determines an activation', () => {
  for (const { id: whole } of variants) {
    const choice = variantInfos()
      .find((one) => one.id === whole)!
      .settings.find(({ key }) => key === 'pretraining.variant')
    if (!choice) continue
    assert.ok(choice.choices!.includes(choice.default as string), `${whole} begins with what it does not offer`)
    for (const layers of choice.choices!) {
      const settings = { 'network.layers': [12, 4], 'pretraining.kind': 'greedy', 'pretraining.variant': layers }
      const { problems } = resolveConfig(whole, settings, { rowSize: 16, trainCount: 1000, kind: 'image', classes: 2 })
      // A target of activations is to be chosen for these units; which units they are is not.
      const activations = problems.filter(({ field }) => !field!.endsWith('regularizer.rho'))
      assert.deepEqual(activations, [], `${whole} by layers of ${layers}`)
    }
  }
  const offers = (whole: string) => resolveConfig(whole, {}).fields.find(({ key }) => key === 'pretraining.variant')!.choices!
  assert.ok(offers('classical').includes(id))
  assert.ok(!offers('sparseKl').includes(id) && !offers(id).includes('sparseKl'), 'a code is not sigmoid and linear at once')
})

test('its objective takes the tensors that it names, its state under any of its choices, and nobody else’s', async (t) => {
  const folder = temporaryFolder(t)
  const { call } = testEngine(t, temporaryFolder(t), { workerScript: undefined })
  const tensor = (shape: number[], value = 0.5): NamedTensor => ({
    shape,
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(value),
  })
  const settings: Settings = { 'network.layers': [3] }
  const { config } = resolveConfig(id, settings)
  const tensors = {
    ...Object.fromEntries(weightSpecs(config!.network, vectorOf(4)).map(({ name, shape }) => [name, tensor(shape)])),
    x: tensor([2, 4]),
    prior: tensor([2, 3]),
  }
  const [input, out] = [join(folder, 'in.safetensors'), join(folder, 'out.safetensors')]
  const ask = (own: Settings, more: Record<string, NamedTensor>) => {
    writeSafetensors(input, { tensors: { ...tensors, ...more }, metadata: {} })
    return call('objective', { variant: id, settings: { ...settings, ...own }, in: input, out })
  }
  const centre = tensor([3], 0.2)
  const plain = await ask({}, { centre })
  const centred = await ask({ 'regularizer.centre': 'running' }, { centre })
  assert.deepEqual(Object.keys(plain.terms).sort(), ['mmd', 'reconstruction'])
  assert.notEqual(plain.terms['mmd'], centred.terms['mmd'])
  assert.equal(plain.terms['reconstruction'], centred.terms['reconstruction'])
  await assert.rejects(ask({}, { rhoHat: centre }), { code: 'TENSOR_INVALID', field: 'rhoHat' })
})

test('planned, trained, evaluated, compared, looked into and exported', async (t) => {
  const engine = testEngine(t, temporaryFolder(t), { workerScript: undefined })
  const { call } = engine
  const path = writeIdx(temporaryFolder(t), digits(600), 28, digitLabels(600))
  await made(engine, await call('datasets.import', { name: 'digits', path }))

  const { templates } = await call('experiments.templates', { dataset: 'digits' })
  const all = templates.find((one) => one.id === 'regularizers')!
  assert.ok(
    all.plan.variants.some(({ variant }) => variant === id),
    'it is one of all regularizers',
  )
  assert.deepEqual(
    templates.find((one) => one.id === 'toyLambda')!.plan.variants.map(({ variant }) => variant),
    ['classical', id],
  )

  const plan = {
    name: 'added',
    dataset: 'digits',
    seeds: [1],
    settings: { 'network.layers': [16, 2], 'training.epochs': 2, 'training.batchSize': 50 },
    variants: [
      { variant: 'classical' },
      { variant: id, sweep: { 'regularizer.centre': ['none', 'running'] } },
      { variant: id, title: 'Convolutional', settings: { 'network.convolutions': '4x5s3' } },
    ],
  }
  const { check } = await call('experiments.check', { plan })
  assert.deepEqual([check.problems, check.baseline, check.cells.length], [[], 0, 4])
  const { experiment } = await call('experiments.create', { plan })
  const runs = experiment.cells.map(({ runs: [run] }) => run!.run!)
  const [plain, ...own] = await Promise.all(runs.map((run) => engine.until(run, 'completed', 'failed', 'diverged')))
  for (const run of own) {
    assert.equal(run.state, 'completed', run.error?.message)
    assert.equal(run.config.network.codeActivation, 'linear')
    assert.ok(run.evaluation!.squaredError! > 0)
    const { series } = await call('runs.series', { run: run.id, keys: ['train/mmd', 'validation/mmd'] })
    assert.ok(series.every(({ value }) => value.length > 0 && value.every(Number.isFinite)) && series.length === 2)
  }
  const { comparison } = await call('compare', { runs: [plain!, ...own].map((run) => run.id) })
  assert.equal(comparison.groups[comparison.baseline!]!.variant, 'classical')
  const whose = comparison.differences.filter(({ key }) => key.startsWith('regularizer.')).map(({ key }) => key)
  assert.ok(whose.includes('regularizer.centre'), whose.join())

  const run = own[1]!.id
  const opened = await call('explore.open', { run })
  assert.deepEqual([opened.prior, opened.probabilistic], [true, false])
  const ask = async <K extends QuestionInput['kind']>(question: QuestionInput & { kind: K }) =>
    (await call('explore', { run, question })).result as ResultOf<K>
  const drawn = await ask({ kind: 'generate', count: 200 })
  assert.equal(drawn.from, 'prior')
  assert.match(drawn.sentence, /standard normal/)
  const moments = [1, 2].map((power) => drawn.codes.reduce((sum, value) => sum + value ** power, 0) / drawn.codes.length)
  assert.ok(Math.abs(moments[0]!) < 0.2 && Math.abs(moments[1]! - 1) < 0.3, `codes of a standard normal, not ${moments.join(', ')}`)
  const { low, high } = await ask({ kind: 'traverse', range: 2 })
  assert.deepEqual(
    [[...low], [...high]],
    [
      [-2, -2],
      [2, 2],
    ],
  )
  assert.equal((await ask({ kind: 'manifold', size: 3 })).place, 'quantiles')
  await assert.rejects(call('explore', { run: plain!.id, question: { kind: 'generate', from: 'prior' } }), {
    code: 'QUESTION_UNSUITABLE',
  })

  for (const each of [run, own[2]!.id]) {
    const out = join(temporaryFolder(t), 'encoder.onnx')
    await made(engine, await call('exports.create', { run: each, part: 'encoder', out }))
    assert.ok(existsSync(out))
  }
})
