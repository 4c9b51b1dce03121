import { shapeOf } from '../../src/shared/shape.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Dataset } from '../../src/shared/domain.ts'
import { planSchema, type PlanInput } from '../../src/shared/experiments.ts'
import { vectorOf } from '../../src/shared/shape.ts'
import { scheduled } from '../../src/main/engine/experiments/costs.ts'
import { expandPlan, type Expansion } from '../../src/main/engine/experiments/plan.ts'
import { combinations, sweptValues } from '../../src/main/engine/experiments/values.ts'
import { summaryOf } from '../../src/main/engine/experiments/summary.ts'
import { canonical, stepKey } from '../../src/main/engine/experiments/timeKeys.ts'
import { formatSetting } from '../../src/main/engine/compare/formats.ts'
import { readValues, textOfValues } from '../../src/renderer/components/experiments/settingValues.ts'
import { moved } from '../../src/main/engine/queue/order.ts'
import { fewStepsWarnings } from '../../src/main/engine/experiments/fewSteps.ts'
import { plannedStages } from '../../src/main/engine/experiments/newRun.ts'
import { planTemplates } from '../../src/main/engine/experiments/templates.ts'
import { homeAt } from '../../src/main/engine/home.ts'
import type { MemberState } from '../../src/main/engine/store/experiments.ts'
import { resolveConfig, variantOf, variants } from '../../src/main/engine/variants/index.ts'
import { memoryOf } from '../../src/main/engine/variants/memory.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { sampleDataset } from '../fixtures/homes.ts'

const digits = { rowSize: 784, trainCount: 1000, kind: 'image' as const, classes: 10 }
const plan = (given: Partial<PlanInput>) =>
  planSchema.parse({ name: 'plan', dataset: 'digits', variants: [{ variant: 'classical' }], ...given })
const expand = (given: Partial<PlanInput>): Expansion => expandPlan(plan(given), digits)
const titles = ({ cells }: Expansion) => cells.map(({ cell }) => cell.title)
const settings = ({ cells }: Expansion) => cells.map(({ cell }) => cell.settings)

test('convolutions are swept as text or as lists, and read as they are typed, wherever they stand', () => {
  const photos = { rowSize: 12_288, size: { width: 64, height: 64, channels: 3 }, trainCount: 1000, kind: 'image' as const }
  const [small, large] = [
    [{ filters: 16, kernel: 4, stride: 2 }],
    [
      { filters: 32, kernel: 4, stride: 2 },
      { filters: 64, kernel: 4, stride: 1 },
    ],
  ]
  const written = readValues({ kind: 'text' }, '16x4s2; 32x4s2,64x4; none')
  assert.deepEqual(written, { kind: 'several', values: ['16x4s2', '32x4s2,64x4', 'none'] })
  for (const values of [
    ['16x4s2', '32x4s2,64x4', 'none'],
    [small, large, []],
  ]) {
    const swept = plan({
      variants: [{ variant: 'pca' }, { variant: 'classical' }, { variant: 'contractive' }],
      sweep: { 'network.convolutions': values },
      settings: { 'network.layers': [8] },
    })
    const expansion = expandPlan(swept, photos)
    assert.deepEqual(expansion.problems, [])
    // PCA is what it is once; the others have a cell for each network.
    assert.deepEqual(
      titles(expansion),
      ['PCA'].concat(
        ['Classical', 'Contractive'].flatMap((title) =>
          ['16x4s2', '32x4s2,64x4', 'none'].map((text) => `${title}, convolutions ${text}`),
        ),
      ),
    )
    const configs = expansion.cells.map(({ resolved }) => resolved.config!.network.convolutions)
    assert.deepEqual(configs, [[], small, large, [], small, large, []])
    assert.equal(textOfValues(values, 'text'), '16x4s2; 32x4s2,64x4; none')
    assert.equal(textOfValues(values), '16x4s2; 32x4s2,64x4; none')
    for (const value of values) assert.doesNotMatch(`${formatSetting(value)} ${textOfValues(value, 'text')}`, /object/)
    // What the plan leaves to them differs between PCA and the others, and says so in words.
    const { warnings } = expandPlan(plan({ variants: swept.variants, settings: { 'network.layers': [8] } }), photos)
    for (const warning of [...warnings, ...expansion.warnings]) assert.doesNotMatch(warning, /object/)
    assert.ok(
      expansion.cells.every(({ cell }) => (cell.variant === 'pca') === cell.ignored.includes('network.convolutions')),
      'only PCA ignores convolutions',
    )
  }
  // Given to PCA itself, they are refused.
  const own = expandPlan(plan({ variants: [{ variant: 'pca', settings: { 'network.convolutions': '16x4s2' } }] }), photos)
  assert.match(own.problems[0]!.message, /PCA determines network.convolutions \(none\)/)
})

