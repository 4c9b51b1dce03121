import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowOf } from '../../src/shared/runRows.ts'
import { fromRowColumns } from '../../src/shared/runRows.ts'
import type { Run } from '../../src/shared/domain.ts'
import type { RowGroup, TableView } from '../../src/shared/runTable.ts'
import { fillHome } from '../../bench/table/fill.ts'
import { parseCsv } from '../fixtures/csv.ts'
import { temporaryFolder, testEngine } from '../fixtures/homes.ts'

/** An engine on a home with runs of all variants on two datasets. */
function filled(t: Parameters<typeof temporaryFolder>[0], runs = 240) {
  const folder = temporaryFolder(t)
  fillHome(folder, { runs })
  return { folder, ...testEngine(t, folder, { startQueued: false }) }
}
const byId = <T extends { id: string }>(all: readonly T[]): Map<string, T> => new Map(all.map((one) => [one.id, one]))

test('rows are what the runs are, without what is long', async (t) => {
  const { call } = filled(t)
  const { runs } = await call('runs.list', {})
  const rows = fromRowColumns((await call('runs.rows', {})).rows)
  assert.equal(rows.length, 240)
  assert.deepEqual(rows, runs.map(rowOf))
  const some = runs.slice(3, 6)
  assert.deepEqual((await call('runs.several', { runs: [...some.map(({ id }) => id), 'nowhere'] })).runs, some)
})

test('columns hold what the runs hold, and follow every change', async (t) => {
  const { call, engine } = filled(t)
  const columns = [
    'squaredError',
    'robustness.masking.0.5',
    'unitActivity.dead',
    'validation/loss',
    'network.layers',
    'network.codeSize',
    'regularizer.lambda',
    'training.learningRate',
    'nothing.at.all',
  ]
  const read = async () => {
    const { runs, values } = await call('runs.values', { columns })
    return new Map(runs.map((id, index) => [id, columns.map((key) => values[key]![index])]))
  }
  const expected = (run: Run) => [
    run.evaluation?.squaredError ?? null,
    run.evaluation?.robustness?.masking['0.5'] ?? null,
    run.evaluation?.unitActivity?.filter((share) => share < 0.01).length ?? null,
    run.latest['validation/loss'] ?? null,
    run.config.network.layers.join(', '),
    run.config.network.layers.at(-1),
    run.config.regularizer['lambda'] ?? null,
    run.variant === 'pca' ? null : run.config.training.learningRate,
    null,
  ]
  const check = async () => {
    const found = await read()
    const { runs } = await call('runs.list', {})
    assert.deepEqual([...found.keys()].sort(), runs.map(({ id }) => id).sort())
    for (const run of runs) assert.deepEqual(found.get(run.id), expected(run), run.name)
  }
  await check()
  const { runs } = await call('runs.list', {})
  const [first, second, third] = runs.filter(({ evaluation }) => evaluation !== null) as [Run, Run, Run]
  engine.store.runs.update(first.id, {
    evaluation: { ...first.evaluation!, squaredError: 0.125 },
    latest: { 'validation/loss': 7 },
  })
  engine.store.runs.update(second.id, { evaluation: null })
  await call('runs.remove', { run: third.id })
  await check()
  assert.equal((await read()).get(first.id)?.[0], 0.125)
  await call('runs.restore', { run: third.id })
  await check()
  assert.deepEqual(await call('runs.values', { columns: ['squaredError'], runs: [third.id, 'nowhere', first.id] }), {
    runs: [third.id, first.id],
    values: { squaredError: [third.evaluation!.squaredError, 0.125] },
  })

  const listed = byId((await call('runs.columns', {})).columns.map((column) => ({ id: column.key, ...column })))
  const present = (await call('runs.list', {})).runs
  assert.deepEqual(listed.get('linearProbeAccuracy'), {
    id: 'linearProbeAccuracy',
    key: 'linearProbeAccuracy',
    title: 'Linear probe accuracy',
    kind: 'figure',
    section: 'Evaluation',
    numeric: true,
    unit: '%',
    better: 'higher',
    count: present.filter(({ evaluation }) => evaluation).length,
    varies: true,
  })
  assert.deepEqual([listed.get('training.learningRate')?.varies, listed.get('training.batchSize')?.varies], [true, false])
  assert.equal(listed.has('validation/klPerUnit/3'), false)
  assert.deepEqual([listed.get('network.layers')?.numeric, listed.get('network.codeSize')?.numeric], [false, true])
})

