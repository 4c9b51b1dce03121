import assert from 'node:assert/strict'
import { test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Config, Settings } from '../../src/shared/config.ts'
import { readCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { validationSplit } from '../../src/main/engine/data/split.ts'
import { tf } from '../../src/main/engine/trace/tensorflow.ts'
import { lastVariant } from '../../src/main/engine/training/classification.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import { TrainingRun } from '../../src/main/engine/training/trainingRun.ts'
import { lossAndGradients } from '../../src/main/engine/training/gradients.ts'
import type { FromWorker } from '../../src/main/engine/jobs/messages.ts'
import type { TrainJob } from '../../src/main/engine/training/messages.ts'
import { pretrainLayer } from '../../src/main/engine/training/pretrain.ts'
import { randomness } from '../../src/main/engine/training/randomness.ts'
import { trainWhole } from '../../src/main/engine/training/whole.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { weightsOf } from '../../src/main/engine/variants/variant.ts'
import { layer64 } from '../fixtures/layers64.ts'
import { smallDigitsForAll } from '../fixtures/tinyDataset.ts'
import { evaluateHere, portTo, trainHere } from '../fixtures/trainHere.ts'

/** Fine-tuning for the classes, against float64 and counting. */

const count = 400,
  D = 16,
  C = 10
const digits = smallDigitsForAll('classification', count),
  { pixelsOf } = digits

function configOf(variant: string, settings: Settings): Config {
  const { config, problems } = resolveConfig(
    variant,
    { 'fineTuning.kind': 'classification', 'training.batchSize': 20, 'training.epochs': 4, ...settings },
    { rowSize: D, trainCount: digits.dataset.train.length, kind: 'image', classes: C },
  )
  assert.deepEqual(problems, [])
  return config!
}
const jobOf = (variant: string, settings: Settings, seed = 3): TrainJob => ({
  kind: 'train',
  runId: 'r',
  runFolder: digits.runFolder(),
  datasetFolder: digits.folder,
  variant,
  config: configOf(variant, settings),
  seed,
  resume: false,
})

/** log p(class | x) of every class. */
function logProbabilities(
  { network, regularizer }: Config,
  weights: Record<string, ArrayLike<number>>,
  x: number[],
  gated: boolean,
): number[] {
  const layer = (name: string, activation: string, h: number[]) =>
    layer64(
      { kernel: Array.from(weights[`${name}/kernel`]!), bias: Array.from(weights[`${name}/bias`]!), activation, transposed: false },
      h,
    )
  const last = network.layers.length - 1
  let code = network.layers.reduce(
    (h, _, index) => layer(`encoder/${index}`, index === last ? network.codeActivation : network.activation, h),
    x,
  )
  if (gated) code = code.map((value) => (code.filter((other) => other > value).length < (regularizer['k'] as number) ? value : 0))
  const logits = layer('classifier', 'linear', code)
  const most = Math.max(...logits)
  const logZ = most + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - most), 0))
  return logits.map((value) => value - logZ)
}

for (const [variant, settings] of [
  ['classical', { 'network.layers': [9, 7, 5], 'network.activation': 'tanh', 'training.weightDecay': 0.02 }],
  ['sparseKl', { 'network.layers': [6] }],
  ['kSparse', { 'network.layers': [8, 6], 'regularizer.k': 3, 'network.activation': 'softplus' }],
] as [string, Settings][]) {
  test(
    `${variant} ${JSON.stringify(settings)}: the classification term and its ` +
      'gradients are those of the formula in float64; a compiled step follows them',
    () => {
      const B = 20,
        rate = 0.1
      const config = configOf(variant, { ...settings, 'training.optimizer': 'sgd' })
      const own = lastVariant(variantOf(variant), config)
      const source = random('classification', variant.length)
      const specs = weightsOf(own, config, vectorOf(D), C)
      const values = Object.fromEntries(
        specs.map(({ name, shape }) => [
          name,
          Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 1.6 * (source.next() / 2 ** 32 - 0.5)),
        ]),
      )
      assert.deepEqual(specs.at(-2)!.shape, [config.network.layers.at(-1)!, C])
      const rows = digits.dataset.train.slice(0, B),
        labels = Int32Array.from(rows, (row) => digits.dataset.labels![row]!)
      const batch = new Uint8Array(B * D)
      digits.dataset.gather(rows, batch)

      const wide = Object.fromEntries(Object.entries(values).map(([name, data]) => [name, Float64Array.from(data)]))
      const term = () =>
        rows.reduce((sum, row, n) => sum - logProbabilities(config, wide, pixelsOf(row), variant === 'kSparse')[labels[n]!]!, 0) / B
      const decay = () =>
        config.training.weightDecay *
        Object.entries(wide).reduce(
          (sum, [name, data]) => sum + (name.endsWith('/kernel') ? data.reduce((own, value) => own + value * value, 0) : 0),
          0,
        )
      const near = (a: number, b: number, what: string, floor = 1e-6) =>
        assert.ok(Math.abs(a - b) <= 1e-4 * Math.abs(b) + floor, `${what}: ${a}, expected ${b}`)

      const model = new CompiledModel({ variant: own, config, input: vectorOf(D), kind: 'image', classes: C }, [B])
      model.load(values)
      const before = model.validate(batch.slice(), rows, 1, -1, labels.slice())
      const stepped = model.step(batch.slice(), rows, 1, 1, rate, { labels: labels.slice() }).terms
      const after = model.weights()
      model.close()
      assert.deepEqual(model.terms.slice(0, 2), ['loss', 'classification'])
      near(stepped[1]!, term(), 'the term')
      near(stepped[0]!, term() + decay(), 'the loss')
      assert.deepEqual(before, stepped)

      tf.engine().startScope('gradients')
      const { gradients } = lossAndGradients(own, config, {
        weights: Object.fromEntries(specs.map(({ name, shape }) => [name, tf.tensor(values[name]!.slice(), shape)])),
        x: tf.tensor2d(
          Float32Array.from(batch, (value) => value / 255),
          [B, D],
        ),
        labels: tf.tensor1d(labels, 'int32'),
        state: {},
        random: randomness(tf.tensor1d([1, 1], 'int32'), tf.tensor1d([0], 'int32')),
      })
      const found = Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, gradient.dataSync().slice()]))
      tf.engine().endScope()
      for (const [name, data] of Object.entries(wide)) {
        const wanted = data.map((value, index) => {
          const at = (shift: number) => {
            data[index] = value + shift
            const loss = term() + decay()
            data[index] = value
            return loss
          }
          return (at(1e-6) - at(-1e-6)) / 2e-6
        })
        const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
        wanted.forEach((value, index) => {
          near(found[name]![index]!, value, `gradient of ${name}[${index}]`, 2e-5 * largest + 1e-6)
          near(after[name]![index]!, values[name]![index]! - rate * value, `${name}[${index}] after the step`, 1e-5)
        })
      }
    },
  )
}

