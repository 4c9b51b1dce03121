import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { figureName, figureText } from '../../src/main/engine/cli/figures.ts'
import { describeRun } from '../../src/main/engine/cli/commands/runs.ts'
import { compareRuns } from '../../src/main/engine/compare/comparison.ts'
import { csvOf } from '../../src/main/engine/compare/csv.ts'
import { latexOf } from '../../src/main/engine/compare/latex.ts'
import { plotOf } from '../../src/main/engine/compare/plots/subjects.ts'
import { reportPage } from '../../src/main/engine/compare/report/page.ts'
import { tableColumns } from '../../src/main/engine/compare/tableColumns.ts'
import { tableIndex } from '../../src/main/engine/compare/tableIndex.ts'
import { textTables } from '../../src/main/engine/compare/textTables.ts'
import { indexCsv, type FolderIndex } from '../../src/main/engine/export/folderIndex.ts'
import type { Metrics, NumberMetric } from '../../src/main/engine/figures/figure.ts'
import { figureInfos, figuresOf, metrics, runFigures } from '../../src/main/engine/figures/index.ts'
import { variantInfos } from '../../src/main/engine/variants/index.ts'
import { engineColumn } from '../../src/renderer/components/runs/columns.ts'
import { figureTable } from '../../src/renderer/components/compare/figureTable.ts'
import { comparisonSchema } from '../../src/shared/comparison.ts'
import { evaluationSchema, type Evaluation } from '../../src/shared/domain.ts'
import { figureInfoSchema, runFigureSchema } from '../../src/shared/figures.ts'
import { evaluated, run } from '../fixtures/storedRuns.ts'

const variants = variantInfos()

/** What its measurement adds to an evaluation. */
type Measured = Evaluation & { smoothness: number | null }
/** What is written of a new metric: this entry, and its measurement. */
const smoothness: NumberMetric = {
  title: 'Smoothness of the decoder',
  short: 'Smoothness',
  unit: 'dB',
  better: 'higher',
  explanation: 'How little reconstructions move when codes do.',
  section: 'evaluation',
}

test('a metric that is shown nowhere, or as what it is not, does not compile', () => {
  // The compiler checks these lines with all others (stage `types`): an error that does not come is one.
  const all: Metrics<Measured> = { ...metrics, smoothness }
  // @ts-expect-error an evaluation has a number for which there is no entry
  const lacking: Metrics<Measured> = metrics
  // @ts-expect-error a number is a figure, and not shown in some other place only
  const elsewhere: Metrics<Measured> = { ...metrics, smoothness: { shownIn: 'nowhere' } }
  // @ts-expect-error several numbers are read one by one
  const whole: Metrics<Evaluation & { smoothness: number[] | null }> = { ...metrics, smoothness }
  const { explanation: _, ...unexplained } = smoothness
  // @ts-expect-error nobody would know what it means
  const silent: Metrics<Measured> = { ...metrics, smoothness: unexplained }
  for (const one of [all, lacking, elsewhere, whole, silent]) assert.ok('squaredError' in one)
  const known = Object.keys(evaluationSchema.shape).filter(
    (key) => !['version', 'checkpoint', 'checkpointStep', 'checkpointEpoch', 'seconds'].includes(key),
  )
  assert.deepEqual(Object.keys(metrics).sort(), known.sort())
})

/** With the entry for the time of the test. */
function withEntry(t: TestContext): void {
  const open = metrics as Metrics<Measured>
  open.smoothness = smoothness
  t.after(() => {
    delete (open as Partial<typeof open>).smoothness
  })
}