test("a plan of nothing but variants has a cell for each, numbered in order, with the plan's settings", () => {
  const { cells, problems, baseline } = expand({
    settings: { network: { layers: [32, 8] }, 'training.epochs': 3 },
    variants: [{ variant: 'denoising' }, { variant: 'classical' }, { variant: 'contractive' }],
  })
  assert.deepEqual(problems, [])
  assert.deepEqual(
    cells.map(({ cell }) => [cell.index, cell.planned, cell.variant, cell.title]),
    [
      [0, 0, 'denoising', 'Denoising'],
      [1, 1, 'classical', 'Classical'],
      [2, 2, 'contractive', 'Contractive'],
    ],
  )
  for (const { cell, resolved } of cells) {
    assert.deepEqual(cell.settings, { 'network.layers': [32, 8], 'training.epochs': 3 })
    assert.deepEqual([resolved.config!.network.layers, resolved.config!.training.epochs], [[32, 8], 3])
  }
  assert.equal(baseline, 1, 'the one without a regularizer')
  assert.equal(expand({ variants: [{ variant: 'denoising' }] }).baseline, null)
  assert.equal(expand({ variants: [{ variant: 'denoising' }, { variant: 'classical' }], baseline: 0 }).baseline, 0)
})

test('several swept settings give every combination, the first varying slowest; a variant takes those that it has', () => {
  const expansion = expand({
    sweep: { 'network.layers': [[32], [64, 8]], 'regularizer.lambda': [0.1, 1] },
    variants: [{ variant: 'classical' }, { variant: 'contractive' }],
  })
  assert.deepEqual(expansion.problems, [])
  assert.deepEqual(titles(expansion), [
    'Classical, layers 32',
    'Classical, layers 64-8',
    'Contractive, layers 32, lambda 0.1',
    'Contractive, layers 32, lambda 1',
    'Contractive, layers 64-8, lambda 0.1',
    'Contractive, layers 64-8, lambda 1',
  ])
  assert.deepEqual(expansion.cells[0]!.cell.ignored, ['regularizer.lambda'])
  assert.deepEqual(expansion.cells[5]!.cell.values, { 'network.layers': [64, 8], 'regularizer.lambda': 1 })
  assert.equal(expansion.cells[5]!.resolved.config!.regularizer['lambda'], 1)
})

test(
  'however a plan is drawn: cells are as many as the combinations ' +
    'that differ, unlike one another, and hold what was asked for',
  () => {
    const source = random('plans')
    const upTo = (most: number) => source.next() % (most + 1)
    for (let round = 0; round < 60; round++) {
      const lambdas = Array.from({ length: upTo(3) }, (_, i) => i + 1),
        layers = Array.from({ length: upTo(3) }, (_, i) => [8 + i]),
        rates = Array.from({ length: upTo(2) }, (_, i) => 0.1 * (i + 1))
      const sweep = {
        ...(lambdas.length ? { 'regularizer.lambda': lambdas } : {}),
        ...(layers.length ? { 'network.layers': layers } : {}),
        ...(rates.length ? { 'regularizer.rate': rates } : {}),
      }
      const variants = ['classical', 'contractive', 'denoising', 'dropout'].slice(0, 1 + upTo(3)).map((variant) => ({ variant }))
      const { cells, problems } = expand({ sweep, variants })
      const has = {
        classical: [],
        contractive: ['regularizer.lambda'],
        denoising: ['regularizer.rate'],
        dropout: ['regularizer.rate'],
      } as Record<string, string[]>
      const expected = variants.map(({ variant }) =>
        Object.entries(sweep)
          .filter(([key]) => key === 'network.layers' || has[variant]!.includes(key))
          .reduce((product, [, values]) => product * values.length, 1),
      )
      const unused = Object.keys(sweep).filter(
        (key) => key !== 'network.layers' && !variants.some(({ variant }) => has[variant]!.includes(key)),
      )
      assert.deepEqual(
        problems.map(({ field }) => field),
        unused.map((key) => `sweep.${key}`),
      )
      assert.deepEqual(
        variants.map((_, planned) => cells.filter(({ cell }) => cell.planned === planned).length),
        expected,
      )
      assert.deepEqual(
        cells.map(({ cell }) => cell.index),
        cells.map((_, index) => index),
      )
      assert.equal(new Set(cells.map(({ cell }) => cell.title)).size, cells.length)
      assert.equal(new Set(cells.map(({ cell, resolved }) => canonical([cell.variant, resolved.config]))).size, cells.length)
      for (const { cell, resolved } of cells)
        for (const [key, value] of Object.entries(cell.values)) {
          const [section, name] = key.split('.') as ['network', 'layers']
          assert.deepEqual(resolved.config![section][name], value)
        }
    }
  },
)

