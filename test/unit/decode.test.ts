import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { decodeBmp } from '../../src/main/engine/data/bmp.ts'
import { decodeNative } from '../../src/main/engine/data/decode-native.ts'
import { decodeGeneral } from '../../src/main/engine/data/decode-sharp.ts'
import { readHeader } from '../../src/main/engine/data/header.ts'
import { packRow } from '../../src/main/engine/data/pixels.ts'
import { decodePng } from '../../src/main/engine/data/png.ts'
import { bmp24, canvas, opaque, side } from '../fixtures/imports.ts'

/** From the bytes of a file to the pixels of a row. */

test('all decoders give the same pixels for the same picture', async () => {
  const variants: Record<string, Buffer> = {
    rgb: await opaque().png().toBuffer(),
    rgba: await canvas().png().toBuffer(),
    gray: await opaque().toColourspace('b-w').png().toBuffer(),
    grayAlpha: await canvas().toColourspace('b-w').png().toBuffer(),
    palette: await opaque().png({ palette: true }).toBuffer(),
    paletteAlpha: await canvas().png({ palette: true }).toBuffer(),
    palette4: await opaque().png({ palette: true, colours: 8 }).toBuffer(),
    interlaced: await opaque().png({ progressive: true }).toBuffer(),
    jpeg: await opaque().jpeg().toBuffer(),
    jpeg444: await opaque().jpeg({ chromaSubsampling: '4:4:4', quality: 95 }).toBuffer(),
    progressive: await opaque().jpeg({ progressive: true }).toBuffer(),
    jpegGray: await opaque().toColourspace('b-w').jpeg().toBuffer(),
    gif: await opaque().gif().toBuffer(),
  }
  for (const [name, bytes] of Object.entries(variants)) {
    const result = readHeader(bytes, true)
    assert.ok(typeof result === 'object' && 'header' in result, name)
    const { header } = result
    assert.equal(header.decoder, header.type === 'png' && name !== 'interlaced' ? 'own' : 'tensorflow', name)
    const two = await decodeGeneral(bytes),
      ways = [decodeNative(bytes, header), ...(header.decoder === 'own' ? [decodePng(bytes)!] : [])]
    for (const one of ways)
      for (const channels of [1, 3] as const) {
        const shape = { ...side, channels, fit: 'crop' as const },
          size = side.width * side.height * channels
        const a = new Uint8Array(size),
          b = new Uint8Array(size)
        packRow(one, shape, a, 0)
        packRow(two, shape, b, 0)
        // JPEG decoders may round differently; here both are libjpeg-turbo.
        const tolerance = header.type === 'jpeg' ? 2 : 0
        assert.ok(
          a.every((value, i) => Math.abs(value - b[i]!) <= tolerance),
          `${name} with ${channels} channels`,
        )
        assert.ok(new Set(a).size > 8, `${name} is no flat picture`)
      }
  }
})

test('files that TensorFlow would decode differently are left to sharp, and come out right', async () => {
  const plain = new Uint8Array(side.width * side.height * 3)
  const shape = { ...side, channels: 3 as const, fit: 'crop' as const }
  packRow(await decodeGeneral(await opaque().png().toBuffer()), shape, plain, 0)
  const odd: Record<string, { bytes: Buffer; tolerance: number }> = {
    webp: { bytes: await opaque().webp({ lossless: true }).toBuffer(), tolerance: 0 },
    // Stored turned by 90 degrees, with the tag that turns it back.
    turned: {
      bytes: await sharp(await opaque().rotate(270).png().toBuffer())
        .withMetadata({ orientation: 6 })
        .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
        .toBuffer(),
      tolerance: 6,
    },
  }
  // WebP keeps its Exif behind the picture: a header read without it would have the sides the wrong way round.
  const turnedWebp = await sharp(await opaque().rotate(270).png().toBuffer())
    .withMetadata({ orientation: 6 })
    .webp({ lossless: true })
    .toBuffer()
  odd['turnedWebp'] = { bytes: turnedWebp, tolerance: 0 }
  assert.equal(readHeader(turnedWebp.subarray(0, 40), false), 'more')
  for (const [name, { bytes, tolerance }] of Object.entries(odd)) {
    const result = readHeader(bytes, true)
    assert.ok(typeof result === 'object' && 'header' in result && result.header.decoder === 'sharp', name)
    assert.equal(result.header.orientation, name.startsWith('turned') ? 6 : 1, name)
    const picture = await decodeGeneral(bytes),
      row = new Uint8Array(plain.length)
    assert.deepEqual([picture.width, picture.height], [side.width, side.height], name)
    packRow(picture, shape, row, 0)
    assert.ok(
      row.every((value, i) => Math.abs(value - plain[i]!) <= tolerance),
      name,
    )
  }
  const cmyk = readHeader(await opaque().toColourspace('cmyk').jpeg().toBuffer(), true)
  assert.ok(typeof cmyk === 'object' && 'header' in cmyk && cmyk.header.decoder === 'sharp')
})

