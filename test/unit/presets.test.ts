import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOfConvolutions } from '../../src/shared/convolutions.ts'
import { evaluationSchema, type Run } from '../../src/shared/domain.ts'
import { isDatasetOf, presetForms, presetSchema } from '../../src/shared/presets.ts'
import { figures } from '../../src/main/engine/presets/figures.ts'
import { findPresetRun, presetInfos, presetOf, presets } from '../../src/main/engine/presets/index.ts'
import { outcomeOf } from '../../src/main/engine/presets/outcome.ts'
import { graySprites, leafPatches, mnist } from '../../src/main/engine/presets/preset.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { document, section, type Reproduced } from '../../bench/reproduce/report.ts'
import { homeWithDataset, testEngine } from '../fixtures/homes.ts'

/** What the presets' datasets are once they are imported. */
const facts = {
  [mnist.source]: { rowSize: 784, trainCount: 60_000, kind: 'image', classes: 10, size: { width: 28, height: 28, channels: 1 } },
  [graySprites.source]: { rowSize: 4096, trainCount: 8500, kind: 'image', classes: 3, size: graySprites.shape! },
  [leafPatches.source]: { rowSize: 64, trainCount: 8500, kind: 'image', classes: 0 },
} as const

test('every run of every preset can be trained as it stands, and says nothing that has no effect', () => {
  for (const { id, dataset, forms } of presets) {
    for (const form of presetForms) {
      for (const run of forms[form].runs) {
        const { config, problems, warnings } = resolveConfig(run.variant, run.settings, facts[dataset.source])
        assert.deepEqual({ problems, warnings }, { problems: [], warnings: [] }, `${id} ${form} ${run.id}`)
        assert.ok(config)
      }
    }
  }
})

test('every preset says where its figures stand, and its quick form takes minutes', () => {
  assert.equal(new Set(presets.map(({ id }) => id)).size, presets.length)
  for (const preset of presets) {
    assert.ok(preset.reference && preset.summary && preset.forms.quick.seconds <= 900, preset.id)
    for (const form of presetForms) {
      const { runs, note } = preset.forms[form]
      assert.ok(note.endsWith('.'))
      assert.equal(new Set(runs.map(({ id }) => id)).size, runs.length)
      assert.ok(runs.some(({ references }) => references.length > 0) || (preset.stated ?? []).length > 0)
      for (const { figure, value, text, says, where, relativeTo } of runs.flatMap(({ references }) => references)) {
        assert.ok(figure in figures && says.endsWith('.') && where.length > 8, `${preset.id}: ${figure}`)
        assert.ok(Math.abs(Number.parseFloat(text ?? String(value)) - value) < 0.001, `${preset.id}: ${text} is ${value}`)
        assert.ok(relativeTo === undefined || runs.some(({ id }) => id === relativeTo))
      }
    }
  }
  presetSchema.array().parse(presetInfos())
})

