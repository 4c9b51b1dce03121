import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 as zlibCrc32 } from 'node:zlib'
import { encodePng } from '../../src/main/engine/files/png.ts'
import { crc32, withTexts } from '../../src/shared/png.ts'
import { carried, listOf, numberOf, readAddress, refOf, refText, writeAddress } from '../../src/renderer/state/exploreAddress.ts'
import { errorCodes } from '../../src/shared/errors.ts'
import { filmOf, firstInSight, stateImages } from '../../src/renderer/components/explore/chainFilm.ts'
import { graphScene, nearestAlong } from '../../src/renderer/components/explore/graphScene.ts'
import { cellsIn, codeAt, pictureAt, pixelOf, seen } from '../../src/renderer/components/explore/manifoldPlaces.ts'
import { neighbourTexts } from '../../src/renderer/components/explore/neighbourTexts.ts'
import { inside, stepsAlong, valueAlong } from '../../src/renderer/components/explore/places.ts'
import { otherViews, remediesFor } from '../../src/renderer/components/explore/remedies.ts'
import { pictured } from '../../src/renderer/components/explore/thumbnailPlaces.ts'
import { placeOf, readSliders, valueAt, writeSliders } from '../../src/renderer/components/explore/unitSliders.ts'
import { nameIn, rowTitle } from '../../src/renderer/state/rowTitle.ts'
import { corruptionOf, noiseOf } from '../../src/renderer/components/explore/corruptionChoice.ts'

const read = (address: string) => {
  const url = new URL(address.slice(1), 'http://route')
  const [, run, view] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent)
  return readAddress(run ?? null, view ?? null, url.searchParams)
}

test('an address of a look into networks comes back from its text, whatever is in it', () => {
  const address = {
    run: 'a b/ü',
    view: 'field' as const,
    with: 'c&d',
    step: 12,
    withStep: 0,
    options: { image: 'file:/a, b/ü=1.png', to: 'at:0.5,-1', noise: 'gaussian', amount: '0.25' },
  }
  assert.deepEqual(read(writeAddress(address)), address)
  assert.equal(writeAddress({ run: 'r', view: 'map', with: null, step: null, withStep: 3, options: {} }), '#/explore/r/map')
  assert.deepEqual(read('#/explore/r/nonsense?step=-1&with='), {
    run: 'r',
    view: 'similar',
    with: null,
    step: null,
    withStep: null,
    options: {},
  })
  assert.equal(writeAddress({ ...address, run: null }), '#/explore')
})

test('images in an address are rows, files and values; anything else is none', () => {
  assert.deepEqual(refOf('12'), { row: 12 })
  assert.deepEqual(refOf('file:/x.png'), { file: '/x.png' })
  assert.deepEqual(refOf('at:0.5,-1.25'), { values: Float32Array.of(0.5, -1.25) })
  for (const wrong of [undefined, '', '-1', '1e3', 'file:', 'at:', 'at:1,x', 'row:1'])
    assert.equal(refOf(wrong), null, String(wrong))
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
  const found: Record<string, string> = {},
    kinds: string[] = []
  const view = new DataView(made.buffer)
  for (let at = 8; at < made.length;) {
    const length = view.getUint32(at),
      content = made.subarray(at + 8, at + 8 + length)
    const kind = Buffer.from(made.subarray(at + 4, at + 8)).toString('latin1')
    kinds.push(kind)
    assert.equal(view.getUint32(at + 8 + length), zlibCrc32(made.subarray(at + 4, at + 8 + length)), kind)
    const end = content.indexOf(0),
      key = Buffer.from(content.subarray(0, end)).toString('latin1')
    if (kind === 'tEXt') found[key] = Buffer.from(content.subarray(end + 1)).toString('latin1')
    if (kind === 'iTXt') found[key] = Buffer.from(content.subarray(end + 5)).toString('utf8')
    at += 12 + length
  }
  assert.deepEqual(kinds, ['IHDR', 'tEXt', 'iTXt', 'IDAT', 'IEND'])
  assert.deepEqual(found, texts)
  assert.deepEqual(withTexts(Uint8Array.of(1, 2, 3), texts), Uint8Array.of(1, 2, 3))
})

