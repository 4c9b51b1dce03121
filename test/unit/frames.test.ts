import { test } from 'node:test'
import assert from 'node:assert/strict'
import { closedFrame, frame, frameParser } from '../../src/shared/frames.ts'

const collect = () => {
  const frames: [number, number[]][] = []
  return { frames, push: frameParser((port, payload) => frames.push([port, [...payload]]), 1000) }
}
const join = (parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]))
const large = Uint8Array.from({ length: 996 }, (_, index) => index % 251)

test('frames come out whole however the stream was cut', () => {
  const stream = join([frame(1, Uint8Array.of(7, 8, 9)), closedFrame(4_294_967_295), frame(2, large), frame(1, Uint8Array.of(5))])
  const expected = [
    [1, [7, 8, 9]],
    [4_294_967_295, []],
    [2, [...large]],
    [1, [5]],
  ]
  for (const size of [1, 2, 3, 5, 7, 11, 100, 1003, stream.length]) {
    const { frames, push } = collect()
    for (let start = 0; start < stream.length; start += size) push(stream.subarray(start, start + size))
    assert.deepEqual(frames, expected, `chunks of ${size}`)
  }
})

test('a payload keeps its content when the chunk it came in is reused', () => {
  const kept: Uint8Array[] = []
  const chunk = frame(3, Uint8Array.of(1, 2, 3))
  const push = frameParser((_, payload) => kept.push(payload))
  push(chunk)
  chunk.fill(0)
  assert.deepEqual([...kept[0]!], [1, 2, 3])
})

test('impossible lengths are refused before anything is collected', () => {
  assert.throws(() => collect().push(Uint8Array.of(3, 0, 0, 0)), RangeError)
  assert.throws(() => collect().push(Uint8Array.of(233, 3, 0, 0)), RangeError)
  assert.throws(() => frameParser(() => {})(Uint8Array.of(255, 255, 255, 255)), RangeError)
  const { frames, push } = collect()
  push(frame(9, large))
  assert.equal(frames.length, 1)
})
