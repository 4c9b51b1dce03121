import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { compare } from '../../src/main/engine/cli/commands/compare.ts'
import type { Comparison } from '../../src/shared/comparison.ts'
import { calls, type CallInput, type CallName } from '../../src/shared/calls.ts'
import { decode, encode } from '../../src/shared/codec.ts'
import type { Run } from '../../src/shared/domain.ts'
import { homeWithDataset, sampleDataset, temporaryFolder, testEngine } from '../fixtures/homes.ts'
import { evaluated, run } from '../fixtures/storedRuns.ts'

/** An engine with three seeds each of two variants, 400 points a curve. */
function compared(t: TestContext, length = 400) {
  const engine = testEngine(t, homeWithDataset(t))
  const { store } = engine.engine
  const runs = [1, 2, 3].flatMap((seed) =>
    ['classical', 'contractive'].map((variant, index) =>
      run(
        `${variant}${seed}`,
        variant,
        {},
        {
          seed,
          name: `${variant}-${seed}`,
          datasetId: sampleDataset.id,
          dataset: sampleDataset.name,
          step: 10 * length,
          evaluation: evaluated(10 + index + seed / 10 + (index * seed) / 37, {
            linearProbeAccuracy: 0.9 + index / 50 + seed / 300 - (index * seed) / 900,
          }),
          latest: { 'train/loss': 1, 'train/reconstruction': 1, ...(index === 1 ? { 'train/contraction': 1 } : {}) },
        },
      ),
    ),
  )
  const put = (one: Run) =>
    store.transaction(() => {
      store.runs.adopt(one, null)
      for (const key of Object.keys(one.latest)) {
        store.points.insert(
          one.id,
          Array.from({ length }, (_, index) => ({
            key,
            step: 10 * (index + 1),
            epoch: (index + 1) / 100,
            seconds: index / 50,
            value: one.seed + 100 / (index + 1) + (key === 'train/contraction' ? 1 : 0),
          })),
        )
      }
    })
  runs.forEach(put)
  /** As a window gets it: checked by the contract on both sides of the wire. */
  const call = async <N extends CallName>(name: N, input: CallInput<N>) => {
    const answer: unknown = decode(encode(await engine.call(name, input)))
    calls[name].output.parse(answer)
    return answer as Awaited<ReturnType<typeof engine.call<N>>>
  }
  return { ...engine, call, runs, put, ids: runs.map(({ id }) => id) }
}

test('compare answers with groups, differences and sentences; a baseline is any run of the comparison', async (t) => {
  const { call, ids, put, runs } = compared(t)
  const { comparison } = await call('compare', { runs: ids })
  assert.deepEqual(
    comparison.groups.map(({ title, counted }) => [title, counted.length]),
    [
      ['Classical', 3],
      ['Contractive', 3],
    ],
  )
  assert.match(
    comparison.sentence,
    /^Contractive beats classical in linear probe accuracy by .* points, 95% interval .*, 3 seeds\.$/,
  )
  const turned = await call('compare', { runs: ids, baseline: 'contractive-2', figure: 'squaredError' })
  assert.deepEqual([turned.comparison.baseline, turned.comparison.headline], [1, 'squaredError'])
  const named = await call('compare', { runs: ids, baseline: comparison.groups[1]!.id })
  assert.equal(named.comparison.baseline, 1)
  assert.equal(
    (await call('compare', { runs: ids, baseline: 'group:gone' })).comparison.baseline,
    0,
    'what is no longer there is passed over',
  )
  put({ ...runs[0]!, id: 'other', name: 'other' })
  await assert.rejects(call('compare', { runs: ids, baseline: 'other' }), { code: 'CALL_INVALID', field: 'baseline' })
  await assert.rejects(call('compare', { runs: ['classical-1', 'classical1'] }), { code: 'CALL_INVALID', field: 'runs' })
})

