import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { compareRuns } from '../../src/main/engine/compare/comparison.ts'
import { csvOf } from '../../src/main/engine/compare/csv.ts'
import { csvShown, withMark } from '../../src/main/engine/files/csv.ts'
import { latexOf } from '../../src/main/engine/compare/latex.ts'
import { latexText } from '../../src/main/engine/compare/latexText.ts'
import { lineChart } from '../../src/main/engine/compare/report/chart.ts'
import { escaped, html } from '../../src/main/engine/compare/report/html.ts'
import { reportPage } from '../../src/main/engine/compare/report/page.ts'
import { stripOf } from '../../src/main/engine/compare/report/strip.ts'
import { textTables, type TextTable } from '../../src/main/engine/compare/textTables.ts'
import { decodePng } from '../../src/main/engine/data/png.ts'
import { variantInfos } from '../../src/main/engine/variants/index.ts'
import type { CompareLine } from '../../src/shared/comparisonLines.ts'
import type { Dataset, Run } from '../../src/shared/domain.ts'
import type { Experiment } from '../../src/shared/experiments.ts'
import { likelihoodsSaid, type About } from '../../src/main/engine/compare/dataNotes.ts'
import { experimentCsv } from '../../src/main/engine/experiments/csv.ts'
import { parseCsv } from '../fixtures/csv.ts'
import { resultTexts } from '../../src/renderer/components/experiments/resultTexts.ts'
import { temporaryFolder } from '../fixtures/homes.ts'
import { evaluated, run } from '../fixtures/storedRuns.ts'

const variants = variantInfos()
/** Names that people, files and attackers have. */
const hostile = [
  '<img src=x onerror=alert(1)>',
  '</style></title><script>alert(1)</script>',
  '"\'><svg onload=alert(1)>',
  '=1+2',
  '+cmd|calc',
  '-2+3',
  '@SUM(A1)',
  '\t=1',
  'a,b "c"\r\nd',
  'مرحبا بالعالم',
  '\u202Egnp.exe',
  'x\u0000\u001b[31m',
  '50% & $x_1^2$ #{~}\\',
  '&lt;b&gt;',
  '🙂'.repeat(60),
  '${1}$&$`',
  '-12.5',
]
const runs: Run[] = [
  ...[1, 2, 3].flatMap((seed) =>
    ['classical', 'contractive'].map((variant, index) =>
      run(
        `${variant}${seed}`,
        variant,
        {},
        {
          seed,
          name: hostile[seed]!,
          evaluation: evaluated(10 + index + seed / 10 + (index * seed) / 37, {
            linearProbeAccuracy: 0.9 + index / 50 + seed / 300 - (index * seed) / 900,
            elbo: null,
          }),
        },
      ),
    ),
  ),
  ...hostile.map((name, index) =>
    run(
      `h${index}`,
      'denoising',
      { 'regularizer.rate': 0.01 * (index + 1) },
      { name, dataset: name, evaluation: evaluated(12 + index) },
    ),
  ),
]
const comparison = compareRuns(runs, variants, { baseline: 'classical1' })

test('in every table as CSV a column of numbers holds nothing else: pairs are two columns, bounds the number itself', () => {
  const small = compareRuns(
    runs.map((one, index) => ({ ...one, name: `run ${index}` })),
    variants,
    { baseline: 'classical1' },
  )
  for (const make of Object.values(textTables)) {
    const table = make(small),
      [head = [], ...rows] = parseCsv(csvOf(table))
    const names = table.columns.filter(({ numeric }) => !numeric).map(({ title }) => title)
    const isNumber = (cell: string) => cell === '' || /^-?\d+(\.\d+)?(e[-+]?\d+)?$/.test(cell)
    const wrong = rows.flatMap((row) => row.filter((cell, at) => !names.includes(head[at]!) && !isNumber(cell)))
    assert.deepEqual(wrong, [], table.key)
  }
  const [head = [], first = []] = parseCsv(csvOf(textTables.runs(small)))
  const at = head.findIndex((title) => title.startsWith('Number of dead code units') && !title.endsWith(', of'))
  // 0.99, 0.5, 0.004, 1: one of four is hardly ever active.
  assert.deepEqual([head[at + 1], first[at], first[at + 1]], [`${head[at]!}, of`, '1', '4'])
})