test('a new metric is its measurement and one entry: then it stands everywhere', async (t) => {
  withEntry(t)
  const runs = ['classical', 'denoising'].flatMap((variant, at) =>
    [1, 2, 3].map((seed) =>
      run(
        `${variant}${seed}`,
        variant,
        {},
        { seed, evaluation: evaluated(10 + seed / 10, { smoothness: 20 + 5 * at + seed } as object) },
      ),
    ),
  )
  const comparison = comparisonSchema.parse(compareRuns(runs, variants, { figure: 'smoothness' }))
  assert.match(comparison.sentence, /^Denoising is 5\.0 dB above classical in smoothness of the decoder with each of 3 seeds/)
  for (const by of ['group', 'run'] as const) {
    const { columns, rows } = figureTable(comparison, by, 'values')
    const at = columns.findIndex(({ key }) => key === 'smoothness')
    assert.deepEqual([columns[at]?.title, columns[at]?.section], ['Smoothness of the decoder', 'evaluation'])
    assert.match(rows.at(-1)!.cells[at]!.text, by === 'run' ? /^28\.0$/ : /^27\.0 ± 2\.5$/)
  }
  const head = 'Smoothness of the decoder (dB)'
  for (const make of [textTables.groups, textTables.runs]) {
    assert.ok(csvOf(make(comparison)).includes(head))
    assert.ok(latexOf(make(comparison)).includes(head))
  }
  assert.ok(csvOf(textTables.differences(comparison)).includes(head))
  const page = reportPage({
    comparison,
    curves: [],
    pictures: [],
    originals: [],
    datasets: [],
    version: '0',
    createdAt: '2026-01-01T00:00:00Z',
  })
  assert.ok(page.includes('Smoothness of the decoder'))
  assert.ok(plotOf(runs, 'group', variants).columns.some(({ key, better }) => key === 'smoothness' && better === 'higher'))
  const index = tableIndex(
    { ids: () => runs.map(({ id }) => id), read: (id) => runs.find((one) => one.id === id)!, takeChanged: () => [] },
    variants,
  )
  const column = tableColumns([...(await index.entries()).values()], variants).find(({ key }) => key === 'smoothness')!
  const words = new Map(figureInfos().map((info) => [info.key, figureInfoSchema.parse(info)]))
  const shown = engineColumn('smoothness', column, {
    variant: String,
    experiment: String,
    figure: (key) => words.get(key),
    value: () => 21.37,
  })
  assert.deepEqual([shown.title, shown.write(21.37)], ['Smoothness', '21.4'])
  assert.match(shown.hint, /Smoothness of the decoder \(dB\): higher is better\. How little/)
  const [first] = runs
  assert.ok(runFigures(first!).some(({ key, text }) => key === 'smoothness' && text === '21.0'))
  const told = await describeRun({ call: () => Promise.resolve({ datasets: [] }) } as never, first!)
  assert.match(told, /^Smoothness of the decoder +21\.0 dB$/m)
  assert.deepEqual(
    [figureName('smoothness' as 'psnr'), figureText('smoothness' as 'psnr', first!.evaluation)],
    ['smoothness of the decoder', '21.0'],
  )
  const file = {
    file: 'f',
    run: 'r',
    name: 'n',
    variant: 'classical',
    seed: 1,
    cell: null,
    values: {},
    evaluation: first!.evaluation,
  }
  const [top, line] = indexCsv({ files: [file], failed: [] } as unknown as FolderIndex).split('\r\n')
  assert.equal(line!.split(',')[top!.split(',').indexOf('smoothness')], '21')
})

test('each figure has words of its own, the same on a run’s page, in tables and where windows ask', () => {
  const whole = run(
    'a',
    'classical',
    { 'fineTuning.kind': 'classification' },
    {
      evaluation: evaluated(9.5, {
        classificationAccuracy: 0.98,
        saturation: 0.2,
        likelihood: 'fixedGaussian',
        elbo: -101.25,
        elboError: 0.08,
        elboDraws: 4,
        logLikelihood: -99,
        kl: 20,
        klPerUnit: [1, 2, 3, 4],
        activeUnits: 3,
        corruptedSquaredError: 9,
        brightness: { input: 0.13, clean: 0.16, corrupted: null },
      }),
    },
  )
  const infos = figureInfos()
  for (const info of infos) {
    figureInfoSchema.parse(info)
    assert.match(info.explanation, /[.?]$/, info.key)
  }
  for (const field of ['key', 'title', 'short'] as const) assert.equal(new Set(infos.map((info) => info[field])).size, infos.length)
  const byKey = new Map(infos.map((info) => [info.key, info]))
  const own = runFigures(whole).map((one) => runFigureSchema.parse(one))
  assert.deepEqual(
    own.map(({ key }) => key),
    infos.map(({ key }) => key),
  )
  assert.deepEqual(
    figuresOf([whole]).map(({ key }) => key),
    infos.map(({ key }) => key),
  )
  for (const one of own) {
    const info = byKey.get(one.key)!
    assert.deepEqual([one.title, one.section], [info.title, info.section])
    assert.ok(one.explanation.startsWith(info.explanation), one.key)
  }
  const text = (key: string) => own.find((one) => one.key === key)!
  assert.equal(text('activeUnits').text, '3 of 4')
  assert.equal(text('classificationAccuracy').text, '98.0%')
  assert.match(text('elbo').explanation, /Under a Gaussian likelihood of variance 1/)
  assert.deepEqual(text('robustness.masking.0.25').place, { row: 'Values masked', column: '0.25' })
  // What other numbers of noise and radii an evaluation has is shown by them.
  const { evaluation } = whole
  const other = { ...evaluation!, robustness: { masking: { '0.3': 12 }, gaussian: {} } }
  assert.ok(runFigures({ ...whole, evaluation: other }).some(({ title }) => title === 'Squared error, 30% of the input masked'))
})

test('windows word no figure themselves', () => {
  const root = new URL('../../src/renderer/', import.meta.url)
  const titles = figureInfos().flatMap(({ title, short }) => [title, short].filter((name) => name.length > 5))
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(ts|svelte)$/.test(name))) {
    const source = readFileSync(new URL(file, root), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    for (const title of titles) {
      const quoted = new RegExp(`['">]${title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}['"<]`)
      assert.doesNotMatch(source, quoted, `${file}: ${title}`)
    }
  }
})
