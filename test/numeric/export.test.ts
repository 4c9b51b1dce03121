import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { exportOnnx } from '../../src/main/engine/export/exportOnnx.ts'
import type { OnnxModel } from '../../src/main/engine/export/onnxModel.ts'
import { decodeModel } from '../fixtures/onnxReader.ts'
import { openSession } from '../../src/main/engine/export/onnxruntime.ts'
import { failure, requestFor } from '../fixtures/exports.ts'
import { interpret, values } from '../fixtures/interpret.ts'
import { bool, denseRecording, RecordingBuilder, type DenseNetwork } from '../fixtures/recordings.ts'

const base: DenseNetwork = {
  inputSize: 12,
  layers: [5],
  tied: false,
  activation: 'relu',
  codeActivation: 'linear',
  outputActivation: 'sigmoid',
}
const geometry = { width: 2, height: 2, channels: 3, kind: 'image' } as const

let folder = ''
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'export-'))
})
after(() => rm(folder, { recursive: true }))

const readModel = async (file: string): Promise<OnnxModel> => decodeModel(await readFile(file))
const nodesOf = ({ graph }: OnnxModel) => graph.nodes.map(({ name, op }) => `${name}: ${op}`)

/** The file's outputs against the float64 reference, by the test's own comparison, at sizes that the export did not try too. */
async function assertAgrees(file: string, request: ReturnType<typeof requestFor>): Promise<number> {
  const session = await openSession(file)
  let largest = 0
  try {
    for (const count of [1, 2, 7, 128, 129]) {
      const rows = request.reference.testRows(count)
      const [input] = session.inputs
      const shape = input!.shape.map((size) => (size === 'N' ? count : Number(size)))
      const found = await session.run({ [input!.name]: { type: input!.type, shape, data: rows } })
      for (const [name, wanted] of Object.entries(request.reference.outputs(rows, count))) {
        assert.deepEqual(found[name]!.shape, wanted.shape)
        wanted.data.forEach((value, index) => {
          const difference = Math.abs(found[name]!.data[index]! - value)
          assert.ok(
            difference <= 1e-5 + 1e-4 * Math.abs(value),
            `${name}[${index}] of ${count}: ${found[name]!.data[index]} instead of ${value}`,
          )
          largest = Math.max(largest, difference)
        })
      }
    }
  } finally {
    await session.close()
  }
  return largest
}

for (const part of ['encoder', 'decoder', 'autoencoder'] as const) {
  for (const layers of [[5], [9, 7, 4]]) {
    for (const tied of [false, true]) {
      for (const input of ['pixels', 'raw'] as const) {
        if (part === 'decoder' && input === 'pixels') continue
        const title = `${part}, ${layers.length} layer${layers.length > 1 ? 's' : ''}, ${tied ? 'tied' : 'untied'}, ${input}`
        test(title, async () => {
          const network = { ...base, layers, tied }
          const out = path.join(folder, `${title}.onnx`)
          const request = requestFor((batch) => denseRecording(network, part, batch), { out, part, input, geometry })
          const result = await exportOnnx(request)
          const bytes = await readFile(out)
          assert.equal(result.file, out)
          assert.equal(result.bytes, bytes.length)
          assert.equal(result.sha256, createHash('sha256').update(bytes).digest('hex'))
          assert.ok(result.maxAbsDiff < 1e-5)
          assert.deepEqual(result.inputs, [
            part === 'decoder'
              ? { name: 'code', type: 'float32', shape: ['N', layers.at(-1)] }
              : input === 'pixels'
                ? { name: 'image', type: 'uint8', shape: ['N', 2, 2, 3] }
                : { name: 'x', type: 'float32', shape: ['N', 12] },
          ])
          assert.deepEqual(result.outputs, [
            part === 'encoder'
              ? { name: 'code', type: 'float32', shape: ['N', layers.at(-1)] }
              : { name: 'reconstruction', type: 'float32', shape: ['N', 12] },
          ])
          await assertAgrees(out, request)
          // Every weight once, and nothing that no node reads. A tied decoder has kernels of its own: see ownKernels.ts.
          const { graph } = decodeModel(bytes)
          const read = new Set(graph.nodes.flatMap((node) => node.inputs))
          assert.deepEqual(
            graph.initialisers.filter(({ name }) => !read.has(name)),
            [],
          )
          const kernels = graph.initialisers.map(({ name }) => name).filter((name) => name.endsWith('kernel'))
          assert.equal(kernels.length, (part === 'autoencoder' ? 2 : 1) * layers.length)
          // No kernel is read as it is by one product and transposed by another.
          const readings = graph.nodes.flatMap(({ op, inputs, attributes }) =>
            op === 'Gemm' || op === 'MatMul' ? [`${inputs[1]} ${'transB' in attributes}`] : [],
          )
          assert.equal(new Set(readings.map((reading) => reading.split(' ')[0])).size, new Set(readings).size)
          if (part === 'autoencoder')
            assert.ok(kernels.includes('encoder/0/kernel') && kernels.includes('decoder/0/kernel'), kernels.join())
        })
      }
    }
  }
}