test('CSV holds numbers with all their digits, and no cell is a formula', () => {
  const [head, ...rows] = parseCsv(csvOf(textTables.groups(comparison))) as [string[], ...string[][]]
  const shown = comparison.groupFigures.find(({ key }) => key === 'linearProbeAccuracy')!
  const column = head.indexOf('Linear probe accuracy (%)')
  assert.equal(head[column + 1], 'Linear probe accuracy (%) ± 95%')
  const near = (cell: string | undefined, value: number | null) =>
    value === null ? assert.equal(cell, '') : assert.ok(Math.abs(Number(cell) - 100 * value) < 1e-12, `${cell} for ${value}`)
  rows.forEach((row, index) => {
    near(row[column], shown.estimates[index]!.mean)
    near(row[column + 1], shown.estimates[index]!.half)
  })
  const byRun = parseCsv(csvOf(textTables.runs(comparison)))
  const error = byRun[0]!.indexOf('Squared error (per sample)')
  assert.deepEqual(
    byRun.slice(1).map((row) => Number(row[error])),
    comparison.runs.map(({ evaluation }) => evaluation!.squaredError),
    'to the last bit',
  )
  for (const table of Object.values(textTables)) {
    const parsed = parseCsv(csvOf(table(comparison)))
    assert.ok(parsed.every((row) => row.length === parsed[0]!.length))
    for (const cell of parsed.flat())
      assert.ok(!/^[\s\p{Cf}]*[=+\-@]/u.test(cell) || /^-\d+(\.\d+)?(e-?\d+)?$/.test(cell), JSON.stringify(cell))
  }
  const differences = parseCsv(csvOf(textTables.differences(comparison)))
  const probe = differences.find((row) => row[2] === 'Linear probe accuracy (points)' && row[0] === 'Contractive')!
  const wanted = shown.differences.find(({ group }) => comparison.groups[group]!.title === 'Contractive')!
  for (const [at, value] of [wanted.mean, wanted.low, wanted.high].entries()) near(probe[3 + at], value)
  assert.deepEqual([Number(probe[7]), Number(probe[8])], [wanted.p, wanted.corrected])
  assert.equal(withMark('a,b', true), '\ufeffa,b')
  assert.equal(withMark('a,b', false), 'a,b')
  assert.deepEqual(['=1', '+1', '-1', '−1.5e−7', '-a', '−a', '@x', ' =1', '\u202e=1', '＝1', 'a"b', '–', ''].map(csvShown), [
    "'=1",
    "'+1",
    '-1',
    '-1.5e-7',
    "'-a",
    '−a',
    "'@x",
    "' =1",
    "'\u202e=1",
    "'＝1",
    '"a""b"',
    '',
    '',
  ])
})

test('numbers for people have the minus sign, and those for programs the hyphen', () => {
  const turned = compareRuns(runs.slice(0, 6), variants, { baseline: 'contractive1' })
  const said = [
    ...turned.sentences,
    ...turned.groupFigures.flatMap(({ estimates, differences }) => [...estimates, ...differences].map(({ text }) => text)),
  ]
  assert.deepEqual(
    said.filter((text) => /-\d/.test(text.replaceAll(/“[^”]*”/g, ''))),
    [],
  )
  assert.ok(said.some((text) => /−\d/.test(text)))
  assert.ok(
    !parseCsv(csvOf(textTables.differences(turned)))
      .flatMap((row) => row.slice(3))
      .join()
      .includes('−'),
  )
})

