import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareRuns } from '../../src/main/engine/compare/comparison.ts'
import { differenceImages } from '../../src/main/engine/compare/differenceImages.ts'
import { parallelOf } from '../../src/main/engine/compare/plots/parallel.ts'
import { plotOf } from '../../src/main/engine/compare/plots/subjects.ts'
import { variantInfos } from '../../src/main/engine/variants/index.ts'
import { readAddress, writeAddress, type CompareAddress } from '../../src/renderer/components/compare/address.ts'
import { mapClasses } from '../../src/renderer/components/compare/classes.ts'
import { usualHeat, usualPair, type PlotColumnHead } from '../../src/renderer/components/compare/columns.ts'
import { chartsOf, curvesOf, readings, termCurves } from '../../src/renderer/components/compare/curves.ts'
import { figureTable, ordered, tableTexts } from '../../src/renderer/components/compare/figureTable.ts'
import { epochsOf, isOther, nearestMoment } from '../../src/renderer/components/compare/moments.ts'
import { settingLines, settingTexts } from '../../src/renderer/components/compare/settingRows.ts'
import { seedChoices, standingFor } from '../../src/renderer/components/compare/standing.ts'
import { subjectsOf } from '../../src/renderer/components/compare/subjects.ts'
import { differenceText } from '../../src/renderer/components/images/texts.ts'
import { mostCompared } from '../../src/shared/comparison.ts'
import { type CompareLine } from '../../src/shared/comparisonLines.ts'
import type { Settings } from '../../src/shared/config.ts'
import type { Images } from '../../src/shared/domain.ts'
import { evaluated, run } from '../fixtures/storedRuns.ts'

const variants = variantInfos()
const seeds = (name: string, variant: string, errors: number[], settings: Settings = {}) =>
  errors.map((error, i) =>
    run(`${name}${i + 1}`, variant, settings, {
      seed: i + 1,
      colour: name.charCodeAt(0) % 8,
      evaluation: evaluated(error, { linearProbeAccuracy: 0.9 + i / 100 + (variant === 'classical' ? 0 : 0.02) }),
    }),
  )
const runs = [
  ...seeds('a', 'classical', [15, 15.5, 14.5]),
  ...seeds('b', 'denoising', [19, 19.5, 19.9], { regularizer: { rate: 0.5 } }),
  run('=1+1', 'pca', {}, { seed: 1, evaluation: evaluated(21, { linearProbeAccuracy: 0.85 }) }),
]
const comparison = compareRuns(runs, variants)

test('an address comes back as it was written, and what is not one is what usually is', () => {
  const usual = readAddress(new URLSearchParams('runs=a,b'))
  assert.equal(writeAddress(usual), '#/compare?runs=a,b')
  const all: CompareAddress = {
    runs: ['a&b', 'c,d', 'é'],
    by: 'run',
    baseline: 'group:1',
    figure: 'robustness.masking.0.5',
    show: 'differences',
    part: 'images',
    axis: 'time',
    logX: true,
    logY: true,
    smoothing: 0.95,
    series: ['validation/loss', 'gradient/encoder/0'],
    terms: 'x y',
  }
  // Without a choice curves of training are smoothed; that none are is a choice, too.
  assert.equal(usual.smoothing, null)
  const none = writeAddress({ ...usual, smoothing: 0 })
  assert.equal(readAddress(new URL(none.slice(1), 'http://x').searchParams).smoothing, 0)
  const written = writeAddress(all)
  const read = readAddress(new URL(written.slice(1), 'http://x').searchParams)
  // A comma separates, also within an id; the engine gives none that has one.
  assert.deepEqual(read, { ...all, runs: ['a&b', 'c', 'd', 'é'] })
  const wrong = readAddress(
    new URLSearchParams(`runs=${Array.from({ length: 2000 }, (_, i) => i).join(',')},1,1&by=x&part=y&axis=z&smoothing=7&show=`),
  )
  // More than can be compared: the view says so, instead of leaving out some.
  assert.ok(2000 > mostCompared)
  assert.deepEqual({ ...wrong, runs: wrong.runs.length }, { ...usual, runs: 2000 })
  assert.equal(writeAddress(readAddress(new URLSearchParams())), '#/compare')
})

