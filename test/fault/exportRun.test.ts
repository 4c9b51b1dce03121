import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import type { ErrorCode } from '../../src/shared/errors.ts'
import { readSafetensors, writeSafetensors } from '../../src/main/engine/checkpoint/safetensors.ts'
import { embed } from '../../src/main/engine/jobs/embed.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import type { ExportJob } from '../../src/main/engine/jobs/export.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { weightsOf } from '../../src/main/engine/variants/variant.ts'
import { failure } from '../fixtures/exports.ts'
import { importRows, smallDigits } from '../fixtures/tinyDataset.ts'
import { exportHere, portTo } from '../fixtures/trainHere.ts'
import { writeUntrained } from '../fixtures/fakeCheckpoint.ts'

/** What a run's own files may have come to: whatever is damaged, it is told and no file appears, neither exported nor of codes. */

const home = mkdtempSync(join(tmpdir(), 'export-run-'))
let datasetFolder = '',
  other = ''
before(async () => {
  datasetFolder = await importRows(home, 'digits', [300, 4, 4], smallDigits(300))
  other = await importRows(
    home,
    'larger',
    [300, 5, 5],
    Uint8Array.from({ length: 300 * 25 }, (_, index) => (index * index) % 251),
  )
})
after(() => rmSync(home, { recursive: true, force: true }))

/** A run of drawn weights in a folder of its own, and an empty folder for what is written. */
function drawn(change: (file: string) => void = () => {}) {
  const { config } = resolveConfig('classical', { 'network.layers': [6] }, { rowSize: 16, trainCount: 200, kind: 'image' })
  const state = Object.fromEntries(
    weightsOf(variantOf('classical'), config!, vectorOf(16)).map((spec) => [spec.name, initialValues({ ...spec, scale: 0.3 }, 3)]),
  )
  const runFolder = mkdtempSync(join(home, 'run-')),
    out = mkdtempSync(join(home, 'out-'))
  writeUntrained(runFolder, { variant: 'classical', config: config!, state })
  change(join(runFolder, 'checkpoints', 'last.safetensors'))
  const exported = (more: Partial<ExportJob> = {}) =>
    exportHere({
      kind: 'export',
      runId: 'r',
      runFolder,
      datasetFolder,
      part: 'encoder',
      input: 'pixels',
      precision: 'float32',
      out: join(out, 'encoder.onnx'),
      force: false,
      metadata: {},
      ...more,
    })
  const embedded = () => {
    const work = mkdtempSync(join(home, 'work-'))
    return embed(
      {
        kind: 'embed',
        encoder: { run: { runId: 'r', runFolder, datasetFolder, metadata: {} } },
        data: { datasetFolder, binarise: false },
        work,
        out: { file: join(out, 'codes.npz'), force: false },
        measure: false,
        about: {},
      },
      portTo([]),
    )
  }
  return { out, exported, embedded }
}

const rewritten = (change: (tensors: ReturnType<typeof readSafetensors>['tensors']) => void) => (file: string) => {
  const { tensors, metadata } = readSafetensors(file)
  change(tensors)
  writeSafetensors(file, { tensors, metadata })
}
const damages: Record<string, { change: (file: string) => void; code: ErrorCode; says: RegExp }> = {
  'no checkpoint': { change: (file) => rmSync(file), code: 'CHECKPOINT_MISSING', says: /checkpoint/ },
  'a checkpoint that was cut off': {
    change: (file) => truncateSync(file, 900),
    code: 'CHECKPOINT_DAMAGED',
    says: /not a whole safetensors file/,
  },
  'an empty one': { change: (file) => writeFileSync(file, ''), code: 'CHECKPOINT_DAMAGED', says: /not a whole safetensors file/ },
  'one that is something else': {
    change: (file) => writeFileSync(file, 'weights'.repeat(99)),
    code: 'CHECKPOINT_DAMAGED',
    says: /not a whole safetensors file/,
  },
  'one without a weight': {
    change: rewritten((tensors) => {
      delete tensors['encoder/0/bias']
    }),
    code: 'CHECKPOINT_DAMAGED',
    says: /does not hold what this run needs; restore it from a copy or train again/,
  },
  'weights that are no numbers': {
    change: rewritten((tensors) => {
      new Float32Array(tensors['encoder/0/kernel']!.data.buffer, tensors['encoder/0/kernel']!.data.byteOffset)[7] = NaN
    }),
    code: 'CHECKPOINT_DAMAGED',
    says: /not finite numbers/,
  },
}
for (const [what, { change, code, says }] of Object.entries(damages)) {
  test(`a run with ${what}`, async () => {
    const { out, exported, embedded } = drawn(change)
    await assert.rejects(exported(), failure(code, says))
    await assert.rejects(exported({ precision: 'int8' }), failure(code, says))
    await assert.rejects(embedded(), failure(code, says))
    assert.deepEqual(readdirSync(out), [])
  })
}

test("a run of images of another size than its dataset's", async () => {
  const { out, exported } = drawn()
  await assert.rejects(
    exported({ datasetFolder: other }),
    failure('RUN_MISMATCH', /takes 16 values and the dataset's samples have 25/),
  )
  assert.deepEqual(readdirSync(out), [])
  assert.ok((await exported()).bytes > 0)
})

test('a real disk that is full, with and without a file under the name', async (t) => {
  const { exported } = drawn()
  const disk = mkdtempSync(join(home, 'disk-'))
  if (process.platform !== 'linux' || spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]).status !== 0)
    return t.skip('a small disk can only be made by root on Linux')
  try {
    writeFileSync(join(disk, 'mine.onnx'), Buffer.alloc(16_384, 1))
    await assert.rejects(
      exported({ out: join(disk, 'encoder.onnx') }),
      failure('DISK_FULL', /The disk is full, so .* was not written; free some space/),
    )
    await assert.rejects(exported({ out: join(disk, 'mine.onnx'), force: true }), failure('DISK_FULL', /The disk is full/))
    assert.deepEqual(readdirSync(disk), ['mine.onnx'])
    assert.ok(readFileSync(join(disk, 'mine.onnx')).equals(Buffer.alloc(16_384, 1)))
  } finally {
    assert.equal(spawnSync('umount', [disk]).status, 0)
  }
})
