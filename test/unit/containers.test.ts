import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { parquetWriteFile } from 'hyparquet-writer'
import type { Imported } from '../../src/main/engine/data/import.ts'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { inspectImport } from '../../src/main/engine/data/inspect.ts'
import { openDataset, readIndex, rowPaths } from '../../src/main/engine/data/open.ts'
import { previewImport } from '../../src/main/engine/data/preview.ts'
import { readZip } from '../../src/main/engine/data/zip.ts'
import { gnuName, grayPixels, grayPng, imageParquet, paxName, tar, type TarEntry } from '../fixtures/archives.ts'
import { importsPlace } from '../fixtures/imports.ts'
import { zip } from '../fixtures/npz.ts'

/** Files that hold many images: Parquet as `datasets` writes it, WebDataset, archives of folders. */

const { fresh, request } = importsPlace('containers')

/** Imports a path, and tells of every row its name, pixels, class and part. */
async function rowsOf(
  path: string,
  more: Parameters<typeof request>[1] = {},
): Promise<{ dataset: Imported; rows: { name: string; pixels: number[]; label: string | null; test: boolean }[]; folder: string }> {
  const ask = request(path, more),
    dataset = await importDataset(ask),
    opened = openDataset(ask.folder)
  const rows = Array.from({ length: dataset.count }, (_, row) => {
    const pixels = new Uint8Array(opened.rowSize)
    opened.gather([row], pixels)
    return {
      name: rowPaths(ask.folder, [row])[0]!,
      pixels: [...pixels],
      label: dataset.classes[opened.labels?.[row] ?? -1] ?? null,
      test: opened.test.includes(row),
    }
  })
  opened.close()
  return { dataset, rows, folder: ask.folder }
}
const codes = (dataset: Imported) => dataset.notes.map(({ code }) => code)
const images = (from: number, to: number) => Promise.all(Array.from({ length: to - from }, (_, i) => grayPng(from + i)))

test('Parquet of datasets: shards as parts, class names in their order, nulls left out', async () => {
  const root = fresh('parquet'),
    names = ['zebra', 'ant']
  mkdirSync(join(root, 'data'))
  const row = (bytes: Buffer | null, i: number) => ({ bytes, path: `${i}.png`, label: i === 3 ? -1 : i % 2 })
  const train = (await images(0, 15)).map(row),
    test = (await images(20, 25)).map(row),
    validation = (await images(30, 34)).map(row)
  train[4]!.bytes = null
  imageParquet(join(root, 'data/train-00000-of-00002.parquet'), train.slice(0, 9), { names })
  imageParquet(join(root, 'data/train-00001-of-00002.parquet'), train.slice(9), { names, codec: 'UNCOMPRESSED' })
  imageParquet(join(root, 'data/test-00000-of-00001.parquet'), test, { names })
  imageParquet(join(root, 'data/validation-00000-of-00001.parquet'), validation, { names })
  writeFileSync(join(root, 'README.md'), 'a card')
  for (const path of [root, join(root, 'data')]) {
    const { dataset, rows } = await rowsOf(path),
      prefix = path === root ? 'data/' : ''
    assert.deepEqual(
      [dataset.count, dataset.channels, dataset.testCount, dataset.validationCount, dataset.classes],
      [23, 1, 5, 4, names],
    )
    assert.deepEqual(dataset.skipped, [
      { path: `${prefix}train-00000-of-00002.parquet/4/4.png`, reason: 'there is no image in this row (null)' },
    ])
    assert.deepEqual(rows[3], {
      name: `${prefix}train-00000-of-00002.parquet/3/3.png`,
      pixels: grayPixels(3),
      label: null,
      test: false,
    })
    assert.deepEqual(rows[13], {
      name: `${prefix}train-00001-of-00002.parquet/5/14.png`,
      pixels: grayPixels(14),
      label: 'zebra',
      test: false,
    })
    assert.deepEqual(rows.at(-1), {
      name: `${prefix}test-00000-of-00001.parquet/4/4.png`,
      pixels: grayPixels(24),
      label: 'zebra',
      test: true,
    })
    assert.ok(codes(dataset).includes('partFiles'))
  }
  // One file of several by itself: its rows alone, and it is said.
  const alone = await rowsOf(join(root, 'data/train-00000-of-00002.parquet'))
  assert.deepEqual([alone.dataset.count, codes(alone.dataset).includes('missingShards')], [8, true])
  // What the inspection and the preview tell is what comes.
  const inspection = await inspectImport(request(root))
  assert.deepEqual(
    [inspection.kind, inspection.parts, inspection.classes],
    ['parquet', { train: 15, validation: 4, test: 5 }, names],
  )
  const preview = await previewImport(request(root), { images: 24, draw: 1 })
  assert.deepEqual([preview.images.count, [...preview.images.pixels.subarray(0, 16)]], [23, grayPixels(0)])
})

