import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { readSafetensors, writeSafetensors } from '../../src/main/engine/checkpoint/safetensors.ts'
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
