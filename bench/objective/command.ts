import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { sizeOf, vectorOf, type Shape } from '../../src/shared/shape.ts'
import { writeSafetensors, type NamedTensor } from '../../src/main/engine/checkpoint/safetensors.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { objectiveOf, stateSpecs } from '../../src/main/engine/training/objective.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'
import type { Randomness } from '../../src/main/engine/network/randomness.ts'
import { weightsOf, type Variant } from '../../src/main/engine/variants/variant.ts'
import type { Config, Settings } from '../../src/shared/config.ts'

/** Largest relative error of loss, terms and gradients that counts as agreement. */
const tolerance = 1e-4
const cli = resolve(import.meta.dirname, '../../src/main/engine/cli.ts')
const script = resolve(import.meta.dirname, '../objective-torch.py')

interface Case {
  title: string
  variant: Variant
  settings: Settings
  config: Config
  rows: number
  input: Shape
}
interface Errors {
  missing?: boolean
  loss: number
  terms: Record<string, number>
  surplus: string[]
  gradients: Record<string, number>
}

/** Networks in which every variant is compared, where it takes them. */
const networks: Settings[] = [
  { 'network.layers': [24] },
  { 'network.layers': [30, 20], 'network.tied': false, 'network.weightNorm': true, 'training.weightDecay': 0.01 },
  { 'network.layers': [30, 25, 20], 'network.tied': true, 'network.activation': 'tanh', reconstruction: 'squaredError' },
  {
    'network.layers': [20, 18],
    'network.activation': 'elu',
    'network.codeActivation': 'softplus',
    'network.outputActivation': 'linear',
    reconstruction: 'squaredError',
    'regularizer.rho': 0.3,
  },
]
/** Of odd sides, with kernels that are larger and smaller than their strides. */
const image: Shape = { height: 7, width: 9, channels: 3 }
const convolutional: Settings[] = [
  { 'network.convolutions': '5x4s2,6x3', 'network.layers': [8], 'network.tied': false, 'training.weightDecay': 0.01 },
  { 'network.convolutions': '4x3s2,3x2s3', 'network.layers': [10, 6], 'network.tied': true, 'network.activation': 'tanh' },
  { 'network.convolutions': '5x5s2', 'network.layers': [6], 'network.weightNorm': true, 'network.activation': 'elu' },
]
const real: Settings = {
  'network.layers': [500],
  'network.activation': 'sigmoid',
  'network.codeActivation': 'sigmoid',
  'network.tied': true,
  'regularizer.rho': 0.05,
}

/** Every gradient-trained variant with each of its own choices, with changed numbers, in several networks, and at the size of MNIST. */
function casesOf(variant: Variant): Case[] {
  const { fields } = resolveConfig(variant.id, {})
  const known = new Set(fields.map(({ key }) => key))
  const own = fields.filter(({ key }) => key.startsWith('regularizer.'))
  const choices = own
    .filter(({ kind, when }) => kind === 'choice' && !when)
    .flatMap(({ key, choices: all }): Settings[] => all!.map((choice) => ({ [key]: choice })))
  const flavours = choices.length > 0 ? choices : [{}]
  const numbers = Object.fromEntries(
    own
      .filter(({ kind, key }) => kind === 'number' && key !== 'regularizer.rho')
      .map(({ key, default: value }, index) => [key, (value as number) * (0.5 + 0.25 * (index % 3))]),
  )
  const wanted: [Settings, number, Shape][] = [
    ...networks.flatMap((network) =>
      flavours.map((flavour): [Settings, number, Shape] => [{ ...network, ...flavour }, 16, vectorOf(49)]),
    ),
    ...convolutional.flatMap((network) =>
      flavours.map((flavour): [Settings, number, Shape] => [{ ...network, ...flavour }, 5, image]),
    ),
    ...flavours.map((flavour): [Settings, number, Shape] => [{ ...networks[0]!, ...numbers, ...flavour }, 16, vectorOf(49)]),
    [{ ...real, ...flavours[0] }, 16, vectorOf(784)],
  ]
  return wanted.flatMap(([all, rows, input]): Case[] => {
    // What the variant determines is left to it.
    const settings = Object.fromEntries(Object.entries(all).filter(([key]) => known.has(key)))
    const { config } = resolveConfig(variant.id, settings, { rowSize: sizeOf(input), size: input })
    const title = Object.entries(settings)
      .map(([key, value]) => `${key.split('.').at(-1)}=${String(value)}`)
      .join(' ')
    return config ? [{ title, variant, settings, config, rows, input }] : []
  })
}

