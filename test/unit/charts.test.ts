import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestIndex, readAt, type Curve } from '../../src/renderer/charts/curve.ts'
import { bandToDraw, focusedRange, pixelsToDraw } from '../../src/renderer/charts/decimate.ts'
import { spread } from '../../src/renderer/charts/spread.ts'
import { scale } from '../../src/renderer/charts/ticks.ts'

const curve = (id: string, values: number[], x = values.map((_, i) => i)): Curve => ({
  id,
  label: id,
  colour: '#000',
  x: Float64Array.from(x),
  y: Float64Array.from(values),
})

const axis = (to: number, pixels: number, logarithmic = false) => scale(logarithmic ? 1 : 0, to, 0, pixels, logarithmic)
const pairs = (points: Float64Array) =>
  Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i]!, points[2 * i + 1]!] as const)

test('a curve longer than the plot is wide keeps its spikes, its ends and its order', () => {
  const values = Array.from({ length: 50_000 }, (_, i) => Math.sin(i / 900))
  values[12_345] = 40
  values[33_333] = -40
  const x = axis(49_999, 600),
    y = scale(-50, 50, 500, 0)
  for (const across of [x, axis(49_999, 600, true)]) {
    const points = pairs(pixelsToDraw(curve('a', values), 0, Infinity, across, y))
    assert.ok(points.length <= 4 * 602, `${points.length} points`)
    for (const [at, value] of [
      [12_345, 40],
      [33_333, -40],
    ] as const)
      assert.ok(points.some((point) => point[0] === across.toPixel(at) && point[1] === y.toPixel(value)))
    assert.equal(points.at(-1)![0], 600)
    // What a logarithmic axis cannot show is a gap.
    const drawn = points.filter((point) => !Number.isNaN(point[0]))
    assert.equal(drawn[0]![0], 0)
    assert.ok(drawn.every((point, i) => i === 0 || point[0] > drawn[i - 1]![0]))
    const known = new Set(values.map(y.toPixel))
    assert.ok(
      drawn.every((point) => known.has(point[1])),
      'nothing is averaged',
    )
  }
  assert.ok(pixelsToDraw(curve('a', values), 20_000, 20_010, x, y).length / 2 <= 13)
})

test('a short curve is drawn as it is, with gaps where an axis cannot show a value', () => {
  const points = pixelsToDraw(curve('a', [3, 0, NaN, 2]), 0, 10, axis(3, 300), scale(1, 10, 100, 0, true))
  assert.deepEqual(
    pairs(points).map((point) => Number.isNaN(point[0])),
    [false, true, true, false],
  )
  assert.ok(Math.abs(points[1]! - (100 - 100 * Math.log10(3))) < 1e-9)
})

test('a band is drawn where there is one, as a closed shape for each stretch', () => {
  const x = Float64Array.of(0, 1, 2, 3, 4)
  const shapes = bandToDraw(
    { x, low: Float64Array.of(1, 1, NaN, 2, 2), high: Float64Array.of(3, 3, NaN, 4, 4) },
    0,
    4,
    axis(4, 40),
    scale(0, 10, 100, 0),
  )
  assert.deepEqual(
    shapes.map((value) => (Number.isNaN(value) ? 'gap' : value)),
    [0, 70, 10, 70, 10, 90, 0, 90, 'gap', 'gap', 30, 60, 40, 60, 40, 80, 30, 80],
  )
  const reaching = bandToDraw(
    { x: Float64Array.of(1, 2), low: Float64Array.of(-1, 2), high: Float64Array.of(1, 4) },
    0,
    4,
    axis(4, 40),
    scale(1, 10, 100, 0, true),
  )
  assert.ok(reaching.every(Number.isFinite), 'below 0 it reaches the floor of a logarithmic axis')
})

test('a crosshair reads the nearest point, and nothing beyond the end of a run', () => {
  const ended = curve('a', [9, 8, 7], [0, 10, 20])
  assert.deepEqual(readAt(ended, 14), { x: 10, y: 8, value: 8 })
  assert.deepEqual(readAt({ ...ended, value: Float64Array.of(1, 2, 3) }, 16), { x: 20, y: 7, value: 3 })
  assert.equal(readAt(ended, 45), null)
  assert.equal(nearestIndex(new Float64Array(0), 3), -1)
})

test('the vertical axis leaves out a steep start and a divergence, but no curve as a whole', () => {
  const falling = (floor: number) => Array.from({ length: 200 }, (_, i) => floor + 500 * Math.exp(-i / 3))
  const exploding = [...falling(80).slice(0, 100), ...Array.from({ length: 20 }, (_, i) => 80 * 2 ** i)]
  const calm = focusedRange([curve('a', falling(70)), curve('b', falling(80)), curve('c', exploding)], 0, 199)!
  assert.ok(calm.cut)
  assert.ok(calm.low <= 70.1 && calm.high > 80 && calm.high < 140, JSON.stringify(calm))
  const apart = focusedRange(
    [
      curve('a', falling(70)),
      curve('b', falling(70)),
      curve(
        'far',
        Array.from({ length: 200 }, () => 3000),
      ),
    ],
    0,
    199,
  )!
  assert.ok(apart.high >= 3000, JSON.stringify(apart))
  // Falls in the end, but was above the others nearly all the time.
  const late = focusedRange(
    [
      curve('a', falling(0.5)),
      curve('b', falling(0.6)),
      curve(
        'late',
        Array.from({ length: 200 }, (_, i) => (i < 190 ? 2 : 1.5)),
      ),
    ],
    0,
    199,
  )!
  assert.ok(late.high >= 2, JSON.stringify(late))
  const flat = focusedRange([curve('a', [5, 4, 3, 2, 1])], 0, 4)!
  assert.deepEqual(flat, { low: 1, high: 5, cut: false })
  assert.equal(focusedRange([curve('a', [])], 0, 1), null)
})

test('labels keep their order, do not overlap and stay inside', () => {
  const wanted = [50, 52, 51, 4, 98]
  const placed = spread(wanted, 15, 0, 100)
  const sorted = [...placed].sort((a, b) => a - b)
  assert.ok(
    sorted.every((top, i) => i === 0 || top - sorted[i - 1]! >= 15 - 1e-9),
    String(placed),
  )
  assert.ok(sorted[0]! >= 0 && sorted.at(-1)! <= 85)
  assert.ok(placed[0]! < placed[2]! && placed[2]! < placed[1]! && placed[3]! < placed[0]! && placed[4]! > placed[1]!)
})

test('a validation of few points does not press its training out of the chart', () => {
  const training = Array.from({ length: 80 }, (_, i) => 79 + 150 * Math.exp(-i / 12))
  const early = focusedRange([curve('training', training), curve('validation', [83.3], [50])], 0, 79)!
  assert.ok(early.high >= training[5]!, JSON.stringify(early))
})
