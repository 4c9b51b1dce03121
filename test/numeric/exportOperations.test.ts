import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { compareRecordings } from '../../src/main/engine/export/dynamicRecording.ts'
import { encodeModel, irVersion, opsetVersion, type OnnxGraph } from '../../src/main/engine/export/onnxModel.ts'
import { openSession } from '../../src/main/engine/export/onnxruntime.ts'
import { translations } from '../../src/main/engine/export/operations.ts'
import { plainOpening, translate } from '../../src/main/engine/export/translate.ts'
import { allowedDifference } from '../../src/main/engine/export/verify.ts'
import type { Attribute } from '../../src/main/engine/trace/record.ts'
import { foldedFor, numbers, weightsFor } from '../fixtures/exports.ts'
import { interpret, values } from '../fixtures/interpret.ts'
import { bool, int, RecordingBuilder } from '../fixtures/recordings.ts'

/** How each operation is used in a small computation on x [N, 2, 3]; the builder has the input `x`. */
type Use = (b: RecordingBuilder, batch: number) => string

const elementwise =
  (op: string): Use =>
  (b, batch) =>
    b.op(op, ['x'], [[batch, 2, 3]])
/** For functions of positive numbers. */
const positive =
  (op: string): Use =>
  (b, batch) =>
    b.op(op, [b.op('Exp', ['x'], [[batch, 2, 3]])], [[batch, 2, 3]])
const withWeight =
  (op: string, shape = [3]): Use =>
  (b, batch) =>
    b.op(op, ['x', b.weight('w', shape)], [[batch, 2, 3]])
const flat = (b: RecordingBuilder, batch: number) => b.op('Reshape', ['x', b.integers([batch, 6])], [[batch, 6]])
const reduced =
  (op: string, keep: boolean): Use =>
  (b, batch) =>
    b.op(op, ['x', b.integers([1, -1])], [keep ? [batch, 1, 1] : [batch]], { keep_dims: bool(keep) })
const matrices = (op: string, first: string, second: string): Record<string, Use> => ({
  [`${op} with a kernel`]: (b, batch) =>
    b.op(op, [flat(b, batch), b.weight('w', [6, 4])], [[batch, 4]], { [first]: bool(false), [second]: bool(false) }),
  [`${op} with a transposed kernel`]: (b, batch) =>
    b.op(op, [flat(b, batch), b.weight('w', [4, 6])], [[batch, 4]], { [first]: bool(false), [second]: bool(true) }),
  [`${op} of two computed matrices`]: (b, batch) => {
    const x = flat(b, batch)
    return b.op(op, [x, b.op(op, [x, x], [[6, 6]], { [first]: bool(true), [second]: bool(false) })], [[batch, 6]], {
      [first]: bool(false),
      [second]: bool(true),
    })
  },
})

const convolution = (stride: number, padding = 'SAME', dilation = 1): Record<string, Attribute> => ({
  strides: { kind: 'ints', value: [1, stride, stride, 1] },
  dilations: { kind: 'ints', value: [1, dilation, dilation, 1] },
  padding: { kind: 'string', value: padding },
  data_format: { kind: 'string', value: 'NHWC' },
})
/** x [N, 2, 3] as images of `height` x `width` with `channels`, of whatever values. */
const imagesOf = (b: RecordingBuilder, batch: number, height: number, width: number, channels: number) =>
  b.op(
    'Reshape',
    [
      b.op(
        'MatMul',
        [flat(b, batch), b.weight(`spread${height}${width}${channels}`, [6, height * width * channels])],
        [[batch, height * width * channels]],
      ),
      b.integers([batch, height, width, channels]),
    ],
    [[batch, height, width, channels]],
  )
const flatAgain = (b: RecordingBuilder, batch: number, image: string, sizes: [number, number, number]) =>
  b.op('Reshape', [image, b.integers([-1, sizes[0] * sizes[1] * sizes[2]])], [[batch, sizes[0] * sizes[1] * sizes[2]]])