test('what was asked for by number: the quick Hinton preset, Ng’s constants in our units, the sizes of the others', () => {
  const config = (preset: string, form: 'quick' | 'paper', run: string) => {
    const { variant, settings } = findPresetRun({ id: preset, form, run })!.run
    return resolveConfig(variant, settings, facts[presetOf(preset).dataset.source]!).config!
  }
  const deep = config('hinton2006', 'quick', 'deep')
  assert.deepEqual(
    [
      deep.network.layers,
      deep.pretraining.kind,
      deep.pretraining.epochs,
      deep.training.epochs,
      deep.training.optimizer,
      deep.training.learningRate,
      deep.reconstruction,
    ],
    [[1000, 500, 250, 30], 'rbm', 5, 12, 'adam', 0.001, 'crossEntropy'],
  )
  // Half the squared error, lambda / 2, beta = 3: doubled, as the squared error is here.
  const ng = config('ng2011', 'quick', 'sparse')
  assert.deepEqual(
    [ng.network.layers, ng.reconstruction, ng.regularizer['rho'], ng.regularizer['beta'], ng.training.weightDecay],
    [[25], 'squaredError', 0.01, 2 * 3, 2 * (1e-4 / 2)],
  )
  assert.deepEqual(
    [config('kingma2014', 'quick', 'vae').training.epochs, config('kingma2014', 'quick', 'vae').network.layers],
    [7, [400, 20]],
  )
  const iwae = config('burda2015', 'paper', 'iwae')
  assert.deepEqual(
    [iwae.network.layers, iwae.regularizer['samples'], iwae.data.binarise, iwae.training.batchSize, iwae.training.epochs],
    [[200, 200, 50], 50, 'dynamic', 20, 3280],
  )
  for (const run of ['cae', 'daeg', 'aewd', 'ae'])
    assert.deepEqual(
      [config('rifai2011', 'quick', run).network.layers, config('rifai2011', 'quick', run).pretraining.tied],
      [[1000], true],
    )
  assert.equal(config('vincent2010', 'quick', 'sdae').network.layers.length, 3)
  const pyramid = (...of: Parameters<typeof config>) => {
    const { convolutions, layers } = config(...of).network
    return [textOfConvolutions(convolutions), ...layers]
  }
  assert.deepEqual(pyramid('burgess2018', 'paper', 'betaVae'), ['32x4s2,32x4s2,32x4s2,32x4s2', 256, 256, 10])
  assert.deepEqual(pyramid('ghosh2020', 'quick', 'aeL2'), ['32x4s2,64x4s2,128x4s2,256x4s2', 16])
  assert.deepEqual(pyramid('ghosh2020', 'paper', 'ae'), ['128x4s2,256x4s2,512x4s2,1024x4s2', 16])
  assert.deepEqual(
    ['vae-32', 'vae-256'].map((run) => pyramid('berthelot2019', 'paper', run).at(-1)),
    [32, 256],
  )
})

test('a set that is computed in another size or in colour is not the data of a preset that says which', () => {
  const { dataset } = presetInfos().find(({ id }) => id === 'burgess2018')!
  const sprites = { source: 'sprites', width: 64, height: 64, channels: 1 }
  assert.deepEqual(
    [sprites, { ...sprites, channels: 3 }, { ...sprites, width: 32, height: 32 }, { ...sprites, source: 'lines' }].map((one) =>
      isDatasetOf(dataset, one),
    ),
    [true, false, false, false],
  )
  assert.ok(isDatasetOf(presetOf('hinton2006').dataset, { ...sprites, source: 'mnist' }))
  const planned = findPresetRun({ id: 'burgess2018', form: 'quick', run: 'vae' })!
  const run = runOf({ id: 'burgess2018', form: 'quick', run: 'vae' })
  const reasons = (channels: number) =>
    outcomeOf(planned, { run, runs: [run], dataset: { ...sprites, channels }, config: run.config }).reasons
  assert.deepEqual(reasons(1), [planned.form.note])
  assert.match(reasons(3)[0]!, /other data .* than the preset’s: 10,000 white sprites of 64 × 64 pixels/)
})

test('a run beside which no figure can stand still has its line in the table', () => {
  const preset = presetInfos().find(({ id }) => id === 'ghosh2020')!
  const text = section(
    preset,
    preset.forms.find(({ form }) => form === 'quick')!,
    [],
  )
  assert.match(text, /^\| Plain \(AE\) \| none comparable \| – \| – \| – \| – \| – \|$/m)
  assert.match(text, /Not trained here\. Fréchet distance/)
})

const evaluation = evaluationSchema.parse({
  version: 2,
  checkpoint: 'last',
  squaredError: 3.934,
  crossEntropy: null,
  psnr: null,
  linearProbeAccuracy: null,
  knnAccuracy: null,
  robustness: null,
  seconds: 1,
  classificationAccuracy: 0.982,
})

