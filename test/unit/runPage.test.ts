import assert from 'node:assert/strict'
import { test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Config } from '../../src/shared/config.ts'
import type { Run, Stage } from '../../src/shared/domain.ts'
import { validationSplit } from '../../src/main/engine/data/split.ts'
import { stagesOf } from '../../src/main/engine/training/stages.ts'
import { resolveConfig, variantInfos, variantOf } from '../../src/main/engine/variants/index.ts'
import { joined, markAt, readAt } from '../../src/renderer/charts/curve.ts'
import { pixelsToDraw } from '../../src/renderer/charts/decimate.ts'
import { scale } from '../../src/renderer/charts/ticks.ts'
import { logarithmicPlace } from '../../src/renderer/charts/logarithmicPlace.ts'
import { placeMarks } from '../../src/renderer/charts/placeMarks.ts'
import { byLastValue, greatest, unitPixels } from '../../src/renderer/charts/unitRows.ts'
import { formGroups } from '../../src/renderer/components/settings/groups.ts'
import { stagePlan } from '../../src/renderer/components/settings/stagePlan.ts'
import { fieldsThatApply } from '../../src/shared/settings/applies.ts'
import { flatten } from '../../src/shared/settings/nested.ts'
import { saidBeside } from '../../src/renderer/components/settings/words.ts'
import { textOf } from '../../src/shared/settings/text.ts'
import { splitCounts, trainingRows } from '../../src/shared/split.ts'
import { momentText, totalLoss } from '../../src/renderer/views/runFacts.ts'
import { lossIsAll, onlyTerm, termSeries, vanishing, watchedSeries } from '../../src/renderer/views/runCurves.ts'
import {
  changeSentence,
  contractionSentence,
  gradientSentence,
  layerRows,
  plainTwin,
  stackRows,
} from '../../src/renderer/views/runPretraining.ts'
import { choicesOf, settingGroups } from '../../src/renderer/views/runSettings.ts'
import { stageLines, stageMarks } from '../../src/renderer/views/runStages.ts'
import { seriesParts } from '../../src/renderer/terms.ts'

const facts = { rowSize: 784, trainCount: 60_000, kind: 'image' as const, classes: 10 }
const deep = { 'network.layers': [256, 64], 'pretraining.kind': 'greedy', 'pretraining.epochs': 2, 'training.epochs': 3 }
const configOf = (variant: string, settings: object): Config => {
  const { config, problems } = resolveConfig(variant, { ...settings }, facts)
  assert.deepEqual(problems, [])
  return config!
}
const planned = (variant: string, settings: object): { config: Config; stages: Stage[] } => {
  const config = configOf(variant, settings)
  return { config, stages: stagesOf(variantOf(variant), config, { ...facts, input: vectorOf(facts.rowSize) }) }
}
const runOf = (id: string, variant: string, settings: object, more: Partial<Run> = {}): Run =>
  ({
    id,
    name: id,
    datasetId: 'd',
    seed: 1,
    variant,
    ...planned(variant, settings),
    state: 'completed',
    step: 0,
    latest: {},
    createdAt: '2026-01-01',
    ...more,
  }) as Run

/** A series with points at these steps; an epoch is 421 steps and takes 10 seconds. */
const series = (steps: number[], values: number[] = steps.map(() => 1)) => ({
  length: steps.length,
  value: Float64Array.from(values),
  x: (kind: 'step' | 'epoch' | 'time') =>
    Float64Array.from(steps, (step) => (kind === 'step' ? step : kind === 'epoch' ? step / 421 : (10 * step) / 421)),
})

