import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { decodeFile } from '../../src/main/engine/data/decode-file.ts'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { inspectImport } from '../../src/main/engine/data/inspect.ts'
import { rowPaths } from '../../src/main/engine/data/open.ts'
import type { ImportRequest } from '../../src/main/engine/data/request.ts'
import { importsPlace } from '../fixtures/imports.ts'
import { missing, python } from '../fixtures/pillow.ts'
import { npy, zip } from '../fixtures/npz.ts'
import { tiffFile, type TiffPage } from '../fixtures/tiff.ts'

/** Files of 16 bits, 32 bits and floats, extra channels, mixed colours and several pages. */

const { fresh, request } = importsPlace('value-files')

async function imported(files: Record<string, Buffer>, more: Partial<ImportRequest> = {}) {
  const folder = fresh('files')
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes)
  const ask = request(folder, more),
    dataset = await importDataset(ask)
  const says = (code: string) => dataset.notes.find((note) => note.code === code)?.message
  return {
    dataset,
    source: folder,
    folder: ask.folder,
    pixels: readFileSync(join(ask.folder, 'pixels.bin')),
    codes: dataset.notes.map(({ code }) => code),
    says,
  }
}
/** The numbers of a file as it is read. */
async function numbers(bytes: Buffer): Promise<number[] | string> {
  const result = await decodeFile(bytes)
  return 'reason' in result ? result.reason : Array.from('picture' in result ? result.picture.data : result.samples.data)
}

const width = 7,
  height = 5
const ramp = (samples: number, make: (i: number) => number): number[] =>
  Array.from({ length: width * height * samples }, (_, i) => make(i))

test('every layout of TIFF gives its numbers', async () => {
  const layouts: [string, Partial<TiffPage>][] = [
    ['plain', {}],
    ['strips', { rows: 2 }],
    ['tiles', { tile: 16 }],
    ['deflate', { compression: 8, rows: 3 }],
    ['runs', { compression: 32773 }],
    ['zstd in tiles', { compression: 50000, tile: 16 }],
    ['differences', { predictor: 2, compression: 8 }],
  ]
  const kinds: [string, Partial<TiffPage>, (i: number) => number][] = [
    ['u8', { bits: 8 }, (i) => (i * 7) % 256],
    ['u16', {}, (i) => (i * 1237) % 65536],
    ['i16', { format: 2 }, (i) => ((i * 1237) % 65536) - 32768],
    ['u32', { bits: 32 }, (i) => i * 123_456_78],
    ['i32', { bits: 32, format: 2 }, (i) => (i - 9) * 10_000_000],
    ['i8', { bits: 8, format: 2 }, (i) => i - 17],
    ['f32', { bits: 32, format: 3 }, (i) => Math.fround(i / 7 - 1)],
    ['f64', { bits: 64, format: 3 }, (i) => Math.sin(i)],
    ['f16', { bits: 16, format: 3 }, (i) => i / 8 - 1],
  ]
  const both = [true, false]
  for (const little of both)
    for (const big of both)
      for (const [layout, how] of layouts)
        for (const [kind, what, make] of kinds) {
          if (what.format === 3 && how.predictor === 2) continue
          for (const samples of [1, 3])
            for (const planar of samples === 1 ? [false] : [false, true]) {
              const values = ramp(samples, make),
                bytes = tiffFile([{ width, height, values, samples, planar, ...what, ...how }], { little, big })
              assert.deepEqual(
                await numbers(bytes),
                values,
                `${kind}, ${layout}, ${samples} ` +
                  `samples, ${planar ? 'planes, ' : ''}${little ? 'little' : 'big'} endian${big ? ', BigTIFF' : ''}`,
              )
            }
        }
  for (const bits of [10, 12, 14])
    for (const samples of [1, 3]) {
      const values = ramp(samples, (i) => (i * 97) % 2 ** bits)
      for (const little of [true, false]) {
        assert.deepEqual(await numbers(tiffFile([{ width, height, values, samples, bits }], { little })), values, `${bits} bits`)
      }
    }
  for (const bits of [32, 64] as const) {
    const values = ramp(3, (i) => Math.fround(Math.cos(i) * 100))
    const page = { width, height, values, samples: 3, bits, format: 3, predictor: 3, compression: 8 } as const
    for (const little of [true, false]) {
      assert.deepEqual(await numbers(tiffFile([page], { little })), values, `predictor of floats of ${bits} bits`)
    }
  }
})