test('the accuracy that is measured is a count; what is said of validation is so, too; reconstructions there are none', async () => {
  for (const [variant, settings] of [
    ['classical', { 'network.layers': [12, 6] }],
    ['kSparse', { 'network.layers': [12], 'regularizer.k': 4 }],
    ['classical', { 'network.layers': [12, 6], 'pretraining.kind': 'rbm', 'pretraining.epochs': 2, 'pretraining.batchSize': 20 }],
  ] as [string, Settings][]) {
    const job = jobOf(variant, { 'training.epochs': 12, 'training.learningRate': 0.02, ...settings })
    const { evaluation, points } = await trainHere(job)
    const { state } = readCheckpoint(job.runFolder, 'last')
    const classOf = (row: number) => logProbabilities(job.config, state, pixelsOf(row), variant === 'kSparse')
    const right = digits.dataset.test.filter((row) => {
      const p = classOf(row)
      return p.indexOf(Math.max(...p)) === digits.dataset.labels![row]
    }).length
    assert.equal(evaluation.classificationAccuracy, right / digits.dataset.test.length)
    assert.ok(right / digits.dataset.test.length > 0.4, `${right} of ${digits.dataset.test.length}`)
    const { validation } = validationSplit(digits.dataset, job.seed)
    const last = points.filter(({ key }) => key === 'validation/classification').at(-1)!.value
    const expected = validation.reduce((sum, row) => sum - classOf(row)[digits.dataset.labels![row]!]!, 0) / validation.length
    assert.ok(Math.abs(last - expected) < 1e-4 * expected, `${last}, expected ${expected}`)

    const { squaredError, crossEntropy, psnr, robustness, elbo, jacobianNorm, linearProbeAccuracy } = evaluation
    assert.deepEqual([squaredError, crossEntropy, psnr, robustness, elbo], [null, null, null, null, null])
    assert.ok(jacobianNorm! > 0 && linearProbeAccuracy! > 0)
    assert.ok(Object.keys(state).every((name) => !name.includes('decoder/')))
    const again = await evaluateHere({ kind: 'evaluate', runId: 'r', runFolder: job.runFolder, datasetFolder: digits.folder })
    assert.deepEqual({ ...again, seconds: 0 }, { ...evaluation, seconds: 0 })
  }
})

test('a handful of labelled images is one batch; with more of them there are as many steps as whole batches', async () => {
  for (const [labelled, steps] of [
    [15, 1],
    [20, 1],
    [47, 2],
    [0, 15],
  ]) {
    const { messages } = await trainHere(
      jobOf('classical', { 'network.layers': [6], 'training.epochs': 2, 'fineTuning.labelled': labelled }),
    )
    const { stages } = messages.find((message) => message.type === 'begun')!
    assert.equal(stages.at(-1)!.steps, 2 * steps!, `${labelled} labelled`)
  }
})

for (const kind of ['none', 'greedy', 'rbm']) {
  test(`once the labelled images are chosen, no other label decides anything (pretraining: ${kind})`, async () => {
    const run = async (spoilt: boolean) => {
      const job = jobOf('classical', {
        'network.layers': [12, 6],
        'fineTuning.labelled': 30,
        'pretraining.kind': kind,
        'pretraining.epochs': 2,
        'pretraining.batchSize': 20,
      })
      const messages: FromWorker[] = []
      const training = new TrainingRun(job, portTo(messages))
      assert.equal(training.rows.labelled.length, 30)
      assert.ok(training.rows.labelled.every((row) => training.rows.train.includes(row)))
      const used = new Set(training.rows.labelled)
      for (const { labels } of [training.data.read, training.data.seen])
        if (spoilt) for (let row = 0; row < count; row++) if (!used.has(row)) labels![row] = (row * 7) % C
      while (training.position.stage < training.plan.length - 1)
        await pretrainLayer(training, training.plan[training.position.stage]!)
      const model = await trainWhole(training, training.plan.at(-1)!)
      const weights = model.weights()
      model.close()
      training.data.read.close()
      return {
        weights,
        train: messages
          .flatMap((message) => (message.type === 'points' ? message.points : []))
          .filter(({ key }) => key.includes('train/'))
          .map(({ key, value }) => `${key} ${value}`),
      }
    }
    const [a, b] = [await run(false), await run(true)]
    assert.deepEqual(b, a)
    assert.ok(a.train.length > 0)
  })
}