test('the form shows a setting only where what it depends on is chosen, and each field in one group', () => {
  const fields = (settings: object) => resolveConfig('classical', { ...settings }, facts).fields
  const keys = (settings: Record<string, unknown>) =>
    fieldsThatApply(fields(settings), (field) => textOf(settings[field.key] ?? field.default)).map(({ key }) => key)
  assert.deepEqual(
    keys({}).filter((key) => key.startsWith('pretraining.') || key === 'fineTuning.labelled'),
    ['pretraining.kind'],
  )
  const greedy = { 'pretraining.kind': 'greedy', 'pretraining.variant': 'denoising' }
  assert.ok(keys(greedy).includes('pretraining.regularizer.rate'))
  assert.ok(!keys(greedy).includes('pretraining.regularizer.sigma'), 'sigma belongs to Gaussian noise')
  const gaussian = keys({ ...greedy, 'pretraining.regularizer.noise': 'gaussian' })
  assert.ok(gaussian.includes('pretraining.regularizer.sigma') && !gaussian.includes('pretraining.regularizer.rate'))
  assert.ok(!keys({ 'pretraining.kind': 'rbm' }).includes('pretraining.variant'))
  // The fields of a moment ago, before the engine has answered: what has been switched off is out of sight at once.
  const stale = fieldsThatApply(fields(greedy), (field) => (field.key === 'pretraining.kind' ? 'none' : textOf(field.default)))
  assert.deepEqual(
    stale.filter(({ key }) => key.startsWith('pretraining.')).map(({ key }) => key),
    ['pretraining.kind'],
  )
  for (const settings of [{}, greedy, { 'pretraining.kind': 'rbm', 'fineTuning.kind': 'classification' }]) {
    const grouped = formGroups(fields(settings)).flatMap((group) => group.fields.map(({ key }) => key))
    assert.deepEqual(
      [...grouped].sort(),
      fields(settings)
        .map(({ key }) => key)
        .sort(),
    )
  }
  assert.deepEqual(
    flatten({ pretraining: { regularizer: { rate: 0.3 } }, network: { layers: [5, 3] }, reconstruction: 'squaredError' }),
    [
      ['pretraining.regularizer.rate', 0.3],
      ['network.layers', [5, 3]],
      ['reconstruction', 'squaredError'],
    ],
  )
})

test('the plan of a run says what is trained in each stage, and how much it is together', () => {
  const { config, stages } = planned('classical', deep)
  const mnist = { width: 28, height: 28, channels: 1, classes: Array.from({ length: 10 }, String) }
  assert.deepEqual(stagePlan(stages, config, mnist), {
    stages: [
      { prefix: 'pretraining/0/', title: 'Layer 1: 784 to 256', network: '784 → 256 → 784', work: '2 epochs, 842 steps' },
      { prefix: 'pretraining/1/', title: 'Layer 2: 256 to 64', network: '256 → 64 → 256', work: '2 epochs, 842 steps' },
      { prefix: '', title: 'Fine-tuning', network: '784 → 256 → 64 → 256 → 784', work: '3 epochs, 1,263 steps' },
    ],
    total: '7 epochs, 2,947 steps',
  })
  const sorting = planned('classical', { ...deep, 'fineTuning.kind': 'classification' })
  assert.equal(stagePlan(sorting.stages, sorting.config, mnist).stages.at(-1)!.network, '784 → 256 → 64 → 10')
})

test('each stage is done, under way or to come, with its share and its time', () => {
  const at = (state: Run['state'], step: number, known: Record<string, ReturnType<typeof series>>) =>
    stageLines(runOf('r', 'classical', deep, { state, step }), new Map(Object.entries(known))).map((line) => [
      line.state,
      Number(line.share.toFixed(2)),
      line.seconds,
    ])
  assert.deepEqual(at('queued', 0, {}), [
    ['to come', 0, null],
    ['to come', 0, null],
    ['to come', 0, null],
  ])
  const begun = { 'pretraining/0/train/loss': series([421, 842]), 'pretraining/1/train/loss': series([1263]) }
  assert.deepEqual(at('running', 1263, begun), [
    ['done', 1, 20],
    ['now', 0.5, 10],
    ['to come', 0, null],
  ])
  assert.deepEqual(at('cancelled', 1263, begun), [
    ['done', 1, 20],
    ['stopped', 0.5, 10],
    ['to come', 0, null],
  ])
  assert.deepEqual(
    at('running', 842, { 'pretraining/0/train/loss': series([842]) }),
    [
      ['done', 1, 20],
      ['now', 0, null],
      ['to come', 0, null],
    ],
    'after the last step of a stage',
  )
  assert.deepEqual(
    at('completed', 2526, { ...begun, 'train/loss': series([2526]) }).map(([state]) => state),
    ['done', 'done', 'done'],
    'stopped early',
  )

  const marks = (kind: 'step' | 'epoch' | 'time') =>
    stageMarks(planned('classical', deep).stages, new Map(Object.entries(begun)), kind)
  assert.deepEqual(marks('step'), [
    { x: 0, label: 'Layer 1' },
    { x: 842, label: 'Layer 2' },
  ])
  assert.deepEqual(
    marks('epoch').map(({ x }) => x),
    [0, 2],
  )
  assert.deepEqual(
    marks('time').map(({ x }) => x),
    [0, 20],
  )
  assert.deepEqual(stageMarks(planned('classical', {}).stages, new Map(), 'step'), [], 'a run of one stage has no boundary')
  const { stages } = planned('classical', deep)
  assert.deepEqual(
    [0, 842, 1684, 2947].map((step) => momentText({ step, epoch: step / 421 }, true, stages)),
    ['Before training', 'Layer 1 pretrained', 'Layer 2 pretrained', 'Epoch 7'],
  )
})