/** A bias for each channel, added as the network does it: to rows of pixels. */
const biased = (b: RecordingBuilder, batch: number, image: string, [height, width, channels]: [number, number, number]) =>
  b.op(
    'Reshape',
    [
      b.op(
        'BiasAdd',
        [
          b.op('Reshape', [image, b.integers([-1, channels])], [[batch * height * width, channels]]),
          b.weight(`bias${channels}`, [channels]),
        ],
        [[batch * height * width, channels]],
      ),
      b.integers([-1, height * width * channels]),
    ],
    [[batch, height * width * channels]],
  )

/** Convolutions from 7 x 5 pixels with 2 channels to 3 filters, and back, with every relation of kernel, stride and side. */
const convolutions = Object.fromEntries(
  [
    { kernel: 3, stride: 1 },
    { kernel: 4, stride: 2 },
    { kernel: 3, stride: 2 },
    { kernel: 2, stride: 1 },
    { kernel: 1, stride: 2 },
    { kernel: 2, stride: 3 },
    { kernel: 5, stride: 4 },
    { kernel: 2, stride: 2, padding: 'VALID' },
    { kernel: 2, stride: 1, dilation: 2 },
  ].flatMap(({ kernel, stride, padding = 'SAME', dilation = 1 }): [string, Use][] => {
    const reach = (kernel - 1) * dilation + 1
    const small = (size: number) => (padding === 'SAME' ? Math.ceil(size / stride) : Math.floor((size - reach) / stride) + 1)
    const [height, width] = [small(8), small(5)]
    const attributes = convolution(stride, padding, dilation)
    const title = `${kernel} x ${kernel} with stride ${stride}, ${padding}, dilation ${dilation}`
    const kernelOf = (b: RecordingBuilder) => b.weight(`kernel${kernel}`, [kernel, kernel, 2, 3])
    return [
      [
        `Conv2D: ${title}`,
        (b, batch) =>
          biased(b, batch, b.op('Conv2D', [imagesOf(b, batch, 8, 5, 2), kernelOf(b)], [[batch, height, width, 3]], attributes), [
            height,
            width,
            3,
          ]),
      ],
      [
        `Conv2DBackpropInput: ${title}`,
        (b, batch) =>
          biased(
            b,
            batch,
            b.op(
              'Conv2DBackpropInput',
              [b.integers([8, 5]), kernelOf(b), imagesOf(b, batch, height, width, 3)],
              [[batch, 8, 5, 2]],
              attributes,
              'float32',
            ),
            [8, 5, 2],
          ),
      ],
      [
        `there and back by one kernel: ${title}`,
        (b, batch) => {
          const there = b.op('Conv2D', [imagesOf(b, batch, 8, 5, 2), kernelOf(b)], [[batch, height, width, 3]], attributes)
          const bent = b.op('Tanh', [there], [[batch, height, width, 3]])
          const back = b.op(
            'Conv2DBackpropInput',
            [b.integers([8, 5]), kernelOf(b), bent],
            [[batch, 8, 5, 2]],
            attributes,
            'float32',
          )
          return b.op('Sigmoid', [flatAgain(b, batch, back, [8, 5, 2])], [[batch, 80]])
        },
      ],
    ]
  }),
)
const resizes = Object.fromEntries(
  [
    [3, 6],
    [4, 7],
    [3, 7],
    [6, 16],
    [4, 10],
    [7, 3],
    [5, 5],
    [7, 25],
  ].map(([from, to]): [string, Use] => [
    `ResizeNearestNeighbor from ${from} to ${to}`,
    (b, batch) =>
      flatAgain(
        b,
        batch,
        b.op('ResizeNearestNeighbor', [imagesOf(b, batch, from!, 3, 2), b.integers([to!, 5])], [[batch, to!, 5, 2]], {
          align_corners: bool(false),
          half_pixel_centers: bool(false),
        }),
        [to!, 5, 2],
      ),
  ]),
)
const uses: Record<string, Use> = {
  ...convolutions,
  ...resizes,
  ...matrices('MatMul', 'transpose_a', 'transpose_b'),
  ...matrices('BatchMatMulV2', 'adj_x', 'adj_y'),
  'BatchMatMul of batches of matrices': (b, batch) =>
    b.op('BatchMatMul', ['x', 'x'], [[batch, 3, 3]], { adj_x: bool(true), adj_y: bool(false) }),
  'BatchMatMulV2 of batches of matrices': (b, batch) =>
    b.op('BatchMatMulV2', ['x', 'x'], [[batch, 2, 2]], { adj_x: bool(false), adj_y: bool(true) }),
  ...Object.fromEntries(
    ['BiasAdd', 'Add', 'AddV2', 'Sub', 'Mul', 'Div', 'RealDiv', 'Maximum', 'Minimum', 'SquaredDifference'].map((op) => [
      op,
      withWeight(op),
    ]),
  ),
  'Mul by a column': withWeight('Mul', [2, 1]),
  Pow: (b, batch) => b.op('Pow', [b.op('Exp', ['x'], [[batch, 2, 3]]), b.floats([1.5])], [[batch, 2, 3]]),
  ...Object.fromEntries(
    ['Neg', 'Abs', 'Exp', 'Sigmoid', 'Tanh', 'Relu', 'Elu', 'Softplus', 'Square'].map((op) => [op, elementwise(op)]),
  ),
  ...Object.fromEntries(['Log', 'Sqrt', 'Rsqrt', 'Reciprocal'].map((op) => [op, positive(op)])),
  ClipByValue: (b, batch) => b.op('ClipByValue', ['x', b.floats([-0.5]), b.floats([0.25])], [[batch, 2, 3]]),
  Softmax: elementwise('Softmax'),
  ...Object.fromEntries(
    ['Sum', 'Mean', 'Max', 'Min'].flatMap((op) => [
      [op, reduced(op, false)],
      [`${op} keeping dimensions`, reduced(op, true)],
    ]),
  ),
  'Sum over no axes': (b, batch) =>
    b.op('Sum', [b.op('Tanh', ['x'], [[batch, 2, 3]]), b.integers([])], [[batch, 2, 3]], { keep_dims: bool(false) }),
  Identity: elementwise('Identity'),
  StopGradient: elementwise('StopGradient'),
  Cast: (b, batch) => b.op('Cast', [b.op('Cast', ['x'], [[batch, 2, 3]], {}, 'int32')], [[batch, 2, 3]], {}, 'float32'),
  ...Object.fromEntries(
    ['Greater', 'GreaterEqual', 'Less', 'LessEqual'].map((op): [string, Use] => [
      op,
      (b, batch) =>
        b.op('Cast', [b.op(op, ['x', b.weight('w', [3])], [[batch, 2, 3]], {}, 'bool')], [[batch, 2, 3]], {}, 'float32'),
    ]),
  ),
  TopKV2: (b, batch) =>
    b.op(
      'TopKV2',
      ['x', b.integers([2], [])],
      [
        [batch, 2, 2],
        [batch, 2, 2],
      ],
    ),
  Cumsum: (b, batch) =>
    b.op('Cumsum', ['x', b.integers([1], [])], [[batch, 2, 3]], { exclusive: bool(false), reverse: bool(false) }),
  'Cumsum of those before, from the end': (b, batch) =>
    b.op('Cumsum', ['x', b.integers([2], [])], [[batch, 2, 3]], { exclusive: bool(true), reverse: bool(true) }),
  Reshape: (b, batch) => flat(b, batch),
  'Reshape to the same shape': (b, batch) => b.op('Reshape', ['x', b.integers([batch, 2, 3])], [[batch, 2, 3]]),
  ExpandDims: (b, batch) => b.op('ExpandDims', ['x', b.integers([1], [])], [[batch, 1, 2, 3]]),
  Squeeze: (b, batch) =>
    b.op('Squeeze', [b.op('Sum', ['x', b.integers([1])], [[batch, 1, 3]], { keep_dims: bool(true) })], [[batch, 3]]),
  Transpose: (b, batch) => b.op('Transpose', ['x', b.integers([0, 2, 1])], [[batch, 3, 2]]),
  Slice: (b, batch) => b.op('Slice', ['x', b.integers([0, 1, 1]), b.integers([batch, 1, 2])], [[batch, 1, 2]]),
  'Slice of everything': (b, batch) => b.op('Slice', ['x', b.integers([0, 0, 0]), b.integers([batch, 2, 3])], [[batch, 2, 3]]),
  Split: (b, batch) =>
    b.op(
      'Sub',
      [
        b.op(
          'Split',
          [b.integers([1], []), 'x'],
          [
            [batch, 1, 3],
            [batch, 1, 3],
          ],
          { num_split: int(2) },
          'float32',
        ),
        'op0:1',
      ],
      [[batch, 1, 3]],
    ),
  SplitV: (b, batch) =>
    b.op(
      'Sub',
      [
        b.op(
          'SplitV',
          ['x', b.integers([1, 2]), b.integers([2], [])],
          [
            [batch, 2, 1],
            [batch, 2, 2],
          ],
        ),
        'op0:1',
      ],
      [[batch, 2, 2]],
    ),
  ConcatV2: (b, batch) => b.op('ConcatV2', ['x', b.op('Neg', ['x'], [[batch, 2, 3]]), b.integers([2], [])], [[batch, 2, 6]]),
}

