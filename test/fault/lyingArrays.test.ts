import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { importsPlace } from '../fixtures/imports.ts'
import { npy, zip } from '../fixtures/npz.ts'

const { fresh, request } = importsPlace('lies')
const mega = 2 ** 20,
  giga = 2 ** 30

/** An npy header alone. */
const header = (descr: string, shape: readonly number[]): Buffer => npy(descr, [...shape], new Uint8Array(0))
/** An archive of one array whose header, and whose entry, promise `size` bytes of values. */
function lyingNpz(descr: string, shape: readonly number[], size: number, content = 40_000): Buffer {
  const whole = zip({ 'x.npy': Buffer.concat([header(descr, shape), Buffer.alloc(content, 7)]) }, true)
  // The uncompressed size stands in the extra fields of the entry and of the member, each after an id (1) and a length.
  const said = Buffer.alloc(8),
    lie = Buffer.alloc(8)
  const start = header(descr, shape).length
  said.writeBigUInt64LE(BigInt(start + content))
  lie.writeBigUInt64LE(BigInt(start + size))
  for (let at = whole.indexOf(said); at >= 0; at = whole.indexOf(said, at + 8)) lie.copy(whole, at)
  const entry = whole.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'))
  whole.writeUInt32LE(start + size > 0xffffffff ? 0xffffffff : start + size, entry + 24)
  return whole
}

const idx = (shape: readonly number[], values: Buffer): Buffer => {
  const start = Buffer.alloc(4 + 4 * shape.length)
  start.writeUInt32BE(0x800 + shape.length)
  shape.forEach((n, i) => start.writeUInt32BE(n, 4 + 4 * i))
  return Buffer.concat([start, values])
}
const longHeader = (said: number, real: number): Buffer => {
  const start = Buffer.from('\x93NUMPY\x02\x00....', 'latin1')
  start.writeUInt32LE(said, 8)
  return Buffer.concat([start, Buffer.alloc(real, ' ')])
}

const lies: Record<string, { file: string; bytes: () => Buffer; words: RegExp }> = {
  'an npz of some kilobytes that promises gigabytes': {
    file: 'a.npz',
    bytes: () => lyingNpz('|u1', [4 * 2 ** 20, 32, 32], 4 * giga),
    words: /said to have .* bytes/,
  },
  'an npz whose shape promises more than its entry': {
    file: 'b.npz',
    bytes: () => zip({ 'x.npy': Buffer.concat([header('|u1', [2 ** 40, 32, 32]), Buffer.alloc(1000)]) }, true),
    words: /instead of/,
  },
  'an npz of two hundred million pictures of one pixel': {
    file: 'c.npz',
    bytes: () => zip({ 'x.npy': Buffer.concat([header('|u1', [20 * mega, 1, 1]), Buffer.alloc(20 * mega)]) }, true),
    words: /20,971,520 rows/,
  },
  'a header of 50 MB that is said to be there': { file: 'd.npy', bytes: () => longHeader(50 * mega, 100), words: /header.*65,536/ },
  'a header of 50 MB that is there': { file: 'e.npy', bytes: () => longHeader(50 * mega, 50 * mega), words: /header.*65,536/ },
  'a header longer than its file': { file: 'f.npy', bytes: () => longHeader(5000, 100), words: /truncated within its header/ },
  'a header that makes no sense': {
    file: 'g.npy',
    bytes: () => npy("|u1', 'shape': (((((", [3], new Uint8Array(3)),
    words: /damaged|holds/,
  },
  'values that are cut off': {
    file: 'h.npy',
    bytes: () => npy('<f8', [100, 8, 8], new Uint8Array(100 * 64 * 8 - 1)),
    words: /instead of/,
  },
  objects: { file: 'i.npy', bytes: () => npy('|O', [10], new Uint8Array(80)), words: /astype\(str\)/ },
  'texts as long as books': {
    file: 'j.npz',
    words: /4096/,
    bytes: () =>
      zip({ 'x.npy': npy('|u1', [4, 4, 4], new Uint8Array(64)), 'y.npy': npy('<U100000', [4], new Uint8Array(1_600_000)) }, true),
  },
  'more texts than there can be classes': {
    file: 'k.npz',
    words: /65,536 different texts/,
    bytes: () =>
      zip(
        {
          'x.npy': npy('|u1', [70_000, 2, 2], new Uint8Array(280_000)),
          'y.npy': npy(
            '|S5',
            [70_000],
            Buffer.concat(Array.from({ length: 70_000 }, (_, i) => Buffer.from(String(i).padStart(5)))),
          ),
        },
        true,
      ),
  },
  'a gzipped IDX file that promises gigabytes': {
    file: 'train-images-idx3-ubyte.gz',
    bytes: () => gzipSync(idx([4 * mega, 32, 32], Buffer.alloc(1000))),
    words: /more than can be packed/,
  },
  'a gzipped IDX file that ends early': {
    file: 'other-images-idx3-ubyte.gz',
    bytes: () => gzipSync(idx([1000, 32, 32], randomBytes(500_000))),
    words: /truncated/,
  },
  'a table with a line of 20 MB': {
    file: 'l.csv',
    bytes: () => Buffer.from(`1,2,3\n4,5,6\n${'7'.repeat(20 * mega)}\n`),
    words: /does not begin like a table/,
  },
  'a table of lines without end': {
    file: 'm.csv.gz',
    bytes: () => gzipSync(Buffer.from('0,0,0\n'.repeat(17 * mega))),
    words: /16,777,216 lines/,
  },
  'records of CIFAR that are no whole ones': {
    file: 'data_batch_1.bin',
    bytes: () => Buffer.alloc(3073 * 4 - 1),
    words: /records have 3073 bytes/,
  },
}

