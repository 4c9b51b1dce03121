import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pyramidOf, type Convolution } from '../../src/shared/convolutions.ts'
import type { Config, Settings } from '../../src/shared/config.ts'
import { sizeOf, type Shape } from '../../src/shared/shape.ts'
import { normals } from '../../src/main/engine/data/reals.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { sumOfNorms } from '../../src/main/engine/evaluate/jacobian.ts'
import { ExploredNetwork } from '../../src/main/engine/explore/network.ts'
import { folded } from '../../src/main/engine/network/normalisation.ts'
import { withoutUnits } from '../../src/main/engine/network/prune.ts'
import type { Randomness } from '../../src/main/engine/network/randomness.ts'
import { headsOf, layersOf } from '../../src/main/engine/network/weights.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { CompiledModel, type State } from '../../src/main/engine/training/compiled.ts'
import { lossAndGradients } from '../../src/main/engine/training/gradients.ts'
import { stateSpecs } from '../../src/main/engine/training/objective.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { likelihoodOf, partsOfNetwork, weightsOf } from '../../src/main/engine/variants/variant.ts'
import { writeCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { gradientOf } from '../fixtures/differences.ts'
import { convolve64, convolveBack64, type Values64 } from '../fixtures/convolutions64.ts'
import { batchNormalised64, enlarged64, normalised64, statistics64, type Rows64 } from '../fixtures/normalised64.ts'
import { decodeModel } from '../fixtures/onnxReader.ts'
import { PlainModel } from '../fixtures/plainModel.ts'
import { importRows } from '../fixtures/tinyDataset.ts'
import { exportHere } from '../fixtures/trainHere.ts'

const normal = normals(random('normalisation'))
const drawn = (count: number, scale = 1) => Float32Array.from({ length: count }, () => scale * normal())
const lengthOf = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1)
const near = (found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number, what: string, least = 1e-6) => {
  assert.equal(found.length, wanted.length, what)
  const scale = Math.max(least, ...Array.from(wanted, Math.abs))
  for (let i = 0; i < wanted.length; i++)
    assert.ok(Math.abs(found[i]! - wanted[i]!) <= tolerance * scale, `${what} at ${i}: ${found[i]}, expected ${wanted[i]}`)
}
const squash = (x: number) => 1 / (1 + Math.exp(-x))

// Odd sides; a stride that the kernel does not divide, one as large as the kernel.
const image: Shape = { height: 5, width: 7, channels: 3 }
const pyramid: Convolution[] = [
  { filters: 3, kernel: 3, stride: 2 },
  { filters: 4, kernel: 2, stride: 2 },
]
const shapes = pyramidOf(pyramid, image)
const rows = 4,
  code = 3
const facts = { kind: 'image' as const, size: image, rowSize: sizeOf(image) }

type Weights64 = Record<string, Values64>
type How = Pick<Config['network'], 'upsampling' | 'normalisation'>