test('what an experiment calls its cells they are called, and its baseline is theirs', async (t) => {
  const {
    call,
    ids,
    engine: { store },
  } = compared(t)
  const cell = (index: number, variant: string, title: string) => ({
    index,
    planned: index,
    variant,
    title,
    values: {},
    settings: {},
    overrides: [],
    ignored: [],
  })
  const plan = {
    name: 'sweep',
    dataset: 'digits',
    seeds: [1, 2, 3],
    settings: {},
    sweep: {},
    variants: [{ variant: 'classical' }, { variant: 'contractive' }],
    reuse: true,
  }
  store.transaction(() => {
    store.experiments.insert({
      id: 'e1',
      name: 'sweep',
      datasetId: sampleDataset.id,
      plan: plan as never,
      cells: [cell(0, 'classical', 'Without'), cell(1, 'contractive', 'With contraction')],
      baseline: 1,
      wanted: 'running',
      createdAt: '2026-01-01T00:00:00Z',
      endedAt: null,
    })
    store.experiments.place(
      'e1',
      ids.map((id) => ({ cell: id.startsWith('classical') ? 0 : 1, seed: Number(id.at(-1)), run: id, reused: false })),
    )
  })
  const { comparison } = await call('compare', { runs: ids })
  assert.deepEqual([comparison.groups.map(({ title }) => title), comparison.baseline], [['Without', 'With contraction'], 1])
  assert.match(comparison.sentence, /^“Without” is worse than “With contraction” in/)
  const { lines } = await call('compare.series', { runs: ids, keys: ['train/loss'], by: 'group' })
  assert.deepEqual(
    lines.map(({ title }) => title),
    ['Without', 'With contraction'],
  )
})

test(
  'an experiment that is the baseline gives it and the names, also where ' +
    'its baseline is several cells, or shares runs with another cell or plan',
  async (t) => {
    const {
      call,
      ids,
      engine: { store },
    } = compared(t)
    const put = (id: string, baseline: number | null, titles: string[], place: (run: string) => number[]) =>
      store.transaction(() => {
        store.experiments.insert({
          id,
          name: id,
          datasetId: sampleDataset.id,
          baseline,
          wanted: 'running',
          createdAt: `2026-01-0${id.at(-1)}T00:00:00Z`,
          endedAt: null,
          plan: {
            name: id,
            dataset: 'digits',
            seeds: [1, 2, 3],
            settings: {},
            sweep: {},
            variants: titles.map((title) => ({ variant: 'classical', title })),
            reuse: true,
          } as never,
          cells: titles.map((title, index) => ({
            index,
            planned: index,
            variant: 'classical',
            title,
            values: {},
            settings: {},
            overrides: [],
            ignored: [],
          })),
        })
        store.experiments.place(
          id,
          ids.flatMap((run) => place(run).map((cell) => ({ cell, seed: Number(run.at(-1)), run, reused: true }))),
        )
      })
    const variant = (run: string): number => (run.startsWith('classical') ? 0 : 1)
    put('e1', 1, ['One', 'Two'], (run) => [variant(run)])
    put('e2', 0, ['Eins', 'Zwei'], (run) => [variant(run)])
    // Two cells of one plan that come to the same settings share their runs; the second is the baseline.
    put('e3', 2, ['a', 'b', 'b again'], (run) => (variant(run) === 0 ? [0] : [1, 2]))
    const of = async (baseline?: string) => {
      const { comparison } = await call('compare', { runs: ids, ...(baseline === undefined ? {} : { baseline }) })
      return [comparison.groups.map(({ title }) => title), comparison.baseline]
    }
    assert.deepEqual(await of('experiment:e1'), [['One', 'Two'], 1])
    assert.deepEqual(await of('experiment:e2'), [['Eins', 'Zwei'], 0])
    assert.deepEqual(await of('experiment:e3'), [['a', 'b'], 1])
    assert.deepEqual(await of('experiment:gone'), [['Eins', 'Zwei'], 0], 'the newest of the smallest that have all of them')
    assert.deepEqual(await of(), [['Eins', 'Zwei'], 0])
    const { export: made } = await call('compare.export', {
      runs: ids,
      kind: 'csv',
      table: 'differences',
      baseline: 'experiment:e1',
    })
    assert.match(made.text!, /\r\nOne,Two,/)
  },
)

