import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSeeds, textOfSeeds } from '../../src/renderer/components/experiments/seeds.ts'
import { readValues, textOfValues, type Written } from '../../src/renderer/components/experiments/settingValues.ts'

const number = { kind: 'number' } as const
const integer = { kind: 'integer' } as const
const layers = { kind: 'integers' } as const
const activation = { kind: 'choice', choices: ['relu', 'sigmoid', 'tanh'] } as const
const augment = { kind: 'text' } as const
const switched = { kind: 'boolean' } as const
type Kind = Parameters<typeof textOfValues>[1]
const read = (field: { kind: string; choices?: readonly string[] }, text: string): Written =>
  readValues(field as Parameters<typeof readValues>[0], text)

test('a setting takes one value, a list or a range, and what is written back reads the same', () => {
  const cases: [Parameters<typeof read>[0], string, Written, string?][] = [
    [number, '', { kind: 'none' }],
    [number, ' , ', { kind: 'none' }, ''],
    [number, '0.1', { kind: 'one', value: 0.1 }],
    [number, '1e-4', { kind: 'one', value: 0.0001 }, '0.0001'],
    [number, '-0.9', { kind: 'one', value: -0.9 }],
    [number, '0.1,', { kind: 'one', value: 0.1 }, '0.1'],
    [number, '0.1, 0.3, 0.5', { kind: 'several', values: [0.1, 0.3, 0.5] }],
    [number, '0.1 .3;0.5', { kind: 'several', values: [0.1, 0.3, 0.5] }, '0.1, 0.3, 0.5'],
    [number, '0.01 to 1, 5, log', { kind: 'range', range: { from: 0.01, to: 1, count: 5, scale: 'log' } }],
    [
      number,
      '0.01 TO 1 5 values LOG',
      { kind: 'range', range: { from: 0.01, to: 1, count: 5, scale: 'log' } },
      '0.01 to 1, 5, log',
    ],
    [number, '1 to 0, 3', { kind: 'range', range: { from: 1, to: 0, count: 3, scale: 'linear' } }],
    [number, '-1 to -0.5, 3', { kind: 'range', range: { from: -1, to: -0.5, count: 3, scale: 'linear' } }],
    [number, '0..1, 3, linear', { kind: 'range', range: { from: 0, to: 1, count: 3, scale: 'linear' } }, '0 to 1, 3'],
    [integer, '1 to 5', { kind: 'range', range: { from: 1, to: 5, count: 5, scale: 'linear' } }, '1 to 5, 5'],
    [integer, '64 to 1024, 5, log', { kind: 'range', range: { from: 64, to: 1024, count: 5, scale: 'log' } }],
    [layers, '512, 64', { kind: 'one', value: [512, 64] }],
    [
      layers,
      '512, 64; 256, 64',
      {
        kind: 'several',
        values: [
          [512, 64],
          [256, 64],
        ],
      },
    ],
    [layers, '784-512-64 | 32', { kind: 'several', values: [[784, 512, 64], [32]] }, '784, 512, 64; 32'],
    [activation, 'relu', { kind: 'one', value: 'relu' }],
    [activation, 'relu, tanh', { kind: 'several', values: ['relu', 'tanh'] }],
    [augment, 'flip, shift=4', { kind: 'one', value: 'flip, shift=4' }],
    [augment, 'none; flip; flip, shift=4', { kind: 'several', values: ['none', 'flip', 'flip, shift=4'] }],
    [switched, 'true', { kind: 'one', value: true }],
    [switched, 'false, true', { kind: 'several', values: [false, true] }],
  ]
  for (const [field, text, expected, back = text] of cases) {
    const written = read(field, text)
    assert.deepEqual(written, expected, text)
    const value =
      written.kind === 'one'
        ? written.value
        : written.kind === 'several'
          ? written.values
          : written.kind === 'range'
            ? written.range
            : null
    assert.equal(textOfValues(value, field.kind as Kind), back, text)
    assert.deepEqual(read(field, textOfValues(value, field.kind as Kind)), expected, `${text} read again`)
  }
})

test('what is not a value is said, with the way to write it', () => {
  const cases: [Parameters<typeof read>[0], string, RegExp][] = [
    [number, 'much', /^“much” is not a number\. Write numbers .* \(0\.01 to 1, 5, log\)\.$/],
    [number, '0.1, 0x10', /^“0x10” is not a number/],
    [number, '1e999', /^“1e999” is not a number/],
    [number, '0.1, 0.3, 0.1', /^0\.1 is listed twice/],
    [number, '0.1 to', /“to” is not a number|Where does the range from 0\.1 end/],
    [number, '0.1 to 1', /^How many values are there from 0\.1 to 1\? Add it: 0\.1 to 1, 5\.$/],
    [number, 'a to 1, 5', /^The range begins with “a”/],
    [number, '0.1 to b, 5', /^The range ends with “b”/],
    [number, '0.1 to 1, 5, often', /^“often” has no meaning in a range/],
    [number, '0 to 1, 5, log', /both ends above 0/],
    [number, '1 to 1, 5', /begins and ends at 1/],
    [number, '0 to 1, 1', /at least 2 values, not 1/],
    [number, '0 to 1, 2.5', /at least 2 values, not 2\.5/],
    [number, '0 to 1, 100000', /too many/],
    [integer, '1, 2.5', /^2\.5 is not a whole number/],
    [layers, '512, x', /^“x” is not a number\. Write sizes/],
    [layers, '512, 64; 512 64', /^512, 64 is listed twice/],
    [activation, 'relu, selu', /^“selu” is not one of relu, sigmoid, tanh\.$/],
    [switched, 'on', /^“on” is not one of true, false\.$/],
  ]
  for (const [field, text, message] of cases) {
    const written = read(field, text)
    assert.equal(written.kind, 'wrong', text)
    assert.match(written.kind === 'wrong' ? written.message : '', message)
  }
})

test('seeds are written as a list, a range or both', () => {
  for (const [text, seeds, back] of [
    ['1-3', [1, 2, 3], '1-3'],
    ['1, 2', [1, 2], '1, 2'],
    ['7', [7], '7'],
    ['1 - 3, 10', [1, 2, 3, 10], '1-3, 10'],
    ['5 to 8; 0', [5, 6, 7, 8, 0], '5-8, 0'],
  ] as const) {
    assert.deepEqual(readSeeds(text), { seeds })
    assert.equal(textOfSeeds(seeds), back)
    assert.deepEqual(readSeeds(back), { seeds })
  }
  for (const [text, message] of [
    ['', /at least one seed/],
    ['x', /“x” is not a seed/],
    ['1.5', /“1\.5” is not a seed/],
    ['-1', /is not a seed/],
    ['3-1', /backwards; write 1-3/],
    ['1-3, 2', /The seed 2 is listed twice/],
    ['2147483648', /too large/],
    ['0-1000', /at most 1000/],
  ] as const) {
    const answer = readSeeds(text)
    assert.ok('message' in answer, text)
    assert.match(answer.message, message)
  }
})