/** Random weights and inputs, and whatever the objective draws, asked of the objective itself. */
function inputsOf({ variant, config, rows, input }: Case, number: number): Record<string, NamedTensor> {
  const source = random('objective benchmark', number)
  const uniform = () => source.next() / 2 ** 32
  const filled = (shape: number[], value: () => number): NamedTensor => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, value),
  })
  const weights = Object.fromEntries(
    weightsOf(variant, config, input).map((spec) => [
      spec.name,
      { shape: spec.shape, data: initialValues(spec, number).map((value) => value + 0.1 * (uniform() - 0.5)) },
    ]),
  )
  // A third of the pixels are exactly 0, as in images.
  const x = filled([rows, sizeOf(input)], () => Math.max(0, 1.5 * uniform() - 0.5))
  const drawn: Record<string, NamedTensor> = {}
  const asked = (name: string, shape: number[], value: () => number) => {
    drawn[name] = filled(shape, value)
    return tf.tensor(drawn[name].data.slice(), shape)
  }
  const asking: Randomness = {
    uniform: (name, shape) => asked(name, shape, uniform),
    normal: (name, shape, deviation) => asked(name, shape, () => (2 * uniform() - 1) * deviation),
    keep: (name, shape, rate) => asked(name, shape, () => Number(uniform() >= rate)),
    get perImage() {
      return asking
    },
  }
  // Half of the pixels are corrupted, so that both weights of an emphasis count.
  const corrupted = { shape: x.shape, data: x.data.map((value) => (uniform() < 0.5 ? value : uniform())) }
  const states = Object.fromEntries(
    stateSpecs(variant, config, input).map(({ name, shape }) => [name, filled(shape, () => 0.05 + 0.5 * uniform())]),
  )
  tf.tidy(() => {
    objectiveOf(variant, config, {
      input,
      weights: Object.fromEntries(Object.entries(weights).map(([name, { shape, data }]) => [name, tf.tensor(data.slice(), shape)])),
      state: Object.fromEntries(Object.entries(states).map(([name, { shape, data }]) => [name, tf.tensor(data.slice(), shape)])),
      x: tf.tensor2d(x.data.slice(), x.shape as [number, number]),
      corrupted: tf.tensor2d(corrupted.data.slice(), x.shape as [number, number]) as Tensor2D,
      random: asking,
    })
  })
  return { ...weights, x, ...drawn, ...states, ...(variant.corrupt ? { xCorrupted: corrupted } : {}) }
}

/** `bench -- objective`: `aebench objective` of every variant against PyTorch in float64. */
export async function objectiveCommand(): Promise<void> {
  const python = process.env['WORKBENCH_TORCH_PYTHON'] ?? 'python3'
  if (spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status !== 0) {
    console.log(`left out: ${python} has no torch (set WORKBENCH_TORCH_PYTHON)`)
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'objective-bench-'))
  try {
    const cases = variants.filter((variant) => variant.objective && !variant.estimator).flatMap(casesOf)
    const manifest: unknown[] = []
    for (const [number, one] of cases.entries()) {
      const [input, out] = [join(folder, `${number}.in.safetensors`), join(folder, `${number}.out.safetensors`)]
      writeSafetensors(input, { tensors: inputsOf(one, number), metadata: {} })
      const sets = Object.entries(one.settings).flatMap(([key, value]) => ['--set', `${key}=${String(value)}`])
      const { stdout } = await promisify(execFile)(process.execPath, [
        cli,
        'objective',
        '--home',
        join(folder, 'home'),
        '--variant',
        one.variant.id,
        ...sets,
        ...(one.input.height === 1
          ? []
          : ['--size', `${one.input.width}x${one.input.height}`, '--channels', String(one.input.channels)]),
        '--in',
        input,
        '--out',
        out,
        '--json',
      ])
      manifest.push({
        variant: one.variant.id,
        config: one.config,
        shape: [one.input.height, one.input.width, one.input.channels],
        in: input,
        out,
        ...(JSON.parse(stdout.trim().split('\n').at(-1)!) as object),
      })
      console.error(`${number + 1} of ${cases.length}: ${one.variant.id} ${one.title}`)
    }
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
    const { stdout } = await promisify(execFile)(python, [script, join(folder, 'manifest.json')], { maxBuffer: 2 ** 26 })
    report(
      cases,
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Errors),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function report(cases: Case[], errors: Errors[]): void {
  let disagreements = 0
  console.log('variant       loss      terms     gradients  settings')
  cases.forEach(({ variant, title }, index) => {
    const { missing, loss, terms, surplus, gradients } = errors[index]!
    const worst = missing ? [Infinity] : [loss, Math.max(...Object.values(terms)), Math.max(...Object.values(gradients))]
    const agrees = worst.every((error) => error <= tolerance) && surplus.length === 0
    if (!agrees) disagreements++
    const note = missing ? '  no formula in objective-torch.py' : surplus.length > 0 ? `  unknown terms: ${surplus.join(', ')}` : ''
    console.log(
      `${variant.id.padEnd(13)} ${worst.map((error) => error.toExponential(1).padEnd(9)).join(' ')}  ` +
        `${title}${agrees ? '' : '  DISAGREES'}${note}`,
    )
  })
  console.log(`${cases.length - disagreements} of ${cases.length} agree with PyTorch (float64) to ${tolerance} relative`)
  if (disagreements > 0) process.exitCode = 1
}
