import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import sharp from 'sharp'
import { isPatchesText } from '../../src/shared/patches.ts'
import { importDataset, type ImportRequest } from '../../src/main/engine/data/import.ts'
import { openDataset, rowPaths } from '../../src/main/engine/data/open.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { npy, zip } from '../fixtures/npz.ts'
import { temporaryFolder, testEngine } from '../fixtures/homes.ts'

const size = { width: 8, height: 8 }
let made = 0

async function add(folder: string, path: string, more: Partial<ImportRequest> = {}) {
  const target = join(folder, 'home', `d${made++}`)
  const dataset = await importDataset({ id: 'one', name: 'one', path, patches: size, fit: 'crop', folder: target, ...more })
  const opened = openDataset(target),
    rows = new Uint8Array(dataset.count * opened.rowSize),
    all = Uint32Array.from({ length: dataset.count }, (_, row) => row)
  opened.gather(all, rows)
  opened.close()
  const onTest = new Uint8Array(dataset.count)
  for (const row of opened.test) onTest[row] = 1
  /** Where each row says that it is from. */
  const claims = rowPaths(target, all).map((claim) => {
    const [, name, x, y] = /^(.+)@(\d+),(\d+)$/.exec(claim)!
    return { name: name!, x: Number(x), y: Number(y) }
  })
  return { ...dataset, folder: target, rows, onTest, claims, labels: opened.labels }
}
type Made = Awaited<ReturnType<typeof add>>

