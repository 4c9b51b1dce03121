import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Settings } from '../../src/shared/config.ts'
import { settingsFrom } from '../../src/main/engine/cli/settings.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'
import { homeWithDataset, testEngine } from '../fixtures/homes.ts'

/** What is wrong is refused before anything starts, with the field at fault and what it may be. */

/** Settings, as typed; the field that is refused; what the sentence says about what is allowed. */
const refused: [variant: string, typed: string[], field: string, allowed: RegExp][] = [
  // Rho outside the range of the code's activation.
  ['sparseKl', ['regularizer.rho=0'], 'regularizer.rho', /between 0 and 1/],
  ['sparseKl', ['regularizer.rho=1'], 'regularizer.rho', /between 0 and 1/],
  ['sparseKl', ['regularizer.rho=-0.2'], 'regularizer.rho', /between 0 and 1/],
  ['sparseBias', ['regularizer.rho=-1'], 'regularizer.rho', /between -1 and 1/],
  ['sparseBias', ['regularizer.rho=1.5'], 'regularizer.rho', /between -1 and 1/],
  ['sparseBias', ['network.codeActivation=sigmoid', 'regularizer.rho=-0.9'], 'regularizer.rho', /between 0 and 1.*sigmoid/],
  ['sparseBias', ['network.codeActivation=relu', 'regularizer.rho=0'], 'regularizer.rho', /above 0/],
  // Rates outside [0, 1].
  ['denoising', ['regularizer.rate=1.01'], 'regularizer.rate', /at least 0 and at most 1/],
  ['denoising', ['regularizer.rate=-0.1'], 'regularizer.rate', /at least 0 and at most 1/],
  ['dropout', ['regularizer.rate=1'], 'regularizer.rate', /at least 0 and below 1/],
  ['dropout', ['regularizer.rate=-0.1'], 'regularizer.rate', /at least 0 and below 1/],
  ['sparseBias', ['regularizer.decay=1.1'], 'regularizer.decay', /at least 0 and at most 1/],
  // Negative strengths.
  ['contractive', ['regularizer.lambda=-1'], 'regularizer.lambda', /at least 0/],
  ['sparseL1', ['regularizer.lambda=-0.001'], 'regularizer.lambda', /at least 0/],
  ['sparseKl', ['regularizer.beta=-5'], 'regularizer.beta', /at least 0/],
  ['denoising', ['regularizer.sigma=-1', 'regularizer.noise=gaussian'], 'regularizer.sigma', /at least 0/],
  ['denoising', ['regularizer.cleanWeight=-1'], 'regularizer.cleanWeight', /at least 0/],
  ['denoising', ['regularizer.cleanWeight=0', 'regularizer.corruptedWeight=0'], 'regularizer.corruptedWeight', /above 0/],
  ['classical', ['training.weightDecay=-0.1'], 'training.weightDecay', /at least 0/],
  // More units than there are.
  ['kSparse', ['regularizer.k=65'], 'regularizer.k', /from 1 to 8/],
  ['kSparse', ['network.layers=4', 'regularizer.k=5'], 'regularizer.k', /from 1 to 4/],
  ['kSparse', ['regularizer.k=0'], 'regularizer.k', /at least 1/],
  ['kSparse', ['regularizer.k=2.5'], 'regularizer.k', /whole number/],
  ['pca', ['network.layers=17'], 'network.layers', /\(16\)/],
  // A batch that the training split cannot fill: 900 images less a tenth for validation.
  ['classical', ['training.batchSize=811'], 'training.batchSize', /810 images.*at most that/],
  ['classical', ['training.batchSize=0'], 'training.batchSize', /at least 1/],
  // What a variant determines.
  ['pca', ['network.tied=false'], 'network.tied', /determines network.tied/],
  ['variational', ['network.tied=true'], 'network.tied', /determines network.tied \(false\)/],
  ['sparseKl', ['network.codeActivation=tanh'], 'network.codeActivation', /determines network.codeActivation/],
  // What is no number, or not a finite one.
  ['classical', ['training.learningRate=NaN'], 'training.learningRate', /above 0 and at most 1000/],
  ['classical', ['training.learningRate=Infinity'], 'training.learningRate', /above 0 and at most 1000/],
  ['classical', ['training.learningRate=0'], 'training.learningRate', /above 0/],
  ['classical', ['training.learningRate='], 'training.learningRate', /above 0/],
  ['classical', ['training.epochs=1e3.5'], 'training.epochs', /whole number/],
  ['classical', ['network.tied=yes'], 'network.tied', /true or false/],
  ['classical', ['network.layers=512,,64'], 'network.layers', /whole numbers/],
  ['classical', ['network.layers=0'], 'network.layers', /at least 1/],
  ['classical', ['training.optimizer=Adam'], 'training.optimizer', /adam, sgd, momentum, rmsprop/],
  // Settings that do not go together.
  ['classical', ['network.outputActivation=tanh'], 'reconstruction', /sigmoid.*squaredError/],
  ['classical', ['training.epochs=3', 'training.warmupEpochs=4'], 'training.warmupEpochs', /at most 3/],
  ['variational', ['training.epochs=3', 'regularizer.warmupEpochs=4'], 'regularizer.warmupEpochs', /at most 3/],
  ['betaVae', ['training.epochs=3', 'regularizer.warmupEpochs=3.5'], 'regularizer.warmupEpochs', /at most 3/],
  ['denoising', ['regularizer.noise=weights', 'regularizer.corruption=fixed'], 'regularizer.corruption', /leave it at its default/],
]

