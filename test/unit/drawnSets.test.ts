import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { inspectImport } from '../../src/main/engine/data/inspect.ts'
import { openDataset, rowPaths } from '../../src/main/engine/data/open.ts'
import { previewImport } from '../../src/main/engine/data/preview.ts'
import { lines } from '../../src/main/engine/data/sets/lines.ts'
import { offeredSets } from '../../src/main/engine/data/sets/registry.ts'
import type { ImageSet, ImageShape } from '../../src/main/engine/data/sets/set.ts'
import { sprites } from '../../src/main/engine/data/sets/sprites.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

/** The factors in an image's name. */
const factorsIn = (name: string): Record<string, string> =>
  Object.fromEntries([...name.matchAll(/(\w+)=(\S+)/g)].map(([, key, value]) => [key!, value!]))

interface Seen {
  image: number
  label: number
  name: string
  pixels: Uint8Array
}
function* painted(set: ImageSet, shape: ImageShape, count: number, seed = 1): Generator<Seen> {
  const drawn = set.draw(seed),
    paint = drawn.paint(shape)
  for (let image = 0; image < count; image++) {
    const pixels = new Uint8Array(shape.width * shape.height * shape.channels)
    for (const _ of paint(pixels, image));
    yield { image, label: drawn.label!(image), name: drawn.factors!(image), pixels }
  }
}

/** Brightness of each pixel as a mass: its sum and its centre, and sums of powers of the distance from there, as complex numbers. */
function momentsOf(pixels: Uint8Array, { width, channels }: ImageShape) {
  const masses: { share: number; x: number; y: number }[] = []
  for (let at = 0; at < pixels.length; at += channels) {
    const share = (channels === 1 ? pixels[at]! : Math.max(pixels[at]!, pixels[at + 1]!, pixels[at + 2]!)) / 255,
      pixel = at / channels
    if (share > 0) masses.push({ share, x: (pixel % width) + 0.5, y: Math.floor(pixel / width) + 0.5 })
  }
  const sum = (of: (mass: (typeof masses)[number]) => number) => masses.reduce((total, mass) => total + of(mass), 0)
  const area = sum(({ share }) => share),
    x = sum((mass) => mass.share * mass.x) / area,
    y = sum((mass) => mass.share * mass.y) / area
  const polar = masses.map((mass) => ({
    share: mass.share,
    radius: Math.hypot(mass.x - x, mass.y - y),
    angle: Math.atan2(y - mass.y, mass.x - x),
  }))
  /** Sum of mass times r^p exp(i m angle) over pixels, angles anticlockwise. */
  const moment = (p: number, m: number) => {
    let re = 0,
      im = 0
    for (const { share, radius, angle } of polar) {
      re += share * radius ** p * Math.cos(m * angle)
      im += share * radius ** p * Math.sin(m * angle)
    }
    return { size: Math.hypot(re, im), angle: (Math.atan2(im, re) * 180) / Math.PI }
  }
  return { area, x, y, moment }
}
/** The difference of two angles in degrees, within a circle of `turn` degrees. */
const apart = (a: number, b: number, turn = 360): number => Math.abs(((((a - b) % turn) + 1.5 * turn) % turn) - turn / 2)
const below = (value: number, limit: number, what: string) => assert.ok(value <= limit, `${what}: off by ${value}`)

test('lines: the angle is in the pixels, its tenth is the class, and angles are spread evenly over the turn', () => {
  const shape = { width: 32, height: 32, channels: 1 } as const,
    angles: number[] = []
  for (const { label, name, pixels } of painted(lines, shape, 500)) {
    const angle = Number(factorsIn(name)['angle']),
      { area, x, y, moment } = momentsOf(pixels, shape)
    below(apart((Math.atan2(16 - y, x - 16) * 180) / Math.PI, angle), 0.3, `direction of the centre of ${name}`)
    below(apart(moment(2, 2).angle / 2, angle, 180), 0.3, `direction of the line of ${name}`)
    // 16 pixels long and two wide; a corner may reach over the edge.
    below(Math.abs(area - 32), 0.3, `area of ${name}`)
    assert.equal(label, Math.floor(angle / 36))
    angles.push(angle)
  }
  // Each tenth has its share, and within it the angles leave no gap that is wide and come to no two that are alike.
  angles.sort((a, b) => a - b)
  const gaps = angles.map((angle, i) => (i === 0 ? angle + 360 - angles.at(-1)! : angle - angles[i - 1]!))
  assert.ok(Math.max(...gaps) < 3 && Math.min(...gaps) >= 0, `gaps from ${Math.min(...gaps)} to ${Math.max(...gaps)} degrees`)
})