test('what a setting switches off is not swept', () => {
  const expansion = expand({
    sweep: { 'regularizer.noise': ['masking', 'gaussian'], 'regularizer.rate': [0.1, 0.3], 'regularizer.sigma': [0.2, 0.4, 0.8] },
    variants: [{ variant: 'denoising' }],
  })
  assert.deepEqual(titles(expansion), [
    'Denoising, noise masking, rate 0.1',
    'Denoising, noise masking, rate 0.3',
    'Denoising, noise gaussian, sigma 0.2',
    'Denoising, noise gaussian, sigma 0.4',
    'Denoising, noise gaussian, sigma 0.8',
  ])
  const dead = expand({ sweep: { 'regularizer.sigma': [0.1, 0.2] }, variants: [{ variant: 'denoising' }] })
  assert.deepEqual(titles(dead), ['Denoising'])
  assert.ok(dead.warnings.some((warning) => /regularizer\.sigma has no effect/.test(warning)))
})

test("a variant may depart from the plan, which is shown; its own sweep goes before the plan's", () => {
  const expansion = expand({
    settings: { 'network.layers': [32], 'training.learningRate': 0.001 },
    sweep: { 'training.epochs': [1, 2] },
    variants: [
      { variant: 'classical' },
      { variant: 'classical', title: 'Long', settings: { 'training.epochs': 9 } },
      {
        variant: 'contractive',
        sweep: { 'training.epochs': [5] },
        settings: { network: { layers: [16] }, 'regularizer.lambda': 1 },
      },
    ],
  })
  assert.deepEqual(
    settings(expansion).map((each) => [each['network.layers'], each['training.epochs']]),
    [
      [[32], 1],
      [[32], 2],
      [[32], 9],
      [[16], 5],
    ],
  )
  assert.deepEqual(
    expansion.cells.map(({ cell }) => cell.overrides),
    [[], [], ['training.epochs'], ['network.layers']],
  )
  assert.deepEqual(titles(expansion), ['Classical, epochs 1', 'Classical, epochs 2', 'Long', 'Contractive, epochs 5'])
})

