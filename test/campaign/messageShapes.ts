import { encode } from '../../src/shared/codec.ts'
import { calls, type CallName } from '../../src/shared/calls.ts'
import type { Random } from '../../src/main/engine/data/random.ts'

/** Messages as a broken or hostile window would send them. Everything is drawn from one source, so that a seed gives them again. */

export const names = Object.keys(calls) as CallName[]
const pick = <T>(draw: Random, values: readonly T[]): T => values[draw.below(values.length)]!
const integer = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}
const bytesOf = (draw: Random, length: number): Buffer => Buffer.from(Array.from({ length }, () => draw.below(256)))
const text = (value: string): Buffer => Buffer.concat([Buffer.of(0xdb), integer(Buffer.byteLength(value)), Buffer.from(value)])

/** A call as the window's end writes it. */
export const request = (name: unknown, input: unknown, id = 'x'): Uint8Array =>
  encode({ m: 'call', a: [name, input], t: 'q', i: id }).slice()

/** The bytes of a call up to its input. */
const upToInput = (name: string): Buffer =>
  Buffer.concat([
    Buffer.of(0x84),
    text('m'),
    text('call'),
    text('t'),
    text('q'),
    text('i'),
    text('x'),
    text('a'),
    Buffer.of(0x92),
    text(name),
  ])

const inherited = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
  'then',
  '$close',
  '$call',
  '$functions',
  '$rejectPendingCalls',
  'event',
  'call',
] as const
const words = [
  '',
  ' ',
  '\0',
  '..',
  '../../../../etc/passwd',
  '/dev/zero',
  '/proc/self/mem',
  'NaN',
  '1e999',
  '-0',
  '\u202e\u2066',
  '\ud800',
  '😀'.repeat(40),
  '<script>',
  "'; drop table runs; --",
  '%s%n',
  'C:\\',
  '\\\\host\\share',
  'file:///etc/passwd',
  ...inherited,
]
const numbers = [
  0,
  -0,
  1,
  -1,
  0.5,
  255,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  2 ** 63,
  1e300,
  5e-324,
  NaN,
  Infinity,
  -Infinity,
]

function deep(draw: Random): unknown {
  let value: unknown = 1
  for (let level = draw.below(60); level > 0; level--)
    value =
      draw.below(2) === 0
        ? [value]
        : {
            [pick(draw, ['a', '__proto__', 'settings', 'length'])]: value,
          }
  return value
}

/** Anything but what was meant. */
function wrongValue(draw: Random): unknown {
  switch (draw.below(11)) {
    case 0:
      return pick(draw, numbers)
    case 1:
      return pick(draw, words)
    case 2:
      return pick(draw, ['x', 'ä', '\n', '_']).repeat(10 ** draw.below(6))
    case 3:
      return null
    case 4:
      return undefined
    case 5:
      return draw.below(2) === 0
    case 6:
      return Array.from({ length: 10 ** draw.below(5) }, (_, index) => (draw.below(3) === 0 ? index : 'y'))
    case 7:
      return pick(draw, [
        new Uint8Array(draw.below(5000)),
        new Float32Array(draw.below(500)).fill(NaN),
        new Float64Array(3),
        new BigInt64Array(2),
        new Uint16Array(0),
      ])
    case 8:
      return Object.fromEntries(
        Array.from({ length: 10 ** draw.below(4) }, (_, index) => [`${pick(draw, words).slice(0, 30)}${index}`, index]),
      )
    case 9:
      return Object.defineProperty({}, pick(draw, inherited), { value: { polluted: true }, enumerable: true })
    default:
      return deep(draw)
  }
}

/** One thing of an input made wrong: a value, a name more, a name less. */
export function wrongInput(draw: Random, input: unknown): unknown {
  if (typeof input !== 'object' || input === null || ArrayBuffer.isView(input)) return wrongValue(draw)
  if (Array.isArray(input)) {
    const at = draw.below(input.length + 1)
    return draw.below(3) === 0
      ? [...input, wrongValue(draw)]
      : input.map((value: unknown, index) => (index === at ? wrongInput(draw, value) : value))
  }
  const entries = Object.entries(input)
  const at = draw.below(entries.length + 1)
  if (at === entries.length || draw.below(6) === 0)
    return {
      ...input,
      [draw.below(2) === 0 ? pick(draw, words) : 'more']: wrongValue(draw),
    }
  if (draw.below(8) === 0) return Object.fromEntries(entries.filter((_, index) => index !== at))
  return Object.fromEntries(
    entries.map(([name, value], index) => [
      name,
      index === at ? (draw.below(2) === 0 ? wrongValue(draw) : wrongInput(draw, value)) : value,
    ]),
  )
}

