import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, symlink, writeFile, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, mock, test } from 'node:test'
import assert from 'node:assert/strict'
import { exportOnnx, type ExportRequest } from '../../src/main/engine/export/exportOnnx.ts'
import type { Recording } from '../../src/main/engine/trace/record.ts'
import { failure, requestFor } from '../fixtures/exports.ts'
import { denseRecording, RecordingBuilder } from '../fixtures/recordings.ts'

const network = {
  inputSize: 12,
  layers: [5],
  tied: false,
  activation: 'relu',
  codeActivation: 'sigmoid',
  outputActivation: 'sigmoid',
}
const encoder = (batch: number) => denseRecording(network, 'encoder', batch)

let folder = ''
let out = ''
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'export-fault-'))
  out = path.join(folder, 'encoder.onnx')
})
afterEach(async () => {
  mock.restoreAll()
  await rm(folder, { recursive: true })
})

const request = (overrides: Partial<ExportRequest> = {}, record: (batch: number) => Recording = encoder) =>
  requestFor(record, { out, ...overrides })
/** The check fails before any work: the network is not even recorded. */
const untouched = (overrides: Partial<ExportRequest>) =>
  request({ recordAt: () => assert.fail('work began before the target was checked'), ...overrides })
const assertFolder = async (...names: string[]) => assert.deepEqual((await readdir(folder)).sort(), names.sort())

test('targets that cannot be are refused before anything starts', async () => {
  await mkdir(path.join(folder, 'sub'))
  await writeFile(path.join(folder, 'file'), 'kept')
  await assert.rejects(exportOnnx(untouched({ out: path.join(folder, 'sub') })), failure('EXPORT_UNWRITABLE', /is a folder/))
  await assert.rejects(
    exportOnnx(untouched({ out: path.join(folder, 'sub'), force: true })),
    failure('EXPORT_UNWRITABLE', /is a folder/),
  )
  await assert.rejects(exportOnnx(untouched({ out: `${folder}/sub/` })), failure('EXPORT_UNWRITABLE', /is a folder/))
  await assert.rejects(
    exportOnnx(untouched({ out: path.join(folder, 'none', 'encoder.onnx') })),
    failure('EXPORT_UNWRITABLE', /folder does not exist/),
  )
  await assert.rejects(
    exportOnnx(untouched({ out: path.join(folder, 'file', 'encoder.onnx') })),
    failure('EXPORT_UNWRITABLE', /is a file, not a folder/),
  )
  await assert.rejects(exportOnnx(untouched({ out: path.join(folder, 'x'.repeat(300)) })), failure('EXPORT_UNWRITABLE', /too long/))
  await assert.rejects(exportOnnx(untouched({ out: path.join(folder, 'a\0b') })), failure('EXPORT_UNWRITABLE', /not allowed/))
  await assert.rejects(
    exportOnnx(untouched({ out: path.join(folder, 'file') })),
    failure('EXPORT_EXISTS', /exists already; choose another name, or replace it\.$/),
  )
  if (process.platform !== 'win32') {
    assert.equal(spawnSync('mkfifo', [path.join(folder, 'pipe')]).status, 0)
    await assert.rejects(
      exportOnnx(untouched({ out: path.join(folder, 'pipe'), force: true })),
      failure('EXPORT_UNWRITABLE', /not an ordinary file/),
    )
    await symlink(path.join(folder, 'nowhere'), path.join(folder, 'link'))
    await assert.rejects(
      exportOnnx(untouched({ out: path.join(folder, 'link') })),
      failure('EXPORT_EXISTS', /exists already; choose another name, or replace it\.$/),
    )
    // It is there, and nothing can be created in it.
    if (process.platform === 'linux')
      await assert.rejects(
        exportOnnx(request({ out: '/proc/encoder.onnx' })),
        failure('EXPORT_UNWRITABLE', /its folder (does not take new files|does not allow it)/),
      )
    await rm(path.join(folder, 'pipe'))
    await rm(path.join(folder, 'link'))
  }
  assert.equal(await readFile(path.join(folder, 'file'), 'utf8'), 'kept')
  await assertFolder('sub', 'file')
})

test('a folder that does not allow writing', async (t) => {
  if (process.getuid?.() === 0) {
    // Root may write anywhere: the system's answer is what an ordinary user would get.
    const { prototype } = await handleClass()
    mock.method(prototype, 'writeFile', async () => {
      throw Object.assign(new Error('denied'), { code: 'EACCES' })
    })
  } else {
    await chmod(folder, 0o555)
    t.after(() => chmod(folder, 0o755))
  }
  await assert.rejects(exportOnnx(request()), failure('EXPORT_UNWRITABLE', /does not allow it/))
  if (process.getuid?.() !== 0) await chmod(folder, 0o755)
  await assertFolder()
})