test('curves of stages become one with a gap between them, which stays a gap however narrow the chart', () => {
  const long = (from: number, value: number) => ({
    x: Float64Array.from({ length: 5000 }, (_, i) => from + i),
    y: new Float64Array(5000).fill(value),
  })
  const curve = {
    id: 'a',
    label: 'a',
    colour: '#000',
    ...joined([long(1, 90), { x: new Float64Array(), y: new Float64Array() }, long(5001, 4)]),
  }
  assert.equal(curve.x.length, 10_001)
  assert.ok(curve.x.every((x, i) => i === 0 || x >= curve.x[i - 1]!))
  assert.deepEqual(
    [5000, 5001].map((x) => readAt(curve, x)!.y),
    [90, 4],
    'the crosshair reads values, not the gap',
  )
  for (const width of [50, 333, 1000]) {
    const pixels = pixelsToDraw(curve, 0, 10_001, scale(0, 10_001, 0, width), scale(0, 100, 0, 100))
    const drawn = Array.from({ length: pixels.length / 2 }, (_, index) => pixels[2 * index + 1]!)
    const after = drawn.indexOf(4)
    assert.ok(Number.isNaN(drawn[after - 1]), `no line between the stages on ${width} pixels`)
    assert.equal(drawn.filter((y) => Number.isNaN(y)).length, 1)
  }
  const marks = [
    { x: 0, label: 'one' },
    { x: 100, label: 'two' },
    { x: 200, label: 'three' },
  ]
  assert.deepEqual(
    [0, 100, 101, 999].map((x) => markAt(marks, x)?.label),
    ['one', 'one', 'two', 'three'],
    'the point at a boundary is the end of what came before',
  )
  assert.deepEqual(
    placeMarks(marks, (x) => x, 50, 180),
    [
      { label: 'one', at: 0, left: 50, room: 44, line: false },
      { label: 'two', at: 100, left: 104, room: 70, line: true },
    ],
    'of what lies before the left edge there is the name only',
  )
})

test('terms are told from what is watched, in the stages that have them', () => {
  const keys = [
    'pretraining/0/train/loss',
    'pretraining/0/train/reconstruction',
    'pretraining/0/validation/loss',
    'pretraining/0/validation/reconstruction',
    'pretraining/0/validation/pseudoLikelihood',
    'pretraining/0/gradient/encoder/0',
    'train/loss',
    'train/kl',
    'train/reconstruction',
    'validation/kl',
    'validation/klPerUnit/10',
    'validation/klPerUnit/2',
    'stack/squaredError',
    'weightChange/encoder/0',
  ]
  const stages = [{ prefix: 'pretraining/0/' }, { prefix: '' }]
  const all = termSeries(keys, stages, ['loss', 'reconstruction', 'kl'], null)
  assert.deepEqual(all, [
    { term: 'loss', prefixes: ['pretraining/0/', ''] },
    { term: 'reconstruction', prefixes: ['pretraining/0/', ''] },
    { term: 'kl', prefixes: [''] },
  ])
  assert.deepEqual([lossIsAll(all), onlyTerm(all)], [false, null])
  const layer = termSeries(keys, stages, ['loss'], 'pretraining/0/')
  assert.deepEqual([lossIsAll(layer), onlyTerm(layer)], [true, 'reconstruction'])
  const watched = watchedSeries(keys, null)
  assert.deepEqual(
    watched.map(({ name, prefix, keys, units }) => [prefix + name, keys, units]),
    [
      ['pretraining/0/pseudoLikelihood', ['pretraining/0/validation/pseudoLikelihood'], false],
      ['klPerUnit', ['validation/klPerUnit/2', 'validation/klPerUnit/10'], true],
    ],
  )
  assert.deepEqual(seriesParts('pretraining/11/gradient/encoder/0'), {
    prefix: 'pretraining/11/',
    set: 'gradient',
    term: 'encoder/0',
  })
})

test('units are sorted by their last value and drawn from the paper to the ink', () => {
  const rows = [
    [0, 1],
    [5, 4],
    [1, NaN],
    [2, 2],
  ].map((values, unit) => ({ unit, values: Float64Array.from(values) }))
  assert.deepEqual(
    byLastValue(rows).map(({ unit }) => unit),
    [1, 3, 0, 2],
  )
  assert.equal(greatest(rows), 5)
  assert.deepEqual(
    [...unitPixels(rows.slice(1, 3), 2, 5, [255, 255, 255], [55, 0, 5])],
    [55, 0, 5, 255, 95, 51, 55, 255, 215, 204, 205, 255, 0, 0, 0, 0],
  )
  assert.ok(greatest([]) > 0, 'shares of it are finite even where there is none')
})

