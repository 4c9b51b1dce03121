import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { decodeFile } from '../../src/main/engine/data/decode-file.ts'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { importsPlace } from '../fixtures/imports.ts'
import { missing, python } from '../fixtures/pillow.ts'

/** Formats of single images besides the usual ones: what is read, and what is named as what it is. */

const { fresh, request } = importsPlace('image-formats')

async function pixels(
  bytes: Buffer | string,
): Promise<{ width: number; height: number; channels: number; data: number[] } | string> {
  const result = await decodeFile(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  if ('reason' in result) return result.reason
  const { width, height, channels, data } = 'picture' in result ? result.picture : result.samples
  return { width, height, channels, data: Array.from(data) }
}

test('portable maps: six kinds, comments, any greatest value', async () => {
  const big = (...values: number[]) => String.fromCharCode(...values.flatMap((value) => [value >> 8, value & 255]))
  const cases: [string, string, number, number, number, number[]][] = [
    ['P1', 'P1\n# of a fax\n3 2\n1 0 1\n010', 3, 2, 1, [0, 255, 0, 255, 0, 255]],
    ['P2', 'P2 2 # wide\n2\n# high\n15\n0 5\n10 15\n', 2, 2, 1, [0, 85, 170, 255]],
    ['P3', 'P3\n1 2\n255\n1 2 3\n4 5 6', 1, 2, 3, [1, 2, 3, 4, 5, 6]],
    ['P4', 'P4\n10 2\n\x80\x40\x01\x80', 10, 2, 1, [0, ...Array(8).fill(255), 0, ...Array(7).fill(255), 0, 0, 255]],
    ['P5', 'P5\n2 2\n255\n\x00\x0a\x20\xff', 2, 2, 1, [0, 10, 32, 255]],
    ['P5 of 12 bits', `P5 2 1 4095\n${big(4095, 2047)}`, 2, 1, 1, [4095, 2047]],
    ['P5 of 16 bits', `P5 2 1 65535\n${big(65535, 257)}`, 2, 1, 1, [65535, 257]],
    ['P6 of one bit', 'P6 1 1 1\n\x01\x00\x01', 1, 1, 3, [255, 0, 255]],
  ]
  for (const [name, bytes, width, height, channels, data] of cases) {
    assert.deepEqual(await pixels(bytes), { width, height, channels, data }, name)
  }
  const bad: [string, RegExp][] = [
    ['P5\n2 2\n255\n\x00\x0a', /PNM/],
    ['P2 1 1 7 9', /PNM/],
    ['P5\n2 2\n0\n1111', /damaged/],
    ['P5\nx y\n255\n', /damaged/],
    ['P6\n2 ', /truncated/],
    ['P5\n99999 99999\n255\n', /megapixels/],
    ['P7\nWIDTH 1\n', /PAM.*convert/],
  ]
  for (const [bytes, reason] of bad) assert.match((await pixels(bytes)) as string, reason, JSON.stringify(bytes))
})

test('JPEG 2000 and AVIF give the pixels that Pillow gives', { skip: missing }, async () => {
  const folder = fresh('pillow')
  const script = `
import sys, numpy as np
from PIL import Image
rgb = np.random.RandomState(0).randint(0, 256, (23, 37, 3), dtype=np.uint8)
gray = rgb[:, :, 0]
smooth = np.stack(np.meshgrid(np.arange(37) * 6, np.arange(23) * 10), 2).astype(np.uint8)
smooth = np.concatenate([smooth, smooth[:, :, :1]], 2)
def keep(name, image, wanted, **options):
    Image.fromarray(image).save(f'{sys.argv[1]}/{name}', **options)
    np.asarray(wanted, dtype=np.uint8).tofile(f'{sys.argv[1]}/{name}.raw')
keep('rgb.jp2', rgb, rgb)
keep('rgb.j2k', rgb, rgb)
keep('gray.jp2', gray, gray)
deep = gray.astype(np.uint16) * 257
keep('deep.jp2', deep, gray)
keep('photo.avif', smooth, smooth, quality=100, subsampling='4:4:4')
Image.fromarray(rgb).convert('RGBA').save(f'{sys.argv[1]}/rgba.jp2')
`
  execFileSync(python, ['-c', script, folder])
  for (const [name, channels, tolerance] of [
    ['rgb.jp2', 3, 0],
    ['rgb.j2k', 3, 0],
    ['gray.jp2', 1, 0],
    ['photo.avif', 3, 3],
  ] as const) {
    const found = await pixels(readFileSync(join(folder, name))),
      wanted = readFileSync(join(folder, `${name}.raw`))
    assert.ok(typeof found === 'object', `${name}: ${found as string}`)
    assert.deepEqual([found.width, found.height, found.channels], [37, 23, channels], name)
    assert.ok(
      found.data.every((value, i) => Math.abs(value - wanted[i]!) <= tolerance),
      name,
    )
  }
  const deep = await pixels(readFileSync(join(folder, 'deep.jp2'))),
    wanted = readFileSync(join(folder, 'deep.jp2.raw'))
  assert.ok(typeof deep === 'object' && deep.data.every((value, i) => value === wanted[i]! * 257))
  assert.match((await pixels(readFileSync(join(folder, 'rgba.jp2')))) as string, /4 channels.*convert/)
  assert.match((await pixels(readFileSync(join(folder, 'rgb.jp2')).subarray(0, 400))) as string, /JPEG 2000/)
  const dataset = await importDataset(request(folder)),
    opened = openDataset(join(request(folder).folder, '..', dataset.id))
  opened.close()
  assert.deepEqual([dataset.count, dataset.channels, dataset.skipped.length], [5, 3, 6])
})

/** What a file of the kind begins with. */
const foreign: Record<string, [Buffer, RegExp]> = {
  'photo.heic': [Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), /HEIC.*ImageMagick/],
  'a.cr2': [Buffer.from('II*\0\x10\0\0\0CR\x02\0', 'latin1'), /camera.*raw/],
  'a.cr3': [Buffer.from('\0\0\0\x18ftypcrx \0\0\0\x01', 'latin1'), /camera.*raw/],
  'a.raf': [Buffer.from('FUJIFILMCCD-RAW 0201'), /camera/],
  'a.psd': [Buffer.from('8BPS\0\x01'), /Photoshop/],
  'a.exr': [Buffer.from('v/1\x01\x02\0\0\0', 'latin1'), /OpenEXR.*imageio/],
  'a.svg': [Buffer.from('<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns="">'), /SVG.*Inkscape/],
  'a.pdf': [Buffer.from('%PDF-1.7\n'), /PDF.*pdftoppm/],
  'a.dcm': [Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]), /DICOM.*pydicom/],
  'a.nii.gz': [gzipSync(Buffer.concat([Buffer.alloc(344), Buffer.from('n+1\0'), Buffer.alloc(5000)])), /NIfTI.*nibabel/],
  'a.mp4': [Buffer.from('\0\0\0\x18ftypisom\0\0\x02\0', 'latin1'), /video.*ffmpeg/],
  'a.avi': [Buffer.from('RIFF\0\0\0\0AVI LIST'), /video/],
  'a.mkv': [Buffer.of(0x1a, 0x45, 0xdf, 0xa3, 1), /video/],
  'a.jxl': [Buffer.of(0xff, 0x0a, 1, 2), /JPEG XL/],
  'a.zip': [Buffer.from('PK\x03\x04', 'latin1'), /zip/],
  'a.czi': [Buffer.from('ZISRAWFILE\0\0'), /Zeiss.*Fiji/],
  'a.rar': [Buffer.from('Rar!\x1a\x07\x01', 'latin1'), /rar/],
  'a.npy': [Buffer.from('\x93NUMPY\x01', 'latin1'), /NumPy/],
}

