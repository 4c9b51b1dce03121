import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { streamReader } from '../../src/main/engine/data/containers/byte-reader.ts'
import { findColumns } from '../../src/main/engine/data/containers/huggingface.ts'
import { openParquet } from '../../src/main/engine/data/parquet/file.ts'
import { readTar } from '../../src/main/engine/data/containers/tar.ts'
import { grayPng, imageParquet, paxRecord, tar, tarHeader, write } from '../fixtures/archives.ts'
import { importsPlace } from '../fixtures/imports.ts'
import { presentMemory } from '../fixtures/memory.ts'
import { zip } from '../fixtures/npz.ts'

/** Containers whose counts and sizes lie, that are cut off, or that unpack to more than there is room for. */

const { work, fresh, request } = importsPlace('bad-containers')
const pngs = (count: number) => Promise.all(Array.from({ length: count }, (_, i) => grayPng(i)))
const mega = 2 ** 20

/** The import fails with one of the codes, at once, and leaves nothing behind. */
async function refused(file: string, codes: readonly string[], message = /./): Promise<void> {
  const ask = request(file),
    before = presentMemory(process.pid)
  await assert.rejects(importDataset(ask), (error: Error & { code?: string }) => {
    assert.ok(codes.includes(error.code ?? ''), `${file}: ${error.stack}`)
    assert.match(error.message, message, file)
    return true
  })
  assert.equal(existsSync(ask.folder) || existsSync(`${ask.folder}.partial`), false)
  assert.ok(presentMemory(process.pid) - before < 150, `${file} took ${presentMemory(process.pid) - before} MB`)
}

