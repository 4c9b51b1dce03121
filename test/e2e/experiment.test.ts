import { before, after, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandsHere, type CommandLine } from '../fixtures/commandLine.ts'

/** Experiments by the command line, with real training on a few hundred points. The tests build on each other. */
let folder = ''
const lines = new Map<string, CommandLine>()
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'workbench-experiment-'))
})
after(() => {
  lines.forEach((line) => line.end())
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

function lineOf(home: string): CommandLine {
  if (!lines.has(home)) lines.set(home, commandsHere(folder, join(folder, home)))
  return lines.get(home)!
}
const start = (home: string, ...words: string[]) => lineOf(home).start(...words)
const run = (home: string, ...words: string[]) => lineOf(home).run(...words)
const json = (home: string, ...words: string[]) => lineOf(home).json(...words)
const write = (name: string, plan: object): string => {
  writeFileSync(join(folder, name), JSON.stringify(plan))
  return name
}
const plan = {
  name: 'moons, two by two',
  dataset: 'moons',
  seeds: [1, 2],
  settings: { network: { layers: [8, 2] }, 'training.epochs': 2, 'training.batchSize': 32 },
  variants: [{ variant: 'classical' }, { variant: 'denoising', sweep: { 'regularizer.rate': [0.1, 0.3] } }],
}
/** Quoted cells and all. */
const rowsOf = (csv: string): string[][] =>
  csv
    .trim()
    .split(/\r?\n/)
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
      ),
    )

test('experiment run: checks the plan, trains every run, ends with what came out', async () => {
  assert.equal((await json('home', 'datasets', 'add', '--path', 'moons', '--count', '400')).code, 0)
  const file = write('plan.json', plan)
  const checked = await json('home', 'experiment', 'run', file, '--check')
  assert.deepEqual(
    [checked.code, checked.json.check.runs, checked.json.check.cells.length, checked.json.check.measured],
    [0, 6, 3, { known: 2, total: 2 }],
  )
  assert.ok(checked.json.check.seconds > 0.5 && checked.json.check.cells.every(({ seconds }: { seconds: number }) => seconds > 0))
  const { code, json: result, errors } = await json('home', 'experiment', 'run', file)
  assert.equal(code, 0, errors)
  const { experiment, runs } = result
  assert.deepEqual([experiment.state, experiment.states.completed, experiment.baseline], ['ended', 6, 0])
  assert.deepEqual(
    experiment.cells.map(({ title }: { title: string }) => title),
    ['Classical', 'Denoising, rate 0.1', 'Denoising, rate 0.3'],
  )
  assert.equal(runs.length, 6)
  for (const run of runs) {
    assert.equal(run.state, 'completed')
    assert.ok(run.evaluation.squaredError > 0 && run.evaluation.linearProbeAccuracy > 0.4)
    assert.deepEqual(run.config.network.layers, [8, 2])
  }
  assert.deepEqual(
    runs.map((run: any) => [run.experiment.cell, run.seed, run.config.regularizer.rate]),
    [
      [0, 1, undefined],
      [0, 2, undefined],
      [1, 1, 0.1],
      [1, 2, 0.1],
      [2, 1, 0.3],
      [2, 2, 0.3],
    ],
  )
  assert.match(errors, /3 configurations, 6 runs/)
  assert.match(errors, /Denoising, rate 0\.3, seed 2: completed, squared error/)
  const again = await json('home', 'experiment', 'run', file, '--name', 'again')
  assert.deepEqual([again.code, again.json.experiment.reused], [0, 6])
})

test('experiment show: a table for people, one row a run as CSV, all of it as JSON; experiment list', async () => {
  const { out } = await run('home', 'experiment', 'show', plan.name)
  assert.match(out, /^moons, two by two \([a-z0-9]{8}\) on moons: ended, 6 of 6 runs have ended/)
  assert.equal(out.match(/completed/g)?.length, 6)
  const [head, ...rows] = rowsOf((await run('home', 'experiment', 'show', plan.name, '--csv')).out) as [string[], ...string[][]]
  assert.deepEqual(head.slice(0, 8), ['experiment', 'cell', 'title', 'variant', 'seed', 'run', 'state', 'regularizer.rate'])
  assert.ok(rows.every((row) => row.length === head.length))
  const column = (name: string) => rows.map((row) => row[head.indexOf(name)])
  assert.deepEqual(column('title'), [
    'Classical',
    'Classical',
    'Denoising, rate 0.1',
    'Denoising, rate 0.1',
    'Denoising, rate 0.3',
    'Denoising, rate 0.3',
  ])
  assert.deepEqual(column('regularizer.rate'), ['', '', '0.1', '0.1', '0.3', '0.3'])
  const {
    json: { experiment, runs },
  } = await json('home', 'experiment', 'show', plan.name)
  assert.deepEqual(
    column('squaredError').map(Number),
    runs.map((run: any) => run.evaluation.squaredError),
    'to the last digit',
  )
  assert.deepEqual(
    column('robustness.masking.0.25').map(Number),
    runs.map((run: any) => run.evaluation.robustness.masking['0.25']),
  )
  const listed = await json('home', 'experiment', 'list')
  assert.deepEqual(
    listed.json.experiments.map(({ name }: { name: string }) => name),
    ['moons, two by two', 'again'],
  )
  assert.equal(experiment.id, listed.json.experiments[0].id)
})

