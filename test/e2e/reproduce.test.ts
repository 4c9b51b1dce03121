import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startScript } from '../fixtures/commandLine.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

/** Presets from the command line and `npm run reproduce`, with real training of the smallest preset, cut short. */
const scripts = {
  aebench: fileURLToPath(new URL('../../src/main/engine/cli.ts', import.meta.url)),
  reproduce: fileURLToPath(new URL('../../bench/reproduce/reproduce.ts', import.meta.url)),
}

function start(t: TestContext, script: keyof typeof scripts, ...words: string[]) {
  const started = startScript(scripts[script], words)
  t.after(() => started.child.kill('SIGKILL'))
  return started
}

test('reproduce: trains a form, writes the table, trains nothing twice, and goes on after Ctrl-C', async (t) => {
  const folder = temporaryFolder(t),
    home = join(folder, 'home'),
    out = join(folder, 'table.md')
  const reproduce = (epochs: number) =>
    start(t, 'reproduce', 'quick', 'ng2011', '--home', home, '--out', out, '--epochs', String(epochs))
  const runs = async () =>
    (await start(t, 'aebench', 'runs', 'list', '--home', home, '--json').ended).json.runs as {
      id: string
      state: string
      step: number
      steps: number
      preset: unknown
      evaluation: { meanActivation: number } | null
    }[]

  const first = await reproduce(3).ended
  assert.equal(first.code, 0, first.errors)
  const [run, ...none] = await runs()
  assert.deepEqual([none.length, run!.state, run!.preset], [0, 'completed', { id: 'ng2011', form: 'quick', run: 'sparse' }])
  const table = readFileSync(out, 'utf8')
  const cells = table
    .split('\n')
    .find((line) => line.startsWith('| 64-25-64'))!
    .split('|')
    .map((cell) => cell.trim())
  assert.deepEqual(cells.slice(2, 5), ['Mean code activation', run!.evaluation!.meanActivation.toFixed(4), '0.01'])
  assert.match(table, /training\.epochs 3 instead of 400/)
  assert.match(table, /Trained \d{4}-\d\d-\d\d on .*cores/)

  const again = await reproduce(3).ended
  assert.equal(again.code, 0, again.errors)
  assert.match(again.errors, /done before/)
  assert.equal((await runs()).length, 1)
  assert.equal(readFileSync(out, 'utf8'), table)

  const long = reproduce(20_000)
  await long.said(/Training {2}/)
  long.child.kill('SIGINT')
  const stopped = await long.ended
  assert.equal(stopped.code, 130)
  assert.match(stopped.errors, /goes on from there/)
  assert.equal(readFileSync(out, 'utf8'), table, 'nothing is written of a form that is not done')
  const paused = (await runs())[1]!
  assert.equal(paused.state, 'paused')
  const more = reproduce(20_000)
  await more.said(/Training {2}/)
  more.child.kill('SIGINT')
  await more.ended
  const resumed = await runs()
  assert.equal(resumed.length, 2)
  assert.ok(resumed[1]!.step > paused.step, 'the same run went on')

  const wrong = await start(t, 'reproduce', 'slowly').ended
  assert.deepEqual([wrong.code, /quick or paper/.test(wrong.errors)], [2, true])
  assert.ok(!existsSync(`${out}.new`))
})

test('train --preset: imports what it needs, trains, and shows what was published; single settings can be changed', async (t) => {
  const home = join(temporaryFolder(t), 'home')
  const json = (...words: string[]) => start(t, 'aebench', ...words, '--home', home, '--json').ended
  const {
    json: { presets },
  } = await json('presets')
  assert.ok(presets.length >= 6)
  const {
    code,
    json: { run, runs },
    errors,
  } = await json('train', '--preset', 'ng2011', '--form', 'quick', '--set', 'training.epochs=2', '--set', 'regularizer.rho=0.05')
  assert.equal(code, 0, errors)
  assert.equal(runs.length, 1)
  assert.deepEqual(
    [
      run.state,
      run.dataset,
      run.config.network.layers,
      run.config.training.epochs,
      run.config.regularizer.rho,
      run.config.regularizer.beta,
    ],
    ['completed', 'patches', [25], 2, 0.05, 6],
  )
  const [row] = run.outcome.rows
  assert.deepEqual([row.value, row.obtained], [0.01, run.evaluation.meanActivation])
  assert.ok(run.outcome.reasons.some((reason: string) => reason.includes('training.epochs 2 instead of 400')))
  for (const [expected, ...words] of [
    ['PRESET_UNKNOWN', '--preset', 'nothing'],
    ['PRESET_UNKNOWN', '--preset', 'ng2011', '--run', 'nothing'],
    ['USAGE', '--preset', 'ng2011', '--form', 'slow'],
    ['USAGE', '--preset', 'ng2011', '--variant', 'pca'],
    ['USAGE', '--preset', 'hinton2006', '--name', 'one'],
    ['SETTING_INVALID', '--preset', 'hinton2006', '--set', 'training.epochs=0'],
    ['USAGE', '--dataset', 'patches', '--variant', 'pca', '--form', 'quick'],
  ] as [string, ...string[]][]) {
    const refused = await json('train', ...words)
    assert.equal(refused.json.error?.code, expected, words.join(' '))
  }
  const left = await json('datasets', 'list')
  assert.equal(left.json.datasets.length, 1, 'nothing was imported for what was refused')
})