test('what a run cannot show leads to what it can', () => {
  assert.deepEqual(otherViews({ generate: 'none to draw from' }, 'generate'), ['chain', 'similar'])
  const classifier = Object.fromEntries(
    ['reconstructions', 'chain', 'generate', 'traverse', 'interpolate', 'manifold', 'decode', 'field', 'copying'].map((kind) => [
      kind,
      'no decoder',
    ]),
  )
  assert.deepEqual(otherViews(classifier, 'manifold'), ['similar', 'units'])
  assert.deepEqual(remediesFor({ code: 'CHECKPOINT_MISSING' }, true), ['newest', 'otherRun'])
  assert.deepEqual(remediesFor({ code: 'CHECKPOINT_MISSING' }, false), ['otherRun', 'train'])
  assert.deepEqual(remediesFor({ code: 'CALL_INVALID', field: 'row' }, false), ['otherImage'])
  assert.deepEqual(remediesFor({ code: 'CALL_INVALID', field: 'question.every' }, false), ['again'])
  for (const code of errorCodes) assert.ok(remediesFor({ code }, false).length > 0, code)
})

test('places on a manifold are read off its axes, there and back, however they are spaced', () => {
  const axis = Float64Array.of(-1.6, -0.7, 0, 0.7, 1.6)
  for (const value of [-2.5, -1.6, -1, 0.1, 1.6, 2])
    assert.ok(Math.abs(valueAlong(axis, stepsAlong(axis, value)) - value) < 1e-6, String(value))
  assert.equal(stepsAlong(axis, 0.35), 2.5)
  // 5 x 5 pictures of 10 pixels: the middle of a picture is its own place; up is up.
  const area = cellsIn(52, 5, 5, { width: 10, height: 10 }, 1)
  assert.deepEqual([area.cell, area.width], [{ width: 10, height: 10 }, 50])
  assert.deepEqual(codeAt(area, [axis, axis], 5, 5), [axis[0], axis[4]])
  assert.deepEqual(codeAt(area, [axis, axis], 45, 45), [axis[4], axis[0]])
  const [x, y] = codeAt(area, [axis, axis], 31, 12) as [number, number]
  const back = pixelOf(area, [axis, axis], x, y)
  assert.ok(Math.hypot(back.x - 31, back.y - 12) < 1e-9)
  assert.deepEqual(
    [pictureAt(area, 5, 5, 0), pictureAt(area, 45, 45, 0), pictureAt(area, 45, 5, 2), pictureAt(area, 51, 5, 0)],
    [20, 4, 74, -1],
  )
  // Turning keeps lengths; a quarter turn brings the third axis to the side.
  const length = Math.hypot(...seen(1, 2, 3, 0.7, -0.4))
  assert.ok(Math.abs(length - Math.hypot(1, 2, 3)) < 1e-12)
  assert.ok(Math.abs(seen(0, 0, 1, Math.PI / 2, 0)[0] + 1) < 1e-12)
})

test('a lasso holds what lies in it, whatever its shape; pictures on a map do not cover each other', () => {
  const bay = [0, 0, 10, 0, 10, 10, 5, 2, 0, 10]
  assert.deepEqual(
    [inside(bay, 5, 1), inside(bay, 5, 5), inside(bay, 1, 7), inside(bay, 9, 7), inside(bay, 11, 1), inside([], 1, 1)],
    [true, false, true, true, false, false],
  )
  let state = 1
  const places = Float32Array.from({ length: 4000 }, () => ((state = (state * 48271) % 2147483647) / 2147483647) * 400)
  const chosen = pictured(places, { width: 30, height: 30 }, 400, 400)
  assert.ok(chosen.length > 40)
  assert.equal(chosen[0], 0)
  for (const a of chosen)
    for (const b of chosen)
      if (a < b)
        assert.ok(Math.abs(places[2 * a]! - places[2 * b]!) >= 30 || Math.abs(places[2 * a + 1]! - places[2 * b + 1]!) >= 30)
  // Whoever has none has a neighbour that has one.
  for (let i = 0; i < 2000; i++)
    assert.ok(
      chosen.some(
        (one) => Math.abs(places[2 * one]! - places[2 * i]!) < 30 && Math.abs(places[2 * one + 1]! - places[2 * i + 1]!) < 30,
      ) || chosen.includes(i),
    )
})