test('few bits, white as zero, turned pictures and compressions of other writers', async () => {
  for (const [bits, most] of [
    [1, 1],
    [2, 3],
    [4, 15],
  ] as const) {
    const values = ramp(1, (i) => i % (most + 1)),
      spread = values.map((value) => (255 * value) / most)
    assert.deepEqual(await numbers(tiffFile([{ width, height, values, bits }])), spread)
    assert.deepEqual(
      await numbers(tiffFile([{ width, height, values, bits, photometric: 0 }])),
      spread.map((value) => 255 - value),
    )
  }
  const values = ramp(1, (i) => i * 100)
  assert.deepEqual(
    await numbers(tiffFile([{ width, height, values, photometric: 0 }])),
    values.map((value) => 65535 - value),
  )
  assert.match(
    (await numbers(tiffFile([{ width, height, values, bits: 32, format: 3, photometric: 0 }]))) as string,
    /zero is white.*invert/,
  )
  assert.match(
    (await numbers(tiffFile([{ width, height, values: ramp(4, (i) => i), samples: 4, photometric: 5 }]))) as string,
    /CMYK.*save it as gray or as RGB/,
  )
  // sharp writes what libtiff does: LZW with differences, tiles, BigTIFF.
  const deep = Uint16Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * 7919) % 65536)
  const raw = { raw: { width: 40, height: 30, channels: 3 as const } }
  for (const options of [
    { compression: 'lzw', predictor: 'horizontal' },
    { compression: 'lzw', predictor: 'none', tile: true, tileWidth: 16, tileHeight: 16 },
    { compression: 'deflate', bigtiff: true },
    { compression: 'packbits' },
  ] as const) {
    const bytes = await sharp(deep, raw)
      .toColourspace('rgb16')
      .tiff(options as object)
      .toBuffer()
    assert.deepEqual(await numbers(bytes), Array.from(deep), JSON.stringify(options))
  }
  const noise = Uint8Array.from({ length: 300 * 200 }, (_, i) => (Math.imul(i, 2654435761) >>> 24) & (i % 3 ? 255 : 7))
  const eight = await sharp(noise, { raw: { width: 300, height: 200, channels: 1 } })
    .toColourspace('b-w')
    .tiff({
      compression: 'lzw',
      predictor: 'none',
    })
    .toBuffer()
  assert.deepEqual(await numbers(eight), Array.from(noise))
})

/** A PNG of 16 bits, rows unfiltered. */
function png16(width: number, height: number, colour: 0 | 2 | 4 | 6, values: number[], before: Buffer[] = []): Buffer {
  const chunk = (name: string, content: Buffer) => {
    const out = Buffer.alloc(12 + content.length)
    out.writeUInt32BE(content.length)
    out.write(name, 4, 'latin1')
    content.copy(out, 8)
    out.writeUInt32BE(crc32(out.subarray(4, -4)), 8 + content.length)
    return out
  }
  const head = Buffer.alloc(13),
    line = (values.length / height) * 2,
    raw = Buffer.alloc((line + 1) * height)
  head.writeUInt32BE(width)
  head.writeUInt32BE(height, 4)
  head.set([16, colour, 0, 0, 0], 8)
  values.forEach((value, i) => raw.writeUInt16BE(value, Math.floor((i * 2) / line) * (line + 1) + 1 + ((i * 2) % line)))
  const parts = [
    chunk('IHDR', head),
    ...before.map((content) => chunk({ 4: 'gAMA', 8: 'acTL' }[content.length] ?? 'tRNS', content)),
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', Buffer.alloc(0)),
  ]
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts])
}

test('PNGs of 16 bits give their numbers, interlaced or not, without gamma; one colour may be transparent', async () => {
  const values = ramp(1, (i) => i * 1111),
    gamma = Buffer.alloc(4)
  gamma.writeUInt32BE(22727)
  assert.deepEqual(await numbers(png16(width, height, 0, values, [gamma])), values)
  const clear = Buffer.alloc(2)
  clear.writeUInt16BE(1111)
  assert.deepEqual(
    await numbers(png16(width, height, 0, values, [clear])),
    values.flatMap((value) => [value, value === 1111 ? 0 : 65535]),
  )
  const deep = Uint16Array.from({ length: 37 * 23 * 3 }, (_, i) => (i * 7919) % 65536)
  for (const progressive of [false, true]) {
    const bytes = await sharp(deep, { raw: { width: 37, height: 23, channels: 3 } })
      .toColourspace('rgb16')
      .png({ progressive })
      .toBuffer()
    assert.deepEqual(await numbers(bytes), Array.from(deep), `interlaced: ${progressive}`)
  }
})

