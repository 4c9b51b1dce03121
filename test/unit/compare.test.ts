import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareRuns } from '../../src/main/engine/compare/comparison.ts'
import { dataNotes } from '../../src/main/engine/compare/dataNotes.ts'
import { textTables } from '../../src/main/engine/compare/textTables.ts'
import { formatSetting } from '../../src/main/engine/compare/formats.ts'
import { formatFigure } from '../../src/shared/figures.ts'
import { formatDecimals, formatQuantity } from '../../src/shared/quantities.ts'
import { resolveConfig, variantInfos } from '../../src/main/engine/variants/index.ts'
import type { Settings } from '../../src/shared/config.ts'
import { comparisonSchema } from '../../src/shared/comparison.ts'
import { evaluationSchema, type Dataset, type Run } from '../../src/shared/domain.ts'
import { evaluated, run } from '../fixtures/storedRuns.ts'

const variants = variantInfos()

const classical = run('a', 'classical', {}, { evaluation: evaluated(10.018) })
const denoising = run(
  'b',
  'denoising',
  { regularizer: { noise: 'masking', rate: 0.3 } },
  { evaluation: evaluated(9.5342, { psnr: 21.61 }) },
)
const pca = run(
  'c',
  'pca',
  { network: { layers: [30] } },
  { evaluation: evaluated(13.87, { crossEntropy: null, psnr: 18 }), latest: {} },
)
const differing = (runs: Run[]) =>
  Object.fromEntries(compareRuns(runs, variants).differences.map(({ key, values }) => [key, values]))
const figure = (runs: Run[], key: string) => compareRuns(runs, variants).figures.find((row) => row.key === key)!

test('only settings that differ are rows, and what a variant lacks is a dash', () => {
  const rows = differing([classical, denoising])
  assert.deepEqual(
    rows['variant'],
    ['classical', 'denoising'].map((id) => variants.find((variant) => variant.id === id)!.title),
  )
  assert.deepEqual(rows['regularizer.noise'], ['–', 'masking'])
  assert.deepEqual(rows['regularizer.rate'], ['–', '0.3'])
  assert.equal(rows['regularizer.sigma'], undefined, 'sigma belongs to Gaussian noise only')
  assert.equal(
    Object.keys(rows).some((key) => key.startsWith('training.') || ['dataset', 'seed', 'network.layers'].includes(key)),
    false,
  )

  const withPca = differing([classical, pca])
  assert.deepEqual(withPca['network.layers'], ['512, 64', '30'])
  assert.deepEqual(withPca['network.outputActivation'], ['sigmoid', 'linear'], 'what a variant determines is shown too')
  assert.deepEqual(withPca['training.epochs'], ['20', '–'], 'PCA has no epochs')
  assert.equal(withPca['network.codeActivation'], undefined, 'both are linear')

  const titles = compareRuns(
    [classical, { ...classical, id: 'x', seed: 2, datasetId: 'd2', dataset: 'faces' }],
    variants,
  ).differences
  assert.deepEqual(
    titles.map(({ key, title, values }) => [key, title, values]),
    [
      ['dataset', 'Dataset', ['mnist', 'faces']],
      ['seed', 'Seed', ['1', '2']],
    ],
  )
  assert.deepEqual(compareRuns([classical, { ...classical, id: 'x' }], variants).differences, [])
})

