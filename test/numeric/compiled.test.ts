import assert from 'node:assert/strict'
import { test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Settings } from '../../src/shared/config.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { binding } from '../../src/main/engine/trace/native.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import { PlainModel } from '../fixtures/plainModel.ts'
import type { ModelSpec } from '../../src/main/engine/training/modelSpec.ts'
import { learningRateAt } from '../../src/main/engine/training/schedule.ts'
import { resolveConfig, variantOf, variants } from '../../src/main/engine/variants/index.ts'
import { digits } from '../fixtures/digits.ts'

const inputSize = 784,
  batchSize = 32,
  steps = 50
const images = digits(batchSize * steps)
const rows = (step: number) => Uint32Array.from({ length: batchSize }, (_, index) => (step - 1) * batchSize + index)
const batch = (step: number) => images.slice((step - 1) * batchSize * inputSize, step * batchSize * inputSize)

function specOf(id: string, settings: Settings): ModelSpec {
  const { config, problems } = resolveConfig(id, settings, { rowSize: inputSize, trainCount: 50_000, kind: 'image' })
  assert.deepEqual(problems, [])
  return { variant: variantOf(id), config: config!, input: vectorOf(inputSize), kind: 'image' }
}

function compiledOf(spec: ModelSpec, seed: number): CompiledModel {
  const model = new CompiledModel(spec, [batchSize])
  model.load(Object.fromEntries(model.specs.map((weight) => [weight.name, initialValues(weight, seed)])))
  return model
}

/** Every trained variant with each of its choices, and every shared setting that changes the step, with at least one variant. */
const cases: [string, string, Settings][] = [
  ...variants
    .filter((variant) => variant.objective)
    .flatMap((variant): [string, string, Settings][] => {
      const choices = resolveConfig(variant.id, {}).fields.filter(
        (field) => (field.kind === 'choice' || field.kind === 'boolean') && field.key.startsWith('regularizer.'),
      )
      return [
        [variant.id, 'defaults', {}],
        ...choices.flatMap((field) =>
          (field.choices ?? [!field.default]).map((choice): [string, string, Settings] => [
            variant.id,
            `${field.key}=${String(choice)}`,
            { [field.key]: choice, training: { learningRate: 0.0002 } },
          ]),
        ),
      ]
    }),
  ['rbm', 'three steps of persistent chains', { regularizer: { steps: 3, persistent: true }, training: { learningRate: 0.002 } }],
  [
    'rbm',
    'three steps, real units',
    { regularizer: { steps: 3, visible: 'gaussian', hidden: 'linear' }, training: { learningRate: 0.0001 } },
  ],
  ['classical', 'dynamic binarisation', { data: { binarise: 'dynamic' } }],
  [
    'classical',
    'squaredError, sgd, step schedule',
    { reconstruction: 'squaredError', training: { optimizer: 'sgd', learningRate: 0.01, schedule: 'step' } },
  ],
  ['classical', 'momentum, clipped', { training: { optimizer: 'momentum', learningRate: 0.001, clipNorm: 1 } }],
  [
    'classical',
    'rmsprop, cosine, warm-up',
    { training: { optimizer: 'rmsprop', learningRate: 0.001, schedule: 'cosine', warmupEpochs: 2 } },
  ],
  ['classical', 'tied, decayed', { network: { tied: true }, training: { weightDecay: 0.001 } }],
  ['denoising', 'tied and normalised', { network: { tied: true, weightNorm: true } }],
  // Slowly: where a relu output crosses 0, a difference in the last bit becomes one of a gradient.
  ...(['sigmoid', 'tanh', 'relu', 'elu', 'softplus'] as const).map((activation): [string, string, Settings] => [
    'classical',
    `all ${activation}`,
    {
      network: { activation, codeActivation: activation, outputActivation: activation },
      reconstruction: 'squaredError',
      training: { learningRate: 0.0001 },
    },
  ]),
]

for (const [id, title, settings] of cases) {
  test(`${id} (${title}): 50 compiled steps have the losses of plain tfjs`, () => {
    const spec = specOf(id, {
      network: { layers: variantOf(id).singleLayer ? [48] : [48, 20] },
      ...settings,
      training: { batchSize, ...(settings['training'] as object) },
    })
    const compiled = compiledOf(spec, 7)
    const plain = new PlainModel(spec, 7)
    // Importance weights of a narrow likelihood turn rounding of log likelihoods in the hundreds into per cents of themselves.
    const rounding = id === 'iwae' && spec.config.regularizer['decoder'] === 'sharedGaussian' ? 5e-2 : 5e-3
    const first = compiled.weights()
    for (let step = 1; step <= steps; step++) {
      const rate = learningRateAt(spec.config.training, step, 20)
      const a = compiled.step(batch(step), rows(step), 7, step, rate, { withNorms: step % 10 === 0, epoch: step / 20 }),
        b = plain.step(batch(step), rows(step), 7, step, rate, step / 20)
      a.terms.forEach((value, index) =>
        assert.ok(
          Math.abs(value - b.terms[index]!) <= 1e-4 * Math.abs(b.terms[index]!) + 1e-6,
          `${compiled.terms[index]} of step ${step}: ${value} compiled, ${b.terms[index]} plain`,
        ),
      )
      // The size of an update is a difference of nearly equal numbers in the reference.
      a.norms?.forEach((value, index) =>
        assert.ok(
          Math.abs(value - b.norms[compiled.norms[index]!]!) <= rounding * value + 1e-9,
          `${compiled.norms[index]} of step ${step}: ${value} compiled, ${b.norms[compiled.norms[index]!]} plain`,
        ),
      )
    }
    const last = compiled.weights()
    for (const name of Object.keys(first)) assert.notDeepEqual(last[name], first[name], `${name} was never updated`)
    compiled.close()
  })
}

test('the terms add up to the loss, and the same step gives the same bits again', () => {
  const spec = specOf('denoising', { network: { layers: [32] }, training: { batchSize, weightDecay: 0.01 } })
  const [one, two] = [compiledOf(spec, 3), compiledOf(spec, 3)]
  for (let step = 1; step <= 10; step++) {
    const [loss, ...terms] = one.step(batch(step), rows(step), 3, step, 0.001).terms
    assert.ok(Math.abs(loss! - terms.reduce((sum, term) => sum + term)) < 1e-4 * loss!)
    two.step(batch(step), rows(step), 3, step, 0.001)
  }
  assert.deepEqual(one.state(), two.state())
  const resumed = compiledOf(spec, 99)
  resumed.load(one.state())
  for (let step = 11; step <= 20; step++)
    assert.deepEqual(resumed.step(batch(step), rows(step), 3, step, 0.001), one.step(batch(step), rows(step), 3, step, 0.001))
})

test('the number of native tensors does not grow with the steps', () => {
  const model = compiledOf(specOf('denoising', { network: { layers: [32] }, training: { batchSize } }), 1)
  model.step(batch(1), rows(1), 1, 1, 0.001)
  const before = binding.getNumOfTensors()
  for (let step = 2; step <= 50; step++) model.step(batch(step), rows(step), 1, step, 0.001)
  assert.equal(binding.getNumOfTensors(), before)
})