const record = (use: Use, batch: number) => {
  const builder = new RecordingBuilder()
  builder.input('x', [batch, 2, 3])
  return builder.output('y', use(builder, batch)).recording
}

const graphFor = (use: Use): OnnxGraph => {
  const recording = record(use, 3)
  const weights = weightsFor(recording)
  return translate(
    'operation',
    compareRecordings(recording, record(use, 5), [3, 5]),
    { weights, folded: foldedFor(recording, weights) },
    plainOpening('x'),
  )
}

let folder = ''
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'export-operations-'))
})
after(() => rm(folder, { recursive: true }))

for (const [title, use] of Object.entries(uses)) {
  test(`${title}: onnxruntime gives what a float64 reference gives`, async () => {
    const file = path.join(folder, `${title}.onnx`)
    await writeFile(
      file,
      encodeModel({
        graph: graphFor(use),
        opset: opsetVersion,
        irVersion,
        producer: 'test',
        producerVersion: '1',
        doc: title,
        metadata: {},
      }),
    )
    const session = await openSession(file)
    try {
      for (const batch of [1, 4]) {
        const next = numbers(batch)
        const x = Float32Array.from({ length: batch * 6 }, () => next() * 4 - 2)
        const recording = record(use, batch)
        const given = Object.entries(weightsFor(recording)).map(([name, weight]) => [name, values(weight.shape, weight.data)])
        const wanted = interpret(recording, { ...Object.fromEntries(given), x: values([batch, 2, 3], x) }).get(
          recording.outputs['y']!,
        )!
        const { y } = await session.run({ x: { type: 'float32', shape: [batch, 2, 3], data: x } })
        assert.deepEqual(y!.shape, wanted.shape)
        wanted.data.forEach((value, index) => {
          assert.ok(
            Math.abs(y!.data[index]! - value) <= allowedDifference(value),
            `element ${index}: ${y!.data[index]} instead of ${value}`,
          )
        })
      }
    } finally {
      await session.close()
    }
  })
}

test('every operation of the table is tried', () => {
  const tried = new Set(Object.values(uses).flatMap((use) => record(use, 3).operations.map(({ op }) => op)))
  assert.deepEqual(
    Object.keys(translations).filter((op) => !tried.has(op)),
    [],
  )
})
