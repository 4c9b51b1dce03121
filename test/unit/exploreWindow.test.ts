import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 as zlibCrc32 } from 'node:zlib'
import { encodePng } from '../../src/main/engine/explore/files/png.ts'
import { crc32, withTexts } from '../../src/renderer/components/explore/pngText.ts'
import { carried, listOf, numberOf, readAddress, refOf, refText, writeAddress } from '../../src/renderer/state/exploreAddress.ts'
import { corruptionOf, noiseOf } from '../../src/renderer/components/explore/corruptionChoice.ts'

const read = (address: string) => {
  const url = new URL(address.slice(1), 'http://route')
  const [, run, view] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent)
  return readAddress(run ?? null, view ?? null, url.searchParams)
}

test('an address of a look into networks comes back from its text, whatever is in it', () => {
  const address = { run: 'a b/ü', view: 'field' as const, with: 'c&d', step: 12, withStep: 0, options: { image: 'file:/a, b/ü=1.png', to: 'at:0.5,-1', noise: 'gaussian', amount: '0.25' } }
  assert.deepEqual(read(writeAddress(address)), address)
  assert.equal(writeAddress({ run: 'r', view: 'map', with: null, step: null, withStep: 3, options: {} }), '#/explore/r/map')
  assert.deepEqual(read('#/explore/r/nonsense?step=-1&with='), { run: 'r', view: 'similar', with: null, step: null, withStep: null, options: {} })
  assert.equal(writeAddress({ ...address, run: null }), '#/explore')
})

test('images in an address are rows, files and values; anything else is none', () => {
  assert.deepEqual(refOf('12'), { row: 12 })
  assert.deepEqual(refOf('file:/x.png'), { file: '/x.png' })
  assert.deepEqual(refOf('at:0.5,-1.25'), { values: Float32Array.of(0.5, -1.25) })
  for (const wrong of [undefined, '', '-1', '1e3', 'file:', 'at:', 'at:1,x', 'row:1']) assert.equal(refOf(wrong), null, String(wrong))
  for (const text of ['7', 'file:/x y.png', 'at:0.1,-3']) assert.equal(refText(refOf(text)!), text)
  assert.deepEqual(carried({ image: '1', to: '2', noise: 'none' }), { image: '1', to: '2' })
})

test('settings in an address are held to what a view knows', () => {
  assert.equal(numberOf({ amount: '7' }, 'amount', 0.3, 0, 1), 1)
  assert.equal(numberOf({ amount: 'x' }, 'amount', 0.3, 0, 1), 0.3)
  assert.equal(numberOf({ amount: '' }, 'amount', 0.3, 0, 1), 0.3)
  assert.deepEqual(listOf({ of: '3,x,5,3,-1,9' }, 'of', 2), [3, 5])
  assert.deepEqual(noiseOf({ noise: 'gaussian', amount: '0.5' }, ['own', 'gaussian'], 'own'), { kind: 'gaussian', level: 0.5 })
  assert.deepEqual(noiseOf({ noise: 'gaussian', amount: '0.5' }, ['none', 'masking'], 'none'), { kind: 'none', level: 0 })
  assert.equal(corruptionOf({ kind: 'own', level: 0 }), undefined)
  assert.deepEqual(corruptionOf({ kind: 'none', level: 0 }), { kind: 'none', level: 0 })
})

test('texts stand in a PNG after its header, as PNG demands, and leave the picture alone', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 37) % 256)
  assert.equal(crc32(bytes), zlibCrc32(bytes))
  const png = encodePng({ width: 3, height: 2, channels: 1, pixels: Uint8Array.of(0, 1, 2, 3, 4, 5) })
  const texts = { Title: 'digits: map', Description: '{"run":"größe","λ":1}' }
  const made = withTexts(png, texts)
  const found: Record<string, string> = {}, kinds: string[] = []
  const view = new DataView(made.buffer)
  for (let at = 8; at < made.length;) {
    const length = view.getUint32(at), content = made.subarray(at + 8, at + 8 + length)
    const kind = Buffer.from(made.subarray(at + 4, at + 8)).toString('latin1')
    kinds.push(kind)
    assert.equal(view.getUint32(at + 8 + length), zlibCrc32(made.subarray(at + 4, at + 8 + length)), kind)
    const end = content.indexOf(0), key = Buffer.from(content.subarray(0, end)).toString('latin1')
    if (kind === 'tEXt') found[key] = Buffer.from(content.subarray(end + 1)).toString('latin1')
    if (kind === 'iTXt') found[key] = Buffer.from(content.subarray(end + 5)).toString('utf8')
    at += 12 + length
  }
  assert.deepEqual(kinds, ['IHDR', 'tEXt', 'iTXt', 'IDAT', 'IEND'])
  assert.deepEqual(found, texts)
  assert.deepEqual(withTexts(Uint8Array.of(1, 2, 3), texts), Uint8Array.of(1, 2, 3))
})