test('what has no use in a run is no difference, in no table and to no group', () => {
  const network = { layers: [16, 4] }
  const bernoulli = run('v', 'variational', { network })
  const gaussian = run('g', 'variational', { network, regularizer: { decoder: 'gaussian' } })
  const squared = run('s', 'classical', { network, reconstruction: 'squaredError' }),
    nats = run('n', 'classical', { network })
  // A likelihood is the reconstruction term of variational runs, whatever their stored config says.
  for (const one of [bernoulli, gaussian])
    for (const other of [squared, nats]) assert.ok(!('reconstruction' in differing([one, other])))
  assert.deepEqual(differing([nats, bernoulli, squared])['reconstruction'], ['crossEntropy', '–', 'squaredError'])
  assert.deepEqual(differing([bernoulli, gaussian])['regularizer.decoder'], ['bernoulli', 'gaussian'])
  // With one layer there is no hidden one.
  const shallow = (activation: string) => run(activation, 'classical', { network: { layers: [4], activation } })
  const two = [shallow('tanh'), shallow('relu')]
  assert.deepEqual(differing(two), {})
  assert.equal(compareRuns(two, variants).groups.length, 1, 'and they are one setting')
  assert.equal(differing([pca, shallow('relu')])['network.activation'], undefined)
  // Classes are learnt without the objective and without a decoder; after pretraining the first layer rebuilds images.
  const classifier = (settings: Settings) =>
    run(JSON.stringify(settings), 'sparseL1', { 'network.layers': [16, 4], 'fineTuning.kind': 'classification', ...settings })
  const others = {
    'regularizer.lambda': 3,
    reconstruction: 'squaredError',
    'network.outputActivation': 'linear',
    'network.tied': true,
  }
  assert.deepEqual(differing([classifier({}), classifier(others)]), {})
  const pretrained = { 'pretraining.kind': 'greedy' }
  const layered = [classifier(pretrained), classifier({ ...pretrained, reconstruction: 'squaredError' })]
  assert.deepEqual(Object.keys(differing(layered)), ['reconstruction'])
  // What lets a part of the code through does so for classes, too.
  const gated = (k: number) =>
    run(`k${k}`, 'kSparse', { network: { layers: [16, 8] }, regularizer: { k }, fineTuning: { kind: 'classification' } })
  assert.deepEqual(differing([gated(2), gated(4)]), { 'regularizer.k': ['2', '4'] })
  // Nor is it in the tables that are written.
  for (const table of [textTables.settings, textTables.runs]) {
    const columns = table(compareRuns([nats, bernoulli], variants)).columns.map(({ title }) => title)
    const has = (name: string) => columns.some((title) => title.endsWith(name))
    assert.ok(has('Decoder') && !has('Reconstruction'), columns.join())
  }
  // It is said to whoever sets it.
  const { warnings } = resolveConfig('classical', { 'network.layers': [4], 'network.activation': 'tanh' })
  assert.deepEqual(warnings, ['Hidden activation has no effect: with one layer, which is the code, there is no hidden one.'])
  assert.deepEqual(resolveConfig('classical', { 'network.layers': [4], 'network.activation': 'relu' }).warnings, [])
})

test('few test images, and a cross-entropy that is no likelihood of photographs, are said once', () => {
  const dataset = (name: string, testCount: number) => ({ name, testCount, kind: 'image' }) as Dataset
  const about = (testCount: number, pixels?: 'colour' | 'gray' | 'nearlyBinary') => () => ({
    dataset: dataset('faces', testCount),
    facts: { kind: 'image', ...(pixels ? { pixels } : {}) } as const,
  })
  const both = [classical, denoising]
  assert.deepEqual(dataNotes(both, about(100, 'nearlyBinary')), [])
  assert.deepEqual(dataNotes(both, about(9)), [
    'Figures on “faces” stand on 9 test images only: one more or less is 11 points of an accuracy, ' +
      'and a difference between two runs may be chance.',
  ])
  assert.match(dataNotes(both, about(1))[0]!, /stand on 1 test image only: one more or less is 100 points/)
  // Networks that were trained for cross-entropy, or were only measured by it, on photographs: one sentence.
  const squared = run('s', 'classical', { reconstruction: 'squaredError' }, { evaluation: evaluated(9) })
  for (const runs of [both, [squared]]) {
    const [note = '', ...more] = dataNotes(runs, about(500, 'colour'))
    assert.match(
      note,
      /^Cross-entropy is the likelihood of pixels that are 0 or 1, and these are colour images: of them it is none/,
    )
    assert.deepEqual(more, [])
  }
  const [, bound = ''] = dataNotes([squared, run('v', 'variational', {}, { name: 'ink' })], about(500, 'gray'))
  assert.match(bound, /^“ink”: A Bernoulli likelihood .* these are images of many shades of gray/)
  // What is drawn as 0 or 1, and what was not measured, needs no word.
  const drawn = run('d', 'classical', { 'data.binarise': 'fixed' }, { evaluation: evaluated(9) })
  assert.deepEqual(dataNotes([drawn, { ...classical, evaluation: null }], about(500, 'colour')), [])
})

