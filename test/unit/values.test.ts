import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { importDataset } from '../../src/main/engine/data/import.ts'
import type { ImportRequest } from '../../src/main/engine/data/request.ts'
import { toByte } from '../../src/main/engine/data/values/range.ts'
import { parseRange } from '../../src/shared/valueRange.ts'
import { codeOf, importsPlace } from '../fixtures/imports.ts'
import { npy, zip } from '../fixtures/npz.ts'

/** From values of any kind to stored bytes: one rule, whatever the source. */

const { work, request } = importsPlace('values')
const python = process.env['WORKBENCH_PYTHON'] ?? 'python3'
const missing =
  spawnSync(python, ['-c', 'import numpy']).status === 0
    ? false
    : `${python} has no numpy; set WORKBENCH_PYTHON to an interpreter that has it`

async function stored(path: string, more: Partial<ImportRequest> = {}) {
  const ask = request(path, more),
    dataset = await importDataset(ask)
  const index = JSON.parse(readFileSync(join(ask.folder, 'index.json'), 'utf8'))
  return {
    pixels: readFileSync(join(ask.folder, 'pixels.bin')),
    codes: dataset.notes.map(({ code }) => code),
    text: dataset.notes.map(({ message }) => message).join(' '),
    dataset,
    index,
  }
}
let files = 0
function npz(descr: string, shape: number[], data: NodeJS.ArrayBufferView): string {
  const path = join(work, `a${files++}.npz`)
  writeFileSync(path, zip({ 'x.npy': npy(descr, shape, data) }, true))
  return path
}

test('a range is written in one of five ways', () => {
  assert.deepEqual(parseRange('0..99'), { kind: 'given', from: 0, to: 99 })
  assert.deepEqual(parseRange(' -1000..4e2 '), { kind: 'given', from: -1000, to: 400 })
  assert.deepEqual(parseRange('p0.5..P99.5'), { kind: 'percentiles', low: 0.5, high: 99.5 })
  assert.deepEqual([parseRange('data'), parseRange('image')], [{ kind: 'data' }, { kind: 'image' }])
  const words = ['dataset', 'Full', 'percentiles'].map(parseRange)
  assert.deepEqual(words, [{ kind: 'data' }, { kind: 'full' }, { kind: 'percentiles', low: 1, high: 99 }])
  for (const wrong of ['', '5', '9..3', '3..3', 'p50', 'p9..p101', '-1e308..1e308', '0..x', 'auto..']) {
    assert.equal(parseRange(wrong), null, wrong)
  }
})

test('rounding: halves up, ends exact, nothing outside', () => {
  assert.deepEqual(
    [-3, 0, 1, 2, 509, 510, 511].map((value) => toByte(value, { from: 0, to: 510 })),
    [0, 0, 1, 1, 255, 255, 255],
  )
  for (let value = 0; value < 65536; value += 7) {
    assert.equal(toByte(value, { from: 0, to: 65535 }), Math.floor((value * 2 + 257) / 514), String(value))
  }
  assert.equal(toByte(5, { from: 5, to: 5 }), 0)
})

