import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Field } from '../../src/shared/config.ts'
import type { Dataset, Run } from '../../src/shared/domain.ts'
import { resolveConfig, variantInfos } from '../../src/main/engine/variants/index.ts'
import { sentence } from '../../src/renderer/components/datasets/inspected.ts'
import { valueOf } from '../../src/shared/settings/text.ts'
import { words } from '../../src/renderer/components/settings/words.ts'
import { begun, plan, request } from '../../src/renderer/components/start/plan.ts'
import { bytes, counted, duration, figure, when } from '../../src/renderer/format.ts'
import { matching, type Command } from '../../src/renderer/state/matching.ts'
import { ahead, filtered, usualOf } from '../../src/renderer/views/runFacts.ts'

test('numbers, times and sizes are written as they are read', () => {
  assert.deepEqual(
    [9.4712, 0.00123456, 13.19, 2.44e-7, 65432.1, -0.5, 0, null, Infinity].map((value) => figure(value)),
    ['9.471', '0.001235', '13.19', '2.44e-7', '65432', '−0.5000', '0', '–', '∞'],
  )
  assert.deepEqual([0.24, 8.4, 59.7, 60, 200, 599, 3600, 7500, 400_000].map(duration), [
    '0.2 s',
    '8 s',
    '1 min',
    '1 min',
    '3 min 20 s',
    '9 min 59 s',
    '1 h',
    '2 h 5 min',
    '5 days',
  ])
  assert.deepEqual([0, 999, 1000, 47_040_016, 999_999_999, 1.5e12].map(bytes), [
    '0 bytes',
    '999 bytes',
    '1.0 kB',
    '47 MB',
    '1.0 GB',
    '1.5 TB',
  ])
  assert.deepEqual([counted(1, 'class', 'classes'), counted(70_000, 'image')], ['1 class', '70,000 images'])
  const now = new Date(2026, 2, 3, 15, 0).getTime()
  assert.deepEqual(
    [0.5, 12, 90].map((minutes) => when(new Date(now - 60_000 * minutes).toISOString(), now)),
    ['just now', '12 min ago', 'today 13:30'],
  )
})

test('what is typed into a setting becomes a value, and what is not a number stays as it was typed', () => {
  const field = (kind: Field['kind']): Field => ({ key: 'k', title: 'K', description: '', kind, default: null })
  assert.deepEqual(valueOf(field('integers'), '512, 64'), [512, 64])
  assert.deepEqual(valueOf(field('integers'), '784 → 512 → x'), [784, 512, 'x'])
  assert.deepEqual(
    ['1e-3', ' 0.5 ', '', 'abc', 'Infinity'].map((text) => valueOf(field('number'), text)),
    [0.001, 0.5, '', 'abc', 'Infinity'],
  )
  assert.deepEqual(['saltAndPepper', 'squaredError', 'relu'].map(words), ['salt and pepper', 'squared error', 'relu'])
})

test('the palette finds every word, and titles come before details', () => {
  const command = (title: string, detail: string): Command => ({ id: title, kind: 'Run', title, detail, run() {} })
  const all = [command('alpha', 'denoising on mnist'), command('mnist denoising', ''), command('other', 'classical')]
  assert.deepEqual(
    matching(all, 'DENOISING mnist').map(({ id }) => id),
    ['mnist denoising', 'alpha'],
  )
  assert.deepEqual(
    matching(all, 'run other').map(({ id }) => id),
    ['other'],
  )
  assert.deepEqual(matching(all, '  '), all)
  assert.deepEqual(matching(all, 'absent'), [])
  // What is archived is not offered, and found after everything else.
  const away = { ...command('mnist', 'archived'), archived: true }
  assert.deepEqual(matching([away, ...all], ''), all)
  assert.deepEqual(
    matching([away, ...all], 'mnist').map(({ id }) => id),
    ['mnist denoising', 'alpha', 'mnist'],
  )
})