/** 97.5% quantiles of Student's t by degrees of freedom (SciPy 1.16, stats.t.ppf). */
const quantile: Record<number, number> = { 1: 12.706204736174698, 2: 4.302652729749464 }

test('groups over seeds: every run in one, means and intervals as Student has them', async (t) => {
  const { call } = filled(t)
  const { runs } = await call('runs.list', {})
  const known = byId(runs)
  const { groups } = await call('runs.groups', {
    runs: runs.map(({ id }) => id),
    by: 'seeds',
    columns: ['squaredError', 'linearProbeAccuracy', 'validation/loss', 'network.layers', 'seed'],
  })
  assert.deepEqual(groups.flatMap((group) => group.runs).sort(), runs.map(({ id }) => id).sort())
  const settings = ({ datasetId, variant, config }: Run) => JSON.stringify([datasetId, variant, config])
  assert.equal(new Set(groups.map((group) => settings(known.get(group.runs[0]!)!))).size, groups.length, 'two groups differ')
  let intervals = 0
  for (const group of groups) {
    const own = group.runs.map((id) => known.get(id)!)
    assert.equal(new Set(own.map(settings)).size, 1, 'one group does not')
    if (new Set(own.map(({ seed }) => seed)).size < own.length) continue
    const errors = own.flatMap(({ evaluation }) => evaluation?.squaredError ?? [])
    const cell = group.cells['squaredError']!
    if (errors.length === 0) {
      assert.deepEqual([cell.text, cell.value], ['–', null])
      continue
    }
    const mean = errors.reduce((sum, value) => sum + value, 0) / errors.length
    assert.ok(Math.abs((cell.value as number) - mean) < 1e-9)
    if (errors.length === 1) {
      assert.match(cell.hint, /One run/)
      continue
    }
    const deviation = Math.sqrt(errors.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (errors.length - 1))
    const half = (quantile[errors.length - 1]! * deviation) / Math.sqrt(errors.length)
    const [shown, width] = cell.text.split(' ± ').map(Number) as [number, number]
    // As many digits as the interval allows: of its half width one or two.
    const digit = 10 ** -(/\.(\d+)$/.exec(cell.text)?.[1]!.length ?? 0)
    assert.ok(
      Math.abs(width - half) <= digit / 2 + 1e-9 && Math.abs(shown - mean) <= digit / 2 + 1e-9,
      `${cell.text} is ${mean} with the interval ${half}`,
    )
    assert.ok(half < 100 * digit && half >= digit, `${cell.text} has digits that ${half} allows`)
    assert.match(group.cells['linearProbeAccuracy']!.text, /^[\d.]+ ± [\d.]+%$/)
    assert.equal(group.cells['network.layers']!.text, own[0]!.config.network.layers.join(', '))
    intervals++
  }
  assert.ok(intervals > 20, `${intervals} groups have intervals`)
})

