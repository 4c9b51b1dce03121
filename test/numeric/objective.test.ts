import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import { readSafetensors, writeSafetensors, type NamedTensor } from '../../src/main/engine/checkpoint/safetensors.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { weightSpecs } from '../../src/main/engine/network/weights.ts'
import { computeObjective } from '../../src/main/engine/jobs/objective.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import type { Settings } from '../../src/shared/config.ts'
import { gradients64, loss64, type Matrix, type Spec, type Weights64 } from '../fixtures/float64.ts'

const folder = mkdtempSync(join(tmpdir(), 'objective-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const B = 5,
  D = 7
const source = random('objective test')
const uniform = () => source.next() / 2 ** 32
const values = (shape: number[], scale: number, shift = 0): NamedTensor => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (uniform() - 0.5) * scale + shift),
})
const widened = (tensors: Record<string, NamedTensor>): Weights64 =>
  Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }]))
const rowsOf = ({ data }: NamedTensor): Matrix =>
  Array.from({ length: B }, (_, row) => Array.from(data.subarray(row * D, (row + 1) * D)))

type Extra = Partial<Pick<Spec, 'gate' | 'drop' | 'emphasis' | 'contraction' | 'onCodes'>>
interface Case {
  variant: string
  settings: Settings
  /** Which tensors are given beside weights and x, by name and shape; those of kernels for `weightNoise`. */
  gives?: (layers: number[]) => Record<string, NamedTensor>
  noise?: boolean
  /** What the design's formula adds to the classical objective. */
  formula?: (given: Record<string, NamedTensor>, x: Matrix) => Extra
  /** The formula's value where its stated gradient is not that of its value. */
  value?: (given: Record<string, NamedTensor>) => Extra['onCodes']
  /** The term that the formula adds. */
  term?: 'contraction' | 'sparsity'
}

const klTerm = (rho: number, mean: number) => rho * Math.log(rho / mean) + (1 - rho) * Math.log((1 - rho) / (1 - mean))
const means = (codes: Matrix) => codes[0]!.map((_, j) => codes.reduce((sum, row) => sum + row[j]!, 0) / codes.length)
const corrupts = () => ({ xCorrupted: values([B, D], 1, 0.5) })
const half = (x: Matrix, given: Record<string, NamedTensor>) => {
  // Half of the pixels stay as they are, so that both weights of the emphasis count.
  const data = given['xCorrupted']!.data
  data.forEach((_, index) => {
    if (index % 2 === 0) data[index] = x[Math.floor(index / D)]![index % D]!
  })
}