/** A network of the definition: hidden layers are normalised by the batch, or by the running statistics that are given. */
function reference(w: Weights64, { upsampling, normalisation }: How, running: State | null) {
  const added = (batch: Rows64, bias: Values64) => batch.map((row) => row.map((value, at) => value + bias[at % bias.length]!))
  const hidden = (batch: Rows64, name: string): Float64Array[] => {
    const [scale, bias] = [w[`${name}/scale`]!, w[`${name}/bias`]!]
    if (normalisation === 'none') return added(batch, bias).map((row) => row.map(Math.tanh))
    const sums = running
      ? normalised64(batch, { scale, bias, mean: running[`state/${name}/mean`]!, variance: running[`state/${name}/variance`]! })
      : batchNormalised64(batch, scale, bias)
    return sums.map((row) => row.map(Math.tanh))
  }
  const dense = (batch: Rows64, kernel: Values64) =>
    batch.map((row) => {
      const columns = kernel.length / row.length
      return Float64Array.from({ length: columns }, (_, j) =>
        row.reduce((sum, value, i) => sum + value * kernel[i * columns + j]!, 0),
      )
    })
  const back = (batch: Rows64, kernel: Values64, at: number) =>
    batch.map((row) => {
      const [large, small] = [shapes[at]!, shapes[at + 1]!]
      if (upsampling === 'transposed') return convolveBack64(row, kernel, large, pyramid[at]!)
      const maps = enlarged64(row, small, { ...large, channels: small.channels })
      return convolveBack64(maps, kernel, large, { ...pyramid[at]!, stride: 1 })
    })
  const trunk = (batch: Rows64): Float64Array[] => {
    let h = batch as Float64Array[]
    pyramid.forEach((convolution, at) => {
      const kernel = w[`encoder/conv${at}/kernel`]!
      h = hidden(
        h.map((row) => convolve64(row, kernel, shapes[at]!, convolution)),
        `encoder/conv${at}`,
      )
    })
    return hidden(dense(h, w['encoder/0/kernel']!), 'encoder/0')
  }
  return {
    head: (batch: Rows64, name: string) => added(dense(trunk(batch), w[`encoder/${name}/kernel`]!), w[`encoder/${name}/bias`]!),
    decode(codes: Rows64, head = 'conv1') {
      let h = hidden(dense(codes, w['decoder/0/kernel']!), 'decoder/0')
      h = hidden(dense(h, w['decoder/1/kernel']!), 'decoder/1')
      h = hidden(back(h, w['decoder/conv0/kernel']!, 1), 'decoder/conv0')
      return added(back(h, w[`decoder/${head}/kernel`]!, 0), w[`decoder/${head}/bias`]!)
    },
    /** What the first layer sums. */
    first: (batch: Rows64) => batch.map((row) => convolve64(row, w['encoder/conv0/kernel']!, image, pyramid[0]!)),
  }
}

const images = Array.from({ length: rows }, () => Float64Array.from({ length: sizeOf(image) }, () => Math.fround(squash(normal()))))
const corrupted = images.map((one) => one.map((value, at) => (at % 3 === 0 ? 0 : value)))
const epsilon = drawn(2 * rows * code)
const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0)

const squaredError = (of: ReturnType<typeof reference>, from: Rows64) =>
  sum(of.decode(of.head(from, '1')).map((row, n) => sum(row.map((z, at) => (squash(z) - images[n]![at]!) ** 2)))) / rows

interface Case {
  title: string
  variant: string
  settings: Settings
  how: How
  loss(of: ReturnType<typeof reference>): number
}
const cases: Case[] = [
  {
    title: 'classical, resized and normalised',
    variant: 'classical',
    settings: {},
    how: { upsampling: 'resize', normalisation: 'batch' },
    loss: (of) => squaredError(of, images),
  },
  {
    title: 'classical, resized',
    variant: 'classical',
    settings: {},
    how: { upsampling: 'resize', normalisation: 'none' },
    loss: (of) => squaredError(of, images),
  },
  {
    title: 'denoising, normalised',
    variant: 'denoising',
    settings: {},
    how: { upsampling: 'transposed', normalisation: 'batch' },
    loss: (of) => squaredError(of, corrupted),
  },
  {
    title: 'variational, two codes an image, resized and normalised',
    variant: 'variational',
    settings: { regularizer: { samples: 2, decoder: 'bernoulli' } },
    how: { upsampling: 'resize', normalisation: 'batch' },
    loss(of) {
      const [mean, logVariance] = [of.head(images, 'mean'), of.head(images, 'logVariance')]
      const codes = [0, 1].flatMap((sample) =>
        mean.map((row, n) => row.map((m, j) => m + Math.exp(logVariance[n]![j]! / 2) * epsilon[(sample * rows + n) * code + j]!)),
      )
      const errors = of
        .decode(codes, 'logits')
        .map((row, n) => sum(row.map((logit, at) => Math.log1p(Math.exp(logit)) - images[n % rows]![at]! * logit)))
      const kl = mean.map((row, n) =>
        sum(row.map((m, j) => (m ** 2 + Math.exp(logVariance[n]![j]!) - 1 - logVariance[n]![j]!) / 2)),
      )
      return sum(errors) / (2 * rows) + sum(kl) / rows
    },
  },
]

