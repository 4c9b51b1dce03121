import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figureInfos } from '../../src/main/engine/figures/index.ts'
import { fromRowColumns, newestFirst, rowOf, toRowColumns } from '../../src/shared/runRows.ts'
import type { CellValue, RowFilter, RowGroup, RunRow } from '../../src/shared/runTable.ts'
import { engineColumn, factColumns, standardView, type Sources } from '../../src/renderer/components/runs/columns.ts'
import {
  block,
  choicesOf,
  extentOf,
  filterRows,
  groupItems,
  inSight,
  linesFor,
  plainItems,
  seedText,
  sortBy,
  type Read,
  type ReadAll,
} from '../../src/renderer/components/runs/rows.ts'
import { cellText, tableTexts } from '../../src/renderer/components/runs/texts.ts'
import { leastWidth, neededWidths, shareWidth } from '../../src/renderer/components/runs/widths.ts'
import { numbersFrom } from '../../bench/table/fill.ts'

const hostile = ['<img src=x onerror=alert(1)>', 'תרגיל', '=1+1', 'run 10', 'run 9', 'Run 9', 'alpha 0.5', 'alpha 0.25', '']
const states = ['completed', 'running', 'diverged', 'queued'] as const

/** Rows of all kinds, the same for the same seed. */
function randomRows(seed: number, count: number): RunRow[] {
  const random = numbersFrom(seed)
  const one = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  return Array.from({ length: count }, (_, index) => ({
    id: `r${index}`,
    name: one(hostile),
    datasetId: 'd',
    dataset: one(['digits', 'letters']),
    variant: one(['pca', 'denoising']),
    seed: Math.floor(4 * random()),
    state: one(states),
    colour: index,
    epoch: 2,
    epochs: 5,
    step: 4,
    steps: 10,
    parameters: 5,
    createdAt: `2026-01-01T00:00:${String(index % 60).padStart(2, '0')}Z`,
    startedAt: null,
    endedAt: null,
    seconds: 90 * random(),
    place: null,
    progress: null,
    preset: null,
    origin: null,
    experiment: null,
    tags: one([[], ['pilot'], ['pilot', 'for the paper']]),
    archived: random() < 0.2,
    bytes: random() < 0.5 ? null : Math.floor(1e6 * random()),
    note: '',
  }))
}

/** A figure with all that figures can be: missing, not a number, infinite, negative, equal to others. */
function figureOf(rows: readonly RunRow[], seed: number): Read {
  const random = numbersFrom(seed)
  const values = new Map(
    rows.map(({ id }) => [
      id,
      random() < 0.2 ? null : random() < 0.1 ? NaN : random() < 0.1 ? Infinity : Math.round(20 * random() - 10),
    ]),
  )
  return (row) => values.get(row.id) ?? null
}
const search = (row: RunRow): string => `${row.name} ${row.dataset} ${seedText(row.seed)}`.toLowerCase()
const everything = { text: '', filters: [], archived: true }
const ids = (rows: readonly RunRow[]): string[] => rows.map(({ id }) => id)

test('rows travel by column and come back as they were', () => {
  const rows = randomRows(1, 50)
  assert.deepEqual(fromRowColumns(toRowColumns(rows)), rows)
  assert.deepEqual(fromRowColumns(toRowColumns([])), [])
  const run = { ...rows[0]!, notes: `${'n'.repeat(300)}`, config: {}, stages: [] } as never
  assert.deepEqual(rowOf(run), { ...rows[0]!, note: `${'n'.repeat(200)}…` })
})

test('newest first, and runs that were made together in the order of the queue', () => {
  const [row] = randomRows(1, 1),
    made = (id: string, createdAt: string): RunRow => ({ ...row!, id, createdAt })
  const rows = [
    made('z', '2026-01-01T00:00:00.000Z'),
    made('b', '2026-01-02T00:00:00.000Z'),
    made('c', '2026-01-02T00:00:00.000Z'),
    made('a', '2026-01-02T00:00:00.000Z'),
  ]
  assert.deepEqual(ids(newestFirst(rows)), ['b', 'c', 'a', 'z'])
})

