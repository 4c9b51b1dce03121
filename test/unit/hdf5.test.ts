import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as h5 from 'h5wasm/node'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { partsOf } from '../../src/shared/split.ts'
import { codeOf, importsPlace } from '../fixtures/imports.ts'

const { fresh, request } = importsPlace('hdf5')
await h5.ready

interface Made {
  data: Uint8Array | Float32Array | BigInt64Array | string[]
  shape: number[]
  chunks?: number[]
}
/** Writes a file of datasets (names with groups) and links into other files. */
function write(path: string, datasets: Record<string, Made>, links: Record<string, string> = {}): string {
  const file = new h5.File(path, 'w'),
    groups = new Set<string>()
  for (const [name, { data, shape, chunks }] of Object.entries(datasets)) {
    const group = name.split('/').slice(0, -1).join('/')
    if (group !== '' && !groups.has(group)) file.create_group(group)
    groups.add(group)
    file.create_dataset({ name, data, shape, ...(chunks && { chunks, compression: 4 }) })
  }
  for (const [name, target] of Object.entries(links)) file.create_external_link(target, 'x', name)
  file.close()
  return path
}
/** Bytes of which 0 and 255 are among the first, the same nowhere near. */
const bytes = (size: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i < 2 ? i * 255 : (i * i * 7 + i * seed + (i >> 7)) % 256))
const stored = (folder: string): Buffer => readFileSync(join(folder, 'pixels.bin'))
const split = (dataset: Parameters<typeof partsOf>[0]) => Object.values(partsOf(dataset))

test('chunked and compressed datasets are read by names like those of npz files, and links into other files are left out', async () => {
  const root = fresh('h5'),
    images = bytes(30 * 9 * 7 * 3)
  const labels = Array.from({ length: 30 }, (_, i) => ['Katze', 'Hund', 'Öchslein'][i % 3]!)
  const other = write(join(root, 'other.h5'), { x: { data: bytes(400), shape: [4, 10, 10] } })
  const path = write(
    join(root, 'animals.h5'),
    {
      'data/images': { data: images, shape: [30, 9, 7, 3], chunks: [4, 5, 7, 2] },
      'data/labels': { data: labels, shape: [30] },
    },
    { more: other },
  )
  const ask = request(path),
    dataset = await importDataset(ask)
  assert.deepEqual(
    [dataset.width, dataset.height, dataset.channels, dataset.count, dataset.classes],
    [7, 9, 3, 30, ['Hund', 'Katze', 'Öchslein']],
  )
  assert.ok(stored(ask.folder).equals(images))
  const open = openDataset(ask.folder)
  open.close()
  assert.deepEqual(
    [...open.labels!].map((label) => open.classes[label]),
    labels,
  )
  assert.match(dataset.skipped.map((each) => each.path).join(), /more \(a link into another file, which is not followed\)/)
  await assert.rejects(
    importDataset(request(write(join(root, 'links.h5'), {}, { x: other }))),
    /nothing but links into other files/,
  )
})

test('parts of one file, and of files beside each other as those of PatchCamelyon, are told by their names', async () => {
  const root = fresh('parts'),
    train = bytes(20 * 64),
    test = bytes(8 * 64, 3)
  const labels = BigInt64Array.from({ length: 20 }, (_, i) => BigInt(i % 2))
  const one = request(
    write(join(root, 'one.h5'), {
      train_set_x: { data: train, shape: [20, 8, 8] },
      train_set_y: { data: labels, shape: [20, 1] },
      test_set_x: { data: test, shape: [8, 8, 8] },
      test_set_y: { data: labels.slice(0, 8), shape: [8, 1] },
    }),
  )
  const dataset = await importDataset(one)
  assert.deepEqual(
    [split(dataset), dataset.classes],
    [
      [20, 0, 8],
      ['0', '1'],
    ],
  )
  assert.ok(stored(one.folder).equals(Buffer.concat([train, test])))

  const folder = fresh('camelyon'),
    name = (part: string, what: string) => join(folder, `camelyonpatch_level_2_split_${part}_${what}.h5`)
  for (const [part, data, count] of [
    ['train', train, 20],
    ['valid', test, 8],
    ['test', test.toReversed(), 8],
  ] as const) {
    write(name(part, 'x'), { x: { data, shape: [count, 8, 8], chunks: [3, 8, 8] } })
    write(name(part, 'y'), { y: { data: Uint8Array.from(labels.slice(0, count), Number), shape: [count, 1, 1, 1] } })
  }
  const camelyon = request(folder),
    found = await importDataset(camelyon)
  assert.deepEqual(
    [split(found), found.classes],
    [
      [20, 8, 8],
      ['0', '1'],
    ],
  )
  assert.ok(stored(camelyon.folder).equals(Buffer.concat([train, test, test.toReversed()])))
})

test('an array is chosen by its name; large images come in pieces', async () => {
  const root = fresh('chosen'),
    big = bytes(4 * 1500 * 1500),
    values = Float32Array.from({ length: 60 }, (_, i) => Math.fround(Math.sin(i)))
  const path = write(join(root, 'many.h5'), {
    'a/first': { data: big, shape: [4, 1500, 1500] },
    'a/second': { data: values, shape: [20, 3] },
  })
  await assert.rejects(importDataset(request(path)), /a\/first \(4 x 1500 x 1500\), a\/second \(20 x 3\).*--array/)
  const large = request(path, { array: 'a/first' }),
    small = request(path, { array: 'a/second' })
  assert.equal((await importDataset(large)).count, 4)
  assert.ok(stored(large.folder).equals(big))
  assert.equal((await importDataset(small)).kind, 'vector')
  assert.deepEqual(stored(small.folder), Buffer.from(values.buffer))
})

