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
  ['sparseBias', ['network.codeActivation=sigmoid'], 'regularizer.rho', /between 0 and 1.*sigmoid/],
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
  ['kSparse', ['regularizer.k=65'], 'regularizer.k', /from 1 to 64/],
  ['kSparse', ['network.layers=8'], 'regularizer.k', /from 1 to 8/],
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
  ['denoising', ['regularizer.noise=weights', 'regularizer.corruption=fixed'], 'regularizer.corruption', /leave it at its default/],
]

test('settings out of range are refused with their field and range, and no run begins', async (t) => {
  const { call, events } = testEngine(t, homeWithDataset(t))
  for (const [variant, typed, field, allowed] of refused) {
    const settings = settingsFrom(typed, undefined, resolveConfig(variant, {}).fields)
    await assert.rejects(call('runs.create', { dataset: 'digits', variant, settings, seed: 1 }), (thrown: { code: string; field: string; message: string }) => {
      assert.equal(thrown.code, 'SETTING_INVALID', `${variant} ${typed.join(' ')}: ${thrown.message}`)
      assert.equal(thrown.field, field, `${variant} ${typed.join(' ')}: ${thrown.message}`)
      assert.match(thrown.message, allowed)
      assert.ok(thrown.message.includes(field.split('.').at(-1)!), `the sentence does not say what to change: ${thrown.message}`)
      return true
    })
  }
  assert.deepEqual((await call('runs.list', {})).runs, [])
  assert.deepEqual(events.filter(({ type }) => type === 'run'), [])
})

test('every number of every variant is refused beyond its range, and taken at its ends', () => {
  for (const { id } of variants) {
    const { fields } = resolveConfig(id, {})
    for (const { key, kind, minimum, maximum, exclusiveMinimum, exclusiveMaximum } of fields.filter((field) => field.kind === 'number' || field.kind === 'integer')) {
      const problemsOf = (value: unknown) => resolveConfig(id, { [key]: value }).problems
      const step = kind === 'integer' ? 1 : 1e-3
      const wrong = [NaN, Infinity, '1', null, true, [1], ...(minimum === undefined ? [] : [minimum - step]), ...(exclusiveMinimum ? [minimum] : []), ...(maximum === undefined ? [] : [maximum + step]), ...(exclusiveMaximum ? [maximum] : [])]
      for (const value of wrong) assert.deepEqual(problemsOf(value).map(({ code, field }) => [code, field]), [['SETTING_INVALID', key]], `${id}: ${key}=${String(value)}`)
      assert.ok(minimum !== undefined && maximum !== undefined, `${id}: ${key} has no end`)
      // Other rules may forbid an end, but not for being out of range.
      for (const value of [exclusiveMinimum ? minimum + 1e-9 : minimum, exclusiveMaximum ? maximum - 1e-9 : maximum]) for (const { message } of problemsOf(value)) assert.doesNotMatch(message, /must be/, `${id}: ${key}=${value}`)
    }
    for (const key of ['regularizer.nothing', 'network.layer', 'nothing', 'training.epochs.more', 'network']) {
      assert.deepEqual(resolveConfig(id, { [key]: 1 }).problems.map(({ code, field }) => [code, field]), [['SETTING_UNKNOWN', key]], `${id}: ${key}`)
    }
  }
})

test('a setting that another one switches off is taken, and said to have no effect', () => {
  const warned = (settings: Settings) => resolveConfig('denoising', settings).warnings
  assert.match(warned({ regularizer: { sigma: 0.5 } })[0]!, /^Sigma has no effect while regularizer.noise is masking; it needs gaussian or weights/)
  assert.match(warned({ 'regularizer.noise': 'gaussian', 'regularizer.rate': 0.5 })[0]!, /^Rate has no effect/)
  assert.deepEqual(warned({ 'regularizer.noise': 'gaussian', 'regularizer.sigma': 0.5 }), [])
  // Defaults are no wish: a run's stored config says nothing new.
  assert.deepEqual(warned(resolveConfig('denoising', {}).config!), [])
})