test('settings out of range are refused with their field and range, and no run begins', async (t) => {
  const { call, events } = testEngine(t, homeWithDataset(t))
  for (const [variant, typed, field, allowed] of refused) {
    const settings = settingsFrom(typed, undefined, resolveConfig(variant, {}).fields)
    await assert.rejects(
      call('runs.create', { dataset: 'digits', variant, settings, seed: 1 }),
      (thrown: { code: string; field: string; message: string }) => {
        assert.equal(thrown.code, 'SETTING_INVALID', `${variant} ${typed.join(' ')}: ${thrown.message}`)
        assert.equal(thrown.field, field, `${variant} ${typed.join(' ')}: ${thrown.message}`)
        assert.match(thrown.message, allowed)
        assert.ok(thrown.message.includes(field.split('.').at(-1)!), `the sentence does not say what to change: ${thrown.message}`)
        return true
      },
    )
  }
  assert.deepEqual((await call('runs.list', {})).runs, [])
  assert.deepEqual(
    events.filter(({ type }) => type === 'run'),
    [],
  )
})

/** Convolutions for images of 9 x 7 x 3, as typed or as a list; with other settings; the field that is refused; what is said. */
const written = /FILTERSxKERNEL.*none, or auto/
const large = Array.from({ length: 12 }, () => '4096x7').join()
const misshapen: [variant: string, convolutions: unknown, more: Settings, field: string, says: RegExp][] = [
  ...[
    '32x',
    'x4',
    '0x4',
    '32x0',
    '32x4s0',
    '32*4',
    '-32x4',
    '3.5x2',
    '4097x3',
    '32x65',
    '99999999999999999999x3',
    '32x4s2;',
    'auto,32x4',
  ]
    .concat(['none,32x4', '', 'conv', '32x4s2s2', '1e3x3', Array.from({ length: 13 }, () => '4x3').join()])
    .map((text): (typeof misshapen)[number] => ['classical', text, {}, 'network.convolutions', written]),
  ...[
    null,
    7,
    true,
    [32],
    [[4, 3]],
    [{ filters: 4 }],
    [{ filters: 4, kernel: 3, padding: 'same' }],
    [{ filters: '4', kernel: 3 }],
  ].map((value): (typeof misshapen)[number] => ['classical', value, {}, 'network.convolutions', written]),
  ['classical', '8x8', {}, 'network.convolutions', /images of 9 x 7 pixels.*kernel of 8 is too large.*at most 7/],
  ['classical', '8x3s2,8x3s2,8x3', {}, 'network.convolutions', /Convolution 3 reads maps of 3 x 2 pixels.*kernel of 3.*at most 2/],
  ['classical', '8x3s8', {}, 'network.convolutions', /stride of 8 leaves nothing.*at most 7/],
  ['classical', large, {}, 'network.convolutions', /parameters.*of memory, and this machine has.*fewer filters/],
  ['pca', '8x3', {}, 'network.convolutions', /PCA determines network.convolutions \(none\)/],
  ['rbm', '8x3', {}, 'network.convolutions', /Boltzmann machine determines network.convolutions \(none\)/],
  ['classical', '8x3', { 'pretraining.kind': 'rbm' }, 'network.convolutions', /pretrain dense layers only.*none.*greedy/],
  ['classical', '8x3', { 'network.layers': [] }, 'network.layers', /1 to 12 whole numbers/],
  ['kSparse', '8x3', { 'network.layers': [4], 'regularizer.k': 5 }, 'regularizer.k', /from 1 to 4/],
  // What a pretrained convolution must be is said of it.
  [
    'classical',
    '8x3',
    {
      'pretraining.kind': 'greedy',
      'pretraining.variant': 'sparseBias',
      'pretraining.regularizer.rho': -0.5,
      'network.activation': 'relu',
    },
    'pretraining.regularizer.rho',
    /Convolution 8x3: Rho/,
  ],
]