test('a filter keeps exactly the rows that pass it, in their order', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const rows = randomRows(seed, 80)
    const figure = figureOf(rows, seed + 100)
    const columns: Record<string, ReadAll> = {
      figure: (row) => {
        const value = figure(row)
        return value === null ? [] : [value]
      },
      tags: ({ tags }) => tags,
      name: ({ name }) => [name],
    }
    const passes = (filters: RowFilter[], more: Partial<typeof everything> = {}) =>
      ids(filterRows(rows, { ...everything, ...more, filters }, search, (key) => columns[key]!))
    const [from, to] = [-4, 5]
    assert.deepEqual(
      passes([{ kind: 'range', key: 'figure', from, to }]),
      ids(
        rows.filter((row) => {
          const value = figure(row)
          return typeof value === 'number' && value >= from && value <= to
        }),
      ),
    )
    assert.deepEqual(
      passes([{ kind: 'range', key: 'figure', from: null, to: null }]),
      ids(rows),
      'a range without limits filters nothing, not even what is missing',
    )
    assert.deepEqual(
      passes([{ kind: 'choice', key: 'tags', values: ['for the paper', null] }]),
      ids(rows.filter(({ tags }) => tags.length === 0 || tags.includes('for the paper'))),
    )
    assert.deepEqual(
      passes([{ kind: 'choice', key: 'figure', values: ['3', null] }]),
      ids(rows.filter((row) => figure(row) === null || figure(row) === 3)),
      'numbers are chosen by how they are written',
    )
    assert.deepEqual(
      passes([{ kind: 'text', key: 'name', text: ' ALPHA .25' }]),
      ids(rows.filter(({ name }) => name === 'alpha 0.25')),
    )
    assert.deepEqual(
      passes([], { text: 'digits SEED 2' }),
      ids(rows.filter((row) => row.dataset === 'digits' && row.seed === 2)),
      'a seed is one word',
    )
    assert.deepEqual(passes([], { archived: false }), ids(rows.filter(({ archived }) => !archived)))
    const both: RowFilter[] = [
      { kind: 'range', key: 'figure', from, to: null },
      { kind: 'choice', key: 'tags', values: ['pilot'] },
    ]
    assert.deepEqual(
      passes(both),
      passes([both[0]!]).filter((id) => passes([both[1]!]).includes(id)),
      'two filters keep what each keeps',
    )
  }
  const rows = hostile.map((name, index) => ({ ...randomRows(1, 1)[0]!, id: String(index), name }))
  for (const name of hostile.filter(Boolean))
    assert.ok(
      filterRows(
        rows,
        { ...everything, text: name },
        (row) => row.name.toLowerCase(),
        () => () => [],
      ).some((row) => row.name === name),
      name,
    )
})

test('sorting is stable, puts what is missing last whichever way, and counts as people do', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const rows = randomRows(seed, 60)
    const read = figureOf(rows, seed)
    for (const descending of [false, true]) {
      const order = sortBy(rows, read, descending)
      assert.deepEqual([...ids(order)].sort(), [...ids(rows)].sort(), 'nothing is lost')
      const values = order.map(read)
      const kind = (value: CellValue) => (value === null ? 2 : Number.isNaN(value) ? 1 : 0)
      for (let at = 1; at < values.length; at++) {
        const a = values[at - 1]!,
          b = values[at]!
        assert.ok(kind(values[at - 1]!) <= kind(values[at]!), 'numbers, then what is no number, then what is missing')
        if (kind(values[at]!) === 0) assert.ok(descending ? a >= b : a <= b)
        if (Object.is(values[at - 1], values[at]))
          assert.ok(rows.indexOf(order[at - 1]!) < rows.indexOf(order[at]!), 'equal ones keep their order')
      }
    }
  }
  const names = (texts: string[]) => sortBy(texts, (text) => text, false)
  assert.deepEqual(names(['run 10', 'run 9', 'Run 1', 'alpha 0.5', 'alpha 0.25', 'alpha 0.125 b']), [
    'alpha 0.125 b',
    'alpha 0.25',
    'alpha 0.5',
    'Run 1',
    'run 9',
    'run 10',
  ])
  assert.deepEqual(names(['512, 64', '64', '512, 8']), ['64', '512, 8', '512, 64'])
})