test('groups of an experiment are called as its cells are, with its name where two experiments have cells of one name', async (t) => {
  const { call } = filled(t, 3)
  const [dataset] = (await call('datasets.list', {})).datasets
  const plan = (name: string, epochs: number) => ({
    name,
    dataset: dataset!.id,
    seeds: [1, 2],
    settings: { 'training.epochs': epochs },
    variants: [
      { variant: 'classical' },
      { variant: 'classical', title: 'Weight decay', settings: { 'training.weightDecay': 0.001 } },
    ],
  })
  const titles = async (): Promise<string[]> => {
    const { runs } = await call('runs.list', {})
    const { groups } = await call('runs.groups', {
      runs: runs.flatMap(({ id, experiment }) => (experiment === null ? [] : [id])),
      by: 'seeds',
      columns: [],
    })
    assert.ok(groups.every(({ runs: own }) => own.length === 2))
    return groups.map(({ title }) => title).sort()
  }
  await call('experiments.create', { plan: plan('short', 3) })
  assert.deepEqual(await titles(), ['Classical', 'Weight decay'])
  await call('experiments.create', { plan: plan('long', 30) })
  assert.deepEqual(await titles(), ['Classical (long)', 'Classical (short)', 'Weight decay (long)', 'Weight decay (short)'])
})

test('what was not measured alike has no mean', async (t) => {
  const { call, engine } = filled(t, 330)
  const { runs } = await call('runs.list', {})
  const ask = async (own: readonly Run[], by: string, column: string): Promise<RowGroup[]> =>
    (await call('runs.groups', { runs: own.map(({ id }) => id), by, columns: [column] })).groups
  const digits = runs.filter(({ dataset, evaluation }) => dataset === 'digits' && evaluation)
  const [together] = await ask(digits, 'dataset', 'squaredError')
  assert.match(together!.cells['squaredError']!.text, /^[\d.]+ ± [\d.]+$/)
  assert.match(together!.cells['squaredError']!.hint, /may differ in more than their seed/)
  assert.deepEqual(
    (await ask(runs, 'variant', 'squaredError'))
      .flatMap(({ runs: own, cells, value }) =>
        new Set(own.map((id) => byId(runs).get(id)!.dataset)).size > 1 ? [[value, cells['squaredError']!.text]] : [],
      )
      .slice(0, 1)
      .map(([, text]) => text),
    ['–'],
  )

  const bounds = digits.filter(({ variant }) => variant === 'variational')
  const one = (groups: RowGroup[]) => groups[0]!.cells['elbo']!
  assert.match(one(await ask(bounds, 'variant', 'elbo')).text, /±/)
  engine.store.runs.update(bounds[0]!.id, { evaluation: { ...bounds[0]!.evaluation!, likelihood: 'gaussian' } })
  assert.deepEqual([one(await ask(bounds, 'variant', 'elbo')).text, one(await ask(bounds, 'variant', 'elbo')).value], ['–', null])
  assert.match(one(await ask(bounds, 'variant', 'elbo')).hint, /another likelihood/)
  // Curves mean something only under one objective.
  const loss = (
    await ask(
      digits.filter(({ variant }) => variant !== 'pca'),
      'dataset',
      'validation/loss',
    )
  )[0]!.cells['validation/loss']!
  assert.deepEqual([loss.text, /different objectives/.test(loss.hint)], ['–', true])
})

test('groups by a setting have its values, runs without it among themselves', async (t) => {
  const { call } = filled(t)
  const { runs } = await call('runs.list', {})
  const { groups } = await call('runs.groups', {
    runs: runs.map(({ id }) => id),
    by: 'regularizer.lambda',
    columns: ['regularizer.lambda', 'seed'],
  })
  const lambdas = new Set(runs.map(({ config }) => config.regularizer['lambda'] ?? null))
  assert.deepEqual(new Set(groups.map(({ value }) => value)), lambdas)
  for (const { value, runs: own } of groups)
    assert.ok(own.every((id) => (byId(runs).get(id)!.config.regularizer['lambda'] ?? null) === value))
  assert.equal(groups.find(({ value }) => value === null)?.title, '–')
  assert.equal(groups[0]!.cells['seed']!.text, '1, 2, 3')
})

