import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sizeOf, type Shape } from '../../src/shared/shape.ts'
import type { Config, Settings } from '../../src/shared/config.ts'
import { partsOf } from '../../src/main/engine/network/parts.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'
import type { Variant } from '../../src/main/engine/variants/variant.ts'
import { alsoInPython, classCount, drawnRun, exportAndCompare, type Case } from '../fixtures/exportedRuns.ts'
import { decodeModel } from '../fixtures/onnxReader.ts'
import { importRows } from '../fixtures/tinyDataset.ts'

/**
 * Every variant with convolutions on odd sides, gray and in colour, exported in every part, run by onnxruntime, by Python's, and by onnx's
 * reference evaluator, against float64 and plain loops; and that the graphs are such as somebody would have drawn.
 */

const home = mkdtempSync(join(tmpdir(), 'export-convolutions-'))
const shapes = { colour: { height: 13, width: 9, channels: 3 }, gray: { height: 9, width: 13, channels: 1 } } satisfies Record<
  string,
  Shape
>
const folders: Record<keyof typeof shapes, string> = { colour: '', gray: '' }
before(async () => {
  for (const [name, { height, width, channels }] of Object.entries(shapes)) {
    const rows = 160
    // Blobs of other colours at other places: a pixel says something of those beside it, and nothing is symmetric.
    const pixels = Uint8Array.from({ length: rows * height * width * channels }, (_, at) => {
      const channel = at % channels,
        x = Math.floor(at / channels) % width,
        y = Math.floor(at / channels / width) % height,
        row = Math.floor(at / channels / width / height)
      const distance = (x - ((row * 7) % width)) ** 2 + 2 * (y - ((row * 5) % height)) ** 2
      return 255 * Math.exp(-distance / (4 + channel + (row % 11)))
    })
    folders[name as 'gray'] = await importRows(
      home,
      name,
      channels === 1 ? [rows, height, width] : [rows, height, width, channels],
      pixels,
      Uint8Array.from({ length: rows }, (_, row) => row % classCount),
    )
  }
})
after(() => rmSync(home, { recursive: true, force: true }))

const cases: Case[] = []
const drawn = (name: keyof typeof shapes) => ({ home, datasetFolder: folders[name], shape: shapes[name] })

/** Kernels larger and smaller than their strides, sides that these do and do not divide. */
const convolutions = [
  { filters: 5, kernel: 4, stride: 2 },
  { filters: 4, kernel: 3, stride: 1 },
  { filters: 6, kernel: 1, stride: 2 },
]

function configOf(variant: Variant, shape: Shape, settings: Settings): Config | null {
  const facts = { rowSize: sizeOf(shape), size: shape, trainCount: 100, kind: 'image', classes: classCount } as const
  const { config, problems } = resolveConfig(
    variant.id,
    { 'network.convolutions': convolutions, ...(variant.gate ? { 'regularizer.k': 4 } : {}), ...settings },
    facts,
  )
  if (!config) assert.match(problems[0]!.field!, /^network\.(tied|layers|convolutions)$/, problems[0]!.message)
  return config
}

/** The operators of an exported file, in their order. */
const operatorsOf = (file: string): string[] => decodeModel(readFileSync(file)).graph.nodes.map(({ op }) => op)

/** Exports every part, from images or from rows of values; and an encoder and a decoder reduced, if that is asked for. */
async function exportAll(
  title: string,
  name: keyof typeof shapes,
  variant: Variant,
  config: Config,
  { images, reduced }: { images: boolean; reduced: boolean },
): Promise<void> {
  const run = drawnRun(drawn(name), variant, config, 1)
  for (const part of partsOf(config)) {
    const input = images && part !== 'decoder' ? 'pixels' : 'raw'
    const { file } = await exportAndCompare(drawn(name), cases, title, variant, config, run, part, input)
    // An image is turned on its way in and on its way out, and nowhere else; one of a single channel nowhere.
    const turns = operatorsOf(file).filter((op) => op === 'Transpose').length
    const ends = Number(part !== 'decoder') + Number(part === 'decoder' || part === 'autoencoder')
    assert.equal(turns, name === 'gray' ? 0 : ends, `${title} ${part}: ${operatorsOf(file).join(' ')}`)
    if (part === 'autoencoder' || !reduced) continue
    for (const precision of ['float16', 'int8'] as const) {
      const { reduction, bytes } = await exportAndCompare(drawn(name), cases, title, variant, config, run, part, input, precision)
      assert.ok(bytes > 0 && Number.isFinite(reduction!.relativeDifference))
      if (part !== 'decoder')
        assert.ok(
          reduction!.relativeDifference < (precision === 'float16' ? 0.05 : 0.5),
          `${title} ${part}: ${precision} differs by ${reduction!.relativeDifference}`,
        )
    }
  }
}

for (const variant of variants) {
  test(`${variant.id} with convolutions: every part, tied and untied, gray and in colour`, async () => {
    let exported = 0
    for (const [name, tied, layers] of [
      ['colour', false, [6]],
      ['colour', true, [8, 6]],
      ['gray', true, [6]],
      ['gray', false, [8, 6]],
    ] as const) {
      const config = configOf(variant, shapes[name], { 'network.layers': [...layers], 'network.tied': tied })
      if (!config) continue
      exported += 1
      await exportAll(`${variant.id}-${name}-${tied ? 'tied' : 'untied'}`, name, variant, config, {
        images: name === 'colour',
        reduced: tied === (name === 'gray'),
      })
    }
    assert.ok(exported > 0 || ['pca', 'rbm'].includes(variant.id), 'nothing was exported')
  })
}

