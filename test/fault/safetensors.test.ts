import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { readSafetensors, verifySafetensors, writeSafetensors } from '../../src/main/engine/checkpoint/safetensors.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

const headerOf = (header: unknown): Buffer => {
  const json = Buffer.from(JSON.stringify(header).padEnd(128))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json])
}

test('a checkpoint of more than 2 GiB can be read', { skip: process.platform === 'win32' && 'files are not sparse there' }, (t) => {
  const file = join(temporaryFolder(t), 'large.safetensors')
  const start = 2 ** 31
  const header = headerOf({ a: { dtype: 'F32', shape: [2], data_offsets: [start, start + 8] } })
  const descriptor = openSync(file, 'w')
  writeSync(descriptor, header)
  writeSync(descriptor, new Uint8Array(new Float32Array([3, 4]).buffer), 0, 8, header.length + start)
  closeSync(descriptor)
  assert.deepEqual([...readSafetensors(file).tensors['a']!.data], [3, 4])
})

test('what is written is read; what is cut off, misdescribed or no file is refused in words', (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'a.safetensors')
  const tensors = {
    'one/kernel': { shape: [2, 2], data: Float32Array.of(1, -2, 3.5, 4) },
    scalar: { shape: [], data: Float32Array.of(7) },
    none: { shape: [0], data: new Float32Array(0) },
  }
  writeSafetensors(file, { tensors, metadata: { seed: '1' } })
  assert.deepEqual(readSafetensors(file), { tensors, metadata: { seed: '1' } })
  truncateSync(file, 200)
  assert.throws(() => readSafetensors(file), { code: 'CHECKPOINT_DAMAGED' })
  for (const content of [
    Buffer.alloc(0),
    Buffer.alloc(8, 255),
    headerOf(null),
    headerOf('x'),
    headerOf({ a: null }),
    headerOf({ a: { dtype: 'F16', shape: [1], data_offsets: [0, 2] } }),
    headerOf({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }),
    headerOf({ a: { dtype: 'F32', shape: [-1], data_offsets: [4, 0] } }),
  ]) {
    writeFileSync(file, content)
    assert.throws(() => readSafetensors(file), { code: 'CHECKPOINT_DAMAGED' })
  }
  mkdirSync(join(folder, 'sub'))
  for (const path of [join(folder, 'sub'), join(folder, 'missing')])
    assert.throws(() => readSafetensors(path), { code: 'CHECKPOINT_MISSING' })
  if (process.platform === 'win32') return
  assert.equal(spawnSync('mkfifo', [join(folder, 'pipe')]).status, 0)
  assert.throws(() => readSafetensors(join(folder, 'pipe')), { code: 'CHECKPOINT_MISSING' })
})

/** One tensor of two bytes a value, as others write it. */
const halves = (dtype: string, bits: number[], metadata: Record<string, string> = {}): Buffer =>
  Buffer.concat([
    headerOf({ __metadata__: metadata, a: { dtype, shape: [bits.length], data_offsets: [0, 2 * bits.length] } }),
    Buffer.from(Uint16Array.from(bits).buffer),
  ])

test('weights in half precision are read as they are; other element types are named', async (t) => {
  const file = join(temporaryFolder(t), 'a.safetensors')
  const values = (content: Buffer): number[] => {
    writeFileSync(file, content)
    return [...readSafetensors(file).tensors['a']!.data]
  }
  // Python's struct module wrote these: 1, -2, 1/3, the largest, the least normal one, the least, 0, -0.
  const bits = [0x3c00, 0xc000, 0x3555, 0x7bff, 0x0400, 0x0001, 0x0000, 0x8000]
  assert.deepEqual(values(halves('F16', bits)), [1, -2, 0.333251953125, 65504, 2 ** -14, 2 ** -24, 0, -0])
  assert.deepEqual(values(halves('BF16', [0x3f80, 0xc000, 0x3eab, 0x7f7f, 0x8000])), [
    1,
    -2,
    0.333984375,
    2 ** 127 * (2 - 2 ** -7),
    -0,
  ])
  await verifySafetensors(file)
  // A checksum is of what the workbench wrote, and says nothing of what somebody made of it.
  assert.deepEqual(values(halves('F16', [0x3c00], { checksum: 'crc32:00000000' })), [1])
  await verifySafetensors(file)
  for (const [dtype, bad] of [
    ['F16', 0x7c00],
    ['F16', 0x7e00],
    ['BF16', 0x7f80],
  ] as const) {
    writeFileSync(file, halves(dtype, [bad]))
    await assert.rejects(verifySafetensors(file), { code: 'CHECKPOINT_DAMAGED', message: /not finite numbers/ })
  }
  writeFileSync(file, halves('F17', [1]))
  assert.throws(() => readSafetensors(file), { code: 'CHECKPOINT_DAMAGED' })
  for (const dtype of ['I16', 'F8_E4M3', 'BOOL']) {
    writeFileSync(file, halves(dtype, [1]))
    assert.throws(() => readSafetensors(file), {
      code: 'FILE_UNSUPPORTED',
      message: new RegExp(`holds a as ${dtype}.*F32, F64, F16, BF16`),
    })
  }
})
