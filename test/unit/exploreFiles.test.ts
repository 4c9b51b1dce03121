import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Images, Run } from '../../src/shared/domain.ts'
import { type Result } from '../../src/shared/answers.ts'
import { questionKinds, type QuestionKind } from '../../src/shared/questions.ts'
import { decodePng } from '../../src/main/engine/data/png.ts'
import { decodeGeneral } from '../../src/main/engine/data/decode-sharp.ts'
import { readNpz } from '../../src/main/engine/data/npz.ts'
import { contents } from '../../src/main/engine/explore/files/contents.ts'
import { fileOf } from '../../src/main/engine/explore/files/file.ts'
import { encodeGif } from '../../src/main/engine/files/gif.ts'
import { encodePng, type Raster } from '../../src/main/engine/files/png.ts'
import { grid } from '../../src/main/engine/explore/files/raster.ts'
import { encodeCsv } from '../../src/main/engine/explore/files/table.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

/** Bytes of which no two neighbours need be alike. */
function noise(count: number): Uint8Array<ArrayBuffer> {
  const source = random('noise')
  return Uint8Array.from({ length: count }, () => source.below(256))
}
const raster = (width: number, height: number, channels: number, pixels = noise(width * height * channels)): Raster => ({
  width,
  height,
  channels,
  pixels,
})

test('a PNG holds its pixels and its texts, in Latin-1 or in UTF-8', async () => {
  for (const channels of [1, 3]) {
    const made = raster(37, 21, channels)
    const bytes = Buffer.from(encodePng(made, { Title: 'run 1: größer', Description: 'a 中 name' }))
    for (const decoded of [decodePng(bytes)!, await decodeGeneral(bytes)]) {
      assert.deepEqual([decoded.width, decoded.height], [37, 21])
      // sharp gives three channels of grays too.
      made.pixels.forEach((value, i) =>
        assert.equal(decoded.data[Math.floor(i / channels) * decoded.channels + (i % channels)], value),
      )
    }
    assert.ok(bytes.includes(Buffer.from('tEXtTitle\0run 1: größer', 'latin1')))
    assert.ok(bytes.includes(Buffer.concat([Buffer.from('iTXtDescription\0\0\0\0\0'), Buffer.from('a 中 name')])))
  }
})

test('a GIF holds every frame: grays as they are, however little they repeat, colours as near as its palette has them', async () => {
  const { default: sharp } = await import('sharp')
  const framesOf = async (bytes: Uint8Array, width: number, height: number, count: number) => {
    const { data, info } = await sharp(bytes, { animated: true }).raw().toBuffer({ resolveWithObject: true })
    assert.deepEqual([info.width, info.height], [width, height * count])
    return { data, channels: info.channels }
  }
  // Noise fills the table of codes many times; stripes make long entries; the smallest picture has one pixel.
  for (const [width, height, pixels] of [
    [120, 90, noise(10_800)],
    [64, 64, Uint8Array.from({ length: 4096 }, (_, i) => ((i >> 3) % 7) * 40)],
    [1, 1, Uint8Array.of(9)],
    [300, 200, new Uint8Array(60_000).fill(77)],
  ] as const) {
    const frames = [
      raster(width, height, 1, pixels),
      raster(
        width,
        height,
        1,
        pixels.map((value) => 255 - value),
      ),
    ]
    const { data, channels } = await framesOf(encodeGif(frames, 12, 'a comment'), width, height, 2)
    frames.forEach((frame, at) =>
      frame.pixels.forEach((value, i) =>
        assert.equal(data[(at * width * height + i) * channels], value, `pixel ${i} of frame ${at}`),
      ),
    )
  }
  const colour = raster(40, 30, 3),
    { data, channels } = await framesOf(encodeGif([colour, colour], 5, ''), 40, 30, 2)
  for (let i = 0; i < 1200; i++)
    for (let c = 0; c < 3; c++) assert.ok(Math.abs(data[i * channels + c]! - colour.pixels[3 * i + c]!) <= 26)
})