test('a title says what tells a cell from the others, in words, and nothing else', () => {
  const of = (given: Partial<PlanInput>) => titles(expand(given))
  const twice = (settings: PlanInput['variants'][number]['settings']) =>
    of({ variants: [{ variant: 'classical' }, { variant: 'classical', settings }] })
  assert.deepEqual(twice({ 'training.weightDecay': 0.1 }), ['Classical', 'Classical, weight decay 0.1'])
  assert.deepEqual(twice({}), ['Classical', 'Classical (2)'])
  assert.deepEqual(of({ variants: ['a', 'a', 'a'].map((title) => ({ variant: 'classical', title })) }), ['a', 'a (2)', 'a (3)'])
  // All share it, or have it by themselves: there is nothing to say.
  assert.deepEqual(
    of({
      sweep: { 'training.learningRate': [0.01] },
      variants: [{ variant: 'classical' }, { variant: 'contractive', sweep: { 'regularizer.lambda': [0.1] } }],
    }),
    ['Classical', 'Contractive'],
  )
  assert.deepEqual(
    of({
      variants: [
        { variant: 'classical' },
        { variant: 'denoising', sweep: { 'training.learningRate': [0.001] } },
        { variant: 'dropout', sweep: { 'training.learningRate': [0.01] } },
      ],
    }),
    ['Classical', 'Denoising, learning rate 0.001', 'Dropout, learning rate 0.01'],
  )
  // A setting that another part of the network has as well is told from it where both have an effect.
  const rates = { 'training.learningRate': [0.01, 0.001] },
    both = { 'network.layers': [32, 8], 'pretraining.kind': 'greedy' }
  assert.deepEqual(of({ sweep: rates }), ['Classical, learning rate 0.01', 'Classical, learning rate 0.001'])
  assert.deepEqual(
    of({ settings: both, sweep: { ...rates, 'pretraining.learningRate': [0.1, 0.2] } }),
    [0.01, 0.001].flatMap((rate) =>
      [0.1, 0.2].map((before) => `Classical, learning rate ${rate}, pretraining learning rate ${before}`),
    ),
  )
  assert.deepEqual(
    of({
      variants: [
        { variant: 'denoising', sweep: { 'regularizer.noise': ['saltAndPepper', 'gaussian'], 'network.tied': [true, false] } },
      ],
    }).slice(0, 2),
    ['Denoising, noise salt and pepper, tied weights yes', 'Denoising, noise salt and pepper, tied weights no'],
  )
  const { cells } = expand({
    sweep: { 'network.layers': [[8], [8, 2]] },
    variants: [{ variant: 'classical' }, { variant: 'classical', settings: { 'training.epochs': 7 } }],
  })
  assert.deepEqual(
    cells.map(({ cell }) => [cell.name, cell.title]),
    [
      ['Classical', 'Classical, layers 8'],
      ['Classical', 'Classical, layers 8-2'],
      ['Classical, epochs 7', 'Classical, epochs 7, layers 8'],
      ['Classical, epochs 7', 'Classical, epochs 7, layers 8-2'],
    ],
  )
})

test('what is wrong is said at the place of the plan that is to be changed, each once', () => {
  const fields = (given: Partial<PlanInput>) => expand(given).problems.map(({ field, code }) => [field, code])
  assert.deepEqual(fields({ variants: [{ variant: 'classical' }, { variant: 'clasical' }] }), [
    ['variants.1.variant', 'VARIANT_UNKNOWN'],
  ])
  assert.deepEqual(fields({ seeds: [1, 2, 1] }), [['seeds', 'SETTING_INVALID']])
  assert.deepEqual(fields({ baseline: 3 }), [['baseline', 'SETTING_INVALID']])
  assert.deepEqual(fields({ settings: { 'training.epochs': 0 }, variants: [{ variant: 'classical' }, { variant: 'denoising' }] }), [
    ['settings.training.epochs', 'SETTING_INVALID'],
  ])
  assert.deepEqual(fields({ settings: { 'training.epoch': 3 }, variants: [{ variant: 'classical' }, { variant: 'denoising' }] }), [
    ['settings.training.epoch', 'SETTING_UNKNOWN'],
  ])
  assert.deepEqual(fields({ variants: [{ variant: 'classical', settings: { 'regularizer.lambda': 1 } }] }), [
    ['variants.0.settings.regularizer.lambda', 'SETTING_UNKNOWN'],
  ])
  assert.deepEqual(fields({ sweep: { 'regularizer.lambda': [1, -1] }, variants: [{ variant: 'contractive' }] }), [
    ['sweep.regularizer.lambda', 'SETTING_INVALID'],
  ])
  assert.deepEqual(
    fields({
      variants: [{ variant: 'contractive', settings: { 'regularizer.lambda': 1 }, sweep: { 'regularizer.lambda': [1, 2] } }],
    }),
    [['variants.0.sweep.regularizer.lambda', 'SETTING_INVALID']],
  )
  assert.deepEqual(fields({ sweep: { 'network.activation': { from: 1, to: 2, count: 3 } } }), [
    ['sweep.network.activation', 'SETTING_INVALID'],
  ])
  const many = Array.from({ length: 40 }, (_, index) => index + 1)
  assert.deepEqual(fields({ sweep: { 'training.epochs': many, 'training.batchSize': many } }), [['sweep', 'SETTING_INVALID']])
  assert.deepEqual(
    fields({ sweep: { 'training.epochs': many, 'training.batchSize': many, 'network.layers': many.map((units) => [units]) } }),
    [['sweep', 'SETTING_INVALID']],
  )
  assert.deepEqual(fields({ sweep: { 'training.epochs': many }, seeds: Array.from({ length: 300 }, (_, seed) => seed) }), [
    ['seeds', 'SETTING_INVALID'],
  ])
  assert.deepEqual(
    fields({ settings: { 'network.tied': true }, variants: [{ variant: 'pca' }] }),
    [],
    'it is what the variant determines',
  )
})

