import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Settings } from '../../src/shared/config.ts'
import { basisOf } from '../../src/main/engine/compare/basis.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'

/** What is to happen within a training and does not: refused, or said before the start. */

/** Of 1,400 images that are not for testing 140 are for validation. */
const facts = { rowSize: 16, trainCount: 1400, kind: 'image', classes: 10, size: { width: 4, height: 4, channels: 1 } } as const

const said = (variant: string, settings: Settings, known: object = facts): string[] => {
  const { config, problems, warnings } = resolveConfig(variant, { 'network.layers': [8], ...settings }, known)
  assert.ok(config, problems.map(({ message }) => message).join())
  return warnings
}

test('whatever rises for longer than training lasts is refused, whichever variant it is of', () => {
  for (const { id, warmup, settings, fit } of variants) {
    const rising = ['training.warmupEpochs', ...(warmup ? [warmup(settings.parse({}) as never).field] : [])]
    for (const field of fit ? [] : rising) {
      const ask = (epochs: number) => resolveConfig(id, { 'training.epochs': 10, [field]: epochs }, facts).problems
      assert.deepEqual(ask(10), [], `${id} ${field}`)
      assert.deepEqual(
        ask(10.5).map((problem) => problem.field),
        [field],
        `${id} ${field}`,
      )
    }
    // Settings of that name are all known to do so.
    if ('warmupEpochs' in settings.shape) assert.ok(warmup, id)
  }
})

test('images that whole batches leave out are said from 5% on, with a batch size that leaves out fewer', () => {
  const [sentence, ...others] = said('classical', { 'training.batchSize': 700, 'training.epochs': 400 })
  assert.deepEqual(others, [])
  assert.match(
    sentence!,
    /^560 of the 1,260 training images \(44%\) are left out of each epoch.*batches of 700 .*with 630, none is\.$/,
  )
  for (const batchSize of [126, 120, 1260, 1])
    assert.deepEqual(said('classical', { 'training.batchSize': batchSize }), [], `${batchSize}`)
  assert.match(said('classical', { 'training.batchSize': 27 }, { ...facts, trainCount: 34 }).join(), /with 15, 1 is\.$/)
  // Layers that are pretrained have batches of their own.
  const layers = said('classical', { 'pretraining.kind': 'greedy', 'pretraining.batchSize': 700, 'training.batchSize': 126 })
  assert.match(layers.join(), /^560 of the 1,260.*\(pretraining\.batchSize\)/)
  // Few labelled images are one batch.
  const few = { 'fineTuning.kind': 'classification', 'fineTuning.labelled': 100 }
  assert.deepEqual(said('classical', { ...few, 'training.batchSize': 300 }), [])
  assert.match(said('classical', { ...few, 'training.batchSize': 60 }).join(), /^40 of the 100 training images \(40%\)/)
  assert.deepEqual(said('pca', {}), [])
})

test('early stopping that cannot come is said', () => {
  const batch = { 'training.batchSize': 126 }
  assert.deepEqual(said('classical', { ...batch, 'training.epochs': 20, 'training.patience': 19 }), [])
  const long = said('classical', { ...batch, 'training.epochs': 20, 'training.patience': 20 }).join()
  assert.match(long, /patience of 20 is never over within 20 epochs/)
  const rising = { ...batch, 'training.epochs': 20, 'training.patience': 10 }
  assert.match(
    said('variational', { ...rising, 'regularizer.warmupEpochs': 9.5 }).join(),
    /patience of 10 after 10 epochs of warm-up is never over/,
  )
  assert.deepEqual(said('variational', { ...rising, 'regularizer.warmupEpochs': 9 }), [])
  assert.match(
    said('classical', { 'training.patience': 2, 'training.batchSize': 1 }, { ...facts, trainCount: 1 }).join(),
    /No image is left for validation/,
  )
})