test('figures have the digits that make sense, and the best is marked only where there is one', () => {
  const runs = [classical, denoising, pca]
  assert.deepEqual(figure(runs, 'squaredError').texts, ['10.02', '9.53', '13.87'])
  assert.deepEqual(figure(runs, 'squaredError').best, [1])
  assert.deepEqual(figure(runs, 'psnr').texts, ['21.4', '21.6', '18.0'])
  assert.deepEqual(figure(runs, 'psnr').best, [1], 'a higher ratio is better')
  assert.deepEqual(figure(runs, 'crossEntropy').texts, ['72.40', '72.40', '–'])
  assert.deepEqual(figure(runs, 'crossEntropy').best, [], 'the two that have a value are equal')
  assert.deepEqual([figure(runs, 'linearProbeAccuracy').texts[0], figure(runs, 'linearProbeAccuracy').unit], ['93.0', '%'])
  assert.deepEqual(
    compareRuns(runs, variants)
      .figures.map(({ key }) => key)
      .slice(11),
    [
      'jacobianNorm',
      'contractionRatio.midpointJacobianNorm',
      'contractionRatio.radius.0.5',
      'contractionRatio.radius.1',
      'contractionRatio.radius.2',
      'contractionRatio.radius.4',
      'saturation',
      'linearShare',
      'meanActivation',
      'hoyerSparsity',
      'unitActivity.dead',
      'unitActivity.always',
      'robustness.masking.0.1',
      'robustness.masking.0.25',
      'robustness.masking.0.5',
      'robustness.gaussian.0.1',
      'robustness.gaussian.0.25',
      'robustness.gaussian.0.5',
    ],
  )
  assert.deepEqual(figure(runs, 'robustness.masking.0.25').values, [15, 15, 15])
  assert.deepEqual(
    figure([classical, { ...denoising, evaluation: evaluated(10.0183) }, pca], 'squaredError').best,
    [0, 1],
    'two that read the same',
  )
  assert.deepEqual(
    figure([classical, { ...denoising, evaluation: null }], 'squaredError').best,
    [],
    'one value is not the best of anything',
  )
})

test('what the encoder does is shown and not ranked', () => {
  const contracted = {
    ...denoising,
    evaluation: evaluated(9, { jacobianNorm: 3.2, saturation: 0.125, unitActivity: [0, 0.009, 0.01, 0.99, 0.991] }),
  }
  const runs = [classical, contracted, { ...pca, evaluation: null }]
  const shown = (key: string) => figure(runs, key).texts
  assert.deepEqual(shown('jacobianNorm'), ['20.94', '3.20', '–'])
  assert.deepEqual(shown('contractionRatio.radius.4'), ['0.745', '0.745', '–'])
  assert.deepEqual([shown('saturation'), figure(runs, 'saturation').unit], [['–', '12.5', '–'], '%'])
  assert.deepEqual(shown('unitActivity.dead'), ['1 of 4', '2 of 5', '–'])
  assert.deepEqual(shown('unitActivity.always'), ['1 of 4', '1 of 5', '–'])
  assert.deepEqual(figure(runs, 'unitActivity.dead').values, [1, 2, null])
  assert.ok(
    compareRuns(runs, variants)
      .figures.slice(11, 23)
      .every(({ best, better }) => best.length === 0 && better === 'neither'),
  )
  // What was stored before these figures existed.
  const { version, checkpoint, squaredError, crossEntropy, psnr, linearProbeAccuracy, knnAccuracy, robustness, seconds } =
    evaluated(9)
  const old = {
    ...denoising,
    evaluation: evaluationSchema.parse({
      version,
      checkpoint,
      squaredError,
      crossEntropy,
      psnr,
      linearProbeAccuracy,
      knnAccuracy,
      robustness,
      seconds,
    }),
  }
  comparisonSchema.parse(compareRuns([classical, old], variants))
  assert.deepEqual(figure([classical, old], 'unitActivity.dead').texts, ['1 of 4', '–'])
  // They are ranked by what they have, and what they lack is a dash.
  assert.deepEqual(figure([classical, old], 'squaredError').best, [1])
  assert.deepEqual(figure([classical, old], 'squaredErrorPerValue').texts, ['0.0128', '–'])
  assert.deepEqual(figure([classical, old], 'ssim').texts, ['0.812', '–'])
  assert.deepEqual(compareRuns([classical, old], variants).notes, compareRuns([classical, denoising], variants).notes)
})

