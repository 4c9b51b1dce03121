import assert from 'node:assert/strict'
import { test } from 'node:test'
import { basisOf } from '../../src/main/engine/compare/basis.ts'
import type { Line } from '../../src/main/engine/compare/bands.ts'
import { compareRuns } from '../../src/main/engine/compare/comparison.ts'
import { groupRuns } from '../../src/main/engine/compare/groups.ts'
import { lineOf, subjectOfGroup, termsOf, type LineOptions } from '../../src/main/engine/compare/lines.ts'
import { plotOf } from '../../src/main/engine/compare/plots/subjects.ts'
import { scatterOf } from '../../src/main/engine/compare/plots/scatter.ts'
import { variantInfos } from '../../src/main/engine/variants/index.ts'
import type { Run } from '../../src/shared/domain.ts'
import type { Settings } from '../../src/shared/config.ts'
import { run } from '../fixtures/storedRuns.ts'

const variants = variantInfos()
const latest = {
  'validation/squaredError': 3,
  'validation/loss': 1,
  'validation/reconstruction': 1,
  'train/loss': 1,
  'train/reconstruction': 1,
}
const made = (id: string, variant: string, settings: Settings = {}, more: Partial<Run> = {}): Run =>
  run(id, variant, settings, { latest, steps: 100, ...more })
const of = (runs: Run[]) => compareRuns(runs, variants).curves
/** The names of those that share a chart, chart by chart. */
const charts = (runs: Run[], key: string): string[][] => {
  const { groups, curves } = compareRuns(runs, variants)
  return curves.series.find((one) => one.key === key)!.kinds.map((kind) => kind.groups.flatMap((index) => groups[index]!.runs))
}

test('only what is measured on the same shares a chart; the clean squared error is one chart for all', () => {
  const runs = [
    made('plain', 'classical'),
    made('decayed', 'classical', { 'training.weightDecay': 0.01 }),
    made('faster', 'classical', { 'training.learningRate': 0.1 }),
    made('squared', 'classical', { reconstruction: 'squaredError' }),
    made('sparse', 'kSparse'),
    made('dropout', 'dropout'),
    made('none', 'dropout', { 'regularizer.rate': 0 }),
    made('masked', 'denoising'),
    made('half', 'denoising', { 'regularizer.rate': 0.5 }),
    made('off', 'denoising', { 'regularizer.rate': 0 }),
    made('gaussian', 'denoising', { 'regularizer.noise': 'gaussian' }),
    made('weights', 'denoising', { 'regularizer.noise': 'weights' }),
    made('emphasis', 'denoising', { 'regularizer.corruptedWeight': 2 }),
    made('contractive', 'contractive', { 'regularizer.lambda': 0.1 }),
    made('stronger', 'contractive', { 'regularizer.lambda': 1 }),
    made('variational', 'variational'),
    made('ten', 'variational', { 'regularizer.samples': 10 }),
    made('beta', 'betaVae'),
    made('bound', 'iwae'),
    made('more', 'iwae', { 'regularizer.samples': 50 }),
    made('classes', 'classical', { 'fineTuning.kind': 'classification' }),
  ]
  assert.deepEqual(charts(runs, 'validation/loss'), [
    ['plain', 'faster', 'sparse', 'none', 'off'],
    ['decayed'],
    ['squared'],
    ['dropout'],
    ['masked'],
    ['half'],
    ['gaussian'],
    ['weights'],
    ['emphasis'],
    ['contractive'],
    ['stronger'],
    ['variational'],
    ['ten'],
    ['beta'],
    ['bound'],
    ['more'],
    ['classes'],
  ])
  assert.deepEqual(charts(runs.slice(0, -1), 'validation/reconstruction'), [
    ['plain', 'decayed', 'faster', 'sparse', 'none', 'off', 'contractive', 'stronger'],
    ['squared'],
    ['dropout'],
    ['masked'],
    ['half'],
    ['gaussian'],
    ['weights'],
    ['emphasis'],
    ['variational', 'ten', 'beta'],
    ['bound'],
    ['more'],
  ])
  assert.equal(charts(runs, 'validation/squaredError').length, 1)
  const elsewhere = made('b', 'classical', {}, { datasetId: 'other' })
  assert.deepEqual(charts([made('a', 'classical'), elsewhere], 'validation/squaredError'), [['a'], ['b']], 'other images')
  // Two of the same words differ in a strength: each says whose it is.
  const kinds = of(runs).series.find(({ key }) => key === 'validation/loss')!.kinds
  assert.equal(new Set(kinds.map(({ words }) => words)).size, kinds.length, kinds.map(({ words }) => words).join('\n'))
})

test('every variant says what it is measured on, and where an objective has more than one term that is said, too', () => {
  const words = (variant: string, settings: Settings = {}) => basisOf(made('x', variant, settings), 'validation/loss').words
  assert.equal(words('classical'), 'on clean inputs')
  assert.equal(words('denoising'), 'on inputs with 30% of their pixels masked')
  assert.equal(words('denoising', { 'regularizer.values': 'channel' }), 'on inputs with 30% of their values masked')
  assert.equal(
    words('denoising', { 'regularizer.noise': 'weights', 'regularizer.sigma': 0.1 }),
    'on weights with Gaussian noise of 0.1',
  )
  assert.equal(words('dropout'), 'on codes with 20% of their units dropped')
  assert.equal(words('contractive'), 'on clean inputs, with the contraction term')
  assert.match(words('variational'), /^on codes drawn at random, by a Bernoulli likelihood, with the KL term$/)
})