test('groups show every row once, below an open head, and never a head without rows', () => {
  const rows = randomRows(3, 100)
  const groupOf = (value: string): RowGroup => ({
    id: value,
    title: value,
    value,
    variant: null,
    colour: null,
    runs: ids(rows.filter(({ dataset }) => dataset === value)),
    cells: {},
  })
  const groups = [groupOf('letters'), groupOf('digits'), { ...groupOf('gone'), runs: ['not there any more'] }]
  const shown = rows.filter(({ archived }) => !archived)
  const items = groupItems(groups, shown, new Set(['digits', 'gone']))
  assert.deepEqual(
    items.flatMap((item) => (item.kind === 'group' ? [item.group.id] : [])),
    ['letters', 'digits'],
  )
  assert.deepEqual(
    items.flatMap((item) => (item.kind === 'run' ? [item.row.id] : [])),
    ids(shown.filter(({ dataset }) => dataset === 'digits')),
  )
  assert.deepEqual(
    items.flatMap((item) => (item.kind === 'group' ? item.rows.map(({ id }) => id) : [])).sort(),
    ids(shown).sort(),
    'heads know all of their shown rows',
  )
  assert.deepEqual(groupItems([groups[0]!], shown, new Set()).length, 1, 'runs that no group has yet are not shown')
  // A run that is a group by itself stands there without a head, where that is asked for.
  const alone = { ...groupOf('letters'), id: 'alone', runs: [shown[0]!.id] }
  const pair = { ...groupOf('digits'), id: 'pair', runs: [shown[1]!.id, shown[2]!.id] }
  assert.deepEqual(
    groupItems([pair, alone], shown, new Set(), true).map((item) => (item.kind === 'group' ? item.group.id : item.row.id)),
    ['pair', shown[0]!.id],
  )
  assert.deepEqual(
    groupItems([pair, alone], shown, new Set()).map(({ kind }) => kind),
    ['group', 'group'],
  )
})

test('values to choose from are counted, and the extent is that of numbers', () => {
  const rows = randomRows(5, 200)
  const choices = choicesOf(rows, ({ tags }) => tags)
  assert.deepEqual(choices.at(-1)?.value, null, 'none stands last')
  for (const { value, count } of choices)
    assert.equal(count, rows.filter(({ tags }) => (value === null ? tags.length === 0 : tags.includes(value))).length)
  const read = figureOf(rows, 5)
  const all: ReadAll = (row) => {
    const value = read(row)
    return value === null ? [] : [value]
  }
  const finite = rows.map(read).filter((value): value is number => Number.isFinite(value))
  assert.deepEqual(extentOf(rows, all), { least: Math.min(...finite), largest: Math.max(...finite) })
  assert.equal(
    extentOf(rows, () => []),
    null,
  )
})

test('the lines in the page are those in sight, and as many at every place as there are to be used', () => {
  for (const height of [0, 27, 28, 300, 641, 900, 1440]) {
    const lines = linesFor(height, 28)
    for (const count of [0, 1, 7, 8, 9, 50, 10_000]) {
      for (let top = 0; top <= Math.max(0, 28 * count - height); top += 97) {
        const { begin, end } = inSight(top, height, 28, count)
        assert.ok(begin <= end || count === 0)
        assert.ok(end - begin <= lines, `${end - begin} lines of ${lines}`)
        assert.ok(count === 0 || (begin <= Math.floor(top / 28) && end >= Math.min(count, Math.ceil((top + height) / 28))))
        assert.equal(begin % block, 0)
      }
    }
  }
})

