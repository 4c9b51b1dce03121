import assert from 'node:assert/strict'
import { test } from 'node:test'
import { experimentCsv } from '../../src/main/engine/experiments/csv.ts'
import { indexCsv, type FolderIndex } from '../../src/main/engine/export/folderIndex.ts'
import type { Experiment } from '../../src/shared/experiments.ts'
import { compareRuns } from '../../src/main/engine/compare/comparison.ts'
import { axisOf, steps } from '../../src/main/engine/compare/plots/axis.ts'
import { heatMapOf } from '../../src/main/engine/compare/plots/heatMap.ts'
import { parallelOf } from '../../src/main/engine/compare/plots/parallel.ts'
import { paretoFront, scatterOf } from '../../src/main/engine/compare/plots/scatter.ts'
import { plotOf } from '../../src/main/engine/compare/plots/subjects.ts'
import { variantInfos } from '../../src/main/engine/variants/index.ts'
import { heatMapSchema, parallelSchema, scatterSchema } from '../../src/shared/plots.ts'
import type { Run } from '../../src/shared/domain.ts'
import { evaluated, run } from '../fixtures/storedRuns.ts'

const variants = variantInfos()

/** Two settings swept, two seeds each: the error is best at lambda 0.1 and code 32. */
const sweep: Run[] = [0.01, 0.1, 1, 10].flatMap((lambda) =>
  [8, 32].flatMap((units) =>
    [1, 2].map((seed) =>
      run(
        `${lambda}-${units}-${seed}`,
        'contractive',
        { 'regularizer.lambda': lambda, 'network.layers': [units] },
        {
          seed,
          seconds: 10 * seed,
          parameters: units * 785,
          evaluation: evaluated(10 + Math.abs(Math.log10(lambda) + 1) + 32 / units + seed / 10, {
            linearProbeAccuracy: 0.8 + units / 1000,
          }),
        },
      ),
    ),
  ),
)

test('the Pareto front is what no other dominates, by brute force', () => {
  let state = 7
  const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  for (let trial = 0; trial < 200; trial++) {
    const points = Array.from({ length: 1 + Math.floor(next() * 30) }, () => ({
      x: Math.round(next() * 8),
      y: Math.round(next() * 8),
    }))
    for (const [x, y] of [
      ['lower', 'lower'],
      ['lower', 'higher'],
      ['higher', 'lower'],
      ['higher', 'higher'],
    ] as const) {
      const sx = x === 'lower' ? 1 : -1,
        sy = y === 'lower' ? 1 : -1
      const dominated = ({ x: a, y: b }: { x: number; y: number }) =>
        points.some((other) => sx * other.x <= sx * a && sy * other.y <= sy * b && (other.x !== a || other.y !== b))
      const expected = points.flatMap((point, index) => (dominated(point) ? [] : [index]))
      assert.deepEqual(
        [...paretoFront(points, x, y)].sort((a, b) => a - b),
        expected,
      )
    }
  }
  assert.deepEqual(paretoFront([{ x: 1, y: 1 }], 'neither', 'lower'), [])
})

test('a scatter has points with intervals, a front where there is one, and says why where there is none', () => {
  const plot = plotOf(sweep, 'group', variants)
  const scatter = scatterOf(plot, 'parameters', 'squaredError')
  scatterSchema.parse(scatter)
  assert.equal(scatter.points.length, 8)
  assert.deepEqual(
    scatter.front.map((index) => scatter.points[index]!.title),
    ['Contractive (layers 8; lambda 0.1)', 'Contractive (layers 32; lambda 0.1)'],
  )
  assert.ok(
    scatter.points.every(
      ({ yInterval, y, yText, front }, index) =>
        yInterval![0] < y && y < yInterval![1] && / ± /.test(yText) && front === scatter.front.includes(index),
    ),
  )
  assert.equal(scatter.note, null)
  assert.match(scatterOf(plot, 'jacobianNorm', 'squaredError').note!, /neither better high nor low/)
  const accuracy = scatterOf(plot, 'linearProbeAccuracy', 'squaredError')
  assert.equal(accuracy.points[0]!.x.toFixed(9), '80.800000000', 'in percent, as it is written')
  assert.equal(scatterOf(plotOf(sweep, 'run', variants), 'regularizer.lambda', 'squaredError').x.logarithmic, true)
  const unlike = [...sweep, { ...run('x', 'classical', {}), datasetId: 'd2', dataset: 'faces' }]
  const other = scatterOf(plotOf(unlike, 'run', variants), 'squaredError', 'linearProbeAccuracy')
  assert.deepEqual([other.front, other.points.some(({ front }) => front)], [[], false])
  assert.match(other.note!, /not measured alike/)
  assert.match(
    scatterOf(plotOf([...sweep, { ...sweep[0]!, id: 'q', evaluation: null }], 'run', variants), 'seed', 'squaredError').note!,
    /1 of 17 has no value/,
  )
  for (const [x, y, field] of [
    ['variant', 'squaredError', 'x'],
    ['squaredError', 'nothing', 'y'],
  ] as const)
    assert.throws(() => scatterOf(plot, x, y), { code: 'CALL_INVALID', field })
})