test('a plan that is no plan is refused with what is wrong, and nothing is stored', async () => {
  const refused = async (content: object | string, code: string, message: RegExp, exit = 1) => {
    if (typeof content === 'string') writeFileSync(join(folder, 'bad.json'), content)
    else write('bad.json', content)
    const {
      code: exited,
      json: { error },
    } = await json('home', 'experiment', 'run', 'bad.json')
    assert.deepEqual([exited, error.code], [exit, code], error.message)
    assert.match(error.message, message)
  }
  await refused('{', 'USAGE', /not valid JSON/, 2)
  await refused({ ...plan, variants: [] }, 'CALL_INVALID', /^“variants” of the plan is not valid \(.*; an empty list was given\)/)
  await refused({ ...plan, variants: [{ variant: 'clasical' }] }, 'VARIANT_UNKNOWN', /clasical/)
  await refused({ ...plan, settings: { 'training.epoch': 3 } }, 'SETTING_UNKNOWN', /did you mean training\.epochs/)
  await refused({ ...plan, dataset: 'suns' }, 'DATASET_UNKNOWN', /suns/)
  assert.equal((await json('home', 'experiment', 'run', 'nowhere.json')).json.error.code, 'PATH_MISSING')
  assert.equal((await json('home', 'experiment', 'show', 'nothing')).json.error.code, 'EXPERIMENT_UNKNOWN')
  assert.equal((await json('home', 'experiment', 'list')).json.experiments.length, 2)
})

test('Ctrl-C pauses an experiment with checkpoints; experiment resume goes on to the same end', async () => {
  const long = write('long.json', {
    ...plan,
    name: 'long',
    settings: { ...plan.settings, 'training.epochs': 3000 },
    variants: [{ variant: 'classical' }],
    seeds: [1, 2],
  })
  const { child, ended, said } = start('home', 'experiment', 'run', long, '--json')
  await said(/runs have ended {2}[1-9]/)
  child.kill('SIGINT')
  const { code, json: paused } = await ended
  assert.equal(code, 130)
  assert.deepEqual([paused.error.code, paused.experiment.state], ['CANCELLED', 'paused'])
  assert.match(paused.error.message, new RegExp(`experiment resume ${paused.experiment.id}`))
  assert.ok(paused.runs[0].step > 0)
  const whole = await json('home', 'experiment', 'resume', 'long')
  assert.equal(whole.code, 0, whole.errors)
  assert.deepEqual(
    whole.json.runs.map((run: any) => run.state),
    ['completed', 'completed'],
  )
})

test('experiment pack and unpack: the same figures in another home, with the images in the file', async () => {
  const packed = await json('home', 'experiment', 'pack', plan.name, '--out', 'moons.zip', '--with-images')
  assert.deepEqual([packed.code, packed.json.file], [0, join(folder, 'moons.zip')])
  assert.equal(readFileSync(join(folder, 'moons.zip')).subarray(0, 2).toString(), 'PK')
  assert.equal((await json('home', 'experiment', 'pack', plan.name, '--out', 'moons.zip')).json.error.code, 'EXPORT_EXISTS')
  const unpacked = await json('elsewhere', 'experiment', 'unpack', 'moons.zip')
  assert.equal(unpacked.code, 0, unpacked.errors)
  const figures = ({ runs }: any) => runs.map((run: any) => [run.seed, run.config, run.evaluation])
  assert.deepEqual(figures(unpacked.json), figures((await json('home', 'experiment', 'show', plan.name)).json))
  // What came along can be used there: a run is measured again from its weights.
  const run = unpacked.json.runs[0]
  const evaluated = await json('elsewhere', 'evaluate', run.id)
  assert.equal(evaluated.json.run.evaluation.squaredError, run.evaluation.squaredError)
})