const values: Record<string, CellValue> = {
  squaredError: 12.3456,
  linearProbeAccuracy: 0.93147,
  elbo: -101.25,
  'regularizer.rate': 0.3,
  'network.layers': '512, 64',
  psnr: null,
}
const words = new Map(figureInfos().map((info) => [info.key, info]))
const figure = (key: string) => words.get(key)
const sources: Sources = { variant: (id) => id.toUpperCase(), experiment: () => null, figure, value: (key) => values[key] ?? null }

test('what is saved as a file is what stands on screen, figures with all their digits', () => {
  const [row] = randomRows(1, 1)
  const facts = new Map(factColumns(sources).map((column) => [column.key, column]))
  const figure = (key: string, title: string, unit: string) =>
    engineColumn(
      key,
      { key, title, kind: 'figure', section: 'Evaluation', numeric: true, unit, better: 'lower', count: 1, varies: true },
      sources,
    )
  const setting = (key: string, numeric: boolean) =>
    engineColumn(
      key,
      { key, title: key, kind: 'setting', section: 'Network', numeric, unit: '', better: 'neither', count: 1, varies: true },
      sources,
    )
  const columns = [
    facts.get('name')!,
    facts.get('seed')!,
    facts.get('tags')!,
    figure('squaredError', 'Squared error', 'per sample'),
    figure('linearProbeAccuracy', 'Linear probe accuracy', '%'),
    figure('elbo', 'ELBO', 'nats per sample'),
    figure('psnr', 'PSNR', 'dB'),
    setting('regularizer.rate', true),
    setting('network.layers', false),
    facts.get('actions')!,
  ]
  const own = { ...row!, name: '=1+1', seed: 3, tags: ['a', 'b'] }
  assert.deepEqual(
    columns.map((column) => column.text(own)),
    ['=1+1', '3', 'a, b', '12.35', '93.1%', '−101.25', '–', '0.3', '512, 64', ''],
  )
  const table = tableTexts(plainItems([own]), columns)
  assert.deepEqual(table.rows, [['=1+1', '3', 'a, b', '12.3456', '93.147', '-101.25', '–', '0.3', '512, 64']])
  assert.deepEqual(
    table.columns.map(({ title, unit }) => (unit ? `${title} (${unit})` : title)),
    [
      'Run',
      'Seed',
      'Tags',
      'Error (per sample)',
      'Probe (%)',
      'ELBO (nats per sample)',
      'PSNR (dB)',
      'regularizer.rate',
      'network.layers',
    ],
  )
  const group: RowGroup = {
    id: 'g',
    title: 'Denoising',
    value: null,
    variant: null,
    colour: 0,
    runs: [own.id],
    cells: {
      squaredError: { text: '12.3 ± 0.4', full: '12.3456 ± 0.412345', value: 12.3456, hint: '' },
      seed: { text: '3', value: 3, hint: '' },
    },
  }
  const grouped = tableTexts(
    [
      { kind: 'group', group, rows: [own], open: true },
      { kind: 'run', row: own, group: 'g' },
    ],
    columns.slice(0, 4),
  )
  assert.deepEqual(grouped.rows, [
    ['Denoising', '3', 'a, b', '12.3456 ± 0.412345', '1'],
    ['=1+1', '3', 'a, b', '12.3456', ''],
  ])
  for (const { key } of standardView.columns)
    assert.ok(
      facts.has(key) || engineColumn(key, undefined, sources).title !== key,
      `${key} has a header before the list of columns has come`,
    )
})