test('every activation, in every place', async () => {
  for (const activation of ['linear', 'sigmoid', 'tanh', 'relu', 'elu', 'softplus']) {
    const network = { ...base, layers: [6, 4], activation, codeActivation: activation, outputActivation: activation }
    const out = path.join(folder, `${activation}.onnx`)
    const request = requestFor((batch) => denseRecording(network, 'autoencoder', batch), { out, part: 'autoencoder', geometry })
    await exportOnnx(request)
    await assertAgrees(out, request)
  }
})

test('a file reads as the network: layers, activations, weights, conventions', async () => {
  const network = { ...base, layers: [9, 7, 4], tied: true, activation: 'sigmoid' }
  const out = path.join(folder, 'readable.onnx')
  await exportOnnx(
    requestFor((batch) => denseRecording(network, 'autoencoder', batch), {
      out,
      part: 'autoencoder',
      geometry,
      metadata: { run: 'run-7', dataset: 'faces' },
    }),
  )
  const model = await readModel(out)
  assert.deepEqual(nodesOf(model), [
    'pixels/float: Cast',
    'pixels/scale: Div',
    'pixels/flatten: Flatten',
    'encoder/0: Gemm',
    'encoder/0/sigmoid: Sigmoid',
    'encoder/1: Gemm',
    'encoder/1/sigmoid: Sigmoid',
    'encoder/2: Gemm',
    'decoder/0: Gemm',
    'decoder/0/sigmoid: Sigmoid',
    'decoder/1: Gemm',
    'decoder/1/sigmoid: Sigmoid',
    'decoder/2: Gemm',
    'decoder/2/sigmoid: Sigmoid',
  ])
  const { graph } = model
  assert.deepEqual(
    graph.nodes.find(({ name }) => name === 'encoder/0'),
    {
      name: 'encoder/0',
      op: 'Gemm',
      inputs: ['pixels/flatten', 'encoder/0/kernel', 'encoder/0/bias'],
      outputs: ['encoder/0'],
      attributes: {},
    },
  )
  assert.deepEqual(
    graph.nodes.find(({ name }) => name === 'decoder/0'),
    {
      name: 'decoder/0',
      op: 'Gemm',
      inputs: ['encoder/2', 'decoder/0/kernel', 'decoder/0/bias'],
      outputs: ['decoder/0'],
      attributes: {},
    },
  )
  assert.deepEqual(
    [model.opset, model.irVersion, model.producer, model.producerVersion],
    [17, 8, 'autoencoder-workbench', '0.0.0-test'],
  )
  assert.match(model.doc, /^Autoencoder of run run-7, .*image: uint8 \[N, 2, 2, 3\]; reconstruction: float32 \[N, 12\]/)
  const { weightsSha256, ...metadata } = model.metadata
  assert.match(weightsSha256!, /^[0-9a-f]{64}$/)
  assert.deepEqual(metadata, {
    run: 'run-7',
    dataset: 'faces',
    part: 'autoencoder',
    input: 'pixels',
    precision: 'float32',
    width: '2',
    height: '2',
    channels: '3',
    channelOrder: 'RGB',
    range: '0..255',
    layout: '[N, height, width, channels]',
    'Image.BitmapPixelFormat': 'Rgb8',
    'Image.ColorSpaceGamma': 'SRGB',
    'Image.NominalPixelRange': 'NominalRange_0_255',
  })
  assert.equal(graph.inputs[0]!.denotation, 'IMAGE')
  assert.equal(
    graph.outputs[0]!.doc,
    'The reconstruction of each image: 2 x 2 x 3 values, row by row, channels last; as pixels 0 is black and 1 is white.',
  )
  // Equal networks give equal files.
  await exportOnnx(
    requestFor((batch) => denseRecording(network, 'autoencoder', batch), {
      out: path.join(folder, 'again.onnx'),
      part: 'autoencoder',
      geometry,
      metadata: { run: 'run-7', dataset: 'faces' },
    }),
  )
  assert.ok((await readFile(out)).equals(await readFile(path.join(folder, 'again.onnx'))))
})