test('rows are groups with the engine’s texts, or runs that share the hue of their group', () => {
  const groups = figureTable(comparison, 'group', 'values')
  assert.deepEqual(
    groups.rows.map(({ title, seeds: own, baseline }) => [title, own.length, baseline]),
    [
      ['Classical', 3, true],
      ['Denoising', 3, false],
      ['pca =1+1', 1, false],
    ],
  )
  groups.columns.forEach(({ key }, at) =>
    assert.deepEqual(
      groups.rows.map(({ cells }) => cells[at]!.text),
      comparison.groupFigures.find((figure) => figure.key === key)!.estimates.map(({ text }) => text),
    ),
  )
  assert.equal(groups.columns[0]!.key, 'squaredError')
  assert.ok(
    groups.columns.every(
      ({ section }, at) =>
        at === 0 ||
        ['evaluation', 'noise', 'encoder'].indexOf(section) >=
          ['evaluation', 'noise', 'encoder'].indexOf(groups.columns[at - 1]!.section),
    ),
  )
  const single = figureTable(comparison, 'run', 'values')
  assert.equal(single.rows.length, runs.length)
  assert.equal(new Set(single.rows.slice(0, 3).map(({ colour }) => colour)).size, 1)
  single.columns.forEach(({ key }, at) =>
    assert.deepEqual(
      single.rows.map(({ cells }) => cells[at]!.text),
      comparison.figures.find((figure) => figure.key === key)!.texts,
    ),
  )
})

test('differences are the engine’s, with a sign for what they mean, and say what they are compared with', () => {
  const { rows, columns } = figureTable(comparison, 'group', 'differences')
  const probe = columns.findIndex(({ key }) => key === 'linearProbeAccuracy')
  const figure = comparison.groupFigures.find(({ key }) => key === 'linearProbeAccuracy')!
  assert.deepEqual(
    rows.map(({ cells }) => cells[probe]!.text),
    ['baseline', ...figure.differences.map(({ text }) => text)],
  )
  assert.deepEqual(
    rows.map(({ cells }) => cells[probe]!.verdict),
    [null, ...figure.differences.map(({ verdict }) => verdict)],
  )
  assert.equal(columns[probe]!.unit, 'points')
})

test('the best row is first, whichever end is better, and what has no value is last', () => {
  const table = figureTable(comparison, 'group', 'values')
  const by = (key: string, reversed = false) =>
    ordered(table, { key, reversed }).map(({ id }) => table.rows.findIndex((row) => row.id === id))
  assert.deepEqual(by('squaredError'), [0, 1, 2])
  assert.deepEqual(by('squaredError', true), [2, 1, 0])
  assert.deepEqual(by('linearProbeAccuracy')[0], 1)
  assert.equal(ordered(table, null), table.rows)
  const lacking = figureTable(
    compareRuns([...runs.slice(0, 3), run('n', 'denoising', {}, { evaluation: null }), ...runs.slice(3, 6)], variants),
    'group',
    'values',
  )
  for (const reversed of [false, true])
    assert.equal(ordered(lacking, { key: 'squaredError', reversed }).at(-1)!.cells[0]!.value, null)
})

test('a file of the table has the texts that stand there, in their order, with what the crosshair reads', () => {
  const table = figureTable(comparison, 'group', 'values')
  const sorted = ordered(table, { key: 'squaredError', reversed: true })
  const written = tableTexts(table.columns, sorted, 'group', {
    title: 'Validation loss, epoch 3',
    texts: new Map([[sorted[0]!.id, '12.5']]),
  })
  assert.equal(written.columns.length, 3 + table.columns.length)
  assert.deepEqual(
    written.rows.map((row) => row.length),
    sorted.map(() => written.columns.length),
  )
  assert.deepEqual(written.rows[0]!.slice(0, 4), ['pca =1+1', '1', '12.5', String(sorted[0]!.cells[0]!.value)])
  assert.equal(written.rows[1]![2], '–')
  const differences = figureTable(comparison, 'group', 'differences')
  const apart = tableTexts(differences.columns, differences.rows, 'group', null)
  const at = apart.columns.findIndex(({ title }) => title === 'Squared error')
  assert.deepEqual(
    apart.columns.slice(at, at + 3).map(({ title }) => title),
    ['Squared error', 'Squared error, 95% from', 'Squared error, 95% to'],
  )
  // All digits, as they were computed.
  const { mean, low, high } = comparison.groupFigures
    .find(({ key }) => key === 'squaredError')!
    .differences.find(({ group }) => group === 1)!
  assert.deepEqual(apart.rows[1]!.slice(at, at + 3), [mean, low, high].map(String))
  assert.deepEqual(apart.rows[0]!.slice(at, at + 3), ['baseline', '–', '–'])
})

