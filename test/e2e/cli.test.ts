import { before, after, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandsHere, type CommandLine } from '../fixtures/commandLine.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'

/** The command line with real training, on a few hundred digits. The tests build on each other. */
let folder = ''
let home = ''
let line: CommandLine

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'workbench-cli-'))
  home = join(folder, 'home')
  line = commandsHere(folder, home)
  writeDigitFolder(join(folder, 'digits'), 600)
  writeFileSync(join(folder, 'digits', '3', 'empty.png'), '')
})
after(() => {
  line.end()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const start: CommandLine['start'] = (...words) => line.start(...words)
const run: CommandLine['run'] = (...words) => line.run(...words)
const json: CommandLine['json'] = (...words) => line.json(...words)
const small = ['--dataset', 'digits', '--set', 'network.layers=16', '--set', 'training.batchSize=32']

test('datasets add: names what it skips; the same again is noticed', async () => {
  const {
    code,
    json: { dataset },
  } = await json('datasets', 'add', '--name', 'digits', '--path', 'digits')
  assert.equal(code, 0)
  assert.deepEqual([dataset.name, dataset.count, dataset.width, dataset.height, dataset.channels], ['digits', 600, 28, 28, 1])
  assert.deepEqual(dataset.classes, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
  assert.match(dataset.sha256, /^[0-9a-f]{64}$/)
  assert.equal(dataset.skipped.length, 1)
  assert.match(dataset.skipped[0].path, /empty\.png$/)
  const again = await json('datasets', 'add', '--name', 'other', '--path', 'digits')
  assert.equal(again.code, 1)
  assert.equal(again.json.error.code, 'DATASET_DUPLICATE')
  assert.match(again.json.error.message, /“digits”/)
  assert.equal((await json('datasets', 'add', '--name', 'digits', '--path', 'digits')).json.error.code, 'DATASET_NAME_TAKEN')
  assert.equal((await json('datasets', 'list')).json.datasets.length, 1)
})

test('train: settings from a file and from the line; the run is evaluated', async () => {
  writeFileSync(
    join(folder, 'settings.json'),
    JSON.stringify({ training: { epochs: 9, learningRate: 0.002 }, regularizer: { rate: 0.4 } }),
  )
  const {
    code,
    json: { run },
    errors,
  } = await json(
    'train',
    '--variant',
    'denoising',
    ...small,
    '--config',
    'settings.json',
    '--set',
    'training.epochs=2',
    '--seed',
    '7',
  )
  assert.equal(code, 0)
  assert.equal(run.state, 'completed')
  assert.equal(run.seed, 7)
  assert.deepEqual(run.config.network.layers, [16])
  assert.deepEqual([run.config.training.epochs, run.config.training.learningRate, run.config.regularizer.rate], [2, 0.002, 0.4])
  assert.ok(run.evaluation.squaredError > 0 && run.evaluation.linearProbeAccuracy > 0)
  assert.ok(run.seconds > 0)
  assert.match(errors, /denoising-1: Training/)
  const pca = await json('train', '--dataset', 'digits', '--variant', 'pca', '--set', 'network.layers=16', '--name', 'baseline')
  assert.equal(pca.json.run.state, 'completed')
})

test('runs list, runs show, compare', async () => {
  const { runs } = (await json('runs', 'list')).json
  assert.deepEqual(
    runs.map((each: { name: string }) => each.name),
    ['denoising-1', 'baseline'],
  )
  const shown = (await json('runs', 'show', runs[0].id.slice(0, 5))).json.run
  assert.deepEqual(shown, runs[0])
  const { code, json: comparison } = await json('compare', 'baseline', runs[0].id)
  assert.equal(code, 0)
  assert.deepEqual(
    comparison.runs.map((each: { name: string }) => each.name),
    ['baseline', 'denoising-1'],
  )
  assert.ok(
    comparison.figures.some(
      (row: { key: string; values: number[] }) => row.key === 'squaredError' && row.values.every((value) => value > 0),
    ),
  )
  const text = await run('compare', 'baseline', 'denoising-1')
  assert.match(text.out, /baseline\s+denoising-1/)
})

test('export: the file, its checksum, and nothing replaced without --force', async () => {
  const words = ['export', 'baseline', '--part', 'encoder', '--out', 'encoder.onnx']
  const { code, json: made } = await json(...words)
  assert.equal(code, 0)
  assert.equal(made.file, join(folder, 'encoder.onnx'))
  assert.equal(made.sha256, createHash('sha256').update(readFileSync(made.file)).digest('hex'))
  assert.equal(made.opset, 17)
  assert.deepEqual([made.inputs[0].name, made.outputs[0].name], ['image', 'code'])
  assert.equal((await json(...words)).json.error.code, 'EXPORT_EXISTS')
  assert.equal((await json(...words, '--force')).code, 0)
})

test('bad input: a code, a sentence, exit code not 0, and nothing made', async () => {
  for (const [expected, ...words] of [
    ['USAGE', 'nonsense'],
    ['PATH_MISSING', 'experiment', 'run', 'x.json'],
    ['USAGE', 'train', ...small, '--variant', 'classical', '--set', 'nonsense'],
    ['VARIANT_UNKNOWN', 'train', ...small, '--variant', 'Denosing'],
    ['USAGE', 'datasets', 'ad', '--path', 'digits'],
    ['USAGE', 'datasets', 'add', '--path', 'digits', '--channels', 'blue'],
    ['VARIANT_UNKNOWN', 'train', ...small, '--variant', 'nothing'],
    ['DATASET_UNKNOWN', 'train', '--dataset', 'nothing', '--variant', 'pca'],
    ['SETTING_UNKNOWN', 'train', ...small, '--variant', 'classical', '--set', 'training.epoch=3'],
    ['SETTING_INVALID', 'train', ...small, '--variant', 'classical', '--set', 'network.layers=64,0'],
    ['USAGE', 'train', ...small, '--variant', 'classical', '--seed', 'x'],
    ['USAGE', 'train', ...small, '--variant', 'classical', '--seed', ''],
    ['RUN_STATE', 'resume', 'baseline'],
    ['PATH_MISSING', 'datasets', 'add', '--path', 'missing'],
  ] as [string, ...string[]][]) {
    const { code, json: result, errors } = await json(...words)
    assert.equal(result.error?.code, expected, words.join(' '))
    assert.notEqual(code, 0)
    assert.ok(errors.includes(result.error.message))
    if (expected === 'SETTING_UNKNOWN') assert.match(result.error.message, /training\.epochs/)
    if (words.includes('Denosing')) assert.match(result.error.message, /“Denosing”; did you mean denoising\?/)
    if (words.includes('ad')) assert.match(result.error.message, /did you mean datasets add\?/)
    assert.ok(!result.error.message.includes('"'), `one style of quotes: ${result.error.message}`)
  }
  assert.equal((await json('runs', 'list')).json.runs.length, 2)
  assert.equal((await json('datasets', 'list')).json.datasets.length, 1)
})

test('a process writes and ends as the function does that carries out a command', async () => {
  for (const words of [
    ['runs', 'list'],
    ['runs', 'list', '--json'],
    ['runs', 'show', 'nothing', '--json'],
    ['datasets', 'ad'],
  ])
    assert.deepEqual(await start(...words).ended, await run(...words), words.join(' '))
})

test('a run that diverges: both run and error, exit code not 0', async () => {
  const {
    code,
    json: { run, error },
  } = await json(
    'train',
    '--variant',
    'classical',
    ...small,
    '--set',
    'training.learningRate=1000',
    '--set',
    'training.optimizer=sgd',
    '--set',
    'network.outputActivation=linear',
    '--set',
    'reconstruction=squaredError',
    '--name',
    'wild',
  )
  assert.notEqual(code, 0)
  assert.equal(run.state, 'diverged')
  assert.equal(error.code, 'RUN_DIVERGED')
})

test('Ctrl-C pauses with a checkpoint; resume continues; other commands are carried out by the engine that trains', async () => {
  const first = start('train', '--variant', 'classical', ...small, '--set', 'training.epochs=3000', '--name', 'long', '--json')
  await first.said(/long: Training/)
  first.child.kill('SIGINT')
  const stopped = await first.ended
  assert.equal(stopped.code, 130)
  assert.equal(stopped.json.run.state, 'paused')
  assert.match(stopped.json.error.message, new RegExp(`aebench -- resume ${stopped.json.run.id}`))
  assert.ok(existsSync(join(home, 'runs', stopped.json.run.id, 'checkpoints', 'last.safetensors')))

  const second = start('resume', 'long', '--json')
  await second.said(/long: Training/)
  assert.equal((await json('runs', 'show', 'long')).json.run.state, 'running')
  second.child.kill('SIGINT')
  const again = await second.ended
  assert.equal(again.code, 130)
  assert.ok(again.json.run.step > stopped.json.run.step)
})

test('a command enters the queue of a workbench that is open on the same home', async () => {
  const workbench = start('serve', '--json')
  await workbench.said(/"url"/)
  const {
    code,
    json: { run },
  } = await json('train', '--variant', 'classical', ...small, '--set', 'training.epochs=1', '--name', 'queued')
  assert.equal(code, 0)
  assert.equal(run.state, 'completed')
  assert.equal((await json('serve')).json.error.code, 'HOME_LOCKED')
  workbench.child.kill('SIGTERM')
  const {
    code: left,
    json: { url, port },
  } = await workbench.ended
  assert.equal(left, 0)
  assert.match(url, new RegExp(`^http://127\\.0\\.0\\.1:${port}/\\?token=`))
})

test('doctor, variants and help answer', async () => {
  const {
    code,
    json: { checks },
  } = await json('doctor')
  assert.equal(code, 0, JSON.stringify(checks))
  assert.deepEqual(
    checks.filter((check: { ok: boolean }) => !check.ok),
    [],
  )
  const { variants } = (await json('variants')).json
  assert.ok(
    variants.some(
      (variant: { id: string; settings: { key: string }[] }) =>
        variant.id === 'denoising' && variant.settings.some(({ key }) => key === 'regularizer.rate'),
    ),
  )
  assert.match((await run('train', '--help')).out, /--set key=value/)
  // No term runs into its text, and no line of the overview is longer than a terminal of 100 columns.
  const overview = (await run('--help')).out
  assert.match(overview, /^ {2}datasets add {2,}\S/m)
  assert.match(overview, /^ {2}experiment unpack {2,}\S/m)
  assert.ok(
    overview.split('\n').every((each) => each.length <= 100),
    overview,
  )
  for (const words of [
    ['datasets', '--help'],
    ['--help', 'datasets'],
    ['datasets', '-h'],
  ]) {
    const group = await run(...words)
    assert.equal(group.code, 0, group.errors)
    assert.match(group.out, /^ {2}datasets add --name N --path P {2,}\S.*\n(.*\n)* {2}datasets list {2,}\S/m)
  }
  assert.match((await json('datasets', '--help')).json.help, /datasets list/)
  assert.deepEqual(await run('datasets').then(({ code, errors }) => [code, /datasets add, datasets list/.test(errors)]), [2, true])
})

test('datasets add --patches: from a synthetic set in one command, from a dataset; what cannot be is refused', async () => {
  const {
    code,
    json: { dataset },
  } = await json(
    'datasets',
    'add',
    '--name',
    'patches',
    '--path',
    'deadLeaves',
    '--patches',
    '8x8',
    '--count',
    '1000',
    '--seed',
    '1',
    '--contrast',
    'normalise',
  )
  assert.equal(code, 0)
  assert.deepEqual(
    [dataset.name, dataset.count, dataset.width, dataset.height, dataset.channels, dataset.classes],
    ['patches', 1000, 8, 8, 1, []],
  )
  assert.ok(dataset.testCount > 0 && dataset.testCount < 1000)
  const digits = (await json('datasets', 'add', '--path', 'dataset:digits', '--patches', '12x10', '--count', '500')).json.dataset
  assert.deepEqual(
    [digits.name, digits.count, digits.width, digits.height, digits.classes.length],
    ['digits-patches', 500, 12, 10, 10],
  )
  const listed: { name: string; source: string }[] = (await json('datasets', 'list')).json.datasets,
    sourceOf = (name: string) => listed.find((one) => one.name === name)!.source
  assert.equal(sourceOf('patches'), '1000 patches of 8x8, seed 1, normalised, from deadLeaves')
  assert.match(sourceOf('digits-patches'), /^500 patches of 12x10, seed 1, from dataset:digits \([0-9a-f]{16}\)$/)
  for (const [error, field, ...words] of [
    ['USAGE', 'patches', '--path', 'deadLeaves', '--patches', '8'],
    ['USAGE', 'contrast', '--path', 'deadLeaves', '--patches', '8x8', '--contrast', 'more'],
    ['CALL_INVALID', 'count', '--path', 'deadLeaves', '--patches', '8x8', '--count', '0'],
    ['IMAGE_SIZE', 'patches', '--path', 'dataset:digits', '--patches', '29x8'],
    ['CALL_INVALID', 'width', '--path', 'deadLeaves', '--patches', '8x8', '--size', '8x8'],
    ['USAGE', 'fit', '--path', 'deadLeaves', '--patches', '8x8', '--fit', 'crop'],
    ['CALL_INVALID', 'patches', '--path', 'moons', '--patches', '8x8'],
    ['CALL_INVALID', 'patches', '--path', 'dataset:digits'],
  ]) {
    const refused = await json('datasets', 'add', ...(words as string[]))
    assert.deepEqual(
      [refused.code === 0, refused.json.error.code, refused.json.error.field],
      [false, error, field],
      words.join(' '),
    )
  }
  assert.equal((await json('datasets', 'list')).json.datasets.length, listed.length)
})