test('tar archives that lie or end early are refused', async () => {
  const root = fresh('tar'),
    [one] = await pngs(1),
    good = { name: 'a/1.png', content: one! }
  const huge = Buffer.alloc(12)
  huge[0] = 0x80
  huge.fill(0xff, 4)
  const base256 = tarHeader(good)
  huge.copy(base256, 124)
  base256.fill(' ', 148, 156)
  base256.write(
    `${base256
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    'latin1',
  )
  const cases: [string, Buffer][] = [
    ['beyond.tar', tar([good, { ...good, size: 2 ** 31 }])],
    ['base256.tar', Buffer.concat([tar([good], false), base256])],
    ['pax.tar', tar([{ name: 'x', type: 'x', content: paxRecord('size', String(2 ** 45)) }, good])],
    ['long.tar', Buffer.concat([tar([good], false), tarHeader({ name: '././@LongLink', type: 'L', size: 2 ** 30 })])],
    ['cut.tar', tar([good, good, good]).subarray(0, 2570)],
    ['header.tar', tar([good, good]).subarray(0, 1024 + 300)],
    ['nonsense.tar', Buffer.concat([tar([good], false), Buffer.alloc(2048, 0x41)])],
    ['cut.tar.gz', gzipSync(tar((await pngs(200)).map((content, i) => ({ name: `a/${i}.png`, content })))).subarray(0, 1500)],
    [
      'long.tar.gz',
      gzipSync(
        Buffer.concat([tar([good], false), tarHeader({ name: '././@LongLink', type: 'L', size: 2 ** 30 }), Buffer.alloc(4 * mega)]),
      ),
    ],
  ]
  for (const [name, size] of ['-1', '1.5', '1e3', 'NaN', ''].entries()) {
    const bytes = tar([good, { name: 'x', type: 'x', content: paxRecord('size', size) }, good])
    cases.push([`size${name}.tar`, bytes], [`size${name}.tgz`, gzipSync(bytes)])
  }
  // What packs an archive says at its end whether it came whole: after the end of the archive, and before its first header.
  const packed = gzipSync(tar([good, good])),
    other = Buffer.from(packed)
  other[other.length - 6]! ^= 1
  cases.push(['checksum.tgz', other], ['trailer.tgz', packed.subarray(0, -4)], ['begin.tgz', packed.subarray(0, 12)])
  for (const [name, bytes] of cases) await refused(write(join(root, name), bytes), ['FILE_DAMAGED'], new RegExp(name))
  // Cut off between two members: nothing is known to be missing, and it is said.
  const cut = await importDataset(
    request(
      write(
        join(root, 'between.tar'),
        tar(
          (await pngs(8)).map((content, i) => ({ name: `a/${i}.png`, content })),
          false,
        ),
      ),
    ),
  )
  assert.deepEqual([cut.count, cut.notes.some(({ code }) => code === 'archiveEnd')], [8, true])
})

test('archives that unpack to far more than they are take no memory for it, and can be cancelled', async () => {
  const root = fresh('bombs'),
    images = (await pngs(6)).map((content, i) => ({ name: `a/${i}.png`, content }))
  const zeros = Buffer.alloc(320 * mega)
  const file = write(join(root, 'bomb.tgz'), gzipSync(tar([{ name: 'a/bomb.png', content: zeros }, ...images]), { level: 1 }))
  const before = presentMemory(process.pid)
  const dataset = await importDataset(request(file))
  assert.deepEqual([dataset.count, dataset.skipped.map(({ path }) => path)], [6, ['a/bomb.png']])
  assert.ok(presentMemory(process.pid) - before < 200)
  const controller = new AbortController(),
    ask = request(file)
  await assert.rejects(
    importDataset(ask, {
      signal: controller.signal,
      onProgress: ({ stage }) => {
        if (stage === 'Decoding') controller.abort()
      },
    }),
    { code: 'CANCELLED' },
  )
  assert.equal(existsSync(`${ask.folder}.partial`), false)

  // A zip archive whose member says that it is small, and one that says how large it is.
  const members = Object.fromEntries(images.map(({ name, content }) => [name, content])),
    packed = deflateRawSync(zeros)
  for (const [name, claimed, reason] of [
    ['small.zip', 10, /cannot be unpacked/],
    ['large.zip', zeros.length, /more than 256 MB/],
  ] as const) {
    const bytes = zip({ ...members, 'a/bomb.png': Buffer.from('0123456789') }, false),
      at = bytes.lastIndexOf('a/bomb.png') - 46
    const local = bytes.indexOf('a/bomb.png') - 30
    // The archive again, with the member in the place of ten bytes at its end.
    const start = bytes.subarray(0, local),
      head = bytes.subarray(local, local + 60)
    const rest = bytes.subarray(bytes.readUInt32LE(bytes.length - 6))
    const directory = Buffer.from(rest),
      entry = at - bytes.readUInt32LE(bytes.length - 6)
    head.writeUInt16LE(8, 8)
    directory.writeUInt16LE(8, entry + 10)
    directory.writeUInt32LE(crc32(zeros), entry + 16)
    directory.writeUInt32LE(packed.length, entry + 20)
    directory.writeUInt32LE(claimed, entry + 24)
    directory.writeUInt32LE(local + 60 + packed.length, directory.length - 6)
    const dataset = await importDataset(request(write(join(root, name), Buffer.concat([start, head, packed, directory]))))
    assert.equal(dataset.count, 6)
    assert.match(dataset.skipped[0]!.reason, reason)
  }
  await refused(write(join(root, 'cut.zip'), zip(members, true).subarray(0, 300)), ['FILE_DAMAGED'])
})

test('what a few bytes unpack to is left at once', async () => {
  const controller = new AbortController(),
    zeros = Buffer.alloc(2 ** 16)
  let given = 0
  const endless = async function* () {
    for (;;) {
      if (++given === 100) controller.abort()
      yield zeros
    }
  }
  await assert.rejects(streamReader(endless(), controller.signal).skip(2 ** 50), { name: 'AbortError' })
  assert.ok(given < 110)
  // Headers without a member between them: folders, and names that stand before nothing.
  const root = fresh('headers'),
    headers = tar(Array.from({ length: 600 }, (_, i) => ({ name: `d${i}`, type: i % 2 ? '5' : 'g' })))
  for (const name of ['headers.tar', 'headers.tgz'] as const) {
    const file = write(join(root, name), name === 'headers.tar' ? headers : gzipSync(headers))
    const members = readTar(file, name === 'headers.tar' ? 'plain' : 'gzip', AbortSignal.abort())
    await assert.rejects(members.next(), { name: 'AbortError' })
  }
})

test('Parquet that lies or is cut off is refused, whatever byte is wrong', async () => {
  const root = fresh('parquet'),
    file = join(root, 'a.parquet')
  imageParquet(
    file,
    (await pngs(24)).map((bytes, i) => ({ bytes, path: `${i}.png`, label: i % 3 })),
    { names: ['a', 'b', 'c'], group: 8 },
  )
  const good = readFileSync(file),
    footer = good.readUInt32LE(good.length - 8)
  const changed = (name: string, change: (bytes: Buffer) => Buffer | void) => {
    const copy = Buffer.from(good)
    return write(join(root, name), change(copy) ?? copy)
  }
  await refused(
    changed('footer.parquet', (bytes) => {
      bytes.writeUInt32LE(0xfffffff0, bytes.length - 8)
    }),
    ['FILE_DAMAGED'],
  )
  await refused(
    changed('cut.parquet', (bytes) => bytes.subarray(0, bytes.length - 200)),
    ['FILE_DAMAGED'],
  )
  await refused(
    changed('start.parquet', (bytes) => bytes.subarray(0, 40)),
    ['FILE_DAMAGED'],
  )
  await refused(
    changed('images.parquet', (bytes) => {
      bytes.fill(0xff, 30, 400)
    }),
    ['FILE_DAMAGED', 'FILE_UNSUPPORTED'],
  )
  await refused(
    changed('pointer.parquet', () => Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n')),
    ['FILE_UNSUPPORTED'],
    /git lfs pull/,
  )

  // Every byte of the description and of the pages' headers in turn, and some others: each either reads or is refused, and nothing grows.
  const before = presentMemory(process.pid),
    codes = new Set<string>()
  let tried = 0,
    random = 1
  const wrong = [0x00, 0xff, 0x7f, 0x80, 0x1c]
  for (let at = good.length - 8 - footer; at < good.length - 8; at += 3) {
    random = (random * 48271) % 2147483647
    const path = changed('fuzz.parquet', (bytes) => {
      bytes[at] = wrong[tried++ % wrong.length]!
      if (tried % 2) bytes[20 + (random % 200)]! ^= 1 << (random % 8)
    })
    try {
      const open = await openParquet(path)
      try {
        const { image, label, path: names } = findColumns(open)
        for (const column of [image, label, names])
          if (column) {
            for (const group of open.groups.keys())
              for await (const page of open.read(column, group)) assert.ok(page.length <= open.rows)
          }
      } finally {
        await open.close()
      }
    } catch (error) {
      codes.add((error as { code?: string }).code ?? String(error))
    }
  }
  assert.ok(tried > 100)
  assert.deepEqual([...codes].sort(), ['FILE_DAMAGED', 'FILE_UNSUPPORTED'])
  assert.ok(presentMemory(process.pid) - before < 300)
})

test('a folder of shards of which one is damaged is refused by its name', async () => {
  const root = fresh('shards'),
    rows = (await pngs(9)).map((bytes, i) => ({ bytes, label: i % 2 }))
  mkdirSync(join(root, 'data'))
  imageParquet(join(root, 'data/train-00000-of-00002.parquet'), rows, { names: ['a', 'b'] })
  writeFileSync(join(root, 'data/train-00001-of-00002.parquet'), 'nothing of the kind')
  await refused(root, ['FILE_DAMAGED'], /train-00001-of-00002\.parquet/)
  assert.deepEqual(
    readdirSync(work).filter((name) => name.includes('partial')),
    [],
  )
})