test('settings that differ are nested, the seed of groups is not one of them, and a file names the way to each', () => {
  const lines = settingLines(comparison.settings, 'group')
  assert.ok(lines.some((line) => line.kind === 'section' && line.title === 'Regularizer' && line.depth === 1))
  assert.ok(!lines.some((line) => line.kind === 'setting' && line.key === 'seed'))
  assert.ok(
    settingLines(comparison.settings, 'run').some(
      (line) => line.kind === 'setting' && line.key === 'seed' && line.values.join() === '1,2,3,1,2,3,1',
    ),
  )
  const rate = lines.find((line) => line.kind === 'setting' && line.key === 'regularizer.rate')
  assert.deepEqual(rate && rate.kind === 'setting' && rate.values, ['–', '0.5', '–'])
  const { rows, columns } = settingTexts(
    lines,
    comparison.groups.map(({ title }) => title),
  )
  assert.ok(rows.some(([name]) => name!.startsWith('Objective / Regularizer: ')))
  assert.ok(rows.every((row) => row.length === columns.length))
  // Only the seed differs: nothing to show of groups, not even a heading.
  assert.deepEqual(settingLines(compareRuns(runs.slice(0, 3), variants).settings, 'group'), [])
})

test('moments are the nearest, and say when they are not the one that was asked for', () => {
  const moments = [0, 1, 2, 5].map((epoch) => ({ step: 100 * epoch, epoch }))
  assert.deepEqual(
    [0.4, 1.5, 3.6, 99, null].map((epoch) => nearestMoment(moments, epoch)!.epoch),
    [0, 1, 5, 5, 5],
  )
  assert.equal(nearestMoment([], 1), null)
  assert.deepEqual([isOther(moments[1]!, 1), isOther(moments[1]!, 1.5), isOther(moments[3]!, null)], [false, true, false])
  assert.deepEqual(
    epochsOf([
      moments,
      [
        { step: 1, epoch: 1.0000000001 },
        { step: 2, epoch: 3 },
      ],
      [],
    ]),
    [0, 1, 2, 3, 5],
  )
})

test('one run stands for the seeds of a setting: that of the seed that is chosen, else its first', () => {
  const subjects = subjectsOf(comparison, 'group')
  assert.deepEqual(seedChoices(subjects), [1, 2, 3])
  assert.deepEqual(
    standingFor(subjects, runs, 2).map(({ run: one }) => one.id),
    ['a2', 'b2', '=1+1'],
  )
  assert.deepEqual(standingFor(subjectsOf(comparison, 'run'), runs, 2).length, runs.length)
})

test('curves come in the order and hue of the rows; a crosshair reads a term’s own value', () => {
  const column = (...values: number[]) => Float64Array.from(values)
  const line = (id: string, key: string): CompareLine => ({
    id,
    key,
    title: id,
    named: true,
    colour: 5,
    variant: 'classical',
    runs: [id],
    points: 2,
    step: column(1, 2),
    epoch: column(0.5, 1),
    seconds: column(3, 6),
    value: column(9, 8),
    raw: column(10, 7),
    last: { value: 7, n: 1 },
    level: false,
    low: null,
    high: null,
    pair: false,
    n: null,
  })
  const subjects = subjectsOf(comparison, 'run')
  const curves = curvesOf([line('b1', 'x'), line('a1', 'x'), line('a2', 'other')], 'x', 'time', subjects)
  assert.deepEqual(
    curves.map(({ id }) => id),
    ['a1', 'b1'],
  )
  assert.deepEqual([...curves[0]!.x], [3, 6])
  assert.deepEqual(
    [[...curves[0]!.y], readings(curves, 3).get('a1'), readings(curves, null).get('a1')],
    [[9, 8], '10.00', '7.000'],
    'drawn smoothed, read as measured',
  )
  assert.deepEqual([...curves[0]!.original!], [10, 7], 'over what was measured')
  const [level] = curvesOf(
    [
      {
        ...line('a1', 'x'),
        level: true,
        step: column(0),
        epoch: column(0),
        seconds: column(1),
        value: column(4),
        raw: null,
        last: { value: 4, n: 1 },
      },
    ],
    'x',
    'epoch',
    subjects,
    { from: 0, to: 20 },
  )
  assert.deepEqual([[...level!.x], [...level!.y], readings([level!], 11).get('a1')], [[0, 20], [4, 4], '4.000'])
  assert.equal(curves[0]!.colour, `var(--run-${subjects[0]!.colour % 8})`)
  const stack = termCurves(
    {
      ...line('a1', 'x'),
      split: 'train',
      terms: [
        { term: 'reconstruction', value: column(4, 3), lower: column(0, 0), upper: column(4, 3), raw: null },
        { term: 'kl', value: column(1, 2), lower: column(4, 3), upper: column(5, 5), raw: null },
      ],
    },
    'step',
  )
  assert.deepEqual([...readings(stack, 1).values()], ['4.000', '1.000'])
  assert.deepEqual([...readings(stack, null).values()], ['3.000', '2.000'])
  const charts = chartsOf(comparison, ['train/loss', 'gone'], subjects)
  assert.deepEqual(charts.flatMap((chart) => chart.subjects.map(({ id }) => id)).sort(), subjects.map(({ id }) => id).sort())
})

