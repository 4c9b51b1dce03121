import { test } from 'node:test'
import assert from 'node:assert/strict'
import { decode, decodeForeign, encode } from '../../src/shared/codec.ts'
import { parseJson } from '../../src/shared/json.ts'
import { callLimits, LimitError, type Limits } from '../../src/shared/limits.ts'
import { random as randomWords } from '../../src/main/engine/data/random.ts'

const few: Limits = { bytes: 1000, values: 20, names: 10, depth: 4, binary: 64 }
/** Numbers in [0, 1). */
const draws = (seed: number) => {
  const words = randomWords('limits', seed)
  return () => words.next() / 2 ** 32
}
const repeated = (count: number, piece: number[], before: number[]): Uint8Array =>
  Uint8Array.from([...before, ...Array.from({ length: count }, () => piece).flat()])

/** Something that the codec can carry, with shared parts. */
function drawValue(random: () => number, depth: number): unknown {
  const kind = Math.floor(random() * (depth > 4 ? 9 : 12))
  const size = Math.floor(random() * 6)
  switch (kind) {
    case 0:
      return null
    case 1:
      return random() < 0.5
    case 2:
      return Math.floor(random() * 2 ** Math.floor(random() * 53))
    case 3:
      return -Math.floor(random() * 2 ** Math.floor(random() * 53))
    case 4:
      return (random() - 0.5) * 10 ** Math.floor(random() * 40 - 20)
    case 5:
      return 'ä€😀x'.repeat(Math.floor(random() ** 4 * 20_000))
    case 6:
      return undefined
    case 7:
      return Float64Array.from({ length: size * 50 }, random)
    case 8:
      return Uint8Array.from({ length: size * 60 }, () => random() * 256)
    case 9:
      return Array.from({ length: random() < 0.1 ? 70_000 : size }, (_, index) =>
        index < 5 ? drawValue(random, depth + 1) : index,
      )
    case 10: {
      const shared = drawValue(random, depth + 1)
      return { first: shared, second: shared, list: [shared, shared] }
    }
    default:
      return Object.fromEntries(
        Array.from({ length: random() < 0.05 ? 300 : size }, (_, index) => [
          `name ${index} ${'n'.repeat(size * 9)}`,
          index < 4 ? drawValue(random, depth + 1) : index,
        ]),
      )
  }
}

test('whatever the codec writes is let through and read as before', () => {
  const random = draws(1)
  for (let round = 0; round < 400; round++) {
    const bytes = encode(drawValue(random, 0))
    assert.deepEqual(decodeForeign(bytes, { ...callLimits, values: 1e7, names: 1e7 }), decode(bytes))
  }
})

test('a message that asks for more than its purpose allows is refused before anything is made', () => {
  const refused = (bytes: Uint8Array, what: RegExp) =>
    assert.throws(
      () => decodeForeign(bytes, few),
      (thrown: unknown) => thrown instanceof LimitError && what.test(thrown.message),
    )
  refused(new Uint8Array(1001), /bytes/)
  refused(repeated(30, [0xc0], [0xdc, 0, 30]), /values/)
  refused(Uint8Array.of(0x91, 0x91, 0x91, 0x91, 0x91, 0xc0), /levels/)
  refused(repeated(11, [0xa1, 0x61, 0xc0], [0xde, 0, 11]), /names|values/)
  refused(encode(new Uint8Array(65)), /typed arrays/)
  // References multiply: eight bytes each for as many values as the first one has.
  const tenfold = (depth: number): unknown => {
    const inner = depth === 0 ? [] : tenfold(depth - 1)
    return Array.from({ length: 10 }, () => inner)
  }
  const bomb = encode(tenfold(6))
  assert.ok(bomb.length < 1000)
  assert.throws(() => decodeForeign(bomb, callLimits), /values/)
  const endless: unknown[] = []
  endless.push(endless)
  assert.throws(() => decodeForeign(encode(endless), callLimits), /refers to nothing/)
  // What is announced and is not there.
  for (const bytes of [
    [0xdd, 255, 255, 255, 255],
    [0xdf, 0, 1, 0, 0, 1],
    [0xdb, 0, 0, 1, 0],
    [0xc6, 0, 0, 0, 9, 1],
    [0xc9, 0, 0, 0, 9, 0x74, 1],
    [0xcb, 1],
    [0x92, 1],
    [],
  ]) {
    assert.throws(() => decodeForeign(Uint8Array.from(bytes), callLimits), RangeError, String(bytes))
  }
  // What the codec never writes: records, sets, errors, regular expressions, big numbers, bundled texts, dates, other extensions, odd
  // names.
  for (const bytes of [
    [0xd4, 0x72, 1, 0x91, 0xa1, 0x61, 1],
    [0xd4, 0x73, 0, 0x90],
    [0xd4, 0x65, 0, 0x90],
    [0xd4, 0x78, 0, 0x92, 0xa1, 0x61, 0xa0],
    [0xc7, 1, 0x42, 1],
    [0xc1],
    [0xd6, 0xff, 0, 0, 0, 0],
    [0xd4, 9, 9],
    [0x81, 1, 1],
  ]) {
    assert.throws(() => decodeForeign(Uint8Array.from(bytes), callLimits), TypeError, String(bytes))
  }
  assert.throws(() => decodeForeign(Uint8Array.of(0xc0, 0xc0), callLimits), RangeError)
})

test('JSON is measured before it is read, whatever its strings hold', () => {
  assert.deepEqual(parseJson('\ufeff{"a":[1,"[[[{{{,,,::: \\" \\\\",{}]}', few), { a: [1, '[[[{{{,,,::: " \\', {}] })
  assert.deepEqual(parseJson(Buffer.from('["ä€"]'), few), ['ä€'])
  for (const [text, what] of [
    ['1'.repeat(1001), /bytes/],
    [`[${'[],'.repeat(20)}0]`, /values/],
    [`{${Array.from({ length: 12 }, (_, i) => `"${i}":0`).join()}}`, /names/],
    ['[[[[[0]]]]]', /levels/],
  ] as const) {
    for (const source of [text, Buffer.from(text)])
      assert.throws(
        () => parseJson(source, few),
        (thrown: unknown) => thrown instanceof LimitError && what.test(thrown.message),
        text,
      )
  }
  assert.throws(() => parseJson('{', few), SyntaxError)
  const random = draws(2)
  for (let round = 0; round < 200; round++) {
    const value = JSON.parse(JSON.stringify(drawValue(random, 0) ?? null)) as unknown
    assert.deepEqual(parseJson(JSON.stringify(value, null, round % 3), callLimits), value)
  }
})