test(
  'values near 0 of a code that spreads over hundreds are judged ' +
    'by the spread; what is wrong by a thousandth of it is refused',
  async () => {
    const network = {
      inputSize: 784,
      layers: [64],
      tied: false,
      activation: 'linear',
      codeActivation: 'linear',
      outputActivation: 'linear',
    }
    const record = (batch: number) => denseRecording(network, 'encoder', batch)
    const out = path.join(folder, 'spread.onnx')
    const plain = requestFor(record, { out, input: 'raw' })
    const weights = Object.fromEntries(
      Object.entries(plain.weights).map(([name, weight]) => [name, { ...weight, data: weight.data.map((value) => 300 * value) }]),
    )
    const given = Object.fromEntries(Object.entries(weights).map(([name, { shape, data }]) => [name, values(shape, data)]))
    const outputs = (error: number) => (rows: ArrayLike<number>, count: number) => {
      const recording = record(count)
      const { shape, data } = interpret(recording, { ...given, x: values([count, 784], Float64Array.from(rows)) }).get(
        recording.outputs['code']!,
      )!
      return { code: { shape, data: Float32Array.from(data, (value) => value + error) } }
    }
    const code = outputs(0)(plain.reference.testRows(128), 128).code.data
    const scale = Math.sqrt(code.reduce((sum, value) => sum + value ** 2, 0) / code.length)
    assert.ok(scale > 200)
    const { maxAbsDiff } = await exportOnnx({ ...plain, weights, reference: { ...plain.reference, outputs: outputs(0) } })
    // Float32 rounding of such sums: far from 1e-5 + 1e-4 of the values that happen to be near 0.
    assert.ok(maxAbsDiff > 1e-4 && maxAbsDiff < 1e-5 * scale, String(maxAbsDiff))
    await assert.rejects(
      exportOnnx({
        ...plain,
        out: path.join(folder, 'wrong.onnx'),
        weights,
        reference: { ...plain.reference, outputs: outputs(1e-3 * scale) },
      }),
      failure('EXPORT_DISAGREES', /is allowed/),
    )
  },
)

test('what depends on weights alone is folded, and a normalised tied kernel is in the file as each product reads it', async () => {
  const record = (batch: number) => {
    const builder = new RecordingBuilder()
    const x = builder.input('x', [batch, 12])
    const kernel = builder.weight('encoder/0/kernel', [12, 5])
    const normalise = () => {
      const squares = builder.op('Sum', [builder.op('Square', [kernel], [[12, 5]]), builder.integers([0])], [[1, 5]], {
        keep_dims: bool(true),
      })
      return builder.op('RealDiv', [kernel, builder.op('Sqrt', [squares], [[1, 5]])], [[12, 5]])
    }
    const code = builder.op(
      'BiasAdd',
      [
        builder.op('MatMul', [x, normalise()], [[batch, 5]], { transpose_a: bool(false), transpose_b: bool(false) }),
        builder.weight('encoder/0/bias', [5]),
      ],
      [[batch, 5]],
    )
    const transposed = builder.op('Transpose', [normalise(), builder.integers([1, 0])], [[5, 12]])
    const back = builder.op('MatMul', [code, transposed], [[batch, 12]], { transpose_a: bool(false), transpose_b: bool(false) })
    return builder.output('code', code).output('reconstruction', back).recording
  }
  const out = path.join(folder, 'folded.onnx')
  const request = requestFor(record, { out, part: 'autoencoder', input: 'raw' })
  await exportOnnx(request)
  await assertAgrees(out, request)
  const model = await readModel(out)
  assert.deepEqual(nodesOf(model), ['encoder/0: Gemm', 'encoder/0/matMul_2: MatMul'])
  assert.deepEqual(
    model.graph.initialisers.map(({ name }) => name),
    ['encoder/0/kernel', 'encoder/0/bias', 'encoder/0/kernel_2'],
  )
})

test('every byte value is scaled as TensorFlow scales it', async () => {
  const record = (batch: number) => {
    const builder = new RecordingBuilder()
    return builder.output('code', builder.op('Mul', [builder.input('x', [batch, 256]), builder.floats([1])], [[batch, 256]]))
      .recording
  }
  const out = path.join(folder, 'bytes.onnx')
  await exportOnnx(requestFor(record, { out, geometry: { width: 16, height: 16, channels: 1, kind: 'image' } }))
  const session = await openSession(out)
  const bytes = Uint8Array.from({ length: 256 }, (_, value) => value)
  const { code } = await session.run({ image: { type: 'uint8', shape: [1, 16, 16, 1], data: bytes } })
  await session.close()
  assert.deepEqual(
    code!.data,
    Float32Array.from(bytes, (value) => value / 255),
  )
})

test('vector data have no pixels: the file takes rows of reals', async () => {
  const out = path.join(folder, 'vector.onnx')
  const record = (batch: number) => denseRecording({ ...base, inputSize: 2, layers: [3, 1] }, 'encoder', batch)
  const result = await exportOnnx({
    ...requestFor(record, { out, input: 'raw' }),
    input: 'pixels',
    geometry: { width: 2, height: 1, channels: 1, kind: 'vector' },
  })
  assert.deepEqual(result.inputs, [{ name: 'x', type: 'float32', shape: ['N', 2] }])
  assert.equal((await readModel(out)).metadata['input'], 'raw')
})

test('the folder holds the files and nothing else', async () => {
  assert.deepEqual(
    (await readdir(folder)).filter((name) => !name.endsWith('.onnx')),
    [],
  )
})
