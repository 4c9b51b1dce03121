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

const uses: Record<string, Use> = {
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