test('unfair comparisons are named: other defaults, the same cell twice, a single seed', () => {
  const { warnings } = expand({
    seeds: [4],
    variants: [{ variant: 'classical' }, { variant: 'contractive' }, { variant: 'classical', title: 'Twin' }],
  })
  assert.ok(warnings.some((warning) => /With one seed/.test(warning)))
  assert.ok(warnings.some((warning) => /“Classical” and “Twin” have the same settings/.test(warning)))
  assert.ok(
    warnings.some((warning) =>
      /different defaults of network\.tied: false \(Classical, Twin\); true \(Contractive\)/.test(warning),
    ),
    warnings.join('\n'),
  )
  const fair = expand({
    settings: { 'network.layers': [8], 'network.activation': 'sigmoid', 'network.codeActivation': 'sigmoid', 'network.tied': true },
    variants: [{ variant: 'classical' }, { variant: 'contractive' }, { variant: 'pca' }],
  })
  assert.deepEqual(fair.warnings, [])
})

test('a baseline of several cells: those that differ in its own settings alone leave open which one is meant, which is said', () => {
  const said = (given: Partial<PlanInput>) =>
    expand({ baseline: 0, ...given }).warnings.filter((warning) => /baseline/.test(warning))
  const variants = [{ variant: 'contractive' }, { variant: 'classical' }],
    lambda = { 'regularizer.lambda': [0.1, 1] }
  assert.deepEqual(said({ variants, sweep: lambda }), [
    'The baseline has several values of regularizer.lambda: the others are compared with the first (“Contractive, ' +
      'lambda 0.1”). To compare with another, plan that as a variant of its own and name it as the baseline.',
  ])
  assert.equal(said({ variants, sweep: { ...lambda, 'network.layers': [[8], [16]] } }).length, 1)
  assert.deepEqual(said({ variants, sweep: { 'network.layers': [[8], [16]] } }), [], 'each is compared with that of its size')
  assert.deepEqual(said({ variants, sweep: lambda, baseline: 1 }), [])
  assert.deepEqual(said({ variants, sweep: lambda, baseline: null }), [])
})

test('ranges: both ends, evenly spaced, whole where the setting is, with no more digits than they need', () => {
  const lambda = resolveConfig('contractive', {}).fields.find(({ key }) => key === 'regularizer.lambda'),
    epochs = resolveConfig('contractive', {}).fields.find(({ key }) => key === 'training.epochs')
  assert.deepEqual(
    sweptValues('k', { from: 0.01, to: 10, count: 7, scale: 'log' }, lambda),
    [0.01, 0.0316, 0.1, 0.316, 1, 3.16, 10],
  )
  assert.deepEqual(sweptValues('k', { from: 0, to: 1, count: 5, scale: 'linear' }, lambda), [0, 0.25, 0.5, 0.75, 1])
  assert.deepEqual(sweptValues('k', { from: 0.1, to: 0.4, count: 4, scale: 'linear' }, lambda), [0.1, 0.2, 0.3, 0.4])
  assert.deepEqual(sweptValues('k', { from: 1, to: 8, count: 4, scale: 'log' }, epochs), [1, 2, 4, 8])
  assert.deepEqual(sweptValues('k', { from: 1, to: 3, count: 5, scale: 'linear' }, epochs), [1, 2, 3], 'each once')
  const fine = sweptValues('k', { from: 1, to: 1.001, count: 11, scale: 'linear' }, lambda) as number[]
  fine.slice(1).forEach((value, index) => assert.ok(Math.abs(value - fine[index]! - 1e-4) < 3e-6))
  for (const bad of [
    { from: 1, to: 1, count: 2 },
    { from: 0, to: 1, count: 3, scale: 'log' as const },
    { from: -1, to: -2, count: 3, scale: 'log' as const },
  ])
    assert.equal(typeof sweptValues('k', { scale: 'linear', ...bad }, lambda), 'string')
  assert.equal(typeof sweptValues('k', [1, 2, 1], lambda), 'string')
  assert.equal(
    combinations(
      new Map([
        ['a', [1, 2]],
        ['b', [3, 4, 5]],
      ]),
    ).length,
    6,
  )
})