const scale = (value: number, from: number, to: number) => Math.floor((255 * (value - from)) / (to - from) + 0.5)
/** Ten images of the same numbers, from `least` to `most`. */
const twelve = Array.from({ length: 10 }, (_, image) => ramp(1, (i) => 5 + ((image * 411 + i * 113) % 4080)))

test('one range for all images, whatever holds their numbers: TIFF, PNG, floats, arrays', async () => {
  const least = Math.min(...twelve.flat()),
    most = Math.max(...twelve.flat())
  const want = Buffer.from(twelve.flat().map((value) => scale(value, least, most)))
  const named = (make: (values: number[]) => Buffer) => Object.fromEntries(twelve.map((values, i) => [`${i}.x`, make(values)]))
  const ways: Record<string, Record<string, Buffer>> = {
    'TIFF of 12 bits in 16': named((values) => tiffFile([{ width, height, values, compression: 8 }])),
    'TIFF of 12 bits': named((values) => tiffFile([{ width, height, values, bits: 12 }])),
    'TIFF of floats': named((values) => tiffFile([{ width, height, values, bits: 32, format: 3 }])),
    'signed TIFF': named((values) => tiffFile([{ width, height, values, format: 2 }])),
    PNG: named((values) => png16(width, height, 0, values)),
    PGM: named((values) =>
      Buffer.concat([Buffer.from(`P5 ${width} ${height} 4095\n`), Buffer.from(Uint16Array.from(values).buffer).swap16()]),
    ),
  }
  for (const [name, files] of Object.entries(ways)) {
    const { pixels, says, dataset, folder } = await imported(files)
    assert.deepEqual(pixels, want, name)
    assert.match(says('scaledValues')!, /one range of all images.*5 to 4,0\d\d is stored as 0 to 255/, name)
    assert.deepEqual(JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).ranges, {
      bytes: null,
      wide: { from: least, to: most, reason: 'data' },
    })
    assert.equal(dataset.channels, 1)
  }
  assert.equal(new Set(want).size > 150, true, 'twelve bits keep their levels')
  const folder = fresh('array')
  writeFileSync(join(folder, 'x.npz'), zip({ 'x.npy': npy('<i4', [10, height, width], Int32Array.from(twelve.flat())) }, true))
  const ask = request(join(folder, 'x.npz'))
  await importDataset(ask)
  assert.deepEqual(readFileSync(join(ask.folder, 'pixels.bin')), want)

  const files = ways['TIFF of floats']!
  assert.deepEqual(
    (await imported(files, { range: '0..5000' })).pixels,
    Buffer.from(twelve.flat().map((value) => scale(value, 0, 5000))),
  )
  const own = (await imported(files, { range: 'image' })).pixels
  assert.deepEqual(
    own,
    Buffer.from(twelve.flatMap((values) => values.map((value) => scale(value, Math.min(...values), Math.max(...values))))),
  )
  const sorted = twelve.flat().sort((a, b) => a - b),
    at = (percent: number) => {
      const place = ((sorted.length - 1) * percent) / 100,
        floor = Math.floor(place)
      return sorted[floor]! + (place - floor) * (sorted[floor + 1]! - sorted[floor]!)
    }
  const [low, high] = [at(2), at(98)]
  assert.deepEqual(
    (await imported(files, { range: 'p2..p98' })).pixels,
    Buffer.from(twelve.flat().map((value) => scale(Math.min(high, Math.max(low, value)), low, high))),
  )

  // Patches keep the numbers, too: of the size of the images there is one place to cut.
  const cut = await imported(files, { patches: { width, height }, count: 60 })
  assert.equal(new Set(Array.from({ length: 60 }, (_, i) => cut.pixels.toString('hex', i * 35, i * 35 + 35))).size, 10)
  assert.ok(want.includes(cut.pixels.subarray(0, 35)))
  assert.match(cut.says('scaledValues')!, /one range/)
})