/** Expected bytes by NumPy, in double precision. */
const script = `
import numpy, sys, json
rng = numpy.random.default_rng(5)
folder = sys.argv[1]
def byte(v, a, b):
    v = numpy.clip(v.astype(numpy.float64), a, b)
    return numpy.floor(255 * (v - a) / (b - a) + 0.5).astype(numpy.uint8)
shape = (12, 5, 4)
cases = {}
def case(name, x, a, b, ask=None):
    numpy.savez(f'{folder}/{name}.npz', x=x)
    byte(x, a, b).tofile(f'{folder}/{name}.bin')
    cases[name] = ask
def whole(x): return x, float(x.min()), float(x.max())
twelve = rng.integers(3, 4090, shape).astype(numpy.uint16)
case('twelve', *whole(twelve))
for kind in ['int16', '>i4', 'uint32', 'int64', 'float32', 'float64']: case('twelve' + kind.strip('>'), *whole(twelve.astype(kind)))
case('ct', *whole(rng.integers(-1024, 3071, shape).astype(numpy.int16)))
case('tiny', *whole(rng.integers(-100, 100, shape).astype(numpy.int8)))
case('float', *whole(rng.normal(0, 30, shape).astype(numpy.float32)))
case('unit', rng.random(shape) * 0.9, 0, 1)
case('full', numpy.concatenate([rng.integers(0, 65536, 238), [9, 65530]]).astype(numpy.uint16).reshape(shape), 0, 65535)
case('bool', rng.integers(0, 2, shape).astype(bool), 0, 1)
for kind in ['uint8', 'int64', 'uint16']: case('binary' + kind, rng.integers(0, 2, shape).astype(kind), 0, 1)
case('bytes', rng.integers(0, 256, shape).astype(numpy.uint8), 0, 255)
low = rng.integers(0, 100, shape).astype(numpy.uint8)
case('low', low, 0, 255)
case('lowData', *whole(low), ask='data')
case('lowGiven', low, 0, 99, ask='0..99')
case('given', twelve, 100, 2000.5, ask='100..2000.5')
case('percentiles', twelve, *numpy.percentile(twelve, [1, 99]), ask='p1..p99')
big = rng.normal(0, 30, (30, 40, 40))
case('percentilesOfFloats', big, *numpy.percentile(big, [2, 98]), ask='p2..p98')
case('percentilesByWord', twelve, *numpy.percentile(twelve, [1, 99]), ask='percentiles')
case('datasetByWord', *whole(low), ask='dataset')
case('fullSixteen', twelve, 0, 65535, ask='full')
case('fullSigned', twelve.astype(numpy.int16), -32768, 32767, ask='full')
case('fullFloat', rng.random(shape) * 0.3, 0, 1, ask='full')
case('fullBinary', rng.integers(0, 2, shape).astype(numpy.uint8), 0, 255, ask='full')
x = rng.integers(0, 5000, shape).astype(numpy.uint16)
numpy.savez(f'{folder}/image.npz', x=x)
numpy.stack([byte(i, i.min(), i.max()) for i in x]).tofile(f'{folder}/image.bin')
cases['image'] = 'image'
print(json.dumps(cases))
`
test('arrays of any type are stored as NumPy scales them, by one range', { skip: missing }, async () => {
  const cases = JSON.parse(execFileSync(python, ['-c', script, work], { encoding: 'utf8' })) as Record<string, string | null>
  const codes: Record<string, string[]> = {}
  for (const [name, range] of Object.entries(cases)) {
    const result = await stored(join(work, `${name}.npz`), range === null ? {} : { range }),
      want = readFileSync(join(work, `${name}.bin`))
    const far = result.pixels.findIndex((value, i) => Math.abs(value - want[i]!) > (name === 'percentilesOfFloats' ? 1 : 0))
    assert.equal(far, -1, `${name}: ${result.pixels[far]} instead of ${want[far]} at ${far}`)
    codes[name] = result.codes
    if (name === 'twelve') {
      assert.match(
        result.text,
        /unsigned integers of 16 bits.*one range of all images, from the smallest to the largest: [\d,]+ to 4,0\d\d is stored as 0 to 255/,
      )
      assert.deepEqual(Object.keys(result.index.ranges.wide), ['from', 'to', 'reason'])
    }
  }
  assert.deepEqual(
    [codes['bytes'], codes['low'], codes['bool'], codes['binaryuint16'], codes['unit']],
    [[], ['narrowRange'], ['binaryValues'], ['binaryValues'], ['unitValues']],
  )
  for (const name of ['twelve', 'ct', 'full', 'lowData', 'given', 'percentiles', 'image']) {
    assert.deepEqual(codes[name], ['scaledValues'], name)
  }
  // The same numbers, whatever holds them.
  const twelve = readFileSync(join(work, 'twelve.bin'))
  assert.equal(new Set(twelve).size > 100, true)
})

test('what is not finite is refused with its place, and extra channels with what to do', async () => {
  const floats = new Float32Array(4 * 3 * 2)
  floats[1 * 6 + 2 * 2 + 1] = NaN
  await assert.rejects(
    stored(npz('<f4', [4, 3, 2], floats)),
    (error: Error) => codeOf('FILE_UNSUPPORTED')(error) && /a\d+\.npz holds .*NaN at \[1, 2, 1\]/.test(error.message),
  )
  floats[10] = -Infinity
  floats[11] = 0
  await assert.rejects(stored(npz('<f4', [4, 3, 2], floats)), /an infinite value at \[1, 2, 0\]/)

  const four = Uint8Array.from({ length: 6 * 8 * 8 * 4 }, (_, i) => (i * 37 + (i >> 8) * 13) % 256)
  for (const channels of [2, 4])
    await assert.rejects(
      stored(npz('|u1', [6, 8, 8, channels], four.subarray(0, 384 * channels))),
      /holds images of . channels.*--channels/,
    )
  const picked = await stored(npz('|u1', [6, 8, 8, 4], four), { pick: [0, 2, 3] })
  assert.deepEqual(
    [picked.dataset.channels, picked.codes, [...picked.pixels.subarray(0, 6)]],
    [3, ['pickedChannels'], [0, 74, 111, 148, 222, 3]],
  )
  const one = await stored(npz('|u1', [6, 4, 8, 8], four), { pick: [2] })
  assert.deepEqual([one.dataset.channels, [...one.pixels.subarray(0, 3)]], [1, [...four.subarray(128, 131)]])
  const many = await stored(npz('|u1', [6, 8, 8, 4], four), { pick: [3], channels: 3 })
  assert.deepEqual([many.dataset.channels, [...many.pixels.subarray(0, 6)]], [3, [111, 111, 111, 3, 3, 3]])
  await assert.rejects(stored(npz('|u1', [6, 8, 8, 4], four), { pick: [4] }), /no channel 4/)
  await assert.rejects(stored('deadLeaves', { range: 'data' }), codeOf('CALL_INVALID'))
})
