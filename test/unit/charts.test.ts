import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestIndex, readAt, type Curve } from '../../src/renderer/charts/curve.ts'
import { focusedRange, pointsToDraw } from '../../src/renderer/charts/decimate.ts'
import { spread } from '../../src/renderer/charts/spread.ts'

const curve = (id: string, values: number[], x = values.map((_, i) => i)): Curve =>
  ({ id, label: id, colour: '#000', x: Float64Array.from(x), y: Float64Array.from(values) })

test('a curve longer than the plot is wide keeps its spikes, its ends and its order', () => {
  const values = Array.from({ length: 50_000 }, (_, i) => Math.sin(i / 900))
  values[12_345] = 40
  values[33_333] = -40
  const points = pointsToDraw(curve('a', values), 0, Infinity, 600, 1, false)
  assert.ok(points.length <= 4 * 602, `${points.length} points`)
  assert.ok(points.some((point) => point.x === 12_345 && point.y === 40))
  assert.ok(points.some((point) => point.x === 33_333 && point.y === -40))
  assert.deepEqual([points[0]!.x, points.at(-1)!.x], [0, 49_999])
  assert.ok(points.every((point, i) => i === 0 || point.x > points[i - 1]!.x))
  const known = new Set(values)
  assert.ok(points.every((point) => known.has(point.y)), 'nothing is averaged')
})

test('a short curve is drawn as it is, with gaps where an axis cannot show a value', () => {
  const points = pointsToDraw(curve('a', [3, 0, NaN, 2]), 0, 10, 600, 2, true)
  assert.deepEqual(points, [{ x: 0, y: 3 }, { x: 2, y: NaN }, { x: 4, y: NaN }, { x: 6, y: 2 }])
})

test('a crosshair reads the nearest point, and nothing beyond the end of a run', () => {
  const ended = curve('a', [9, 8, 7], [0, 10, 20])
  assert.deepEqual(readAt(ended, 14), { x: 10, y: 8 })
  assert.deepEqual(readAt(ended, 16), { x: 20, y: 7 })
  assert.equal(readAt(ended, 45), null)
  assert.equal(nearestIndex(new Float64Array(0), 3), -1)
})

test('the vertical axis leaves out a steep start and a divergence, but no curve as a whole', () => {
  const falling = (floor: number) => Array.from({ length: 200 }, (_, i) => floor + 500 * Math.exp(-i / 3))
  const exploding = [...falling(80).slice(0, 100), ...Array.from({ length: 20 }, (_, i) => 80 * 2 ** i)]
  const calm = focusedRange([curve('a', falling(70)), curve('b', falling(80)), curve('c', exploding)], 0, 199)!
  assert.ok(calm.cut)
  assert.ok(calm.low <= 70.1 && calm.high > 80 && calm.high < 140, JSON.stringify(calm))
  const apart = focusedRange([curve('a', falling(70)), curve('b', falling(70)), curve('far', Array.from({ length: 200 }, () => 3000))], 0, 199)!
  assert.ok(apart.high >= 3000, JSON.stringify(apart))
  const flat = focusedRange([curve('a', [5, 4, 3, 2, 1])], 0, 4)!
  assert.deepEqual(flat, { low: 1, high: 5, cut: false })
  assert.equal(focusedRange([curve('a', [])], 0, 1), null)
})

test('labels keep their order, do not overlap and stay inside', () => {
  const wanted = [50, 52, 51, 4, 98]
  const placed = spread(wanted, 15, 0, 100)
  const sorted = [...placed].sort((a, b) => a - b)
  assert.ok(sorted.every((top, i) => i === 0 || top - sorted[i - 1]! >= 15 - 1e-9), String(placed))
  assert.ok(sorted[0]! >= 0 && sorted.at(-1)! <= 85)
  assert.ok(placed[0]! < placed[2]! && placed[2]! < placed[1]! && placed[3]! < placed[0]! && placed[4]! > placed[1]!)
})

test('a validation of few points does not press its training out of the chart', () => {
  const training = Array.from({ length: 80 }, (_, i) => 79 + 150 * Math.exp(-i / 12))
  const early = focusedRange([curve('training', training), curve('validation', [83.3], [50])], 0, 79)!
  assert.ok(early.high >= training[5]!, JSON.stringify(early))
})