test('a group without an interval is written as a run is, one with an interval as that allows', () => {
  const sources: Sources = { variant: (id) => id, experiment: () => null, figure, value: () => undefined }
  const error = engineColumn('squaredError', undefined, sources),
    probe = engineColumn('linearProbeAccuracy', undefined, sources),
    layers = engineColumn('network.layers', undefined, sources)
  const cell = (text: string, value: CellValue) => ({ text, value, hint: '' })
  assert.equal(cellText(error, cell('243.36', 243.3561)), '243.36')
  assert.equal(cellText(error, cell('243.356 ± 0.012', 243.3561)), '243.356 ± 0.012')
  assert.equal(cellText(probe, cell('87.2', 0.87213)), '87.2%')
  assert.equal(cellText(error, cell('–', null)), '–')
  assert.equal(cellText(layers, cell('64, 8', '64, 8')), '64, 8')
  assert.equal(cellText(error, undefined), '')
})

test('a wide table gives its width to all columns, but not to those that somebody has set', () => {
  const columns = [
    { width: 200, set: false },
    { width: 80, set: false },
    { width: 100, set: true },
    { width: 120, set: false },
  ]
  assert.deepEqual(shareWidth(columns, 400, 100), [200, 80, 100, 120], 'no more room than needed: the table is scrolled')
  assert.deepEqual(shareWidth(columns, 600, 100), [200, 80, 100, 120], 'the first one alone grows at first')
  assert.deepEqual(shareWidth(columns, 640, 100), [220, 88, 100, 132])
  assert.deepEqual(shareWidth(columns, 6000, 100), [300, 120, 100, 180], 'never more than half as much again')
  // What would be cut comes first: as far as the room goes, and then in full.
  const needy = columns.map((column, index) => ({ ...column, need: column.width + [100, 0, 50, 20][index]! }))
  assert.deepEqual(shareWidth(needy, 500, 0), [200, 80, 100, 120])
  assert.deepEqual(shareWidth(needy, 560, 0), [250, 80, 100, 130])
  assert.deepEqual(shareWidth(needy, 620, 0), [300, 80, 100, 140])
  for (let room = 300; room < 2000; room += 7) {
    const shared = shareWidth(columns, room, 100)
    assert.ok(
      shared.slice(1).reduce((sum, width) => sum + width, 0) + 200 <= Math.max(room, 500),
      `${room}: the first one keeps what it needs`,
    )
  }
})

test('a column is as wide as what stands in it: numbers and durations in full, nothing for what is empty', () => {
  const rows = randomRows(9, 50).map((row, index) => ({
    ...row,
    state: 'completed' as const,
    name: 'a run with a name of fifty characters and a few mo',
    seconds: index === 10 ? 83 : 5,
    tags: [],
  }))
  const columns = factColumns(sources).filter(({ key }) => ['name', 'dataset', 'time', 'tags', 'actions'].includes(key))
  const needs = neededWidths(columns, plainItems(rows))
  const of = (wanted: string): { need: number; least: number; usual: number } => {
    const index = columns.findIndex(({ key }) => key === wanted)
    return { need: needs[index]!, least: leastWidth(columns[index]!, needs[index]!), usual: columns[index]!.width }
  }
  const time = columns.find(({ key }) => key === 'time')!
  const longest = Math.max(...rows.map((row) => time.text(row).length))
  assert.ok(longest >= 9)
  assert.ok(of('time').least >= 7 * longest + 16, 'the longest duration can be read')
  assert.ok(of('name').need >= 50 * 7 + 60, 'so can the name, where there is room')
  assert.equal(of('name').least, of('name').usual, 'it gives way where there is none')
  const heads = columns.filter(({ key }) => ['seed', 'tags', 'time'].includes(key))
  for (const [index, { title }] of heads.entries())
    assert.ok(neededWidths(heads, [])[index]! >= 7.4 * title.length + 18, `${title} is read in full`)
  assert.ok(of('tags').least < of('tags').usual && of('dataset').least <= of('dataset').usual)
  // One that somebody set stays so.
  assert.equal(leastWidth({ ...time, set: true, width: 50 }, 200), 50)
})