test('any subset of runs and of figures gives a valid comparison whose values do not depend on the order', () => {
  const states = ['queued', 'submitted', 'running', 'paused', 'interrupted', 'unknown', 'diverged', 'failed', 'cancelled'] as const
  const others = states.map((state, i) => ({ ...classical, id: state, name: state, state, evaluation: null, seed: i }))
  const partial = ['squaredError', 'psnr', 'linearProbeAccuracy', 'contractionRatio', 'unitActivity', 'robustness'].map((key) => ({
    ...denoising,
    id: key,
    evaluation: { ...evaluated(9), [key]: null },
  }))
  const all = [classical, ...partial, pca, ...others, denoising]
  const comparison = compareRuns(all, variants)
  comparisonSchema.parse(comparison)
  const reversed = compareRuns(all.toReversed(), variants)
  const mirrored = (row: { best: number[] }) => row.best.map((index) => all.length - 1 - index).toReversed()
  assert.deepEqual(
    reversed.figures.map(({ values }) => values.toReversed()),
    comparison.figures.map(({ values }) => values),
  )
  assert.deepEqual(
    reversed.figures.map(({ best }) => best),
    comparison.figures.map(mirrored),
  )
  assert.deepEqual(
    reversed.differences.map(({ key, values }) => [key, values.toReversed()]),
    comparison.differences.map(({ key, values }) => [key, values]),
  )
  assert.deepEqual(reversed.notes, comparison.notes)
  assert.deepEqual(reversed.seriesKeys, comparison.seriesKeys)
  for (const runs of [[], [classical], [pca, { ...others[0]! }]]) comparisonSchema.parse(compareRuns(runs, variants))
  assert.equal(compareRuns(all, []).differences.length > 0, true, 'unknown variants are compared by their configs')
})

test('the sentence says who is best, by how much, and what one seed cannot tell', () => {
  const { sentence } = compareRuns([classical, denoising, pca], variants)
  assert.match(sentence, /“denoising b” has the lowest squared error, 9\.53 against 10\.02 of “classical a”; with one seed/)
  assert.match(compareRuns([classical, { ...denoising, evaluation: null }], variants).sentence, /cannot be ranked/)
  const again = { ...classical, id: 'z', name: 'again', evaluation: evaluated(10.4) }
  assert.match(compareRuns([classical, again], variants).sentence, /with other seeds is not tested/)
  assert.match(compareRuns([classical, { ...classical, id: 'z', name: 'same' }], variants).sentence, /same squared error, 10\.02/)
  const noError = [classical, denoising].map((own) => ({
    ...own,
    evaluation: evaluated(null, {
      crossEntropy: null,
      psnr: null,
      ssim: null,
      knnAccuracy: own === classical ? 0.9 : 0.95,
      linearProbeAccuracy: null,
    }),
  }))
  assert.match(
    compareRuns(noError, variants).sentence,
    /“denoising b” has the highest 5-nearest-neighbour accuracy, 95\.0% against 90\.0%/,
  )
  const names = ['<img src=x onerror=alert(1)>', '“$&\\n${1}”']
  const hostile = [
    { ...classical, name: names[0]! },
    { ...denoising, name: names[1]!, state: 'diverged' as const },
  ]
  const text = JSON.stringify(compareRuns(hostile, variants))
  for (const name of names) assert.ok(text.includes(JSON.stringify(name).slice(1, -1)), 'names are left as they are')
  assert.ok(compareRuns(hostile, variants).sentence.includes(`“${names[1]}” has the lowest`))
})