const cases: Case[] = [
  { variant: 'classical', settings: { network: { layers: [6, 3] } } },
  {
    variant: 'classical',
    settings: {
      network: { layers: [6, 5, 3], tied: true, activation: 'tanh', codeActivation: 'sigmoid' },
      training: { weightDecay: 0.01 },
    },
  },
  { variant: 'classical', settings: { network: { layers: [9], tied: true, weightNorm: true, codeActivation: 'softplus' } } },
  {
    variant: 'classical',
    settings: { network: { layers: [4, 2], activation: 'elu', outputActivation: 'linear' }, reconstruction: 'squaredError' },
  },
  { variant: 'denoising', settings: { network: { layers: [6, 3], activation: 'sigmoid' } }, gives: corrupts },
  {
    variant: 'denoising',
    settings: {
      network: { layers: [6], tied: true },
      regularizer: { noise: 'weights', sigma: 0.2 },
      training: { weightDecay: 0.1 },
    },
    noise: true,
  },
  ...(['squaredError', 'crossEntropy'] as const).map((reconstruction): Case => ({
    variant: 'denoising',
    settings: {
      network: { layers: [6, 3], activation: 'tanh' },
      reconstruction,
      regularizer: { corruptedWeight: 2.5, cleanWeight: 0.5 },
    },
    gives: corrupts,
    formula(given, x) {
      half(x, given)
      return { emphasis: (n, d) => (Math.fround(x[n]![d]!) === given['xCorrupted']!.data[n * D + d] ? 0.5 : 2.5) }
    },
  })),
  ...(
    [
      [[8], 'sigmoid', true],
      [[8], 'linear', false],
      [[6, 4], 'sigmoid', true],
      [[6, 5, 3], 'tanh', false],
      [[6, 4], 'softplus', false],
      [[6, 5, 4], 'elu', true],
      [[5, 3], 'relu', true],
      [[12, 4], 'tanh', true],
      [[14, 5, 3], 'sigmoid', false],
    ] as const
  ).map(([layers, activation, tied]): Case => ({
    variant: 'contractive',
    settings: {
      network: { layers: [...layers], activation, codeActivation: activation, tied, weightNorm: layers.length === 2 },
      regularizer: { lambda: 0.7 },
    },
    formula: () => ({ contraction: 0.7 }),
    term: 'contraction',
  })),
  {
    variant: 'sparseKl',
    settings: { network: { layers: [6, 4] }, regularizer: { rho: 0.1, beta: 3 } },
    term: 'sparsity',
    formula: () => ({ onCodes: (codes) => 3 * means(codes).reduce((sum, mean) => sum + klTerm(0.1, mean), 0) }),
  },
  ...(['running', 'dataset'] as const).map((estimate): Case => ({
    variant: 'sparseKl',
    settings: { network: { layers: [6, 4] }, regularizer: { rho: 0.1, beta: 3, estimate } },
    gives: () => ({ rhoHat: values([4], 0.4, 0.4) }),
    term: 'sparsity',
    formula: ({ rhoHat }) => ({
      onCodes: (codes) =>
        3 * means(codes).reduce((sum, mean, j) => sum + mean * (-0.1 / rhoHat!.data[j]! + 0.9 / (1 - rhoHat!.data[j]!)), 0),
    }),
    value:
      ({ rhoHat }) =>
      () =>
        3 * rhoHat!.data.reduce((sum, mean) => sum + klTerm(0.1, mean), 0),
  })),
  { variant: 'sparseBias', settings: { network: { layers: [6, 4] } } },
  {
    variant: 'sparseL1',
    settings: { network: { layers: [9], codeActivation: 'tanh' }, regularizer: { lambda: 0.3 } },
    term: 'sparsity',
    formula: () => ({ onCodes: (codes) => (0.3 * codes.flat().reduce((sum, value) => sum + Math.abs(value), 0)) / B }),
  },
  {
    variant: 'kSparse',
    settings: { network: { layers: [6, 8] }, regularizer: { k: 3 } },
    formula: () => ({ gate: (code) => code.map((value) => (code.filter((other) => other > value).length < 3 ? value : 0)) }),
  },
  {
    variant: 'dropout',
    settings: { network: { layers: [6, 8] }, regularizer: { rate: 0.4 } },
    gives: () => ({ dropoutMask: { shape: [B, 8], data: Float32Array.from({ length: B * 8 }, () => Number(uniform() > 0.4)) } }),
    formula: ({ dropoutMask }) => ({
      drop: (code, row) => code.map((value, j) => (value * dropoutMask!.data[row * 8 + j]!) / 0.6),
    }),
  },
]