test('a key of times is what a step costs: lengths, rates and strengths are not part of it', () => {
  const machine = { input: vectorOf(784), kind: 'image', classes: 10, threads: 2, cpu: 'x' }
  const shape = (variant: string, given: object, other = machine) =>
    stepKey(variant, resolveConfig(variant, given as never, digits).config!, other)
  const same = [
    ['contractive', { 'regularizer.lambda': 3 }],
    ['contractive', { 'training.epochs': 7, 'training.learningRate': 0.1, 'training.patience': 3 }],
  ] as const
  for (const [variant, given] of same) assert.equal(shape(variant, given), shape(variant, {}))
  const others = [
    ['classical', {}],
    ['contractive', { 'network.layers': [7] }],
    ['contractive', { 'training.batchSize': 7 }],
    ['contractive', { 'training.optimizer': 'sgd' }],
    ['contractive', { 'data.binarise': 'fixed' }],
    ['contractive', { 'pretraining.kind': 'greedy', 'network.tied': false }],
    ['contractive', { 'training.weightDecay': 0.1 }],
  ] as const
  const shapes = [
    shape('contractive', {}),
    shape('contractive', {}, { ...machine, threads: 1 }),
    shape('iwae', {}),
    shape('iwae', { 'regularizer.samples': 7 }),
    shape('denoising', {}),
    shape('denoising', { 'regularizer.noise': 'gaussian' }),
    ...others.map(([variant, given]) => shape(variant, given)),
  ]
  assert.equal(new Set(shapes).size, shapes.length)
})

test('time with several trainers: each takes the next when it is done', () => {
  assert.equal(scheduled([3, 1, 1, 1], 1), 6)
  assert.equal(scheduled([3, 1, 1, 1], 2), 3)
  assert.equal(scheduled([1, 1, 1, 3], 2), 4)
  assert.equal(scheduled([], 3), 0)
})

test("an experiment's progress follows from its runs", () => {
  const experiment = {
    id: 'e',
    name: 'e',
    datasetId: 'd',
    dataset: 'd',
    plan: plan({ seeds: [1, 2] }),
    cells: [],
    baseline: null,
    wanted: 'running' as const,
    createdAt: '',
    endedAt: null,
  }
  const member = (seed: number, state: MemberState['state'], more: Partial<MemberState> = {}): MemberState => ({
    cell: 0,
    seed,
    run: 'r',
    reused: 0,
    variant: 'classical',
    state,
    step: 0,
    steps: 100,
    stepsPerSecond: null,
    ...more,
  })
  const of = (members: MemberState[], wanted: 'running' | 'paused' | 'cancelled' = 'running', trainers = 1) =>
    summaryOf({ ...experiment, wanted }, members, { trainers, evaluation: 5 })
  assert.deepEqual(of([member(1, 'completed'), member(2, 'failed')]).state, 'ended')
  assert.deepEqual(of([member(1, 'completed'), member(2, 'cancelled')], 'cancelled').state, 'cancelled')
  assert.deepEqual(of([member(1, 'paused'), member(2, 'completed')]).state, 'paused')
  assert.deepEqual(of([member(1, 'paused'), member(2, 'queued')], 'paused').state, 'running')
  const half = of([
    member(1, 'completed', { stepsPerSecond: 10 }),
    member(2, 'running', { step: 50, stepsPerSecond: 25 }),
    member(3, 'queued'),
    member(4, null, { run: null, variant: null, step: null, steps: null }),
  ])
  assert.deepEqual([half.progress.done, half.progress.total, half.progress.share], [2, 4, 2.5 / 4])
  assert.equal(half.states.removed, 1)
  assert.equal(
    half.progress.secondsLeft,
    50 / 25 + 5 + ((100 * (1 / 10 + 1 / 25)) / 2 + 5),
    'the running one at its own rate, the next at what its cell had',
  )
  assert.equal(of([member(1, 'queued')]).progress.secondsLeft, null)
})

