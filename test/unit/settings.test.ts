import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Field } from '../../src/shared/config.ts'
import { planSchema } from '../../src/shared/experiments.ts'
import { applies, fieldsByKey, fieldsThatApply, switchedOff } from '../../src/shared/settings/applies.ts'
import { inKeys, inTitles } from '../../src/shared/settings/messages.ts'
import { flatten, valueAt } from '../../src/shared/settings/nested.ts'
import { textOf, valueOf } from '../../src/shared/settings/text.ts'
import { readValues, textOfValues } from '../../src/renderer/components/experiments/settingValues.ts'
import { expandPlan } from '../../src/main/engine/experiments/plan.ts'
import { settingsFrom } from '../../src/main/engine/cli/settings.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'

const field = (key: string, kind: Field['kind'], when?: Field['when']): Field => ({
  key,
  title: key,
  description: '',
  kind,
  default: null,
  ...(when ? { when } : {}),
})

test('the form, the command line and a plan read one value alike, and what they write they read again', () => {
  const texts: [Field['kind'], string, unknown][] = [
    ['number', '1e-3', 0.001],
    ['number', '-0.5', -0.5],
    ['integer', '12', 12],
    ['boolean', 'true', true],
    ['boolean', 'false', false],
    ['choice', 'relu', 'relu'],
    ['text', 'flip,shift=4', 'flip,shift=4'],
    ['integers', '512,64', [512, 64]],
    ['integers', '512-64', [512, 64]],
    ['integers', '784 → 512 → 64', [784, 512, 64]],
    ['integers', '512 - 64', [512, 64]],
    ['integers', '512,-64', [512, -64]],
  ]
  for (const [kind, text, value] of texts) {
    const one = field('some.key', kind)
    assert.deepEqual(valueOf(one, text), value, text)
    assert.deepEqual(settingsFrom([`some.key=${text}`], undefined, [one]), { 'some.key': value }, text)
    const planned = readValues({ ...one, choices: kind === 'choice' ? ['relu'] : [] }, text)
    assert.deepEqual(planned, { kind: 'one', value }, text)
    assert.deepEqual(valueOf(one, textOf(value)), value)
    assert.deepEqual(valueOf(one, textOfValues(value, kind)), value)
  }
  // What is no number stays what it is, so that a sentence can name it; nothing becomes another number in silence.
  for (const text of ['', '0x10', 'Infinity', '1,5']) assert.equal(valueOf(field('k', 'number'), text), text)
  assert.deepEqual(valueOf(field('k', 'integers'), '512,,64'), [512, '', 64])
  for (const text of ['512,64; 256,64', '512,64 | 32'])
    assert.equal(valueOf(field('k', 'integers'), text), text, 'two networks are not one')
  assert.equal(readValues(field('k', 'integers'), '512,,64').kind, 'wrong')
})

test('settings become dotted keys and are found by them, those alone that are their own', () => {
  const nested = { network: { layers: [5, 3] }, pretraining: { regularizer: { rate: 0.3 } }, reconstruction: null }
  assert.deepEqual(flatten(nested), [
    ['network.layers', [5, 3]],
    ['pretraining.regularizer.rate', 0.3],
    ['reconstruction', null],
  ])
  for (const [key, value] of flatten(nested)) assert.deepEqual(valueAt(nested, key), value)
  for (const key of ['toString', 'network.layers.0', 'network.layers.length', 'reconstruction.x', 'pretraining.rate'])
    assert.equal(valueAt(nested, key), undefined, key)
})

test('a setting is switched off by the one that it depends on, and by what that depends on', () => {
  const fields = [
    field('a', 'choice'),
    field('b', 'choice', { key: 'a', in: ['1', '2'] }),
    field('c', 'number', { key: 'b', in: ['x'] }),
    field('lost', 'number', { key: 'nowhere', in: ['x'] }),
    field('round', 'number', { key: 'round', in: ['x'] }),
  ]
  const byKey = fieldsByKey(fields)
  const shown = (values: Record<string, unknown>) => fieldsThatApply(fields, ({ key }) => values[key]).map(({ key }) => key)
  assert.deepEqual(shown({ a: 1, b: 'x', round: 'x' }), ['a', 'b', 'c', 'round'])
  assert.deepEqual(shown({ a: 3, b: 'x' }), ['a'], 'its owner has the right value, but no effect itself')
  assert.deepEqual(shown({ a: [3, 2], b: ['y', 'x'] }), ['a', 'b', 'c'], 'one of several values is enough')
  assert.deepEqual(
    switchedOff(byKey.get('c')!, byKey, ({ key }) => ({ a: 3, b: 'x' })[key]),
    { key: 'a', in: ['1', '2'] },
  )
  assert.ok(applies(byKey.get('a')!, byKey, () => undefined))
})