test('parallel coordinates show the settings that differ and the figures that can be ranked', () => {
  const parallel = parallelOf(plotOf(sweep, 'group', variants))
  parallelSchema.parse(parallel)
  const keys = parallel.axes.map(({ key }) => key)
  assert.deepEqual(
    keys.filter((key) => key.includes('.') || key === 'variant'),
    ['network.codeSize', 'regularizer.lambda'],
  )
  assert.ok(
    keys.includes('squaredError') && keys.includes('linearProbeAccuracy') && !keys.includes('knnAccuracy'),
    'what is the same for all is no axis',
  )
  const lambda = parallel.axes[keys.indexOf('regularizer.lambda')]!
  assert.deepEqual([lambda.logarithmic, lambda.ticks.map(({ text }) => text)], [true, ['0.01', '0.1', '1', '10']])
  assert.ok(lambda.ticks.every(({ place }, index) => Math.abs(place - index / 3) < 1e-12))
  const at = keys.indexOf('squaredError')
  assert.ok(parallel.lines.every(({ places }) => places[at]! >= 0 && places[at]! <= 1))
  assert.deepEqual(
    [Math.min(...parallel.lines.map(({ places }) => places[at]!)), Math.max(...parallel.lines.map(({ places }) => places[at]!))],
    [0, 1],
  )
  const chosen = parallelOf(plotOf([...sweep, run('p', 'pca', {})], 'run', variants), ['regularizer.lambda', 'variant', 'nothing'])
  assert.deepEqual(
    chosen.axes.map(({ key, kind }) => [key, kind]),
    [
      ['regularizer.lambda', 'number'],
      ['variant', 'choice'],
    ],
  )
  assert.deepEqual(chosen.lines.at(-1)!.places[0], null, 'PCA has no lambda')
  assert.deepEqual(chosen.lines.at(-1)!.texts, ['–', 'PCA'])
  assert.ok(chosen.columns.some(({ key }) => key === 'robustness.masking.0.5'))
})

test('a heat map has a cell for every pair of values, the best marked', () => {
  const map = heatMapOf(plotOf(sweep, 'group', variants), 'regularizer.lambda', 'network.codeSize', 'squaredError')
  heatMapSchema.parse(map)
  assert.deepEqual(
    [map.x.values, map.y.values],
    [
      ['0.01', '0.1', '1', '10'],
      ['8', '32'],
    ],
  )
  assert.ok(
    map.cells.every(
      (row) =>
        row.length === 4 &&
        row.every(({ groups, runs, shade }) => groups.length === 1 && runs.length === 2 && shade! >= 0 && shade! <= 1),
    ),
  )
  const best = map.cells.flatMap((row, y) => row.flatMap((cell, x) => (cell.best ? [[y, x, cell.shade]] : [])))
  assert.deepEqual(best, [[1, 1, 0]])
  assert.ok(Math.abs(map.cells[1]![1]!.mean! - 11.15) < 1e-9)
  assert.deepEqual(
    [map.note, map.settings.map(({ key }) => key)],
    [null, ['network.layers', 'network.codeSize', 'regularizer.lambda']],
  )
  const deeper = sweep
    .slice(0, 8)
    .map((one) => ({ ...one, id: `${one.id}d`, config: { ...one.config, training: { ...one.config.training, epochs: 99 } } }))
  assert.match(
    heatMapOf(plotOf([...sweep, ...deeper], 'group', variants), 'regularizer.lambda', 'network.codeSize', 'squaredError').note!,
    /up to 2 settings/,
  )
  const holes = heatMapOf(plotOf(sweep.slice(2), 'group', variants), 'regularizer.lambda', 'network.codeSize', 'squaredError')
  assert.deepEqual(holes.cells[0]![0], { mean: null, text: '–', shade: null, best: false, groups: [], runs: [] })
  for (const [x, y, figure, field] of [
    ['regularizer.lambda', 'regularizer.lambda', 'squaredError', 'y'],
    ['nothing', 'network.codeSize', 'squaredError', 'x'],
    ['regularizer.lambda', 'network.codeSize', 'variant', 'figure'],
  ] as const) {
    assert.throws(() => heatMapOf(plotOf(sweep, 'group', variants), x, y, figure), { code: 'CALL_INVALID', field })
  }
})