test('sliders of units come back from the address, held to their range, and mean values of the code', () => {
  assert.deepEqual(
    [...readSliders('4:1.2,17:-9,x:1,3:,5:nan')],
    [
      [4, 1.2],
      [17, -3],
    ],
  )
  assert.equal(
    writeSliders(
      new Map([
        [17, -3],
        [4, 1.234],
      ]),
    ),
    '4:1.23,17:-3',
  )
  assert.equal(writeSliders(new Map()), null)
  for (const value of [-0.2, 0.5, 3]) assert.ok(Math.abs(valueAt(placeOf(value, -0.2, 3), -0.2, 3) - value) < 1e-12)
  assert.deepEqual([placeOf(-0.2, -0.2, 3), placeOf(3, -0.2, 3), placeOf(1, 2, 2)], [-3, 3, 0])
})

test("a neighbour says its distance, and its class where that is not the image's own", () => {
  const found = { rows: Int32Array.of(4, 9, 2), labels: Int32Array.of(1, 0, -1), distances: Float32Array.of(0, 0.5, 12.25) }
  const nameOf = (row: number, label = -1) =>
    rowTitle(nameIn(row === 4 ? 'cats/tom.png' : 'images.idx#9'), row, 'image', ['ring', 'square'][label])
  const known = neighbourTexts(found, 1, ['ring', 'square'], nameOf)
  assert.deepEqual(
    [known.captions, known.odd, known.name(0), known.name(2)],
    [['0', '0.500\nring', '12.3'], [false, true, true], 'tom.png, class square', 'Image 2'],
  )
  const unknown = neighbourTexts(found, -1, ['ring', 'square'], nameOf)
  assert.deepEqual(
    [unknown.captions, unknown.odd],
    [
      ['0\nsquare', '0.500\nring', '12.3'],
      [false, false, false],
    ],
  )
})

test('answers of a chain that go on from each other are one film', () => {
  const part = (first: number, shown: number[], chains: number) => ({
    kind: 'chain' as const,
    walk: 'denoising' as const,
    corruption: null,
    distribution: { kind: 'none' as const, deviation: null },
    sentence: '',
    chains,
    shown: Int32Array.from(shown),
    step: shown.at(-1)!,
    last: Float32Array.of(first),
    pictures: {
      images: {
        count: shown.length * chains,
        width: 1,
        height: 1,
        channels: 1,
        pixels: Uint8Array.from({ length: shown.length * chains }, (_, i) => first + i),
      },
      points: null,
    },
  })
  const film = filmOf([part(0, [0, 5, 10], 2), part(100, [15, 20], 2)])!
  assert.deepEqual([[...film.steps], film.step, film.last[0]], [[0, 5, 10, 15, 20], 20, 100])
  assert.deepEqual([...stateImages(film, 1)!.pixels], [2, 3])
  assert.deepEqual([...stateImages(film, 4)!.pixels], [102, 103])
  assert.equal(stateImages(film, 5), null)
  assert.equal(filmOf([]), null)
  assert.deepEqual([firstInSight(0, 10), firstInSight(9, 10), firstInSight(23, 10)], [0, 0, 20])
})

test('a graph shows lines that end at different places, and leaves out what a logarithm has no place for', () => {
  const measure = (text: string, size: number) => text.length * size * 0.55
  const lines = [
    { id: 'a', label: 'a', colour: 'red', x: [1, 2, 3, 4], y: [8, 4, 0, 1] },
    { id: 'b', label: 'b', colour: 'blue', x: [1, 2], y: [2, 1], low: [1, 0.5], high: [3, 2] },
  ]
  const graph = graphScene(lines, { xTitle: 'Number', yTitle: 'Value', logY: true }, { width: 400, height: 240 }, measure)
  const inner = graph.scene.shapes.find((shape) => shape.kind === 'clip')!
  assert.ok(inner.kind === 'clip')
  const [band, first] = inner.shapes
  assert.ok(band?.kind === 'area' && first?.kind === 'line')
  assert.deepEqual([band.points.length, first.points.length, Array.from(first.points).filter(Number.isNaN).length], [8, 8, 2])
  assert.ok(graph.y.toPixel(8) < graph.y.toPixel(1))
  assert.equal(nearestAlong(lines[0]!, graph.x, graph.x.toPixel(2.9)), 2)
  assert.equal(nearestAlong({ x: [] }, graph.x, 5), -1)
  assert.ok(graphScene([], { xTitle: '', yTitle: '' }, { width: 100, height: 100 }, measure).scene.shapes.length > 0)
})