test('what pretraining came to is said plainly', () => {
  const known = new Map(
    Object.entries({
      'gradient/encoder/0': series([10, 20], [2, 1]),
      'gradient/encoder/1': series([10], [4]),
      'gradient/decoder/0': series([10], [3]),
      'gradient/decoder/1': series([10], [3]),
      'gradientUnpretrained/encoder/0': series([0], [0.01]),
      'gradientUnpretrained/encoder/1': series([0], [0.1]),
      'gradientUnpretrained/decoder/0': series([0], [0.5]),
      'gradientUnpretrained/decoder/1': series([0], [2]),
      'weightChange/encoder/0': series([0, 1], [0, 0.031]),
      'weightChange/encoder/1': series([0, 1], [0, 0.042]),
      'weightChange/decoder/0': series([0, 1], [0, 0.12]),
      'weightChange/decoder/1': series([0, 1], [0, 0.25]),
      'stack/squaredError': series([1, 2], [20, 30]),
      'stack/jacobianNorm': series([1, 2], [5, 2.1]),
    }),
  )
  const rows = layerRows(known)
  assert.deepEqual(
    rows.map(({ layer }) => layer),
    ['encoder/0', 'encoder/1', 'decoder/0', 'decoder/1'],
  )
  assert.deepEqual(rows[0], { layer: 'encoder/0', gradient: 2, unpretrained: 0.01, change: 0.031 })
  assert.equal(changeSentence(rows, true), 'Fine-tuning moved the weights by 3.1% (encoder/0) to 25% (decoder/1) of their size.')
  assert.equal(
    changeSentence(
      rows.map((row) => ({ ...row, change: 0 })),
      false,
    ),
    null,
    'before the first epoch',
  )
  assert.equal(
    gradientSentence(rows),
    'From initial weights the gradient of the first layer is 200 times smaller than the largest ' +
      '(decoder/1); from pretrained weights it is 2 times smaller than the largest (encoder/1).',
  )
  const place = logarithmicPlace(rows.map(({ unpretrained }) => unpretrained))
  assert.deepEqual([0.01, 2, 0, null].map(place), [0, 1, null, null])

  const { stages } = planned('contractive', deep)
  const own = stackRows(stages, known)
  assert.deepEqual(
    own.map(({ title, jacobianNorm }) => [title, jacobianNorm]),
    [
      ['Layer 1', 5],
      ['Layer 2', 2.1],
    ],
  )
  const twin = own.map((row) => ({ ...row, jacobianNorm: 10 * row.jacobianNorm! }))
  assert.equal(
    contractionSentence(own, twin),
    'The stack contracts more than one without a regularizer: the Jacobian norm up to layer 2 is 2.1, that of the classical stack 21.',
  )
  assert.match(contractionSentence(twin, own)!, /contracts no more/)
  assert.equal(contractionSentence(own, []), null)
})

test('the run beside which a stack is seen has the same data, layers and seed, and layers without a regularizer', () => {
  const measured = { latest: { 'stack/jacobianNorm': 1 } }
  const run = runOf('own', 'contractive', deep, measured)
  const good = runOf('good', 'classical', deep, measured)
  const others = [
    run,
    runOf('seed', 'classical', deep, { ...measured, seed: 2 }),
    runOf('data', 'classical', deep, { ...measured, datasetId: 'other' }),
    runOf('layers', 'classical', { ...deep, 'network.layers': [256, 32] }, measured),
    runOf('regularized', 'classical', { ...deep, 'pretraining.variant': 'denoising' }, measured),
    runOf('flat', 'classical', { 'network.layers': [256, 64] }),
    runOf('waiting', 'classical', deep, { state: 'queued' }),
  ]
  assert.equal(plainTwin(run, others), null)
  const longer = runOf('longer', 'classical', { ...deep, 'pretraining.epochs': 9 }, { ...measured, createdAt: '2026-02-01' })
  assert.equal(plainTwin(run, [...others, longer, good])?.id, 'good', 'as long a pretraining before a newer run')
  assert.equal(plainTwin(run, [...others, longer])?.id, 'longer')
  assert.equal(plainTwin(good, [longer, run]), null, 'a plain stack needs no other')
})

