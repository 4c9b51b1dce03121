import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areaOf, frameOf, nearestPoint, ticksBetween, toPixels } from '../../src/renderer/charts/plane.ts'

test('a frame is a square around all points that are finite', () => {
  assert.deepEqual(frameOf(Float32Array.of(0, 0, 4, 2, Number.NaN, 9)), { x: 2, y: 4.5, half: 4.5 * 1.1 })
  assert.deepEqual(frameOf(Float32Array.of(3, 3, 3, 3)), { x: 3, y: 3, half: 1 })
  assert.deepEqual(frameOf(new Float32Array()), { x: 0, y: 0, half: 1 })
})

test('ticks are round numbers within the frame', () => {
  assert.deepEqual(ticksBetween(-2.2, 2.2), [-2, -1, 0, 1, 2])
  assert.deepEqual(
    ticksBetween(0, 0.5).map((tick) => Number(tick.toPrecision(6))),
    [0, 0.1, 0.2, 0.3, 0.4, 0.5],
  )
  assert.deepEqual(ticksBetween(130, 270), [150, 200, 250])
})

test('the nearest point is found where it is drawn, and none where there is none', () => {
  const frame = { x: 0, y: 0, half: 2 },
    area = areaOf(400)
  const clouds = [
    [1, 1, -1, -1],
    [1.5, -1.5],
  ].map((points, i) => ({ id: String(i), label: '', colour: '', points: Float32Array.from(points) }))
  const corner = toPixels(area, frame, -2, 2)
  assert.deepEqual([corner.x, corner.y], [area.left, area.top])
  const at = (x: number, y: number) => {
    const pixel = toPixels(area, frame, x, y)
    return nearestPoint(clouds, area, frame, pixel.x + 3, pixel.y - 3, 12)
  }
  assert.deepEqual(at(-1, -1), { cloud: 0, index: 1 })
  assert.deepEqual(at(1.5, -1.5), { cloud: 1, index: 0 })
  assert.equal(at(0, 0), null)
})