test('lists of runs to choose from leave out what is archived until it is asked for, and what is chosen stays', () => {
  const run = (id: string, name: string, more: Partial<Run> = {}) =>
    ({ id, name, dataset: 'mnist', variant: 'classical', state: 'completed', seed: 1, archived: false, ...more }) as Run
  const all = [
    run('e', 'old a', { archived: true }),
    run('d', 'new b'),
    run('c', 'old b', { archived: true, seed: 3 }),
    run('b', 'new a', { variant: 'denoising', state: 'paused' }),
    run('a', 'new c', { seed: 3 }),
  ]
  const variants = new Map(variantInfos().map((info) => [info.id, info]))
  const found = (text: string, chosen: string[] = []) =>
    filtered(all, text, variants, new Set(chosen))
      .map(({ id }) => id)
      .join('')
  assert.deepEqual([found(''), found('  '), found('', ['c']), found('', ['b', 'e', 'gone'])], ['dba', 'dba', 'dcba', 'edba'])
  assert.deepEqual(
    [
      found('A'),
      found('b'),
      found('seed 3'),
      found('PAUSED classical'),
      found('archived'),
      found('old', ['e']),
      found('absent', ['c']),
    ],
    ['dbaec', 'dbc', 'ac', '', 'ec', 'ec', ''],
  )
  assert.deepEqual(
    ahead(all, new Set(['a', 'c', 'x']))
      .map(({ id }) => id)
      .join(''),
    'caedb',
  )
  assert.equal(ahead(all, new Set()), all)
  assert.deepEqual([usualOf(all)?.id, usualOf(all.filter(({ archived }) => archived))?.id, usualOf([])], ['d', 'e', undefined])
})

test('the first comparison asks for runs that the engine takes, whatever the size of the dataset', () => {
  for (const [count, testCount, side] of [
    [70_000, 10_000, 28],
    [120, 18, 40],
    [24, 4, 64],
    [3000, 450, 128],
  ] as const) {
    const dataset = {
      id: 'd',
      count,
      testCount,
      validationCount: 0,
      width: side,
      height: side,
      channels: 1,
      kind: 'image',
    } as Dataset
    for (const line of plan) {
      const { variant, settings } = request(line, dataset)
      const { problems } = resolveConfig(variant, settings ?? {}, {
        rowSize: side * side,
        trainCount: count - testCount,
        kind: 'image',
      })
      assert.deepEqual(problems, [], `${variant} on ${count} images`)
    }
  }
})

test('the first comparison is found again by what is stored: the newest run of each line on that dataset', () => {
  const run = (id: string, name: string, variant: string, datasetId = 'd') => ({ id, name, variant, datasetId }) as Run
  const [pca, classical, denoising] = plan
  const stored = [
    run('3', pca.name, 'pca'),
    run('2', classical.name, 'classical', 'other'),
    run('1', pca.name, 'pca'),
    run('0', denoising.name, 'classical'),
  ]
  assert.deepEqual(
    begun(stored, 'd').map((found) => found?.id ?? null),
    ['3', null, null],
  )
})

test('an inspected path is told in words', () => {
  const folder = {
    checked: 1241,
    count: 1241,
    parts: null,
    brought: [],
    byClass: null,
    labelsFrom: 'the names of the folders',
    fit: 'crop' as const,
    skippedCount: 0,
    skipped: [],
    notes: [],
    problem: null,
    ranges: null,
    depth: null,
    pages: null,
    kind: 'folder',
    about: null,
    images: true,
    files: 1241,
    truncated: true,
    classes: ['a', 'b', 'c', 'd', 'e'],
    width: 64,
    height: 48,
    channels: 3,
    suggestedName: 'x',
    sizedBy: 'found' as const,
    fitting: null,
    sizes: {
      agree: 'most' as 'most' | 'differ',
      width: 64,
      height: 48,
      smallest: { width: 20, height: 10 },
      largest: { width: 640, height: 480 },
    },
  }
  assert.equal(
    sentence(folder),
    'A folder with at least 1,241 files in 5 classes: a, b, c, d and 1 more. Most are 64 × 48, colour.',
  )
  assert.equal(sentence({ ...folder, truncated: false, classes: [], width: null }), 'A folder with 1,241 files, without classes.')
  assert.match(
    sentence({ ...folder, sizes: { ...folder.sizes, width: 640, height: 480 } }),
    / Most are 640 × 480, colour\. They become 64 × 48 unless you choose another size\.$/,
  )
  assert.match(
    sentence({ ...folder, sizes: { ...folder.sizes, agree: 'differ' } }),
    / Sizes differ, from 20 × 10 to 640 × 480, colour\. They become 64 × 48, their median size, unless you choose another size\.$/,
  )
})