for (const { variant, settings, gives, noise: noisy, formula, value, term } of cases) {
  test(`${variant} ${JSON.stringify(settings)}: loss, terms and gradients are those of the formulas in float64`, () => {
    const { config, problems } = resolveConfig(variant, settings, { rowSize: D })
    assert.deepEqual(problems, [])
    const { network, reconstruction, training } = config!
    const weights = Object.fromEntries(weightSpecs(network, vectorOf(D)).map(({ name, shape }) => [name, values(shape, 1.6)]))
    const x = values([B, D], 1, 0.5)
    const given = gives?.(network.layers) ?? {}
    const extra = formula?.(given, rowsOf(x)) ?? {}
    const noise = noisy
      ? Object.fromEntries(
          Object.keys(weights)
            .filter((name) => name.endsWith('/kernel'))
            .map((name) => [name, values(weights[name]!.shape, 0.3)]),
        )
      : {}
    const [input, out] = [join(folder, 'in.safetensors'), join(folder, 'out.safetensors')]
    writeSafetensors(input, {
      tensors: {
        ...weights,
        ...given,
        x,
        ...Object.fromEntries(Object.entries(noise).map(([name, tensor]) => [`weightNoise/${name}`, tensor])),
      },
      metadata: {},
    })
    const result = computeObjective({ kind: 'objective', variant, config: config!, in: input, out })

    const spec: Spec = { depth: network.layers.length, ...network, reconstruction, weightDecay: training.weightDecay, ...extra }
    const rest: [Weights64, Matrix, Matrix, Weights64] = [
      widened(weights),
      rowsOf(x),
      rowsOf(given['xCorrupted'] ?? x),
      widened(noise),
    ]
    const expected = loss64(value ? { ...spec, onCodes: value(given) } : spec, ...rest)
    const near = (a: number, b: number, what: string, floor = 1e-6) =>
      assert.ok(Math.abs(a - b) <= 1e-4 * Math.abs(b) + floor, `${what}: ${a}, expected ${b}`)
    near(result.loss, expected.loss, 'loss')
    near(result.terms['reconstruction']!, expected.reconstruction, 'reconstruction')
    if (training.weightDecay > 0) near(result.terms['weightDecay']!, expected.weightDecay, 'weightDecay')
    if (term) near(result.terms[term]!, term === 'contraction' ? expected.contraction : expected.onCodes, term)
    const gradients = readSafetensors(out).tensors
    const reference = gradients64(spec, ...rest)
    assert.deepEqual(Object.keys(gradients).toSorted(), Object.keys(weights).toSorted())
    for (const [name, wanted] of Object.entries(reference)) {
      const largest = wanted.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0)
      wanted.forEach((entry, index) =>
        near(gradients[name]!.data[index]!, entry, `gradient of ${name}[${index}]`, 1e-5 * largest + 1e-6),
      )
    }
  })
}

test('tensors that are missing, misshapen, surplus or not finite are refused by name', () => {
  const { config } = resolveConfig('denoising', { network: { layers: [3] } })
  const whole = {
    ...Object.fromEntries(weightSpecs(config!.network, vectorOf(D)).map(({ name, shape }) => [name, values(shape, 1)])),
    x: values([B, D], 1),
    xCorrupted: values([B, D], 1),
  }
  const refused = (tensors: Record<string, NamedTensor>, field: string) => {
    const input = join(folder, 'bad.safetensors')
    writeSafetensors(input, { tensors, metadata: {} })
    assert.throws(
      () => computeObjective({ kind: 'objective', variant: 'denoising', config: config!, in: input, out: join(folder, 'none') }),
      { code: 'TENSOR_INVALID', field },
    )
  }
  const { x, xCorrupted, ...weights } = whole
  const { 'encoder/0/bias': bias, ...unbiased } = weights as Record<string, NamedTensor>
  refused({ ...weights, xCorrupted }, 'x')
  refused({ ...weights, x }, 'xCorrupted')
  refused({ ...unbiased, x, xCorrupted }, 'encoder/0/bias')
  refused({ ...whole, 'encoder/0/bias': values([4], 1) }, 'encoder/0/bias')
  refused({ ...whole, epsilon: values([1], 1) }, 'epsilon')
  refused({ ...whole, 'encoder/0/bias': { shape: bias!.shape, data: bias!.data.map(() => NaN) } }, 'encoder/0/bias')
  // In closed form, or following no function's gradient.
  for (const variant of ['pca', 'rbm'])
    assert.throws(() => computeObjective({ kind: 'objective', variant, config: config!, in: '', out: '' }), {
      code: 'VARIANT_UNSUITABLE',
    })
})
