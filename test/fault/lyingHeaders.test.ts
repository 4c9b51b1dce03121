import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vectorOf } from '../../src/shared/shape.ts'
import { checkpointFile, readCheckpointFile, writeCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { readSafetensors, verifySafetensors, writeSafetensors } from '../../src/main/engine/checkpoint/safetensors.ts'
import { files } from '../../src/main/engine/data/index-file.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { weightsOf } from '../../src/main/engine/variants/variant.ts'
import { temporaryFolder } from '../fixtures/homes.ts'
import { importRows } from '../fixtures/tinyDataset.ts'

const mega = 2 ** 20

/** Memory outside the heap and in it that `work` took at most, roughly: what it holds at its end or when it throws. */
function taken(work: () => void): number {
  const before = process.memoryUsage()
  work()
  const after = process.memoryUsage()
  return after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
}

function safetensors(file: string, header: string, size: number): string {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)))
  writeFileSync(file, Buffer.concat([length, Buffer.from(header)]))
  if (size > 0) truncateSync(file, size)
  return file
}

test('a header of a checkpoint that lies is refused before anything as large as it says is made', async (t) => {
  const file = join(temporaryFolder(t), 'a.safetensors'),
    whole = 64 * mega
  const many = Array.from({ length: 2000 }, (_, index) => [
    `w${index}`,
    { dtype: 'F32', shape: [12 * mega], data_offsets: [0, 48 * mega] },
  ])
  const lies: Record<string, () => string> = {
    'the same bytes two thousand times': () => safetensors(file, JSON.stringify(Object.fromEntries(many)), whole),
    'tensors that overlap': () =>
      safetensors(
        file,
        JSON.stringify({
          a: { dtype: 'F32', shape: [4], data_offsets: [0, 16] },
          b: { dtype: 'F32', shape: [4], data_offsets: [12, 28] },
        }),
        whole,
      ),
    'millions of empty maps': () => safetensors(file, `{"a":[${'{},'.repeat(3_000_000)}{}]}`, 0),
    'a hundred thousand levels': () => safetensors(file, `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 0),
    'a header of 40 MB': () => safetensors(file, `{"__metadata__":{"a":"${'x'.repeat(40 * mega)}"}}`, 0),
    'metadata that are no texts': () => safetensors(file, '{"__metadata__":{"config":{"deep":[1]}}}', 0),
    'metadata that are a list': () => safetensors(file, '{"__metadata__":["config"]}', 0),
    'a header longer than the file': () => safetensors(file, `{}${' '.repeat(100)}`, 50),
  }
  for (const [what, make] of Object.entries(lies)) {
    make()
    assert.ok(taken(() => assert.throws(() => readSafetensors(file), { code: 'CHECKPOINT_DAMAGED' }, what)) < 40 * mega, what)
    await assert.rejects(verifySafetensors(file), { code: 'CHECKPOINT_DAMAGED' }, what)
  }
})

test('a checkpoint that holds far more than its network is refused unread, and a name is only a name', (t) => {
  const folder = temporaryFolder(t)
  const { config } = resolveConfig('classical', { 'network.layers': [4] }, { rowSize: 16, trainCount: 100, kind: 'image' })
  const state = Object.fromEntries(
    weightsOf(variantOf('classical'), config!, vectorOf(16), 0).map((spec) => [spec.name, initialValues(spec, 1)]),
  )
  const position = { stage: 0, step: 7, epoch: 1, seconds: 1, best: null }
  writeCheckpoint(folder, 'last', {
    variant: 'classical',
    config: config!,
    seed: 1,
    inputShape: vectorOf(16),
    classes: [],
    position,
    state,
  })
  const file = checkpointFile(folder, 'last'),
    { metadata } = readSafetensors(file),
    small = readFileSync(file)
  const length = Number(small.readBigUInt64LE(0)),
    header = JSON.parse(small.toString('utf8', 8, 8 + length)) as Record<string, unknown>
  const end = small.length - 8 - length
  const extra = { ...header, more: { dtype: 'F32', shape: [2 ** 29], data_offsets: [end, end + 2 ** 31] } }
  const data = small.subarray(8 + length),
    text = JSON.stringify(extra),
    head = Buffer.alloc(8)
  head.writeBigUInt64LE(BigInt(text.length))
  writeFileSync(file, Buffer.concat([head, Buffer.from(text), data]))
  // A hole: nothing of the 2 GB lies on the disk.
  truncateSync(file, 8 + text.length + end + 2 ** 31)
  const refused = { code: 'CHECKPOINT_DAMAGED', message: /does not hold what/ }
  assert.ok(taken(() => assert.throws(() => readCheckpointFile(file), refused)) < 40 * mega)

  writeSafetensors(file, { metadata, tensors: Object.fromEntries([['__proto__', { shape: [1], data: Float32Array.of(1) }]]) })
  assert.deepEqual(Object.keys(readSafetensors(file).tensors), ['__proto__'])
})

test('an index of a dataset that lies is refused before anything as large as it says is made', async (t) => {
  const pixels = Uint8Array.from({ length: 480 }, (_, i) => (i * i) % 256),
    labels = new Uint8Array(30).map((_, i) => i % 3)
  const folder = await importRows(temporaryFolder(t), 'tiny', [30, 4, 4], pixels, labels)
  const index = JSON.parse(readFileSync(join(folder, files.index), 'utf8')) as Record<string, unknown>
  // Nothing says what the index has to come to: it is taken at its word.
  rmSync(join(folder, files.checksums), { force: true })
  for (const lie of [
    { count: 2 ** 40 },
    { count: 2 ** 31, width: 0 },
    { count: -1 },
    { testCount: 2 ** 40 },
    { testCount: -4 },
    { validationCount: 2 ** 35 },
    { width: 2 ** 50 },
    { height: -1, width: -1 },
    { count: 2 ** 33, width: 0, testCount: 0, classes: [], classCounts: [] },
    { parts: Array.from({ length: 10 }, () => ({})) },
  ]) {
    writeFileSync(join(folder, files.index), JSON.stringify({ ...index, ...lie }))
    const what = JSON.stringify(lie)
    assert.ok(taken(() => assert.throws(() => openDataset(folder), { code: 'FILE_DAMAGED' }, what)) < 20 * mega, what)
  }
  for (const text of ['[', '', 'null', `[${'{},'.repeat(5_000_000)}{}]`, '['.repeat(100_000)]) {
    writeFileSync(join(folder, files.index), text)
    assert.throws(() => openDataset(folder), { code: 'FILE_DAMAGED' }, text.slice(0, 20))
  }
  writeFileSync(join(folder, files.index), JSON.stringify(index))
  for (const name of [files.index, files.test, files.labels, files.checksums]) {
    const own = name === files.checksums ? Buffer.alloc(0) : readFileSync(join(folder, name))
    writeFileSync(join(folder, name), own)
    truncateSync(join(folder, name), 2 ** 33)
    assert.ok(taken(() => assert.throws(() => openDataset(folder), { code: 'FILE_DAMAGED' }, name)) < 20 * mega, name)
    writeFileSync(join(folder, name), own)
    if (name === files.checksums) rmSync(join(folder, name))
  }
  openDataset(folder).close()
})