test('axes have about five round ticks, and a value alone has a place', () => {
  const texts = (low: number, high: number) => steps(low, high).map(({ text }) => text)
  assert.deepEqual(texts(0, 10), ['0', '2', '4', '6', '8', '10'])
  assert.deepEqual(texts(9.53, 9.97), ['9.6', '9.7', '9.8', '9.9'])
  assert.deepEqual(texts(-0.004, 0.021), ['0.000', '0.005', '0.010', '0.015', '0.020'])
  for (let exponent = -9; exponent < 7; exponent += 0.37) {
    const high = 10 ** exponent
    const ticks = steps(-high / 3, high)
    assert.ok(
      ticks.length >= 3 && ticks.length <= 9 && new Set(ticks.map(({ text }) => text)).size === ticks.length,
      `${high}: ${ticks.map(({ text }) => text).join(' ')}`,
    )
  }
  const alone = axisOf([{ value: 5, text: '5', interval: null }], true, true)
  assert.equal(alone.placeOf(5), 0.5)
  const choices = axisOf(
    ['b', 'a10', 'a9'].map((value) => ({ value, text: value, interval: null })),
    false,
    false,
  )
  assert.deepEqual(
    choices.ticks.map(({ text }) => text),
    ['a9', 'a10', 'b'],
  )
  assert.equal(axisOf([], true, true).placeOf(null), null)
})

test('what several variants call alike is a setting of each: in axes, columns, differences and files', async () => {
  const runs: Run[] = [0.1, 1].flatMap((value) =>
    [
      ['contractive', 'lambda'],
      ['sparseL1', 'lambda'],
      ['dropout', 'rate'],
      ['denoising', 'rate'],
      ['sparseKl', 'rho'],
      ['sparseBias', 'rho'],
      ['betaVae', 'klWeight'],
    ].map(([variant, key]) =>
      run(
        `${variant}-${value}`,
        variant!,
        {
          [`regularizer.${key}`]:
            key === 'rate'
              ? value / 2
              : key === 'rho' && variant === 'sparseBias'
                ? -value / 2
                : key === 'rho'
                  ? value * 0.6
                  : value,
          'network.layers': [8],
        },
        { evaluation: evaluated(10 + value) },
      ),
    ),
  )
  const plot = plotOf(runs, 'group', variants)
  const titles = new Map(plot.columns.map(({ key, title }) => [key, title]))
  for (const [key, variant, title] of [
    ['lambda', 'contractive', 'Contractive: lambda'],
    ['lambda', 'sparseL1', 'Sparse by L1: lambda'],
    ['rate', 'dropout', 'Dropout: rate'],
    ['rate', 'denoising', 'Denoising: rate'],
    ['rho', 'sparseKl', 'Sparse by KL: rho'],
    ['rho', 'sparseBias', 'Sparse by bias: rho'],
    ['beta', 'sparseKl', 'Sparse by KL: beta'],
    ['beta', 'sparseBias', 'Sparse by bias: beta'],
    ['decay', 'sparseBias', undefined],
  ] as const) {
    if (title !== undefined) assert.equal(titles.get(`regularizer.${key}@${variant}`), title)
    // Not one column has values of two variants.
    if (key !== 'decay') assert.ok(!titles.has(`regularizer.${key}`), key)
  }
  assert.equal(titles.get('regularizer.klWeight'), 'Beta', 'one variant has it: its own name is enough')
  for (const { key, values } of plot.columns.filter((column) => column.key.startsWith('regularizer.'))) {
    const owners = new Set(values.flatMap(({ value }, at) => (value === null ? [] : [plot.subjects[at]!.variant])))
    assert.equal(owners.size, 1, key)
  }
  const map = heatMapOf(plot, 'regularizer.lambda@contractive', 'variant', 'squaredError')
  assert.deepEqual([map.x.title, map.x.values, map.y.values], ['Contractive: lambda', ['0.1', '1'], ['Contractive']])
  assert.match(map.note!, /12 of 14 have no value of one of the two settings/)
  // A key that was kept from before finds the first one's; of parallel axes all.
  assert.equal(scatterOf(plot, 'regularizer.lambda', 'squaredError').x.key, 'regularizer.lambda@contractive')
  assert.deepEqual(
    parallelOf(plot, ['regularizer.rate'])
      .axes.map(({ title }) => title)
      .sort(),
    ['Denoising: rate', 'Dropout: rate'],
  )
  assert.equal(
    scatterOf(
      plotOf(
        runs.filter(({ variant }) => variant === 'contractive'),
        'group',
        variants,
      ),
      'regularizer.lambda@contractive',
      'squaredError',
    ).x.title,
    'Lambda',
  )
  const { differences } = compareRuns(runs, variants)
  const lambda = differences.filter(({ key }) => key.startsWith('regularizer.lambda'))
  assert.deepEqual(lambda.map(({ title }) => title).sort(), ['Contractive: lambda', 'Sparse by L1: lambda'])
  for (const { values } of lambda)
    assert.deepEqual(
      values.filter((value) => value !== '–'),
      ['0.1', '1'],
    )
})

