import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { vectorOf } from '../../src/shared/shape.ts'
import { networkSchema } from '../../src/shared/config.ts'
import { exportOnnx } from '../../src/main/engine/export/exportOnnx.ts'
import { decodeModel } from '../fixtures/onnxReader.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { Network } from '../../src/main/engine/network/network.ts'
import { networkParts, type NetworkPart } from '../../src/main/engine/network/parts.ts'
import { layersOf, weightSpecs } from '../../src/main/engine/network/weights.ts'
import { trace } from '../../src/main/engine/trace/recorder.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { numbers } from '../fixtures/exports.ts'

/** Exports what the recorder really records of a network, verified against plain tfjs. */

let folder = ''
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'export-recorded-'))
})
after(() => rm(folder, { recursive: true }))

async function exportNetwork(title: string, settings: object, part: NetworkPart, input: 'pixels' | 'raw') {
  const geometry = { width: 8, height: 8, channels: 1, kind: 'image' } as const
  const inputSize = 64
  const config = networkSchema.parse(settings)
  const name = part === 'decoder' ? 'code' : 'x'
  const columns = part === 'decoder' ? config.layers.at(-1)! : inputSize
  const specs = weightSpecs(config, vectorOf(inputSize))
  // Biases away from their initial 0, so that one left out would be seen.
  const values = new Map(
    specs.map((spec) => [spec.name, spec.role === 'bias' ? initialValues({ ...spec, scale: 0.3 }, 5) : initialValues(spec, 5)]),
  )
  const compute = networkParts[part]
  const out = path.join(folder, `${title}.onnx`)
  const result = await exportOnnx({
    part,
    input,
    out,
    geometry,
    precision: 'float32',
    force: false,
    version: 'test',
    metadata: {},
    recordAt: (batch) =>
      trace(
        [{ name, tensor: { shape: [batch, columns], dtype: 'float32', values: new Float32Array(batch * columns).fill(0.5) } }],
        specs.map((spec) => ({ name: spec.name, tensor: { shape: spec.shape, dtype: 'float32', values: values.get(spec.name)! } })),
        (named) =>
          compute(
            new Network(
              { network: config, layers: layersOf(config, vectorOf(inputSize)), reconstruction: 'squaredError' },
              Object.fromEntries(specs.map((spec) => [spec.name, named(spec.name)])),
            ),
            named(name) as Tensor2D,
          ),
        { fold: true },
      ),
    weights: Object.fromEntries(specs.map((spec) => [spec.name, { shape: spec.shape, data: values.get(spec.name)! }])),
    reference: {
      testRows(count) {
        const next = numbers(count)
        return rowsOf(input === 'pixels' && part !== 'decoder', Array.from({ length: count * columns }, next))
      },
      outputs: (rows, count) =>
        tf.tidy(() => {
          const x = tf.tensor2d(Float32Array.from(rows), [count, columns])
          const network = new Network(
            { network: config, layers: layersOf(config, vectorOf(inputSize)), reconstruction: 'squaredError' },
            Object.fromEntries(specs.map((spec) => [spec.name, tf.tensor(values.get(spec.name)!.slice(), spec.shape)])),
          )
          const outputs = compute(network, (rows instanceof Uint8Array ? x.div(255) : x) as Tensor2D)
          return Object.fromEntries(
            Object.entries(outputs).map(([each, tensor]) => [
              each,
              { shape: tensor.shape, data: tensor.dataSync().slice() as Float32Array },
            ]),
          )
        }),
    },
  })
  return { result, model: decodeModel(await readFile(out)) }
}
const rowsOf = (bytes: boolean, rows: number[]) => (bytes ? Uint8Array.from(rows, (value) => value * 256) : Float32Array.from(rows))

const activations = ['linear', 'sigmoid', 'tanh', 'relu', 'elu', 'softplus']
for (const part of ['encoder', 'decoder', 'autoencoder'] as const) {
  for (const layers of [[12], [24, 16, 6]]) {
    test(`${part} of ${layers.length} recorded layer(s): tied or not, normalised or not, pixels or raw, every activation`, async () => {
      let kind = 0
      for (const tied of [false, true]) {
        for (const weightNorm of [false, true]) {
          for (const input of ['pixels', 'raw'] as const) {
            const [activation, codeActivation, outputActivation] = [0, 2, 4].map(
              (shift) => activations[(kind + shift) % activations.length],
            )
            const settings = { layers, tied, weightNorm, activation, codeActivation, outputActivation }
            const { result, model } = await exportNetwork(`${part}-${layers.length}-${kind++}`, settings, part, input)
            assert.ok(result.maxAbsDiff < 1e-4)
            const operations = model.graph.nodes.map(({ op }) => op)
            const used = part === 'autoencoder' ? 2 : 1
            assert.equal(operations.filter((op) => op === 'Gemm').length, used * layers.length, operations.join())
            // Nothing but layers: a product with its bias, its activation, and what is done to pixels.
            const others = operations.filter((op) => !['Gemm', 'Sigmoid', 'Tanh', 'Relu', 'Elu', 'Softplus'].includes(op))
            assert.deepEqual(others, input === 'pixels' && part !== 'decoder' ? ['Cast', 'Div', 'Flatten'] : [])
            assert.deepEqual(
              model.graph.initialisers
                .map(({ name }) => name)
                .filter((name) => name !== 'pixels/scale/range')
                .toSorted(),
              // A tied decoder that stands beside its encoder has transposed kernels of its own.
              weightSpecs(networkSchema.parse({ ...settings, tied: tied && part !== 'autoencoder' }), vectorOf(64))
                .map(({ name }) => name)
                .filter(
                  (name) =>
                    part === 'autoencoder' || name.startsWith(part) || (tied && part === 'decoder' && name.endsWith('kernel')),
                )
                .toSorted(),
            )
          }
        }
      }
    })
  }
}