interface Image {
  width: number
  height: number
  channels: number
  pixels: Uint8Array
}
/** Pixels of which no two patches are alike. */
const noise = (seed: number, width: number, height: number, channels = 1): Image => {
  const source = random('patches.test', seed)
  return { width, height, channels, pixels: Uint8Array.from({ length: width * height * channels }, () => source.below(256)) }
}
const png = ({ width, height, channels, pixels }: Image) =>
  sharp(pixels, { raw: { width, height, channels: channels as 1 | 3 } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer()

/** Looks at every value of every patch, one by one, in the image that it claims to be from. */
function requireWindows({ claims, rows, width, height, channels }: Made, imageOf: (name: string) => Image): void {
  for (const [row, { name, x, y }] of claims.entries()) {
    const image = imageOf(name)
    assert.ok(x + width <= image.width && y + height <= image.height, `${name}@${x},${y} lies inside`)
    for (let v = 0; v < height; v++)
      for (let u = 0; u < width; u++)
        for (let c = 0; c < channels; c++) {
          const value = rows[row * width * height * channels + (v * width + u) * channels + c],
            wanted = image.pixels[((y + v) * image.width + x + u) * channels + c]
          if (value !== wanted) assert.fail(`patch ${row} of ${name}@${x},${y} has ${value} at ${u},${v}, not ${wanted}`)
        }
  }
}
/** Names of the images on each side. */
const sides = ({ claims, onTest }: Made) => {
  const [train, test] = [0, 1].map((side) => new Set(claims.filter((_, row) => onTest[row] === side).map(({ name }) => name)))
  return { train: train!, test: test!, both: [...train!].filter((name) => test!.has(name)) }
}

/** Two classes of images of several sizes, one turned by its Exif tag; a copy; files that are of no use. */
async function writeFolder(root: string): Promise<Map<string, Image>> {
  const images = new Map<string, Image>()
  for (const [c, name] of ['cats', 'dogs'].entries()) {
    mkdirSync(join(root, name), { recursive: true })
    for (let i = 0; i < 12; i++) {
      const image = noise(100 * c + i, 9 + 7 * i, 30 - i),
        path = `${name}/${i}.png`
      images.set(path, image)
      writeFileSync(join(root, path), await png(image))
    }
  }
  const plain = await sharp(await png(noise(77, 40, 24)))
    .toColourspace('b-w')
    .jpeg()
    .toBuffer()
  // The tag that asks viewers for a quarter turn, right after the file's first marker.
  const exif = Buffer.from(
    `ffe10022${Buffer.from('Exif\0\0').toString('hex')}49492a0008000000010012010300010000000600000000000000`,
    'hex',
  )
  const turned = Buffer.concat([plain.subarray(0, 2), exif, plain.subarray(2)])
  writeFileSync(join(root, 'dogs', 'turned.jpg'), turned)
  const { data, info } = await sharp(turned).autoOrient().toColourspace('b-w').raw().toBuffer({ resolveWithObject: true })
  assert.deepEqual([info.width, info.height, info.channels], [24, 40, 1])
  images.set('dogs/turned.jpg', { ...info, pixels: data })
  for (let i = 0; i < 4; i++) {
    writeFileSync(join(root, 'cats', `copy${i}.png`), await png(images.get('cats/3.png')!))
    images.set(`cats/copy${i}.png`, images.get('cats/3.png')!)
  }
  writeFileSync(join(root, 'cats', 'small.png'), await png(noise(5, 7, 90)))
  writeFileSync(join(root, 'dogs', 'notes.txt'), 'no image')
  const whole = await png(noise(6, 50, 50)),
    broken = Buffer.from(whole)
  broken.fill(0x55, broken.indexOf('IDAT') + 8, broken.indexOf('IDAT') + 40)
  writeFileSync(join(root, 'dogs', 'broken.png'), broken)
  return images
}

test('patches of a folder are windows of its images; no image is on both sides of the split; what cannot be used is named', async (t) => {
  const folder = temporaryFolder(t),
    root = join(folder, 'photos'),
    images = await writeFolder(root)
  const patches = await add(folder, root, { count: 3000, seed: 4 })
  assert.deepEqual([patches.count, patches.width, patches.height, patches.channels, patches.kind], [3000, 8, 8, 1, 'image'])
  requireWindows(patches, (name) => images.get(name)!)
  assert.deepEqual(patches.classes, ['cats', 'dogs'])
  patches.claims.forEach(({ name }, row) => assert.equal(patches.classes[patches.labels![row]!], name.split('/')[0]))
  assert.deepEqual(
    patches.skipped.map(({ path, reason }) => [path, reason.split(':')[0]]),
    [
      ['cats/small.png', 'smaller than the patches'],
      ['dogs/notes.txt', 'not an image (PNG, JPEG, WebP, BMP, TIFF, GIF, AVIF, PNM and JPEG 2000 are read)'],
      ['dogs/broken.png', 'damaged'],
    ],
  )
  // All 29 images are there; 15% of them are 4, which copies may change by their number.
  const { train, test: testing, both } = sides(patches)
  assert.equal(train.size + testing.size, images.size)
  assert.deepEqual(both, [])
  assert.ok(testing.size >= 3 && testing.size <= 8, `${testing.size} test images`)
  const copies = ['cats/3.png', ...[0, 1, 2, 3].map((i) => `cats/copy${i}.png`)]
  assert.equal(new Set(copies.map((name) => testing.has(name))).size, 1)
  assert.ok(
    [...testing].some((name) => name.startsWith('cats')) && [...testing].some((name) => name.startsWith('dogs')),
    'both classes are tested',
  )
  assert.equal(patches.source, `3000 patches of 8x8, seed 4, from ${root}`)
  assert.ok(isPatchesText(patches.source))
  assert.deepEqual(
    readdirSync(join(folder, 'home')).filter((name) => name.includes('partial')),
    [],
  )

  // The same again, in fewer and more patches: those that both have are the same.
  const again = await add(folder, root, { count: 3000, seed: 4 }),
    fewer = await add(folder, root, { count: 700, seed: 4 }),
    other = await add(folder, root, { count: 700, seed: 5 })
  assert.equal(again.sha256, patches.sha256)
  assert.deepEqual(fewer.claims, patches.claims.slice(0, 700))
  assert.notDeepEqual(other.claims, fewer.claims)

  const wide = await add(folder, root, { count: 500, patches: { width: 20, height: 5 }, channels: 3 })
  assert.deepEqual([wide.width, wide.height, wide.channels], [20, 5, 3])
  requireWindows(wide, (name) => ({
    ...images.get(name)!,
    channels: 3,
    pixels: Uint8Array.from(
      { length: images.get(name)!.pixels.length * 3 },
      (_, i) => images.get(name)!.pixels[Math.floor(i / 3)]!,
    ),
  }))
  assert.match(wide.source, /, seed 1, colour, from /)
})

test('a split that the source brings is kept: folders, arrays, and a dataset of the workbench', async (t) => {
  const folder = temporaryFolder(t),
    root = join(folder, 'split'),
    images = new Map<string, Image>()
  for (const part of ['train', 'test']) {
    mkdirSync(join(root, part), { recursive: true })
    for (let i = 0; i < 5; i++) {
      const image = noise(i + (part === 'test' ? 50 : 0), 30, 12 + i, 3)
      images.set(`${part}/${i}.png`, image)
      writeFileSync(join(root, part, `${i}.png`), await png(image))
    }
  }
  const ofFolder = await add(folder, root, { count: 400 })
  assert.equal(ofFolder.channels, 3)
  requireWindows(ofFolder, (name) => images.get(name)!)
  ofFolder.claims.forEach(({ name }, row) => assert.equal(ofFolder.onTest[row], name.startsWith('test/') ? 1 : 0))
  assert.deepEqual(ofFolder.labels, null)

  // Channels first, training and test images of different sizes, labels.
  const train = Array.from({ length: 6 }, (_, i) => noise(i, 11, 14, 3)),
    testing = Array.from({ length: 3 }, (_, i) => noise(30 + i, 16, 9, 3))
  const planar = (list: Image[]) =>
    Uint8Array.from(list.flatMap(({ pixels }) => [0, 1, 2].flatMap((c) => [...pixels].filter((_, i) => i % 3 === c))))
  const path = join(folder, 'images.npz')
  writeFileSync(
    path,
    zip(
      {
        'x_train.npy': npy('|u1', [6, 3, 14, 11], planar(train)),
        'x_test.npy': npy('|u1', [3, 3, 9, 16], planar(testing)),
        'y_train.npy': npy('|u1', [6], Uint8Array.of(5, 5, 7, 7, 9, 9)),
        'y_test.npy': npy('|u1', [3], Uint8Array.of(9, 7, 5)),
      },
      true,
    ),
  )
  const ofArrays = await add(folder, path, { count: 600 })
  const arrayImage = (name: string) => (name.startsWith('images.npz/x_train#') ? train : testing)[Number(name.split('#')[1])]!
  requireWindows(ofArrays, arrayImage)
  ofArrays.claims.forEach(({ name }, row) => {
    const index = Number(name.split('#')[1]),
      tested = name.startsWith('images.npz/x_test#')
    assert.deepEqual(
      [ofArrays.onTest[row], ofArrays.classes[ofArrays.labels![row]!]],
      tested ? [1, String([9, 7, 5][index])] : [0, String([5, 5, 7, 7, 9, 9][index])],
    )
  })

  const whole = join(folder, 'whole')
  const dataset = await importDataset({ id: 'w', name: 'w', path: root, width: 30, height: 12, fit: 'crop', folder: whole })
  const opened = openDataset(whole),
    row = new Uint8Array(opened.rowSize)
  const ofDataset = await add(folder, 'dataset:w', { count: 400, dataset: { name: 'w', folder: whole } })
  const names = rowPaths(
    whole,
    Array.from({ length: dataset.count }, (_, i) => i),
  )
  requireWindows(ofDataset, (name) => {
    opened.gather([names.indexOf(name)], row)
    return { width: 30, height: 12, channels: 3, pixels: row }
  })
  opened.close()
  ofDataset.claims.forEach(({ name }, i) => assert.equal(ofDataset.onTest[i], name.startsWith('test/') ? 1 : 0))
  assert.equal(ofDataset.source, `400 patches of 8x8, seed 1, from dataset:w (${dataset.sha256.slice(0, 16)})`)
})

test('every image and every place is as likely as any other', async (t) => {
  const folder = temporaryFolder(t),
    path = join(folder, 'x.npz'),
    count = 20_000
  writeFileSync(path, zip({ 'x.npy': npy('|u1', [10, 16, 12], noise(1, 12, 160).pixels) }, false))
  const { claims } = await add(folder, path, { count })
  const chiSquare = (values: number[], cells: number) => {
    const seen = new Float64Array(cells)
    for (const value of values) seen[value]!++
    return seen.reduce((sum, times) => sum + (times - count / cells) ** 2 / (count / cells), 0)
  }
  for (const [what, values, cells] of [
    ['images', claims.map(({ name }) => Number(name.split('#')[1])), 10],
    ['places', claims.map(({ x, y }) => y * 5 + x), 45],
  ] as const) {
    const found = chiSquare(values, cells)
    assert.ok(Math.abs(found - (cells - 1)) < 4 * Math.sqrt(2 * (cells - 1)), `chi square of the ${what}: ${found}`)
  }
})

test('normalised patches are those of the formula: mean removed, three deviations, [0.1, 0.9]', async (t) => {
  const folder = temporaryFolder(t),
    root = join(folder, 'photos')
  mkdirSync(root)
  for (let i = 0; i < 6; i++) {
    // Smooth pictures with an edge each, so that deviations differ from patch to patch and some values are cut off.
    const pixels = Uint8Array.from({ length: 40 * 40 * 3 }, (_, at) => {
      const x = Math.floor(at / 3) % 40,
        y = Math.floor(at / 120)
      return (x > 5 + 5 * i ? 200 : 20) + (at % 3) * 9 + y
    })
    writeFileSync(join(root, `${i}.png`), await png({ width: 40, height: 40, channels: 3, pixels }))
  }
  for (const channels of [1, 3] as const) {
    const raw = await add(folder, root, { count: 900, channels }),
      normal = await add(folder, root, { count: 900, channels, contrast: 'normalise' })
    assert.deepEqual(normal.claims, raw.claims)
    const length = 64 * channels,
      values = Array.from({ length: 900 }, (_, row) => Array.from(raw.rows.subarray(row * length, (row + 1) * length)))
    // As NumPy would: p -= p.mean(1); s = p.std(ddof=1); clip(p, -3s, 3s) / 3s; (p + 1) * 0.4 + 0.1.
    const centred = values.map((patch) => {
      const mean = patch.reduce((sum, value) => sum + value) / length
      return patch.map((value) => value - mean)
    })
    const all = centred.flat(),
      mean = all.reduce((sum, value) => sum + value) / all.length
    const deviation = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (all.length - 1))
    let worst = 0,
      cut = 0
    centred.forEach((patch, row) =>
      patch.forEach((value, i) => {
        const scaled = Math.min(Math.max(value, -3 * deviation), 3 * deviation) / (3 * deviation)
        if (Math.abs(scaled) === 1) cut++
        worst = Math.max(worst, Math.abs(normal.rows[row * length + i]! - 255 * ((scaled + 1) * 0.4 + 0.1)))
      }),
    )
    assert.ok(worst <= 0.5 + 1e-9, `off by ${worst} levels`)
    assert.ok(cut > 20, `${cut} values are cut off`)
    assert.deepEqual(
      [normal.rows.reduce((least, value) => Math.min(least, value)), normal.rows.reduce((most, value) => Math.max(most, value))],
      [26, 230],
    )
    assert.match(normal.source, /, normalised, from /)
  }
})

test('dead leaves in one command are those of the imported set; identical patches are on one side', async (t) => {
  const folder = temporaryFolder(t),
    whole = join(folder, 'leaves')
  await importDataset({ id: 'l', name: 'leaves', path: 'deadLeaves', seed: 1, fit: 'crop', folder: whole })
  const direct = await add(folder, 'deadLeaves', { count: 10_000, seed: 1 }),
    indirect = await add(folder, 'dataset:leaves', { dataset: { name: 'leaves', folder: whole } })
  assert.equal(direct.sha256, indirect.sha256)
  assert.deepEqual(
    [direct.count, direct.width, direct.height, direct.channels, direct.source],
    [10_000, 8, 8, 1, '10000 patches of 8x8, seed 1, from deadLeaves'],
  )
  const onSide = (side: number) =>
    new Set(
      Array.from(direct.onTest, (_, row) => row)
        .filter((row) => direct.onTest[row] === side)
        .map((row) => Buffer.from(direct.rows.subarray(64 * row, 64 * row + 64)).toString('hex')),
    )
  const train = onSide(0),
    testing = onSide(1)
  assert.deepEqual(
    [...testing].filter((patch) => train.has(patch)),
    [],
  )
  // Flat patches that training has, too, went there; every other patch of a test image is tested.
  const { test: testImages } = sides(direct),
    opened = openDataset(whole)
  assert.deepEqual(
    [...testImages].map((name) => Number(name.split('#')[1])).sort((a, b) => a - b),
    [...opened.test],
  )
  opened.close()
  let moved = 0
  direct.claims.forEach(({ name }, row) => {
    if (testImages.has(name) === (direct.onTest[row] === 1)) return
    assert.ok(testImages.has(name), `${name} is a training image`)
    moved++
  })
  assert.equal(moved, direct.movedToOneSide)
  assert.ok(moved > 0)
  assert.notEqual(
    (await add(folder, 'deadLeaves', { count: 500, seed: 2 })).sha256,
    (await add(folder, 'deadLeaves', { count: 500, seed: 1 })).sha256,
  )
})

/** A folder with one image of each kind, and arrays of too few and of vectors. */
async function writeBad(folder: string) {
  for (const name of ['one', 'empty', 'copies', 'flat', 'broken', 'small']) mkdirSync(join(folder, name), { recursive: true })
  const image = await png(noise(1, 20, 20))
  writeFileSync(join(folder, 'one', '1.png'), image)
  for (let i = 0; i < 4; i++) {
    writeFileSync(join(folder, 'copies', `${i}.png`), image)
    writeFileSync(
      join(folder, 'flat', `${i}.png`),
      await png({ width: 20, height: 20, channels: 1, pixels: new Uint8Array(400).fill(50 * i) }),
    )
    writeFileSync(join(folder, 'small', `${i}.png`), await png(noise(i, 7, 40)))
    const broken = Buffer.from(image)
    broken.fill(0x55, broken.indexOf('IDAT') + 8, broken.indexOf('IDAT') + 40)
    writeFileSync(join(folder, 'broken', `${i}.png`), broken)
  }
  writeFileSync(
    join(folder, 'vectors.npz'),
    zip(
      {
        'x.npy': npy(
          '<f4',
          [9, 3],
          new Float32Array(27).map((_, i) => i),
        ),
      },
      false,
    ),
  )
}

test('what cannot be cut is refused with its code and field, before it is a task where that is known; nothing is left', async (t) => {
  const folder = temporaryFolder(t)
  await writeBad(folder)
  const engine = testEngine(t, join(folder, 'home')),
    { call } = engine
  const over = (id: string) =>
    engine.next((event) =>
      event.type === 'task' && event.task.id === id && event.task.state !== 'running' ? event.task : undefined,
    )
  assert.equal((await over((await call('datasets.import', { path: 'moons', name: 'moons' })).task.id)).state, 'done')
  assert.equal((await over((await call('datasets.import', { path: 'deadLeaves', name: 'leaves' })).task.id)).state, 'done')
  const kept = (await call('datasets.list', {})).datasets.length

  const ask = { path: 'deadLeaves', patches: size }
  const atOnce: [object, string, string][] = [
    [{ count: 0 }, 'CALL_INVALID', 'count'],
    [{ patches: { width: 0, height: 8 } }, 'CALL_INVALID', 'patches.width'],
    [{ patches: { width: 129, height: 8 } }, 'IMAGE_SIZE', 'patches'],
    [{ path: 'moons' }, 'CALL_INVALID', 'patches'],
    [{ path: 'dataset:moons' }, 'CALL_INVALID', 'patches'],
    [{ path: join(folder, 'vectors.npz') }, 'CALL_INVALID', 'patches'],
    [{ path: 'dataset:other' }, 'DATASET_UNKNOWN', 'path'],
    [{ width: 8 }, 'CALL_INVALID', 'width'],
    [{ testPath: folder }, 'CALL_INVALID', 'testPath'],
    [{ path: 'dataset:leaves', testPath: folder }, 'CALL_INVALID', 'testPath'],
    [{ count: 2 }, 'DATASET_TOO_SMALL', 'count'],
    [{ path: 'dataset:leaves', count: 1 }, 'DATASET_TOO_SMALL', 'count'],
    [{ path: join(folder, 'one') }, 'DATASET_TOO_SMALL', 'path'],
    [{ path: join(folder, 'empty') }, 'DATASET_EMPTY', 'path'],
    [{ path: join(folder, 'small') }, 'IMAGE_SIZE', 'patches'],
    [{ path: join(folder, 'missing') }, 'PATH_MISSING', 'path'],
    [{ contrast: 'flat' }, 'CALL_INVALID', 'contrast'],
  ]
  for (const [more, code, field] of atOnce)
    await assert.rejects(call('datasets.import', { ...ask, ...more }), { code, field }, JSON.stringify(more))
  const later: [object, string, string][] = [
    [{ path: join(folder, 'copies') }, 'DATASET_TOO_SMALL', 'path'],
    [{ path: join(folder, 'broken') }, 'DATASET_EMPTY', 'path'],
    [{ path: join(folder, 'flat'), contrast: 'normalise' }, 'CALL_INVALID', 'contrast'],
    [{ path: join(folder, 'flat'), contrast: 'normalise', patches: undefined }, 'CALL_INVALID', 'contrast'],
    [{ path: 'dataset:leaves', patches: undefined }, 'CALL_INVALID', 'patches'],
  ]
  for (const [more, code, field] of later) {
    const { error } = await over((await call('datasets.import', { ...ask, ...more })).task.id)
    assert.deepEqual([error?.code, error?.field], [code, field], `${JSON.stringify(more)}: ${error?.message}`)
  }

  // A dataset stays while patches are taken from it; cancelling leaves nothing.
  const { task } = await call('datasets.import', { path: 'dataset:leaves', patches: size, count: 1_000_000 })
  await assert.rejects(call('datasets.remove', { dataset: 'leaves' }), { code: 'DATASET_IN_USE' })
  await call('tasks.cancel', { task: task.id })
  assert.equal((await over(task.id)).state, 'cancelled')
  assert.equal((await call('datasets.list', {})).datasets.length, kept)
  assert.equal(readdirSync(join(folder, 'home', 'datasets')).length, kept)

  const { kind, images, files, width, height, channels, suggestedName } = await call('datasets.inspect', {
    path: 'dataset:leaves',
  })
  assert.deepEqual([kind, images, files, width, height, channels, suggestedName], ['dataset', true, 200, 128, 128, 1, 'leaves'])
  assert.deepEqual((await call('paths.complete', { prefix: 'dataset:' })).paths, ['dataset:leaves'])
  const named = await over((await call('datasets.import', { path: 'dataset:leaves', patches: size, count: 100 })).task.id)
  assert.equal((await call('datasets.list', {})).datasets.find(({ id }) => id === named.result)?.name, 'leaves-patches')
  await call('datasets.remove', { dataset: 'leaves' })
})

test('a cancelled import leaves nothing, whatever it was doing', async (t: TestContext) => {
  const folder = temporaryFolder(t),
    root = join(folder, 'photos')
  await writeFolder(root)
  for (const stage of ['Reading headers', 'Cutting patches', 'Measuring contrast', 'Normalising', 'Comparing patches']) {
    const controller = new AbortController(),
      target = join(folder, 'made')
    let reached = false
    await assert.rejects(
      importDataset(
        { id: 'x', name: 'x', path: root, patches: size, count: 100_000, contrast: 'normalise', fit: 'crop', folder: target },
        {
          signal: controller.signal,
          onProgress: (progress) => {
            if (progress.stage === stage) {
              reached = true
              controller.abort()
            }
          },
        },
      ),
      { code: 'CANCELLED' },
    )
    assert.deepEqual([reached, existsSync(target), existsSync(`${target}.partial`)], [true, false, false], stage)
  }
})