test('a grid puts each image where it belongs, enlarged by whole pixels', () => {
  const images: Images = { count: 3, width: 2, height: 1, channels: 1, pixels: Uint8Array.of(10, 20, 30, 40, 50, 60) }
  const made = grid(2, 2, (row, column) => (row === 1 && column === 1 ? null : { images, index: row * 2 + column }))
  // A picture twice as wide as high has the room of a square of 56 pixels.
  const factor = 40
  assert.deepEqual([made.width, made.height], [2 * (2 * factor + 2) + 2, 2 * (factor + 2) + 2])
  const at = (row: number, column: number, x: number) =>
    made.pixels[(2 + row * (factor + 2) + 3) * made.width + 2 + column * (2 * factor + 2) + x]
  assert.deepEqual(
    [at(0, 0, 0), at(0, 0, factor - 1), at(0, 0, factor), at(0, 1, 0), at(1, 0, 2 * factor - 1), at(1, 1, 0), made.pixels[0]],
    [10, 10, 20, 30, 60, 255, 255],
  )
})

test('cells of CSV are quoted, and none is a formula', () => {
  const text = new TextDecoder().decode(
    encodeCsv({
      head: ['a', 'b'],
      rows: [
        ['=1+1', -0.1],
        ['x,"y"', null],
        ['-', Math.fround(0.1)],
      ],
    }),
  )
  assert.equal(text, 'a,b\r\n\'=1+1,-0.1\r\n"x,""y""",\r\n\'-,0.100000001\r\n')
})

const run = {
  id: 'abc',
  name: 'my <run>',
  variant: 'classical',
  seed: 1,
  step: 40,
  config: { network: { layers: [2] } },
} as unknown as Run
const images = (count: number): Images => ({ count, width: 3, height: 2, channels: 1, pixels: noise(count * 6) })
const floats = (...values: number[]) => Float32Array.from(values),
  ints = (...values: number[]) => Int32Array.from(values)
const pictures = (count: number) => ({ images: images(count), points: null })
const points = (count: number) => ({
  images: null,
  points: { count, values: Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i)) },
})
const neighbours = { rows: ints(4, 5), distances: floats(1, 2), labels: ints(0, 1), sameClass: 0.5 }
const convolution = { name: 'conv0', filters: 1, width: 3, height: 2, field: { width: 2, height: 2 } }
const figures = { squaredError: 1, spread: 2, rebuilt: 0.5 }