test('what training measures on changed images is drawn apart; what is measured on images as they are is not', () => {
  const runs = [
    made('plain', 'classical'),
    made('changed', 'classical', { 'data.augment': 'flip,shift=2' }),
    made('read', 'classical', { 'data.standardise': 'channel' }),
  ]
  assert.equal(basisOf(runs[1]!, 'train/loss').words, 'on changed images (flip, shift=2)')
  const noisy = basisOf(made('x', 'denoising', { 'data.augment': 'flip' }), 'train/loss')
  assert.equal(noisy.words, 'on changed images (flip), inputs with 30% of their pixels masked')
  assert.equal(basisOf(runs[1]!, 'validation/loss').words, 'on clean inputs')
  assert.deepEqual(charts(runs, 'train/loss'), [['plain', 'read'], ['changed']])
  assert.deepEqual(charts(runs, 'validation/loss'), [['plain', 'changed', 'read']])
})

test('the clean error is shown where nobody chooses, beside it a loss that all have; who has none is said with the reason', () => {
  assert.deepEqual(of([made('a', 'classical'), made('b', 'denoising')]).usual, ['validation/squaredError'])
  const seeds = [made('a', 'classical'), made('b', 'classical', {}, { seed: 2 })]
  assert.deepEqual(of(seeds).usual, ['validation/squaredError', 'validation/loss'])
  const { 'validation/squaredError': _, ...before } = latest
  const old = made('old', 'denoising', {}, { latest: before, name: 'old' })
  const some = of([made('a', 'classical'), old])
  assert.equal(some.usual[0], 'validation/squaredError')
  const reason = '“old” has no clean squared error: it was trained by an earlier version, which did not measure it.'
  assert.ok(some.notes.includes(reason), some.notes.join('\n'))
  const all = of([old, { ...old, id: 'older', name: 'older', seed: 2 }])
  assert.deepEqual(all.usual, ['validation/loss', 'train/loss'])
  assert.match(all.notes.join(), /^“older” and “old” have .* did not measure it; what is shown instead is the loss of each\.$/)
  const sorts = made('c', 'classical', { 'fineTuning.kind': 'classification' }, { latest: { 'validation/loss': 1 }, name: 'c' })
  const classes = of([made('a', 'classical'), sorts])
  assert.ok(classes.notes.includes('“c” has no clean squared error: it tells classes apart and reconstructs nothing.'))
  const queued = run('q', 'classical', {}, { latest: {}, state: 'queued' })
  assert.deepEqual(of([made('a', 'classical'), queued]).notes, [], 'what has not begun is said elsewhere')
})

test('what is not measured on the same has no front in a plot, and its axis says so', () => {
  const latestOf = (error: number) => ({ ...latest, 'validation/squaredError': error, 'validation/loss': error })
  const runs = [
    made('a', 'classical', {}, { latest: latestOf(3) }),
    made('b', 'denoising', {}, { latest: latestOf(2), parameters: 20 }),
  ]
  const plot = plotOf(runs, 'run', variants)
  assert.deepEqual(scatterOf(plot, 'parameters', 'validation/squaredError').front, [1, 0].sort())
  const { y, front, note } = scatterOf(plot, 'parameters', 'validation/loss')
  assert.deepEqual([front, y.unit, y.better], [[], 'not measured alike', 'neither'])
  assert.match(note!, /no front/)
})

test('how curves are looked at changes no number that is read from them: smoothing, axis, scale, zoom and reduction', () => {
  const length = 3000
  const stored = Object.fromEntries(
    [1, 2, 3].map((seed) => {
      const count = length - 500 * seed
      const column = (value: (index: number) => number) => Float64Array.from({ length: count }, (_, index) => value(index))
      return [
        `s${seed}`,
        {
          step: column((i) => 10 * (i + 1)),
          epoch: column((i) => (i + 1) / 50),
          seconds: column((i) => ((i + 1) * seed) / 100),
          value: column((i) => 5 / (i + 1) + Math.sin(i * seed) + 2),
        } satisfies Line,
      ]
    }),
  )
  const runs = [1, 2, 3].map((seed) => made(`s${seed}`, 'classical', {}, { seed }))
  const subject = subjectOfGroup(groupRuns(runs, variants)[0]!)
  const read = ({ id }: { id: string }) => stored[id]!
  const last = [1, 2, 3].reduce((sum, seed) => sum + stored[`s${seed}`]!.value.at(-1)! / 3, 0)
  const measured = new Map<number, number>()
  const whole = { from: undefined, to: undefined }
  const plain: LineOptions = {
    smoothing: 0,
    smooth: 'all',
    band: 'interval',
    axis: 'step',
    ...whole,
    columns: 10_000,
    logarithmic: false,
  }
  const all = lineOf(subject, 'train/loss', read, plain)!
  all.step.forEach((step, index) => measured.set(step, all.value[index]!))
  assert.equal(all.raw, null)
  for (const smoothing of [0, 0.5, 0.99]) {
    for (const [axis, from, to] of [
      ['step', undefined, undefined],
      ['step', 2000, 4000],
      ['epoch', 10, 20],
      ['time', 3, 9],
    ] as const) {
      for (const columns of [10, 200]) {
        for (const logarithmic of [false, true]) {
          const options: LineOptions = { ...plain, smoothing, axis, from, to, columns, logarithmic }
          const line = lineOf(subject, 'train/loss', read, options)!
          assert.ok(Math.abs(line.last.value! - last) < 1e-12 && line.last.n === 3)
          const numbers = line.raw ?? line.value
          line.step.forEach((step, index) => assert.equal(numbers[index], measured.get(step), JSON.stringify(options)))
          assert.equal(line.raw === null, smoothing === 0)
          const terms = termsOf(subject, 'train', ['reconstruction'], read, options)!.terms[0]!
          assert.ok((terms.raw ?? terms.value).every((value) => [...measured.values()].includes(value)))
        }
      }
    }
  }
})