function runOf(preset: NonNullable<Run['preset']>, change: Partial<Run> = {}): Run {
  const { run } = findPresetRun(preset)!
  const { config } = resolveConfig(run.variant, run.settings, facts[presetOf(preset.id).dataset.source]!)
  return {
    id: preset.run,
    name: preset.run,
    dataset: 'mnist',
    seed: run.seed,
    state: 'completed',
    preset,
    config,
    evaluation,
    latest: {},
    seconds: 300.4,
    error: null,
    ...change,
  } as Run
}
const outcome = (run: Run, runs: readonly Run[] = [run], source = 'mnist') => {
  const planned = findPresetRun(run.preset!)!
  return outcomeOf(planned, {
    run,
    runs,
    dataset: { source, width: 28, height: 28, channels: 1 },
    config: resolveConfig(planned.run.variant, planned.run.settings, facts['mnist']!).config,
  })
}
const deepRef = { id: 'hinton2006', form: 'quick', run: 'deep' } as const
const rifai = (run: string) => ({ id: 'rifai2011', form: 'quick', run }) as const

test('a run stands beside what was published, in a plain sentence', () => {
  const { rows, reasons } = outcome(runOf(deepRef))
  assert.deepEqual(
    rows.map(({ obtained, obtainedText, text, sentence }) => [obtained, obtainedText, text, sentence]),
    [[3.934, '3.93', '3.00', 'Squared error: 3.93 per image, 0.93 above the published 3.00 (31%).']],
  )
  assert.deepEqual(reasons, [presetOf('hinton2006').forms.quick.note])
  const [error] = outcome(runOf(rifai('cae'))).rows
  assert.equal(error!.sentence, 'Classification error: 1.80%, 0.66 points above the published 1.14%.')
  const equal = { ...evaluation, squaredError: 3.001 }
  assert.equal(outcome(runOf(deepRef, { evaluation: equal })).rows[0]!.sentence, 'Squared error: 3.00 per image, as published.')
  assert.equal(
    outcome(runOf(deepRef, { evaluation: null, state: 'running' })).rows[0]!.sentence,
    'Squared error: not measured yet.',
  )
})

test('figures in a unit of the paper’s own are compared as proportions, once the other run is there', () => {
  const ae = runOf(rifai('ae'), { latest: { 'stack/jacobianNorm': 20, 'stack/saturation': 0.25 } })
  const cae = runOf(rifai('cae'), { latest: { 'stack/jacobianNorm': 5 } })
  const relative = (runs: Run[]) => outcome(cae, runs).rows.find(({ figure }) => figure === 'pretrainedJacobian')!
  assert.deepEqual([relative([ae, cae]).obtained, relative([ae, cae]).text], [0.25, '0.042'])
  assert.match(relative([cae]).sentence, /not here yet/)
  assert.equal(relative([{ ...ae, seed: 9 }, cae]).obtained, null, 'runs of different seeds are not divided by each other')
  assert.equal(relative([{ ...ae, state: 'diverged' }, cae]).obtained, null)
  assert.equal(outcome(ae).rows.find(({ figure }) => figure === 'pretrainedSaturation')!.obtained, 25)
})

test('what departs from the preset is named before the form’s own departures', () => {
  const run = runOf(deepRef, { seed: 4, state: 'cancelled' })
  const { reasons } = outcome({ ...run, config: { ...run.config, training: { ...run.config.training, epochs: 2 } } }, [], '/digits')
  assert.deepEqual(reasons.slice(0, -1), [
    'This run is cancelled, not completed.',
    'It was trained on other data (mnist) than the preset’s: the 70,000 digits of MNIST.',
    'Settings that are not the preset’s: training.epochs 2 instead of 12.',
    'Its seed is 4, the preset’s is 1.',
  ])
})