test('convolutions that cannot be are refused before anything starts: by runs, by plans and where the form asks', async (t) => {
  const home = homeWithDataset(t, [
    { id: 'photos00', name: 'photos', width: 9, height: 7, channels: 3, sha256: 'e'.repeat(64) },
    { id: 'points00', name: 'points', kind: 'vector', width: 63, height: 1, channels: 3, sha256: 'd'.repeat(64) },
  ])
  const { call } = testEngine(t, home)
  const cases: [dataset: string, ...(typeof misshapen)[number]][] = [
    ...misshapen.map((each): [string, ...typeof each] => ['photos', ...each]),
    [
      'points',
      'classical',
      '8x3',
      { reconstruction: 'squaredError' },
      'network.convolutions',
      /no images that could be convolved.*none/,
    ],
  ]
  for (const [dataset, variant, convolutions, more, field, says] of cases) {
    const what = `${dataset}, ${variant}, ${JSON.stringify(convolutions)}`
    const settings: Settings = { 'network.convolutions': convolutions, ...more }
    const holds = ({ code, field: at, message }: { code: string; field?: string; message: string }, prefix = '') => {
      assert.deepEqual([code, at], ['SETTING_INVALID', `${prefix}${field}`], `${what}: ${message}`)
      assert.match(message, says, what)
      assert.doesNotMatch(message, /\[object|undefined|NaN/, what)
      assert.ok(message.endsWith('.') && message.length < 420, `${what}: ${message}`)
    }
    await assert.rejects(
      call('runs.create', { dataset, variant, settings, seed: 1 }),
      (thrown: { code: string; message: string }) => {
        holds(thrown)
        return true
      },
      what,
    )
    const form = await call('runs.check', { variant, dataset, settings })
    holds(form.problems[0]!)
    const plan = {
      name: what.slice(0, 40),
      dataset,
      seeds: [1],
      settings: {},
      sweep: {},
      variants: [{ variant, settings, sweep: {} }],
    }
    const { problems } = (await call('experiments.check', { plan })).check
    holds(problems[0]!, 'variants.0.settings.')
  }
  assert.deepEqual((await call('runs.list', {})).runs, [])
})

test('a network or a batch beyond the memory of the machine is refused, with what would fit', () => {
  const facts = { kind: 'image', rowSize: 49_152, size: { width: 128, height: 128, channels: 3 }, trainCount: 100_000 } as const
  const problem = (settings: Settings, memory: number, variant = 'classical') =>
    resolveConfig(variant, settings, { ...facts, memory }).problems[0]
  assert.equal(problem({}, 4e9), undefined)
  assert.equal(problem({ 'network.layers': [64] }, 4e9, 'pca'), undefined)
  assert.equal(problem({ 'network.convolutions': 'none', 'network.layers': [16384] }, 16e9)?.field, 'network.layers')
  assert.equal(problem({ 'network.layers': [16384] }, 1e9)?.field, 'network.convolutions')
  const batch = problem({ 'training.batchSize': 4096 }, 4e9)!
  assert.equal(batch.field, 'training.batchSize')
  const most = Number(/at most ([\d,]+)/.exec(batch.message)![1]!.replaceAll(',', ''))
  assert.equal(problem({ 'training.batchSize': most }, 4e9), undefined)
  assert.notEqual(problem({ 'training.batchSize': most + 1 }, 4e9), undefined)
})

test('every number of every variant is refused beyond its range, and taken at its ends', () => {
  for (const { id } of variants) {
    const { fields } = resolveConfig(id, {})
    for (const { key, kind, minimum, maximum, exclusiveMinimum, exclusiveMaximum } of fields.filter(
      (field) => field.kind === 'number' || field.kind === 'integer',
    )) {
      const problemsOf = (value: unknown) => resolveConfig(id, { [key]: value }).problems
      const step = kind === 'integer' ? 1 : 1e-3
      const wrong = [
        NaN,
        Infinity,
        '1',
        null,
        true,
        [1],
        ...(minimum === undefined ? [] : [minimum - step]),
        ...(exclusiveMinimum ? [minimum] : []),
        ...(maximum === undefined ? [] : [maximum + step]),
        ...(exclusiveMaximum ? [maximum] : []),
      ]
      for (const value of wrong)
        assert.deepEqual(
          problemsOf(value).map(({ code, field }) => [code, field]),
          [['SETTING_INVALID', key]],
          `${id}: ${key}=${String(value)}`,
        )
      assert.ok(minimum !== undefined && maximum !== undefined, `${id}: ${key} has no end`)
      // Other rules may forbid an end, but not for being out of range.
      for (const value of [exclusiveMinimum ? minimum + 1e-9 : minimum, exclusiveMaximum ? maximum - 1e-9 : maximum])
        for (const { message } of problemsOf(value)) assert.doesNotMatch(message, /must be/, `${id}: ${key}=${value}`)
    }
    for (const key of ['regularizer.nothing', 'network.layer', 'nothing', 'training.epochs.more', 'network']) {
      assert.deepEqual(
        resolveConfig(id, { [key]: 1 }).problems.map(({ code, field }) => [code, field]),
        [['SETTING_UNKNOWN', key]],
        `${id}: ${key}`,
      )
    }
  }
})

test('a setting that another one switches off is taken, and said to have no effect', () => {
  const warned = (settings: Settings) => resolveConfig('denoising', settings).warnings
  assert.match(
    warned({ regularizer: { sigma: 0.5 } })[0]!,
    /^Sigma has no effect while regularizer.noise is masking; it needs gaussian or weights/,
  )
  assert.match(warned({ 'regularizer.noise': 'gaussian', 'regularizer.rate': 0.5 })[0]!, /^Rate has no effect/)
  assert.deepEqual(warned({ 'regularizer.noise': 'gaussian', 'regularizer.sigma': 0.5 }), [])
  // Defaults are no wish: a run's stored config says nothing new.
  assert.deepEqual(warned(resolveConfig('denoising', {}).config!), [])
})

/** What is known of some datasets. */
const images = { rowSize: 784, trainCount: 1000, kind: 'image', classes: 10 } as const
const datasets = {
  images,
  unlabelled: { ...images, classes: 0 },
  single: { ...images, classes: 1 },
  vectors: { ...images, rowSize: 16, kind: 'vector' },
  partly: { ...images, labelled: 500 },
  hardly: { ...images, labelled: 20 },
} as const

/** As a command line reads them: some settings bring others with them. */
function resolved(dataset: keyof typeof datasets, variant: string, typed: string): ReturnType<typeof resolveConfig> {
  const read = (known: Settings) => settingsFrom(typed.split(' ').filter(Boolean), undefined, resolveConfig(variant, known).fields)
  return resolveConfig(variant, read(read({})), datasets[dataset])
}

const greedy = 'pretraining.kind=greedy',
  machines = 'pretraining.kind=rbm',
  classes = 'fineTuning.kind=classification'

/** What does not go with the data or with other settings of a deep network: dataset, settings, the field that is refused, the remedy. */
const unfit: [dataset: keyof typeof datasets, variant: string, typed: string, field: string, remedy: RegExp][] = [
  // Labels that are not there.
  ['unlabelled', 'classical', classes, 'fineTuning.kind', /set fineTuning.kind to reconstruction, or import it with labels/],
  ['single', 'denoising', `${classes} ${greedy}`, 'fineTuning.kind', /no two classes.*reconstruction/],
  [
    'images',
    'classical',
    `${classes} fineTuning.labelled=901`,
    'fineTuning.labelled',
    /900 images.*set fineTuning.labelled to at most that/,
  ],
  ['partly', 'classical', classes, 'fineTuning.labelled', /Of the 1000 images .* 500 have a label.*from 10 to 440/],
  ['partly', 'classical', `${classes} fineTuning.labelled=441`, 'fineTuning.labelled', /from 10 to 440/],
  [
    'hardly',
    'classical',
    `${classes} fineTuning.labelled=10`,
    'fineTuning.kind',
    /20 have a label, too few to learn 10 classes from/,
  ],
  ['images', 'classical', `${classes} fineTuning.labelled=9`, 'fineTuning.labelled', /10 classes.*at least that/],
  ['images', 'classical', `${classes} fineTuning.labelled=-1`, 'fineTuning.labelled', /at least 0/],
  ['images', 'classical', `${classes} fineTuning.labelled=99.5`, 'fineTuning.labelled', /whole number/],
  [
    'images',
    'classical',
    `${classes} fineTuning.labelled=100 training.patience=5`,
    'training.patience',
    /set training.patience to 0/,
  ],
  ['images', 'classical', 'fineTuning.kind=labels', 'fineTuning.kind', /reconstruction, classification/],
  // Densities and probabilities where the data have none.
  ...['variational', 'betaVae', 'iwae'].flatMap((variant) =>
    ['fixed', 'dynamic'].flatMap((binarise) =>
      ['gaussian', 'fixedGaussian'].map((decoder): (typeof unfit)[number] => [
        'images',
        variant,
        `data.binarise=${binarise} regularizer.decoder=${decoder}`,
        'regularizer.decoder',
        /set regularizer.decoder to bernoulli or data.binarise to none/,
      ]),
    ),
  ),
  ['vectors', 'classical', 'data.binarise=fixed', 'data.binarise', /outside \[0, 1\].*set data.binarise to none/],
  ['images', 'classical', 'data.binarise=sometimes', 'data.binarise', /none, fixed, dynamic/],
  ['vectors', 'rbm', 'regularizer.visible=bernoulli', 'regularizer.visible', /\[0, 1\].*set regularizer.visible to gaussian/],
  [
    'vectors',
    'classical',
    `${machines} pretraining.regularizer.visible=bernoulli`,
    'pretraining.regularizer.visible',
    /\[0, 1\].*set pretraining.regularizer.visible to gaussian/,
  ],
  [
    'vectors',
    'classical',
    `${machines} network.outputActivation=sigmoid`,
    'network.outputActivation',
    /set network.outputActivation to linear\.$/,
  ],
  [
    'images',
    'classical',
    `${machines} pretraining.regularizer.visible=gaussian network.outputActivation=sigmoid`,
    'network.outputActivation',
    /to linear and reconstruction to squaredError/,
  ],
  // Chains without steps.
  ['images', 'rbm', 'regularizer.steps=0', 'regularizer.steps', /at least 1/],
  ['images', 'rbm', 'regularizer.steps=1.5', 'regularizer.steps', /whole number/],
  ['images', 'rbm', 'regularizer.momentum=1', 'regularizer.momentum', /below 1/],
  [
    'images',
    'denoising',
    `${machines} pretraining.regularizer.steps=0`,
    'pretraining.regularizer.steps',
    /at least 1.*change pretraining.regularizer.steps/,
  ],
  ['images', 'rbm', 'network.layers=100,50', 'network.layers', /one number.*pretraining.kind/],
  // Units that the layers' variant does not have.
  [
    'images',
    'classical',
    `${machines} network.activation=relu`,
    'network.activation',
    /no relu units; set network.activation to sigmoid/,
  ],
  [
    'images',
    'classical',
    `${machines} network.codeActivation=tanh`,
    'network.codeActivation',
    /no tanh units; set network.codeActivation to sigmoid/,
  ],
  [
    'images',
    'classical',
    `${machines} network.outputActivation=linear reconstruction=squaredError`,
    'network.outputActivation',
    /set network.outputActivation to sigmoid/,
  ],
  [
    'images',
    'classical',
    `${machines} pretraining.regularizer.hidden=linear`,
    'pretraining.regularizer.hidden',
    /leave it out, and set network.activation or network.codeActivation/,
  ],
  [
    'images',
    'classical',
    `${greedy} pretraining.variant=sparseKl network.codeActivation=linear`,
    'network.codeActivation',
    /set network.codeActivation to sigmoid/,
  ],
  [
    'images',
    'classical',
    `${greedy} pretraining.variant=sparseBias network.activation=sigmoid pretraining.regularizer.rho=-0.9`,
    'pretraining.regularizer.rho',
    /between 0 and 1.*change pretraining.regularizer.rho/,
  ],
  // Weights that cannot be unrolled.
  ['images', 'classical', `${machines} network.weightNorm=true`, 'network.weightNorm', /turn network.weightNorm off/],
  ['images', 'classical', 'network.normalisation=batch network.tied=true', 'network.tied', /set network.tied to false/],
  [
    'images',
    'classical',
    'network.normalisation=batch network.weightNorm=true',
    'network.normalisation',
    /turn network.weightNorm off/,
  ],
  ['images', 'classical', `${greedy} network.normalisation=batch`, 'network.normalisation', /or pretraining.kind to none/],
  [
    'images',
    'classical',
    `${greedy} network.convolutions=8x4s2 network.upsampling=resize`,
    'network.upsampling',
    /pretraining.tied to false/,
  ],
  ['images', 'classical', 'network.normalisation=batch training.batchSize=1', 'training.batchSize', /at least 2/],
  [
    'images',
    'contractive',
    'network.normalisation=batch network.tied=false',
    'network.normalisation',
    /determines network.normalisation/,
  ],
  [
    'images',
    'classical',
    'network.convolutions=8x4s2 network.upsampling=resize network.tied=true',
    'network.tied',
    /network.tied to false/,
  ],
  ['images', 'contractive', `${greedy} network.weightNorm=true`, 'network.weightNorm', /turn network.weightNorm off/],
  [
    'images',
    'classical',
    `${greedy} pretraining.tied=false network.tied=true`,
    'network.tied',
    /set network.tied to false or pretraining.tied to true/,
  ],
  // Ranges and names of the pretraining itself.
  ['images', 'classical', 'pretraining.kind=layers', 'pretraining.kind', /none, greedy, rbm/],
  ...['none', 'variational', 'pca', 'kSparse', 'rbm', 'Denoising'].map((variant): (typeof unfit)[number] => [
    'images',
    'classical',
    `${greedy} pretraining.variant=${variant}`,
    'pretraining.variant',
    /one of classical, denoising,.*change pretraining.variant/,
  ]),
  ['images', 'classical', `${greedy} pretraining.batchSize=901`, 'pretraining.batchSize', /900 images.*at most that/],
  ['images', 'classical', `${machines} pretraining.epochs=0`, 'pretraining.epochs', /at least 1/],
  ['images', 'denoising', `${greedy} pretraining.learningRate=0`, 'pretraining.learningRate', /above 0/],
  [
    'images',
    'denoising',
    `${greedy} pretraining.regularizer.rate=2`,
    'pretraining.regularizer.rate',
    /at most 1, not 2; change pretraining.regularizer.rate/,
  ],
  [
    'images',
    'classical',
    'pretraining.regularizer.rate=0.2',
    'pretraining.regularizer.rate',
    /set pretraining.kind to greedy or rbm, or leave it out/,
  ],
]

test('what does not go with the data, or with the layers of a deep network, is refused with the field and the remedy', () => {
  for (const [dataset, variant, typed, field, remedy] of unfit) {
    const { problems, config } = resolved(dataset, variant, typed)
    const what = `${dataset}, ${variant} ${typed}: ${problems.map(({ message }) => message).join(' ')}`
    assert.deepEqual(
      problems.map(({ code, field: at }) => [code, at]),
      [['SETTING_INVALID', field]],
      what,
    )
    assert.match(problems[0]!.message, remedy, what)
    assert.equal(config, null)
  }
})

test('a refused setting is taken once its remedy is followed', () => {
  for (const [dataset, variant, typed] of [
    ['images', 'classical', `${classes} fineTuning.labelled=900`],
    ['images', 'classical', `${classes} fineTuning.labelled=10`],
    ['unlabelled', 'classical', 'fineTuning.kind=reconstruction'],
    ['partly', 'classical', `${classes} fineTuning.labelled=440`],
    ['images', 'variational', 'data.binarise=fixed regularizer.decoder=bernoulli'],
    ['images', 'variational', 'data.binarise=none regularizer.decoder=gaussian'],
    ['vectors', 'rbm', ''],
    ['vectors', 'rbm', 'regularizer.visible=gaussian'],
    ['vectors', 'classical', machines],
    ['images', 'classical', machines],
    [
      'images',
      'classical',
      `${machines} pretraining.regularizer.visible=gaussian network.outputActivation=linear reconstruction=squaredError`,
    ],
    ['images', 'classical', `${machines} network.codeActivation=sigmoid`],
    ['images', 'classical', `${machines} network.codeActivation=linear`],
    ['images', 'classical', `${greedy} pretraining.variant=sparseBias network.activation=sigmoid pretraining.regularizer.rho=0.1`],
    ['images', 'classical', `${greedy} pretraining.tied=true network.tied=true`],
    ...['classical', 'denoising', 'contractive', 'sparseBias', 'sparseKl'].map(
      (layers) => ['images', 'classical', `${greedy} pretraining.variant=${layers}`] as const,
    ),
  ] as const) {
    const { problems, config, parameters } = resolved(dataset, variant, typed)
    assert.deepEqual(problems, [], `${dataset}, ${variant} ${typed}`)
    assert.ok(parameters! > 0)
    // The stored settings of such a run are settings that give the same run.
    if (variant === 'classical') assert.deepEqual(resolveConfig(variant, config!, datasets[dataset]).config, config)
  }
})

test('settings of pretraining are unknown where nothing is pretrained, and to layers of another variant', () => {
  for (const [variant, typed, words] of [
    ['pca', greedy, /^PCA has no setting “pretraining.kind”; leave it out/],
    ['pca', 'pretraining.regularizer.rate=0.2', /^PCA has no setting/],
    ['variational', machines, /^Variational has no setting/],
    ['variational', classes, /^Variational has no setting/],
    ['iwae', 'pretraining.regularizer.rate=0.2', /leave it out/],
    ['rbm', greedy, /^Boltzmann machine has no setting/],
    ['rbm', classes, /leave it out/],
    ['pca', 'data.binarise=fixed', /leave it out/],
    [
      'classical',
      `${greedy} pretraining.variant=denoising pretraining.regularizer.rho=0.2`,
      /^Denoising has no setting “pretraining.regularizer.rho”; leave it out/,
    ],
    ['classical', `${greedy} pretraining.regularizer.rate=0.2`, /^Classical has no setting/],
    ['classical', `${machines} pretraining.regularizer.toString=1`, /^Boltzmann machine has no setting/],
    [
      'denoising',
      `${machines} pretraining.regularizer.stpes=1`,
      /^Boltzmann machine has no setting .* did you mean pretraining.regularizer.steps\?/,
    ],
  ] as const) {
    const { problems } = resolved('images', variant, typed)
    assert.deepEqual(
      problems.map(({ code, field }) => [code, field]),
      [['SETTING_UNKNOWN', typed.split(' ').at(-1)!.split('=')[0]]],
      `${variant} ${typed}`,
    )
    assert.match(problems[0]!.message, words)
  }
})

test('of pretraining, too, what has no effect is said under a name that is only its own', () => {
  const warned = (typed: string, variant = 'classical') => resolved('images', variant, typed).warnings
  assert.match(
    warned('pretraining.epochs=4')[0]!,
    /^Epochs per layer has no effect while pretraining.kind is none; it needs greedy or rbm/,
  )
  assert.match(
    warned(`${machines} pretraining.tied=false`)[0]!,
    /^pretraining.tied has no effect while pretraining.kind is rbm; it needs greedy/,
  )
  assert.match(
    warned(`${greedy} pretraining.regularizer.sigma=0.5`, 'denoising')[0]!,
    /has no effect while pretraining.regularizer.noise is masking/,
  )
  assert.match(warned('fineTuning.labelled=100')[0]!, /^Labelled images has no effect while fineTuning.kind is reconstruction/)
})