test('settings at the end of their range with which a regularizer does nothing are said', () => {
  const batch = { 'training.batchSize': 126, 'training.epochs': 10 }
  for (const [variant, settings, words] of [
    ['sparseKl', { 'regularizer.estimate': 'running', 'regularizer.decay': 1 }, /never moves from rho/],
    ['sparseBias', { 'regularizer.decay': 1 }, /never moves from rho/],
    ['sparseKl', { 'regularizer.estimate': 'dataset', 'regularizer.refresh': 100 }, /every 100 steps, and training has 100 steps/],
    ['denoising', { 'regularizer.rate': 1 }, /nothing of an image is left/],
    ['kSparse', { 'regularizer.k': 8 }, /all code units pass/],
  ] as [string, Settings, RegExp][]) {
    assert.match(said(variant, { ...batch, ...settings }).join(), words)
    // A little less does something.
    const less = Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [key, typeof value !== 'number' ? value : value > 1 ? value - 1 : value / 2]),
    )
    assert.deepEqual(said(variant, { ...batch, ...less }), [], variant)
  }
  assert.deepEqual(said('sparseKl', { ...batch, 'regularizer.decay': 1 }).length, 1, 'no running mean, which is said as ever')
})

test('outputs that do not reach the data are said, of data outside [0, 1] alone', () => {
  const vectors = { rowSize: 16, trainCount: 1400, kind: 'vector' } as const
  const asked = (settings: Settings, known: object) =>
    said('classical', { 'training.batchSize': 126, reconstruction: 'squaredError', ...settings }, known).join()
  for (const [activation, ends] of [
    ['sigmoid', 'between 0 and 1'],
    ['tanh', 'between -1 and 1'],
    ['relu', 'above 0'],
    ['elu', 'above -1'],
  ] as const) {
    const settings = { 'network.outputActivation': activation }
    assert.match(
      asked(settings, vectors),
      new RegExp(`Outputs of ${activation} lie ${ends}.*set network.outputActivation to linear`),
    )
    assert.doesNotMatch(asked(settings, facts), /Outputs of/)
    const gaussian = { 'training.batchSize': 126, ...settings, 'regularizer.decoder': 'gaussian' }
    assert.match(said('variational', gaussian, vectors).join(), /Outputs of/)
    const classes = { ...settings, 'fineTuning.kind': 'classification' }
    assert.doesNotMatch(asked(classes, { ...vectors, classes: 3 }), /Outputs of/)
  }
  assert.equal(asked({}, vectors), '')
})

test('a term that depends on how many images are taken together says of how many it is', () => {
  const words = (key: string, settings: Settings) => {
    const { config } = resolveConfig('sparseKl', settings, facts)
    return basisOf({ datasetId: 'x', variant: 'sparseKl', config: config! }, key)
  }
  const small = { 'training.batchSize': 20 }
  assert.equal(words('train/sparsity', small).words, 'on means of 20 images')
  assert.equal(words('validation/sparsity', small).words, 'on means of up to 256 images')
  assert.notEqual(words('train/sparsity', small).id, words('train/sparsity', { 'training.batchSize': 63 }).id)
  assert.equal(words('train/sparsity', { ...small, 'regularizer.estimate': 'running' }).words, '')
  assert.match(said('sparseKl', small).join(), /of 20 images at a time and that of validation one of up to 140/)
})

test('weights of the lowest validation loss need a validation split, whose labels may be used', () => {
  const asked = (settings: Settings, known: object = facts) => resolveConfig('classical', settings, known).problems
  const best = { 'network.layers': [8], 'training.keep': 'best', 'training.batchSize': 1 }
  assert.deepEqual(asked(best), [])
  const [alone] = asked(best, { ...facts, trainCount: 1 })
  assert.equal(alone?.field, 'training.keep')
  assert.match(alone.message, /No image is left for validation.*set training.keep to last/)
  const [few] = asked({ ...best, 'fineTuning.kind': 'classification', 'fineTuning.labelled': 100 })
  assert.equal(few?.field, 'training.keep')
  // What nobody asked for is not refused.
  assert.deepEqual(
    asked({ 'network.layers': [8], 'training.patience': 2, 'training.batchSize': 1 }, { ...facts, trainCount: 1 }),
    [],
  )
})
