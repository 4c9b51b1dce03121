import assert from 'node:assert/strict'
import { test } from 'node:test'
import { smoothed } from '../../src/shared/smoothing.ts'
import { bandOf, type Line } from '../../src/main/engine/compare/bands.ts'
import { groupRuns } from '../../src/main/engine/compare/groups.ts'
import { lineOf, subjectOfGroup, subjectOfRun, termsOf, type LineOptions } from '../../src/main/engine/compare/lines.ts'
import { reduced } from '../../src/main/engine/compare/reduce.ts'
import { seriesCache } from '../../src/main/engine/compare/seriesCache.ts'
import { estimate } from '../../src/main/engine/compare/statistics.ts'
import { variantInfos } from '../../src/main/engine/variants/index.ts'
import { lineSchema, termsSchema } from '../../src/shared/comparisonLines.ts'
import { run } from '../fixtures/storedRuns.ts'

const line = (values: number[], steps = values.map((_, index) => 10 * (index + 1))): Line => ({
  step: Float64Array.from(steps),
  epoch: Float64Array.from(steps, (step) => step / 100),
  seconds: Float64Array.from(steps, (step) => step / 50),
  value: Float64Array.from(values),
})
const options: LineOptions = {
  smoothing: 0,
  smooth: 'all',
  band: 'interval',
  axis: 'step',
  from: undefined,
  to: undefined,
  columns: 1000,
  logarithmic: false,
}

test('smoothing is the debiased exponential mean: a constant stays itself, and the past never changes', () => {
  const weight = 0.9
  const values = Array.from({ length: 300 }, (_, index) => Math.sin(index / 7) + 50 / (index + 1))
  const whole = smoothed(Float64Array.from(values), weight)
  // By its definition: a weighted mean of everything so far.
  for (const at of [0, 1, 5, 120, 299]) {
    let sum = 0,
      weights = 0
    for (let index = 0; index <= at; index++) {
      sum += weight ** (at - index) * values[index]!
      weights += weight ** (at - index)
    }
    assert.ok(Math.abs(whole[at]! - sum / weights) < 1e-12 * Math.max(1, Math.abs(sum / weights)), `point ${at}`)
  }
  for (const length of [1, 2, 77, 299])
    assert.deepEqual(
      smoothed(Float64Array.from(values.slice(0, length)), weight),
      whole.slice(0, length),
      'as training goes on the past stays',
    )
  assert.ok(smoothed(new Float64Array(50).fill(3.25), 0.99).every((value) => Math.abs(value - 3.25) < 1e-12))
  const gap = smoothed(Float64Array.from([1, NaN, 1, Infinity, 3]), 0.5)
  assert.deepEqual([...gap].map(Number.isFinite), [true, false, true, false, true], 'gaps remain gaps and are passed over')
  assert.ok(Math.abs(gap[4]! - (0.25 * 1 + 0.5 * 1 + 1 * 3) / 1.75) < 1e-12)
  const same = Float64Array.from([1, 2])
  assert.equal(smoothed(same, 0), same)
})

test('a band is the mean and its interval at each step, or the range', () => {
  const seeds = [
    [5, 4, 3],
    [5.5, 4.2, 3.1],
    [4.8, 4.1, 3.3],
  ]
  const band = bandOf(
    seeds.map((values) => line(values)),
    'interval',
  )
  for (const index of [0, 1, 2]) {
    const { mean, low, high } = estimate(seeds.map((values) => values[index]!))!
    for (const [own, expected] of [
      [band.value[index], mean],
      [band.low[index], low],
      [band.high[index], high],
    ])
      assert.ok(Math.abs(own! - expected!) < 1e-12)
  }
  assert.deepEqual(
    [[...band.n], [...band.step]],
    [
      [3, 3, 3],
      [10, 20, 30],
    ],
  )
  const range = bandOf(
    seeds.map((values) => line(values)),
    'range',
  )
  assert.deepEqual(
    [[...range.low], [...range.high]],
    [
      [4.8, 4, 3],
      [5.5, 4.2, 3.3],
    ],
  )
})