test('sprites: shape, scale, rotation, position and hue are in the pixels', () => {
  const shape = { width: 64, height: 64, channels: 3 } as const
  const areas: Record<string, number> = { square: 2, ellipse: Math.PI * 0.6, heart: 2.0711 }
  /** Rotation from the moments that a shape's symmetry leaves: their order, where they point at a rotation of 0, and how exactly. */
  const symmetries: Record<string, { p: number; m: number; from: number; within: number }[]> = {
    square: [{ p: 4, m: 4, from: 45, within: 0.7 }],
    ellipse: [{ p: 2, m: 2, from: 0, within: 0.7 }],
    heart: [
      { p: 3, m: 3, from: 30, within: 0.7 },
      { p: 3, m: 1, from: 90, within: 20 },
    ],
  }
  const seen: Record<string, Set<string>> = { scale: new Set(), angle: new Set(), x: new Set(), y: new Set() }
  for (const { label, name, pixels } of painted(sprites, shape, 600)) {
    const known = factorsIn(name),
      value = (key: string) => Number(known[key])
    for (const [key, values] of Object.entries(seen)) values.add(known[key]!)
    const { area, x, y, moment } = momentsOf(pixels, shape),
      radius = 16 * value('scale')
    below(Math.abs(x - (16 + 32 * value('x'))), 0.15, `x of ${name}`)
    below(Math.abs(y - (16 + 32 * value('y'))), 0.15, `y of ${name}`)
    below(Math.abs(area / radius ** 2 / areas[known['shape']!]! - 1), 0.03, `area of ${name}`)
    const elongated = moment(2, 2).size / moment(2, 0).size,
      lopsided = moment(3, 3).size / moment(3, 0).size
    const found = elongated > 0.3 ? 'ellipse' : lopsided > 0.2 ? 'heart' : 'square'
    assert.deepEqual([found, label], [known['shape'], sprites.classes.indexOf(known['shape']!)], `shape of ${name}`)
    for (const { p, m, from, within } of symmetries[found]!)
      below(apart(moment(p, m).angle / m - from, value('angle'), 360 / m), within, `rotation of ${name}`)
    // The middle of the sprite is of its colour: hue by the usual formula.
    const at = 3 * (64 * Math.floor(y) + Math.floor(x)),
      [r, g, b] = [...pixels.subarray(at, at + 3)].map((level) => level / 255) as [number, number, number]
    assert.deepEqual([Math.max(r, g, b), Math.min(r, g, b)], [1, 0], 'colours are as strong as can be')
    below(apart((Math.atan2(Math.sqrt(3) * (g - b), 2 * r - g - b) * 180) / Math.PI, value('hue')), 1.3, `hue of ${name}`)
  }
  assert.deepEqual(
    Object.values(seen).map(({ size }) => size),
    [6, 40, 32, 32],
    'each factor takes all values that dSprites gives it',
  )
})

test('an image is a function of seed, number and shape; classes are balanced in any part of a set', () => {
  for (const set of [sprites, lines]) {
    const usual = { width: 24, height: 32, channels: set.channels }
    const [once, again, other] = [painted(set, usual, 120), painted(set, usual, 60), painted(set, usual, 120, 2)].map((all) => [
      ...all,
    ])
    assert.deepEqual(again, once!.slice(0, 60))
    assert.ok(once!.every(({ pixels }, i) => Buffer.compare(pixels, other![i]!.pixels) !== 0))
    assert.equal(new Set(once!.map(({ pixels }) => Buffer.from(pixels).toString('hex'))).size, 120)
    const classes = set.classes.length
    for (let from = 0; from + classes <= 120; from += classes)
      assert.equal(new Set(once!.slice(from, from + classes).map(({ label }) => label)).size, classes)
    // In gray all is white; the strongest channel of a colour is as bright.
    const [gray, colour] = ([1, 3] as const).map((channels) => [...painted(set, { ...usual, channels }, 1)][0]!.pixels)
    const strongest = gray!.map((_, i) => Math.max(...colour!.subarray(3 * i, 3 * i + 3)))
    assert.deepEqual(gray, strongest)
  }
})