function configOf({ variant, settings, how }: Pick<Case, 'variant' | 'settings' | 'how'>): Config {
  const probabilistic = variantOf(variant).likelihood !== undefined
  const network = {
    convolutions: pyramid,
    layers: [5, code],
    activation: 'tanh',
    ...(probabilistic ? {} : { codeActivation: 'linear' }),
    outputActivation: 'sigmoid',
    ...how,
  }
  const { config, problems } = resolveConfig(
    variant,
    { ...settings, ...(probabilistic ? {} : { reconstruction: 'squaredError' }), network },
    facts,
  )
  assert.ok(config, JSON.stringify(problems))
  return config
}
const never = (name: string): never => {
  throw new Error(`${name} was drawn`)
}
const asked: Randomness = {
  uniform: never,
  keep: never,
  normal: (name, shape) => (name === 'epsilon' ? tf.tensor(epsilon.slice(), shape) : never(name)),
  get perImage() {
    return asked
  },
}
const matrix = (each: Rows64) => tf.tensor2d(Float32Array.from(each.flatMap((one) => [...one])), [rows, sizeOf(image)])
/** Weights that are far from their initial ones; scales around 1, variances above 0. */
const valuesFor = (specs: readonly { name: string; shape: number[] }[]): State =>
  Object.fromEntries(
    specs.map(({ name, shape }) => [
      name,
      /(scale|variance)$/.test(name)
        ? drawn(lengthOf(shape), 0.2).map((value) => 1 + Math.abs(value))
        : drawn(lengthOf(shape), 0.4),
    ]),
  )

for (const one of cases) {
  test(`loss, gradients and running statistics of a step are those of loops in float64: ${one.title}`, () => {
    const variant = variantOf(one.variant),
      config = configOf(one)
    const values = valuesFor(partsOfNetwork(variant, config, image))
    const specs = weightsOf(variant, config, image)
    tf.engine().startScope()
    const found = lossAndGradients(variant, config, {
      weights: Object.fromEntries(specs.map(({ name, shape }) => [name, tf.tensor(values[name]!.slice(), shape)])),
      x: matrix(images),
      input: image,
      random: asked,
      state: Object.fromEntries(
        stateSpecs(variant, config, image).map(({ name }) => [name, tf.tensor(values[`state/${name}`]!.slice())]),
      ),
      corrupted: variant.corrupt ? matrix(corrupted) : null,
    })
    const w: Record<string, Float64Array> = Object.fromEntries(specs.map(({ name }) => [name, Float64Array.from(values[name]!)]))
    const loss = () => one.loss(reference(w, one.how, null))
    near(found.terms['loss']!.dataSync(), [loss()], 1e-5, 'loss')
    for (const [name, given] of Object.entries(w)) {
      const gradient = gradientOf(given, loss)
      // A linear code's bias has none: the layer that reads it takes away the mean.
      near(found.gradients[name]!.dataSync(), gradient, 1e-4, `gradient by ${name}`, 0.01)
    }
    const hidden = ['encoder/conv0', 'encoder/conv1', 'encoder/0', 'decoder/0', 'decoder/1', 'decoder/conv0']
    const normalises = one.how.normalisation === 'batch'
    assert.deepEqual(
      Object.keys(found.statistics).toSorted(),
      normalises ? hidden.flatMap((layer) => [`${layer}/mean`, `${layer}/variance`]).toSorted() : [],
    )
    if (normalises) {
      const seen = statistics64(reference(w, one.how, null).first(one.variant === 'denoising' ? corrupted : images), 3)
      for (const key of ['mean', 'variance'] as const) {
        const before = values[`state/encoder/conv0/${key}`]!
        const wanted = seen[key].map((value, channel) => 0.9 * before[channel]! + 0.1 * value)
        near(found.statistics[`encoder/conv0/${key}`]!.dataSync(), wanted, 1e-5, `running ${key}`)
      }
    }
    tf.engine().endScope()
  })
}