test('names come out of CSV as they went in, apart from the apostrophe', () => {
  const names = parseCsv(csvOf(textTables.runs(comparison)))
    .slice(1)
    .map((row) => row[0]!)
  assert.deepEqual(
    names.map((name) => name.replace(/^'/, '')),
    runs.map(({ name }) => name),
  )
})

test('LaTeX has one cell a column in every row, and a name is never a command', () => {
  for (const table of Object.values(textTables)) {
    const text = latexOf(table(comparison))
    const lines = text.split('\n').filter((line) => line.endsWith('\\\\'))
    const columns = /\\begin\{tabular\}\{([lr]+)\}/.exec(text)![1]!.length
    const cells = (line: string): number => line.replace(/\\&/g, '').split('&').length
    for (const line of lines) assert.equal(cells(line), columns, line)
    const commands = [...text.matchAll(/\\([a-zA-Z]+)/g)].map(([, command]) => command!)
    const known = [
      'usepackage',
      'begin',
      'end',
      'toprule',
      'midrule',
      'bottomrule',
      'textbf',
      'pm',
      'times',
      'textbackslash',
      'textasciicircum',
      'textasciitilde',
      'textless',
      'textgreater',
      'textbar',
      'textquotedblright',
      'providecommand',
      'otherletters',
      'ifdefined',
      'Umathcode',
      'else',
      'fi',
    ]
    assert.deepEqual(
      [...new Set(commands)].filter((command) => !known.includes(command)),
      [],
    )
    let depth = 0
    for (const [brace] of text.replace(/\\[{}\\]/g, '').matchAll(/[{}]/g)) assert.ok((depth += brace === '{' ? 1 : -1) >= 0)
    assert.equal(depth, 0)
  }
  assert.equal(
    latexText('50% & $x_1^2$ #{~}\\'),
    '50\\% \\& \\$x\\_1\\textasciicircum{}2\\$ \\#\\{\\textasciitilde{}\\}\\textbackslash{}',
  )
  assert.equal(latexText('a\n\u202Eb\u0000'), 'a b')
  assert.match(
    latexOf(textTables.groups(compareRuns(runs.slice(0, 6), variants))),
    /Linear probe accuracy \(\\%\) & .*\\textbf\{\$9\d\.\d+ \\pm \d\.\d+\$\}/,
  )
})

/** Names that TeX could take for something else, and letters of which its first fonts have some. */
const awkward = [
  '% & _ # ~ ^ \\ { } $',
  '[2ex] begins',
  '*',
  'a--b---c ``q\'\' ?`x !`y "z"',
  '-12.5',
  'λ = 0.1 ± 0.02',
  'naïve façade Ærø ß œ Łódź ḧ ű ĵ í ș',
  'Ωμέγα θ\u0302 λ\u0327',
  '≤ ≥ × · → √ ∞ µ ° ² ½ ∑ ∂ ≠ ∈ ′ «» ‘’ “” – — − …',
  '𝒳 ① ﬁ',
  'Привет',
  '日本語',
  '🙂',
  '',
  '\\input{x}',
]

test('LaTeX: letters become what the first fonts of pdfLaTeX have, and what they lack is marked and still there', () => {
  const as = {
    'λ±2': '$\\lambda$$\\pm$2',
    'é í ç ő ş': "\\'{e} \\'{\\i} \\c{c} \\H{o} \\c{s}",
    'e\u0301': "\\'{e}",
    Łß: '\\L{}\\ss{}',
    Ωμ: '$\\Omega$$\\mu$',
    'έ θ\u0302': '$\\acute{\\varepsilon}$ $\\hat{\\theta}$',
    '𝒳①': 'X1',
    '"a"': '\\textquotedblright{}a\\textquotedblright{}',
    '--x ?`': '-{}-x ?{}`',
    '“a” – b': "``a'' -- b",
    'א ב 1': '\\otherletters{א}{?} \\otherletters{ב}{?} 1',
    日本語: '\\otherletters{日本語}{???}',
    '\u202E\uFE0Fa': 'a',
  }
  for (const [text, expected] of Object.entries(as)) assert.equal(latexText(text), expected)
  const row = (name: string): string =>
    latexOf(tableOf([name]))
      .split('\n')
      .find((line) => line.endsWith('& $-1$ \\\\'))!
  assert.deepEqual(['[2ex]', '*', ' [x', 'a[1]'].map(row), [
    '{}[2ex] & $-1$ \\\\',
    '{}* & $-1$ \\\\',
    '{} [x & $-1$ \\\\',
    'a[1] & $-1$ \\\\',
  ])
  const number = (text: string): string =>
    /& (.*) \\\\/.exec(
      latexOf({
        ...tableOf(['a']),
        rows: [
          { cells: ['a', text], best: [] },
          { cells: ['b', '0'], best: [] },
        ],
      }).split('\\midrule')[1]!,
    )![1]!
  assert.deepEqual(['−1.2', '-1.2', '12.5', '−1.2 ± 0.3', '1.2e−5'].map(number), [
    '$-1.2$',
    '$-1.2$',
    '12.5',
    '$-1.2 \\pm 0.3$',
    '$1.2 \\times 10^{-5}$',
  ])
})

const tableOf = (names: readonly string[]): TextTable => ({
  key: 'x',
  title: 'x',
  note: 'λ % \\',
  columns: [
    { title: 'Name', unit: '', numeric: false },
    { title: 'Difference', unit: '%', numeric: true },
  ],
  rows: names.map((name) => ({ cells: [name, '-1'], best: [] })),
})

// TeX is half a gigabyte that nothing else here needs: where it is at hand, it has the last word; the rules above hold everywhere.
if (spawnSync('pdflatex', ['--version']).status === 0) {
  test('every table compiles, whatever the names are', (t) => {
    const folder = temporaryFolder(t)
    const tables = [...Object.values(textTables).map((table) => table(comparison)), tableOf([...awkward, ...hostile])]
    const wide: TextTable = {
      ...tableOf([]),
      columns: awkward.map((title) => ({ title, unit: '%', numeric: true })),
      rows: [
        { cells: awkward, best: [0, 1] },
        { cells: awkward, best: [] },
      ],
    }
    writeFileSync(
      join(folder, 'tables.tex'),
      `\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n` +
        `${[...tables, wide].map(latexOf).join('\n\\newpage\n')}\\end{document}\n`,
    )
    const said = execFileSync('pdflatex', ['-interaction=nonstopmode', '-halt-on-error', '-no-shell-escape', 'tables.tex'], {
      cwd: folder,
      encoding: 'latin1',
    })
    assert.doesNotMatch(said, /^!|Missing character/m)
    assert.match(said, new RegExp(`\\(${tables.length + 1} pages`))
  })
}

const curve: CompareLine = {
  id: 'x',
  title: hostile[0]!,
  named: true,
  colour: 9,
  variant: 'classical',
  runs: ['h0'],
  points: 4,
  key: 'train/loss',
  step: Float64Array.of(1, 2, 3, 4),
  epoch: Float64Array.of(1, 2, 3, 4),
  seconds: Float64Array.of(1, 2, 3, 4),
  value: Float64Array.of(9, 4, NaN, 3),
  raw: null,
  last: { value: 3, n: 1 },
  level: false,
  low: Float64Array.of(8, 3, NaN, NaN),
  high: Float64Array.of(10, 5, NaN, NaN),
  pair: false,
  n: Uint16Array.of(2, 2, 0, 1),
}
const images = { count: 3, width: 4, height: 2, channels: 1, pixels: Uint8Array.from({ length: 24 }, (_, index) => index * 10) }
const page = reportPage({
  comparison,
  curves: [{ title: 'Training loss', unit: 'nats per sample', lines: [curve] }],
  originals: [{ dataset: hostile[1]!, images }],
  version: '1.2.3',
  createdAt: '2026-01-02T03:04:05.678Z',
  pictures: [
    {
      group: 2,
      seed: 1,
      epoch: 3,
      reconstructions: images,
      corrupted: images,
      denoised: images,
      filters: { ...images, channels: 3, pixels: new Uint8Array(72) },
    },
  ],
  datasets: [
    {
      id: 'd',
      name: hostile[2]!,
      kind: 'image',
      count: 3000,
      testCount: 450,
      width: 4,
      height: 2,
      channels: 1,
      classes: [],
      classCounts: [],
      sha256: 'f'.repeat(64),
      source: '',
      fit: 'crop',
      duplicates: 0,
      movedToOneSide: 0,
      skippedCount: 0,
      validationCount: 0,
      notes: [],
      bytes: 1,
      createdAt: '',
    },
  ],
})

test('a report is one file in which nothing runs and nothing is fetched, whatever the names are', () => {
  const tags = new Set([...page.matchAll(/<\/?([a-zA-Z][a-zA-Z0-9]*)/g)].map(([, tag]) => tag!.toLowerCase()))
  const known = [
    'html',
    'head',
    'meta',
    'title',
    'style',
    'body',
    'header',
    'main',
    'footer',
    'h1',
    'h2',
    'p',
    'ul',
    'li',
    'div',
    'span',
    'br',
    'bdi',
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
    'img',
    'figure',
    'figcaption',
    'svg',
    'line',
    'text',
    'path',
    'g',
    'circle',
    'rect',
    'clippath',
  ]
  assert.deepEqual(
    [...tags].filter((tag) => !known.includes(tag)),
    [],
  )
  for (const [tag] of page.matchAll(/<[a-zA-Z][^>]*>/g)) {
    assert.doesNotMatch(tag.replace(/"[^"]*"/g, '""'), /\son\w+\s*=|javascript:/i, tag)
    for (const [, value] of tag.matchAll(/\s(?:src|href|xlink:href|style)="([^"]*)"/g))
      assert.match(value!, /^data:image\/png;base64,|^(border-top-color|padding-left|fill):/, tag)
  }
  assert.doesNotMatch(page.replace(/content="default-src[^"]*"/, ''), /https?:|\/\/[a-z]|@import|<script|<link|<iframe/)
  assert.match(page, /default-src 'none'/)
  const text = page
    .replace(/<[^>]+>/g, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
  for (const name of hostile.slice(0, 11)) assert.ok(text.includes(name), name)
  assert.ok(!page.includes('\u0000') && !page.includes('\u001b'))
  assert.match(page, /<bdi>مرحبا بالعالم<\/bdi>/)
  assert.ok(
    comparison.sentences.every((sentence) => text.includes(sentence.replaceAll('\u0000', '\ufffd').replaceAll('\u001b', '\ufffd'))),
  )
  assert.doesNotMatch(page, /NaN|undefined|\[object/)
})

test('two seeds in a report are dots beside their mean, and no band', () => {
  const band = String(lineChart([curve], 'Loss', 'nats'))
  const dots = String(lineChart([{ ...curve, pair: true }], 'Loss', 'nats'))
  assert.match(band, /bands their 95% intervals/)
  assert.doesNotMatch(dots, /interval|opacity="0.15"/)
  assert.deepEqual([band.match(/<circle/g), dots.match(/<circle/g)!.length], [null, 4])
})

test('pictures in a report are PNGs that show the very pixels, a transparent pixel between two', () => {
  const { width, height, png } = stripOf(images, 3)
  assert.deepEqual([width, height], [14, 2])
  // The lines of an unfiltered PNG: a byte for the filter, then RGBA.
  const length = png.readUInt32BE(33)
  const lines = inflateSync(png.subarray(41, 41 + length))
  assert.equal(lines.length, 2 * (1 + 14 * 4))
  const at = (x: number, y: number) => [...lines.subarray(y * 57 + 1 + x * 4, y * 57 + 5 + x * 4)]
  assert.deepEqual(at(0, 0), [0, 0, 0, 255])
  assert.deepEqual(at(3, 1), [70, 70, 70, 255])
  assert.deepEqual(at(4, 1), [0, 0, 0, 0])
  assert.deepEqual(at(13, 1), [230, 230, 230, 255])
  assert.ok(decodePng(png) !== null, 'sums of chunks are right')
  const colours = stripOf({ count: 1, width: 1, height: 1, channels: 3, pixels: Uint8Array.of(1, 2, 3) }, 1)
  assert.deepEqual([...inflateSync(colours.png.subarray(41, 41 + colours.png.readUInt32BE(33)))], [0, 1, 2, 3, 255])
})

test('what is inserted into HTML is escaped once, and what no document may contain is replaced', () => {
  assert.equal(
    html`<p title="${'"<&>\''}">${['a<b', html`<b>${1}</b>`, null, false]}</p>`.text,
    '<p title="&quot;&lt;&amp;&gt;&#39;">a&lt;b<b>1</b></p>',
  )
  assert.equal(escaped('\u0000\ud800x\ufffe'), '\ufffd\ufffdx\ufffd')
})

test('that a likelihood is none stands beside it in every table, and in none of data of which it is one', () => {
  const known = run('v', 'variational', {}, { name: 'ink', evaluation: evaluated(9, { elbo: -80, likelihood: 'bernoulli' }) })
  const other = run('c', 'classical', {}, { name: 'plain' })
  const measuredOf = (pixels: 'colour' | 'glowing' | 'nearlyBinary') => {
    const about: About = { dataset: { name: 'd', testCount: 500, kind: 'image' } as Dataset, facts: { pixels } }
    const likelihoods = Object.fromEntries([known, other].map((one) => [one.id, likelihoodsSaid(one, about)]))
    return { ...compareRuns([known, other], variants), likelihoods }
  }
  for (const pixels of ['colour', 'glowing'] as const) {
    const compared = measuredOf(pixels)
    for (const table of [textTables.runs, textTables.groups]) {
      const [head = [], ...rows] = parseCsv(csvOf(table(compared)))
      assert.equal(head.at(-1), 'Note')
      const [ofBound = '', ofPlain = ''] = rows.map((row) => row.at(-1)!)
      assert.match(ofBound, /^Cross-entropy is the likelihood of pixels that are 0 or 1.*its bound is not a likelihood of them\.$/)
      assert.match(ofPlain, /^Cross-entropy is the likelihood/)
      assert.doesNotMatch(ofPlain, /bound/)
      assert.match(latexOf(table(compared)), /^% A Bernoulli likelihood is one of pixels that are 0 or 1/m)
    }
    // Of an experiment, too, whose places are its runs'.
    const cells = [known, other].map((one, index) => ({
      ...{ index, planned: index, variant: one.variant, title: one.name, values: {}, settings: {}, overrides: [], ignored: [] },
      runs: [{ seed: 1, run: one.id, reused: false }],
    }))
    const [head = [], first = []] = parseCsv(
      experimentCsv({ name: 'e', cells } as unknown as Experiment, [known, other], compared.likelihoods),
    )
    assert.equal(head.at(-1), 'note')
    assert.match(first.at(-1)!, /its bound is not a likelihood/)
    assert.equal(first[head.indexOf('checkpoint')], 'last')
  }
  const ink = measuredOf('nearlyBinary')
  assert.ok(!csvOf(textTables.runs(ink)).includes('Note'))
  assert.doesNotMatch(latexOf(textTables.groups(ink)), /likelihood of pixels/)
})

test('that a run gives one picture for all stands beside its figures, in the file of its experiment, too', () => {
  const constant = { meanImageSquaredError: 8, reconstructionVariance: 0.001 }
  const flat = run('f', 'classical', {}, { evaluation: evaluated(8.1, constant) }),
    sound = run('s', 'denoising', {}, { evaluation: evaluated(3, { meanImageSquaredError: 8, reconstructionVariance: 0.7 }) })
  const cells = [flat, sound].map((one, index) => ({
    ...{ index, planned: index, variant: one.variant, title: one.name, values: {}, settings: {}, overrides: [], ignored: [] },
    runs: [{ seed: 1, run: one.id, reused: false }],
  }))
  for (const text of [
    csvOf(textTables.runs(compareRuns([flat, sound], variants))),
    experimentCsv({ name: 'e', cells } as unknown as Experiment, [flat, sound]),
  ]) {
    const [head = [], ...rows] = parseCsv(text)
    assert.match(head.at(-1)!, /^note$/i)
    assert.match(rows[0]!.at(-1)!, /^It reconstructs the same for every input/)
    assert.equal(rows[1]!.at(-1), '')
  }
  const comparison = compareRuns([flat, sound], variants)
  for (const [name, most] of [
    ['groups', 1],
    ['differences', Infinity],
  ] as const) {
    const [head = [], ...rows] = parseCsv(csvOf(textTables[name](comparison)))
    assert.equal(head.at(-1), 'Note')
    const noted = rows.filter((row) => row.at(-1)!.includes('reconstructs the same for every input'))
    assert.equal(noted.length, Math.min(most, rows.length), name)
    assert.match(latexOf(textTables[name](comparison)), /^% .*reconstructs the same for every input/m)
  }
})

test('results of an experiment are saved with all their digits', () => {
  const estimate = { text: '93.1 ± 0.4', mean: 0.931_234_567, half: 0.004_321, halfText: '0.4' }
  const difference = { text: '1.2 (0.7 to 1.7)', mean: 0.012_345, low: 0.007_1, high: 0.017_59, corrected: 0.001_234_5 }
  const row = { title: 'a', values: ['0.1'], seeds: ['93.1234567'], estimate, difference, verdict: 'better', runs: ['x'] }
  const { columns, rows } = resultTexts(
    { swept: ['Rate'], seeds: [1], figure: 'Probe', key: 'linearProbeAccuracy', unit: '%', pairs: true },
    [row],
  )
  const [head = [], ...cells] = parseCsv(
    csvOf({ key: 'r', title: 'R', columns, rows: rows.map((each) => ({ cells: each, best: [] })), note: null }),
  )
  assert.deepEqual(cells, [['a', '0.1', '93.1234567', '93.1234567', '0.4321', '1.2345', '0.71', '1.759', '0.0012345', 'better']])
  assert.equal(head.length, cells[0]!.length)
})