test('a MATLAB file of version 7.3 has its axes the other way round', async () => {
  const root = fresh('matlab'),
    height = 6,
    width = 5,
    count = 12,
    upright = bytes(count * height * width)
  /** As MATLAB lays out [height, width, count]: the first axis varies fastest. */
  const lying = new Uint8Array(upright.length)
  for (let n = 0; n < count; n++)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) lying[y + height * (x + width * n)] = upright[(n * height + y) * width + x]!
    }
  const plain = write(join(root, 'plain.h5'), {
    images: { data: lying, shape: [count, width, height] },
    labels: { data: Uint8Array.from({ length: count }, (_, i) => i % 3), shape: [1, count] },
  })
  const matlab = join(root, 'faces.mat'),
    block = Buffer.alloc(512, ' ')
  block.write('MATLAB 7.3 MAT-file, Platform: GLNXA64')
  writeFileSync(matlab, Buffer.concat([block, readFileSync(plain)]))
  const ask = request(matlab),
    dataset = await importDataset(ask)
  assert.deepEqual([dataset.width, dataset.height, dataset.count, dataset.classes], [width, height, count, ['0', '1', '2']])
  assert.ok(stored(ask.folder).equals(upright))
  writeFileSync(matlab, Buffer.concat([Buffer.from('MATLAB 5.0 MAT-file'), Buffer.alloc(2000)]))
  await assert.rejects(importDataset(request(matlab)), /-v7\.3/)
})

test('HDF5 files that lie, or end early, are refused at once', async () => {
  const root = fresh('lies'),
    whole = readFileSync(write(join(root, 'whole.h5'), { x: { data: bytes(77 * 100), shape: [77, 10, 10] } }))
  const dims = Buffer.alloc(24)
  for (const [at, n] of [
    [0, 77n],
    [8, 10n],
    [16, 10n],
  ] as const)
    dims.writeBigUInt64LE(n, at)
  const place = whole.indexOf(dims)
  assert.ok(place > 0)
  const path = join(root, 'lie.h5')
  for (const lie of [2n ** 40n, 2n ** 62n, 78n * 100n]) {
    const changed = Buffer.from(whole)
    changed.writeBigUInt64LE(lie, place)
    writeFileSync(path, changed)
    await assert.rejects(importDataset(request(path)), codeOf('FILE_DAMAGED'), String(lie))
  }
  for (const length of [600, 1500, whole.length - 100]) {
    writeFileSync(path, whole)
    truncateSync(path, length)
    await assert.rejects(importDataset(request(path)), codeOf('FILE_DAMAGED'), `${length} bytes`)
  }
  // Any one byte changed: refused or read, and never an unexpected error.
  for (let at = 0; at < place + 200; at += 211) {
    const changed = Buffer.from(whole)
    changed[at] = changed[at]! ^ 0xff
    writeFileSync(path, changed)
    await importDataset(request(path)).catch((thrown: { code?: string }) =>
      assert.match(String(thrown.code), /^(FILE_|DATASET_)/, `byte ${at}: ${thrown}`),
    )
  }
})

test('links within a file: what they lead to, groups that lie within themselves, and links that lead nowhere', async () => {
  const root = fresh('links'),
    images = bytes(12 * 30)
  const path = write(join(root, 'links.h5'), {
    'a/raw': { data: images, shape: [12, 6, 5] },
    'a/classes_of_all': { data: ['crane', 'dog', 'crane'], shape: [3] },
  })
  const module = await h5.ready,
    file = new h5.File(path, 'a')
  file.create_group('g')
  for (let i = 0; i < 12; i++) module.create_hard_link(file.file_id, '/g', `/g/link${i}`)
  file.create_soft_link('/a/raw', 'images')
  file.create_soft_link('/a', 'again')
  file.create_soft_link('/nowhere', 'lost')
  file.create_soft_link('/loop', 'loop')
  file.create_dataset({ name: 'labels', data: Uint8Array.from({ length: 12 }, (_, i) => i % 3), shape: [12] })
  file.create_soft_link('/a/classes_of_all', 'class_names')
  file.close()
  const ask = request(path),
    dataset = await importDataset(ask)
  assert.ok(stored(ask.folder).equals(images))
  assert.deepEqual(dataset.classes, ['crane (0)', 'dog', 'crane (2)'])
  assert.deepEqual(
    dataset.skipped.map((each) => each.path.replace(`${path}/`, '')),
    ['a/classes_of_all', 'a/raw', 'loop (a link that leads nowhere)', 'lost (a link that leads nowhere)'],
  )

  // What the library has to say is for whoever reads the error, and for nobody else.
  const cut = join(root, 'cut.h5')
  writeFileSync(cut, readFileSync(path).subarray(0, 900))
  const reader = new URL('../../src/main/engine/data/hdf5/file.ts', import.meta.url).href
  for (const each of [path, cut]) {
    const code = `const { listDatasets } = await import('${reader}')
      await listDatasets(${JSON.stringify(each)}).catch(({ code, message }) => console.log(code, message))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', code], {
      encoding: 'utf8',
    })
    assert.deepEqual(
      [stdout, stderr],
      [
        each === path
          ? ''
          : 'FILE_DAMAGED cut.h5 is damaged: HDF5 cannot open it (its beginning is damaged, or it ends early). Get the file again.\n',
        '',
      ],
    )
  }
})