/** An answer to every question, of images or of points. */
const answersOf = (show: typeof pictures | typeof points): { [K in QuestionKind]: Extract<Result, { kind: K }> } => ({
  reconstructions: {
    kind: 'reconstructions',
    rows: ints(1, 2),
    labels: ints(0, -1),
    originals: show(2),
    corrupted: null,
    reconstructions: show(2),
    difference: show(2),
    squaredErrors: floats(1, 2),
  },
  map: {
    kind: 'map',
    method: 'pca',
    dimensions: 3,
    coordinates: floats(1, 2, 3, 4, 5, 6),
    rows: ints(1, 2),
    labels: ints(0, 1),
    of: 5,
    explained: [0.5, 0.2, 0.1],
    note: null,
    pictures: null,
  },
  histograms: { kind: 'histograms', units: 2, images: 3, edges: floats(0, 1, 2), counts: ints(1, 2, 0, 3), total: ints(1, 5) },
  neighbours: {
    kind: 'neighbours',
    metric: 'cosine',
    row: 3,
    label: 1,
    query: show(1),
    reconstruction: show(1),
    fitted: null,
    code: { ...neighbours, pictures: show(2) },
    pixels: { ...neighbours, pictures: show(2) },
  },
  agreement: { kind: 'agreement', count: 5, queries: 10, code: 0.9, pixels: 0.8, chance: 0.1 },
  chain: {
    kind: 'chain',
    walk: 'denoising',
    corruption: null,
    distribution: { kind: 'bernoulli', deviation: null },
    sentence: 'so',
    chains: 2,
    shown: ints(0, 5, 10),
    pictures: show(6),
    last: floats(1, 2),
    step: 10,
  },
  generate: {
    kind: 'generate',
    from: 'prior',
    sentence: 'so',
    distribution: { kind: 'bernoulli', deviation: null },
    codes: floats(1, 2, 3, 4, 5, 6),
    pictures: show(3),
  },
  traverse: {
    kind: 'traverse',
    base: floats(0, 0),
    basePicture: show(1),
    units: ints(0, 1),
    steps: 3,
    values: floats(-1, 0, 1, -1, 0, 1),
    pictures: show(6),
    low: floats(-1, -1),
    high: floats(1, 1),
  },
  interpolate: {
    kind: 'interpolate',
    path: 'linear',
    pictures: show(3),
    codes: floats(1, 2, 3, 4, 5, 6),
    blended: show(3),
    ends: show(2),
  },
  manifold: {
    kind: 'manifold',
    place: 'range',
    sentence: 'so',
    dimensions: 2,
    axes: [floats(0, 1, 2), floats(0, 1)],
    pictures: show(6),
    codes: { coordinates: floats(0, 0, 1, 1), rows: ints(1, 2), labels: ints(0, 1) },
    beyond: 0,
  },
  decode: { kind: 'decode', pictures: show(2) },
  field: {
    kind: 'field',
    space: 'data',
    x: floats(0, 1),
    y: floats(0, 1),
    vectors: floats(1, 0, 0, 1, -1, 0, 0, -1),
    lengths: floats(1, 1, 1, 1),
    longest: 1,
    paths: floats(0, 0, 0.2, 0),
    pathSteps: 1,
    data: { coordinates: floats(0, 0), rows: ints(1), labels: ints(-1), pictures: null },
  },
  tangents: {
    kind: 'tangents',
    image: show(1),
    row: 1,
    label: 0,
    averaged: 0,
    singularValues: floats(2, 1),
    norm: 2.2,
    directions: show(2),
    directionValues: floats(1, 0, 0, 1),
  },
  walk: {
    kind: 'walk',
    singularValue: 2,
    distances: floats(-1, 0, 1),
    inputs: show(3),
    reconstructions: show(3),
    codeDistances: floats(2, 0, 2),
  },
  contraction: {
    kind: 'contraction',
    radii: floats(1, 2),
    mean: floats(0.5, 0.6),
    low: floats(0.1, 0.2),
    high: floats(0.9, 1),
    images: 5,
    between: null,
  },
  units: {
    kind: 'units',
    units: 2,
    images: 5,
    mean: floats(0, 1),
    deviation: floats(1, 1),
    minimum: floats(-1, 0),
    maximum: floats(1, 2),
    activity: floats(1, 0.5),
    state: ['active', 'dead'],
    posterior: null,
    edges: floats(0, 1, 2),
    counts: ints(1, 2, 3, 4),
    shown: ints(0, 1),
    filterOf: 'kernel',
    filters: show(2),
    excitingRows: ints(1, 2, 3, 4),
    excitingLabels: ints(0, 1, 0, 1),
    excitingValues: floats(1, 2, 3, 4),
    exciting: show(4),
  },
  featureMaps: {
    kind: 'featureMaps',
    image: show(1),
    row: 1,
    label: 0,
    fitted: null,
    images: 4,
    of: 5,
    layers: [
      {
        ...convolution,
        filters: 3,
        activations: Float32Array.from({ length: 12 }, Math.sin),
        dead: ints(0, 0, 1),
        maps: images(2),
        low: -1,
        high: 1,
      },
      {
        ...convolution,
        name: 'conv1',
        width: 1,
        height: 1,
        activations: floats(0.5),
        dead: ints(0),
        maps: { count: 1, width: 1, height: 1, channels: 1, pixels: Uint8Array.of(7) },
        low: 0,
        high: 1,
      },
    ],
  },
  filters: {
    kind: 'filters',
    layers: [convolution],
    layer: 0,
    images: 4,
    of: 5,
    minimum: floats(0),
    maximum: floats(2),
    dead: ints(0),
    shown: ints(0),
    kernels: images(1),
    excitingRows: ints(3, 4),
    excitingLabels: ints(0, 1),
    excitingValues: floats(2, 1),
    boxes: ints(0, 0, 2, 2, 1, 0, 2, 2),
    patches: images(2),
  },
  copying: {
    kind: 'copying',
    dataset: 'random',
    rows: ints(-1, -1),
    originals: show(2),
    reconstructions: show(2),
    squaredErrors: floats(1, 2),
    own: figures,
    other: figures,
    sentence: 'so',
  },
})