test('--force replaces the file; without it the file stays as it was', async () => {
  await writeFile(out, 'mine')
  await assert.rejects(exportOnnx(untouched({})), failure('EXPORT_EXISTS', /exists already/))
  assert.equal(await readFile(out, 'utf8'), 'mine')
  const { bytes } = await exportOnnx(request({ force: true }))
  assert.equal((await readFile(out)).length, bytes)
  await assertFolder('encoder.onnx')
})

/** The reference runs while the file is being checked: the moment in which other things happen to the folder. */
const meanwhile = (what: () => void): Partial<ExportRequest> => {
  const { reference } = request()
  return {
    reference: {
      ...reference,
      outputs: (rows, count) => {
        what()
        return reference.outputs(rows, count)
      },
    },
  }
}

test('a file that appears under the name meanwhile is not replaced', async () => {
  await assert.rejects(
    exportOnnx(request(meanwhile(() => writeFileSync(out, 'theirs')))),
    failure('EXPORT_EXISTS', /exists already/),
  )
  assert.equal(await readFile(out, 'utf8'), 'theirs')
  await assertFolder('encoder.onnx')
})

test('a folder that vanishes meanwhile', async () => {
  const inside = path.join(folder, 'gone')
  await mkdir(inside)
  await assert.rejects(
    exportOnnx(
      request({ out: path.join(inside, 'encoder.onnx'), ...meanwhile(() => rmSync(inside, { recursive: true, force: true })) }),
    ),
    failure('EXPORT_UNWRITABLE', /folder does not exist/),
  )
  await assertFolder()
})

/** The class of file handles, which Node does not export. */
async function handleClass(): Promise<{ prototype: FileHandle }> {
  const handle = await open(import.meta.filename)
  await handle.close()
  return handle.constructor as never
}

test('a disk that is full half-way leaves nothing, and an existing file as it was', async () => {
  await writeFile(out, 'mine')
  const { prototype } = await handleClass()
  mock.method(prototype, 'writeFile', async function writeHalf(this: FileHandle, bytes: Uint8Array) {
    await this.write(bytes.subarray(0, bytes.length >> 1))
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  })
  await assert.rejects(exportOnnx(request({ force: true })), failure('DISK_FULL', /free some space/))
  assert.equal(await readFile(out, 'utf8'), 'mine')
  await assertFolder('encoder.onnx')
})

test('a network that onnxruntime does not reproduce becomes no file', async () => {
  const { reference } = request()
  const wrong = (change: (value: number) => number): Partial<ExportRequest> => ({
    reference: {
      ...reference,
      outputs: (rows, count) => {
        const { code } = reference.outputs(rows, count)
        if (count === 128) code!.data[127 * 5 + 2] = change(code!.data[127 * 5 + 2]!)
        return { code: code! }
      },
    },
  })
  await assert.rejects(
    exportOnnx(request(wrong((value) => value + 1e-3))),
    failure('EXPORT_DISAGREES', /code is .* in onnxruntime and .* in the network \(image 128 of 128\)/),
  )
  await assert.rejects(exportOnnx(request(wrong(() => Number.NaN))), failure('EXPORT_DISAGREES', /NaN in the network/))
  await assert.rejects(
    exportOnnx(request(wrong(() => Number.POSITIVE_INFINITY))),
    failure('EXPORT_DISAGREES', /Infinity in the network/),
  )
  const narrow: Partial<ExportRequest> = {
    reference: { ...reference, outputs: (_, count) => ({ code: { shape: [count, 4], data: new Float32Array(count * 4) } }) },
  }
  await assert.rejects(
    exportOnnx(request(narrow)),
    failure('EXPORT_DISAGREES', /code is float32 \[1, 5\] instead of float32 \[1, 4\]/),
  )
  await assertFolder()
})

test('an operation without a translation is named', async () => {
  const record = (batch: number) => {
    const builder = new RecordingBuilder()
    const x = builder.input('x', [batch, 12])
    builder.op('MatrixInverse', [x], [[batch, 12]])
    return builder.output('code', builder.op('Betainc', [x], [[batch, 12]])).recording
  }
  // The reference cannot compute it either, so it is asked for only after the translation.
  const { reference } = request()
  const asked = { ...request(), reference, recordAt: (batch: number) => ({ recording: record(batch), folded: new Map() }) }
  await assert.rejects(exportOnnx(asked), failure('OPERATION_UNKNOWN', /The operation Betainc \(op1\) has no translation/))
  await assertFolder()
})

