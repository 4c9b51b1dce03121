import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkpointFile, writeCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { torchLoader } from '../../src/main/engine/export/snippets/torch/loader.ts'
import { tf, type Tensor, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { networkOf } from '../../src/main/engine/training/objective.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'
import { partsOfNetwork, type Variant } from '../../src/main/engine/variants/variant.ts'
import { activations, type Config, type Settings } from '../../src/shared/config.ts'
import { WorkbenchError } from '../../src/shared/errors.ts'
import { sizeOf, vectorOf, type Shape } from '../../src/shared/shape.ts'
import { facts, flavoursOf, tinyConfig } from '../fixtures/everySetting.ts'
import { normalNumbers, weightsFor } from '../fixtures/explored.ts'

/**
 * The loaders in PyTorch of every variant, run as they are shown, beside the workbench's own network. With
 * WORKBENCH_TORCH_PYTHON, a Python that has PyTorch, by PyTorch itself; else by NumPy doing what PyTorch says that it does.
 */

const folder = mkdtempSync(join(tmpdir(), 'torch-loaders-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const python = process.env['WORKBENCH_TORCH_PYTHON'] ?? process.env['WORKBENCH_PYTHON'] ?? 'python3'
const missing =
  spawnSync(python, ['-c', 'import numpy, safetensors']).status === 0
    ? false
    : `${python} has no numpy and safetensors; set WORKBENCH_PYTHON to an interpreter that has them`

interface Case {
  what: string
  file: string
  wanted: Record<string, Float32Array>
  run: { file: string; inputs: string; shape: number[]; fields: string[] }
}
const rows = 5
const classes = ['a', 'b', 'c']

let caseCount = 0
/** A trained network with any weights: its checkpoint, its loader, and what the workbench makes of some inputs. */
function caseOf(variant: Variant, config: Config, shape: Shape, images = true, at = caseCount++): Case {
  const what = `${variant.id} ${JSON.stringify(config.network)} ${JSON.stringify(config.regularizer)}`
  const size = sizeOf(shape)
  const state = weightsFor(variant.id, config, shape, at + 1)
  const named = config.fineTuning.kind === 'classification' ? classes : []
  const position = { stage: 0, step: 1, epoch: 1, seconds: 1, best: null }
  const runFolder = join(folder, String(at))
  const slots = { 'optimizer/m/encoder/0/kernel': new Float32Array(3) }
  writeCheckpoint(runFolder, 'last', {
    variant: variant.id,
    config,
    seed: 1,
    inputShape: shape,
    classes: named,
    position,
    state: { ...state, ...slots },
    shapes: { 'optimizer/m/encoder/0/kernel': [3] },
  })
  const file = join(runFolder, "it's a loader.py")
  const subject = { file: checkpointFile(runFolder, 'last'), variant, config, inputShape: shape, images, classes: named.length }
  writeFileSync(file, torchLoader(subject))
  const values = normalNumbers(rows * size, at).map((value) => 1 / (1 + Math.exp(-value)))
  const inputs = join(runFolder, 'inputs')
  writeFileSync(inputs, values)

  const x = tf.tensor2d(values, [rows, size]) as Tensor2D
  const wanted = tf.tidy(() => {
    const specs = partsOfNetwork(variant, config, shape, named.length)
    const tensors = Object.fromEntries(specs.map((spec) => [spec.name, tf.tensor(state[spec.name]!, spec.shape)]))
    const network = networkOf(variant, config, shape, tensors)
    const layers = network.encodeLayers(x)
    const code = network.codeOf(layers)
    const found: Record<string, Tensor> = { encoder: code }
    if (named.length > 0) found['forward'] = found['classifier'] = network.classify(code)
    else {
      const { logits, heads } = network.decodeHeads(code)
      found['forward'] = found['decoder'] = network.output(logits)
      if (heads['logVariance']) found['output_log_variance'] = heads['logVariance'].clipByValue(-7, 7)
    }
    const { logVariance } = network.codeHeads(layers, x)
    if (logVariance) found['log_variance'] = logVariance.clipByValue(-20, 7)
    return Object.fromEntries(Object.entries(found).map(([name, tensor]) => [name, tensor.dataSync().slice() as Float32Array]))
  })
  x.dispose()
  // Images are taken as images, too.
  const given = images && at % 2 === 0 ? [rows, shape.height, shape.width, shape.channels] : [rows, size]
  return { what, file, wanted, run: { file, inputs, shape: given, fields: Object.keys(wanted) } }
}

/** Runs all loaders, in one process, and looks at what they give. */
function compare(cases: readonly Case[]): void {
  const manifest = join(folder, 'manifest.json')
  writeFileSync(manifest, JSON.stringify(cases.map(({ run }) => run)))
  execFileSync(python, [fileURLToPath(new URL('../fixtures/torchLoaders.py', import.meta.url)), manifest])
  for (const { what, run, wanted } of cases)
    for (const [field, values] of Object.entries(wanted)) {
      const bytes = readFileSync(`${run.file}.${field}`)
      const found = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
      assert.equal(found.length, values.length, `${what}: ${field}`)
      const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
      const most = found.reduce((largest, value, at) => Math.max(largest, Math.abs(value - values[at]!)), 0)
      assert.ok(most <= 1e-5 * scale, `${what}: ${field} differs by ${most}\n${readFileSync(run.file, 'utf8')}`)
    }
}

/** Those of some settings that a variant takes. */
const allowed = (variant: Variant, tried: readonly Settings[]): Config[] =>
  tried.flatMap((settings) => {
    try {
      return [tinyConfig(variant, settings)]
    } catch {
      return []
    }
  })
const { height, width, channels } = facts.size
const shape = { height, width, channels }

test('every variant, whatever its settings, comes to the same codes and reconstructions in PyTorch', { skip: missing }, () => {
  const shared: Settings[] = [
    { 'network.tied': true },
    { 'network.tied': true, 'network.weightNorm': true },
    { 'network.tied': false, 'network.weightNorm': true },
    { 'network.layers': [7] },
    { 'network.layers': [9, 8, 7], 'network.tied': true },
    { 'network.layers': [9, 8, 7] },
    { 'network.layers': [9, 8, 7], 'network.normalisation': 'batch', 'network.tied': false },
    { 'fineTuning.kind': 'classification' },
    ...activations.map((activation): Settings => ({
      'network.activation': activation,
      'network.codeActivation': activation,
      'network.outputActivation': activation,
      reconstruction: 'squaredError',
    })),
    ...activations.map((activation): Settings => ({ 'network.activation': activation })),
  ]
  const cases = variants.flatMap((variant) =>
    allowed(variant, [...flavoursOf(variant), ...shared]).map((config) => caseOf(variant, config, shape)),
  )
  assert.ok(cases.length > 100, String(cases.length))
  compare(cases)
})

/** Odd sides, strides that leave pixels out, kernels of one pixel and larger than the image. */
const pyramids: [Shape, string][] = [
  [{ height: 9, width: 7, channels: 3 }, '4x4s2,5x3s2'],
  [{ height: 8, width: 11, channels: 1 }, '3x5,2x1s3'],
  [{ height: 6, width: 5, channels: 2 }, '6x4s2'],
  [{ height: 10, width: 10, channels: 3 }, '3x2s4,4x2s2'],
]

test('convolutions, tied and untied, normalised or not, with every kind of code and output', { skip: missing }, () => {
  const settings: Settings[] = [
    {},
    { 'network.tied': true },
    { 'network.weightNorm': true },
    { 'network.tied': true, 'network.weightNorm': true },
    { 'network.tied': false, 'network.upsampling': 'resize' },
    { 'network.tied': false, 'network.upsampling': 'resize', 'network.normalisation': 'batch' },
    { 'network.layers': [12, 6], 'network.activation': 'elu' },
    { 'regularizer.decoder': 'gaussian' },
    { 'regularizer.decoder': 'gaussian', 'network.upsampling': 'resize', 'network.normalisation': 'batch' },
    { 'network.tied': false, 'network.upsampling': 'resize', 'network.weightNorm': true },
    { 'fineTuning.kind': 'classification' },
  ]
  const cases = variants.flatMap((variant) =>
    pyramids.flatMap(([size, convolutions], at) =>
      settings.flatMap((own) => {
        const given = { 'network.layers': [6], ...(variant.gate ? { 'regularizer.k': 2 } : {}), ...own }
        const known = { ...given, 'network.convolutions': convolutions }
        const facts = { kind: 'image' as const, size, rowSize: sizeOf(size), trainCount: 100, classes: 3 }
        const { config } = resolveConfig(variant.id, known, facts)
        if (!config || config.network.convolutions.length === 0) return []
        if (at !== 1) return [caseOf(variant, config, size)]
        const statistics = { mean: [0.4], deviation: [0.2] }
        return [caseOf(variant, { ...config, data: { ...config.data, standardise: 'channel', statistics } }, size)]
      }),
    ),
  )
  assert.ok(cases.length > 100, String(cases.length))
  const programs = cases.map(({ run }) => readFileSync(run.file, 'utf8'))
  for (const part of ['nn.BatchNorm1d', 'nn.BatchNorm2d', 'nn.Upsample', 'normalised(Convolution', 'ConvolutionBack(self.encoder'])
    assert.ok(
      programs.some((program) => program.includes(part)),
      part,
    )
  for (const field of ['output_log_variance', 'classifier', 'log_variance'])
    assert.ok(
      cases.some(({ wanted }) => wanted[field]),
      field,
    )
  compare(cases)
})

test('inputs are standardised as in training, and rows of values need no image', { skip: missing }, () => {
  const statistics = { mean: [0.123456789, 0.8], deviation: [0.05, 0] }
  const standardised = variants.flatMap((variant) =>
    allowed(variant, [{ 'data.standardise': 'channel' }]).map((config) =>
      caseOf(variant, { ...config, data: { ...config.data, statistics } }, shape),
    ),
  )
  assert.ok(standardised.length > 8)
  const vectors = variants.flatMap((variant) => allowed(variant, [{}]).map((config) => caseOf(variant, config, vectorOf(2), false)))
  compare([...standardised, ...vectors])
})

test('a variant whose gate has no words of PyTorch is refused with a sentence', () => {
  const variant = { ...variants.find(({ gateInTorch }) => gateInTorch)!, gateInTorch: undefined } as unknown as Variant
  assert.throws(
    () => torchLoader({ file: 'f', variant, config: tinyConfig(variant), inputShape: shape, images: true, classes: 0 }),
    (error) =>
      error instanceof WorkbenchError && error.code === 'EXPORT_UNSUPPORTED' && /lets through of the code/.test(error.message),
  )
})