test("the queue's order: moved runs stand together before the named one", () => {
  const waiting = ['a', 'b', 'c', 'd', 'e']
  assert.deepEqual(moved(waiting, ['d', 'b'], 'a'), ['d', 'b', 'a', 'c', 'e'])
  assert.deepEqual(moved(waiting, ['a'], null), ['b', 'c', 'd', 'e', 'a'])
  assert.deepEqual(moved(waiting, ['c'], 'c'), waiting)
  assert.deepEqual(moved(waiting, ['c', 'a'], 'c'), ['b', 'c', 'a', 'd', 'e'])
  assert.throws(() => moved(waiting, ['x'], null), { code: 'RUN_STATE' })
  assert.throws(() => moved(waiting, ['a'], 'x'), { code: 'RUN_STATE' })
})

test('templates fit every kind of dataset, or say why they do not', () => {
  const dataset = (more: Partial<Dataset>): Dataset => ({
    ...sampleDataset,
    name: 'data',
    width: 28,
    height: 28,
    count: 70_000,
    testCount: 10_000,
    classCounts: [35_000, 35_000],
    ...more,
  })
  const home = homeAt('/nowhere')
  const kinds: Record<string, Dataset> = {
    digits: dataset({}),
    small: dataset({ width: 4, height: 4, count: 60, testCount: 10, classCounts: [30, 30] }),
    colour: dataset({ width: 64, height: 64, channels: 3, count: 3000, testCount: 450, classCounts: [1500, 1500] }),
    vectors: dataset({ kind: 'vector', width: 10, height: 1, count: 2000, testCount: 300, classCounts: [1000, 1000] }),
    plane: dataset({ kind: 'vector', width: 2, height: 1, count: 2000, testCount: 300, classCounts: [1000, 1000] }),
    unlabelled: dataset({ classes: [], classCounts: [] }),
    shapes: dataset({ width: 24, height: 24, channels: 3, count: 600, testCount: 90, classCounts: [300, 300] }),
  }
  const ids = planTemplates(home, null).map(({ id }) => id)
  assert.deepEqual(ids, ['regularizers', 'lambda', 'rho', 'beta', 'rate', 'codeSize', 'depth', 'labelled'])
  for (const [kind, data] of Object.entries(kinds)) {
    const facts = {
      rowSize: data.width * data.height * data.channels,
      trainCount: data.count - data.testCount,
      kind: data.kind,
      size: shapeOf(data),
      classes: data.classes.length,
    }
    for (const { id, note, plan: given } of planTemplates(home, data)) {
      const { cells, problems, baseline, warnings } = expandPlan(given, facts)
      if (kind === 'unlabelled' && id === 'labelled') {
        assert.match(note, /classes to tell apart/)
        continue
      }
      assert.deepEqual([note, problems], ['', []], `${kind}, ${id}`)
      assert.ok(cells.length > 1 && baseline !== null, `${kind}, ${id}`)
      assert.ok(
        !warnings.some((warning) => /different defaults|no effect|same settings/.test(warning)),
        `${kind}, ${id}: ${warnings.join(' ')}`,
      )
      assert.deepEqual(given.seeds, [1, 2, 3])
      const staged = cells.map(({ cell, resolved: { config } }) => ({
        cell: { ...cell, config },
        stages: plannedStages(cell.variant, config!, data),
      }))
      assert.deepEqual(fewStepsWarnings(staged), [], `${kind}, ${id}: enough steps, whether there are few images or many`)
      assert.deepEqual(
        cells.flatMap(({ cell, resolved }) => (cell.variant === 'pca' ? resolved.warnings : [])),
        [],
        `${kind}, ${id}: no more components than images differ in`,
      )
    }
  }
  const regularizers = planTemplates(home, kinds['digits']!)[0]!
  const { cells } = expandPlan(regularizers.plan, digits)
  const networks = cells
    .filter(({ cell }) => cell.variant !== 'pca')
    .map(({ resolved: { config } }) => JSON.stringify(config!.network))
  assert.equal(new Set(networks).size, 1, 'one network for all')
  const offered = new Set(cells.map(({ cell }) => cell.variant))
  for (const variant of variants)
    if (variant.objective && !variant.likelihood && !variant.estimator)
      assert.ok(offered.has(variant.id), `${variant.id} is a regularizer, too`)
})

