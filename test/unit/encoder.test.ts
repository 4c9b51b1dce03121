import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { EncoderChoice } from '../../src/shared/embeddings.ts'
import type { ErrorCode } from '../../src/shared/errors.ts'
import { encoderOf } from '../../src/main/engine/embed/encoder.ts'
import { readOnnx } from '../../src/main/engine/embed/onnxFile.ts'
import { openEncoder } from '../../src/main/engine/embed/session.ts'
import { failure } from '../fixtures/exports.ts'
import { linearEncoder, onnxFile, type Model, type Value } from '../fixtures/onnxFiles.ts'

/** ONNX files of others as encoders: what is understood, what is refused, and that pixels arrive where the file wants them. */

const folder = mkdtempSync(join(tmpdir(), 'encoder-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
function written(model: Model): string {
  const path = join(folder, `${files++}.onnx`)
  writeFileSync(path, onnxFile(model))
  return path
}
const inspected = async (model: Model, choice: Partial<EncoderChoice> = {}) => encoderOf(await readOnnx(written(model)), choice)

/** What a file gives for one image of 2 x 3 pixels with 3 channels, bytes 0 to 17 in the order of the engine's rows. */
async function codeOf(
  model: Model,
  rows = Uint8Array.from({ length: 18 }, (_, index) => index),
  count = 1,
  choice: Partial<EncoderChoice> = {},
): Promise<number[]> {
  const path = written(model)
  const open = await openEncoder(path, encoderOf(await readOnnx(path), choice))
  try {
    return Array.from(await open.encode(rows, count))
  } finally {
    await open.close()
  }
}
/** Sum over places of (place + 1) times what stands there: tells every order of the values from every other. */
const weighted = (values: readonly number[]): number => values.reduce((sum, value, place) => sum + value * (place + 1), 0)
const nhwc = Array.from({ length: 18 }, (_, index) => index)
const nchw = [0, 1, 2].flatMap((channel) => [0, 1, 2, 3, 4, 5].map((pixel) => pixel * 3 + channel))

test('layouts, types, scales and colour orders: every byte arrives at its place', async () => {
  const uint8 = 2
  const near = (found: number[], expected: readonly number[]) => {
    const sum = weighted(expected)
    assert.ok(
      Math.abs(found[0]! - sum) <= 1e-4 * (1 + Math.abs(sum)) && Math.abs(found[1]! + sum) <= 1e-4 * (1 + Math.abs(sum)),
      `${found} instead of ${sum}`,
    )
  }
  near(await codeOf(linearEncoder({ name: 'image', type: uint8, shape: ['N', 2, 3, 3] }, 18)), nhwc)
  near(
    await codeOf(
      linearEncoder({ name: 'image', type: uint8, shape: ['N', 3, 2, 3] }, 18, { metadata: { layout: '[N, C, H, W]' } }),
      undefined,
      1,
    ),
    nhwc,
  )
  near(
    await codeOf(
      linearEncoder(
        { name: 'pixels', shape: [null, 3, 2, 3], denotations: ['DATA_BATCH', 'DATA_CHANNEL', 'DATA_FEATURE', 'DATA_FEATURE'] },
        18,
      ),
    ),
    nchw.map((byte) => byte / 255),
  )
  near(
    await codeOf(linearEncoder({ name: 'pixels', shape: ['batch', 2, 3, 3] }, 18)),
    nhwc.map((byte) => byte / 255),
  )
  near(
    await codeOf(linearEncoder({ name: 'pixels', shape: ['batch', 2, 3, 3] }, 18), undefined, 1, { scale: 'signed' }),
    nhwc.map((byte) => byte / 127.5 - 1),
  )
  near(
    await codeOf(
      linearEncoder({ name: 'pixels', shape: ['batch', 2, 3, 3] }, 18, {
        metadata: { 'Image.NominalPixelRange': 'NominalRange_0_255' },
      }),
    ),
    nhwc,
  )
  near(
    await codeOf(linearEncoder({ name: 'pixels', shape: ['batch', 2, 3, 3] }, 18), undefined, 1, { scale: 'imagenet' }),
    nhwc.map((byte, index) => (byte / 255 - [0.485, 0.456, 0.406][index % 3]!) / [0.229, 0.224, 0.225][index % 3]!),
  )
  near(
    await codeOf(
      linearEncoder({ name: 'pixels', type: uint8, shape: ['batch', 2, 3, 3] }, 18, {
        metadata: { 'Image.BitmapPixelFormat': 'Bgr8' },
      }),
    ),
    nhwc.map((_, index) => index - (index % 3) + 2 - (index % 3)),
  )
  near(
    await codeOf(
      linearEncoder({ name: 'x', shape: ['N', 18] }, 18, { metadata: { width: '3', height: '2', channels: '3', range: '0..1' } }),
    ),
    nhwc.map((byte) => byte / 255),
  )
  near(
    await codeOf(linearEncoder({ name: 'gray', shape: ['N', 3, 6] }, 18)),
    nhwc.map((byte) => byte / 255),
  )
})

test('a file for a fixed number of images gets as many at a time, filled up', async () => {
  const images = Uint8Array.from({ length: 5 * 18 }, (_, index) => (index * 7) % 256)
  const each = Array.from({ length: 5 }, (_, image) => weighted(Array.from(images.subarray(image * 18, (image + 1) * 18))))
  const model = linearEncoder({ name: 'image', type: 2, shape: [2, 2, 3, 3] }, 18, { outputs: [{ name: 'code', shape: [2, 2] }] })
  const found = await codeOf(model, images, 5)
  assert.deepEqual(
    found,
    each.flatMap((sum) => [sum, -sum]),
  )
  assert.equal((await inspected(model)).input.batch, 2)
})

test('what a file says of itself', async () => {
  const encoder = await inspected(
    linearEncoder({ name: 'image', shape: ['N', 1, 28, 28] }, 784, { opset: 13, metadata: { note: 'x' } }),
  )
  assert.deepEqual(
    [
      encoder.own,
      encoder.opset,
      encoder.input.kind,
      encoder.input.layout,
      encoder.input.width,
      encoder.input.height,
      encoder.input.channels,
      encoder.input.scale,
      encoder.input.scaleAssumed,
      encoder.input.fit,
      encoder.output,
      encoder.codeSize,
    ],
    [false, 13, 'image', 'NCHW', 28, 28, 1, 'unit', true, 'crop', 'code', 2],
  )
  const rows = await inspected(linearEncoder({ name: 'x', shape: ['N', 12] }, 12))
  assert.deepEqual([rows.input.kind, rows.input.width], ['rows', 12])
  // Two outputs of which one is called code; and two of which one has to be chosen.
  const two = (name: string): Model => ({
    ...linearEncoder({ name: 'x', shape: ['N', 12] }, 12),
    outputs: [
      { name: 'flat', shape: ['N', 12] },
      { name, shape: ['N', 2] },
    ],
    nodes: [
      { op: 'Flatten', inputs: ['x'], outputs: ['flat'] },
      { op: 'MatMul', inputs: ['flat', 'kernel'], outputs: [name] },
    ],
  })
  assert.deepEqual([(await inspected(two('code'))).output, (await inspected(two('code'))).outputs], ['code', ['flat', 'code']])
  assert.deepEqual(
    [
      (await inspected(two('embedding'), { output: 'embedding' })).output,
      (await inspected(two('embedding'), { output: 'flat' })).codeSize,
    ],
    ['embedding', 12],
  )
  // Weights that old files list among the inputs are none.
  const listed = linearEncoder({ name: 'x', shape: ['N', 12] }, 12)
  assert.equal(
    (await inspected({ ...listed, irVersion: 3, inputs: [...listed.inputs, { name: 'kernel', shape: [12, 2] }] })).input.name,
    'x',
  )
})

const image: Value = { name: 'image', shape: ['N', 2, 3, 3] }
const refusals: Record<string, { make: () => Model | string; choice?: Partial<EncoderChoice>; code: ErrorCode; says: RegExp }> = {
  'two inputs': {
    make: () => ({ ...linearEncoder(image, 18), inputs: [image, { name: 'mask', shape: ['N', 6] }] }),
    code: 'FILE_UNSUPPORTED',
    says: /has 2 inputs \(image: float32 \[N, 2, 3, 3\]; mask: float32 \[N, 6\]\)/,
  },
  'no input': { make: () => ({ ...linearEncoder(image, 18), inputs: [] }), code: 'FILE_UNSUPPORTED', says: /has no input/ },
  'text as input': {
    make: () => linearEncoder({ ...image, type: 8 }, 18),
    code: 'FILE_UNSUPPORTED',
    says: /takes image: string .* uint8 or float32/,
  },
  'halves as input': {
    make: () => linearEncoder({ ...image, type: 10 }, 18),
    code: 'FILE_UNSUPPORTED',
    says: /takes image: float16/,
  },
  videos: {
    make: () => linearEncoder({ name: 'video', shape: ['N', 8, 2, 3, 3] }, 18),
    code: 'FILE_UNSUPPORTED',
    says: /neither images nor vectors/,
  },
  'an input of no shape': {
    make: () => linearEncoder({ name: 'image', shape: null }, 18),
    code: 'FILE_UNSUPPORTED',
    says: /neither images nor vectors/,
  },
  'images of any size': {
    make: () => linearEncoder({ name: 'image', shape: ['N', 3, 'H', 'W'] }, 18),
    code: 'FILE_UNSUPPORTED',
    says: /takes image: float32 \[N, 3, H, W\], whose size is not fixed; export it for images of one height and width/,
  },
  'five channels': {
    make: () => linearEncoder({ name: 'image', shape: ['N', 8, 8, 5] }, 320),
    code: 'FILE_UNSUPPORTED',
    says: /neither 1 nor 3 channels/,
  },
  'huge images': {
    make: () => linearEncoder({ name: 'image', shape: ['N', 1, 5000, 5000] }, 18),
    code: 'FILE_UNSUPPORTED',
    says: /5000 x 5000, and up to 4096 x 4096/,
  },
  'outputs of integers': {
    make: () => ({ ...linearEncoder(image, 18), outputs: [{ name: 'class', type: 7, shape: ['N'] }] }),
    code: 'FILE_UNSUPPORTED',
    says: /gives class: int64 \[N\], and codes are float32/,
  },
  'several outputs': {
    make: () => ({
      ...linearEncoder(image, 18),
      outputs: [
        { name: 'flat', shape: ['N', 18] },
        { name: 'latent', shape: ['N', 2] },
      ],
    }),
    code: 'FILE_UNSUPPORTED',
    says: /say which one is the code: flat, latent/,
  },
  'an output that is not there': {
    make: () => linearEncoder(image, 18),
    choice: { output: 'z' },
    code: 'FILE_UNSUPPORTED',
    says: /has no output “z” of float32; choose one of code/,
  },
  'bytes to be scaled': {
    make: () => linearEncoder({ ...image, type: 2 }, 18),
    choice: { scale: 'imagenet' },
    code: 'FILE_UNSUPPORTED',
    says: /takes bytes, which cannot be scaled/,
  },
  'weights in another file': {
    make: () => ({ ...linearEncoder(image, 18), floats: [{ name: 'kernel', shape: [18, 2], data: [], external: true }] }),
    code: 'FILE_UNSUPPORTED',
    says: /keeps its weights in another file, which is not read/,
  },
  'a text': {
    make: () => {
      const path = join(folder, 'text.onnx')
      writeFileSync(path, 'This is no model. '.repeat(9))
      return path
    },
    code: 'FILE_DAMAGED',
    says: /is not an ONNX file, or is damaged/,
  },
  'an image': {
    make: () => {
      const path = join(folder, 'image.onnx')
      writeFileSync(path, Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'))
      return path
    },
    code: 'FILE_DAMAGED',
    says: /is not an ONNX file/,
  },
  'a file that was cut off': {
    make: () => {
      const path = written(linearEncoder(image, 18))
      truncateSync(path, 150)
      return path
    },
    code: 'FILE_DAMAGED',
    says: /is not an ONNX file, or is damaged/,
  },
  'an empty file': {
    make: () => {
      const path = join(folder, 'empty.onnx')
      writeFileSync(path, '')
      return path
    },
    code: 'FILE_DAMAGED',
    says: /is empty/,
  },
  'a folder': { make: () => folder, code: 'FILE_UNSUPPORTED', says: /is a folder/ },
  nothing: { make: () => join(folder, 'none.onnx'), code: 'PATH_MISSING', says: /There is nothing at/ },
}
for (const [what, { make, choice, code, says }] of Object.entries(refusals)) {
  test(`refused with a sentence: ${what}`, async () => {
    const made = make()
    await assert.rejects(
      async () => encoderOf(await readOnnx(typeof made === 'string' ? made : written(made)), choice),
      failure(code, says),
    )
  })
}

test('a pipe is not waited for', { skip: process.platform === 'win32' }, async () => {
  const pipe = join(folder, 'pipe.onnx')
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
  await assert.rejects(readOnnx(pipe), failure('FILE_UNSUPPORTED', /no ordinary file/))
})

test('what onnxruntime does not load, or what does not do what it says, is refused with a sentence', async () => {
  const loads = async (model: Model) => {
    const path = written(model)
    await (await openEncoder(path, encoderOf(await readOnnx(path)))).close()
  }
  await assert.rejects(
    loads(linearEncoder(image, 18, { opset: 99 })),
    failure('FILE_UNSUPPORTED', /is of opset 99, and this ONNX Runtime knows up to \d+; export it with opset 17\.$/),
  )
  await assert.rejects(
    loads(linearEncoder(image, 18, { irVersion: 99 })),
    failure('FILE_UNSUPPORTED', /is of IR version 99, and this ONNX Runtime knows up to \d+; export it with IR version 8\.$/),
  )
  await assert.rejects(
    loads({ ...linearEncoder(image, 18), nodes: [{ op: 'Wavelet', inputs: ['image'], outputs: ['code'] }] }),
    failure('FILE_UNSUPPORTED', /uses the operation Wavelet, which this ONNX Runtime does not have;/),
  )
  await assert.rejects(
    loads({
      ...linearEncoder(image, 18),
      domains: { mine: 1 },
      nodes: [{ op: 'Fold', domain: 'mine', inputs: ['image'], outputs: ['code'] }],
    }),
    failure('FILE_UNSUPPORTED', /uses the operation mine:Fold, which/),
  )
  await assert.rejects(loads(linearEncoder(image, 17)), failure('FILE_UNSUPPORTED', /cannot be loaded by ONNX Runtime|failed on/))
  // Whatever onnxruntime says, where in its own source it says so is no part of the sentence.
  const failing: Model = {
    ...linearEncoder(image, 18),
    nodes: [{ op: 'Reshape', inputs: ['image', 'shape'], outputs: ['code'] }],
    integers: [{ name: 'shape', data: [-1, 7] }],
    outputs: [{ name: 'code', shape: null }],
  }
  await assert.rejects(
    codeOf(failing),
    (thrown: Error) =>
      /failed on 1 images? \(.*cannot be reshaped/.test(thrown.message) && !/onnxruntime::|\.h:\d|std::/.test(thrown.message),
  )
  // A code of another number of images.
  const mixing: Model = {
    ...linearEncoder(image, 18),
    outputs: [{ name: 'code', shape: null }],
    nodes: [{ op: 'Reshape', inputs: ['image', 'shape'], outputs: ['code'] }],
    integers: [{ name: 'shape', data: [-1, 3] }],
  }
  await assert.rejects(codeOf(mixing), failure('FILE_UNSUPPORTED', /gives code of shape \[6, 3\] for 1 image,/))
})
