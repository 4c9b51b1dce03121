import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figureInfos } from '../../src/main/engine/figures/index.ts'
import { engineColumn, factColumns, type Sources } from '../../src/renderer/components/runs/columns.ts'
import { columnsNamed, readQuery } from '../../src/renderer/components/runs/query.ts'
import { filterRows, seedText } from '../../src/renderer/components/runs/rows.ts'
import type { CellValue, RunRow } from '../../src/shared/runTable.ts'

/** The search of the table of runs: words, and conditions on what stands in columns. */

const values: Record<string, Record<string, CellValue>> = {
  'regularizer.lambda@contractive': { a: 0.1, b: 0.05 },
  'regularizer.lambda@sparseL1': { c: 0.2 },
  'network.layers': { a: '512, 32', b: '512, 64', c: '16', d: '512, 32' },
  'training.epochs': { a: 5, b: 20, c: 100 },
  squaredError: { a: 12.5, b: NaN, c: 3 },
}
const variantTitles: Record<string, string> = { contractive: 'Contractive', sparseL1: 'Sparse (L1)', pca: 'PCA' }
const sources: Sources = {
  variant: (id) => variantTitles[id] ?? id,
  experiment: (id) => id,
  figure: (key) => figureInfos().find((info) => info.key === key),
  value: (key, run) => values[key]?.[run] ?? null,
}
const columns = [...factColumns(sources), ...Object.keys(values).map((key) => engineColumn(key, undefined, sources))]
const of = (key: string) => columns.find((column) => column.key === key)!

const row = (id: string, variant: string, more: Partial<RunRow>): RunRow =>
  ({
    id,
    name: `run ${id}`,
    dataset: 'digits',
    variant,
    seed: 1,
    state: 'completed',
    tags: [],
    seconds: 0,
    createdAt: '2025-12-31T00:00:00Z',
    note: '',
    archived: false,
    ...more,
  }) as RunRow
const rows = [
  row('a', 'contractive', { name: 'first contractive', seconds: 30 }),
  row('b', 'contractive', { seed: 2, tags: ['for the paper'], seconds: 90 }),
  row('c', 'sparseL1', { state: 'interrupted', note: 'src=x', createdAt: '2026-03-01T00:00:00Z' }),
  row('d', 'pca', { name: 'ratio 3:4', createdAt: '2026-01-01T00:00:00Z' }),
]
const found = (text: string): string =>
  filterRows(
    rows,
    { filters: [], archived: false, ...readQuery(text, (name) => columnsNamed(name, columns)) },
    (one) => `${one.name} ${one.dataset} ${seedText(one.seed)} ${one.tags.join(' ')} ${one.note}`.toLowerCase(),
    (key) => of(key).readAll,
    (key) => of(key).searched,
  )
    .map(({ id }) => id)
    .join('')

test('settings, figures and facts are searched by value', () => {
  for (const [text, ids] of [
    // A setting of several variants is that of each.
    ['lambda>0.05', 'ac'],
    ['lambda >= 0.05', 'abc'],
    ['regularizer.lambda<0.2', 'ab'],
    ['LAMBDA=1e-1', 'a'],
    ['lambda!=0.1', 'bc'],
    ['variant:contractive', 'ab'],
    ['variant=sparsel1', 'c'],
    ['variant:"sparse (l1)"', 'c'],
    ['variant:contractive lambda>0.05', 'a'],
    ['variant:contractive seed:2', 'b'],
    ['variant:contractive first', 'a'],
    ['layers=512,32', 'ad'],
    ['layers="512, 32"', 'ad'],
    ['layers:512', 'abd'],
    ['batch size', ''],
    ['epochs<=20 variant!=pca', 'ab'],
    ['state:interrupted', 'c'],
    ['tags:paper', 'b'],
    ['time>60', 'b'],
    ['created>=2026-02', 'c'],
    // Not a number is on no side of one.
    ['squaredError<100', 'ac'],
    ['squaredError>0', 'ac'],
    // Numbers are not texts.
    ['lambda>many', ''],
    // Still being typed: nothing disappears meanwhile.
    ['lambda>', 'abcd'],
    ['variant:', 'abcd'],
    // What names no column is a text like any other.
    ['src=x', 'c'],
    ['3:4', 'd'],
    ['lamda>0.05', ''],
    ['seed 2', 'b'],
  ] as const)
    assert.equal(found(text), ids, text)
  assert.deepEqual(
    readQuery('lamda>0.05 first', (name) => columnsNamed(name, columns)),
    {
      text: 'lamda>0.05 first',
      conditions: [],
      unknown: ['lamda'],
    },
  )
})
