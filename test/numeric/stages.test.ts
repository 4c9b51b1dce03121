import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Config, Settings } from '../../src/shared/config.ts'
import { readCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { shuffled, validationSplit } from '../../src/main/engine/data/split.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { inputTensor } from '../../src/main/engine/network/inputs.ts'
import { tf, type Tensor } from '../../src/main/engine/trace/tensorflow.ts'
import { CompiledModel, type State } from '../../src/main/engine/training/compiled.ts'
import { Diverged } from '../../src/main/engine/training/diverged.ts'
import { lossAndGradients } from '../../src/main/engine/training/gradients.ts'
import type { FromWorker } from '../../src/main/engine/jobs/messages.ts'
import type { TrainJob } from '../../src/main/engine/training/messages.ts'
import { randomness } from '../../src/main/engine/training/randomness.ts'
import { stagesOf } from '../../src/main/engine/training/stages.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { stackConfig } from '../../src/main/engine/variants/layers.ts'
import { weightsOf } from '../../src/main/engine/variants/variant.ts'
import { derivatives64, layer64, type Layer64 } from '../fixtures/layers64.ts'
import { importRows, overwriteRow, smallDigitsForAll } from '../fixtures/tinyDataset.ts'
import { evaluateHere, exportHere, trainHere, type Trained } from '../fixtures/trainHere.ts'

/** Training in stages: what is handed from one to the next, and what is said of it on the way. */

const count = 400,
  D = 16,
  seed = 3
const digits = smallDigitsForAll('stages', count),
  { pixelsOf } = digits

function jobOf(variant: string, settings: Settings): TrainJob {
  const { config, problems } = resolveConfig(variant, settings, {
    rowSize: D,
    trainCount: digits.dataset.train.length,
    kind: 'image',
    classes: 10,
  })
  assert.deepEqual(problems, [])
  return {
    kind: 'train',
    runId: 'r',
    runFolder: digits.runFolder(),
    datasetFolder: digits.folder,
    variant,
    config: config!,
    seed,
    resume: false,
  }
}
const near = (a: number, b: number, what: string, tolerance = 1e-5) =>
  assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${what}: ${a}, expected ${b}`)

/** An autoencoder of one layer, as its own stage left it. */
interface Machine {
  encoder: Layer64
  decoder: Layer64
}

/** The stage that has just ended, from the checkpoint that was written at its end; the codes that it read, where it is not the first. */
function endOfStage(
  { runFolder, config }: TrainJob,
  layer: number,
): { machine: Machine; codes: { header: Record<string, unknown>; values: Float32Array } | null } {
  const { state, position } = readCheckpoint(runFolder, 'last')
  assert.equal(position.stage, layer)
  const { network } = config
  const activation = (index: number) =>
    index < 0 ? network.outputActivation : index === network.layers.length - 1 ? network.codeActivation : network.activation
  const own = (name: string) => Array.from(state[`stage/${name}`]!)
  const tied = !('stage/decoder/0/kernel' in state)
  const file = join(runFolder, 'stages', `codes-${layer}.f32`)
  return {
    machine: {
      encoder: { kernel: own('encoder/0/kernel'), bias: own('encoder/0/bias'), activation: activation(layer), transposed: false },
      decoder: {
        kernel: own(tied ? 'encoder/0/kernel' : 'decoder/0/kernel'),
        bias: own('decoder/0/bias'),
        activation: activation(layer - 1),
        transposed: tied,
      },
    },
    codes: layer === 0 ? null : readCodes(file),
  }
}

function readCodes(file: string): { header: Record<string, unknown>; values: Float32Array } {
  const bytes = readFileSync(file)
  const start = 8 + Number(bytes.readBigUInt64LE())
  return {
    header: JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, unknown>,
    values: new Float32Array(Uint8Array.from(bytes.subarray(start)).buffer),
  }
}

/** Trains with an eye on the ends of the layers' stages. */
async function trainWatched(job: TrainJob): Promise<Trained & { machines: Machine[]; codes: ReturnType<typeof readCodes>[] }> {
  const machines: Machine[] = [],
    codes: ReturnType<typeof readCodes>[] = []
  const trained = await trainHere(job, (message) => {
    // A stage of a layer ends with a picture of the stack up to it.
    if (message.type !== 'preview' || machines.length === job.config.network.layers.length) return
    const { machine, codes: own } = endOfStage(job, machines.length)
    machines.push(machine)
    if (own) codes.push(own)
  })
  return { ...trained, machines, codes }
}

const up = (machines: Machine[], x: number[]): number[] => machines.reduce((h, { encoder }) => layer64(encoder, h), x)
const down = (machines: Machine[], code: number[]): number[] =>
  machines.toReversed().reduce((h, { decoder }) => layer64(decoder, h), code)

/** ||df/dx||_F of the machines' encoders, one after the other. */
function jacobianNorm(machines: Machine[], x: number[]): number {
  let h = x
  let jacobian = x.map((_, i) => x.map((__, j) => Number(i === j)))
  for (const { encoder } of machines) {
    const { kernel, bias, activation } = encoder,
      units = bias.length
    const slopes = layer64({ ...encoder, activation: 'linear' }, h).map(derivatives64[activation]!)
    jacobian = slopes.map((slope, j) =>
      x.map((_, d) => slope * h.reduce((sum, __, i) => sum + kernel[i * units + j]! * jacobian[i]![d]!, 0)),
    )
    h = layer64(encoder, h)
  }
  return Math.hypot(...jacobian.flat())
}

const pretrained: [string, Settings][] = [
  ['Boltzmann machines, linear code', { 'pretraining.kind': 'rbm', 'pretraining.learningRate': 0.1 }],
  [
    'Boltzmann machines, sigmoid code',
    { 'pretraining.kind': 'rbm', 'network.codeActivation': 'sigmoid', 'pretraining.regularizer.persistent': true },
  ],
  ...(['classical', 'denoising', 'contractive', 'sparseKl', 'sparseBias', 'dropout'] as const).flatMap(
    (variant): [string, Settings][] =>
      [true, false].slice(0, variant === 'classical' || variant === 'denoising' ? 2 : 1).map((tied) => [
        `${variant} layers, ${tied ? 'tied' : 'untied'}`,
        {
          'pretraining.kind': 'greedy',
          'pretraining.variant': variant,
          'pretraining.tied': tied,
          'pretraining.learningRate': 0.02,
          ...(variant === 'denoising' ? { 'pretraining.regularizer.rate': 0.7 } : {}),
          ...(variant === 'classical' ? { 'network.activation': 'tanh' } : {}),
        },
      ]),
  ),
]

for (const [title, settings] of pretrained) {
  test(
    `${title}: the unrolled network is its layers, one after the other, ` +
      'up and down; each learned from the clean codes of the layers below',
    async () => {
      // Fine-tuning at a rate at which nothing moves: its first validation is that of the unrolled network.
      const job = jobOf('classical', {
        'network.layers': [12, 8, 2],
        'pretraining.epochs': 3,
        'pretraining.batchSize': 20,
        'training.epochs': 1,
        'training.batchSize': 50,
        'training.learningRate': 1e-30,
        ...settings,
      })
      const { config } = job
      const { machines, codes, points } = await trainWatched(job)
      assert.equal(machines.length, 3)

      const state = readCheckpoint(job.runFolder, 'pretrained').state
      const model = new CompiledModel({
        variant: variantOf('classical'),
        config: stackConfig(config),
        input: vectorOf(D),
        kind: 'image',
      })
      model.load(state)
      const { test: rows, train } = digits.dataset
      const x = inputTensor(digits.dataset, rows)
      const [code, back] = [model.encode(x), model.reconstruct(x)].map((tensor) => tensor.arraySync() as number[][])
      model.close()
      rows.forEach((row, n) => {
        const h = up(machines, pixelsOf(row))
        h.forEach((value, unit) => near(code![n]![unit]!, value, `code of image ${n}, unit ${unit}`))
        down(machines, h).forEach((value, pixel) => near(back![n]![pixel]!, value, `image ${n}, pixel ${pixel}`))
      })
      // It has moved from its initial weights, or nothing was shown.
      assert.notDeepEqual(
        state['encoder/2/kernel'],
        initialValues({ name: 'encoder/2/kernel', shape: [8, 2], role: 'kernel', scale: Math.sqrt(2 / 10) }, seed),
      )

      codes.forEach(({ header, values }, at) => {
        const width = config.network.layers[at]!
        assert.deepEqual([header['width'], header['count'], values.length], [width, train.length, train.length * width])
        train.forEach((row, place) =>
          up(machines.slice(0, at + 1), pixelsOf(row)).forEach((value, unit) =>
            near(values[place * width + unit]!, value, `layer ${at + 2} reads of row ${row}, unit ${unit}`),
          ),
        )
      })
      assert.ok(!existsSync(join(job.runFolder, 'stages')), 'codes that nobody needs any more are left behind')

      const stages = stagesOf(variantOf('classical'), config, { input: vectorOf(D), trainCount: train.length })
      const mean = (list: Uint32Array, of: (row: number) => number) => list.reduce((sum, row) => sum + of(row), 0) / list.length
      const series = (key: string) => points.filter((point) => point.key === key).map(({ step, value }) => ({ step, value }))
      for (const [key, of] of [
        [
          'stack/squaredError',
          (own: Machine[], v: number[]) => down(own, up(own, v)).reduce((sum, value, i) => sum + (value - v[i]!) ** 2, 0),
        ],
        ['stack/jacobianNorm', jacobianNorm],
      ] as const) {
        const found = series(key)
        assert.deepEqual(
          found.map(({ step }) => step),
          stages.slice(0, 3).map(({ startStep, steps }) => startStep + steps),
          key,
        )
        found.forEach(({ value }, at) =>
          near(
            value,
            mean(rows, (row) => of(machines.slice(0, at + 1), pixelsOf(row))),
            `${key} of ${at + 1} layers`,
          ),
        )
      }
      const { validation } = validationSplit(digits.dataset, seed)
      const first = series('validation/reconstruction')[0]!
      near(
        first.value,
        mean(validation, (row) => {
          const v = pixelsOf(row)
          return down(machines, up(machines, v)).reduce(
            (sum, y, i) => sum - (v[i]! * Math.log(y) + (1 - v[i]!) * Math.log(1 - y)),
            0,
          )
        }),
        'the first validation of fine-tuning',
      )
    },
  )
}

test('stages follow each other without a gap; every series lies in its own', async () => {
  const job = jobOf('classical', {
    'network.layers': [12, 8],
    'pretraining.kind': 'rbm',
    'pretraining.epochs': 3,
    'pretraining.batchSize': 20,
    'training.epochs': 2,
    'training.batchSize': 50,
  })
  const { points, messages } = await trainHere(job)
  const begun = messages.find((message) => message.type === 'begun')!
  // 340 rows are not for testing, 34 of them for validation.
  assert.deepEqual(begun.stages, [
    {
      kind: 'layer',
      title: 'Layer 1: 16 to 12',
      layer: 0,
      variant: 'rbm',
      prefix: 'pretraining/0/',
      startStep: 0,
      steps: 45,
      startEpoch: 0,
      epochs: 3,
    },
    {
      kind: 'layer',
      title: 'Layer 2: 12 to 8',
      layer: 1,
      variant: 'rbm',
      prefix: 'pretraining/1/',
      startStep: 45,
      steps: 45,
      startEpoch: 3,
      epochs: 3,
    },
    {
      kind: 'reconstruction',
      title: 'Fine-tuning',
      layer: null,
      variant: 'classical',
      prefix: '',
      startStep: 90,
      steps: 12,
      startEpoch: 6,
      epochs: 2,
    },
  ])
  assert.deepEqual([begun.steps, begun.epochs], [102, 8])
  const keys = new Set(points.map(({ key }) => key))
  for (const { prefix, startStep, steps, startEpoch, epochs, kind } of begun.stages) {
    const own = points.filter(({ key }) =>
      prefix === '' ? /^(train|validation|gradient|updateRatio)\//.test(key) : key.startsWith(prefix),
    )
    // What the network makes of clean inputs is known before its first step.
    const first = own.filter(({ step }) => step === startStep)
    assert.deepEqual(
      first.map(({ key, epoch }) => [key, epoch]),
      ['squaredError', 'deadUnits'].map((name) => [`${prefix}validation/${name}`, startEpoch]),
    )
    assert.ok(
      own.every(
        (point) =>
          first.includes(point) ||
          (point.step > startStep &&
            point.step <= startStep + steps &&
            point.epoch > startEpoch &&
            point.epoch <= startEpoch + epochs),
      ),
    )
    assert.ok(own.every(({ step, epoch }) => Math.abs((epoch - startEpoch) / epochs - (step - startStep) / steps) < 1e-9))
    assert.deepEqual(
      own.filter(({ key }) => key === `${prefix}validation/loss`).map(({ epoch }) => epoch),
      Array.from({ length: epochs }, (_, index) => startEpoch + index + 1),
    )
    for (const name of ['train/loss', 'train/reconstruction', 'gradient/encoder/0', 'updateRatio/encoder/0'])
      assert.ok(keys.has(prefix + name), `${prefix}${name} is missing`)
    // A likelihood is watched where both sides are binary: in the first layer, whose code is not the network's.
    assert.equal(keys.has(`${prefix}validation/pseudoLikelihood`), kind === 'layer' && startStep === 0)
  }
  assert.ok(points.every(({ key, value }) => Number.isFinite(value) && !key.startsWith('pretraining/2')))
})

for (const [variant, settings] of [
  ['classical', {}],
  ['denoising', {}],
  ['sparseBias', {}],
  ['sparseKl', { 'regularizer.estimate': 'dataset', 'regularizer.refresh': 3 }],
] as [string, Settings][]) {
  test(
    `${variant} ${JSON.stringify(settings)}: gradient norms without pretraining are those of the ` +
      'first batches at the initial weights; weight changes are relative to the pretrained ones',
    async () => {
      const job = jobOf(variant, {
        'network.layers': [12, 8],
        'pretraining.kind': 'greedy',
        'pretraining.epochs': 2,
        'pretraining.batchSize': 20,
        'pretraining.learningRate': 0.02,
        'training.epochs': 3,
        'training.batchSize': 20,
        'training.learningRate': 0.01,
        ...settings,
      })
      const { config, runFolder } = job
      const { points } = await trainHere(job)
      const { train } = validationSplit(digits.dataset, seed)
      const last = stagesOf(variantOf(variant), config, { input: vectorOf(D), trainCount: digits.dataset.train.length }).at(-1)!

      const specs = weightsOf(variantOf(variant), config, vectorOf(D))
      const order = shuffled(train, seed, 0)
      const steps = 10
      const sums: Record<string, number> = {}
      tf.tidy(() => {
        const weights = Object.fromEntries(
          specs.map((spec): [string, Tensor] => [spec.name, tf.tensor(initialValues(spec, seed), spec.shape)]),
        )
        const initial = Object.fromEntries(specs.map((spec) => [spec.name, initialValues(spec, seed)]))
        const state = Object.fromEntries(
          (variantOf(variant).state?.(config, vectorOf(D)) ?? []).map(({ name, shape, initial: value }): [string, Tensor] => [
            name,
            tf.fill(shape, value),
          ]),
        )
        if (variant === 'sparseKl') state['rhoHat'] = tf.tensor1d(meanCode(config, initial, train))
        for (let step = 1; step <= steps; step++) {
          const rows = order.subarray((step - 1) * 20, step * 20)
          const random = randomness(tf.tensor1d([seed, last.startStep + step], 'int32'), tf.tensor1d(Int32Array.from(rows)))
          const { gradients } = lossAndGradients(variantOf(variant), config, {
            weights,
            x: inputTensor(digits.dataset, rows),
            random,
            state,
          })
          for (const layer of new Set(specs.map(({ name }) => name.slice(0, name.lastIndexOf('/'))))) {
            const squares = Object.entries(gradients)
              .filter(([name]) => name.startsWith(`${layer}/`))
              .map(([, gradient]) => gradient.square().sum().dataSync()[0]!)
            sums[layer] = (sums[layer] ?? 0) + Math.sqrt(squares.reduce((a, b) => a + b)) / steps
          }
        }
      })
      const unpretrained = points.filter(({ key }) => key.startsWith('gradientUnpretrained/'))
      assert.deepEqual(
        unpretrained.map(({ key }) => key).toSorted(),
        Object.keys(sums)
          .map((layer) => `gradientUnpretrained/${layer}`)
          .toSorted(),
      )
      for (const { key, step, value } of unpretrained) {
        assert.equal(step, last.startStep)
        near(value, sums[key.slice('gradientUnpretrained/'.length)]!, key, 1e-4)
      }

      const [before, now] = [readCheckpoint(runFolder, 'pretrained').state, readCheckpoint(runFolder, 'last').state]
      for (const layer of ['encoder/0', 'encoder/1', 'decoder/0', 'decoder/1']) {
        const changes = points.filter(({ key }) => key === `weightChange/${layer}`)
        assert.deepEqual(
          changes.map(({ step }) => step),
          [0, 1, 2, 3].map((epoch) => last.startStep + epoch * last.stepsPerEpoch),
        )
        assert.equal(changes[0]!.value, 0)
        const [a, b] = [before, now].map((state) => state[`${layer}/kernel`]!)
        near(changes.at(-1)!.value, Math.hypot(...a!.map((value, index) => b![index]! - value)) / Math.hypot(...a!), layer)
        assert.ok(changes.every(({ value }, index) => index === 0 || value > 0.001))
      }
      assert.equal(points.filter(({ key }) => key.startsWith('weightChange/')).length, 4 * 4)
    },
  )
}

/** Mean code over rows, at given weights. */
function meanCode({ network }: Config, weights: State, rows: Uint32Array): number[] {
  const sums = Array<number>(network.layers.at(-1)!).fill(0)
  for (const row of rows) {
    let h = pixelsOf(row)
    network.layers.forEach((_, index) => {
      const activation = index === network.layers.length - 1 ? network.codeActivation : network.activation
      h = layer64(
        {
          kernel: Array.from(weights[`encoder/${index}/kernel`]!),
          bias: Array.from(weights[`encoder/${index}/bias`]!),
          activation,
          transposed: false,
        },
        h,
      )
    })
    h.forEach((value, unit) => {
      sums[unit]! += value / rows.length
    })
  }
  return sums
}

test('pretraining that changes nothing changes nothing: fine-tuning begins with the same weights, and sees the same batches', async () => {
  for (const fineTuning of ['reconstruction', 'classification']) {
    const settings: Settings = {
      'network.layers': [12, 8],
      'fineTuning.kind': fineTuning,
      'training.epochs': 3,
      'training.batchSize': 20,
      'training.learningRate': 0.01,
      'network.tied': false,
    }
    const curve = async (more: Settings): Promise<number[]> => {
      const { points } = await trainHere(jobOf('classical', { ...settings, ...more }))
      return points.filter(({ key }) => /^(train|validation)\/loss$/.test(key)).map(({ value }) => value)
    }
    const plain = await curve({})
    // Untied, so that the decoder begins with its own draw, too.
    const after = await curve({
      'pretraining.kind': 'greedy',
      'pretraining.epochs': 1,
      'pretraining.learningRate': 1e-30,
      'pretraining.tied': false,
    })
    assert.ok(plain.length > 20)
    assert.deepEqual(after, plain, fineTuning)
  }
})

const codesMessages = (messages: readonly FromWorker[]) =>
  messages.filter((message) => message.type === 'progress' && message.progress.stage.startsWith('Codes for')).length

test(
  'codes are computed once: a run that was stopped in its second layer goes on ' +
    'with those on disk, and computes them again where they are gone or damaged',
  async () => {
    const settings: Settings = {
      'network.layers': [12, 8],
      'pretraining.kind': 'greedy',
      'pretraining.variant': 'denoising',
      'pretraining.epochs': 4,
      'training.epochs': 2,
      'training.batchSize': 20,
      'pretraining.batchSize': 20,
    }
    const whole = jobOf('classical', settings)
    const undisturbed = await trainHere(whole)
    assert.ok(codesMessages(undisturbed.messages) > 0)
    for (const spoil of ['nothing', 'removed', 'damaged', 'shortened'] as const) {
      const job = jobOf('classical', settings)
      const file = join(job.runFolder, 'stages', 'codes-1.f32')
      // Stopped at the first thing that is made durable with codes on disk: the beginning of the second layer.
      await assert.rejects(
        trainHere(job, (message) => message.type === 'points' && message.flush && existsSync(file)),
        { name: 'Error', message: 'stopped on request' },
      )
      assert.equal(readCheckpoint(job.runFolder, 'last').position.stage, 1)
      const bytes = readFileSync(file)
      if (spoil === 'removed') rmSync(file)
      if (spoil === 'damaged') writeFileSync(file, Buffer.concat([Buffer.from('not a header at all'), bytes.subarray(19)]))
      if (spoil === 'shortened') writeFileSync(file, bytes.subarray(0, bytes.length - 4))
      const resumed = await trainHere({ ...job, resume: true })
      assert.equal(codesMessages(resumed.messages) > 0, spoil !== 'nothing', spoil)
      assert.deepEqual(readCheckpoint(job.runFolder, 'last').state, readCheckpoint(whole.runFolder, 'last').state, spoil)
    }
  },
)

test('a run that was stopped while a layer was pretrained can be measured and exported as it is', async () => {
  for (const fineTuning of ['reconstruction', 'classification']) {
    const job = jobOf('denoising', {
      'network.layers': [12, 8],
      'pretraining.kind': 'rbm',
      'pretraining.epochs': 4,
      'pretraining.batchSize': 20,
      'training.batchSize': 20,
      'fineTuning.kind': fineTuning,
    })
    await assert.rejects(
      trainHere(job, (message) => message.type === 'progress' && message.step! > 0),
      { message: 'stopped on request' },
    )
    const { position, state } = readCheckpoint(job.runFolder, 'last')
    assert.equal(position.stage, 0)
    const files = { runId: 'r', runFolder: job.runFolder, datasetFolder: digits.folder }
    const evaluation = await evaluateHere({ kind: 'evaluate', ...files })
    assert.equal(evaluation.squaredError === null, fineTuning === 'classification')
    const { outputs } = await exportHere({
      kind: 'export',
      ...files,
      part: fineTuning === 'classification' ? 'classifier' : 'autoencoder',
      input: 'pixels',
      precision: 'float32',
      out: join(job.runFolder, 'part.onnx'),
      force: false,
      metadata: {},
    })
    assert.equal(outputs[0]!.name, fineTuning === 'classification' ? 'probabilities' : 'reconstruction')
    // The whole network as it is by then: none of its layers has been pretrained.
    assert.deepEqual(
      state['encoder/0/kernel'],
      initialValues({ name: 'encoder/0/kernel', shape: [D, 12], role: 'kernel', scale: Math.sqrt(2 / (D + 12)) }, seed),
    )
  }
})

test('a layer that diverges ends the run as diverged, says which rate to lower, and keeps the last finite weights', async () => {
  const job = jobOf('classical', {
    'network.layers': [12, 8],
    'network.outputActivation': 'linear',
    reconstruction: 'squaredError',
    'pretraining.kind': 'greedy',
    'pretraining.learningRate': 900,
    'training.optimizer': 'sgd',
    'pretraining.batchSize': 20,
  })
  await assert.rejects(
    trainHere(job),
    (thrown: Diverged) => thrown instanceof Diverged && thrown.step > 0 && /lower pretraining.learningRate/.test(thrown.message),
  )
  const { position, state } = readCheckpoint(job.runFolder, 'last')
  assert.equal(position.stage, 0)
  assert.ok(Object.values(state).every((values) => values.every(Number.isFinite)))
})

test('rows of reals: greedy layers and Boltzmann machines; what is not finite ends the run as diverged, wherever it is', async () => {
  const rows = Float32Array.from({ length: 200 * 8 }, (_, index) => 1.5 * Math.sin(index * index))
  for (const [name, settings] of Object.entries<Settings>({
    greedy: { 'pretraining.kind': 'greedy' },
    machines: { 'pretraining.kind': 'rbm' },
  })) {
    const { config, problems } = resolveConfig(
      'classical',
      {
        'network.layers': [6, 2],
        'pretraining.epochs': 2,
        'pretraining.batchSize': 20,
        'training.epochs': 2,
        'training.batchSize': 20,
        ...settings,
      },
      { rowSize: 8, trainCount: 170, kind: 'vector' },
    )
    assert.deepEqual(problems, [])
    for (const where of ['nowhere', 'train', 'validation', 'test'] as const) {
      const folder = await importRows(join(digits.home, 'reals'), `${name}-${where}`, [200, 8], rows)
      const data = openDataset(folder)
      const job: TrainJob = {
        kind: 'train',
        runId: 'r',
        runFolder: digits.runFolder(),
        datasetFolder: folder,
        variant: 'classical',
        config: config!,
        seed,
        resume: false,
      }
      if (where === 'nowhere') {
        const { evaluation } = await trainHere(job)
        assert.ok(Number.isFinite(evaluation.squaredError))
      } else {
        overwriteRow(
          folder,
          (where === 'test' ? data.test : validationSplit(data, seed)[where]).at(-1)!,
          new Float32Array(8).fill(NaN),
        )
        await assert.rejects(trainHere(job), (thrown) => thrown instanceof Diverged, `${name}: NaN in the ${where} split`)
        for (const values of Object.values(readCheckpoint(job.runFolder, 'last').state)) assert.ok(values.every(Number.isFinite))
      }
      data.close()
    }
  }
})