test('bytes that are 0 and 1, or dark, are told from pictures; floats within [0, 1] stay', async () => {
  const gray = (make: (i: number, image: number) => number) =>
    Promise.all(
      Array.from(
        { length: 6 },
        async (_, image) =>
          [
            `${image}.png`,
            await sharp(Uint8Array.from(ramp(1, (i) => make(i, image))), { raw: { width, height, channels: 1 } })
              .toColourspace('b-w')
              .png()
              .toBuffer(),
          ] as const,
      ),
    ).then(Object.fromEntries)
  const masks = await imported(await gray((i, image) => ((i * i + image) % 7 < 3 ? 1 : 0)))
  assert.deepEqual([masks.codes, [...new Set(masks.pixels)].sort()], [['binaryValues'], [0, 255]])
  const dark = await gray((i, image) => (i * 3 + image) % 17)
  assert.deepEqual((await imported(dark)).codes, ['narrowRange'])
  const scaled = await imported(dark, { range: 'data' })
  assert.deepEqual(
    [[...scaled.pixels.subarray(0, 4)], scaled.codes],
    [[0, 3, 6, 9].map((value) => scale(value, 0, 16)), ['scaledValues']],
  )
  const unit = await imported(
    Object.fromEntries(
      twelve.map((numbers, i) => {
        const values = numbers.map((value) => Math.fround(value / 4096))
        return [`${i}.tif`, tiffFile([{ width, height, values, bits: 32, format: 3 }])]
      }),
    ),
  )
  assert.deepEqual([unit.codes, unit.pixels[1]], [['unitValues'], scale(Math.fround(twelve[0]![1]! / 4096), 0, 1)])
})

test('values that are not finite, and channels that nobody explains, are left out by name', async () => {
  const good = Object.fromEntries(
    twelve.slice(0, 4).map((values, i) => [`${i}.tif`, tiffFile([{ width, height, values, bits: 32, format: 3 }])]),
  )
  const bad = twelve[5]!.slice()
  bad[2 * width + 3] = NaN
  const { dataset } = await imported({ ...good, 'bad.tif': tiffFile([{ width, height, values: bad, bits: 32, format: 3 }]) })
  assert.deepEqual(dataset.skipped, [{ path: 'bad.tif', reason: 'it holds values that are not finite: NaN at column 3, row 2' }])

  const four = (extra?: number[]) =>
    Object.fromEntries(
      twelve.slice(0, 4).map((_, image) => [
        `${image}.tif`,
        tiffFile([
          {
            width,
            height,
            samples: 4,
            bits: 8,
            values: ramp(4, (i) => (i * 3 + image) % 256),
            ...(extra ? { extra } : {}),
          },
        ]),
      ]),
    )
  await assert.rejects(imported(four()), /4 files, such as 0\.tif: an image of 4 channels.*--channels/)
  await assert.rejects(imported(four([0])), /4 channels/)
  const clear = await imported(four([2]))
  assert.deepEqual([clear.dataset.channels, clear.codes, clear.pixels[0]], [3, ['transparency'], 246])
  const picked = await imported(four(), { pick: [0, 2, 3] })
  assert.deepEqual([picked.dataset.channels, picked.codes[0], [...picked.pixels.subarray(0, 3)]], [3, 'pickedChannels', [0, 6, 9]])
})

test('transparency of 16 bits is laid over white, and said', async () => {
  const files = Array.from({ length: 6 }, (_, image): [string, Buffer] => [
    `${image}.png`,
    png16(
      width,
      height,
      4,
      ramp(2, (i) => (i % 2 === 0 ? (i * 997 * (image + 1)) % 65536 : i === 1 ? 32768 : 65535)),
    ),
  ])
  // The first value is 0, half transparent; the second is 1994 of 65,535, opaque.
  const { pixels, says } = await imported(Object.fromEntries(files), { range: 'full' })
  assert.deepEqual(
    [says('transparency'), pixels[0], pixels[1]],
    ['6 images are transparent in places and were laid over white.', 127, 8],
  )
})