test('a plan says where steps are too few, which cells, and how many epochs would do; and where components are more than images', () => {
  const data: Dataset = {
    ...sampleDataset,
    name: 'data',
    width: 24,
    height: 24,
    channels: 3,
    count: 600,
    testCount: 90,
    classCounts: [300, 300],
  }
  const facts = { rowSize: 1728, trainCount: 510, kind: 'image' as const, classes: 2 }
  const said = (plan: object) =>
    fewStepsWarnings(
      expandPlan(planSchema.parse({ name: 'x', dataset: 'data', seeds: [1], ...plan }), facts).cells.map(
        ({ cell, resolved: { config } }) => ({ cell: { ...cell, config }, stages: plannedStages(cell.variant, config!, data) }),
      ),
    )
  // 459 images are 3 whole batches of 128.
  assert.deepEqual(
    said({
      settings: { 'training.epochs': 10, 'training.batchSize': 128 },
      variants: [{ variant: 'pca' }, { variant: 'classical' }, { variant: 'denoising' }],
    }),
    ['30 steps are few, and networks will hardly have learnt by then; give training.epochs about 670, or training.batchSize less.'],
  )
  assert.deepEqual(
    said({
      settings: { 'training.epochs': 10 },
      variants: [
        { variant: 'classical', sweep: { 'training.batchSize': [128, 459] } },
        { variant: 'denoising', settings: { 'training.epochs': 400, 'training.batchSize': 32 } },
      ],
    }),
    [
      'Classical, batch size 128 and Classical, batch size 459: 10 to 30 steps are few, and networks will ' +
        'hardly have learnt by then; give training.epochs about 670 to 2,000, or training.batchSize less.',
    ],
  )
  const few = { 'fineTuning.kind': 'classification', 'fineTuning.labelled': 10, 'training.batchSize': 20 }
  assert.deepEqual(
    [
      said({ settings: { ...few, 'training.epochs': 100 }, variants: [{ variant: 'classical' }] }),
      said({ settings: { ...few, 'training.epochs': 50 }, variants: [{ variant: 'classical' }] }).length,
    ],
    [[], 1],
    'few labels are few steps',
  )

  const pca = (size: number, known: object = facts) => resolveConfig('pca', { 'network.layers': [size] }, known).warnings
  assert.deepEqual([pca(458), pca(500, {}), pca(500, { ...facts, trainCount: 60_000 })], [[], [], []])
  assert.match(pca(459)[0]!, /^459 training images have at most 458 principal components; the others of the 459 add nothing/)
})

test("what a network occupies: the weights with gradients and slots, and a batch's activations forwards and backwards", () => {
  const of = (variant: string, settings: object) => {
    const { config, parameters } = resolveConfig(
      variant,
      { 'network.layers': [32, 8], 'training.batchSize': 64, ...settings } as never,
      digits,
    )
    return { memory: memoryOf(variantOf(variant), config!, vectorOf(784), parameters!), parameters: parameters! }
  }
  const adam = of('classical', {}),
    sgd = of('classical', { 'training.optimizer': 'sgd' })
  assert.equal(adam.parameters, 784 * 32 + 32 + 32 * 8 + 8 + 8 * 32 + 32 + 32 * 784 + 784)
  assert.equal(adam.memory, 4 * (4 * adam.parameters + 2 * 64 * 2 * (784 + 32 + 8)))
  assert.equal(adam.memory - sgd.memory, 4 * 2 * adam.parameters)
  assert.ok(of('iwae', { 'regularizer.samples': 10 }).memory > (3 * of('iwae', { 'regularizer.samples': 1 }).memory) / 2)
})