const [both] = cases as [Case]

test('evaluated, a network is normalised by its running statistics, exactly as one without normalisation of folded weights', () => {
  const variant = variantOf('classical'),
    config = configOf(both)
  const values = valuesFor(partsOfNetwork(variant, config, image))
  const spec = { variant, config, input: image, kind: 'image' as const }
  const compiled = new CompiledModel(spec, [rows])
  compiled.load(values)
  const explored = new ExploredNetwork(variant, config, image, 0, values)
  const of = reference(values, both.how, values)
  const codes = of.head(images, '1')
  const wanted = { codes: codes.flatMap((row) => [...row]), outputs: of.decode(codes).flatMap((row) => [...row].map(squash)) }
  const plainConfig: Config = { ...config, network: { ...config.network, normalisation: 'none' } }
  const { encoder, decoder } = layersOf(config.network, image)
  const plain = new CompiledModel({ ...spec, config: plainConfig })
  plain.load(
    Object.fromEntries(
      [...encoder, ...decoder].flatMap((layer) => {
        const { kernel, bias } = folded(layer, values)
        return [
          [layer.kernel, kernel],
          [layer.bias, bias],
        ]
      }),
    ),
  )
  assert.ok(plain.specs.every(({ name }) => !name.endsWith('/scale')))
  const x = matrix(images)
  for (const [name, model] of Object.entries({ compiled, explored, plain })) {
    near(model.encode(x).dataSync(), wanted.codes, 1e-5, `codes, ${name}`)
    near(model.reconstruct(x).dataSync(), wanted.outputs, 1e-5, `reconstructions, ${name}`)
  }
  // Validation of training, too: the loss is that of these outputs.
  const bytes = Uint8Array.from(images.flatMap((row) => [...row].map((value) => Math.round(255 * value))))
  const asBytes = images.map((_, n) =>
    Float64Array.from(bytes.subarray(n * sizeOf(image), (n + 1) * sizeOf(image)), (b) => b / 255),
  )
  const judged = of.decode(of.head(asBytes, '1')).map((row, n) => sum(row.map((z, at) => (squash(z) - asBytes[n]![at]!) ** 2)))
  const found = compiled.validate(bytes, Uint32Array.from(images.keys()), 1, -1)
  near([found[0]!], [sum(judged) / rows], 1e-5, 'validated loss')
  near([found.at(-1)!], [sum(judged) / rows], 1e-5, 'clean error')

  // What an image's code does as the image moves, by differences in float64.
  const norms = images.map((row) => {
    let squares = 0
    row.forEach((value, at) => {
      const [above, below] = [1e-5, -1e-5].map((step) => of.head([row.with(at, value + step)], '1')[0]!)
      squares += sum(above!.map((one, unit) => ((one - below![unit]!) / 2e-5) ** 2))
    })
    return Math.sqrt(squares)
  })
  for (const model of [compiled, explored]) near([sumOfNorms(model, x)], [sum(norms)], 1e-4, 'Jacobian norms')
  compiled.close()
  plain.close()
})

for (const [variant, how] of [
  ['classical', both.how],
  ['variational', both.how],
  ['iwae', { upsampling: 'transposed', normalisation: 'batch' }],
] as const) {
  test(`${variant}: compiled steps of a normalised network are those of plain tfjs, running statistics included`, () => {
    // Not by Adam, which would make whole steps of rounding where there is no gradient: by the bias of a linear code.
    const training = { batchSize: 8, learningRate: 0.001, optimizer: 'momentum' }
    const config = configOf({ variant, settings: { training }, how })
    const spec = { variant: variantOf(variant), config, input: image, kind: 'image' as const }
    const compiled = new CompiledModel(spec, [8]),
      plain = new PlainModel(spec, 5)
    compiled.load(plain.weights())
    const begun = compiled.state()
    for (let step = 1; step <= 20; step++) {
      const batch = Uint8Array.from({ length: 8 * sizeOf(image) }, (_, at) => (at * 31 + step * 7 + (at % 5) * step) % 256)
      const places = Uint32Array.from({ length: 8 }, (_, at) => at)
      const [a, b] = [compiled, plain].map((model) => model.step(batch.slice(), places, 3, step, 0.001).terms)
      near(a!, b!, 1e-4, `terms of step ${step}`)
    }
    const now = compiled.state()
    for (const [name, values] of Object.entries(plain.state())) near(now[name]!, values, 2e-3, name)
    for (const name of Object.keys(compiled.weights())) assert.notDeepEqual(now[name], begun[name], `${name} never changes`)
    compiled.close()
  })
}