test('colour among gray images is noticed whatever its name, and gray in colour is said', async () => {
  const grays = await Promise.all(
      Array.from({ length: 40 }, (_, image) =>
        sharp(Uint8Array.from(ramp(1, (i) => (i * 7 + image * 3) % 256)), { raw: { width, height, channels: 1 } })
          .toColourspace('b-w')
          .png()
          .toBuffer(),
      ),
    ),
    gray = grays[0]!
  const colour = await sharp(Uint8Array.from(ramp(3, (i) => i * 2)), { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
  const many = Object.fromEntries(Array.from({ length: 1200 }, (_, i) => [`${String(i).padStart(4, '0')}.png`, grays[i % 40]!]))
  // Place 1101 is none of the thousand whose headers are looked at.
  const mixed = await imported({ ...many, '1101.png': colour })
  assert.deepEqual([mixed.dataset.channels, mixed.codes.filter((code) => /gray|colour/i.test(code))], [3, ['grayAmongColour']])
  assert.match(mixed.says('grayAmongColour')!, /1,199 of 1,200 images are gray/)
  assert.deepEqual([...mixed.pixels.subarray(1101 * 105, 1101 * 105 + 6)], [0, 2, 4, 6, 8, 10])
  const asked = await imported(
    {
      'a.png': gray,
      'b.png': colour,
      'c.png': await sharp(gray).negate().png().toBuffer(),
      'd.png': await sharp(colour).negate().png().toBuffer(),
    },
    { channels: 1 },
  )
  assert.match(asked.says('colourLost')!, /2 of 4 images lost their colour/)
  const three = await Promise.all(
    twelve.slice(0, 5).map(
      async (values, i) =>
        [
          `${i}.png`,
          await sharp(Uint8Array.from(values.flatMap((value) => [value >> 4, value >> 4, value >> 4])), {
            raw: { width, height, channels: 3 },
          })
            .png()
            .toBuffer(),
        ] as const,
    ),
  )
  assert.deepEqual((await imported(Object.fromEntries(three))).codes, ['grayInColour'])
})

test('of several pages the first is taken, and it is said of how many', async () => {
  const page = (values: number[]): TiffPage => ({ width, height, values: values.map((value) => value >> 4), bits: 8 })
  const gif = await sharp(
    await Promise.all(
      [0, 90, 180].map((value) =>
        sharp({ create: { width, height, channels: 3, background: { r: value, g: 20, b: 30 } } })
          .png()
          .toBuffer(),
      ),
    ),
    { join: { animated: true } },
  )
    .gif()
    .toBuffer()
  const webp = await sharp(gif, { animated: true }).webp({ lossless: true }).toBuffer()
  const files = {
    'a.tif': tiffFile([page(twelve[0]!), { ...page(twelve[1]!), subfile: 1 }, page(twelve[2]!)]),
    'b.gif': gif,
    'c.webp': webp,
    'd.tif': tiffFile([page(twelve[3]!)]),
    'e.tif': tiffFile([page(twelve[4]!)]),
  }
  const { says, dataset } = await imported(files)
  const all = await imported(files, { pages: 'all' })
  assert.deepEqual(
    rowPaths(
      all.folder,
      Array.from({ length: 10 }, (_, i) => i),
    ),
    ['a.tif#0', 'a.tif#1', 'b.gif#0', 'b.gif#1', 'b.gif#2', 'c.webp#0', 'c.webp#1', 'c.webp#2', 'd.tif', 'e.tif'],
  )
  assert.match(all.says('allPages')!, /^3 files have several pages or frames \(8 in all\); each is an image/)
  const row = (i: number, channel = 0) => all.pixels[i * 105 + channel]
  assert.deepEqual(
    [row(0), row(1), row(8)],
    [twelve[0]!, twelve[2]!, twelve[3]!].map((values) => values[0]! >> 4),
  )
  assert.deepEqual(
    [2, 3, 4, 5, 6, 7].map((i) => [row(i), row(i, 1), row(i, 2)]),
    [0, 90, 180, 0, 90, 180].map((value) => [value, 20, 30]),
  )
  // A table may name pages, or files, whose label all their pages then have.
  const folder = fresh('tables')
  for (const [name, rows] of Object.entries({
    pages: ['a.tif#0,x', 'a.tif#1,y', 'd.tif,x', 'e.tif,y'],
    files: ['a.tif,x', 'b.gif,y', 'c.webp,y', 'd.tif,x', 'e.tif,y'],
  })) {
    writeFileSync(join(folder, `${name}.csv`), `file,label\n${rows.join('\n')}\n`)
    const labelled = await imported(files, { pages: 'all', labels: join(folder, `${name}.csv`) })
    assert.deepEqual(labelled.dataset.classCounts, name === 'pages' ? [2, 2] : [3, 7], name)
  }
  const moving = Object.fromEntries(
    twelve.slice(0, 4).map((values, i) => [`${i}.png`, png16(width, height, 0, values, [Buffer.of(0, 0, 0, 3, 0, 0, 0, 0)])]),
  )
  const still = await imported(moving, { pages: 'all' })
  assert.deepEqual(
    [still.dataset.count, still.says('firstPages')?.match(/^4 files .*12 in all.*animated PNGs are not read/)?.length],
    [4, 1],
  )
  const cut = await imported(files, { pages: 'all', patches: { width, height }, count: 200 })
  assert.equal(
    new Set(
      rowPaths(
        cut.folder,
        Array.from({ length: 200 }, (_, i) => i),
      ),
    ).size,
    10,
  )
  const looked = (more: Partial<ImportRequest>) => inspectImport(request(all.source, more))
  const [first, each] = [await looked({}), await looked({ pages: 'all' })]
  assert.deepEqual(
    [first.count, first.pages, each.count, each.pages],
    [5, { files: 3, pages: 8, looked: 5 }, 10, { files: 3, pages: 8, looked: 5 }],
  )
  assert.match(
    first.notes.find(({ code }) => code === 'firstPages')!.message,
    /^3 files have several pages or frames \(8 in all\); the first of each will be taken/,
  )
  assert.ok(!each.notes.some(({ code }) => code === 'firstPages'))
  assert.deepEqual((await inspectImport(request(still.source, { pages: 'all' }))).pages, { files: 4, pages: 12, looked: 4 })
  assert.deepEqual(
    [dataset.count, says('firstPages')],
    [
      5,
      '3 files have several pages or frames (8 in all); the first of each was taken. ' +
        '--pages all takes each of a TIFF, GIF or WebP as an image.',
    ],
  )
})

test('pages are those of the file as it is now, whatever was read before', async () => {
  const folder = fresh('pages'),
    [one, other] = [join(folder, 'one.tif'), join(folder, 'other.tif')]
  const stack = (...pages: number[][]) => tiffFile(pages.map((values) => ({ width, height, values })))
  const write = (file: string, bytes: Buffer, seconds: number) => {
    writeFileSync(file, bytes)
    utimesSync(file, seconds, seconds)
    return bytes.length
  }
  const [a, b, c, d] = twelve as [number[], number[], number[], number[]],
    length = write(one, stack(a, b), 1)
  write(other, stack(c, d), 1)
  const pageOf = async (file: string, page: number) => {
    const result = await decodeFile({ file, offset: 0, length, page })
    return 'samples' in result ? Array.from(result.samples.data) : result
  }
  assert.deepEqual([await pageOf(one, 0), await pageOf(one, 1), await pageOf(other, 1), await pageOf(one, 1)], [a, b, d, b])
  assert.deepEqual(await pageOf(one, 2), { reason: 'damaged: a TIFF without a page' })
  assert.equal(write(one, stack(c, d), 2), length)
  assert.deepEqual([await pageOf(one, 1), await numbers(stack(a)), await pageOf(one, 0)], [d, a, c])
  assert.deepEqual(
    [await decodeFile(other), await pageOf(one, 1)].map((found) => ('pages' in found ? found.pages : found)),
    [2, d],
  )
})

test('how deep values are is told before an import', async () => {
  const gray = await sharp(Uint8Array.from(ramp(1, (i) => i)), { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer()
  const tiff = (bits: number, format = 1) => tiffFile([{ width, height, bits, format, values: ramp(1, (i) => i) } as TiffPage])
  const cases: [Buffer, number, string][] = [
    [gray, 8, 'unsigned'],
    [
      png16(
        width,
        height,
        0,
        ramp(1, (i) => 9 * i),
      ),
      16,
      'unsigned',
    ],
    [tiff(16), 16, 'unsigned'],
    [tiff(32, 3), 32, 'float'],
    [tiff(16, 2), 16, 'signed'],
    [Buffer.from(`P2\n${width} ${height}\n4095\n${ramp(1, (i) => 90 * i).join(' ')}\n`), 12, 'unsigned'],
    [await sharp(gray).resize(40, 40).heif({ compression: 'av1', bitdepth: 8 }).toBuffer(), 8, 'unsigned'],
  ]
  for (const [bytes, bits, kind] of cases) {
    const folder = fresh('depth')
    writeFileSync(join(folder, 'a'), bytes)
    assert.deepEqual((await inspectImport(request(folder))).depth, { bits, kind, mixed: false })
    writeFileSync(join(folder, 'b'), tiff(32, 3))
    assert.deepEqual((await inspectImport(request(folder))).depth, { bits: 32, kind: 'float', mixed: bits !== 32 })
  }
  for (const [type, data, bits, kind] of [
    ['|b1', new Uint8Array(8 * 16), 1, 'boolean'],
    ['|u1', new Uint8Array(8 * 16), 8, 'unsigned'],
    ['<i2', new Int16Array(8 * 16), 16, 'signed'],
    ['<f4', new Float32Array(8 * 16), 32, 'float'],
  ] as const) {
    const file = join(fresh('arrays'), 'x.npy')
    writeFileSync(file, npy(type, [8, 4, 4], data))
    assert.deepEqual((await inspectImport(request(file))).depth, { bits, kind, mixed: false })
  }
})

test('Pillow reads the same numbers', { skip: missing }, async () => {
  const folder = fresh('pillow')
  const script = `
import sys, json, numpy as np
from PIL import Image
rng = np.random.RandomState(1)
out = {}
def keep(name, array, **options):
    Image.fromarray(array).save(f'{sys.argv[1]}/{name}', **options)
    with Image.open(f'{sys.argv[1]}/{name}') as image: out[name] = np.asarray(image).ravel().tolist()
deep = rng.randint(0, 65536, (30, 41)).astype(np.uint16)
for kind in ['tiff_lzw', 'tiff_adobe_deflate', 'packbits', None]: keep(f'deep-{kind}.tif', deep, compression=kind)
keep('deep.png', deep)
floats = rng.normal(0, 100, (30, 41)).astype(np.float32)
for kind in ['tiff_lzw', None]: keep(f'float-{kind}.tif', floats, compression=kind)
keep('long.tif', rng.randint(-9999, 99999, (30, 41)).astype(np.int32))
keep('rgb.tif', rng.randint(0, 256, (30, 41, 3)).astype(np.uint8), compression='tiff_lzw')
keep('rgba.tif', rng.randint(0, 256, (30, 41, 4)).astype(np.uint8))
image = Image.fromarray(rng.randint(0, 256, (30, 41, 3)).astype(np.uint8)).quantize(50)
image.save(f'{sys.argv[1]}/palette.tif')
out['palette.tif'] = np.asarray(image.convert('RGB')).ravel().tolist()
bits = Image.fromarray((rng.rand(30, 41) > 0.5))
bits.save(f'{sys.argv[1]}/bits.tif')
out['bits.tif'] = np.asarray(bits.convert('L')).ravel().tolist()
bits.save(f'{sys.argv[1]}/fax.tif', compression='group4')
out['fax.tif'] = out['bits.tif']
print(json.dumps(out))
`
  const wanted = JSON.parse(execFileSync(python, ['-c', script, folder], { encoding: 'utf8' })) as Record<string, number[]>
  for (const [name, values] of Object.entries(wanted)) {
    const found = await numbers(readFileSync(join(folder, name)))
    // What sharp reads is in three channels.
    assert.deepEqual(name === 'fax.tif' ? (found as number[]).filter((_, i) => i % 3 === 0) : found, values, name)
  }
})

test('a picture of more than 40 megapixels is made smaller while it is read, and that is said', async () => {
  const large = await sharp({ create: { width: 8000, height: 6000, channels: 3, background: { r: 10, g: 200, b: 30 } } })
    .png()
    .toBuffer()
  const { says, pixels, dataset } = await imported(
    {
      'large.png': large,
      'a.png': await sharp({ create: { width: 8, height: 6, channels: 3, background: { r: 1, g: 2, b: 3 } } })
        .png()
        .toBuffer(),
      'b.png': await sharp({ create: { width: 8, height: 6, channels: 3, background: { r: 200, g: 2, b: 3 } } })
        .png()
        .toBuffer(),
    },
    { width: 8, height: 6 },
  )
  assert.deepEqual(
    [dataset.count, [...pixels.subarray(-3)], says('shrunkWhileRead')],
    [3, [10, 200, 30], '1 image of more than 40 megapixels was made smaller while being read.'],
  )
})