test('alpha lies over white, gray is weighed as in BT.601, and fits are those of Pillow', () => {
  const out = new Uint8Array(3)
  packRow({ data: [200, 100, 0, 128], width: 1, height: 1, channels: 4 }, { width: 1, height: 1, channels: 3, fit: 'crop' }, out, 0)
  assert.deepEqual([...out], [227, 177, 127])
  packRow({ data: [10, 200, 90], width: 1, height: 1, channels: 3 }, { width: 1, height: 1, channels: 1, fit: 'crop' }, out, 0)
  assert.equal(out[0], 131)

  // Expected bytes from Pillow 13: Image.resize(BILINEAR), ImageOps.fit and ImageOps.pad with BILINEAR, of this 5 x 4 picture.
  const data = Array.from({ length: 20 }, (_, i) => (i * 37 + 11) % 256)
  const fitted = (fit: 'crop' | 'pad' | 'stretch', width: number, height: number) => {
    const row = new Uint8Array(width * height)
    packRow({ data, width: 5, height: 4, channels: 1 }, { width, height, channels: 1, fit }, row, 0)
    return [...row]
  }
  assert.deepEqual(fitted('stretch', 3, 2), [123, 95, 108, 121, 150, 138])
  assert.deepEqual(
    fitted('stretch', 7, 6),
    [
      11, 32, 59, 85, 111, 138, 159, 104, 125, 115, 50, 76, 103, 124, 184, 205, 171, 45, 71, 80, 76, 137, 158, 172, 168, 194, 129,
      29, 90, 111, 138, 164, 190, 162, 110, 54, 75, 102, 128, 154, 181, 202,
    ],
  )
  assert.deepEqual(fitted('crop', 3, 3), [88, 77, 116, 183, 128, 107, 97, 149, 170])
  assert.deepEqual(fitted('pad', 4, 4), [75, 87, 86, 129, 170, 160, 129, 76, 84, 127, 171, 157, 0, 0, 0, 0])
  assert.deepEqual(fitted('crop', 5, 4), data)
})

test('bitmaps of every usual depth are decoded', () => {
  const want = (x: number, y: number): [number, number, number] => [x * 40, y * 60, 200 - x * 10]
  const picture = decodeBmp(bmp24(5, 3, want))!
  assert.deepEqual([picture.width, picture.height, picture.channels], [5, 3, 3])
  for (let y = 0; y < 3; y++)
    for (let x = 0; x < 5; x++)
      assert.deepEqual(
        [0, 1, 2].map((c) => picture.data[(y * 5 + x) * 3 + c]),
        want(x, y),
      )
  assert.equal(decodeBmp(bmp24(5, 3, want).subarray(0, 80)), null)

  /** A bitmap with a palette; `rows` as they lie in the file. */
  const indexed = (depth: number, compression: number, palette: number[][], rows: number[], width: number, height: number) => {
    const start = 54 + palette.length * 4,
      file = Buffer.alloc(start + rows.length)
    file.write('BM')
    file.writeUInt32LE(file.length, 2)
    file.writeUInt32LE(start, 10)
    file.writeUInt32LE(40, 14)
    file.writeInt32LE(width, 18)
    file.writeInt32LE(height, 22)
    file.writeUInt16LE(depth, 28)
    file.writeUInt32LE(compression, 30)
    file.writeUInt32LE(palette.length, 46)
    palette.forEach(([r, g, b], i) => file.set([b!, g!, r!], 54 + i * 4))
    file.set(rows, start)
    return Array.from(decodeBmp(file)!.data)
  }
  const colours = [
    [0, 0, 0],
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
  ]
  const red = [255, 0, 0],
    green = [0, 255, 0],
    blue = [0, 0, 255],
    black = [0, 0, 0]
  assert.deepEqual(indexed(1, 0, colours.slice(0, 2), [0b10100000, 0, 0, 0], 3, 1), [...red, ...black, ...red])
  assert.deepEqual(indexed(4, 0, colours, [0x12, 0x30, 0, 0], 3, 1), [...red, ...green, ...blue])
  assert.deepEqual(indexed(8, 0, colours, [3, 2, 1, 0], 3, -1), [...blue, ...green, ...red])
  // Run lengths: two reds, end of line; then three literals (padded to an even number), end.
  assert.deepEqual(indexed(8, 1, colours, [2, 1, 0, 0, 0, 3, 1, 2, 3, 0, 0, 1], 3, 2), [
    ...red,
    ...green,
    ...blue,
    ...red,
    ...red,
    ...black,
  ])
})