test('plots begin with what was varied and what is told of', () => {
  const swept = [0.1, 0.3].flatMap((rate) =>
    [16, 32].map((code, i) =>
      run(
        `${rate}-${code}`,
        'denoising',
        { network: { layers: [64, code] }, regularizer: { rate } },
        { evaluation: evaluated(10 + i) },
      ),
    ),
  )
  const { columns } = parallelOf(plotOf(swept, 'run', variants))
  const heat = usualHeat(columns, 'linearProbeAccuracy')!
  assert.deepEqual([[heat.x, heat.y].sort(), heat.figure], [['network.codeSize', 'regularizer.rate'], 'linearProbeAccuracy'])
  // The probes are all alike here.
  assert.equal(usualPair(columns)![0], 'squaredError')
  assert.equal(usualHeat(parallelOf(plotOf(runs.slice(0, 3), 'run', variants)).columns, null), null)
  const head = (key: string, ...of: string[]): PlotColumnHead => ({
    key,
    title: key,
    unit: '',
    better: 'neither',
    source: 'setting',
    numeric: true,
    varies: true,
    variants: of,
  })
  const [one, two] = ['contractive', 'sparseL1'] as const
  const owned = [
    head('regularizer.lambda@contractive', one),
    head('regularizer.lambda@sparseL1', two),
    head('regularizer.rate', 'denoising'),
    head('training.epochs', one, two),
  ]
  const { x, y } = usualHeat([...owned, { ...head('squaredError'), source: 'figure' }], null)!
  assert.deepEqual([x, y], ['regularizer.lambda@contractive', 'training.epochs'], 'no run has settings of two regularizers')
})

test('classes have colours that no run has, dots and squares in turn, and the second ten are hollow', () => {
  const classes = mapClasses(Int32Array.of(3, 13, -1, 3), ['a', 'b', 'c', 'd'])
  assert.deepEqual(
    classes.map(({ label, title, hollow }) => [label, title, hollow]),
    [
      [-1, 'no class', false],
      [3, 'd', false],
      [13, '13', true],
    ],
  )
  const twenty = mapClasses(
    Array.from({ length: 20 }, (_, label) => label),
    [],
  )
  assert.equal(new Set(twenty.map(({ colour, hollow, square }) => `${colour} ${hollow} ${square}`)).size, 20)
})

test('differences of pictures have 0 in the middle and are read with a sign', () => {
  const images = (...pixels: number[]): Images => ({
    count: 1,
    width: pixels.length,
    height: 1,
    channels: 1,
    pixels: Uint8Array.from(pixels),
  })
  const difference = differenceImages(images(0, 128, 255, 51), images(255, 128, 0, 0))!
  assert.deepEqual([...difference.pixels], [0, 128, 255, 153])
  assert.deepEqual(
    [...difference.pixels].map((byte) => differenceText([byte])),
    ['−1.00', '0.00', '+1.00', '+0.20'],
  )
  assert.equal(differenceImages(images(1, 2), images(1)), null)
  assert.equal(differenceImages(null, images(1)), null)
})