/** What no window of ours sends and no engine may carry out, as the payload of a frame. */
export const noCalls: Readonly<Record<string, (draw: Random) => Uint8Array>> = {
  random: (draw) => bytesOf(draw, 1 + draw.below(400)),
  cut: (draw) => {
    const whole = request(pick(draw, names), { run: 'x', dataset: 'y' })
    return whole.subarray(0, 1 + draw.below(whole.length - 1))
  },
  continued: (draw) => Buffer.concat([request('engine.status', {}), bytesOf(draw, 1 + draw.below(20))]),
  announced: (draw) =>
    Buffer.concat([
      draw.below(2) === 0 ? upToInput(pick(draw, names)) : Buffer.alloc(0),
      Buffer.of(pick(draw, [0xdd, 0xdf, 0xdb, 0xc6, 0xc9])),
      integer(draw.next()),
      bytesOf(draw, draw.below(40)),
    ]),
  deep: (draw) =>
    Buffer.concat([upToInput(pick(draw, names)), Buffer.alloc(10 ** (1 + draw.below(6)) + 40, pick(draw, [0x91, 0x81]))]),
  many: (draw) => {
    const count = 3e6 + draw.below(2e6)
    return Buffer.concat([
      upToInput(pick(draw, names)),
      Buffer.of(0xdd),
      integer(count),
      Buffer.alloc(count, pick(draw, [0x80, 0x90, 0xc0, 0x01, 0xa0])),
    ])
  },
  extension: (draw) => {
    const length = draw.below(30)
    return Buffer.concat([
      upToInput(pick(draw, names)),
      Buffer.of(0xc7, length, pick(draw, [1, 0x42, 0x62, 0x65, 0x72, 0x73, 0x78, 0xff, draw.below(256)])),
      bytesOf(draw, length),
    ])
  },
  references: (draw) => {
    let inner: unknown = ['x']
    for (let level = 6 + draw.below(8); level > 0; level--)
      inner = Array.from(
        { length: 12 },
        (() => {
          const shared = inner
          return () => shared
        })(),
      )
    return request(pick(draw, names), inner)
  },
  endless: (draw) => {
    const self: Record<string, unknown> = {}
    self[pick(draw, ['settings', 'plan', 'self'])] = self
    return request(pick(draw, names), self)
  },
  noRequest: (draw) =>
    encode(
      pick<unknown>(draw, [
        null,
        1,
        'text',
        [],
        {},
        { t: 's', i: 'x', r: 1 },
        { t: 'q' },
        { t: 'q', m: 'call' },
        { t: 'q', m: 'call', a: {} },
        {
          t: 'q',
          m: pick(
            draw,
            inherited.filter((name) => name !== 'call'),
          ),
          a: [],
          i: 'x',
        },
        { t: 'q', m: 'call', a: ['engine.status', {}], i: 'i'.repeat(100) },
        { t: 'q', m: 'call', a: ['engine.status', {}], i: {} },
        { t: 'q', m: ['call'], a: [] },
        { t: pick(draw, inherited), m: 'call', a: [] },
      ]),
    ).slice(),
  unknownCall: (draw) =>
    request(
      pick<unknown>(draw, [
        ...inherited,
        'runs',
        'runs.',
        '.list',
        'RUNS.LIST',
        'x'.repeat(1e5),
        1,
        null,
        [],
        { name: 'runs.list' },
        NaN,
      ]),
      wrongValue(draw),
    ),
  flipped: (draw) => {
    const bytes = request('runs.show', { run: 'nowhere' })
    for (let flips = 1 + draw.below(6); flips > 0; flips--) bytes[draw.below(bytes.length)]! ^= 1 << draw.below(8)
    return bytes
  },
}
