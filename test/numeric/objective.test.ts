import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readSafetensors, writeSafetensors, type NamedTensor } from '../../src/main/engine/checkpoint/safetensors.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { weightSpecs } from '../../src/main/engine/network/weights.ts'
import { computeObjective } from '../../src/main/engine/training/objectiveJob.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import type { Settings } from '../../src/shared/config.ts'
import { gradients64, loss64, type Matrix, type Spec, type Weights64 } from '../fixtures/float64.ts'

const folder = mkdtempSync(join(tmpdir(), 'objective-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const B = 5, D = 7
const source = random('objective test')
const uniform = () => source.next() / 2 ** 32
const values = (shape: number[], scale: number, shift = 0): NamedTensor => ({ shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (uniform() - 0.5) * scale + shift) })
const widened = (tensors: Record<string, NamedTensor>): Weights64 => Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }]))
const rowsOf = ({ data }: NamedTensor): Matrix => Array.from({ length: B }, (_, row) => Array.from(data.subarray(row * D, (row + 1) * D)))

const cases: [string, Settings, 'plain' | 'corrupted' | 'noisyWeights'][] = [
  ['classical', { network: { layers: [6, 3] } }, 'plain'],
  ['classical', { network: { layers: [6, 5, 3], tied: true, activation: 'tanh', codeActivation: 'sigmoid' }, training: { weightDecay: 0.01 } }, 'plain'],
  ['classical', { network: { layers: [9], tied: true, weightNorm: true, codeActivation: 'softplus' } }, 'plain'],
  ['classical', { network: { layers: [4, 2], activation: 'elu', outputActivation: 'linear' }, reconstruction: 'squaredError' }, 'plain'],
  ['denoising', { network: { layers: [6, 3], activation: 'sigmoid' } }, 'corrupted'],
  ['denoising', { network: { layers: [6], tied: true }, regularizer: { noise: 'weights', sigma: 0.2 }, training: { weightDecay: 0.1 } }, 'noisyWeights'],
]

for (const [variant, settings, kind] of cases) {
  test(`${variant} ${JSON.stringify(settings)}: loss, terms and gradients are those of the formulas in float64`, () => {
    const { config, problems } = resolveConfig(variant, settings, { rowSize: D })
    assert.deepEqual(problems, [])
    const { network, reconstruction, training } = config!
    const weights = Object.fromEntries(weightSpecs(network, D).map(({ name, shape }) => [name, values(shape, 1.6)]))
    const x = values([B, D], 1, 0.5)
    const corrupted = kind === 'corrupted' ? { xCorrupted: values([B, D], 1, 0.5) } : null
    const noise = kind === 'noisyWeights' ? Object.fromEntries(Object.keys(weights).filter((name) => name.endsWith('/kernel')).map((name) => [name, values(weights[name]!.shape, 0.3)])) : {}
    const [input, out] = [join(folder, 'in.safetensors'), join(folder, 'out.safetensors')]
    writeSafetensors(input, { tensors: { ...weights, x, ...corrupted, ...Object.fromEntries(Object.entries(noise).map(([name, tensor]) => [`weightNoise/${name}`, tensor])) }, metadata: {} })
    const result = computeObjective({ kind: 'objective', variant, config: config!, in: input, out })

    const spec: Spec = { depth: network.layers.length, ...network, reconstruction, weightDecay: training.weightDecay }
    const given: [Spec, Weights64, Matrix, Matrix, Weights64] = [spec, widened(weights), rowsOf(x), rowsOf(corrupted?.xCorrupted ?? x), widened(noise)]
    const expected = loss64(...given)
    const near = (a: number, b: number, what: string, floor = 1e-6) => assert.ok(Math.abs(a - b) <= 1e-4 * Math.abs(b) + floor, `${what}: ${a}, expected ${b}`)
    near(result.loss, expected.loss, 'loss')
    near(result.terms['reconstruction']!, expected.reconstruction, 'reconstruction')
    if (training.weightDecay > 0) near(result.terms['weightDecay']!, expected.weightDecay, 'weightDecay')
    const gradients = readSafetensors(out).tensors
    const reference = gradients64(...given)
    assert.deepEqual(Object.keys(gradients).toSorted(), Object.keys(weights).toSorted())
    for (const [name, wanted] of Object.entries(reference)) {
      const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      wanted.forEach((value, index) => near(gradients[name]!.data[index]!, value, `gradient of ${name}[${index}]`, 1e-5 * largest + 1e-6))
    }
  })
}

test('tensors that are missing, misshapen, surplus or not finite are refused by name', () => {
  const { config } = resolveConfig('denoising', { network: { layers: [3] } })
  const whole = { ...Object.fromEntries(weightSpecs(config!.network, D).map(({ name, shape }) => [name, values(shape, 1)])), x: values([B, D], 1), xCorrupted: values([B, D], 1) }
  const refused = (tensors: Record<string, NamedTensor>, field: string) => {
    const input = join(folder, 'bad.safetensors')
    writeSafetensors(input, { tensors, metadata: {} })
    assert.throws(() => computeObjective({ kind: 'objective', variant: 'denoising', config: config!, in: input, out: join(folder, 'none') }), { code: 'TENSOR_INVALID', field })
  }
  const { x, xCorrupted, ...weights } = whole
  const { 'encoder/0/bias': bias, ...unbiased } = weights as Record<string, NamedTensor>
  refused({ ...weights, xCorrupted }, 'x')
  refused({ ...weights, x }, 'xCorrupted')
  refused({ ...unbiased, x, xCorrupted }, 'encoder/0/bias')
  refused({ ...whole, 'encoder/0/bias': values([4], 1) }, 'encoder/0/bias')
  refused({ ...whole, epsilon: values([1], 1) }, 'epsilon')
  refused({ ...whole, 'encoder/0/bias': { shape: bias!.shape, data: bias!.data.map(() => NaN) } }, 'encoder/0/bias')
  assert.throws(() => computeObjective({ kind: 'objective', variant: 'pca', config: config!, in: '', out: '' }), { code: 'VARIANT_UNSUITABLE' })
})