test('what is not comparable is said, and not ranked where it was not measured alike', () => {
  const notes = (runs: Run[]) => compareRuns(runs, variants).notes
  assert.deepEqual(notes([classical, denoising]), [])
  const elsewhere = { ...denoising, datasetId: 'd2', dataset: 'faces' }
  assert.match(notes([classical, elsewhere])[0]!, /different datasets \(faces and mnist\).*not ranked/)
  const older = { ...denoising, evaluation: evaluated(9, { version: 0 }) }
  assert.match(notes([classical, older])[0]!, /different versions .*\(0 and 1\)/)
  for (const other of [elsewhere, older]) {
    const { figures, sentence } = compareRuns([classical, other], variants)
    assert.ok(figures.every(({ best }) => best.length === 0))
    assert.match(sentence, /not measured alike/)
  }
  assert.match(
    notes([classical, { ...denoising, evaluation: evaluated(9, { checkpoint: 'best' }) }])[0]!,
    /of “denoising b” the one with the lowest/,
  )
  assert.match(notes([classical, { ...denoising, state: 'running', evaluation: null }])[0]!, /“denoising b” is still running/)
  assert.deepEqual(
    notes([
      { ...classical, state: 'paused' },
      { ...denoising, state: 'paused' },
    ]),
    ['“classical a” and “denoising b” are paused.'],
  )
  assert.match(notes([classical, pca]).join(' '), /different sizes \(30 and 64\)/)
  assert.match(notes([classical, { ...denoising, seed: 2 }])[0]!, /different validation images/)
  assert.deepEqual(notes([classical, { ...classical, id: 'x', seed: 2 }]), [], 'seeds of one setting are compared as such')
  assert.match(notes([classical, { ...classical, id: 'x' }])[0]!, /One run repeats the settings and the seed/)
})

test('seeds of one setting that several kinds of processors trained are noted, and those of one kind are not', () => {
  const on = (id: string, seed: number, processor: string | null, threads = 2) =>
    run(id, 'classical', {}, { seed, processor, threads, evaluation: evaluated(10 + seed) })
  const notes = (...runs: Run[]) => compareRuns([...runs, denoising], variants).notes.filter((note) => /processor/.test(note))
  assert.deepEqual(notes(on('a', 1, 'EPYC'), on('b', 2, 'EPYC'), on('c', 3, null)), [])
  const [note, ...more] = notes(on('a', 1, 'EPYC'), on('b', 2, 'Xeon'))
  assert.equal(more.length, 0)
  assert.match(note!, /EPYC with 2 threads.*Xeon with 2 threads.*other last digits/)
  assert.match(notes(on('a', 1, 'EPYC', 1), on('b', 2, 'EPYC', 2))[0]!, /EPYC with 1 thread.*EPYC with 2 threads/)
})

test('series are in the order in which one reads them', () => {
  const latest = Object.fromEntries(
    [
      'validation/zeta',
      'train/weightDecay',
      'validation/loss',
      'train/reconstruction',
      'train/loss',
      'validation/reconstruction',
    ].map((key) => [key, 1]),
  )
  assert.deepEqual(compareRuns([{ ...classical, latest }, pca], variants).seriesKeys, [
    'train/loss',
    'validation/loss',
    'train/reconstruction',
    'validation/reconstruction',
    'train/weightDecay',
    'validation/zeta',
  ])
})

