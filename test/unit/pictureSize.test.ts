import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterImages } from '../../src/main/engine/training/filterImages.ts'
import { reduced } from '../../src/renderer/components/images/reduced.ts'
import { pictureSize } from '../../src/shared/pictureSize.ts'

const seeded = (seed: number) => () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647

test('a picture of any shape is enlarged by a whole factor or reduced, keeps its ratio, and its room', () => {
  const random = seeded(7)
  for (let i = 0; i < 5000; i++) {
    const image = { width: 1 + Math.floor(random() * 300), height: 2 + Math.floor(random() * 300) }
    const wanted = 20 + Math.floor(random() * 200),
      most = random() < 0.5 ? {} : { width: 20 + Math.floor(random() * 200), height: 20 + Math.floor(random() * 200) }
    const { width, height } = pictureSize(image, wanted, most)
    const said = JSON.stringify({ image, wanted, most, width, height })
    const long = Math.max(image.width, image.height),
      drawn = Math.max(width, height)
    assert.ok(width <= (most.width ?? Infinity) && height <= (most.height ?? Infinity), said)
    if (drawn >= long) {
      assert.equal(width % image.width, 0, said)
      assert.equal(width / image.width, height / image.height, said)
    } else {
      assert.ok(Math.abs(width - (image.width * drawn) / long) <= 1 && Math.abs(height - (image.height * drawn) / long) <= 1, said)
    }
    // About as large as wanted where there is room: no less than two thirds, no more than the long sides of strips may have.
    if (most.width === undefined) assert.ok(drawn >= 0.66 * wanted && drawn <= 1.6 * 2 * wanted + 1, said)
  }
  const size = (width: number, height: number, most?: number) => {
    const drawn = pictureSize({ width, height }, 64, most === undefined ? {} : { width: most })
    return `${drawn.width}x${drawn.height}`
  }
  assert.deepEqual(
    [
      size(8, 8),
      size(28, 28),
      size(32, 32),
      size(64, 58),
      size(128, 128),
      size(512, 512),
      size(64, 16),
      size(64, 16, 110),
      size(16, 64),
    ],
    ['64x64', '84x84', '64x64', '64x58', '102x102', '102x102', '128x32', '64x16', '32x128'],
  )
})

test('an image made smaller keeps its mean, and each pixel is the mean of its area', () => {
  const random = seeded(3)
  const pixels = Uint8Array.from({ length: 2 * 7 * 6 * 3 }, () => Math.floor(256 * random()))
  const images = { count: 2, width: 7, height: 6, channels: 3, pixels }
  assert.deepEqual(reduced(images, 7, 6).pixels, pixels)
  const half = reduced(images, 7, 3)
  for (let at = 0; at < half.pixels.length; at++) {
    const [row, rest] = [Math.floor(at / 21), at % 21]
    assert.ok(Math.abs(half.pixels[at]! - (pixels[2 * row * 21 + rest]! + pixels[(2 * row + 1) * 21 + rest]!) / 2) <= 0.5)
  }
  const mean = (of: Uint8Array) => of.reduce((sum, value) => sum + value, 0) / of.length
  for (const [width, height] of [
    [5, 4],
    [3, 3],
    [1, 1],
    [6, 1],
  ] as const)
    assert.ok(Math.abs(mean(reduced(images, width, height).pixels) - mean(pixels)) < 0.6, `${width}x${height}`)
})

test('filters of one and three channels are images, of any other number a block of gray slices, on one scale each', () => {
  const colour = filterImages([Float32Array.of(1, 0, -2, 0, 2, 1)], { width: 2, height: 1, channels: 3 })
  assert.deepEqual(
    [colour.width, colour.height, colour.channels, ...colour.pixels],
    [2, 1, 3, 191, 128, 0, 128, 255, 191],
    'a half of the largest is a half in each channel',
  )
  // Five channels of 2 x 2: 2 by 3 slices with a pixel between, the last place empty.
  const weights = Float32Array.from({ length: 20 }, (_, i) => (i % 5) + 1)
  const block = filterImages([weights, weights.map((value) => -value)], { width: 2, height: 2, channels: 5 })
  assert.deepEqual([block.count, block.width, block.height, block.channels], [2, 5, 8, 1])
  const at = (filter: number, x: number, y: number) => block.pixels[filter * 40 + y * 5 + x]
  const gray = (value: number) => Math.round(127.5 + (127.5 * value) / 5)
  assert.deepEqual([at(0, 0, 0), at(0, 1, 1), at(0, 3, 0), at(0, 0, 3), at(0, 4, 4), at(0, 1, 7)], [1, 1, 2, 3, 4, 5].map(gray))
  assert.deepEqual([at(1, 0, 0), at(1, 3, 0)], [gray(-1), gray(-2)])
  for (const [x, y] of [
    [2, 0],
    [0, 2],
    [3, 6],
    [4, 7],
  ] as const)
    assert.equal(at(0, x, y), 128)
})