test('a thousand runs are compared; more are refused with what to do', async (t) => {
  const { call, put, runs } = compared(t, 2)
  const many = Array.from({ length: 1000 }, (_, index) => ({
    ...runs[index % 2]!,
    id: `many${index}`,
    name: `many ${index}`,
    seed: 1 + (index >> 1),
    config: { ...runs[index % 2]!.config },
  }))
  many.forEach(put)
  const ids = many.map(({ id }) => id)
  const { comparison } = await call('compare', { runs: ids })
  assert.deepEqual(
    comparison.groups.map(({ counted }) => counted.length),
    [500, 500],
  )
  for (const refused of [
    call('compare', { runs: [...ids, 'classical1'] }),
    call('compare.series', { runs: [...ids, 'classical1'], keys: ['train/loss'] }),
    call('compare.export', { runs: [...ids, 'classical1'], kind: 'csv' }),
  ]) {
    await assert.rejects(refused, {
      code: 'CALL_INVALID',
      field: 'runs',
      message: 'At most 1,000 runs are compared at a time; leave some out, or group the table of runs, which takes any number.',
    })
  }
})

test('curves come by run or by group, smoothed, reduced to what can be seen, and only where a run has them', async (t) => {
  const { call, ids } = compared(t)
  const byRun = await call('compare.series', { runs: ids, keys: ['train/loss', 'train/contraction'] })
  assert.equal(byRun.lines.length, 6 + 3)
  assert.deepEqual(
    byRun.lines.slice(0, 2).map(({ id, key, points, low }) => [id, key, points, low]),
    [
      ['classical1', 'train/loss', 400, null],
      ['contractive1', 'train/loss', 400, null],
    ],
  )
  assert.ok(byRun.lines[0]!.value.every((value, index) => value === 1 + 100 / (index + 1)))
  const byGroup = await call('compare.series', {
    runs: ids,
    keys: ['train/loss'],
    by: 'group',
    columns: 10,
    smoothing: 0.5,
    axis: 'time',
    from: 2,
    to: 4,
  })
  assert.deepEqual(
    byGroup.lines.map(({ title, runs: own, points }) => [title, own.length, points]),
    [
      ['Classical', 3, 400],
      ['Contractive', 3, 400],
    ],
  )
  const [line] = byGroup.lines
  assert.ok(line!.value.length < 60 && line!.seconds[0]! >= 1.9 && line!.seconds.at(-1)! <= 4.1)
  assert.ok(line!.value.every((value, index) => line!.low![index]! < value && value < line!.high![index]! && line!.n![index] === 3))
  const { stacks } = await call('compare.terms', { runs: ids, by: 'group' })
  assert.deepEqual(
    stacks.map(({ title, terms }) => [title, terms.map(({ term }) => term)]),
    [
      ['Classical', ['reconstruction']],
      ['Contractive', ['reconstruction', 'contraction']],
    ],
  )
  await assert.rejects(call('compare.series', { runs: ids, keys: ['train/loss'], smoothing: 1 }), { code: 'CALL_INVALID' })
})

test('plots of the stored runs are what the contract says', async (t) => {
  const { call, ids } = compared(t)
  const { parallel } = await call('compare.parallel', { runs: ids, by: 'group' })
  assert.ok(parallel.axes.some(({ key }) => key === 'variant') && parallel.lines.length === 2)
  const { scatter } = await call('compare.scatter', { runs: ids, x: 'squaredError', y: 'linearProbeAccuracy' })
  assert.equal(scatter.points.length, 6)
  const { heatMap } = await call('compare.heatMap', { runs: ids, x: 'variant', y: 'network.layers', figure: 'squaredError' })
  assert.deepEqual([heatMap.x.values, heatMap.cells.length], [['Classical', 'Contractive'], 1])
  await assert.rejects(call('compare.scatter', { runs: ids, x: 'nothing', y: 'squaredError' }), {
    code: 'CALL_INVALID',
    field: 'x',
  })
})