test('what is known of an image is its name, in a dataset and in what is shown before the import', async (t) => {
  const folder = join(temporaryFolder(t), 'dataset'),
    request = { path: 'sprites', fit: 'crop', count: 60, width: 16, seed: 4 } as const
  const made = await importDataset({ ...request, id: 'one', name: 'one', folder })
  assert.deepEqual(
    [made.width, made.height, made.channels, made.source, made.classCounts],
    [16, 16, 3, 'sprites, seed 4', [20, 20, 20]],
  )
  const dataset = openDataset(folder),
    names = rowPaths(folder, [0, 59])
  const [first, last] = [...painted(sprites, { width: 16, height: 16, channels: 3 }, 60, 4)].filter(({ image }) => image % 59 === 0)
  assert.deepEqual(names, [`sprites#0 ${first!.name}`, `sprites#59 ${last!.name}`])
  const row = new Uint8Array(dataset.rowSize)
  dataset.gather([59], row)
  dataset.close()
  assert.deepEqual(row, last!.pixels)
  const { images, shown } = await previewImport(request, { images: 6, draw: 3 })
  const all = [...painted(sprites, { width: 16, height: 16, channels: 3 }, 60, 4)]
  for (const [i, { path, label }] of shown.entries()) {
    const image = Number(/#(\d+) /.exec(path!)![1])
    assert.equal(label, factorsIn(path!)['shape'])
    assert.deepEqual(images.pixels.subarray(i * 768, (i + 1) * 768), all[image]!.pixels)
  }
  const patches = await importDataset({
    ...{ id: 'two', name: 'two', path: 'sprites', fit: 'crop', count: 30, folder: join(temporaryFolder(t), 'patches') },
    patches: { width: 8, height: 8 },
  })
  assert.deepEqual([patches.channels, patches.classes], [3, [...sprites.classes]])
})

test('Fashion-MNIST is read from the folders of data that the system shares, or the remedy is told', async (t) => {
  const shared = temporaryFolder(t),
    before = process.env['XDG_DATA_DIRS']
  t.after(() => {
    if (before === undefined) delete process.env['XDG_DATA_DIRS']
    else process.env['XDG_DATA_DIRS'] = before
  })
  process.env['XDG_DATA_DIRS'] = `${join(shared, 'none')}:${shared}`
  const request = { path: 'fashionMnist', fit: 'crop' } as const,
    missing = () => offeredSets().find(({ name }) => name === 'fashionMnist')!.missing
  assert.match(missing()!, /apt install dataset-fashion-mnist/)
  await assert.rejects(inspectImport(request), { code: 'PATH_MISSING', field: 'path', message: missing()! })

  const at = join(shared, 'datasets', 'fashion-mnist')
  mkdirSync(at, { recursive: true })
  const idx = (name: string, dimensions: number[], byte: (i: number) => number) => {
    const head = Buffer.alloc(4 + 4 * dimensions.length)
    head.set([0, 0, 8, dimensions.length])
    dimensions.forEach((size, i) => head.writeUInt32BE(size, 4 + 4 * i))
    const values = Uint8Array.from({ length: dimensions.reduce((a, b) => a * b) }, (_, i) => byte(i))
    writeFileSync(join(at, `${name}-ubyte.gz`), gzipSync(Buffer.concat([head, values])))
  }
  for (const [part, count] of [
    ['train', 40],
    ['t10k', 20],
  ] as const) {
    idx(`${part}-images-idx3`, [count, 4, 4], (i) => (i * 7919 + count) % 251)
    idx(`${part}-labels-idx1`, [count], (i) => i % 10)
  }
  assert.equal(missing(), null)
  const made = await importDataset({ ...request, id: 'one', name: 'one', folder: join(shared, 'dataset') })
  assert.deepEqual([made.count, made.testCount, made.source, made.classes.length], [60, 20, 'fashionMnist', 10])
  assert.deepEqual([made.classes[0], made.classes[9]], ['T-shirt/top', 'Ankle boot'])
})