const variantOf = (id: string) => variants.find((variant) => variant.id === id)!

test('networks that classify, with normalised weights, standardised inputs, and every decoder', async () => {
  const classical = variantOf('classical')
  for (const [title, id, settings] of [
    ['classifier', 'classical', { 'fineTuning.kind': 'classification' }],
    ['normalised', 'classical', { 'network.weightNorm': true, 'network.tied': true }],
    ['bernoulli', 'variational', { 'regularizer.decoder': 'bernoulli' }],
    ['gaussian', 'variational', { 'regularizer.decoder': 'gaussian' }],
    ['fixed', 'variational', { 'regularizer.decoder': 'fixedGaussian', 'network.weightNorm': true }],
    ['resized', 'classical', { 'network.upsampling': 'resize' }],
    ['batch', 'classical', { 'network.normalisation': 'batch', 'network.layers': [8, 6] }],
    ['both', 'variational', { 'network.upsampling': 'resize', 'network.normalisation': 'batch' }],
    ['linear', 'classical', { 'network.activation': 'elu', 'network.outputActivation': 'linear', reconstruction: 'squaredError' }],
  ] as const) {
    const variant = variantOf(id)
    const config = configOf(variant, shapes.colour, { 'network.layers': [6], ...settings } as Settings)
    assert.ok(config, title)
    await exportAll(title, 'colour', variant, config, { images: true, reduced: false })
  }
  for (const name of ['colour', 'gray'] as const) {
    const config = configOf(classical, shapes[name], { 'network.layers': [6], 'data.standardise': 'channel' })!
    const statistics =
      name === 'colour' ? { mean: [0.11, 0.8, 0.3], deviation: [0.05, 0.07, 0] } : { mean: [0.11], deviation: [0.07] }
    const measured = { ...config, data: { ...config.data, statistics } }
    await exportAll(`standardised-${name}`, name, classical, measured, { images: name === 'gray', reduced: true })
  }
})

test('the graph is as somebody would have drawn it', async () => {
  const operators = async (name: keyof typeof shapes, settings: Settings, variant = variantOf('classical')) => {
    const own = variant.likelihood ? {} : { 'network.tied': false }
    const config = configOf(variant, shapes[name], { 'network.layers': [6], 'network.activation': 'relu', ...own, ...settings })!
    const run = drawnRun(drawn(name), variant, config, 1)
    const found: Record<string, string> = {}
    for (const part of partsOf(config)) {
      const input = part === 'decoder' ? 'raw' : 'pixels'
      const title = `drawn-${name}-${variant.id}-${Object.keys(settings).join()}`
      const { file } = await exportAndCompare(drawn(name), [], title, variant, config, run, part, input)
      found[part] = operatorsOf(file).join(' ')
    }
    return found
  }
  const encoder = 'Cast Div Transpose Conv Relu Conv Relu Conv Relu Flatten Gemm'
  const decoder = 'Gemm Relu Reshape ConvTranspose Relu Conv Relu ConvTranspose Sigmoid Transpose Flatten'
  assert.deepEqual(await operators('colour', {}), { encoder, decoder, autoencoder: `${encoder} ${decoder}` })
  // Nearest neighbours and ordinary convolutions; what normalises is part of the layers.
  const resized = await operators('colour', { 'network.upsampling': 'resize', 'network.normalisation': 'batch' })
  assert.deepEqual(resized, {
    encoder,
    decoder: 'Gemm Relu Reshape Resize Conv Relu Conv Relu Resize Conv Sigmoid Transpose Flatten',
    autoencoder: `${encoder} ${resized['decoder']}`,
  })
  // A tied decoder shares the encoder's kernels: none of them is in the file twice.
  const shared = decoder.replace(' Conv ', ' ConvTranspose ')
  assert.equal((await operators('colour', { 'network.tied': true }))['autoencoder'], `${encoder} ${shared}`)
  const gray = await operators('gray', {})
  assert.equal(gray['encoder'], encoder.replace('Transpose', 'Reshape'))
  assert.equal(gray['decoder'], decoder.replace('Transpose Flatten', 'Flatten'))
  assert.equal(
    (await operators('colour', {}, variantOf('variational')))['encoder'],
    `${encoder} Gemm Min Max Identity`,
    'both heads read one row of values, and log variances are kept in their range',
  )
  const standardised = configOf(variantOf('classical'), shapes.colour, {
    'network.layers': [6],
    'network.activation': 'relu',
    'data.standardise': 'channel',
  })!
  const config = { ...standardised, data: { ...standardised.data, statistics: { mean: [0.1, 0.2, 0.3], deviation: [1, 2, 3] } } }
  const run = drawnRun(drawn('colour'), variantOf('classical'), config, 1)
  const { file } = await exportAndCompare(drawn('colour'), [], 'drawn', variantOf('classical'), config, run, 'encoder', 'pixels')
  assert.equal(operatorsOf(file).join(' '), encoder.replace('Div', 'Div Sub Div'))
  const { graph } = decodeModel(readFileSync(file))
  assert.deepEqual(
    graph.initialisers.filter(({ shape }) => shape.join() === '3').map(({ name }) => name),
    ['image/sub/input1', 'image/div/input1'],
  )
  assert.ok(graph.intermediates.every(({ shape }) => shape[0] === 'N'))
})

alsoInPython("its onnxruntime and onnx's reference evaluator give the same", cases, () => join(home, 'cases.json'), 'reference')