test('random draws are never frozen into a file', async () => {
  const recordAt = (batch: number) => {
    const builder = new RecordingBuilder()
    const noise = builder.op('StatelessRandomNormal', [builder.integers([12]), builder.integers([1, 2])], [[12]], {}, 'float32')
    builder.output('code', builder.op('Add', [builder.input('x', [batch, 12]), noise], [[batch, 12]]))
    return { recording: builder.recording, folded: new Map([[noise, { shape: [12], data: new Uint8Array(48) }]]) }
  }
  await assert.rejects(exportOnnx(request({ recordAt })), failure('OPERATION_UNKNOWN', /StatelessRandomNormal/))
})

test('a network that depends on the number of images is refused with the reason', async () => {
  const refused = async (make: (builder: RecordingBuilder, batch: number) => string, why: RegExp) => {
    const recordAt = (batch: number) => {
      const builder = new RecordingBuilder()
      builder.input('x', [batch, 12])
      return { recording: builder.output('code', make(builder, batch)).recording, folded: new Map() }
    }
    await assert.rejects(exportOnnx(request({ recordAt })), failure('EXPORT_UNSUPPORTED', why))
  }
  await refused(
    (builder, batch) => builder.op('Mul', ['x', builder.floats([1 / batch])], [[batch, 12]]),
    /its constant constant0 depends on it/,
  )
  await refused(
    (builder, batch) => builder.op('Reshape', ['x', builder.integers([batch * batch])], [[batch * batch]]),
    /dimension 0 of op0 is 9 for 3 images and 25 for 5/,
  )
  await refused(
    (builder, batch) => builder.op(batch > 4 ? 'Relu' : 'Elu', ['x'], [[batch, 12]]),
    /operation 1 is Elu for 3 images and Relu for 5/,
  )
  await refused(
    (builder) => builder.op('Slice', ['x', builder.integers([0, 0]), builder.integers([1, 12])], [[1, 12]]),
    /picks some of the images/,
  )
  await refused((builder) => builder.op('Exp', [builder.weight('w', [12])], [[12]]), /The output code does not depend on the input/)
  await assertFolder()
})

test('what does not exist yet, or does not fit, is refused with a sentence', async () => {
  const large = () => {
    const asked = request({ precision: 'float16' })
    const kernel = asked.weights['encoder/0/kernel']!
    return {
      ...asked,
      weights: {
        ...asked.weights,
        'encoder/0/kernel': { ...kernel, data: kernel.data.map((value, index) => (index === 3 ? 7e4 : value)) },
      },
    }
  }
  await assert.rejects(
    exportOnnx(large()),
    failure(
      'EXPORT_UNSUPPORTED',
      /encoder\/0\/kernel has values up to 7\.00e\+4 and float16 holds up to 65504; choose int8 or float32/,
    ),
  )
  await assert.rejects(
    exportOnnx(request({ geometry: { width: 5, height: 5, channels: 1, kind: 'image' } })),
    failure('EXPORT_UNSUPPORTED', /not a flattened image of 5 x 5/),
  )
  await assert.rejects(exportOnnx(request({ weights: {} })), failure('CHECKPOINT_DAMAGED', /no weight encoder\/0\/kernel/))
  await assertFolder()
})

test('a cancelled export leaves nothing', async () => {
  const controller = new AbortController()
  await assert.rejects(
    exportOnnx(request({ signal: controller.signal, ...meanwhile(() => controller.abort()) })),
    failure('CANCELLED', /no file was written/),
  )
  await assertFolder()
})

test('what a killed export left behind is removed by the next one, and nothing else is', async () => {
  const left = spawnSync(process.execPath, ['-e', 'process.kill(process.pid, "SIGKILL")'])
  const id = '00000000-0000-4000-8000-000000000000'
  const names = [
    `.workbench-export-${left.pid}-${id}.tmp`,
    `.workbench-export-${process.pid}-${id}.tmp`,
    '.workbench-export-notes.tmp',
  ]
  for (const name of names) await writeFile(path.join(folder, name), 'half')
  await exportOnnx(request())
  await assertFolder(...names.slice(1), 'encoder.onnx')
})