test('seeds that ended early, lag or have a point of their own make no jump of steps', () => {
  const long = line([5, 4, 3, 2, 1]),
    short = line([6, 5, 4]),
    paused = line([7, 6, 5.5, 5, 4, 3], [10, 20, 25, 30, 40, 50])
  const band = bandOf([long, short, paused], 'interval')
  assert.deepEqual([...band.step], [10, 20, 30, 40, 50], 'step 25 is of one run only, and others are under way there')
  assert.deepEqual([...band.n], [3, 3, 3, 2, 2])
  assert.deepEqual([...band.value], [6, 5, 4, 3, 2])
  const alone = bandOf([line([1, 2, 3, 4]), line([3])], 'interval')
  assert.deepEqual(
    [[...alone.n], [...alone.value]],
    [
      [2, 1, 1, 1],
      [2, 2, 3, 4],
    ],
  )
  assert.ok(Number.isNaN(alone.low[2]!), 'one seed has no interval')
  const broken = bandOf([line([1, NaN]), line([3, 5])], 'interval')
  assert.deepEqual(
    [[...broken.n], [...broken.value]],
    [
      [2, 1],
      [2, 5],
    ],
  )
})

test('a reduced line keeps its ends, its extremes and its gaps, in any window and on any axis', () => {
  const count = 50_000
  const x = Float64Array.from({ length: count }, (_, index) => index)
  const y = Float64Array.from(x, (value) => Math.sin(value / 900) + (value === 31_111 ? 40 : 0))
  y[12_345] = -40
  y[23_456] = NaN
  const high = y.map((value) => value + 1)
  high[44_444] = 99
  for (const logarithmic of [false, true]) {
    const kept = reduced(x, [y, high], { columns: 500, logarithmic })
    assert.ok(kept.length <= 500 * 8 && kept.length > 500, `${kept.length} points`)
    assert.ok(kept.every((index, at) => at === 0 || index > kept[at - 1]!))
    for (const wanted of [0, count - 1, 12_345, 23_456, 31_111, 44_444]) assert.ok(kept.includes(wanted), `point ${wanted}`)
  }
  const early = (logarithmic: boolean) => reduced(x, [y], { columns: 200, logarithmic }).filter((index) => index <= 100).length
  assert.ok(early(true) > 60 && early(false) <= 4, `${early(true)} and ${early(false)} of the first 100 points`)
  const part = reduced(x, [y], { from: 1000, to: 1800, columns: 500, logarithmic: false })
  assert.deepEqual(
    [part[0], part.at(-1), part.length],
    [999, 1801, 803],
    'a part that fits is whole, with a neighbour on either side',
  )
  assert.deepEqual([...reduced(x.subarray(0, 3), [y], { columns: 10, logarithmic: true })], [0, 1, 2])
  assert.equal(reduced(new Float64Array(0), [], { columns: 10, logarithmic: false }).length, 0)
  const flat = reduced(new Float64Array(5000).fill(7), [y.subarray(0, 5000)], { columns: 100, logarithmic: false })
  assert.ok(flat.length < 10, 'all in one place')
})

test('a group’s line is of its seeds, each once; smoothing comes before the mean, and the mean before the reduction', () => {
  const runs = [1, 2, 3].map((seed) => run(`s${seed}`, 'classical', {}, { seed, step: 30 }))
  const again = { ...runs[0]!, id: 'again', step: 10 }
  const stored: Record<string, Line> = { s1: line([5, 4, 3]), s2: line([6, 6, 6]), s3: line([7, 2, 9]), again: line([1000]) }
  const [group] = groupRuns([...runs, again], variantInfos())
  const found = lineOf(subjectOfGroup(group!), 'train/loss', ({ id }) => stored[id]!, { ...options, smoothing: 0.5 })!
  lineSchema.parse(found)
  assert.deepEqual(found.runs, ['s1', 's2', 's3'])
  const smooth = ['s1', 's2', 's3'].map((id) => smoothed(stored[id]!.value, 0.5))
  assert.ok(found.value.every((value, index) => Math.abs(value - smooth.reduce((sum, one) => sum + one[index]!, 0) / 3) < 1e-12))
  assert.deepEqual([...found.n!], [3, 3, 3])
  const single = lineOf(subjectOfRun(runs[0]!), 'train/loss', ({ id }) => stored[id]!, options)!
  assert.deepEqual([single.low, single.n, single.title, single.points], [null, null, 'classical s1', 3])
  assert.equal(
    lineOf(subjectOfRun(runs[0]!), 'validation/kl', () => assert.fail('what a run has is known without reading'), options),
    null,
  )
})