test('an export is written whole or not at all, replaces nothing unasked, and comes back where no file is named', async (t) => {
  const { call, ids } = compared(t)
  const folder = temporaryFolder(t)
  const out = join(folder, 'report.html')
  const { export: made } = await call('compare.export', { runs: ids, kind: 'report', out })
  assert.deepEqual([made.file, made.text, made.type], [out, null, 'text/html'])
  const text = readFileSync(out, 'utf8')
  assert.equal(Buffer.byteLength(text), made.bytes)
  assert.match(text, /^<!doctype html>[\s\S]*Contractive beats classical[\s\S]*<\/html>\n$/)
  writeFileSync(out, 'mine')
  await assert.rejects(call('compare.export', { runs: ids, kind: 'report', out }), { code: 'EXPORT_EXISTS' })
  assert.equal(readFileSync(out, 'utf8'), 'mine')
  await call('compare.export', { runs: ids, kind: 'csv', out, force: true })
  assert.match(readFileSync(out, 'utf8'), /^Settings,Seeds,/)
  for (const wrong of ['report.html', join(folder, 'missing', 'a.csv')])
    await assert.rejects(call('compare.export', { runs: ids, kind: 'csv', out: wrong }), { field: 'out' })
  assert.deepEqual(readdirSync(folder), ['report.html'])
  const { export: given } = await call('compare.export', {
    runs: ids,
    kind: 'latex',
    table: 'differences',
    baseline: 'classical-1',
  })
  assert.deepEqual([given.file, given.name, given.bytes], [null, 'differences.tex', Buffer.byteLength(given.text!)])
})

test('the command line shows groups, writes tables, and chooses by a file’s name', async (t) => {
  const { call, ids } = compared(t)
  const folder = temporaryFolder(t)
  const ask = (values: Record<string, string | boolean>) =>
    compare.run({ call } as never, { positionals: ids, values, path: (given) => join(folder, given) }, null as never)
  const shown = await ask({})
  assert.match(shown.text, /Classical \[3\]\s+Contractive \[3\]/)
  assert.match(shown.text, /Linear probe accuracy \(%\)\s+90\.7 ± 0\.8\s+92\.4 ± 0\.6\*/)
  assert.match(shown.text, /Contractive beats classical[^\n]*$/)
  // Every figure's difference with its interval, not that of the sentence alone.
  for (const {
    key,
    title,
    better,
    differences: [difference],
  } of (shown.json as Pick<Comparison, 'groupFigures'>).groupFigures) {
    const line = shown.text.split('\n').find((one) => one.startsWith(title) && one.includes('  Contractive  '))
    if (better === 'neither' || key.startsWith('robustness.') || difference!.mean === null) assert.equal(line, undefined, title)
    else
      assert.ok(
        [difference!.text, difference!.correctedText, difference!.verdictText].every((text) => line!.includes(`  ${text}`)),
        `${title}: ${line}`,
      )
  }
  assert.equal((shown.json as { groups: unknown[] }).groups.length, 2)
  assert.match((await ask({ csv: true })).text, /^Settings,Seeds,/)
  assert.match((await ask({ csv: true, table: 'runs' })).text, /^Run,/)
  assert.match(
    (await ask({ latex: true, baseline: 'contractive-1', table: 'differences' })).text,
    /\\toprule[\s\S]*Classical & Contractive/,
  )
  const written = await ask({ out: 'r.html' })
  assert.ok(existsSync(join(folder, 'r.html')))
  assert.equal(written.json['file'], join(folder, 'r.html'))
  await assert.rejects(ask({ out: 'r.html' }), { code: 'EXPORT_EXISTS' })
  await ask({ out: 'r.tex', force: true })
  assert.match(readFileSync(join(folder, 'r.tex'), 'utf8'), /booktabs/)
  for (const wrong of [{ out: 'r.doc' }, { csv: true, latex: true }, { csv: true, table: 'all' }] as Record<
    string,
    string | boolean
  >[])
    await assert.rejects(ask(wrong), { code: 'USAGE' })
})