/** A TIFF with one directory of short or long values; texts behind it. */
function tiff(tags: [number, number | string][]): Buffer {
  const bytes = Buffer.alloc(512)
  bytes.write('II*\0\x08\0\0\0', 'latin1')
  bytes.writeUInt16LE(tags.length, 8)
  for (const [i, [tag, value]] of tags.entries()) {
    const at = 10 + 12 * i,
      text = 300 + 40 * i
    bytes.writeUInt16LE(tag, at)
    bytes.writeUInt16LE(typeof value === 'string' ? 2 : 4, at + 2)
    bytes.writeUInt32LE(typeof value === 'string' ? value.length : 1, at + 4)
    bytes.writeUInt32LE(typeof value === 'string' ? text : value, at + 8)
    if (typeof value === 'string') bytes.write(value, text)
  }
  return bytes
}

test('what is not read is named by its content, with the way out, in the reason and in the error', async () => {
  foreign['a.nef'] = [
    tiff([
      [254, 1],
      [256, 160],
      [257, 120],
      [271, 'NIKON CORPORATION\0'],
      [330, 400],
    ]),
    /camera.*raw/,
  ]
  foreign['a.dng'] = [
    tiff([
      [256, 160],
      [257, 120],
      [50706, 1],
    ]),
    /camera.*raw/,
  ]
  for (const [name, [bytes, reason]] of Object.entries(foreign)) assert.match((await pixels(bytes)) as string, reason, name)

  const root = fresh('heic')
  mkdirSync(join(root, 'a'))
  for (let i = 0; i < 4; i++) writeFileSync(join(root, 'a', `${i}.jpg`), foreign['photo.heic']![0])
  await assert.rejects(importDataset(request(root)), (error: Error) =>
    /HEIC photograph, which is not read: convert it to PNG or TIFF/.test(error.message),
  )
})