test('pruned, a normalised network does the same without its normalisation, where a unit never leaves its mean', () => {
  const variant = variantOf('variational'),
    config = configOf({ variant: 'variational', settings: { regularizer: { decoder: 'bernoulli' } }, how: both.how })
  const values = valuesFor(partsOfNetwork(variant, config, image))
  // The mean of the second unit is a constant.
  for (let row = 0; row < 5; row++) values['encoder/mean/kernel']![row * code + 1] = 0
  const means = [0, values['encoder/mean/bias']![1]!, 0]
  const pruned = withoutUnits(
    { network: config.network, input: image, heads: headsOf(likelihoodOf(variant, config)), weights: values },
    [1],
    means,
  )
  assert.equal(pruned.network.normalisation, 'none')
  const before = new ExploredNetwork(variant, config, image, 0, values),
    after = new ExploredNetwork(variant, { ...config, network: pruned.network }, image, 0, pruned.weights)
  const x = matrix(images)
  const outputs = [before, after].map((model) => (model.reconstruct(x) as Tensor2D).dataSync())
  near(outputs[1]!, outputs[0]!, 1e-5, 'reconstructions')
  const norms = [before, after].map(({ latent }) => latent!.outgoing())
  near(norms[1]!, [norms[0]![0]!, norms[0]![2]!], 1e-5, 'norms of what reads the code')
})

test('an exported file has normalisation in its kernels and biases, and no node for it', async () => {
  const variant = variantOf('classical'),
    config = configOf(both)
  const home = mkdtempSync(join(tmpdir(), 'normalised-'))
  try {
    const { height, width, channels } = image
    const pixels = Uint8Array.from({ length: 60 * sizeOf(image) }, (_, at) => (at * 37 + Math.floor(at / 70) * 11) % 256)
    const datasetFolder = await importRows(home, 'images', [60, height, width, channels], pixels)
    const values = valuesFor(partsOfNetwork(variant, config, image))
    const position = { stage: 0, step: 1, epoch: 1, seconds: 1, best: null }
    const checkpoint = { variant: 'classical', config, seed: 1, inputShape: image, classes: [], position, state: values }
    writeCheckpoint(home, 'last', checkpoint)
    const found: Record<string, ReturnType<typeof decodeModel>['graph']> = {}
    for (const part of ['encoder', 'decoder'] as const) {
      const out = join(home, `${part}.onnx`)
      const files = { runId: 'r', runFolder: home, datasetFolder, out, force: false, metadata: {} }
      // It is compared with the network on test images before it has its name.
      await exportHere({ kind: 'export', ...files, part, input: 'raw', precision: 'float32' })
      found[part] = decodeModel(readFileSync(out)).graph
    }
    const operators = (part: string) => found[part]!.nodes.map(({ op }) => op).filter((op) => !/Reshape|Transpose|Flatten/.test(op))
    assert.equal(operators('encoder').join(' '), 'Conv Tanh Conv Tanh Gemm Tanh Gemm')
    assert.equal(operators('decoder').join(' '), 'Gemm Tanh Gemm Tanh Resize Conv Tanh Resize Conv Sigmoid')
    for (const { initialisers } of Object.values(found))
      for (const { name, dtype } of initialisers) if (dtype === 'float32') assert.match(name, /(kernel|bias|scales)/)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})