test('how the table is looked at is kept with the home, and so are views with a name', async (t) => {
  const { folder, call, engine, events } = filled(t, 3)
  assert.deepEqual((await call('tables.show', { table: 'runs' })).state, { current: null, views: [] })
  const view: TableView = {
    columns: [
      { key: 'name', width: 300 },
      { key: 'validation/loss', width: null },
    ],
    sort: { key: 'squaredError', descending: false },
    text: '<b>',
    group: 'seeds',
    archived: true,
    filters: [
      { kind: 'range', key: 'squaredError', from: null, to: 12.5 },
      { kind: 'choice', key: 'tags', values: ['=1+1', null] },
      { kind: 'text', key: 'name', text: 'x' },
    ],
  }
  await call('tables.save', { table: 'runs', current: view })
  const { state } = await call('tables.save', { table: 'runs', views: [{ name: 'שלום <img src=x>', view }] })
  assert.deepEqual(state, { current: view, views: [{ name: 'שלום <img src=x>', view }] }, 'what is not given stays')
  assert.deepEqual(
    events.filter(({ type }) => type === 'views'),
    [{ type: 'views', table: 'runs', views: state.views }],
  )
  await assert.rejects(call('tables.save', { table: 'runs', current: { ...view, columns: [{ key: 'name', width: 3 }] } }), {
    code: 'CALL_INVALID',
  })
  await engine.close()
  assert.deepEqual((await testEngine(t, folder).call('tables.show', { table: 'runs' })).state, state)
})

test('a table becomes a file that no spreadsheet takes for formulas', async (t) => {
  const { call } = filled(t, 3)
  const columns = [
    { title: 'Run', unit: '', numeric: false },
    { title: 'Probe', unit: '%', numeric: true },
  ]
  const rows = [
    ['=1+1', '93.1 ± 0.4'],
    ['+SUM(A1)', '-1.5'],
    ['@x', '–'],
    ['-2+3', '12'],
    ['a "b", c', '1e-5'],
  ]
  const csv = [
    'Run,Probe (%),Probe (%) ± 95%',
    "'=1+1,93.1,0.4",
    "'+SUM(A1),-1.5,",
    "'@x,,",
    "'-2+3,12,",
    '"a ""b"", c",1e-5,',
    '',
  ].join('\r\n')
  assert.equal((await call('tables.csv', { columns, rows })).text, csv)
  assert.equal((await call('tables.csv', { columns, rows, bom: true })).text, `\ufeff${csv}`)
  await assert.rejects(call('tables.csv', { columns, rows: [['one cell too few']] }), { code: 'CALL_INVALID', field: 'rows' })
  await assert.rejects(call('tables.csv', { columns, rows, about: { figures: [], runs: [] } }), { field: 'about' })
})

test('a table that is saved says of its rows what is to be known of their figures', async (t) => {
  const { call, engine } = filled(t, 40)
  const [flat, sound] = (await call('runs.list', {})).runs.filter(({ evaluation }) => evaluation !== null) as [Run, Run]
  const measured = (run: Run, variance: number) =>
    engine.store.runs.update(run.id, {
      evaluation: { ...run.evaluation!, squaredError: 7, meanImageSquaredError: 8, reconstructionVariance: variance },
    })
  measured(flat, 0.001)
  measured(sound, 0.6)
  const columns = [{ title: 'Run', unit: '', numeric: false }]
  const saved = async (figures: string[], runs: string[][]) =>
    parseCsv((await call('tables.csv', { columns, rows: runs.map((_, row) => [`${row}`]), about: { figures, runs } })).text)
  const rows = [[sound.id], [flat.id], [flat.id, sound.id], ['nowhere']]
  const [head, ...notes] = await saved(['squaredError'], rows)
  assert.deepEqual(head, ['Run', 'Note'])
  assert.deepEqual(
    notes.map(([, note = '']) => /^It reconstructs the same|^“.+” reconstructs the same|^$/.exec(note)?.[0].slice(0, 2)),
    ['', 'It', `“${flat.name[0]}`, ''],
  )
  // A table without figures needs none.
  assert.deepEqual((await saved([], rows))[0], ['Run'])
})