test('runs with pretrained layers are compared by the settings of their layers, and by the curves of the whole network only', () => {
  const greedy = (id: string, variant: string, more: Settings = {}, ran: Partial<Run> = {}) =>
    run(id, 'classical', { 'pretraining.kind': 'greedy', 'pretraining.variant': variant, ...more }, ran)
  const plain = greedy('p', 'classical')
  const noisy = greedy('n', 'denoising', { 'pretraining.regularizer.rate': 0.25, 'pretraining.batchSize': 64 })
  const rows = compareRuns([classical, plain, noisy], variants).differences
  const values = Object.fromEntries(rows.map(({ key, values }) => [key, values]))
  assert.deepEqual(values['pretraining.kind'], ['none', 'greedy', 'greedy'])
  assert.deepEqual(values['pretraining.variant'], ['–', 'classical', 'denoising'])
  assert.deepEqual(values['pretraining.regularizer.rate'], ['–', '–', '0.25'])
  assert.deepEqual(values['pretraining.batchSize'], ['–', '128', '64'])
  assert.equal(values['pretraining.regularizer.sigma'], undefined, 'sigma belongs to Gaussian noise only')
  assert.equal(values['fineTuning.labelled'], undefined)
  const titles = rows.map(({ title }) => title)
  assert.equal(new Set(titles).size, titles.length, `each row has a name of its own: ${titles.join(', ')}`)
  assert.deepEqual(
    compareRuns([noisy, plain, classical], variants).differences.map(({ key, title }) => [key, title]),
    rows.map(({ key, title }) => [key, title]),
  )

  const latest = Object.fromEntries(
    [
      'pretraining/0/train/loss',
      'pretraining/0/gradient/encoder/0',
      'train/loss',
      'validation/loss',
      'gradient/encoder/0',
      'validation/klPerUnit/3',
      'validation/klPerUnit/12',
      'stack/jacobianNorm',
      'weightChange/encoder/0',
      'gradientUnpretrained/encoder/0',
    ].map((key) => [key, 1]),
  )
  assert.deepEqual(compareRuns([{ ...plain, latest }, noisy], variants).seriesKeys, [
    'train/loss',
    'validation/loss',
    'gradient/encoder/0',
  ])

  const sorts = (id: string, accuracy: number) => ({
    ...greedy(id, 'classical', { 'fineTuning.kind': 'classification' }),
    evaluation: evaluated(null, { classificationAccuracy: accuracy }),
  })
  assert.equal(figure([plain, noisy], 'classificationAccuracy'), undefined)
  assert.deepEqual(figure([sorts('s', 0.91), sorts('t', 0.93), plain], 'classificationAccuracy').texts, ['91.0', '93.0', '–'])
  assert.match(
    compareRuns([sorts('s', 0.91), sorts('t', 0.93)], variants).sentence,
    /“classical t” has the highest classification accuracy, 93\.0% against 91\.0%/,
  )
  assert.match(compareRuns([sorts('s', 0.91), plain], variants).notes.join(' '), /to tell classes apart and others to reconstruct/)
})

test('numbers are written with at least three significant digits and never as NaN', () => {
  const written = [
    9.5342,
    72.41,
    1234.56,
    54321.9,
    0.012345,
    0.5,
    0,
    1.234e-6,
    1.5e9,
    -0.001234,
    NaN,
    Infinity,
    null,
    undefined,
  ].map(formatQuantity)
  assert.deepEqual(written, [
    '9.53',
    '72.41',
    '1234.6',
    '54322',
    '0.0123',
    '0.500',
    '0',
    '1.23e−6',
    '1.50e9',
    '−0.00123',
    '–',
    '–',
    '–',
    '–',
  ])
  for (let exponent = -12; exponent < 12; exponent += 0.37) {
    const value = 10 ** exponent
    assert.ok(Math.abs(Number(formatQuantity(value).replace('−', '-')) / value - 1) < 0.0051, String(value))
  }
  assert.deepEqual(
    [formatFigure(0.9304, { unit: '%' }), formatFigure(null, { unit: '%' }), formatDecimals(-0.0001, 2)],
    ['93.0', '–', '0.00'],
  )
  assert.deepEqual([[512, 64], true, 0.001, 'masking', null].map(formatSetting), ['512, 64', 'yes', '0.001', 'masking', '–'])
})

