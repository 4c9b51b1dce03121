import assert from 'node:assert/strict'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { countLast, turnedRows } from '../../src/main/engine/data/array-views.ts'
import { readTar } from '../../src/main/engine/data/containers/tar.ts'
import type { FolderPlan } from '../../src/main/engine/data/folder.ts'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { inspectImport } from '../../src/main/engine/data/inspect.ts'
import { fileBatches } from '../../src/main/engine/data/listed-image.ts'
import { Names } from '../../src/main/engine/data/names.ts'
import { rowsOfArray, type StoredArray } from '../../src/main/engine/data/numbers.ts'
import { planImport } from '../../src/main/engine/data/plan.ts'
import { previewImport } from '../../src/main/engine/data/preview.ts'
import { ProgressReporter } from '../../src/main/engine/data/progress.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { WorkbenchError } from '../../src/shared/errors.ts'
import { grayPng, tar, tarHeader } from '../fixtures/archives.ts'
import { importsPlace } from '../fixtures/imports.ts'
import { npy } from '../fixtures/npz.ts'

/** What small files can ask for is bounded, and can be cancelled. */

const { fresh, request } = importsPlace('bounds')
const unsupported = (message: RegExp) => (thrown: unknown) =>
  thrown instanceof WorkbenchError && thrown.code === 'FILE_UNSUPPORTED' && message.test(thrown.message)

test('rows of an array that would take gigabytes are refused before anything is made', async () => {
  const folder = fresh('rows')
  for (const [descr, shape] of [
    ['<f4', [1, 2 ** 26 + 1]],
    ['|u1', [1, 8193, 8193]],
    ['|u1', [1, 8193, 2731, 3]],
  ] as const) {
    const path = join(folder, `${shape.join('x')}.npy`),
      head = npy(descr, [...shape], Buffer.alloc(0))
    writeFileSync(path, head)
    truncateSync(path, head.length + shape.reduce((product, n) => product * n, descr === '<f4' ? 4 : 1))
    const asks = descr === '<f4' ? request(path) : request(path, { width: 64, height: 64 }),
      refused = unsupported(/rows of 67,[\d,]+ values .* up to 67,108,864 can be imported: make/)
    await assert.rejects(importDataset(asks), refused)
    await assert.rejects(inspectImport(asks), refused)
    await assert.rejects(previewImport(asks, { images: 2, draw: 0 }), refused)
  }
})

test('names are bounded together, and what follows the end of a packed archive is', async () => {
  const names = new Names(1000)
  for (let i = 0; i < 10; i++) names.push('n'.repeat(100))
  assert.throws(() => names.push('n'.repeat(100)), unsupported(/names .* take more than/))
  assert.equal(names.count, 10)
  assert.equal(names.at(9), 'n'.repeat(100))

  const file = join(fresh('rest'), 'long.tar.gz'),
    archive = tar([{ name: 'a.png', content: await grayPng(1) }]),
    zeros = gzipSync(Buffer.alloc(2 ** 24))
  const ended = async () => {
    const members = readTar(file, 'gzip')
    for (let next = await members.next(); ; next = await members.next()) if (next.done) return next.value
  }
  writeFileSync(file, Buffer.concat([gzipSync(archive), zeros]))
  assert.equal(await ended(), true)
  writeFileSync(file, Buffer.concat([gzipSync(archive), ...Array<Buffer>(5).fill(zeros)]))
  await assert.rejects(ended(), unsupported(/after the mark that ends the archive; pack/))
})

test('a packed archive that was damaged or cut off is told as that, wherever it is', async () => {
  const file = join(fresh('flipped'), 'any.tar'),
    archive = tar(await Promise.all(Array.from({ length: 30 }, async (_, i) => ({ name: `${i}.png`, content: await grayPng(i) }))))
  const draws = random('flipped bytes', 0)
  for (const [packing, pack] of [
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    const sound = pack(archive)
    let corrupt = 0
    for (let round = 0; round < 100; round++) {
      const bytes = Buffer.from(sound),
        at = draws.below(bytes.length)
      bytes[at]! ^= 1 << draws.below(8)
      writeFileSync(file, round % 4 === 0 ? sound.subarray(0, at) : bytes)
      try {
        for await (const member of readTar(file, packing)) await member.read(member.size)
      } catch (error) {
        assert.ok(error instanceof WorkbenchError && error.code === 'FILE_DAMAGED', `${packing} ${at}: ${String(error)}`)
        if (/compressed data is corrupt/.test(error.message)) corrupt++
      }
    }
    assert.ok(corrupt > 20, `${packing}: ${corrupt}`)
  }
})

test('cancelling is noticed while what lies between two images of a packed archive is unpacked', async () => {
  const file = join(fresh('between'), 'a.tar.zst'),
    content = await grayPng(5)
  const empty = Buffer.alloc(2 ** 21)
  const member = (name: string) => ({ name, content })
  writeFileSync(
    file,
    zstdCompressSync(
      Buffer.concat([
        tar([member('x/a.png')], false),
        tarHeader({ name: 'x/zeros', size: empty.length }),
        empty,
        tar([member('x/b.png')]),
      ]),
    ),
  )
  const plan = (await planImport(request(file), { progress: new ProgressReporter(undefined) })) as FolderPlan
  const stop = new AbortController(),
    batches = fileBatches(plan.list, 1, stop.signal)
  assert.deepEqual((await batches.next()).value?.paths, ['x/a.png'])
  stop.abort(new Error('enough'))
  await assert.rejects(async () => batches.next(), /enough/)
})

test('an array that is turned around lets others go on, and ends when it is cancelled', async () => {
  const block = Buffer.alloc(2 ** 20)
  const array: StoredArray = {
    file: 'a.npy',
    name: 'a.npy',
    shape: [16, 16, 2 ** 15],
    type: 'u1',
    bigEndian: false,
    async *pieces() {
      for (let i = 0; i < 8; i++) yield block
    },
  }
  const views = [
    countLast(array, 'same'),
    countLast(array, 'reversed'),
    rowsOfArray(countLast(array, 'same'), [2 ** 15 - 1]),
    turnedRows(countLast(array, 'reversed')),
  ]
  for (const view of views) {
    const stop = new AbortController(),
      seen: number[] = []
    setImmediate(() => stop.abort(new Error('enough')))
    await assert.rejects(async () => {
      for await (const piece of view.pieces(stop.signal)) seen.push(piece.length)
    }, /enough/)
    assert.deepEqual(seen, [])
  }
})