test('a swept setting that has no use in a run is empty in the file of its experiment', () => {
  const noisy = (noise: string) => run(noise, 'denoising', { regularizer: { noise, sigma: 0.7, rate: 0.6 } })
  const runs = ['gaussian', 'masking'].map(noisy)
  const cells = runs.map(({ id }, index) => {
    const values = { 'regularizer.noise': id, 'regularizer.sigma': 0.7, 'regularizer.rate': 0.6 }
    return {
      index,
      planned: index,
      variant: 'denoising',
      title: id,
      values,
      settings: values,
      overrides: [],
      ignored: [],
      runs: [{ seed: 1, run: id, reused: false }],
    }
  })
  const [, ...rows] = experimentCsv({ name: 'e', cells } as unknown as Experiment, runs)
    .trimEnd()
    .split('\r\n')
  assert.deepEqual(
    rows.map((row) => row.split(',').slice(7, 10).join()),
    ['gaussian,0.7,', 'masking,,0.6'],
  )
})

test('files of an experiment have a column for each variant that has a setting of one name', () => {
  const cell = (index: number, variant: string, values: object, settings = {}) => ({
    index,
    planned: index,
    variant,
    title: `${variant} ${index}`,
    values,
    settings: { ...settings, ...values },
    overrides: [],
    ignored: [],
    runs: [{ seed: 1, run: `r${index}`, reused: false }],
  })
  const cells = [
    cell(0, 'contractive', { 'regularizer.lambda': 0.1 }),
    cell(1, 'sparseL1', { 'regularizer.lambda': -0.5 }),
    cell(
      2,
      'classical',
      { 'pretraining.regularizer.rate': 0.3 },
      { 'pretraining.kind': 'greedy', 'pretraining.variant': 'denoising' },
    ),
  ]
  const [head = '', ...rows] = experimentCsv({ name: '=e', cells } as unknown as Experiment, [])
    .trimEnd()
    .split('\r\n')
  assert.deepEqual(head.split(',').slice(7, 10), [
    'contractive: regularizer.lambda',
    'sparseL1: regularizer.lambda',
    'pretraining.regularizer.rate',
  ])
  assert.deepEqual(
    rows.map((row) => row.split(',').slice(7, 10).join()),
    ['0.1,,', ',-0.5,', ',,0.3'],
  )
  assert.ok(rows.every((row) => row.startsWith("'=e,")))
  const files = cells.map(({ variant, values }) => ({
    file: 'f',
    run: 'r',
    name: '-1',
    variant,
    seed: 1,
    cell: '@c',
    values,
    layers: variant === 'classical' ? 'denoising' : null,
    evaluation: null,
  }))
  const [top = '', first = ''] = indexCsv({ files, failed: [] } as unknown as FolderIndex).split('\r\n')
  assert.deepEqual(top.split(',').slice(6, 9), [
    'contractive: regularizer.lambda',
    'sparseL1: regularizer.lambda',
    'pretraining.regularizer.rate',
  ])
  assert.match(first, /^f,r,-1,contractive,1,'@c,0\.1,,,/)
})