test('the engine lists presets, keeps with a run what it was made from, and refuses what is not there', async (t) => {
  const { call, until } = testEngine(t, homeWithDataset(t))
  const { presets: listed } = await call('presets.list', {})
  assert.deepEqual(
    listed.map(({ id }) => id),
    presets.map(({ id }) => id),
  )
  const { variant, settings } = listed[0]!.forms[0]!.runs.find(({ id }) => id === 'logistic')!
  const preset = { id: 'hinton2006', form: 'quick', run: 'logistic' } as const
  const { run } = await call('runs.create', { dataset: 'digits', variant, settings, preset })
  assert.deepEqual((await until(run.id, 'completed')).preset, preset)
  const { outcome: beside } = await call('presets.outcome', { run: run.id })
  assert.deepEqual([beside!.rows[0]!.obtained, beside!.rows[0]!.value], [9.5, 8.01])
  const other = await call('runs.create', { dataset: 'digits', variant, settings })
  assert.equal(other.run.preset, null)
  assert.equal((await call('presets.outcome', { run: other.run.id })).outcome, null)
  await assert.rejects(call('runs.create', { dataset: 'digits', variant, settings, preset: { ...preset, run: 'nothing' } }), {
    code: 'PRESET_UNKNOWN',
    field: 'preset',
  })
  await assert.rejects(call('runs.create', { dataset: 'digits', variant, settings, preset: { ...preset, id: 'nothing' } }), {
    code: 'PRESET_UNKNOWN',
    field: 'preset',
  })
  await assert.rejects(call('runs.create', { dataset: 'digits', variant: 'pca', preset }), {
    code: 'CALL_INVALID',
    field: 'preset',
  })
  await assert.rejects(call('presets.import', { preset: 'nothing' }), { code: 'PRESET_UNKNOWN' })
})

test('the table of reproductions: obtained beside reference for every figure; sections of other presets and forms stay', () => {
  const infos = presetInfos()
  const hinton = infos[0]!
  const form = hinton.forms.find((one) => one.form === 'quick')!
  const deep = runOf(deepRef),
    origin = { sources: 'x', commit: 'abc1234', machine: 'A processor, 2 cores, 4 GB of memory', date: '2026-01-02' }
  const reproduced: Reproduced[] = [
    { id: 'deep', run: deep, outcome: outcome(deep), origin },
    {
      id: 'logistic',
      run: { state: 'diverged', seconds: 3, error: { code: 'RUN_DIVERGED', message: 'The loss is not finite.' } },
      outcome: outcome(runOf({ ...deepRef, run: 'logistic' }, { evaluation: null, state: 'diverged' })),
      origin,
    },
  ]
  const text = section(hinton, form, reproduced)
  const rows = text.split('\n').filter((line) => line.startsWith('| '))
  assert.deepEqual(rows.slice(1), [
    '| 784-1000-500-250-30, pretrained | Squared error (per image) | 3.93 | 3.00 | +0.93 | 300 | abc1234 |',
    '| Logistic PCA, 30 components | Squared error (per image) | – | 8.01 | – | diverged | abc1234 |',
    '| PCA, 30 components | Squared error (per image) | – | 13.87 | – | – | – |',
  ])
  assert.match(text, /The loss is not finite\./)
  assert.match(text, /2026-01-02 on A processor, 2 cores/)
  assert.match(text, /- 3\.00: Average squared error .* \(Science 313/)

  const first = document('', infos, { form: 'quick', preset: 'hinton2006', text })
  const second = document(first, infos, { form: 'paper', preset: 'vincent2010', text: 'of the paper' })
  const third = document(second, infos, { form: 'quick', preset: 'hinton2006', text: 'anew' })
  assert.ok(second.includes(text) && second.includes('of the paper') && second.startsWith('# Reproductions'))
  assert.ok(!third.includes('3.93') && third.includes('anew') && third.indexOf('anew') < third.indexOf('of the paper'))
  assert.equal(document(third, infos, { form: 'paper', preset: 'vincent2010', text: 'of the paper' }), third)
})