test('arrays that lie about themselves are refused, before room is made for what they promise', async () => {
  for (const [what, { file, bytes, words }] of Object.entries(lies)) {
    const path = join(fresh('lie'), file)
    writeFileSync(path, bytes())
    const before = process.memoryUsage(),
      ask = request(path)
    let most = 0
    const watch = setInterval(() => {
      const { arrayBuffers, heapUsed } = process.memoryUsage()
      most = Math.max(most, arrayBuffers + heapUsed)
    }, 5).unref()
    await assert.rejects(
      importDataset(ask),
      (thrown: Error & { code: string }) => {
        assert.match(thrown.code, /^FILE_/, `${what}: ${thrown.stack}`)
        assert.match(thrown.message, words, what)
        return true
      },
      what,
    )
    clearInterval(watch)
    assert.ok(
      most - before.arrayBuffers - before.heapUsed < 400 * mega,
      `${what}: ${Math.round((most - before.arrayBuffers - before.heapUsed) / mega)} MB`,
    )
    assert.equal(existsSync(ask.folder) || existsSync(`${ask.folder}.partial`), false, what)
  }
})

test('what unpacks to very much can be cancelled while it does', async () => {
  // A gigabyte of nothing in a megabyte: the images as they should be.
  const root = fresh('bombs'),
    rows = mega,
    zeros = Buffer.alloc(64 * mega)
  const parts = [header('|u1', [rows, 32, 32]), ...Array.from({ length: 16 }, () => zeros)]
  const path = join(root, 'zeros.npz')
  writeFileSync(path, zip({ 'x.npy': Buffer.concat(parts) }, true))
  assert.ok(deflateRawSync(zeros).length < mega)
  const controller = new AbortController(),
    ask = request(path)
  const stages: string[] = []
  await assert.rejects(
    importDataset(ask, {
      signal: controller.signal,
      onProgress: ({ stage, done }) => {
        stages.push(stage)
        if (stage === 'Reading' && done > 0) controller.abort()
      },
    }),
    { code: 'CANCELLED' },
  )
  assert.ok(stages.includes('Reading') && !stages.includes('Taking the fingerprint'))
  assert.equal(existsSync(ask.folder) || existsSync(`${ask.folder}.partial`), false)
})