test('the total over the training set is the number of its rows times the mean', () => {
  const dataset = { count: 70_000, testCount: 10_000, validationCount: 0 }
  const split = validationSplit({ train: Uint32Array.from({ length: 60_000 }, (_, i) => i), labels: null }, 1)
  assert.equal(trainingRows(splitCounts(dataset)), split.train.length)
  const latest = { 'train/loss': 110, 'train/weightDecay': 2 }
  assert.deepEqual(totalLoss(runOf('v', 'variational', {}, { latest }), dataset), { total: 54_000 * 108, rows: 54_000, mean: 108 })
  assert.equal(totalLoss(runOf('c', 'classical', {}, { latest }), dataset), null)
  assert.equal(totalLoss(runOf('v', 'variational', {}), dataset), null, 'before the first point')
})

test('a run with pretrained layers has the settings of its layers, changed against their own defaults', () => {
  const variants = variantInfos()
  const classical = variants.find(({ id }) => id === 'classical')
  const config = configOf('classical', { ...deep, 'pretraining.variant': 'denoising', 'pretraining.regularizer.rate': 0.25 })
  const groups = settingGroups(config, classical, variants, resolveConfig('classical', choicesOf(config), facts).fields)
  const rows = Object.fromEntries(
    groups.map(({ title, rows }) => [
      title,
      Object.fromEntries(rows.map(({ key, title, text, changed }) => [key, [title, text, changed]])),
    ]),
  )
  assert.deepEqual(rows['Pretraining']!['pretraining.variant'], ['Layer variant', 'Denoising', true])
  assert.deepEqual(rows['Pretraining']!['pretraining.regularizer.rate'], ['Rate', '0.25', true])
  assert.deepEqual(rows['Pretraining']!['pretraining.regularizer.noise'], ['Noise', 'masking', false])
  assert.equal(rows['Pretraining']!['pretraining.regularizer.sigma'], undefined)
  assert.deepEqual(rows['Fine-tuning']!['training.epochs'], ['Epochs', '3', true])
  assert.deepEqual(Object.keys(rows), ['Network', 'Pretraining', 'Fine-tuning'])
  const machines = configOf('classical', { 'network.layers': [256, 30], 'pretraining.kind': 'rbm' })
  const changed = settingGroups(
    machines,
    classical,
    variants,
    resolveConfig('classical', choicesOf(machines), facts).fields,
  ).flatMap((group) => group.rows.filter((row) => row.changed).map(({ key }) => key))
  assert.deepEqual(
    changed,
    ['network.layers', 'pretraining.kind'],
    'what follows from the choice of Boltzmann machines is no change',
  )
})

test('a gradient vanishes where the first layer gets a hundredth of the last one, and never with one hidden layer', () => {
  const flatLine = (value: number, length = 50): Float64Array => new Float64Array(length).fill(value)
  assert.equal(vanishing([flatLine(1e-6), flatLine(1)]), null, 'one hidden layer')
  assert.equal(vanishing([]), null)
  assert.equal(vanishing([flatLine(0.02), flatLine(0.1), flatLine(1)]), null)
  assert.equal(vanishing([flatLine(0.01), flatLine(0.1), flatLine(1)]), 100)
  assert.equal(vanishing([flatLine(1), flatLine(0.1), flatLine(0.001)]), null, 'the other way round')
  const noisy = flatLine(0.004)
  noisy.set([5, NaN, Infinity, 0], 40)
  assert.equal(vanishing([noisy, flatLine(0.1), flatLine(1)]), 250, 'single points do not count')
  assert.equal(vanishing([noisy.subarray(0, 0), flatLine(0.1), flatLine(1)]), null, 'before the first point')
  const recovered = flatLine(1e-5)
  recovered.fill(0.5, 20)
  assert.equal(vanishing([recovered, flatLine(0.1), flatLine(1)]), null, 'what it was at first is over')
})

test('below its own field an error names no key, and groups the digits of long numbers', () => {
  const message = (key: string, value: number): string => {
    const { problems } = resolveConfig('classical', { [key]: value }, facts)
    assert.equal(problems[0]!.field, key)
    return problems[0]!.message
  }
  assert.ok(message('training.epochs', 10 ** 7).endsWith('; change training.epochs.'))
  const said = saidBeside('training.epochs', message('training.epochs', 10 ** 7))
  assert.match(said, /not 10,000,000\.$/)
  assert.equal(
    saidBeside('a.b', 'X must be at most 16384, not 0.00012345 or v2026; change c.d.'),
    'X must be at most 16,384, not 0.00012345 or v2026; change c.d.',
  )
})