test('a ranking by what only some were trained for says so, in every combination', () => {
  const kinds: [name: string, variant: string, settings: object, aim: string, goal: string | null][] = [
    ['ce', 'classical', {}, 'for cross-entropy', 'crossEntropy'],
    ['se', 'denoising', { reconstruction: 'squaredError' }, 'for squared error', 'squaredError'],
    ['pca', 'pca', {}, 'for squared error', 'squaredError'],
    ['vae', 'variational', {}, 'for the bound under a Bernoulli likelihood', 'elbo'],
    ['gauss', 'variational', { 'regularizer.decoder': 'gaussian' }, 'for the bound under a Gaussian likelihood', 'elbo'],
    ['beta', 'betaVae', {}, 'for a bound under a Bernoulli likelihood whose KL term weighs 4', null],
    ['iwae', 'iwae', {}, 'for the importance-weighted bound under a Bernoulli likelihood', null],
    ['rbm', 'rbm', {}, 'by contrastive divergence', null],
    ['classes', 'classical', { 'fineTuning.kind': 'classification' }, 'for the classes', 'linearProbeAccuracy'],
  ]
  const made = (index: number, seed: number): Run => {
    const [name, variant, settings] = kinds[index]!
    return run(
      `${name}${seed}`,
      variant,
      { 'network.layers': [8], ...settings },
      {
        seed,
        name,
        evaluation: evaluated(10 + index + seed / 10, {
          crossEntropy: 90 + index + seed / 10,
          linearProbeAccuracy: 0.8 + index / 100 + seed / 1000,
          elbo: -90 - index,
        }),
      },
    )
  }
  for (const seeds of [[1], [1, 2, 3]]) {
    for (let a = 0; a < kinds.length; a++) {
      for (let b = 0; b < a; b++) {
        const both = [...seeds.map((seed) => made(b, seed)), ...seeds.map((seed) => made(a, seed))]
        for (const figure of ['squaredError', 'crossEntropy', 'linearProbeAccuracy', 'elbo']) {
          const { sentence, notes, headline } = compareRuns(both, variants, { figure })
          if (headline !== figure) continue
          const aims = [kinds[b]!, kinds[a]!],
            label = `${aims.map(([name]) => name).join(' and ')} by ${figure}: ${sentence}`
          const fair =
            aims.every(([, , , , goal]) => goal === figure) ||
            (figure === 'linearProbeAccuracy' && !aims.some(([name]) => name === 'classes'))
          if (fair) assert.doesNotMatch(sentence, /trained (for|by)/, label)
          else if (/not measured alike|not compared|no run is better/.test(sentence)) continue
          else for (const [, , , aim] of aims) assert.ok(sentence.includes(aim), `${label} lacks “${aim}”`)
          if (aims[0]![3] === aims[1]![3]) assert.ok(!notes.some((note) => note.startsWith('Not all were trained for the same')))
          else
            assert.ok(
              notes.some(
                (note) => note.startsWith('Not all were trained for the same') && aims.every(([, , , aim]) => note.includes(aim)),
              ),
              label,
            )
        }
      }
    }
  }
  const together = compareRuns(
    [1, 2, 3].flatMap((seed) => [made(0, seed), made(2, seed)]),
    variants,
    { figure: 'squaredError' },
  )
  assert.match(together.sentence, /; PCA was trained for squared error and classical for cross-entropy\.$/)
  assert.match(textTables.groups(together).note!, /Not all were trained for the same: .*PCA/)
  const alike = compareRuns(
    [1, 2, 3].flatMap((seed) => [
      made(0, seed),
      { ...made(0, seed), id: `d${seed}`, variant: 'denoising', config: run('d', 'denoising', { 'network.layers': [8] }).config },
    ]),
    variants,
    { figure: 'squaredError' },
  )
  assert.match(alike.sentence, /; both were trained for cross-entropy, not for squared error\.$/)
})