test('every answer is a table and arrays, and a picture or an animation where it has one, with what it is of', async (t) => {
  const folder = temporaryFolder(t)
  assert.deepEqual(Object.keys(contents).sort(), [...questionKinds].sort())
  for (const show of [pictures, points]) {
    for (const [kind, result] of Object.entries(answersOf(show)) as [QuestionKind, Result][]) {
      const about = {
        run,
        dataset: { name: 'd', classes: ['first', '=second'] },
        checkpoint: null,
        question: { kind: 'histograms', bins: 2 } as const,
      }
      const csv = fileOf(result, 'csv', about)
      assert.equal(csv.name, `my -run- ${kind}.csv`)
      assert.deepEqual(
        Buffer.from(fileOf(result, 'csv', about, true).bytes),
        Buffer.from(`\ufeff${Buffer.from(csv.bytes).toString()}`),
      )
      const lines = new TextDecoder().decode(csv.bytes).trim().split('\r\n')
      assert.ok(
        lines.length > 1 && lines.every((line) => line.split(',').length === lines[0]!.split(',').length),
        `${kind}: ${lines.join('\n')}`,
      )

      const file = join(folder, `${kind}.npz`)
      writeFileSync(file, fileOf(result, 'npz', about).bytes)
      const arrays = await readNpz(file)
      assert.ok(arrays.has('settings'))
      const opened = await Promise.all([...arrays].map(async ([name, open]) => [name, (await open()).shape] as const))
      const shapes = Object.fromEntries(opened)
      if (kind === 'field')
        assert.deepEqual(
          [shapes['vectors'], shapes['paths'], shapes['data/coordinates'], shapes['longest']],
          [[2, 2, 2], [1, 2, 2], [1, 2], []],
        )
      if (kind === 'generate')
        assert.deepEqual([shapes['codes'], shapes['pictures']], [[3, 2], show === pictures ? [3, 2, 3, 1] : [3, 2]])
      if (kind === 'contraction') assert.deepEqual(shapes['images'], [])
      if (kind === 'featureMaps')
        assert.deepEqual(
          [shapes['layers/0/activations'], shapes['layers/0/maps'], shapes['layers/1/maps']],
          [
            [2, 2, 3],
            [2, 2, 3, 1],
            [1, 1, 1, 1],
          ],
        )
      if (kind === 'filters')
        assert.deepEqual(
          [shapes['boxes'], shapes['patches']],
          [
            [1, 2, 4],
            [2, 2, 3, 1],
          ],
        )
      if (kind === 'units') assert.deepEqual([shapes['excitingRows'], shapes['counts'], shapes['images']], [[2, 2], [2, 2], []])

      for (const format of ['png', 'gif'] as const) {
        const has = format === 'png' ? contents[kind].picture : contents[kind].frames
        if (!has) {
          assert.throws(() => fileOf(result, format, about), { code: 'QUESTION_UNSUITABLE', message: /save it as .*csv or npz\.$/ })
          continue
        }
        const { bytes } = fileOf(result, format, about)
        const decoded = await decodeGeneral(bytes)
        assert.ok(decoded.width > 10 && new Set(Array.from(decoded.data)).size > 1, `${kind}.${format} is empty`)
        const text = Buffer.from(bytes).toString('latin1')
        assert.ok(text.includes(`my <run>: ${kind}`) && text.includes('"dataset":"d"'), `${kind}.${format} says what it is of`)
      }
    }
  }
})