test('Parquet of others: bytes alone, texts as labels, several columns; what cannot be is refused', async () => {
  const root = fresh('others'),
    pngs = (await images(40, 52)).map((png) => new Uint8Array(png))
  const file = join(root, 'a.parquet')
  parquetWriteFile({
    filename: file,
    columnData: [
      { name: 'picture', data: pngs, type: 'BYTE_ARRAY' },
      { name: 'fine_label', data: pngs.map((_, i) => (i < 6 ? 'rose' : 'a tree')), type: 'STRING' },
      { name: 'coarse_label', data: pngs.map((_, i) => i % 3), type: 'INT32' },
      { name: 'caption', data: pngs.map(() => 'x'), type: 'STRING' },
    ],
  })
  const { dataset, rows } = await rowsOf(file)
  assert.deepEqual([dataset.classes, rows[11]!.label, rows[11]!.pixels], [['a tree', 'rose'], 'a tree', grayPixels(51)])
  assert.match(dataset.notes.find(({ code }) => code === 'labelColumn')!.message, /“fine_label”; “coarse_label” is not used/)
  assert.match(dataset.notes.find(({ code }) => code === 'unusedColumns')!.message, /“caption”/)

  const list = join(root, 'list.parquet')
  parquetWriteFile({
    filename: list,
    columnData: [
      { name: 'image', data: pngs },
      { name: 'labels', data: pngs.map((_, i) => [i, 1]) },
    ],
    schema: [
      { name: 'schema', num_children: 2 },
      { name: 'image', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
      { name: 'labels', converted_type: 'LIST', num_children: 1, repetition_type: 'OPTIONAL' },
      { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
      { name: 'element', type: 'INT32', repetition_type: 'OPTIONAL' },
    ],
  })
  const several = await rowsOf(list)
  assert.deepEqual([several.dataset.classes, codes(several.dataset).includes('severalLabels')], [[], true])

  const paths = join(root, 'paths.parquet')
  imageParquet(
    paths,
    pngs.map((_, i) => ({ bytes: null, path: `/data/${i}.png`, label: 0 })),
    { names: ['a'] },
  )
  await assert.rejects(
    importDataset(request(paths)),
    (error: Error & { code: string }) =>
      error.code === 'FILE_UNSUPPORTED' && /paths of images and not the images/.test(error.message),
  )
  const numbers = join(root, 'numbers.parquet')
  parquetWriteFile({ filename: numbers, columnData: [{ name: 'a', data: [1, 2, 3], type: 'INT32' }] })
  await assert.rejects(importDataset(request(numbers)), /no column of images.*“a”/)
})

/** Samples of WebDataset. */
async function samples(from: number, to: number, label: (i: number) => TarEntry): Promise<TarEntry[]> {
  const pngs = await images(from, to)
  return pngs.flatMap((content, i) => [{ name: `${String(from + i).padStart(6, '0')}.png`, content }, label(from + i)])
}
const key = (i: number) => String(i).padStart(6, '0')

test('WebDataset: shards, cls and json, captions left out; packed by gzip and zstd it is the same', async () => {
  const root = fresh('webdataset'),
    cls = (i: number) => ({ name: `${key(i)}.cls`, content: `${i % 11}\n` })
  const train = [...(await samples(0, 12, cls)), { name: '000011.txt', content: 'a caption' }]
  writeFileSync(join(root, 'train-000000.tar'), tar(train))
  writeFileSync(join(root, 'train-000001.tar'), tar(await samples(12, 24, cls)))
  writeFileSync(join(root, 'test-000000.tar'), tar(await samples(24, 30, cls)))
  const { dataset, rows } = await rowsOf(root)
  assert.deepEqual([dataset.count, dataset.testCount, dataset.classes], [30, 6, Array.from({ length: 11 }, (_, i) => String(i))])
  assert.deepEqual(rows[23], { name: 'train-000001.tar/000023.png', pixels: grayPixels(23), label: '1', test: false })
  assert.deepEqual(rows[29], { name: 'test-000000.tar/000029.png', pixels: grayPixels(29), label: '7', test: true })
  assert.match(dataset.notes.find(({ code }) => code === 'besideImages')!.message, /1 \.txt \(captions/)

  const json = await samples(0, 12, (i) => ({
    name: `${key(i)}.json`,
    content: JSON.stringify({ id: i, class_name: i < 6 ? 'näch'.normalize('NFD') : 'b', tags: [1] }),
  }))
  const fingerprints = new Set<string>()
  for (const [name, bytes] of [
    ['a.tar', tar(json)],
    ['a.tar.gz', gzipSync(tar(json))],
    ['a.tgz', gzipSync(tar(json))],
    ['a.tar.zst', zstdCompressSync(tar(json))],
  ] as const) {
    writeFileSync(join(root, '..', name), bytes)
    const { dataset, rows } = await rowsOf(join(root, '..', name))
    assert.deepEqual(
      [dataset.classes, rows[7]],
      [['b', 'näch'], { name: '000007.png', pixels: grayPixels(7), label: 'b', test: rows[7]!.test }],
      name,
    )
    assert.match(dataset.notes.find(({ code }) => code === 'labelField')!.message, /“class_name”/)
    fingerprints.add(dataset.sha256)
  }
  assert.equal(fingerprints.size, 1)

  // Several images a sample: one of them, and several labels: none.
  const two = (await samples(0, 8, (i) => ({ name: `${key(i)}.json`, content: '{"label": [1, 2]}' }))).flatMap((entry) =>
    entry.name.endsWith('.png') ? [entry, { ...entry, name: entry.name.replace('.png', '.mask.png') }] : [entry],
  )
  writeFileSync(join(root, '..', 'two.tar'), tar(two))
  const both = await rowsOf(join(root, '..', 'two.tar'))
  assert.deepEqual([both.dataset.count, both.dataset.classes], [8, []])
  assert.ok(codes(both.dataset).includes('otherImages') && codes(both.dataset).includes('severalLabels'))
})

test('tar: long names of GNU and pax, links and names that lead out are not followed, sparse files refused', async () => {
  const root = fresh('tar'),
    [a, b, ...more] = await images(60, 70),
    long = `${'d'.repeat(120)}/${'n'.repeat(60)}.png`
  const file = join(root, 'odd.tar')
  writeFileSync(
    file,
    tar([
      gnuName(`one/${long}`),
      { name: 'one/ddd', content: a! },
      paxName(`one/é${long}`),
      { name: 'short', content: b! },
      ...more.map((content, i) => ({ name: `${i < 4 ? 'one' : 'two'}/${i}.png`, content })),
      { name: 'one/link.png', type: '2', link: '/etc/passwd' },
      { name: 'one/hard.png', type: '1', link: 'one/0.png' },
      { name: '../../evil.png', content: a! },
      { name: '/tmp/evil.png', content: a! },
      { name: 'one/holes.png', type: 'S', content: a! },
      { name: 'one/._0.png', content: 'fork' },
      { name: '__MACOSX/one/x.png', content: 'fork' },
      { name: 'one/caf\xe9.png', content: await grayPng(99) },
    ]),
  )
  const { dataset, rows } = await rowsOf(file)
  const byName = new Map(rows.map((row) => [row.name, row]))
  assert.deepEqual(byName.get(`one/${long}`)!.pixels, grayPixels(60))
  assert.deepEqual(byName.get(`one/é${long}`)!.pixels, grayPixels(61))
  assert.deepEqual(byName.get('one/café.png')!.pixels, grayPixels(99))
  assert.equal(dataset.count, 11)
  const reasons = new Map(dataset.skipped.map(({ path, reason }) => [path, reason]))
  assert.match(reasons.get('one/link.png')!, /a link, which is not followed/)
  assert.match(reasons.get('one/hard.png')!, /a link/)
  assert.match(reasons.get('../../evil.png')!, /leads out/)
  assert.match(reasons.get('/tmp/evil.png')!, /leads out/)
  assert.match(reasons.get('one/holes.png')!, /sparse/)
  assert.match(dataset.notes.find(({ code }) => code === 'resourceForks')!.message, /2 of the files that macOS adds/)
})

test('a test part of its own, and the folder of another set', async () => {
  const root = fresh('parts'),
    rows = (await images(80, 95)).map((bytes, i) => ({ bytes, label: i % 2 }))
  imageParquet(join(root, 'a.parquet'), rows.slice(0, 10), { names: ['x', 'y'] })
  imageParquet(join(root, 'b.parquet'), rows.slice(10), { names: ['x', 'y'] })
  const given = await rowsOf(join(root, 'a.parquet'), { testPath: join(root, 'b.parquet') })
  assert.deepEqual([given.dataset.count, given.dataset.testCount, given.rows.slice(10).every(({ test }) => test)], [15, 5, true])

  // A repair imports again with what the index kept of the request.
  const { options } = readIndex(given.folder)
  const again = await importDataset({
    ...(options as unknown as ReturnType<typeof request>),
    ...request(join(root, 'a.parquet')),
    testPath: options!['testPath'] as string,
  })
  assert.equal(again.sha256, given.dataset.sha256)

  const sets = fresh('sets')
  for (const set of ['small', 'large']) {
    mkdirSync(join(sets, set))
    imageParquet(join(sets, set, 'train-00000-of-00001.parquet'), rows.slice(0, set === 'small' ? 6 : 12), { names: ['x', 'y'] })
  }
  await assert.rejects(importDataset(request(sets)), /several sets: large, small; choose one with --set/)
  assert.equal((await rowsOf(sets, { set: 'small' })).dataset.count, 6)
})

test('a zip of images is no npz, whatever the compression', async () => {
  const root = fresh('zip'),
    pngs = await images(100, 112)
  const members = Object.fromEntries(pngs.map((png, i) => [`${i % 2 ? 'a' : 'b'}/${i}.png`, png]))
  const seen = []
  for (const deflate of [true, false]) {
    const file = join(root, `${deflate}.zip`)
    writeFileSync(file, zip(members, deflate))
    const { dataset, rows } = await rowsOf(file)
    assert.deepEqual([dataset.classes, rows.find(({ name }) => name === 'b/4.png')!.pixels], [['a', 'b'], grayPixels(104)])
    seen.push(dataset.sha256)
  }
  assert.equal(seen[0], seen[1])
})

test('one archive is understood as the folder would be that it unpacks to', async () => {
  const root = fresh('tree'),
    top = join(root, 'birds')
  const files: [string, Buffer | string][] = []
  for (const [i, png] of (await images(0, 48)).entries()) {
    files.push([`birds/${i < 30 ? 'Train' : i < 36 ? 'val' : 'testing'}/${i % 2 ? 'owl' : 'é'}/${i}.png`, png])
  }
  files.push(['birds/README.md', 'about'], ['birds/Train/loose.png', await grayPng(200)])
  for (const [name, content] of files) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  const plain = tar(files.map(([name, content]) => ({ name: `./${name}`, content })))
  writeFileSync(join(root, 'a.tar'), plain)
  writeFileSync(join(root, 'a.tgz'), gzipSync(plain))
  writeFileSync(
    join(root, 'a.zip'),
    zip(Object.fromEntries(files.map(([name, content]) => [name.replace('é', 'e'), Buffer.from(content)])), true),
  )
  const folder = await rowsOf(top)
  assert.deepEqual(
    [folder.dataset.count, folder.dataset.testCount, folder.dataset.validationCount, folder.dataset.classes],
    [48, 12, 6, ['owl', 'é']],
  )
  for (const name of ['a.tar', 'a.tgz', 'a.zip']) {
    const { dataset, rows } = await rowsOf(join(root, name))
    const byPixels = (each: typeof rows) =>
      each.map(({ pixels, label, test }) => JSON.stringify([pixels, label?.replace('é', 'e'), test])).sort()
    assert.deepEqual(byPixels(rows), byPixels(folder.rows), name)
    assert.deepEqual(
      [dataset.validationCount, dataset.skipped.map(({ path }) => path).sort()],
      [6, ['birds/README.md', 'birds/Train/loose.png']],
      name,
    )
    if (name === 'a.tar') assert.equal(dataset.sha256, folder.dataset.sha256)
  }
})

test('an archive whose names no file system could hold, and what lies under the name of a folder', async () => {
  const root = fresh('names'),
    [a, b, ...more] = await images(120, 134)
  const good = more.map((content, i) => ({ name: `${i % 2 ? 'x' : 'y'}/${i}.png`, content }))
  const deep = 'd/'.repeat(30_000),
    entries = [
      ...good,
      gnuName(`${deep}1.png`),
      { name: 'short', content: a! },
      gnuName(`${'e/'.repeat(101)}2.png`),
      { name: 'short', content: a! },
      { name: 'x/3.png/4.png', content: b! },
    ]
  const names = [`${deep}1.png`, `${'e/'.repeat(101)}2.png`, 'x/3.png/4.png']
  writeFileSync(join(root, 'a.tar'), tar(entries))
  const members = [...good.map(({ name, content }) => [name, content]), ...names.map((name, i) => [name, i < 2 ? a! : b!])]
  writeFileSync(join(root, 'a.zip'), zip(Object.fromEntries(members) as Record<string, Buffer>, true))
  for (const archive of ['a.tar', 'a.zip']) {
    const { dataset, rows } = await rowsOf(join(root, archive))
    const skipped = dataset.skipped.map(({ path, reason }) => [path.length < 200, reason])
    assert.deepEqual(skipped.map(([, reason]) => reason).sort(), [
      'a folder of the archive has the same name',
      'it lies more than 100 folders deep',
      'its name is longer than that of any file can be',
    ])
    assert.ok(skipped.every(([short]) => short) && rows.some(({ name }) => name === 'x/3.png/4.png'), archive)
    assert.deepEqual([dataset.count, dataset.classes], [12, ['x', 'y']])
  }
})

test('a zip archive whose comment holds the mark of its end, and one whose members were counted with 16 bits', async () => {
  const root = fresh('ends'),
    pngs = await images(140, 152)
  const members = Object.fromEntries(pngs.map((png, i) => [`${i % 2 ? 'x' : 'y'}/${i}.png`, png])),
    bytes = zip(members, true)
  const comment = Buffer.from('after PK\x05\x06 comes the end: this is no end at all', 'latin1'),
    commented = Buffer.concat([bytes, comment])
  commented.writeUInt16LE(comment.length, bytes.length - 2)
  writeFileSync(join(root, 'commented.zip'), commented)
  assert.equal((await rowsOf(join(root, 'commented.zip'))).dataset.count, 12)
  // What does not come to the count, be it less or more, is not all of the archive.
  for (const count of [5, 500]) {
    const wrong = Buffer.from(bytes)
    wrong.writeUInt16LE(count, bytes.length - 12)
    writeFileSync(join(root, 'wrong.zip'), wrong)
    await assert.rejects(importDataset(request(join(root, 'wrong.zip'))), { code: 'FILE_DAMAGED', message: /12 entries/ })
  }
  const many = zip({ ...Object.fromEntries(Array.from({ length: 65_536 }, (_, i) => [`${i}`, Buffer.of()])), ...members }, false)
  const file = join(root, 'many.zip')
  writeFileSync(file, many)
  assert.equal((await readZip(file)).length, 65_548)
})

test('labels of Parquet as other writers have them: floats, numbers without a sign, names twice, and shards without rows', async () => {
  const root = fresh('writers'),
    pngs = (await images(160, 172)).map((png) => new Uint8Array(png))
  const made = (type: string, data: unknown[], converted?: string) => {
    const filename = join(root, `${type}${converted ?? ''}${data.length}.parquet`)
    parquetWriteFile({
      filename,
      columnData: [
        { name: 'image', data: pngs.slice(0, data.length) },
        { name: 'label', data },
      ],
      schema: [
        { name: 'schema', num_children: 2 },
        { name: 'image', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        { name: 'label', type, converted_type: converted, repetition_type: 'OPTIONAL' },
      ] as NonNullable<Parameters<typeof parquetWriteFile>[0]['schema']>,
    })
    return filename
  }
  const labelsOf = async (file: string) => (await rowsOf(file)).rows.map(({ label }) => label)
  // pandas makes floats of whole numbers where one is missing.
  const floats = pngs.map((_, i) => (i === 2 ? null : i === 3 ? NaN : i % 3)),
    expected = floats.map((value) => (value === null || Number.isNaN(value) ? null : String(value)))
  assert.deepEqual(await labelsOf(made('DOUBLE', floats)), expected)
  assert.deepEqual(await labelsOf(made('FLOAT', floats)), expected)
  const measured = await rowsOf(made('DOUBLE', [0.5, ...floats.slice(1, 11)]))
  assert.match(
    measured.dataset.notes.find(({ code }) => code === 'unknownLabels')!.message,
    /^1 label is not the number of a named class; this image has no label\.$/,
  )
  const high = pngs.map((_, i) => 2 ** 32 - 1 - (i % 2))
  const higher = high.map((value) => 2n ** 64n - 2n ** 32n + BigInt(value))
  assert.deepEqual(await labelsOf(made('INT32', high, 'UINT_32')), high.map(String))
  assert.deepEqual(await labelsOf(made('INT64', higher, 'UINT_64')), higher.map(String))
  const struct = join(root, 'struct.parquet')
  parquetWriteFile({
    filename: struct,
    columnData: [
      { name: 'image', data: pngs },
      { name: 'label', data: pngs.map((_, id) => ({ id })) },
    ],
    schema: [
      { name: 'schema', num_children: 2 },
      { name: 'image', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
      { name: 'label', num_children: 1, repetition_type: 'OPTIONAL' },
      { name: 'id', type: 'INT32', repetition_type: 'OPTIONAL' },
    ],
  })
  assert.match(
    (await rowsOf(struct)).dataset.notes.find(({ code }) => code === 'noClasses')!.message,
    /“label” holds values of a kind/,
  )
  const blank = pngs.map((_, i) => (i % 3 ? 'a' : ' '))
  assert.deepEqual(
    await labelsOf(made('BYTE_ARRAY', blank, 'UTF8')),
    blank.map((text) => (text === ' ' ? null : text)),
  )

  // Two classes of one name stay two; one without a name is its number.
  const sets = fresh('twice'),
    rows = pngs.map((png, i) => ({ bytes: Buffer.from(png), label: i % 4 }))
  imageParquet(join(sets, 'train-00000-of-00002.parquet'), rows, { names: ['crane', 'é', 'crane', ''] })
  imageParquet(join(sets, 'train-00001-of-00002.parquet'), [], { names: ['crane', 'é', 'crane', ''] })
  const twice = await rowsOf(sets)
  assert.deepEqual(
    [twice.dataset.classes, twice.rows.map(({ label }) => label)],
    [['crane (0)', 'é', 'crane (2)', '3'], rows.map(({ label }) => ['crane (0)', 'é', 'crane (2)', '3'][label])],
  )
  await assert.rejects(importDataset(request(join(sets, 'train-00001-of-00002.parquet'))), { code: 'DATASET_EMPTY' })
})
