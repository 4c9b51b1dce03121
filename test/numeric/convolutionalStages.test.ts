import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { NetworkConfig, Settings } from '../../src/shared/config.ts'
import { convolvedShape, type Convolution } from '../../src/shared/convolutions.ts'
import { sizeOf, type Shape } from '../../src/shared/shape.ts'
import { readCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { inputTensor } from '../../src/main/engine/network/inputs.ts'
import { withoutUnits } from '../../src/main/engine/network/prune.ts'
import { headsOf, layersOf } from '../../src/main/engine/network/weights.ts'
import { CompiledModel, type State } from '../../src/main/engine/training/compiled.ts'
import type { FromWorker } from '../../src/main/engine/jobs/messages.ts'
import type { TrainJob } from '../../src/main/engine/training/messages.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { likelihoodOf, statisticsOf, weightsOf } from '../../src/main/engine/variants/variant.ts'
import { stackConfig } from '../../src/main/engine/variants/layers.ts'
import { convolve64, convolveBack64, type Values64 } from '../fixtures/convolutions64.ts'
import { oddImagesForAll, oddShape } from '../fixtures/tinyDataset.ts'
import { trainHere } from '../fixtures/trainHere.ts'

/** Stages of networks with convolutions: each layer as an autoencoder of one layer (Masci et al. 2011), classes, pruning. */

const images = oddImagesForAll('convolutional-stages', 120),
  { pixelsOf } = images
const seed = 3
const pyramid: Convolution[] = [
  { filters: 4, kernel: 3, stride: 2 },
  { filters: 6, kernel: 2, stride: 1 },
]
const network: Settings = { 'network.convolutions': pyramid, 'network.layers': [5], 'training.batchSize': 20 }

function jobOf(variant: string, settings: Settings): TrainJob {
  const { config, problems } = resolveConfig(variant, { ...network, ...settings }, images.facts())
  assert.deepEqual(problems, [])
  return {
    kind: 'train',
    runId: 'r',
    runFolder: images.runFolder(),
    datasetFolder: images.folder,
    variant,
    config: config!,
    seed,
    resume: false,
  }
}
const near = (a: number, b: number, what: string, tolerance = 1e-5) =>
  assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${what}: ${a}, expected ${b}`)

/** Both ways through one pretrained layer, in float64, before their activations. */
interface Machine {
  up(x: Values64): Float64Array
  down(y: Values64): Float64Array
  kernel: Float32Array
}

/** The layer whose stage has just ended, from the checkpoint that was written then. */
function machineOf({ runFolder, config }: TrainJob, layer: number): Machine {
  const { state, position } = readCheckpoint(runFolder, 'last')
  assert.equal(position.stage, layer)
  const { convolutions, layers } = config.network
  const convolution = convolutions[layer]
  const name = convolution ? 'conv0' : '0'
  const kernel = state[`stage/encoder/${name}/kernel`]!,
    back = state[`stage/decoder/${name}/kernel`]
  const [bias, backBias] = [state[`stage/encoder/${name}/bias`]!, state[`stage/decoder/${name}/bias`]!]
  const added = (values: Float64Array, biases: Float32Array) => values.map((value, at) => value + biases[at % biases.length]!)
  if (convolution) {
    const input: Shape = convolutions.slice(0, layer).reduce(convolvedShape, oddShape)
    return {
      kernel,
      up: (x) => added(convolve64(x, kernel, input, convolution), bias),
      down: (y) => added(convolveBack64(y, back ?? kernel, input, convolution), backBias),
    }
  }
  const units = layers[layer - convolutions.length]!
  const inputs = backBias.length
  const times = (x: Values64, size: number, weight: (i: number, j: number) => number) =>
    Float64Array.from({ length: size }, (_, j) => Array.from(x).reduce((sum, value, i) => sum + value * weight(i, j), 0))
  return {
    kernel,
    up: (x) =>
      added(
        times(x, units, (i, j) => kernel[i * units + j]!),
        bias,
      ),
    down: (y) =>
      added(
        times(y, inputs, (i, j) => (back ? back[i * inputs + j]! : kernel[j * units + i]!)),
        backBias,
      ),
  }
}

const activations: Record<string, (x: number) => number> = {
  linear: (x) => x,
  relu: (x) => Math.max(0, x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
}

const flavours: [string, Settings][] = [
  ['classical, tied', { 'pretraining.variant': 'classical' }],
  ['classical, untied', { 'pretraining.variant': 'classical', 'pretraining.tied': false, 'network.activation': 'tanh' }],
  ['denoising', { 'pretraining.variant': 'denoising' }],
  ['contractive', { 'pretraining.variant': 'contractive', 'network.activation': 'sigmoid' }],
  ['sparseBias', { 'pretraining.variant': 'sparseBias', 'network.activation': 'tanh', 'network.codeActivation': 'tanh' }],
  [
    'sparseKl of the dataset',
    {
      'pretraining.variant': 'sparseKl',
      'network.activation': 'sigmoid',
      'network.codeActivation': 'sigmoid',
      'pretraining.regularizer.estimate': 'dataset',
    },
  ],
  ['dropout', { 'pretraining.variant': 'dropout' }],
]

for (const [title, settings] of flavours)
  test(`${title}: the unrolled network is its pretrained convolutions and layers, up and down, each learned from clean maps`, async () => {
    const job = jobOf('classical', {
      'pretraining.kind': 'greedy',
      'pretraining.epochs': 2,
      'pretraining.batchSize': 20,
      'pretraining.learningRate': 0.01,
      'training.epochs': 1,
      'training.learningRate': 1e-30,
      ...settings,
    })
    const { config } = job
    const machines: Machine[] = [],
      maps: Float32Array[] = []
    const { messages, points } = await trainHere(job, (message) => {
      if (message.type !== 'preview' || machines.length === 3) return
      const codes = join(job.runFolder, 'stages', `codes-${machines.length}.f32`)
      if (existsSync(codes)) maps.push(valuesIn(codes))
      machines.push(machineOf(job, machines.length))
    })
    const begun = messages.find((message) => message.type === 'begun')!
    assert.deepEqual(
      begun.stages.map(({ title: named }) => named),
      ['Layer 1: 9 x 7 x 3 to 5 x 4 x 4', 'Layer 2: 5 x 4 x 4 to 5 x 4 x 6', 'Layer 3: 120 to 5', 'Fine-tuning'],
    )
    const activation = (layer: number) =>
      activations[
        layer < 0 ? config.network.outputActivation : layer === 2 ? config.network.codeActivation : config.network.activation
      ]!
    const up = (x: Values64, depth: number): Values64 =>
      machines.slice(0, depth).reduce<Values64>((h, machine, layer) => machine.up(h).map(activation(layer)), x)
    const down = (h: Values64, depth: number): Values64 =>
      machines.slice(0, depth).reduceRight<Values64>((code, machine, layer) => machine.down(code).map(activation(layer - 1)), h)

    const { test: rows, train } = images.dataset
    assert.equal(maps.length, 2)
    maps.forEach((values, at) => {
      const width = [80, 120][at]!
      assert.equal(values.length, train.length * width)
      train.forEach((row, place) =>
        up(pixelsOf(row), at + 1).forEach((value, unit) =>
          near(values[place * width + unit]!, value, `map ${at + 1} of row ${row}`),
        ),
      )
    })
    const series = (key: string) => points.filter((point) => point.key === key).map(({ value }) => value)
    const meanOf = (of: (x: number[]) => number) => rows.reduce((sum, row) => sum + of(pixelsOf(row)), 0) / rows.length
    series('stack/squaredError').forEach((value, at) => {
      const error = (x: number[]) => Array.from(down(up(x, at + 1), at + 1)).reduce((sum, y, i) => sum + (y - x[i]!) ** 2, 0)
      near(value, meanOf(error), `squared error of ${at + 1} layers`, 1e-4)
    })
    assert.equal(series('stack/squaredError').length, 3)
    // By the definition: ||df/dx||_F of the first layer, unit by unit through the convolution that made it.
    const slope = (y: number) =>
      ({ linear: 1, relu: Number(y > 0), elu: Math.min(y, 0) + 1, sigmoid: y - y * y, tanh: 1 - y * y })[
        config.network.activation as 'relu'
      ]
    const size = sizeOf(oddShape)
    const columns = Array.from({ length: size }, (_, i) =>
      convolve64(
        Float64Array.from({ length: size }, (__, j) => Number(i === j)),
        machines[0]!.kernel,
        oddShape,
        pyramid[0]!,
      ),
    )
    const norm = (x: number[]) =>
      Math.sqrt(
        Array.from(up(x, 1)).reduce((sum, y, j) => sum + slope(y) ** 2 * columns.reduce((all, row) => all + row[j]! ** 2, 0), 0),
      )
    near(series('stack/jacobianNorm')[0]!, meanOf(norm), 'Jacobian norm of the first layer', 1e-4)
    assert.ok(series('stack/jacobianNorm').every(Number.isFinite))

    const model = new CompiledModel({
      variant: variantOf('classical'),
      config: stackConfig(config),
      input: oddShape,
      kind: 'image',
    })
    model.load(readCheckpoint(job.runFolder, 'pretrained').state)
    const x = inputTensor(images.dataset, rows)
    const back = model.reconstruct(x).arraySync() as number[][]
    model.close()
    rows.forEach((row, n) =>
      down(up(pixelsOf(row), 3), 3).forEach((value, pixel) => near(back[n]![pixel]!, value, `image ${n}, pixel ${pixel}`, 1e-4)),
    )
    assert.ok(!existsSync(join(job.runFolder, 'stages')), 'maps that nobody needs any more are left behind')
  })

function valuesIn(file: string): Float32Array {
  const bytes = readFileSync(file)
  return new Float32Array(Uint8Array.from(bytes.subarray(8 + Number(bytes.readBigUInt64LE()))).buffer)
}

test('pretraining that changes nothing changes nothing, whichever way the decoder goes back', async () => {
  for (const upsampling of ['transposed', 'resize']) {
    const curve = async (more: Settings): Promise<number[]> => {
      const settings = { 'network.tied': false, 'network.upsampling': upsampling, 'training.epochs': 2, ...more }
      const { points } = await trainHere(jobOf('classical', settings))
      return points.filter(({ key }) => /^(train|validation)\/loss$/.test(key)).map(({ value }) => value)
    }
    const plain = await curve({})
    const idle = { 'pretraining.epochs': 1, 'pretraining.learningRate': 1e-30, 'pretraining.tied': false }
    assert.ok(plain.length > 4)
    assert.deepEqual(await curve({ 'pretraining.kind': 'greedy', ...idle }), plain, upsampling)
  }
})

test('a run that was stopped while a convolution was pretrained goes on bit for bit', async () => {
  const settings = {
    'pretraining.kind': 'greedy',
    'pretraining.variant': 'denoising',
    'pretraining.epochs': 3,
    'training.epochs': 2,
  }
  const whole = jobOf('denoising', settings)
  const undisturbed = await trainHere(whole)
  for (const layer of [0, 1, 2]) {
    const job = jobOf('denoising', settings)
    const codes = join(job.runFolder, 'stages', `codes-${layer}.f32`)
    // The beginning of a stage is made durable once the maps that it reads are on disk.
    const begins = (message: FromWorker) => message.type === 'points' && message.flush && (layer === 0 || existsSync(codes))
    await assert.rejects(trainHere(job, begins), { message: 'stopped on request' })
    const { position, inputShape } = readCheckpoint(job.runFolder, 'last')
    assert.equal(position.stage, layer)
    assert.deepEqual(inputShape, oddShape)
    const resumed = await trainHere({ ...job, resume: true })
    assert.deepEqual(stateOf(job), stateOf(whole), `stopped in layer ${layer + 1}`)
    assert.equal(resumed.evaluation.squaredError, undisturbed.evaluation.squaredError)
  }
})

const stateOf = ({ runFolder }: TrainJob): State => readCheckpoint(runFolder, 'last').state

test('classes are learned behind convolutions, pretrained ones and by few labels too', async () => {
  for (const pretraining of ['none', 'greedy'])
    for (const labelled of [0, 20]) {
      const job = jobOf('classical', {
        'fineTuning.kind': 'classification',
        'fineTuning.labelled': labelled,
        'pretraining.kind': pretraining,
        ...(pretraining === 'none' ? {} : { 'pretraining.epochs': 2 }),
        'training.epochs': 60,
        'training.learningRate': 0.01,
      })
      const { evaluation } = await trainHere(job)
      assert.ok(
        evaluation.classificationAccuracy! > 0.6,
        `${pretraining}, ${labelled} labels: ${evaluation.classificationAccuracy!}`,
      )
    }
})

for (const [variant, settings] of [
  ['classical', { 'network.tied': false }],
  ['classical', { 'network.tied': false, 'network.layers': [9, 5] }],
  ['classical', { 'network.tied': false, 'network.weightNorm': true }],
  ['variational', { 'regularizer.decoder': 'gaussian' }],
  ['variational', { 'regularizer.decoder': 'sharedGaussian' }],
  ['variational', { 'regularizer.decoder': 'bernoulli', 'network.layers': [9, 5], reconstruction: 'crossEntropy' }],
] as [string, Settings][])
  test(`${variant} ${JSON.stringify(settings)}: without units that are constant a convolutional network computes the same`, () => {
    const { config } = jobOf(variant, settings),
      heads = headsOf(likelihoodOf(variantOf(variant), config))
    const specs = weightsOf(variantOf(variant), config, oddShape)
    const weights = Object.fromEntries(specs.map((spec) => [spec.name, initialValues({ ...spec, scale: 0.3 }, seed)]))
    for (const { name, shape, initial } of statisticsOf(variantOf(variant), config, oddShape))
      weights[name] = Float32Array.from({ length: shape[0]! }, (_, at) => 0.8 * initial + 0.05 * (at % 5))
    const x = inputTensor(images.dataset, images.dataset.test)
    const run = (network: NetworkConfig, state: State) => {
      const model = new CompiledModel({
        variant: variantOf(variant),
        config: { ...config, network },
        input: oddShape,
        kind: 'image',
      })
      model.load(state)
      const outputs = [model.encode(x), model.reconstruct(x)].map((tensor) => tensor.arraySync() as number[][])
      model.close()
      return outputs as [number[][], number[][]]
    }
    // Units 1 and 4 give their bias whatever they read.
    const { kernel, bias } = layersOf(config.network, oddShape, heads).encoder.at(-1)!
    weights[kernel] = weights[kernel]!.map((value, at) => (at % 5 === 1 || at % 5 === 4 ? 0 : value))
    const [code, output] = run(config.network, weights)
    const pruned = withoutUnits({ network: config.network, input: oddShape, heads, weights }, [1, 4], [...weights[bias]!])
    assert.deepEqual(pruned.network.convolutions, pyramid)
    const [shortCode, sameOutput] = run(pruned.network, pruned.weights)
    code.forEach((row, n) => [0, 2, 3].forEach((unit, at) => near(shortCode[n]![at]!, row[unit]!, `code ${n}`)))
    output.forEach((row, n) => row.forEach((value, pixel) => near(sameOutput[n]![pixel]!, value, `output ${n}`, 1e-4)))
  })
