import assert from 'node:assert/strict'
import { test } from 'node:test'
import { questionKinds, type QuestionInput } from '../../src/shared/questions.ts'
import { vectorOf } from '../../src/shared/shape.ts'
import { ExploredNetwork } from '../../src/main/engine/explore/network.ts'
import { whyNot } from '../../src/main/engine/explore/suits.ts'
import { tf, type Tensor, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import { variants } from '../../src/main/engine/variants/index.ts'
import { ask, subjectOf, weightsFor } from '../fixtures/explored.ts'
import { facts, flavoursOf, tinyConfig } from '../fixtures/everySetting.ts'
import { datasetOf } from './evaluateFixtures.ts'

const width = facts.rowSize
const images = datasetOf(
  Uint8Array.from({ length: 60 * width }, (_, i) => (i * 89) % 256),
  width,
  Uint8Array.from({ length: 60 }, (_, row) => row % 3),
  30,
)
const numbers = (tensor: Tensor): Float32Array => {
  const values = tensor.dataSync<'float32'>().slice()
  tensor.dispose()
  return values
}
const alike = (a: Float32Array, b: Float32Array, what: string) => {
  assert.equal(a.length, b.length, what)
  const scale = Math.max(1, ...b.map(Math.abs))
  a.forEach((value, i) => assert.ok(Math.abs(value - b[i]!) <= 2e-5 * scale, `${what}[${i}]: ${value} and ${b[i]}`))
}

for (const variant of variants) {
  test(`${variant.id} is looked into as it was trained, whatever its settings`, async () => {
    const shared = [{ 'network.tied': true }, { 'network.weightNorm': true }].filter((settings) => {
      try {
        return tinyConfig(variant, settings) !== null
      } catch {
        return false
      }
    })
    for (const settings of [...flavoursOf(variant), ...shared]) {
      const config = tinyConfig(variant, settings)
      const weights = weightsFor(variant.id, config, width)
      const network = new ExploredNetwork(variant, config, vectorOf(width), 0, weights)
      const model = new CompiledModel({ variant, config, input: vectorOf(width), kind: 'image' })
      model.load(weights)
      const x = tf.randomUniform([7, width], 0, 1, 'float32', 3) as Tensor2D
      const what = `${variant.id} ${JSON.stringify(settings)}`
      const codes = network.encode(x)
      alike(numbers(network.decode(codes)), numbers(model.reconstruct(x)), `${what}: decoded`)
      alike(numbers(network.reconstruct(x)), numbers(model.reconstruct(x)), `${what}: rebuilt`)
      alike(numbers(codes), numbers(model.encode(x)), `${what}: code`)
      assert.deepEqual(
        [network.codeSize, network.latent?.likelihood, Boolean(network.machine)],
        [model.codeSize, model.latent?.likelihood, variant.estimator === true],
      )
      if (model.latent && network.latent) {
        const [own, other] = [network.latent.posterior(x), model.latent.posterior(x)]
        alike(numbers(own.mean), numbers(other.mean), `${what}: mean`)
        alike(numbers(own.logVariance), numbers(other.logVariance), `${what}: log variance`)
        alike(Float32Array.from(network.latent.outgoing()), Float32Array.from(model.latent.outgoing()), `${what}: outgoing`)
      }
      x.dispose()
      model.close()
      network.close()
    }
  })

  test(`${variant.id} answers every question that it is not refused`, async () => {
    const config = tinyConfig(variant)
    const subject = subjectOf(variant.id, config, weightsFor(variant.id, config, width), images),
      image = { row: 3 }
    const asked: Partial<Record<QuestionInput['kind'], QuestionInput>> = {
      neighbours: { kind: 'neighbours', image },
      chain: { kind: 'chain', start: image, steps: 2 },
      interpolate: { kind: 'interpolate', from: image, to: { row: 9 } },
      decode: { kind: 'decode', coordinates: new Float32Array(subject.network.codeSize) },
      field: { kind: 'field', through: [image, { row: 4 }, { row: 7 }], size: 4, pathSteps: 2 },
      walk: { kind: 'walk', image },
      map: { kind: 'map', method: 'umap', count: 20 },
      manifold: { kind: 'manifold', size: 3, slices: 2 },
    }
    for (const kind of questionKinds) {
      if (whyNot(kind, { config, variant: variant.id }, images as never) !== null) continue
      const result = await ask(subject, asked[kind] ?? ({ kind } as QuestionInput))
      const finite = (value: unknown): boolean =>
        value instanceof Float32Array
          ? value.every(Number.isFinite)
          : typeof value === 'number'
            ? Number.isFinite(value)
            : typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
              ? Object.values(value).every(finite)
              : true
      assert.ok(finite(result), `${variant.id} ${kind}`)
    }
    subject.close()
  })
}