test('every setting says whose word it is: of the layers that give it a value the last that changes it', () => {
  const facts = { rowSize: 3072, trainCount: 500, kind: 'image', pixels: 'colour', classes: 3 } as const
  const ofData = resolveConfig('classical', {}, facts)
  assert.equal(ofData.from['reconstruction'], 'data')
  assert.equal(ofData.from['training.batchSize'], 'data')
  assert.equal(ofData.from['training.optimizer'], 'shared')
  assert.equal(resolveConfig('sparseKl', {}).from['training.learningRate'], 'variant')
  assert.equal(resolveConfig('sparseKl', {}).from['network.codeActivation'], 'variant')
  const layers = { 'pretraining.kind': 'greedy', 'pretraining.variant': 'sparseKl' }
  assert.equal(resolveConfig('classical', layers).from['pretraining.learningRate'], 'layers')
  const few = { 'fineTuning.kind': 'classification', 'fineTuning.labelled': 100 }
  assert.equal(resolveConfig('classical', few, { trainCount: 5000, classes: 10 }).from['training.epochs'], 'labels')

  const { config, from, problems } = resolveConfig('classical', [
    { from: 'preset', settings: { training: { epochs: 3, batchSize: 20 } } },
    { from: 'given', settings: { 'training.epochs': 7 } },
  ])
  assert.deepEqual(problems, [])
  assert.deepEqual([config!.training.epochs, config!.training.batchSize], [7, 20])
  assert.deepEqual([from['training.epochs'], from['training.batchSize']], ['given', 'preset'])

  const planned = { name: 'p', dataset: 'd', settings: { 'training.epochs': 4 }, variants: [{ variant: 'classical' }] }
  const [cell] = expandPlan(planSchema.parse(planned), {}).cells
  assert.equal(cell!.resolved.from['training.epochs'], 'plan')

  for (const { id } of variants) {
    const { fields, from: origins, config: usual } = resolveConfig(id, {}, facts)
    for (const { key, from: own, because } of fields) {
      assert.equal(own, origins[key], `${id}: ${key}`)
      if (because !== undefined) assert.equal(own, 'data', `${id}: ${key} is ${because}`)
    }
    if (usual) for (const [key] of flatten(usual)) assert.ok(origins[key], `${id}: ${key} is nobody's word`)
  }
})

test('a sentence names settings by their titles in a window, and by their keys after a command', () => {
  const facts = { rowSize: 16, trainCount: 100, kind: 'image' } as const
  const said = (settings: Record<string, unknown>, variant = 'classical') => {
    const { fields, problems, warnings } = resolveConfig(variant, settings, facts)
    const message = problems[0]?.message ?? warnings[0]!
    return { window: inTitles(message, fields), command: inKeys(message, fields) }
  }
  const range = said({ 'training.learningRate': -1 })
  assert.equal(range.window, 'Learning rate must be a number above 0 and at most 1000, not -1.')
  assert.equal(range.command, 'training.learningRate must be a number above 0 and at most 1000, not -1.')
  const batch = { 'pretraining.kind': 'greedy', 'pretraining.batchSize': 200 }
  assert.equal(said(batch).window, 'The training split has 90 images; set “Pretraining: batch size” to at most that.')
  assert.equal(said(batch).command, 'The training split has 90 images; set pretraining.batchSize to at most that.')
  assert.equal(
    said({ 'network.outputActivation': 'tanh' }).window,
    'Cross-entropy needs outputs in [0, 1]; set “Output activation” to sigmoid or “Reconstruction” to squared error.',
  )
  const sigma = said({ 'regularizer.sigma': 0.5 }, 'denoising')
  assert.equal(sigma.window, 'Sigma has no effect while “Noise” is masking; it needs gaussian or weights.')
  assert.equal(sigma.command, 'regularizer.sigma has no effect while regularizer.noise is masking; it needs gaussian or weights.')
  // Whatever is refused or remarked on, no key is left that the form has a title for.
  for (const { id } of variants)
    for (const { key, kind } of resolveConfig(id, {}, facts).fields) {
      const wrong = kind === 'choice' || kind === 'boolean' || kind === 'text' ? 'nonsense' : -7
      const { fields, problems } = resolveConfig(id, { [key]: wrong }, facts)
      for (const { message } of problems)
        for (const field of fields)
          if (field.key.includes('.'))
            assert.ok(!inTitles(message, fields).includes(field.key), `${id}: ${inTitles(message, fields)}`)
    }
})