test('training is smoothed alone where that is asked for; of two seeds there are the two, and no interval', () => {
  const runs = [1, 2, 3].map((seed) =>
    run(`s${seed}`, 'classical', {}, { seed, step: 30, latest: { 'train/loss': 1, 'validation/loss': 1 } }),
  )
  const stored: Record<string, Line> = { s1: line([5, 4, 3]), s2: line([6, 2, 8]), s3: line([7, 2]) }
  const of = (count: number, key: string) =>
    lineOf(subjectOfGroup(groupRuns(runs.slice(0, count), variantInfos())[0]!), key, ({ id }) => stored[id]!, {
      ...options,
      smoothing: 0.9,
      smooth: 'training',
      band: 'seeds',
    })!
  assert.deepEqual([of(1, 'validation/loss').raw, [...of(1, 'validation/loss').value]], [null, [5, 4, 3]])
  assert.deepEqual([[...of(1, 'train/loss').raw!], of(1, 'train/loss').value[1]! > 4], [[5, 4, 3], true])
  const two = of(2, 'validation/loss')
  assert.deepEqual([two.pair, [...two.low!], [...two.high!], [...two.value]], [true, [5, 2, 3], [6, 4, 8], [5.5, 3, 5.5]])
  const three = of(3, 'validation/loss')
  assert.equal(three.pair, false)
  assert.ok(three.low![0]! < 4.6 && three.high![0]! > 7.4, 'an interval')
  assert.ok(Number.isNaN(three.low![2]!), 'none where two are left')
})

test('stacked terms add up to the loss on the same points', () => {
  const one = run('v', 'contractive', {}, { latest: { 'train/loss': 1, 'train/reconstruction': 1, 'train/contraction': 1 } })
  const length = 20_000
  const reconstruction = Array.from({ length }, (_, index) => 100 / (1 + index) + Math.abs(Math.sin(index)))
  const contraction = Array.from({ length }, (_, index) => 3 + Math.cos(index / 50))
  const stored: Record<string, Line> = {
    'train/reconstruction': line(reconstruction),
    'train/contraction': line(contraction.slice(0, length - 1)),
  }
  const stack = termsOf(subjectOfRun(one), 'train', ['reconstruction', 'contraction', 'weightDecay'], (_, key) => stored[key]!, {
    ...options,
    columns: 200,
  })!
  termsSchema.parse(stack)
  assert.deepEqual(
    stack.terms.map(({ term }) => term),
    ['reconstruction', 'contraction'],
  )
  const [bottom, top] = stack.terms as [(typeof stack.terms)[0], (typeof stack.terms)[0]]
  assert.ok(stack.step.length < 1600 && stack.points === length - 1)
  stack.step.forEach((step, index) => {
    const at = step / 10 - 1
    assert.equal(bottom.lower[index], 0)
    assert.equal(top.lower[index], bottom.upper[index])
    assert.ok(Math.abs(top.upper[index]! - reconstruction[at]! - contraction[at]!) < 1e-12)
  })
})

test('series are read once while nothing is added to them, and room is limited', () => {
  const reads: string[] = []
  const cached = seriesCache((id, key) => {
    reads.push(`${id} ${key}`)
    return { ...line([1]), step: new Float64Array(700_000) }
  })
  const base = run('a', 'classical', {})
  cached(base, 'k')
  cached(base, 'k')
  assert.deepEqual(reads, ['a k'])
  cached({ ...base, step: 200 }, 'k')
  cached({ ...base, state: 'running' }, 'k')
  cached({ ...base, state: 'running' }, 'k')
  assert.equal(reads.length, 4, 'a resumed run and one that trains are read anew')
  for (const key of ['b', 'c', 'd', 'e']) cached(base, key)
  reads.length = 0
  cached(base, 'e')
  cached(base, 'k')
  assert.deepEqual(reads, ['a k'], 'what was used longest ago has gone')
})

test('a hundred curves of ten thousand points become few enough to be sent', () => {
  const stored = line(Array.from({ length: 10_000 }, (_, index) => Math.sin(index) + 1000 / (index + 1)))
  const runs = Array.from({ length: 100 }, (_, index) => run(`r${index}`, 'classical', {}, { seed: index }))
  const lines = runs.map((one) =>
    lineOf(subjectOfRun(one), 'train/loss', () => stored, { ...options, smoothing: 0.9, axis: 'epoch' })!,
  )
  assert.ok(lines.every(({ value, points }) => points === 10_000 && value.length <= 5000))
})
